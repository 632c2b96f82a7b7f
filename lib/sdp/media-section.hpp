/* SPDX-License-Identifier: LGPL-2.1-or-later */
// One `m=` section: typed reading and order-preserving edits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/sdp/fmtp.hpp"
#include "lib/sdp/line-block.hpp"

namespace cf::sdp
{

using Mid = std::string; ///< RFC 5888 identification-tag

/// A port that says nothing (RFC 8840 section 4.1.1).
inline constexpr unsigned kDiscardPort = 9;

enum class Direction { SendRecv, SendOnly, RecvOnly, Inactive };
/// RFC 4145 section 4; who opens the DTLS connection.
enum class SetupRole { Active, Passive, ActPass, HoldConn };

[[nodiscard]] std::string_view to_string(Direction direction);
[[nodiscard]] std::string_view to_string(SetupRole role);
[[nodiscard]] bool sends(Direction direction);
[[nodiscard]] bool receives(Direction direction);
/// The same flow seen from the other end.
[[nodiscard]] Direction reversed(Direction direction);
/// Active for Passive and the other way round; ActPass and HoldConn stay.
[[nodiscard]] SetupRole reversed(SetupRole role);
/// From the text of `a=setup`, without case.
[[nodiscard]] std::optional<SetupRole> parse_setup_role(std::string_view text);

/// One payload type of an RTP section with all that is said of it.
struct Codec {
    unsigned payload_type = 0;
    std::string encoding_name; ///< as written; compare without case
    unsigned clock_rate = 0;
    unsigned channels = 1;
    FmtpParameters fmtp;              ///< of all its fmtp lines together
    std::vector<std::string> rtcp_fb; ///< `nack pli`, …; those of `*` included
    std::optional<unsigned> apt;      ///< rtx: the payload type that it repeats

    [[nodiscard]] bool is(std::string_view name) const
    {
        return equals_ignoring_case(encoding_name, name);
    }
};

/// `a=extmap:ID[/direction] URI [attributes]` (RFC 8285 section 5).
struct ExtensionMap {
    unsigned id = 0;
    std::string direction; ///< empty: not said
    std::string uri;
    std::string attributes;
};

/// `a=ssrc:SSRC attribute[:value]` (RFC 5576).
struct SsrcLine {
    std::uint32_t ssrc = 0;
    std::string attribute;
    std::string value;
};

/// `a=ssrc-group:FID 1 2`.
struct SsrcGroup {
    std::string semantics;
    std::vector<std::uint32_t> ssrcs;
};

/// `a=rid:h send pt=96` (RFC 8851).
struct Rid {
    std::string id;
    bool send = true;
    std::string restrictions;
};

/// `a=simulcast:send h;m recv l` (RFC 8853): streams, each a list of alternative rids, a paused
/// one with its tilde.
struct SimulcastLine {
    std::vector<std::vector<std::string>> send;
    std::vector<std::vector<std::string>> recv;
};

/// `a=msid:STREAM TRACK` (RFC 8830).
struct Msid {
    std::string stream;
    std::string track;
};

/// `a=candidate` (RFC 8839 section 5.1), the parts that are looked at.
struct Candidate {
    std::string foundation;
    unsigned component = 0;
    std::string transport; ///< as written
    std::uint32_t priority = 0;
    std::string address;
    unsigned port = 0;
    std::string type; ///< host, srflx, prflx, relay
    std::string text; ///< the whole value
};

/// `a=fingerprint:sha-256 AB:CD…` (RFC 8122).
struct Fingerprint {
    std::string algorithm;
    std::string value;
    bool operator==(const Fingerprint&) const = default;
};

/// Reads an `a=fingerprint` value; lower-case algorithm, upper-case hex; nothing if it is neither.
[[nodiscard]] std::optional<Fingerprint> parse_fingerprint(std::string_view text);

/// What a block of lines itself says; the last direction line counts.
[[nodiscard]] std::optional<Direction> direction_in(const LineBlock& block);
/// Of the first kMaxFingerprints lines, those that can be read.
inline constexpr std::size_t kMaxFingerprints = 8;
[[nodiscard]] std::vector<Fingerprint> fingerprints_in(const LineBlock& block);

/// The lines of LineBlock are those behind the m-line.
class MediaSection : public LineBlock
{
public:
    /// More payload types than RTP has are refused, so that work stays linear in the size.
    static constexpr std::size_t kMaxFormats = 256;

    /// @p m_line is the value behind `m=`. The error says what is wrong with it.
    [[nodiscard]] static Result<MediaSection> parse(std::string_view m_line);

    [[nodiscard]] const std::string& m_line() const { return m_line_; }
    bool operator==(const MediaSection&) const = default;

    /// "audio", "video", "application", …
    [[nodiscard]] std::string_view kind() const;
    [[nodiscard]] unsigned port() const;
    [[nodiscard]] std::string_view protocol() const;
    [[nodiscard]] std::vector<std::string_view> formats() const;
    [[nodiscard]] bool is_rtp() const; ///< audio or video over an RTP profile
    /// Port 0 without `a=bundle-only`: the section is refused or gone (RFC 3264 section 6,
    /// RFC 8843 section 6).
    [[nodiscard]] bool is_rejected() const;
    [[nodiscard]] bool is_bundle_only() const { return has_attribute("bundle-only"); }

    void set_port(unsigned port);
    void set_formats(const std::vector<std::string>& formats);

    [[nodiscard]] std::string_view mid() const; ///< empty: none
    [[nodiscard]] Direction direction() const;  ///< sendrecv when nothing is said (RFC 8866 6.7)
    /// What the section itself says; a session-level direction is the description's matter.
    [[nodiscard]] std::optional<Direction> own_direction() const { return direction_in(*this); }
    /// Replaces the direction line where it stands.
    void set_direction(Direction direction);

    [[nodiscard]] std::string_view ice_ufrag() const; ///< empty: none
    [[nodiscard]] std::string_view ice_pwd() const;   ///< empty: none; a secret
    [[nodiscard]] std::optional<SetupRole> setup() const;
    /// What the section itself says; unreadable ones are left out.
    [[nodiscard]] std::vector<Fingerprint> fingerprints() const { return fingerprints_in(*this); }
    [[nodiscard]] std::vector<Candidate> candidates() const; ///< malformed ones are left out

    [[nodiscard]] std::vector<Msid> msids() const;
    [[nodiscard]] std::vector<SsrcLine> ssrc_lines() const;
    [[nodiscard]] std::vector<SsrcGroup> ssrc_groups() const;
    /// Every SSRC that ssrc or ssrc-group lines name, each once, in order.
    [[nodiscard]] std::vector<std::uint32_t> ssrcs() const;
    [[nodiscard]] std::vector<Rid> rids() const;
    [[nodiscard]] std::optional<SimulcastLine> simulcast() const;
    [[nodiscard]] std::vector<ExtensionMap> extension_maps() const;

    /// The payload types of the m-line in its order; static ones without rtpmap are known
    /// (RFC 3551), others without one are left out.
    [[nodiscard]] std::vector<Codec> codecs() const;
    [[nodiscard]] std::optional<Codec> codec(unsigned payload_type) const;
    /// All fmtp lines of a payload type together.
    [[nodiscard]] FmtpParameters fmtp(unsigned payload_type) const;
    /// Writes them into one line: in place of the first fmtp line of that payload type, else behind
    /// its rtpmap, else at the end. Leaves the bytes alone when nothing changes; no line is left
    /// when @p parameters is empty.
    void set_fmtp(unsigned payload_type, const FmtpParameters& parameters);
    /// Takes a payload type out of the m-line with its rtpmap, fmtp and rtcp-fb lines.
    void remove_payload_type(unsigned payload_type);

private:
    MediaSection() = default;

    std::string m_line_;
};

} // namespace cf::sdp

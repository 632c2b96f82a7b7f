/* SPDX-License-Identifier: LGPL-2.1-or-later */
// A session description as the emulator sees it: the attributes that WebRTC negotiates by, nothing
// else. Independent of lib/sdp on purpose, so that a mistake there cannot hide in both ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cf::emu::sdp
{

enum class Kind { Audio, Video, Application };
enum class Direction { SendRecv, SendOnly, RecvOnly, Inactive };
/// RFC 4145 `a=setup`; "holdconn" is refused by the parser, WebRTC has no use for it.
enum class Setup { ActPass, Active, Passive };

const char* to_string(Kind kind);
const char* to_string(Direction direction);
const char* to_string(Setup setup);

/// What the other side sees when one side says @p d.
[[nodiscard]] Direction reversed(Direction d);
[[nodiscard]] constexpr bool sends(Direction d)
{
    return d == Direction::SendRecv || d == Direction::SendOnly;
}
[[nodiscard]] constexpr bool receives(Direction d)
{
    return d == Direction::SendRecv || d == Direction::RecvOnly;
}
[[nodiscard]] Direction make_direction(bool send, bool receive);

/// One payload type: `a=rtpmap`, `a=fmtp` and `a=rtcp-fb` together.
struct Codec {
    int payload_type = 0;
    std::string name; ///< as written; compare with is()
    unsigned clock_rate = 0;
    unsigned channels = 1;
    std::string fmtp;
    std::vector<std::string> feedback; ///< "nack", "nack pli", "transport-cc", ...

    /// Codec names are case-insensitive (RFC 8866 6.6, RFC 4855 3).
    [[nodiscard]] bool is(const char* other_name) const;
    [[nodiscard]] bool is_rtx() const { return is("rtx"); }
    /// Of an rtx codec: the payload type that it repairs (RFC 4588 8.1).
    [[nodiscard]] std::optional<int> apt() const;
};

struct Extension {
    int id = 0;
    std::string uri;
};

struct Rid {
    std::string id;
    bool send = true;
};

/// One stream of `a=ssrc` lines, with the stream that repairs it.
struct Source {
    std::uint32_t ssrc = 0;
    std::uint32_t rtx_ssrc = 0; ///< from `a=ssrc-group:FID`; 0: none
    std::string cname;
    std::string msid;
};

/// ICE credentials; both empty when a description says nothing.
struct IceCredentials {
    std::string ufrag;
    std::string pwd;
    bool operator==(const IceCredentials&) const = default;
};

struct Fingerprint {
    std::string algorithm; ///< lower case, "sha-256"
    std::string value;     ///< as written, "AA:BB:..."
    bool operator==(const Fingerprint&) const = default;
};

struct Candidate {
    std::string foundation;
    std::uint32_t priority = 0;
    std::string address;
    unsigned port = 0;
};

/// One m= section.
struct Section {
    Kind kind = Kind::Audio;
    unsigned port = 9;
    bool bundle_only = false;
    std::string mid;
    Direction direction = Direction::SendRecv;
    std::optional<Setup> setup;
    IceCredentials ice;
    std::vector<Fingerprint> fingerprints;
    bool rtcp_mux = false;
    bool rtcp_rsize = false;
    std::vector<int> payload_types; ///< of the m= line, in its order
    std::vector<Codec> codecs;      ///< in the order of the m= line
    std::vector<Extension> extensions;
    std::vector<Rid> rids;
    /// Names in `a=simulcast`, without the "~" of paused ones; alternatives are flattened.
    std::vector<std::string> simulcast_send;
    std::vector<std::string> simulcast_receive;
    std::string msid;
    std::vector<Source> sources;
    std::vector<Candidate> candidates;
    bool end_of_candidates = false;
    std::optional<unsigned> sctp_port;
    std::optional<unsigned> max_message_size;

    /// Port 0 means rejected or stopped, unless the section rides in a bundle (RFC 8843 6).
    [[nodiscard]] bool rejected() const { return port == 0 && !bundle_only; }
    [[nodiscard]] const Codec* codec(int payload_type) const;
    [[nodiscard]] const Codec* first_media_codec() const;
    [[nodiscard]] int extension_id(const std::string& uri) const; ///< 0: not there
};

struct Description {
    std::uint64_t session_id = 0;
    std::uint64_t session_version = 0;
    bool ice_lite = false;
    bool extmap_allow_mixed = false;
    std::optional<Setup> setup; ///< session-level, the default of every section
    IceCredentials ice;
    std::vector<Fingerprint> fingerprints;
    std::vector<std::string> bundle; ///< mids of the BUNDLE group, in order
    bool has_bundle = false;
    std::vector<Section> sections;

    [[nodiscard]] const Section* find(const std::string& mid) const;
    [[nodiscard]] bool bundled(const std::string& mid) const;
    /// The section whose transport all others share: the first of the group that is not rejected.
    [[nodiscard]] const Section* tagged() const;
    [[nodiscard]] Setup setup_of(const Section& section) const;
    [[nodiscard]] IceCredentials ice_of(const Section& section) const;
    /// The sha-256 fingerprint in force for @p section, nullptr if there is none.
    [[nodiscard]] const Fingerprint* fingerprint_of(const Section& section) const;
};

} // namespace cf::emu::sdp

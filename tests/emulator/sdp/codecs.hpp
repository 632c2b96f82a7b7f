/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which codecs, feedback and header extensions the SFU takes, and the payload types it proposes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/emulator/sdp/description.hpp"

namespace cf::emu::sdp
{

/// What the service leaves open or was seen to do differently; see docs/guides/emulator.md.
struct CodecRules {
    /// Whether goog-remb is negotiated. A captured answer dropped it.
    bool remb = false;
    /// Whether transport-cc feedback and its header extension are negotiated.
    bool transport_cc = true;
};

/// The codecs of @p offered that the SFU forwards, with the feedback that it understands, in the
/// offer's order and with the offer's payload types. An rtx without its codec is left out.
[[nodiscard]] std::vector<Codec> supported_codecs(const Section& offered, const CodecRules& rules);
[[nodiscard]] std::vector<Extension> supported_extensions(const Section& offered,
                                                          const CodecRules& rules);

/// Every feedback message that the SFU understands for @p kind, for offers of its own.
[[nodiscard]] std::vector<std::string> all_feedback(Kind kind, const CodecRules& rules);
/// Every header extension that the SFU offers for @p kind.
[[nodiscard]] std::vector<std::string> all_extensions(Kind kind, const CodecRules& rules);
/// Every codec the SFU could offer for @p kind, with its usual payload types; rtx follows each.
[[nodiscard]] std::vector<Codec> all_codecs(Kind kind, const CodecRules& rules);

/// Whether @p a and @p b name the same format: name, rate, channels, and what tells apart
/// incompatible kinds of it (H.264 packetization-mode, VP9 and AV1 profile).
[[nodiscard]] bool same_format(const Codec& a, const Codec& b);

/// The numbers in use in one bundle: in it, a payload type or an extension id means the same in
/// every section (RFC 8843 9.1, 9.2).
class NumberSpace
{
public:
    /// Learns what is negotiated in @p section.
    void learn(const Section& section);
    /// @p wanted under the number and with the fmtp by which the bundle knows it already; else
    /// under its usual number or a free one.
    Codec place(const Codec& wanted);
    /// The rtx codec that repairs @p codec; @p usual: its number if that is free.
    Codec place_rtx(const Codec& codec, int usual);
    int extension_id_for(const std::string& uri);

private:
    int take_free(int usual);
    std::map<int, Codec> payload_types_;
    std::map<int, std::string> extensions_;
};

} // namespace cf::emu::sdp

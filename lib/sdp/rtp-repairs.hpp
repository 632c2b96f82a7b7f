/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which packet belongs to which section.
#pragma once

#include <cstdint>
#include <map>

#include "lib/sdp/description.hpp"

namespace cf::sdp
{

inline constexpr std::string_view kMidExtension = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// Every SSRC that a section names (media and RTX) with the section's mid; the first section wins.
/// P15, all versions: webrtcbin attributes bundled packets of unknown SSRC by guess, so the caller
/// keeps this map of its own.
[[nodiscard]] std::map<std::uint32_t, Mid> collect_ssrc_to_mid(const Description& description);

/// Adds the offer's MID header extension to sections of the answer that accept media without it, so
/// that the offerer sends it and packets can be told apart when the offer names no SSRC.
/// P15, C, 1.22.0: webrtcbin's answer drops header extensions that its transceiver was not made
/// with (RFC 8843 section 9.2 requires the extension on both sides).
[[nodiscard]] Description ensure_mid_extension(Description answer, const Description& offer);

} // namespace cf::sdp

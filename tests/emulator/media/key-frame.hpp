/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Does a key frame start in this packet? Answered from the payload headers, nothing is decoded.
#pragma once

#include <string>

#include "tests/emulator/media/rtp-packet.hpp"

namespace cf::emu
{

enum class PayloadFormat { Audio, Vp8, Vp9, H264, H265, Av1, Other };

/// From an rtpmap's encoding name, in any case.
[[nodiscard]] PayloadFormat payload_format(const std::string& encoding_name);

/// Whether a decoder can start at this packet (its first packet: the parameter sets, if they are
/// sent in band). Formats without key frames, or whose payload we do not know: always true.
[[nodiscard]] bool starts_key_frame(PayloadFormat format, Bytes payload);

} // namespace cf::emu

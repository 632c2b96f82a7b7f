/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The codecs that the SFU forwards, and what GStreamer needs to carry each of them in RTP.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "lib/calls/types.hpp"

namespace cf::gst
{

enum class Codec { Opus, Vp8, H264, Vp9 };

struct CodecInfo {
    Codec codec;
    calls::MediaKind kind;
    const char* name;                      ///< for people
    const char* caps_name;                 ///< of the encoded stream
    const char* encoding_name;             ///< in RTP caps, upper case
    std::array<unsigned, 4> payload_types; ///< one for each configuration at a time
    const char* parser;                    ///< nullptr: the payloader takes it as it is
    const char* parsed_caps;               ///< what the parser is to give; nullptr: anything
    const char* payloader;
    const char* depayloader;
};

/// Every codec, the one to prefer first.
[[nodiscard]] std::span<const CodecInfo> all_codecs();
[[nodiscard]] const CodecInfo& info_of(Codec codec);
/// (nullable)
[[nodiscard]] const CodecInfo* codec_with_caps_name(std::string_view caps_name);
/// Any case (nullable).
[[nodiscard]] const CodecInfo* codec_with_encoding_name(const char* encoding_name);

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/codec-table.hpp"

#include <array>

#include <glib.h>

namespace cf::gst
{
namespace
{

using calls::MediaKind;

// Payload types: webrtcbin gives RTX the free numbers from 96 upwards and moves them when a codec
// takes one of them later, in the middle of a session. Media therefore sits at the top.
constexpr std::array kCodecs{
    CodecInfo{Codec::Opus,
              MediaKind::Audio,
              "Opus",
              "audio/x-opus",
              "OPUS",
              {111, 110, 109, 108},
              "opusparse",
              nullptr,
              "rtpopuspay",
              "rtpopusdepay"},
    CodecInfo{Codec::Vp8,
              MediaKind::Video,
              "VP8",
              "video/x-vp8",
              "VP8",
              {120, 119, 118, 117},
              nullptr,
              nullptr,
              "rtpvp8pay",
              "rtpvp8depay"},
    // Whole access units, so that the gate can tell key frames from others by their buffers.
    CodecInfo{Codec::H264,
              MediaKind::Video,
              "H.264",
              "video/x-h264",
              "H264",
              {125, 124, 127, 126},
              "h264parse",
              "video/x-h264,alignment=au",
              "rtph264pay",
              "rtph264depay"},
    CodecInfo{Codec::Vp9,
              MediaKind::Video,
              "VP9",
              "video/x-vp9",
              "VP9",
              {122, 123, 121, 116},
              "vp9parse",
              "video/x-vp9,alignment=super-frame",
              "rtpvp9pay",
              "rtpvp9depay"},
};

} // namespace

std::span<const CodecInfo> all_codecs()
{
    return kCodecs;
}

const CodecInfo& info_of(Codec codec)
{
    for (const CodecInfo& c : kCodecs) {
        if (c.codec == codec)
            return c;
    }
    g_assert_not_reached();
}

const CodecInfo* codec_with_caps_name(std::string_view caps_name)
{
    for (const CodecInfo& c : kCodecs) {
        if (caps_name == c.caps_name)
            return &c;
    }
    return nullptr;
}

const CodecInfo* codec_with_encoding_name(const char* encoding_name)
{
    for (const CodecInfo& c : kCodecs) {
        if (g_ascii_strcasecmp(encoding_name, c.encoding_name) == 0)
            return &c;
    }
    return nullptr;
}

} // namespace cf::gst

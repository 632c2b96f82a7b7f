/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/key-frame.hpp"

#include <algorithm>

#include <glib.h>

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/vp8-descriptor.hpp"

namespace cf::emu
{

namespace
{

bool vp8_key(Bytes payload)
{
    const auto d = Vp8Descriptor::parse(payload);
    // RFC 6386 9.1: the inverse key frame bit is the lowest of the first byte.
    return d && d->start_of_partition && d->partition == 0 && payload.size() > d->size &&
           (payload[d->size] & 0x01) == 0;
}

/// RFC 9628 4.2: begins a frame, is not predicted from another, and is the lowest spatial layer.
bool vp9_key(Bytes payload)
{
    const std::uint8_t first = payload[0];
    const bool has_picture_id = (first & 0x80) != 0;
    const bool predicted = (first & 0x40) != 0;
    const bool has_layers = (first & 0x20) != 0;
    const bool begins = (first & 0x08) != 0;
    if (predicted || !begins)
        return false;
    std::size_t at = 1;
    if (has_picture_id) {
        if (payload.size() <= at)
            return false;
        at += (payload[at] & 0x80) != 0 ? 2 : 1;
    }
    if (!has_layers)
        return true;
    return payload.size() > at && (payload[at] >> 1 & 0x07) == 0;
}

bool h264_unit_is_key(std::uint8_t header)
{
    const unsigned type = header & 0x1F;
    // 5: IDR slice, 7: sequence parameter set, which precedes it.
    return type == 5 || type == 7;
}

/// RFC 6184 5.6 to 5.8.
bool h264_key(Bytes payload)
{
    constexpr unsigned kStapA = 24;
    constexpr unsigned kFuA = 28;
    const unsigned type = payload[0] & 0x1F;
    if (type == kFuA)
        return payload.size() >= 2 && (payload[1] & 0x80) != 0 && h264_unit_is_key(payload[1]);
    if (type != kStapA)
        return h264_unit_is_key(payload[0]);
    for (std::size_t at = 1; at + 3 <= payload.size();) {
        const std::size_t size = read_u16(payload, at);
        if (size == 0 || payload.size() - at - 2 < size)
            return false;
        if (h264_unit_is_key(payload[at + 2]))
            return true;
        at += 2 + size;
    }
    return false;
}

bool h265_unit_is_key(unsigned type)
{
    // 16...21: pictures a decoder may start at; 32, 33: parameter sets before them.
    return (type >= 16 && type <= 21) || type == 32 || type == 33;
}

/// RFC 7798 4.4.
bool h265_key(Bytes payload)
{
    constexpr unsigned kAggregation = 48;
    constexpr unsigned kFragment = 49;
    const unsigned type = payload[0] >> 1 & 0x3F;
    if (type == kFragment)
        return payload.size() >= 3 && (payload[2] & 0x80) != 0 &&
               h265_unit_is_key(payload[2] & 0x3F);
    if (type != kAggregation)
        return h265_unit_is_key(type);
    for (std::size_t at = 2; at + 3 <= payload.size();) {
        const std::size_t size = read_u16(payload, at);
        if (size == 0 || payload.size() - at - 2 < size)
            return false;
        if (h265_unit_is_key(payload[at + 2] >> 1 & 0x3F))
            return true;
        at += 2 + size;
    }
    return false;
}

} // namespace

PayloadFormat payload_format(const std::string& encoding_name)
{
    static constexpr struct {
        const char* name;
        PayloadFormat format;
    } kNames[] = {
        {"VP8", PayloadFormat::Vp8},    {"VP9", PayloadFormat::Vp9},
        {"H264", PayloadFormat::H264},  {"H265", PayloadFormat::H265},
        {"AV1", PayloadFormat::Av1},    {"opus", PayloadFormat::Audio},
        {"PCMU", PayloadFormat::Audio}, {"PCMA", PayloadFormat::Audio},
        {"G722", PayloadFormat::Audio}, {"red", PayloadFormat::Audio},
    };
    for (const auto& known : kNames) {
        if (g_ascii_strcasecmp(known.name, encoding_name.c_str()) == 0)
            return known.format;
    }
    return PayloadFormat::Other;
}

bool starts_key_frame(PayloadFormat format, Bytes payload)
{
    if (payload.empty())
        return false;
    switch (format) {
    case PayloadFormat::Vp8:
        return vp8_key(payload);
    case PayloadFormat::Vp9:
        return vp9_key(payload);
    case PayloadFormat::H264:
        return h264_key(payload);
    case PayloadFormat::H265:
        return h265_key(payload);
    case PayloadFormat::Av1:
        // The N bit of the aggregation header: a new coded video sequence starts here.
        return (payload[0] & 0x08) != 0;
    case PayloadFormat::Audio:
    case PayloadFormat::Other:
        break;
    }
    return true;
}

} // namespace cf::emu

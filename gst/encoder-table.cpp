/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The encoders that we know, and how each is set up. A new one is a new row.
#include <algorithm>
#include <array>
#include <cstring>

#include "gst/encoders.hpp"

namespace cf::gst
{
namespace
{

// Key frames come when somebody needs one (PLI). This is the net below, for a viewer whose request
// was lost: long enough to cost nothing.
constexpr guint kKeyInterval = 600;

// Asked for more often than this, key frames would eat the bitrate (many viewers joining at once).
constexpr guint64 kMinKeyFrameDistance = 300 * GST_MSECOND;

// What FEC is laid out for until the loss is measured; without a hint libopus sends none at all.
constexpr const char* kOpusLossHint = "5";

constexpr std::array kVp8{
    EncoderSetting{"deadline", "1"},  // libvpx' realtime mode
    EncoderSetting{"cpu-used", "-8"}, // fixed; browsers take -6 on a desktop, -12 on a phone
    EncoderSetting{"end-usage", "cbr"},
    EncoderSetting{"lag-in-frames", "0"},
    EncoderSetting{"error-resilient", "default"},
    EncoderSetting{"undershoot", "50"},
    EncoderSetting{"overshoot", "25"},
    // In milliseconds of the bitrate: what may stand in the sender's buffer.
    EncoderSetting{"buffer-size", "1000"},
    EncoderSetting{"buffer-initial-size", "500"},
    EncoderSetting{"buffer-optimal-size", "600"},
    EncoderSetting{"max-intra-bitrate", "300"},
    EncoderSetting{"static-threshold", "1"},
    EncoderSetting{"threads", "4"},
    EncoderSetting{"token-partitions", "4"},
};
constexpr std::array kVp9{
    EncoderSetting{"deadline", "1"},
    EncoderSetting{"cpu-used", "8"},
    EncoderSetting{"end-usage", "cbr"},
    EncoderSetting{"lag-in-frames", "0"}, // 25 by default: most of a second
    EncoderSetting{"error-resilient", "default"},
    EncoderSetting{"undershoot", "50"},
    EncoderSetting{"overshoot", "25"},
    EncoderSetting{"buffer-size", "1000"},
    EncoderSetting{"buffer-initial-size", "500"},
    EncoderSetting{"buffer-optimal-size", "600"},
    EncoderSetting{"max-intra-bitrate", "300"},
    EncoderSetting{"aq-mode", "cyclic-refresh"},
    EncoderSetting{"row-mt", "true"},
    EncoderSetting{"tile-columns", "2"},
    EncoderSetting{"threads", "4"},
};
constexpr std::array kX264{
    EncoderSetting{"tune", "zerolatency"}, EncoderSetting{"speed-preset", "superfast"},
    EncoderSetting{"bframes", "0"},        EncoderSetting{"b-adapt", "false"},
    EncoderSetting{"aud", "false"},        EncoderSetting{"vbv-buf-capacity", "300"},
};
constexpr std::array kOpenH264{
    EncoderSetting{"rate-control", "bitrate"},
    EncoderSetting{"complexity", "low"},
    EncoderSetting{"usage-type", "camera"},
    EncoderSetting{"enable-frame-skip", "false"},
};
constexpr std::array kOpus{
    EncoderSetting{"frame-size", "20"},
    EncoderSetting{"bitrate-type", "constrained-vbr"},
    EncoderSetting{"complexity", "7"},
};

// Every browser decodes constrained baseline, and it has no B-frames.
constexpr const char* kH264Caps = "video/x-h264,profile=constrained-baseline";

constexpr std::array kKnown{
    KnownEncoder{"opusenc", Codec::Opus, "bitrate", 1, nullptr, nullptr, false, kOpus},
    KnownEncoder{"vp8enc", Codec::Vp8, "target-bitrate", 1, "keyframe-max-dist", nullptr, false,
                 kVp8},
    KnownEncoder{"x264enc", Codec::H264, "bitrate", 1000, "key-int-max", kH264Caps, true, kX264},
    KnownEncoder{"openh264enc", Codec::H264, "bitrate", 1, "gop-size", kH264Caps, true, kOpenH264},
    KnownEncoder{"vp9enc", Codec::Vp9, "target-bitrate", 1, "keyframe-max-dist", nullptr, false,
                 kVp9},
};

bool has_property(GstElement* element, const char* name)
{
    return g_object_class_find_property(G_OBJECT_GET_CLASS(element), name) != nullptr;
}

void set_if_there(GstElement* element, const char* property, const char* value)
{
    if (has_property(element, property))
        gst_util_set_object_arg(G_OBJECT(element), property, value);
}

} // namespace

std::span<const KnownEncoder> known_encoders()
{
    return kKnown;
}

void configure_encoder(GstElement* encoder, const KnownEncoder& known, const OpusTuning& opus)
{
    for (const EncoderSetting& s : known.settings)
        set_if_there(encoder, s.property, s.value);
    if (known.key_interval_property != nullptr) {
        set_if_there(encoder, known.key_interval_property, std::to_string(kKeyInterval).c_str());
    }
    set_if_there(encoder, "min-force-key-unit-interval",
                 std::to_string(kMinKeyFrameDistance).c_str());
    if (known.codec == Codec::Opus) {
        set_if_there(encoder, "dtx", opus.dtx ? "true" : "false");
        set_if_there(encoder, "inband-fec", opus.fec ? "true" : "false");
        set_if_there(encoder, "packet-loss-percentage", opus.fec ? kOpusLossHint : "0");
    }
}

void set_encoder_bitrate(GstElement* encoder, const KnownEncoder& known, unsigned bits_per_second)
{
    GParamSpec* spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(encoder), known.bitrate_property);
    if (spec == nullptr)
        return;
    const guint wanted = std::max(1U, bits_per_second / known.bitrate_unit);
    GValue value = G_VALUE_INIT;
    GValue as_it_takes_it = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_UINT);
    g_value_set_uint(&value, wanted);
    g_value_init(&as_it_takes_it, spec->value_type);
    if (g_value_transform(&value, &as_it_takes_it)) {
        g_param_value_validate(spec, &as_it_takes_it);
        g_object_set_property(G_OBJECT(encoder), known.bitrate_property, &as_it_takes_it);
    }
    g_value_unset(&as_it_takes_it);
    g_value_unset(&value);
}

} // namespace cf::gst

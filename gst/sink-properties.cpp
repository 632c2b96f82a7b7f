/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/sink-properties.hpp"

#include "gst/common-properties.hpp"
#include "gst/property-values.hpp"

namespace cf::gst
{
namespace
{

enum Property : guint {
    kPropVideoCaps = kFirstOwnProperty,
    kPropAudioCaps,
    kPropStartBitrate,
    kPropMaxBitrate,
    kPropDoRetransmission,
    kPropCapsTimeout,
};

constexpr auto kPlain = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto kLive = static_cast<GParamFlags>(kPlain | GST_PARAM_MUTABLE_PLAYING);
constexpr auto kSetUp = static_cast<GParamFlags>(kPlain | GST_PARAM_MUTABLE_READY);

constexpr unsigned kLargestBitrate = 1000000000;
constexpr unsigned kLongestCapsTimeout = 10 * 60 * 1000;

// No preference at all would leave nothing to encode to: back to the default.
Ref<GstCaps> caps_or(const GValue* value, const char* fallback)
{
    const GstCaps* caps = gst_value_get_caps(value);
    if (caps == nullptr || gst_caps_is_empty(caps) || gst_caps_is_any(caps))
        return Ref<GstCaps>::adopt(gst_caps_from_string(fallback));
    return Ref<GstCaps>::retain(const_cast<GstCaps*>(caps));
}

} // namespace

void install_sink_properties(GObjectClass* klass)
{
    const SinkSettings d;
    /**
     * GstCfCallsSink:video-caps:
     *
     * What raw video is encoded to, the first choice first. The first one that an installed encoder
     * gives is taken. A pad's codec-caps goes before.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropVideoCaps,
        g_param_spec_boxed("video-caps", "Video caps",
                           "What raw video is encoded to, first choice first (default "
                           "\"video/x-vp8; video/x-h264; video/x-vp9\")",
                           GST_TYPE_CAPS, kSetUp));
    /**
     * GstCfCallsSink:audio-caps:
     *
     * What raw audio is encoded to.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropAudioCaps,
        g_param_spec_boxed("audio-caps", "Audio caps",
                           "What raw audio is encoded to, first choice first (default "
                           "\"audio/x-opus\")",
                           GST_TYPE_CAPS, kSetUp));
    /**
     * GstCfCallsSink:start-bitrate:
     *
     * What each video encoder begins with, unless its pad says otherwise.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropStartBitrate,
        g_param_spec_uint("start-bitrate", "Start bitrate",
                          "What each video encoder begins with, in bit/s (default 2048000)", 1000,
                          kLargestBitrate, kDefaultStartBitrate, kLive));
    /**
     * GstCfCallsSink:max-bitrate:
     *
     * The most that a video encoder is set to, unless its pad says otherwise.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropMaxBitrate,
        g_param_spec_uint("max-bitrate", "Maximum bitrate",
                          "The most that each video encoder is set to, in bit/s (default 8192000)",
                          1000, kLargestBitrate, kDefaultMaxBitrate, kLive));
    /**
     * GstCfCallsSink:do-retransmission:
     *
     * Whether lost packets of video tracks are sent again (RTX).
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropDoRetransmission,
        g_param_spec_boolean("do-retransmission", "Retransmission",
                             "Send lost video packets again on request (default true)",
                             d.do_retransmission, kSetUp));
    /**
     * GstCfCallsSink:caps-timeout:
     *
     * The first offer takes all linked pads together. This is how long it waits for those on which
     * nothing arrives; they are published later, when something does.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropCapsTimeout,
        g_param_spec_uint("caps-timeout", "Caps timeout",
                          "How long the first offer waits for data on all linked pads, in "
                          "milliseconds (default 2000)",
                          0, kLongestCapsTimeout, milliseconds_value(d.caps_timeout), kSetUp));
}

bool set_sink_property(CallsSink& sink, guint id, const GValue* value)
{
    bool bitrate = false;
    sink.change_settings([&](SinkSettings& s) {
        switch (id) {
        case kPropVideoCaps:
            s.video_caps = caps_or(value, kDefaultVideoCaps);
            break;
        case kPropAudioCaps:
            s.audio_caps = caps_or(value, kDefaultAudioCaps);
            break;
        case kPropStartBitrate:
            s.start_bitrate = g_value_get_uint(value);
            bitrate = true;
            break;
        case kPropMaxBitrate:
            s.max_bitrate = g_value_get_uint(value);
            bitrate = true;
            break;
        case kPropDoRetransmission:
            s.do_retransmission = g_value_get_boolean(value);
            break;
        case kPropCapsTimeout:
            s.caps_timeout = Milliseconds(g_value_get_uint(value));
            break;
        default:
            break;
        }
    });
    if (bitrate)
        sink.apply_bitrates();
    return id >= kPropVideoCaps && id <= kPropCapsTimeout;
}

bool get_sink_property(CallsSink& sink, guint id, GValue* value)
{
    const SinkSettings s = sink.settings();
    switch (id) {
    case kPropVideoCaps:
        gst_value_set_caps(value, s.video_caps.get());
        break;
    case kPropAudioCaps:
        gst_value_set_caps(value, s.audio_caps.get());
        break;
    case kPropStartBitrate:
        g_value_set_uint(value, s.start_bitrate);
        break;
    case kPropMaxBitrate:
        g_value_set_uint(value, s.max_bitrate);
        break;
    case kPropDoRetransmission:
        g_value_set_boolean(value, s.do_retransmission);
        break;
    case kPropCapsTimeout:
        g_value_set_uint(value, milliseconds_value(s.caps_timeout));
        break;
    default:
        return false;
    }
    return true;
}

} // namespace cf::gst

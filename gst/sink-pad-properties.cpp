/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/sink-pad-properties.hpp"

namespace cf::gst
{
namespace
{

enum Property : guint {
    kPropTrackName = 1,
    kPropMid,
    kPropTrackState,
    kPropSessionId,
    kPropCodecCaps,
    kPropEncoder,
    kPropBitrate,
    kPropStartBitrate,
    kPropMaxBitrate,
    kPropOpusDtx,
    kPropOpusFec,
    kPropOpusStereo,
    kPropDoRetransmission,
    kPropActive,
    kPropMute,
    kPropMuteMode,
};

constexpr unsigned kLargestBitrate = 1000000000;

std::string text(const GValue* value)
{
    const char* s = g_value_get_string(value);
    return s != nullptr ? s : std::string();
}

void set_track_name(SinkPad& pad, const GValue* value)
{
    const std::string name = text(value);
    const TrackState state = pad.view().state;
    // A publication cannot be renamed: whoever pulls it knows it by this name.
    if (state == TrackState::Published || name.empty()) {
        if (const auto self = pad.pad())
            GST_WARNING_OBJECT(self.get(), "track-name stays: %s",
                               name.empty() ? "it cannot be empty" : "the track is published");
        return;
    }
    pad.change_settings([&](PadSettings& s) { s.track_name = name; });
}

constexpr auto kPlain = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto kLive = static_cast<GParamFlags>(kPlain | GST_PARAM_MUTABLE_PLAYING);
constexpr auto kSetUp = static_cast<GParamFlags>(kPlain | GST_PARAM_MUTABLE_READY);
constexpr auto kReadOnly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

GType mute_mode_type()
{
    static const GEnumValue values[] = {
        {static_cast<gint>(MuteMode::Filler), "Black pictures, one a second, or silence", "filler"},
        {static_cast<gint>(MuteMode::Drop), "Nothing", "drop"},
        {0, nullptr, nullptr},
    };
    static gsize type = 0;
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstCfCallsMuteMode", values));
    return type;
}

void install_switches(GObjectClass* klass)
{
    /**
     * GstCfCallsSinkPad:active:
     *
     * Whether there is a track. Off, it is closed at the service and what arrives is dropped; on
     * again, it is published anew under the same name. Unlike releasing the pad, the pad, its link
     * and its settings stay.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropActive,
        g_param_spec_boolean("active", "Active",
                             "Publish the track; off, it is closed and its data dropped "
                             "(default true)",
                             TRUE, kLive));
    /**
     * GstCfCallsSinkPad:mute:
     *
     * Sends nothing of what arrives. Nothing is negotiated, and it holds over reconnects. Video
     * goes on with a key frame.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropMute,
        g_param_spec_boolean("mute", "Mute", "Send nothing of what arrives (default false)", FALSE,
                             kLive));
    /**
     * GstCfCallsSinkPad:mute-mode:
     *
     * What a muted track sends. `filler` keeps it alive, so that it can still be pulled; it is for
     * raw input, others are dropped. The service collects a track that sends nothing for 30 s; it
     * is then published anew when it is un-muted.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropMuteMode,
        g_param_spec_enum("mute-mode", "Mute mode",
                          "What a muted track sends, if its input is raw (default filler)",
                          mute_mode_type(), static_cast<gint>(MuteMode::Filler), kLive));
}

void install_track(GObjectClass* klass)
{
    /**
     * GstCfCallsSinkPad:track-name:
     *
     * What the track is called; with the session id it is what others pull it by. Unique within the
     * session, kept when a lost session is replaced. It can be set until the track is published.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropTrackName,
        g_param_spec_string("track-name", "Track name",
                            "Name of the track, until it is published (default: the pad's name "
                            "and a random number)",
                            nullptr, kPlain));
    /**
     * GstCfCallsSinkPad:mid:
     *
     * The track's media id in the session description; %NULL before it was offered.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropMid,
        g_param_spec_string("mid", "Media id",
                            "The track's id in the session description; NULL (the default) "
                            "before it was offered",
                            nullptr, kReadOnly));
    /**
     * GstCfCallsSinkPad:track-state:
     *
     * How far the track is. `published` means that its media has left, not that it was agreed upon.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropTrackState,
        g_param_spec_enum("track-state", "Track state", "How far the track is (default none)",
                          track_state_type(), static_cast<gint>(TrackState::None), kReadOnly));
    /**
     * GstCfCallsSinkPad:session-id:
     *
     * The session that publishes the track; %NULL before that. It changes when a lost session is
     * replaced.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropSessionId,
        g_param_spec_string("session-id", "Session id",
                            "The session that publishes the track; NULL (the default) before that",
                            nullptr, kReadOnly));
    /**
     * GstCfCallsSinkPad:do-retransmission:
     *
     * Whether lost packets of a video track are sent again (RTX). Audio is never retransmitted.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropDoRetransmission,
        g_param_spec_boolean("do-retransmission", "Retransmission",
                             "Send lost video packets again on request; off if the element's is "
                             "(default true)",
                             TRUE, kSetUp));
}

void install_encoding(GObjectClass* klass)
{
    /**
     * GstCfCallsSinkPad:codec-caps:
     *
     * For raw input: what to encode to, the first choice first, such as
     * `video/x-h264,profile=main; video/x-vp8`. %NULL takes the element's video-caps or audio-caps.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropCodecCaps,
        g_param_spec_boxed("codec-caps", "Codec caps",
                           "What raw input is encoded to, first choice first (default: the "
                           "element's video-caps or audio-caps)",
                           GST_TYPE_CAPS, kSetUp));
    /**
     * GstCfCallsSinkPad:encoder:
     *
     * The factory name of the encoder to use for raw input, such as `x264enc`; its codec has to be
     * among codec-caps.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropEncoder,
        g_param_spec_string("encoder", "Encoder",
                            "Factory name of the encoder to use (default: the first that suits)",
                            nullptr, kSetUp));
    /**
     * GstCfCallsSinkPad:bitrate:
     *
     * The encoder's target at present. Writing it takes effect at once, up to max-bitrate.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropBitrate,
        g_param_spec_uint("bitrate", "Bitrate",
                          "Target of the encoder, in bit/s; 0: start-bitrate for video, what "
                          "suits the codec for audio (default 0)",
                          0, kLargestBitrate, 0, kLive));
    /**
     * GstCfCallsSinkPad:start-bitrate:
     *
     * What a video encoder begins with.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropStartBitrate,
        g_param_spec_uint("start-bitrate", "Start bitrate",
                          "What a video encoder begins with, in bit/s; 0: the element's "
                          "(default 0)",
                          0, kLargestBitrate, 0, kLive));
    /**
     * GstCfCallsSinkPad:max-bitrate:
     *
     * The most that a video encoder is set to.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropMaxBitrate,
        g_param_spec_uint("max-bitrate", "Maximum bitrate",
                          "The most that a video encoder is set to, in bit/s; 0: the element's "
                          "(default 0)",
                          0, kLargestBitrate, 0, kLive));
}

void install_opus(GObjectClass* klass)
{
    /**
     * GstCfCallsSinkPad:opus-dtx:
     *
     * Send next to nothing during silence: set in the encoder, in the payloader, and signalled as
     * `usedtx=1`. Off by default, since some receivers take a silent track for a dead one.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropOpusDtx,
        g_param_spec_boolean("opus-dtx", "Opus DTX",
                             "Send next to nothing during silence (default false)", FALSE, kSetUp));
    /**
     * GstCfCallsSinkPad:opus-fec:
     *
     * Add redundancy from which a receiver can repair single losses.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropOpusFec,
        g_param_spec_boolean("opus-fec", "Opus FEC",
                             "Add redundancy against single lost packets (default false)", FALSE,
                             kSetUp));
    /**
     * GstCfCallsSinkPad:opus-stereo:
     *
     * Keep two channels where the input has them, and signal `stereo=1`; if off, mix down to one.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropOpusStereo,
        g_param_spec_boolean("opus-stereo", "Opus stereo",
                             "Keep two channels if the input has them, else mix to one "
                             "(default true)",
                             TRUE, kSetUp));
}

} // namespace

void install_sink_pad_properties(GObjectClass* klass)
{
    install_track(klass);
    install_switches(klass);
    install_encoding(klass);
    install_opus(klass);
    gst_type_mark_as_plugin_api(track_state_type(), static_cast<GstPluginAPIFlags>(0));
    gst_type_mark_as_plugin_api(mute_mode_type(), static_cast<GstPluginAPIFlags>(0));
}

bool set_sink_pad_property(SinkPad& pad, guint id, const GValue* value)
{
    const auto change = [&](const std::function<void(PadSettings&)>& f) { pad.change_settings(f); };
    switch (id) {
    case kPropTrackName:
        set_track_name(pad, value);
        break;
    case kPropCodecCaps:
        change([&](PadSettings& s) {
            s.codec_caps = Ref<GstCaps>::retain(const_cast<GstCaps*>(gst_value_get_caps(value)));
        });
        break;
    case kPropEncoder:
        change([&](PadSettings& s) { s.encoder = text(value); });
        break;
    case kPropOpusDtx:
        change([&](PadSettings& s) { s.opus_dtx = g_value_get_boolean(value); });
        break;
    case kPropOpusFec:
        change([&](PadSettings& s) { s.opus_fec = g_value_get_boolean(value); });
        break;
    case kPropOpusStereo:
        change([&](PadSettings& s) { s.opus_stereo = g_value_get_boolean(value); });
        break;
    case kPropDoRetransmission:
        change([&](PadSettings& s) { s.do_retransmission = g_value_get_boolean(value); });
        break;
    case kPropActive:
        change([&](PadSettings& s) { s.active = g_value_get_boolean(value); });
        pad.apply_active();
        break;
    case kPropMute:
        change([&](PadSettings& s) { s.mute = g_value_get_boolean(value); });
        pad.apply_mute();
        break;
    case kPropMuteMode:
        change([&](PadSettings& s) { s.mute_mode = MuteMode(g_value_get_enum(value)); });
        pad.apply_mute();
        break;
    case kPropBitrate:
        change([&](PadSettings& s) { s.bitrate = g_value_get_uint(value); });
        break;
    case kPropStartBitrate:
        change([&](PadSettings& s) { s.start_bitrate = g_value_get_uint(value); });
        break;
    case kPropMaxBitrate:
        change([&](PadSettings& s) { s.max_bitrate = g_value_get_uint(value); });
        break;
    default:
        return false;
    }
    return true;
}

bool get_sink_pad_property(const SinkPad& pad, guint id, GValue* value)
{
    const PadSettings s = pad.settings();
    const SinkPad::View view = pad.view();
    const auto set_text = [value](const std::string& t) {
        g_value_set_string(value, t.empty() ? nullptr : t.c_str());
    };
    switch (id) {
    case kPropTrackName:
        set_text(s.track_name);
        break;
    case kPropMid:
        set_text(view.mid);
        break;
    case kPropTrackState:
        g_value_set_enum(value, static_cast<gint>(view.state));
        break;
    case kPropSessionId:
        set_text(view.session_id);
        break;
    case kPropCodecCaps:
        gst_value_set_caps(value, s.codec_caps.get());
        break;
    case kPropEncoder:
        set_text(s.encoder);
        break;
    case kPropActive:
        g_value_set_boolean(value, s.active);
        break;
    case kPropMute:
        g_value_set_boolean(value, s.mute);
        break;
    case kPropMuteMode:
        g_value_set_enum(value, static_cast<gint>(s.mute_mode));
        break;
    case kPropBitrate:
        g_value_set_uint(value, s.bitrate);
        break;
    case kPropStartBitrate:
        g_value_set_uint(value, s.start_bitrate);
        break;
    case kPropMaxBitrate:
        g_value_set_uint(value, s.max_bitrate);
        break;
    case kPropOpusDtx:
        g_value_set_boolean(value, s.opus_dtx);
        break;
    case kPropOpusFec:
        g_value_set_boolean(value, s.opus_fec);
        break;
    case kPropOpusStereo:
        g_value_set_boolean(value, s.opus_stereo);
        break;
    case kPropDoRetransmission:
        g_value_set_boolean(value, s.do_retransmission);
        break;
    default:
        return false;
    }
    return true;
}

GType track_state_type()
{
    static const GEnumValue values[] = {
        {static_cast<gint>(TrackState::None), "No data has arrived yet", "none"},
        {static_cast<gint>(TrackState::Pending), "Waiting to be published", "pending"},
        {static_cast<gint>(TrackState::Published), "Media is leaving", "published"},
        {static_cast<gint>(TrackState::Closed), "Closed", "closed"},
        {static_cast<gint>(TrackState::Error), "Cannot be published", "error"},
        {0, nullptr, nullptr},
    };
    static gsize type = 0;
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstCfCallsTrackState", values));
    return type;
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/src-properties.hpp"

#include "gst/common-properties.hpp"
#include "gst/property-values.hpp"

namespace cf::gst
{
namespace
{

enum Property : guint {
    kPropTracks = kFirstOwnProperty,
    kPropLatency,
    kPropDropOnLatency,
    kPropDoRetransmission,
    kPropVideoCodecs,
    kPropAudioCodecs,
    kPropPullTimeout,
    kPropRetryMissingTrack,
    kPropTrackTimeout,
};

constexpr auto kPlain = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto kLive = static_cast<GParamFlags>(kPlain | GST_PARAM_MUTABLE_PLAYING);
constexpr auto kSetUp = static_cast<GParamFlags>(kPlain | GST_PARAM_MUTABLE_READY);

constexpr guint kLongestLatency = 60 * 1000;
constexpr guint kLongestTimeout = 24 * 60 * 60 * 1000;

std::vector<std::string> names_of(const GValue* array)
{
    std::vector<std::string> names;
    for (guint i = 0; i < gst_value_array_get_size(array); ++i) {
        const GValue* value = gst_value_array_get_value(array, i);
        if (G_VALUE_HOLDS_STRING(value) && g_value_get_string(value) != nullptr)
            names.emplace_back(g_value_get_string(value));
    }
    return names;
}

void put_names(GValue* array, const std::vector<std::string>& names)
{
    for (const auto& name : names) {
        GValue value = G_VALUE_INIT;
        g_value_init(&value, G_TYPE_STRING);
        g_value_set_string(&value, name.c_str());
        gst_value_array_append_and_take_value(array, &value);
    }
}

GParamSpec* codec_list(const char* name, const char* nick, const char* blurb)
{
    GParamSpec* element = g_param_spec_string("codec", "Codec", "Encoding name, such as VP8",
                                              nullptr, static_cast<GParamFlags>(kPlain));
    return gst_param_spec_array(name, nick, blurb, element, kSetUp);
}

void install_choice(GObjectClass* klass)
{
    /**
     * GstCfCallsSrc:tracks:
     *
     * What to pull: `SESSION/TRACK` for each track, with commas between, SESSION being the
     * publisher's session id and TRACK the track's name. `?kind=audio` or `?kind=video` behind an
     * entry says what it is before the service does, which fixes the number of its pad. `%2C`,
     * `%3F` and `%25` stand for a comma, a question mark and a per cent sign in a name.
     *
     * A #GstValueArray of structures `track, session-id=(string)..., track-name=(string)...,
     * kind=(string)video` can be set as well (with g_object_set_property(), or as
     * `<"track,session-id=...,track-name=...;">` in a launch line), such as the action
     * get-track-locators of cfcallssink gives it.
     *
     * Set while the element runs, the difference is pulled and closed; pads of tracks that stay
     * stay as they are. An empty string is no track; never set at all is an error.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropTracks,
        g_param_spec_string("tracks", "Tracks",
                            "What to pull: SESSION/TRACK[?kind=audio|video], separated by commas "
                            "(default: not set, which is an error)",
                            nullptr, kLive));
    /**
     * GstCfCallsSrc:video-codecs:
     *
     * Which codecs of a video track are accepted, by encoding name, the first choice first; empty
     * accepts what the service offers. Only where a track is offered in several is there a choice.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropVideoCodecs,
        codec_list("video-codecs", "Video codecs",
                   "Accepted video codecs, first choice first, such as <VP8,H264> (default: any)"));
    /**
     * GstCfCallsSrc:audio-codecs:
     *
     * Which codecs of an audio track are accepted, as with video-codecs.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropAudioCodecs,
        codec_list("audio-codecs", "Audio codecs",
                   "Accepted audio codecs, first choice first, such as <OPUS> (default: any)"));
}

void install_receiving(GObjectClass* klass)
{
    const SrcSettings d;
    /**
     * GstCfCallsSrc:latency:
     *
     * How long packets wait in the jitterbuffer for those before them. It is the latency that the
     * element reports, besides that of its decoders.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropLatency,
        g_param_spec_uint("latency", "Latency",
                          "Time that packets wait for missing ones, in milliseconds (default 200)",
                          0, kLongestLatency, d.latency_ms, kSetUp));
    /**
     * GstCfCallsSrc:drop-on-latency:
     *
     * Whether the jitterbuffer never holds more than latency, and drops what is older. It bounds
     * memory when downstream stops taking data.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropDropOnLatency,
        g_param_spec_boolean("drop-on-latency", "Drop on latency",
                             "Drop packets rather than hold more than latency (default false)",
                             d.drop_on_latency, kSetUp));
    /**
     * GstCfCallsSrc:do-retransmission:
     *
     * Whether lost packets of video tracks are asked for again (NACK, RTX). Audio is not: Opus
     * conceals and repairs by itself.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropDoRetransmission,
        g_param_spec_boolean("do-retransmission", "Retransmission",
                             "Ask for lost video packets again (default true)", d.do_retransmission,
                             kSetUp));
    /**
     * GstCfCallsSrc:retry-missing-track:
     *
     * Whether a track that is not there, or sends nothing, is asked for again and again: its
     * publisher may come later, or come back. Off, the first refusal is final for the track.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropRetryMissingTrack,
        g_param_spec_boolean("retry-missing-track", "Retry missing track",
                             "Keep asking for a track that is not there (default true)",
                             d.retry_missing_track, kSetUp));
    /**
     * GstCfCallsSrc:pull-timeout:
     *
     * For how long a missing track is asked for before it counts as refused.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropPullTimeout,
        g_param_spec_uint("pull-timeout", "Pull timeout",
                          "How long a missing track is asked for, in milliseconds; 0 (the default) "
                          "for ever",
                          0, kLongestTimeout, milliseconds_value(d.pull_timeout), kSetUp));
    /**
     * GstCfCallsSrc:track-timeout:
     *
     * For how long a track may send nothing before it is pulled again: the service does not tell
     * that a publisher has closed a track, or has published it anew under the same name. Muted
     * tracks of cfcallssink and silent Opus with DTX do send.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropTrackTimeout,
        g_param_spec_uint("track-timeout", "Track timeout",
                          "Silence after which a track is pulled again, in milliseconds; 0 never "
                          "(default 10000)",
                          0, kLongestTimeout, milliseconds_value(d.track_timeout), kLive));
}

} // namespace

void install_src_properties(GObjectClass* klass)
{
    install_choice(klass);
    install_receiving(klass);
}

bool set_src_property(CallsSrc& src, guint id, const GValue* value)
{
    switch (id) {
    case kPropTracks: {
        const char* text = g_value_get_string(value);
        if (text != nullptr)
            src.set_tracks(text);
        else
            src.change_settings([](SrcSettings& s) { s.tracks.reset(); });
        return true;
    }
    case kPropVideoCodecs:
        src.change_settings([&](SrcSettings& s) { s.video_codecs = names_of(value); });
        return true;
    case kPropAudioCodecs:
        src.change_settings([&](SrcSettings& s) { s.audio_codecs = names_of(value); });
        return true;
    case kPropLatency:
        src.change_settings([&](SrcSettings& s) { s.latency_ms = g_value_get_uint(value); });
        return true;
    case kPropDropOnLatency:
        src.change_settings(
            [&](SrcSettings& s) { s.drop_on_latency = g_value_get_boolean(value); });
        return true;
    case kPropDoRetransmission:
        src.change_settings(
            [&](SrcSettings& s) { s.do_retransmission = g_value_get_boolean(value); });
        return true;
    case kPropRetryMissingTrack:
        src.change_settings(
            [&](SrcSettings& s) { s.retry_missing_track = g_value_get_boolean(value); });
        return true;
    case kPropPullTimeout:
        src.change_settings(
            [&](SrcSettings& s) { s.pull_timeout = Milliseconds{g_value_get_uint(value)}; });
        return true;
    case kPropTrackTimeout:
        src.change_settings(
            [&](SrcSettings& s) { s.track_timeout = Milliseconds{g_value_get_uint(value)}; });
        return true;
    default:
        return false;
    }
}

bool get_src_property(CallsSrc& src, guint id, GValue* value)
{
    const SrcSettings s = src.settings();
    switch (id) {
    case kPropTracks:
        if (s.tracks && s.tracks->ok())
            g_value_set_string(value, to_string(s.tracks->value()).c_str());
        return true;
    case kPropVideoCodecs:
        put_names(value, s.video_codecs);
        return true;
    case kPropAudioCodecs:
        put_names(value, s.audio_codecs);
        return true;
    case kPropLatency:
        g_value_set_uint(value, s.latency_ms);
        return true;
    case kPropDropOnLatency:
        g_value_set_boolean(value, s.drop_on_latency);
        return true;
    case kPropDoRetransmission:
        g_value_set_boolean(value, s.do_retransmission);
        return true;
    case kPropRetryMissingTrack:
        g_value_set_boolean(value, s.retry_missing_track);
        return true;
    case kPropPullTimeout:
        g_value_set_uint(value, milliseconds_value(s.pull_timeout));
        return true;
    case kPropTrackTimeout:
        g_value_set_uint(value, milliseconds_value(s.track_timeout));
        return true;
    default:
        return false;
    }
}

} // namespace cf::gst

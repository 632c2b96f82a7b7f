/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/sink-signals.hpp"

#include <array>

namespace cf::gst
{
namespace
{

enum Signal {
    kEncoderSetup,
    kPayloaderSetup,
    kTrackPublished,
    kTrackClosed,
    kSessionCreated,
    kSessionLost,
    kForceKeyframe,
    kGetTrackLocators,
    kRestartSession,
    kSignalCount,
};
// Written once, in class_init.
std::array<guint, kSignalCount> signals{};

void install_hooks(GType type)
{
    /**
     * GstCfCallsSink::encoder-setup:
     * @sink: the element
     * @session_id: the session, empty while there is none yet (webrtcsink: the consumer's id)
     * @pad_name: the sink pad's name
     * @encoder: the encoder, in state NULL
     *
     * Emitted on a streaming thread for each encoder that is made. The bitrate is set afterwards.
     *
     * Returns: %TRUE if the encoder is fully set up, %FALSE to let the element's settings follow.
     *
     * Since: 0.1
     */
    signals[kEncoderSetup] = g_signal_new(
        "encoder-setup", type, G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, nullptr,
        nullptr, G_TYPE_BOOLEAN, 3, G_TYPE_STRING, G_TYPE_STRING, GST_TYPE_ELEMENT);
    /**
     * GstCfCallsSink::payloader-setup:
     * @sink: the element
     * @session_id: the session, empty while there is none yet (webrtcsink: the consumer's id)
     * @pad_name: the sink pad's name
     * @payloader: the payloader, in state NULL
     *
     * Emitted on a streaming thread for each payloader that is made, after the element has set it
     * up. Its payload type and SSRC must stay.
     *
     * Returns: %TRUE to keep further handlers from being called.
     *
     * Since: 0.1
     */
    signals[kPayloaderSetup] = g_signal_new(
        "payloader-setup", type, G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, nullptr,
        nullptr, G_TYPE_BOOLEAN, 3, G_TYPE_STRING, G_TYPE_STRING, GST_TYPE_ELEMENT);
}

void install_news(GType type)
{
    /**
     * GstCfCallsSink::track-published:
     * @sink: the element
     * @pad: the sink pad
     * @locator: `track,session-id=...,track-name=...`, what others need to pull the track
     *
     * The track's first packet has left; it can be pulled. Emitted again, with another session id,
     * after a lost session was replaced. Not on the application's thread.
     *
     * Since: 0.1
     */
    signals[kTrackPublished] =
        g_signal_new("track-published", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                     G_TYPE_NONE, 2, GST_TYPE_PAD, GST_TYPE_STRUCTURE);
    /**
     * GstCfCallsSink::track-closed:
     * @sink: the element
     * @pad: the sink pad
     * @reason: one sentence
     *
     * The track is gone from the SFU, or was refused. Not on the application's thread.
     *
     * Since: 0.1
     */
    signals[kTrackClosed] =
        g_signal_new("track-closed", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                     G_TYPE_NONE, 2, GST_TYPE_PAD, G_TYPE_STRING);
    /**
     * GstCfCallsSink::session-created:
     * @sink: the element
     * @session_id: the new session
     *
     * Not on the application's thread.
     *
     * Since: 0.1
     */
    signals[kSessionCreated] = g_signal_new("session-created", type, G_SIGNAL_RUN_LAST, 0, nullptr,
                                            nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
    /**
     * GstCfCallsSink::session-lost:
     * @sink: the element
     * @session_id: the session that is no more
     *
     * A new one follows, unless reconnect is off. Not on the application's thread.
     *
     * Since: 0.1
     */
    signals[kSessionLost] = g_signal_new("session-lost", type, G_SIGNAL_RUN_LAST, 0, nullptr,
                                         nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
}

void install_actions(GType type, const SinkActions& actions)
{
    constexpr auto kAction = static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);
    /**
     * GstCfCallsSink::force-keyframe:
     * @sink: the element
     * @pad: (nullable): a video sink pad, or %NULL for all
     *
     * Asks the encoder, or for encoded input whatever is upstream, for a key frame.
     *
     * Since: 0.1
     */
    signals[kForceKeyframe] = g_signal_new_class_handler(
        "force-keyframe", type, kAction, G_CALLBACK(actions.force_keyframe), nullptr, nullptr,
        nullptr, G_TYPE_NONE, 1, GST_TYPE_PAD);
    /**
     * GstCfCallsSink::get-track-locators:
     * @sink: the element
     *
     * Returns: (transfer full): `cfcalls-tracks`, whose field `tracks` is an array of
     * `track,session-id=...,track-name=...,kind=...,pad=...` for what is published at present. The
     * field can be set as it is as property `tracks` of cfcallssrc.
     *
     * Since: 0.1
     */
    signals[kGetTrackLocators] = g_signal_new_class_handler(
        "get-track-locators", type, kAction, G_CALLBACK(actions.get_track_locators), nullptr,
        nullptr, nullptr, GST_TYPE_STRUCTURE, 0);
    /**
     * GstCfCallsSink::restart-session:
     * @sink: the element
     *
     * Replaces the session at once, or makes one after an ERROR, with the same pads and track
     * names. The credentials are read anew, so that a new app-token takes effect.
     *
     * Returns: %FALSE, and an ERROR message, if the credentials cannot work.
     *
     * Since: 0.1
     */
    signals[kRestartSession] = g_signal_new_class_handler(
        "restart-session", type, kAction, G_CALLBACK(actions.restart_session), nullptr, nullptr,
        nullptr, G_TYPE_BOOLEAN, 0);
}

bool emit_setup(Signal signal, GstElement* sink, const std::string& session_id,
                const std::string& pad, GstElement* element)
{
    gboolean handled = FALSE;
    g_signal_emit(sink, signals[signal], 0, session_id.c_str(), pad.c_str(), element, &handled);
    return handled;
}

} // namespace

void install_sink_signals(GObjectClass* klass, const SinkActions& actions)
{
    const GType type = G_OBJECT_CLASS_TYPE(klass);
    install_hooks(type);
    install_news(type);
    install_actions(type, actions);
}

bool emit_encoder_setup(GstElement* sink, const std::string& session_id, const std::string& pad,
                        GstElement* encoder)
{
    return emit_setup(kEncoderSetup, sink, session_id, pad, encoder);
}

bool emit_payloader_setup(GstElement* sink, const std::string& session_id, const std::string& pad,
                          GstElement* payloader)
{
    return emit_setup(kPayloaderSetup, sink, session_id, pad, payloader);
}

void emit_track_published(GstElement* sink, GstPad* pad, const calls::TrackLocator& locator)
{
    const OwnedStructure s(gst_structure_new("track", "session-id", G_TYPE_STRING,
                                             locator.session_id.c_str(), "track-name",
                                             G_TYPE_STRING, locator.track_name.c_str(), nullptr));
    g_signal_emit(sink, signals[kTrackPublished], 0, pad, s.get());
}

void emit_track_closed(GstElement* sink, GstPad* pad, const char* reason)
{
    g_signal_emit(sink, signals[kTrackClosed], 0, pad, reason);
}

void emit_session_created(GstElement* sink, const std::string& session_id)
{
    g_signal_emit(sink, signals[kSessionCreated], 0, session_id.c_str());
}

void emit_session_lost(GstElement* sink, const std::string& session_id)
{
    g_signal_emit(sink, signals[kSessionLost], 0, session_id.c_str());
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/src-signals.hpp"

#include <array>

namespace cf::gst
{
namespace
{

enum Signal {
    kSessionCreated,
    kSessionLost,
    kWebrtcbinReady,
    kRequestKeyframe,
    kAddTrack,
    kRemoveTrack,
    kUpdateTrack,
    kRestartSession,
    kSignalCount,
};
// Written once, in class_init.
std::array<guint, kSignalCount> signals{};

constexpr auto kAction = static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);

void install_actions(GType type, const SrcActions& actions)
{
    /**
     * GstCfCallsSrc::request-keyframe:
     * @src: the element
     * @pad: (nullable): a pad of the element; %NULL: all
     *
     * Asks the publisher for a key frame, with the next packet that arrives. Downstream elements
     * that send a force-key-unit event upstream do the same.
     *
     * Since: 0.1
     */
    signals[kRequestKeyframe] = g_signal_new_class_handler(
        "request-keyframe", type, kAction, G_CALLBACK(actions.request_keyframe), nullptr, nullptr,
        nullptr, G_TYPE_NONE, 1, GST_TYPE_PAD);
    /**
     * GstCfCallsSrc::restart-session:
     * @src: the element
     *
     * Replaces the session at once, with the same pads. The credentials are read anew, so that a
     * new app-token takes effect. After an ERROR the pads have ended: then the element has to go
     * through READY instead.
     *
     * Returns: %FALSE, and an ERROR message, if the credentials cannot work.
     *
     * Since: 0.1
     */
    signals[kRestartSession] = g_signal_new_class_handler(
        "restart-session", type, kAction, G_CALLBACK(actions.restart_session), nullptr, nullptr,
        nullptr, G_TYPE_BOOLEAN, 0);
}

void install_list_actions(GType type, const SrcActions& actions)
{
    /**
     * GstCfCallsSrc::add-track:
     * @src: the element
     * @track: `track,session-id=...,track-name=...[,kind=audio|video]`, as cfcallssink announces it
     *
     * Pulls one more track; the property tracks changes with it. Its pad is added as soon as the
     * service offers it.
     *
     * Returns: %FALSE, and a WARNING message, for what is no track or is pulled already.
     *
     * Since: 0.1
     */
    signals[kAddTrack] = g_signal_new_class_handler("add-track", type, kAction,
                                                    G_CALLBACK(actions.add_track), nullptr, nullptr,
                                                    nullptr, G_TYPE_BOOLEAN, 1, GST_TYPE_STRUCTURE);
    /**
     * GstCfCallsSrc::remove-track:
     * @src: the element
     * @pad: the pad of the track
     *
     * Closes a track: its pad ends with EOS and is removed.
     *
     * Returns: %FALSE if the pad is none of the element's.
     *
     * Since: 0.1
     */
    signals[kRemoveTrack] =
        g_signal_new_class_handler("remove-track", type, kAction, G_CALLBACK(actions.remove_track),
                                   nullptr, nullptr, nullptr, G_TYPE_BOOLEAN, 1, GST_TYPE_PAD);
    /**
     * GstCfCallsSrc::update-track:
     * @src: the element
     * @pad: the pad of the element that is to show another track
     * @track: `track,session-id=...,track-name=...`, of the same kind
     *
     * Shows another track on the same pad, such as one whose publisher has come back with a new
     * session, or another camera. Nothing is negotiated; pad, stream id and links stay.
     *
     * Returns: %FALSE, and a WARNING message, for what is no track or is pulled already.
     *
     * Since: 0.1
     */
    signals[kUpdateTrack] = g_signal_new_class_handler(
        "update-track", type, kAction, G_CALLBACK(actions.update_track), nullptr, nullptr, nullptr,
        G_TYPE_BOOLEAN, 2, GST_TYPE_PAD, GST_TYPE_STRUCTURE);
}

} // namespace

void install_src_signals(GObjectClass* klass, const SrcActions& actions)
{
    const GType type = G_OBJECT_CLASS_TYPE(klass);
    /**
     * GstCfCallsSrc::session-created:
     * @src: the element
     * @session_id: the new session
     *
     * Not on the application's thread.
     *
     * Since: 0.1
     */
    signals[kSessionCreated] = g_signal_new("session-created", type, G_SIGNAL_RUN_LAST, 0, nullptr,
                                            nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
    /**
     * GstCfCallsSrc::session-lost:
     * @src: the element
     * @session_id: the session that is no more
     *
     * A new one follows, unless reconnect is off; pads stay. Not on the application's thread.
     *
     * Since: 0.1
     */
    signals[kSessionLost] = g_signal_new("session-lost", type, G_SIGNAL_RUN_LAST, 0, nullptr,
                                         nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
    /**
     * GstCfCallsSrc::webrtcbin-ready:
     * @src: the element
     * @session_id: the session it is for, empty while that is being made (webrtcsrc: the peer's id)
     * @webrtcbin: a new webrtcbin, in state NULL
     *
     * Emitted for each session, to set up what this element has no property for. Its signalling is
     * the element's alone. Not on the application's thread; everything waits for the handler.
     *
     * Since: 0.1
     */
    signals[kWebrtcbinReady] =
        g_signal_new("webrtcbin-ready", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                     G_TYPE_NONE, 2, G_TYPE_STRING, GST_TYPE_ELEMENT);
    install_actions(type, actions);
    install_list_actions(type, actions);
}

void emit_src_session_created(GstElement* src, const std::string& session_id)
{
    g_signal_emit(src, signals[kSessionCreated], 0, session_id.c_str());
}

void emit_src_session_lost(GstElement* src, const std::string& session_id)
{
    g_signal_emit(src, signals[kSessionLost], 0, session_id.c_str());
}

void emit_webrtcbin_ready(GstElement* src, const std::string& session_id, GstElement* webrtcbin)
{
    g_signal_emit(src, signals[kWebrtcbinReady], 0, session_id.c_str(), webrtcbin);
}

} // namespace cf::gst

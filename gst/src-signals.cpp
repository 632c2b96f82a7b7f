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
    kSignalCount,
};
// Written once, in class_init.
std::array<guint, kSignalCount> signals{};

} // namespace

void install_src_signals(GObjectClass* klass,
                         void (*request_keyframe)(GstElement* src, GstPad* pad))
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
        "request-keyframe", type, static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
        G_CALLBACK(request_keyframe), nullptr, nullptr, nullptr, G_TYPE_NONE, 1, GST_TYPE_PAD);
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

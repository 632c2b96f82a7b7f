/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-cfcallssink
 * @title: cfcallssink
 * @see_also: cfcallssrc
 *
 * Publishes what is linked to it as tracks of a Cloudflare Calls (Cloudflare Realtime SFU) session.
 * Raw audio and video are encoded; Opus, VP8, VP9 and H.264, also in RTP, are sent as they are.
 *
 * App id and app secret come from the properties app-id and app-token, or from the environment:
 * `CALLS_APP_ID`, `CALLS_APP_SECRET`, and for another server than Cloudflare's `CALLS_API_BASE`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m videotestsrc is-live=true ! cfcallssink
 * ]| Publishes a test picture. The message `cfcalls-track` with state `published` shows the session
 * id and the track's name, by which others pull it.
 * |[
 * gst-launch-1.0 cfcallssink name=sink video_0::track-name=camera audio_0::opus-dtx=true v4l2src !
 * videoconvert ! sink.video_0 autoaudiosrc ! sink.audio_0
 * ]| Publishes a camera and a microphone, the microphone sending next to nothing during silence.
 * |[
 * gst-launch-1.0 filesrc location=recording.mp4 ! decodebin name=file cfcallssink name=sink file. !
 * queue ! sink.video_0 file. ! queue ! sink.audio_0
 * ]| Publishes a recording in real time, encoded anew: for what has B-frames or other codecs.
 * |[
 * gst-launch-1.0 filesrc location=recording.mkv ! matroskademux name=file cfcallssink name=sink
 * file.video_0 ! sink.video_0 file.audio_0 ! sink.audio_0
 * ]| Publishes a recording of H.264 without B-frames (or VP8, VP9) and Opus as it is.
 *
 * Since: 0.1
 */
#include "gst/gstcfcallssink.h"

#include <algorithm>

#include "gst/background-work.hpp"
#include "gst/calls-sink.hpp"
#include "gst/common-properties.hpp"
#include "gst/gst-error.hpp"
#include "gst/gstcfcallssinkpad-private.hpp"
#include "gst/sink-properties.hpp"
#include "gst/sink-signals.hpp"

using cf::Ref;
using cf::calls::MediaKind;
using cf::gst::CallsSink;

struct GstCfCallsSinkPrivate {
    std::shared_ptr<CallsSink> sink; // from init() to finalize()
};

struct _GstCfCallsSink {
    GstBin parent;
    GstCfCallsSinkPrivate* priv;
};

#define GST_CAT_DEFAULT cf_calls_sink_debug
GST_DEBUG_CATEGORY_STATIC(GST_CAT_DEFAULT);

static void gst_cf_calls_sink_child_proxy_init(gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE(GstCfCallsSink, gst_cf_calls_sink, GST_TYPE_BIN,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                              gst_cf_calls_sink_child_proxy_init)
                            GST_DEBUG_CATEGORY_INIT(cf_calls_sink_debug, "cfcallssink", 0,
                                                    "Cloudflare Calls publisher"))

namespace
{

CallsSink& sink_of(gpointer object)
{
    return *GST_CF_CALLS_SINK(object)->priv->sink;
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec)
{
    CallsSink& sink = sink_of(object);
    if (!cf::gst::set_common_property(sink.session(), id, value) &&
        !cf::gst::set_sink_property(sink, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec)
{
    CallsSink& sink = sink_of(object);
    if (!cf::gst::get_common_property(sink.session(), id, value) &&
        !cf::gst::get_sink_property(sink, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// -- pads -----------------------------------------------------------------------------------------

// The name that is asked for, if it fits the template; else the first that is free.
std::string pad_name(GstElement* element, GstPadTemplate* templ, const char* wanted)
{
    const bool audio = g_str_has_prefix(GST_PAD_TEMPLATE_NAME_TEMPLATE(templ), "audio");
    const std::string prefix = audio ? "audio_" : "video_";
    const auto is_free = [element](const std::string& name) {
        return !Ref<GstPad>::adopt(gst_element_get_static_pad(element, name.c_str()));
    };
    if (wanted != nullptr && std::string_view(wanted).find('%') == std::string_view::npos) {
        guint64 number = 0;
        const bool fits = g_str_has_prefix(wanted, prefix.c_str()) &&
                          g_ascii_string_to_unsigned(wanted + prefix.size(), 10, 0, G_MAXUINT32,
                                                     &number, nullptr);
        return fits && is_free(wanted) ? wanted : std::string();
    }
    for (unsigned n = 0;; ++n) {
        std::string name = prefix + std::to_string(n);
        if (is_free(name))
            return name;
    }
}

GstPad* request_new_pad(GstElement* element, GstPadTemplate* templ, const gchar* wanted,
                        const GstCaps*)
{
    const std::string name = pad_name(element, templ, wanted);
    if (name.empty()) {
        GST_WARNING_OBJECT(element, "no pad: %s does not fit the template or is taken", wanted);
        return nullptr;
    }
    const auto pad = cf::gst::new_sink_pad(templ, name, GST_CF_CALLS_SINK(element)->priv->sink);
    gst_element_add_pad(element, pad.get()); // activates it if need be
    gst_child_proxy_child_added(GST_CHILD_PROXY(element), G_OBJECT(pad.get()),
                                GST_PAD_NAME(pad.get()));
    return pad.get(); // the element holds it
}

void release_pad(GstElement* element, GstPad* pad)
{
    const auto held = Ref<GstPad>::retain(pad);
    gst_child_proxy_child_removed(GST_CHILD_PROXY(element), G_OBJECT(pad), GST_PAD_NAME(pad));
    // The chain first: it lets go of the upstream thread, for which deactivation would wait.
    sink_of(element).release_pad(GST_PAD_NAME(pad));
    gst_pad_set_active(pad, FALSE);
    gst_element_remove_pad(element, pad);
}

// -- states ---------------------------------------------------------------------------------------

bool start(GstElement* element)
{
    auto started = sink_of(element).start();
    if (!started) {
        cf::gst::post_error(element, started.error());
        return false;
    }
    // As decodebin does: the bin itself is what is not ready yet, none of its children.
    if (started->waits_for_caps) {
        GST_BIN_CLASS(gst_cf_calls_sink_parent_class)
            ->handle_message(GST_BIN(element), gst_message_new_async_start(GST_OBJECT(element)));
    }
    return true;
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition)
{
    CallsSink& sink = sink_of(element);
    switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
        cf::gst::warm_up_certificate();
        break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
        if (!start(element))
            return GST_STATE_CHANGE_FAILURE;
        break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
        sink.begin_playing();
        break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
        sink.stop();
        break;
    default:
        break;
    }
    GstStateChangeReturn ret = cf::gst::without_leaving_children(
        transition,
        GST_ELEMENT_CLASS(gst_cf_calls_sink_parent_class)->change_state(element, transition));
    switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
        if (ret == GST_STATE_CHANGE_FAILURE) {
            sink.stop();
            sink.stop_waiting();
            break;
        }
        // webrtcbin and the clocksyncs call themselves live; we are a sink that waits for data.
        ret = sink.waits_for_caps() ? GST_STATE_CHANGE_ASYNC : GST_STATE_CHANGE_SUCCESS;
        break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
        if (ret == GST_STATE_CHANGE_NO_PREROLL)
            ret = GST_STATE_CHANGE_SUCCESS;
        break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
        sink.stop_waiting();
        sink.drop_chains();
        break;
    case GST_STATE_CHANGE_READY_TO_NULL:
        // A program that ends now would pull OpenSSL away under the thread that makes the key.
        (void)cf::gst::wait_for_background_work();
        break;
    default:
        break;
    }
    return ret;
}

gboolean send_event(GstElement* element, GstEvent* event)
{
    const auto held = Ref<GstEvent>::adopt(event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
        sink_of(element).send_eos(event);
        return TRUE;
    }
    if (!GST_EVENT_IS_UPSTREAM(event)) {
        return GST_ELEMENT_CLASS(gst_cf_calls_sink_parent_class)
            ->send_event(element, gst_event_ref(event));
    }
    // A bin hands seeks to the sinks within, of which there are none before webrtcbin.
    bool taken = false;
    for (const auto& pad : sink_of(element).pads()) {
        if (const auto gst_pad = pad->pad())
            taken |= gst_pad_push_event(gst_pad.get(), gst_event_ref(event)) != FALSE;
    }
    return taken;
}

gboolean query(GstElement* element, GstQuery* query)
{
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION:
    case GST_QUERY_DURATION:
    case GST_QUERY_SEEKING:
    case GST_QUERY_CONVERT:
    case GST_QUERY_FORMATS:
        break;
    default:
        return GST_ELEMENT_CLASS(gst_cf_calls_sink_parent_class)->query(element, query);
    }
    const auto pads = sink_of(element).pads();
    return std::any_of(pads.begin(), pads.end(), [query](const auto& pad) {
        const auto gst_pad = pad->pad();
        return gst_pad && gst_pad_peer_query(gst_pad.get(), query);
    });
}

void handle_message(GstBin* bin, GstMessage* message)
{
    if (cf::gst::take_peer_message(message))
        gst_message_unref(message);
    else
        GST_BIN_CLASS(gst_cf_calls_sink_parent_class)->handle_message(bin, message);
}

// -- GstChildProxy: the pads ----------------------------------------------------------------------

GObject* child_by_index(GstChildProxy* proxy, guint index)
{
    const auto pads = sink_of(proxy).pads();
    if (index >= pads.size())
        return nullptr;
    return G_OBJECT(pads[index]->pad().release());
}

GObject* child_by_name(GstChildProxy* proxy, const gchar* name)
{
    return G_OBJECT(gst_element_get_static_pad(GST_ELEMENT(proxy), name));
}

guint children_count(GstChildProxy* proxy)
{
    return static_cast<guint>(sink_of(proxy).pads().size());
}

// -- class ----------------------------------------------------------------------------------------

void force_keyframe(GstElement* element, GstPad* pad)
{
    sink_of(element).force_key_frame(pad != nullptr ? GST_PAD_NAME(pad) : "");
}

GstStructure* get_track_locators(GstElement* element)
{
    return sink_of(element).track_locators().release();
}

gboolean restart_session(GstElement* element)
{
    const auto status = sink_of(element).session().restart();
    if (!status)
        cf::gst::post_error(element, status.error());
    return status.ok();
}

void finalize(GObject* object)
{
    auto* priv = GST_CF_CALLS_SINK(object)->priv;
    priv->sink->session().stop();
    delete priv;
    G_OBJECT_CLASS(gst_cf_calls_sink_parent_class)->finalize(object);
}

void add_template(GstElementClass* klass, const char* name, MediaKind kind)
{
    const auto caps = cf::gst::accepted_caps(kind);
    gst_element_class_add_pad_template(
        klass, gst_pad_template_new_with_gtype(name, GST_PAD_SINK, GST_PAD_REQUEST, caps.get(),
                                               GST_TYPE_CF_CALLS_SINK_PAD));
}

} // namespace

static void gst_cf_calls_sink_child_proxy_init(gpointer iface, gpointer)
{
    auto* proxy = static_cast<GstChildProxyInterface*>(iface);
    proxy->get_child_by_index = child_by_index;
    proxy->get_child_by_name = child_by_name;
    proxy->get_children_count = children_count;
}

static void gst_cf_calls_sink_init(GstCfCallsSink* self)
{
    self->priv = new GstCfCallsSinkPrivate;
    self->priv->sink = CallsSink::create(GST_ELEMENT(self));
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SINK);
}

static void gst_cf_calls_sink_class_init(GstCfCallsSinkClass* klass)
{
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    GstElementClass* element_class = GST_ELEMENT_CLASS(klass);

    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    element_class->request_new_pad = request_new_pad;
    element_class->release_pad = release_pad;
    element_class->change_state = change_state;
    element_class->send_event = send_event;
    element_class->query = query;
    GST_BIN_CLASS(klass)->handle_message = handle_message;

    cf::gst::install_common_properties(object_class);
    cf::gst::install_sink_properties(object_class);
    cf::gst::install_sink_signals(object_class, {.force_keyframe = force_keyframe,
                                                 .get_track_locators = get_track_locators,
                                                 .restart_session = restart_session});

    add_template(element_class, "audio_%u", MediaKind::Audio);
    add_template(element_class, "video_%u", MediaKind::Video);
    gst_element_class_set_static_metadata(
        element_class, "Cloudflare Calls sink", "Sink/Network/WebRTC",
        "Publishes audio and video as tracks of a Cloudflare Calls (Realtime SFU) session",
        "The gst-cfcalls developers");
    gst_type_mark_as_plugin_api(GST_TYPE_CF_CALLS_SINK_PAD, static_cast<GstPluginAPIFlags>(0));
    gst_type_mark_as_plugin_api(cf::gst::connection_state_type(),
                                static_cast<GstPluginAPIFlags>(0));
}

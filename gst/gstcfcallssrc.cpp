/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-cfcallssrc
 * @title: cfcallssrc
 * @see_also: cfcallssink
 *
 * Pulls tracks of Cloudflare Calls (Cloudflare Realtime SFU) sessions. Each track has a pad of its
 * own, `audio_%u` or `video_%u`, numbered by kind in the order of the property tracks, that appears
 * when the service offers the track and stays while the element wants it, also when a session is
 * lost and replaced.
 *
 * What is linked to a pad decides what it gives: decoded audio or video, the encoded stream (Opus,
 * VP8, VP9, H.264 and what else has a depayloader), or RTP (`application/x-rtp`). Of several that
 * the peer takes, the first in its caps counts; a peer that takes anything gets raw. A caps filter
 * behind the pad says what is wanted.
 *
 * App id and app secret come from the properties app-id and app-token, or from the environment:
 * `CALLS_APP_ID`, `CALLS_APP_SECRET`, and for another server than Cloudflare's `CALLS_API_BASE`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 cfcallssrc tracks=SESSION/camera ! videoconvert ! autovideosink
 * ]| Shows one track. SESSION and the name come from the publisher; cfcallssink tells them in its
 * message `cfcalls-track`.
 * |[
 * gst-launch-1.0 cfcallssrc name=in tracks="SESSION/camera,SESSION/microphone" in.video_0 ! queue !
 * videoconvert ! autovideosink in.audio_0 ! queue ! audioconvert ! audioresample ! autoaudiosink
 * ]| Shows one track and plays another.
 * |[
 * gst-launch-1.0 -e cfcallssrc name=in tracks="SESSION/camera,SESSION/microphone" matroskamux
 * name=mux ! filesink location=recording.mkv in.video_0 ! queue ! mux. in.audio_0 ! queue ! mux.
 * ]| Records both as they come, without decoding.
 * |[
 * gst-launch-1.0 cfcallssrc tracks=SESSION/camera ! application/x-rtp ! udpsink port=5004
 * ]| Hands the RTP on.
 *
 * Since: 0.1
 */
#include "gst/gstcfcallssrc.h"

#include "gst/background-work.hpp"
#include "gst/calls-src.hpp"
#include "gst/common-properties.hpp"
#include "gst/gst-error.hpp"
#include "gst/gstcfcallssrcpad.h"
#include "gst/receive-formats.hpp"
#include "gst/src-properties.hpp"
#include "gst/src-signals.hpp"

using cf::Ref;
using cf::calls::MediaKind;
using cf::gst::CallsSrc;

struct GstCfCallsSrcPrivate {
    std::shared_ptr<CallsSrc> src; // from init() to finalize()
};

struct _GstCfCallsSrc {
    GstBin parent;
    GstCfCallsSrcPrivate* priv;
};

#define GST_CAT_DEFAULT cf_calls_src_debug
GST_DEBUG_CATEGORY_STATIC(GST_CAT_DEFAULT);

static void gst_cf_calls_src_child_proxy_init(gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE(GstCfCallsSrc, gst_cf_calls_src, GST_TYPE_BIN,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY,
                                              gst_cf_calls_src_child_proxy_init)
                            GST_DEBUG_CATEGORY_INIT(cf_calls_src_debug, "cfcallssrc", 0,
                                                    "Cloudflare Calls puller"))

namespace
{

CallsSrc& src_of(gpointer object)
{
    return *GST_CF_CALLS_SRC(object)->priv->src;
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec)
{
    CallsSrc& src = src_of(object);
    if (!cf::gst::set_common_property(src.session(), id, value) &&
        !cf::gst::set_src_property(src, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec)
{
    CallsSrc& src = src_of(object);
    if (!cf::gst::get_common_property(src.session(), id, value) &&
        !cf::gst::get_src_property(src, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// -- states ---------------------------------------------------------------------------------------

bool start(GstElement* element)
{
    if (const auto started = src_of(element).start(); !started) {
        cf::gst::post_error(element, started.error());
        return false;
    }
    return true;
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition)
{
    CallsSrc& src = src_of(element);
    switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
        cf::gst::warm_up_certificate();
        break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
        if (!start(element))
            return GST_STATE_CHANGE_FAILURE;
        break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
        src.stop();
        break;
    default:
        break;
    }
    const GstStateChangeReturn ret = cf::gst::without_leaving_children(
        transition,
        GST_ELEMENT_CLASS(gst_cf_calls_src_parent_class)->change_state(element, transition));
    switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
        if (ret != GST_STATE_CHANGE_FAILURE)
            return GST_STATE_CHANGE_NO_PREROLL; // live, whichever children are there
        if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
            src.stop();
            src.drop_tracks();
        }
        break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
        src.drop_tracks();
        cf::gst::wait_for_background_work(src.session().settings().close_timeout);
        break;
    case GST_STATE_CHANGE_READY_TO_NULL:
        // A program that ends now would pull OpenSSL away under the thread that makes the key.
        cf::gst::wait_for_background_work();
        break;
    default:
        break;
    }
    return ret;
}

gboolean send_event(GstElement* element, GstEvent* event)
{
    if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
        return GST_ELEMENT_CLASS(gst_cf_calls_src_parent_class)->send_event(element, event);
    src_of(element).send_eos();
    gst_event_unref(event);
    return TRUE;
}

void handle_message(GstBin* bin, GstMessage* message)
{
    if (cf::gst::take_peer_message(message))
        gst_message_unref(message);
    else
        GST_BIN_CLASS(gst_cf_calls_src_parent_class)->handle_message(bin, message);
}

// -- GstChildProxy: the pads ----------------------------------------------------------------------

GObject* child_by_index(GstChildProxy* proxy, guint index)
{
    auto pads = src_of(proxy).pads();
    return index < pads.size() ? G_OBJECT(pads[index].release()) : nullptr;
}

GObject* child_by_name(GstChildProxy* proxy, const gchar* name)
{
    return G_OBJECT(gst_element_get_static_pad(GST_ELEMENT(proxy), name));
}

guint children_count(GstChildProxy* proxy)
{
    return static_cast<guint>(src_of(proxy).pads().size());
}

// -- class ----------------------------------------------------------------------------------------

void request_keyframe(GstElement* element, GstPad* pad)
{
    src_of(element).request_key_frame(pad != nullptr ? GST_PAD_NAME(pad) : "");
}

std::string entry_of(GstStructure* track)
{
    const cf::OwnedString text{track != nullptr ? gst_structure_to_string(track) : g_strdup("")};
    return "<" + std::string{text.get()} + ">";
}

gboolean add_track(GstElement* element, GstStructure* track)
{
    return src_of(element).add_track(entry_of(track));
}

gboolean remove_track(GstElement* element, GstPad* pad)
{
    return pad != nullptr && src_of(element).remove_track(GST_PAD_NAME(pad));
}

gboolean update_track(GstElement* element, GstPad* pad, GstStructure* track)
{
    return pad != nullptr && src_of(element).update_track(GST_PAD_NAME(pad), entry_of(track));
}

gboolean restart_session(GstElement* element)
{
    const auto status = src_of(element).session().restart();
    if (!status)
        cf::gst::post_error(element, status.error());
    return status.ok();
}

void finalize(GObject* object)
{
    auto* priv = GST_CF_CALLS_SRC(object)->priv;
    priv->src->session().stop();
    delete priv;
    G_OBJECT_CLASS(gst_cf_calls_src_parent_class)->finalize(object);
}

void add_template(GstElementClass* klass, const char* name, MediaKind kind)
{
    const auto caps = cf::gst::any_output_caps(kind);
    gst_element_class_add_pad_template(
        klass, gst_pad_template_new_with_gtype(name, GST_PAD_SRC, GST_PAD_SOMETIMES, caps.get(),
                                               GST_TYPE_CF_CALLS_SRC_PAD));
}

} // namespace

static void gst_cf_calls_src_child_proxy_init(gpointer iface, gpointer)
{
    auto* proxy = static_cast<GstChildProxyInterface*>(iface);
    proxy->get_child_by_index = child_by_index;
    proxy->get_child_by_name = child_by_name;
    proxy->get_children_count = children_count;
}

static void gst_cf_calls_src_init(GstCfCallsSrc* self)
{
    self->priv = new GstCfCallsSrcPrivate;
    self->priv->src = CallsSrc::create(GST_ELEMENT(self));
    // webrtcbin, which comes and goes, has sinks inside: with their flag a pipeline would wait for
    // an EOS of ours.
    gst_bin_set_suppressed_flags(
        GST_BIN(self),
        static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK));
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}

static void gst_cf_calls_src_class_init(GstCfCallsSrcClass* klass)
{
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    GstElementClass* element_class = GST_ELEMENT_CLASS(klass);

    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    element_class->change_state = change_state;
    element_class->send_event = send_event;
    GST_BIN_CLASS(klass)->handle_message = handle_message;

    cf::gst::install_common_properties(object_class);
    cf::gst::install_src_properties(object_class);
    cf::gst::install_src_signals(object_class, {.request_keyframe = request_keyframe,
                                                .add_track = add_track,
                                                .remove_track = remove_track,
                                                .update_track = update_track,
                                                .restart_session = restart_session});

    add_template(element_class, "audio_%u", MediaKind::Audio);
    add_template(element_class, "video_%u", MediaKind::Video);
    gst_element_class_set_static_metadata(
        element_class, "Cloudflare Calls source", "Source/Network/WebRTC",
        "Pulls tracks of Cloudflare Calls (Realtime SFU) sessions", "The gst-cfcalls developers");
    gst_type_mark_as_plugin_api(GST_TYPE_CF_CALLS_SRC_PAD, static_cast<GstPluginAPIFlags>(0));
    gst_type_mark_as_plugin_api(cf::gst::connection_state_type(),
                                static_cast<GstPluginAPIFlags>(0));
}

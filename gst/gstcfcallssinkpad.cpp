/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * GstCfCallsSinkPad:
 *
 * One track of a #GstCfCallsSink. What is set here concerns this track only; from gst-launch it is
 * reached as a child of the element: `cfcallssink video_0::track-name=camera`.
 *
 * Since: 0.1
 */
#include "gst/gstcfcallssinkpad.h"

#include "gst/gstcfcallssinkpad-private.hpp"
#include "gst/sink-pad-properties.hpp"

using cf::calls::MediaKind;
using cf::gst::CallsSink;
using cf::gst::SinkPad;

struct GstCfCallsSinkPadPrivate {
    std::shared_ptr<SinkPad> pad; // from constructed() to finalize()
    std::weak_ptr<CallsSink> sink;
};

struct _GstCfCallsSinkPad {
    GstGhostPad parent;
    GstCfCallsSinkPadPrivate* priv;
};

#define GST_CAT_DEFAULT cf_calls_sink_pad_debug
GST_DEBUG_CATEGORY_STATIC(GST_CAT_DEFAULT);

G_DEFINE_TYPE_WITH_CODE(GstCfCallsSinkPad, gst_cf_calls_sink_pad, GST_TYPE_GHOST_PAD,
                        GST_DEBUG_CATEGORY_INIT(cf_calls_sink_pad_debug, "cfcallssinkpad", 0,
                                                "pads of cfcallssink"))

namespace
{

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec)
{
    auto* priv = GST_CF_CALLS_SINK_PAD(object)->priv;
    if (!cf::gst::set_sink_pad_property(*priv->pad, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    else if (const auto sink = priv->sink.lock())
        sink->apply_bitrate(*priv->pad);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec)
{
    if (!cf::gst::get_sink_pad_property(*GST_CF_CALLS_SINK_PAD(object)->priv->pad, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// -- upstream streaming thread --------------------------------------------------------------------

gboolean on_event(GstPad* pad, GstObject* parent, GstEvent* event)
{
    auto* priv = GST_CF_CALLS_SINK_PAD(pad)->priv;
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        if (!priv->pad->take_caps(caps)) {
            gst_event_unref(event);
            return FALSE;
        }
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
        if (const auto sink = priv->sink.lock())
            sink->note_eos_seqnum(gst_event_get_seqnum(event));
        if (!priv->pad->has_chain()) {
            priv->pad->take_early_eos();
            gst_event_unref(event);
            return TRUE;
        }
    }
    const bool flushed = GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP;
    const gboolean handled = gst_pad_event_default(pad, parent, event);
    // A seek back after the end: caps do not come again, but the track has been closed.
    if (flushed && priv->pad->at_eos()) {
        if (const auto caps = cf::Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad)))
            (void)priv->pad->take_caps(caps.get());
    }
    return handled;
}

gboolean on_query(GstPad* pad, GstObject* parent, GstQuery* query)
{
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_CAPS: {
        // The same whatever arrives at present: the chain is replaced when something else comes.
        GstCaps* filter = nullptr;
        gst_query_parse_caps(query, &filter);
        auto caps = cf::Ref<GstCaps>::adopt(gst_pad_get_pad_template_caps(pad));
        if (filter != nullptr) {
            caps = cf::Ref<GstCaps>::adopt(
                gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
        }
        gst_query_set_caps_result(query, caps.get());
        return TRUE;
    }
    case GST_QUERY_ACCEPT_CAPS:
        // Refusing is for the caps event: there it comes with a sentence that says what to do.
        gst_query_set_accept_caps_result(query, TRUE);
        return TRUE;
    default:
        return gst_pad_query_default(pad, parent, query);
    }
}

bool is_unspecified(GstPad* pad)
{
    SinkPad& self = *GST_CF_CALLS_SINK_PAD(pad)->priv->pad;
    if (self.has_chain())
        return false;
    if (!self.at_eos() && !gst_pad_has_current_caps(pad)) {
        self.report({.code = cf::ErrorCode::Unsupported,
                     .message = "Pad " + self.name() +
                                " got data without caps: put the demuxer, parser or decoder that "
                                "tells what it is before cfcallssink."});
    }
    return true;
}

GstFlowReturn on_buffer(GstPad* pad, GstObject* parent, GstBuffer* buffer)
{
    if (!GST_CF_CALLS_SINK_PAD(pad)->priv->pad->prepare()) {
        gst_buffer_unref(buffer);
        return GST_FLOW_OK;
    }
    if (is_unspecified(pad)) {
        gst_buffer_unref(buffer);
        return GST_FLOW_NOT_NEGOTIATED;
    }
    return gst_proxy_pad_chain_default(pad, parent, buffer);
}

GstFlowReturn on_buffer_list(GstPad* pad, GstObject* parent, GstBufferList* list)
{
    if (!GST_CF_CALLS_SINK_PAD(pad)->priv->pad->prepare()) {
        gst_buffer_list_unref(list);
        return GST_FLOW_OK;
    }
    if (is_unspecified(pad)) {
        gst_buffer_list_unref(list);
        return GST_FLOW_NOT_NEGOTIATED;
    }
    return gst_proxy_pad_chain_list_default(pad, parent, list);
}

// -- class ----------------------------------------------------------------------------------------

void constructed(GObject* object)
{
    G_OBJECT_CLASS(gst_cf_calls_sink_pad_parent_class)->constructed(object);
    GstPad* pad = GST_PAD(object);
    // By its name: the template is not a construct property, it is set only after this.
    const bool audio = g_str_has_prefix(GST_PAD_NAME(pad), "audio_");
    GST_CF_CALLS_SINK_PAD(object)->priv->pad =
        std::make_shared<SinkPad>(GST_GHOST_PAD(pad), audio ? MediaKind::Audio : MediaKind::Video);
    gst_pad_set_event_function(pad, on_event);
    gst_pad_set_query_function(pad, on_query);
    gst_pad_set_chain_function(pad, on_buffer);
    gst_pad_set_chain_list_function(pad, on_buffer_list);
}

void finalize(GObject* object)
{
    delete GST_CF_CALLS_SINK_PAD(object)->priv;
    G_OBJECT_CLASS(gst_cf_calls_sink_pad_parent_class)->finalize(object);
}

} // namespace

static void gst_cf_calls_sink_pad_init(GstCfCallsSinkPad* self)
{
    self->priv = new GstCfCallsSinkPadPrivate;
}

static void gst_cf_calls_sink_pad_class_init(GstCfCallsSinkPadClass* klass)
{
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->constructed = constructed;
    object_class->finalize = finalize;
    cf::gst::install_sink_pad_properties(object_class);
}

namespace cf::gst
{

Ref<GstPad> new_sink_pad(GstPadTemplate* templ, const std::string& name,
                         const std::shared_ptr<CallsSink>& sink)
{
    // Sunk before anybody else looks at it: the chain takes references of its own.
    auto pad = Ref<GstPad>::sink(
        static_cast<GstPad*>(g_object_new(GST_TYPE_CF_CALLS_SINK_PAD, "name", name.c_str(),
                                          "direction", GST_PAD_SINK, "template", templ, nullptr)));
    GstCfCallsSinkPadPrivate* priv = GST_CF_CALLS_SINK_PAD(pad.get())->priv;
    priv->sink = sink;
    sink->add_pad(priv->pad);
    return pad;
}

} // namespace cf::gst

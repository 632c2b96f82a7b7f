/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/gstcfcallsguard.h"

#include <utility>

#include "gst/gst-ref.hpp"

using cf::gst::GuardHooks;

struct _GstCfCallsGuard {
    GstElement parent;
    GstPad* sink; // the element's own
    GstPad* src;
    std::weak_ptr<GuardHooks>* hooks; // set once, before anything flows
};

G_DEFINE_TYPE(GstCfCallsGuard, gst_cf_calls_guard, GST_TYPE_ELEMENT)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("application/x-rtp"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("application/x-rtp"));

static GstFlowReturn gst_cf_calls_guard_chain(GstPad*, GstObject* parent, GstBuffer* buffer)
{
    auto* self = GST_CF_CALLS_GUARD(parent);
    const auto hooks = self->hooks->lock();
    if (!hooks || hooks->on_packet(buffer))
        gst_pad_push(self->src, buffer);
    else
        gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

static GstFlowReturn gst_cf_calls_guard_chain_list(GstPad* pad, GstObject* parent,
                                                   GstBufferList* list)
{
    auto* self = GST_CF_CALLS_GUARD(parent);
    if (self->hooks->expired()) {
        gst_pad_push_list(self->src, list);
        return GST_FLOW_OK;
    }
    for (guint i = 0; i < gst_buffer_list_length(list); ++i)
        gst_cf_calls_guard_chain(pad, parent, gst_buffer_ref(gst_buffer_list_get(list, i)));
    gst_buffer_list_unref(list);
    return GST_FLOW_OK;
}

static gboolean gst_cf_calls_guard_sink_event(GstPad*, GstObject* parent, GstEvent* event)
{
    auto* self = GST_CF_CALLS_GUARD(parent);
    if (const auto hooks = self->hooks->lock())
        event = hooks->on_downstream_event(event);
    if (event != nullptr)
        gst_pad_push_event(self->src, event);
    return TRUE; // a refused event ends the flow as a refused packet does
}

static gboolean gst_cf_calls_guard_src_query(GstPad* pad, GstObject* parent, GstQuery* query)
{
    const auto hooks = GST_CF_CALLS_GUARD(parent)->hooks->lock();
    return (hooks && hooks->on_upstream_query(query)) || gst_pad_query_default(pad, parent, query);
}

// webrtcbin asks the peer of its pads what it takes, and rejects the m-line when the answer is
// nothing. What is behind a guard with hooks decides that later, by the packets that come.
static gboolean gst_cf_calls_guard_sink_query(GstPad* pad, GstObject* parent, GstQuery* query)
{
    const auto hooks = GST_CF_CALLS_GUARD(parent)->hooks->lock();
    if (hooks && GST_QUERY_TYPE(query) == GST_QUERY_CAPS) {
        GstCaps* filter = nullptr;
        gst_query_parse_caps(query, &filter);
        auto caps = cf::Ref<GstCaps>::adopt(gst_pad_get_pad_template_caps(pad));
        if (filter != nullptr)
            caps = cf::Ref<GstCaps>::adopt(
                gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
        gst_query_set_caps_result(query, caps.get());
        return TRUE;
    }
    if (hooks && GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS) {
        gst_query_set_accept_caps_result(query, TRUE);
        return TRUE;
    }
    return gst_pad_query_default(pad, parent, query);
}

static void gst_cf_calls_guard_init(GstCfCallsGuard* self)
{
    self->hooks = new std::weak_ptr<GuardHooks>;
    self->sink = gst_pad_new_from_static_template(&sink_template, "sink");
    gst_pad_set_chain_function(self->sink, gst_cf_calls_guard_chain);
    gst_pad_set_chain_list_function(self->sink, gst_cf_calls_guard_chain_list);
    gst_pad_set_event_function(self->sink, gst_cf_calls_guard_sink_event);
    gst_pad_set_query_function(self->sink, gst_cf_calls_guard_sink_query);
    GST_PAD_SET_PROXY_CAPS(self->sink);
    GST_PAD_SET_PROXY_ALLOCATION(self->sink);
    gst_element_add_pad(GST_ELEMENT(self), self->sink);

    self->src = gst_pad_new_from_static_template(&src_template, "src");
    gst_pad_set_query_function(self->src, gst_cf_calls_guard_src_query);
    GST_PAD_SET_PROXY_CAPS(self->src);
    gst_element_add_pad(GST_ELEMENT(self), self->src);
}

static void gst_cf_calls_guard_finalize(GObject* object)
{
    delete GST_CF_CALLS_GUARD(object)->hooks;
    G_OBJECT_CLASS(gst_cf_calls_guard_parent_class)->finalize(object);
}

static void gst_cf_calls_guard_class_init(GstCfCallsGuardClass* klass)
{
    G_OBJECT_CLASS(klass)->finalize = gst_cf_calls_guard_finalize;
    auto* element_class = GST_ELEMENT_CLASS(klass);
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(element_class, "Calls flow guard", "Filter/Network",
                                          "Keeps the failures of one side from the other",
                                          "gst-cfcalls");
}

GstElement* cf::gst::make_guard(const char* name, std::weak_ptr<GuardHooks> hooks)
{
    auto* self = GST_CF_CALLS_GUARD(g_object_new(GST_TYPE_CF_CALLS_GUARD, "name", name, nullptr));
    *self->hooks = std::move(hooks);
    return GST_ELEMENT(self);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// GstCfCallsGuard: an element that answers GST_FLOW_OK to every packet, whatever becomes of it
// behind. It stands between webrtcbin and the streams of the application, in either direction:
// a webrtcbin that goes (flushing, not-linked) must not stop an application's source, and a pad
// that nobody has linked, or whose sink failed, must not stop the other tracks of a session.
// Private.
#pragma once

#include <memory>

#include <gst/gst.h>

G_BEGIN_DECLS
#define GST_TYPE_CF_CALLS_GUARD (gst_cf_calls_guard_get_type())
G_DECLARE_FINAL_TYPE(GstCfCallsGuard, gst_cf_calls_guard, GST, CF_CALLS_GUARD, GstElement)
G_END_DECLS

namespace cf::gst
{

/// What passes a guard, seen on its streaming thread.
class GuardHooks
{
public:
    virtual ~GuardHooks() = default;
    /// False: the packet is dropped.
    virtual bool on_packet(GstBuffer* packet) = 0;
    /// (transfer full) both ways; null: the event goes no further.
    [[nodiscard]] virtual GstEvent* on_downstream_event(GstEvent* event) = 0;
    /// A query from downstream; false: it goes upstream.
    virtual bool on_upstream_query(GstQuery* query) = 0;
};

/// A guard with pads `sink` and `src`; no hooks: everything passes. (transfer floating)
[[nodiscard]] GstElement* make_guard(const char* name, std::weak_ptr<GuardHooks> hooks = {});

} // namespace cf::gst

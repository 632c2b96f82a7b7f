/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/ice-tuning.hpp"

namespace cf::gst
{

namespace
{

void set_if_there(GObject* object, const char* property, gboolean value)
{
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(object), property) != nullptr)
        g_object_set(object, property, value, nullptr);
}

Ref<GObject> object_property(gpointer object, const char* property)
{
    Ref<GObject> value;
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(object), property) != nullptr)
        g_object_get(object, property, value.out(), nullptr);
    return value;
}

} // namespace

void tune_ice(GstElement* webrtcbin, bool loopback_candidates)
{
    const auto ice = object_property(webrtcbin, "ice-agent");
    if (!ice)
        return;
    if (const auto agent = object_property(ice.get(), "agent")) {
        // libnice built with gupnp-igd asks the whole network for a router, by multicast, and
        // makes each gathering 200 ms longer (`upnp-timeout`).
        set_if_there(agent.get(), "upnp", FALSE);
        // The SFU has UDP candidates only, and it never connects to us.
        set_if_there(agent.get(), "ice-tcp", FALSE);
        // Without this a server that has gone is never noticed by ICE before GStreamer 1.24, which
        // checks consent (RFC 7675) by itself: libnice then fails the connection after 48 s.
        set_if_there(agent.get(), "keepalive-conncheck", TRUE);
    }
    // libnice leaves loopback interfaces out when it gathers. Naming an address replaces the
    // automatic choice.
    if (loopback_candidates &&
        g_signal_lookup("add-local-ip-address", G_OBJECT_TYPE(ice.get())) != 0) {
        gboolean added = FALSE;
        g_signal_emit_by_name(ice.get(), "add-local-ip-address", "127.0.0.1", &added);
        if (!added)
            g_signal_emit_by_name(ice.get(), "add-local-ip-address", "::1", &added);
    }
}

} // namespace cf::gst

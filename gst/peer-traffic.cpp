/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/peer-traffic.hpp"

#include <optional>
#include <string_view>

namespace cf::gst
{

namespace
{

enum class Packet { Other, Rtp, Rtcp };

// What is not encrypted of SRTP tells enough: RFC 7983 section 7 (RTP or RTCP at all), RFC 5761
// section 4 (which of the two).
Packet classify(GstBuffer* buffer)
{
    guint8 head[2];
    if (gst_buffer_extract(buffer, 0, head, sizeof head) != sizeof head || head[0] < 128 ||
        head[0] > 191)
        return Packet::Other;
    return head[1] >= 192 && head[1] <= 223 ? Packet::Rtcp : Packet::Rtp;
}

template <typename Fn> void for_each_buffer(GstPadProbeInfo* info, Fn fn)
{
    if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
        fn(GST_PAD_PROBE_INFO_BUFFER(info));
        return;
    }
    GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
    for (guint i = 0; i < gst_buffer_list_length(list); ++i)
        fn(gst_buffer_list_get(list, i));
}

std::optional<TimePoint> time_point(gint64 monotonic)
{
    return monotonic == 0 ? std::nullopt : std::optional{TimePoint{Microseconds{monotonic}}};
}

} // namespace

void PeerTraffic::watch(GstElement* element)
{
    GstElementFactory* factory = gst_element_get_factory(element);
    if (factory == nullptr)
        return;
    const std::string_view name = GST_OBJECT_NAME(factory);
    if (name == "nicesrc")
        add_probe(element, "src", on_in);
    else if (name == "nicesink")
        add_probe(element, "sink", on_out);
}

void PeerTraffic::add_probe(GstElement* element, const char* name, GstPadProbeCallback callback)
{
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(element, name));
    if (!pad)
        return;
    gst_pad_add_probe(pad.get(),
                      GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
                      callback, new std::shared_ptr<PeerTraffic>(shared_from_this()),
                      [](gpointer d) { delete static_cast<std::shared_ptr<PeerTraffic>*>(d); });
}

GstPadProbeReturn PeerTraffic::on_in(GstPad*, GstPadProbeInfo* info, gpointer data)
{
    auto& self = **static_cast<std::shared_ptr<PeerTraffic>*>(data);
    if (self.stopped_)
        return GST_PAD_PROBE_DROP;
    for_each_buffer(info, [&](GstBuffer* buffer) {
        const Packet packet = classify(buffer);
        if (packet == Packet::Rtp)
            self.rtp_in_.fetch_add(1, std::memory_order_relaxed);
        else if (packet == Packet::Rtcp)
            self.last_rtcp_in_ = g_get_monotonic_time();
    });
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn PeerTraffic::on_out(GstPad*, GstPadProbeInfo* info, gpointer data)
{
    auto& self = **static_cast<std::shared_ptr<PeerTraffic>*>(data);
    for_each_buffer(info, [&](GstBuffer* buffer) {
        if (classify(buffer) == Packet::Rtp)
            self.last_rtp_out_ = g_get_monotonic_time();
    });
    return GST_PAD_PROBE_OK;
}

void PeerTraffic::fill(TrafficSample& sample) const
{
    sample.rtp_packets_in = rtp_in_;
    sample.last_rtcp_in = time_point(last_rtcp_in_);
    sample.last_rtp_out = time_point(last_rtp_out_);
}

} // namespace cf::gst

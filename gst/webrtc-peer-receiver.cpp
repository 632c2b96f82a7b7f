/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/webrtc-peer-receiver.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include <gst/rtp/gstrtpbuffer.h>

namespace cf::gst
{

namespace
{

struct RtpHeader {
    unsigned payload_type = 0;
    std::map<unsigned, std::string> extensions; // one- and two-byte ones by id
};

std::optional<RtpHeader> read_header(GstBuffer* buffer, const std::vector<unsigned>& extension_ids)
{
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    if (!gst_rtp_buffer_map(buffer, GST_MAP_READ, &rtp))
        return std::nullopt;
    RtpHeader header;
    header.payload_type = gst_rtp_buffer_get_payload_type(&rtp);
    for (const unsigned id : extension_ids) {
        gpointer data = nullptr;
        guint size = 0;
        guint8 app_bits = 0;
        if (gst_rtp_buffer_get_extension_onebyte_header(&rtp, guint8(id), 0, &data, &size) ||
            gst_rtp_buffer_get_extension_twobytes_header(&rtp, &app_bits, guint8(id), 0, &data,
                                                         &size))
            header.extensions[id].assign(static_cast<const char*>(data), size);
    }
    gst_rtp_buffer_unmap(&rtp);
    return header;
}

// rtpbin names its pads after session, SSRC and payload type; webrtcbin's pad is a ghost of that.
std::uint32_t ssrc_of(GstPad* pad)
{
    guint ssrc = 0;
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad));
    if (caps && gst_structure_get_uint(gst_caps_get_structure(caps.get(), 0), "ssrc", &ssrc))
        return ssrc;
    const auto target = Ref<GstPad>::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(pad)));
    guint session = 0;
    guint payload_type = 0;
    if (!target || std::sscanf(GST_PAD_NAME(target.get()), "recv_rtp_src_%u_%u_%u", &session, &ssrc,
                               &payload_type) != 3)
        return 0;
    return ssrc;
}

GstPadProbeReturn drop_eos(GstPad*, GstPadProbeInfo* info, gpointer)
{
    return GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS ? GST_PAD_PROBE_DROP
                                                                           : GST_PAD_PROBE_OK;
}

// P22: after an EOS, one late packet is answered with EOS, and that ends all bundled streams. A
// probe on the outer pad is too late, because the inner one has remembered the EOS by then.
// Upstream: fixed for good in none of 1.22 to 1.28; `reuse-source-pads` (1.26) avoids it as well.
void keep_eos_out(GstPad* pad)
{
    const auto internal =
        Ref<GstPad>::adopt(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad))));
    if (internal)
        gst_pad_add_probe(internal.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_eos, nullptr,
                          nullptr);
}

} // namespace

// One of webrtcbin's source pads with the guard behind it.
class PeerReceiver::Source final : public GuardHooks, public std::enable_shared_from_this<Source>
{
public:
    Source(std::weak_ptr<PeerReceiver> owner, std::uint32_t number)
        : receiver(std::move(owner)), ssrc(number)
    {
    }

    bool on_packet(GstBuffer* packet) override
    {
        const auto owner = receiver.lock();
        return owner && owner->let_through(shared_from_this(), packet);
    }
    GstEvent* on_downstream_event(GstEvent* event) override
    {
        if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
            return event;
        gst_event_unref(event);
        return nullptr;
    }
    bool on_upstream_query(GstQuery*) override { return false; }

    const std::weak_ptr<PeerReceiver> receiver;
    const std::uint32_t ssrc;
    Ref<GstElement> guard; // set once, before anything flows
    Ref<GstPad> pad;       // the guard's source pad
    std::atomic<Phase> phase = Phase::Waiting;
    std::atomic<unsigned> drained_at = 0; // generation_ when it was drained
    // The streaming thread's own.
    std::shared_ptr<ReceivingSlot> slot;
    bool flowed = false;
};

void PeerReceiver::assign(ReceivedLine what)
{
    Line old;
    {
        Lock l{mu_};
        Line& line = lines_[what.mid];
        // The same slot on the same line may keep its pad: nothing says that the SSRC changed.
        const bool same_slot = line.what.slot == what.slot;
        std::swap(line.what, what);
        if (!same_slot)
            old = {what, std::exchange(line.source, nullptr)};
    }
    drain(old);
    ++generation_;
}

void PeerReceiver::release_mid(const calls::Mid& mid)
{
    Line old;
    {
        Lock l{mu_};
        if (auto node = lines_.extract(mid))
            old = std::move(node.mapped());
    }
    drain(old);
}

void PeerReceiver::release_slot(SlotId slot)
{
    std::vector<calls::Mid> mids;
    {
        Lock l{mu_};
        for (const auto& [mid, line] : lines_) {
            if (line.what.slot->id() == slot)
                mids.push_back(mid);
        }
    }
    for (const auto& mid : mids)
        release_mid(mid);
}

void PeerReceiver::detach_all()
{
    std::map<calls::Mid, Line> lines;
    {
        Lock l{mu_};
        lines.swap(lines_);
    }
    for (const auto& [mid, line] : lines)
        drain(line);
}

bool PeerReceiver::empty() const
{
    Lock l{mu_};
    return lines_.empty();
}

// Takes a source from the line that it was bound to. Who finds it in phase Binding leaves the
// detaching to the thread that binds.
void PeerReceiver::drain(const Line& line)
{
    if (!line.source)
        return;
    line.source->drained_at = generation_.load();
    if (line.source->phase.exchange(Phase::Draining) == Phase::Bound)
        line.what.slot->detach(line.source->pad.get());
}

void PeerReceiver::on_pad_added(GstPad* pad)
{
    const auto webrtcbin = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(pad)));
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC || !GST_IS_GHOST_PAD(pad) || !webrtcbin)
        return;
    keep_eos_out(pad);
    const auto source = std::make_shared<Source>(weak_from_this(), ssrc_of(pad));
    source->guard = Ref<GstElement>::sink(make_guard(nullptr, source));
    source->pad = Ref<GstPad>::adopt(gst_element_get_static_pad(source->guard.get(), "src"));
    {
        Lock l{mu_};
        if (closed_)
            return;
        sources_.push_back(source);
    }
    const auto bin = Ref<GstObject>::adopt(gst_object_get_parent(webrtcbin.get()));
    if (!bin || !gst_bin_add(GST_BIN(bin.get()), source->guard.get()))
        return;
    gst_element_sync_state_with_parent(source->guard.get());
    const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(source->guard.get(), "sink"));
    gst_pad_link(pad, sink.get());
    try_bind(source, nullptr);
}

std::function<void()> PeerReceiver::close()
{
    detach_all();
    std::vector<std::shared_ptr<Source>> sources;
    {
        Lock l{mu_};
        closed_ = true;
        sources.swap(sources_);
    }
    return [sources = std::move(sources)] {
        for (const auto& source : sources) {
            GstElement* guard = source->guard.get();
            if (const auto bin = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(guard))))
                gst_bin_remove(GST_BIN(bin.get()), guard);
            gst_element_set_state(guard, GST_STATE_NULL);
        }
    };
}

bool PeerReceiver::let_through(const std::shared_ptr<Source>& source, GstBuffer* buffer)
{
    if (!open_)
        return false;
    // A drained SSRC may come back: the SFU fills a closed m-line again.
    if (source->phase == Phase::Waiting ||
        (source->phase == Phase::Draining && source->drained_at != generation_))
        try_bind(source, buffer);
    if (source->phase != Phase::Bound)
        return false;
    if (!std::exchange(source->flowed, true))
        flowing_(source->slot->id());
    return true;
}

PeerReceiver::Line* PeerReceiver::find_line(std::uint32_t ssrc, GstBuffer* buffer)
{
    const auto has = [](const auto& list, auto value) {
        return std::find(list.begin(), list.end(), value) != list.end();
    };
    std::vector<unsigned> ids;
    for (auto& [mid, line] : lines_) {
        if (ssrc != 0 && has(line.what.ssrcs, ssrc))
            return &line;
        if (line.what.mid_extension != 0 && !has(ids, line.what.mid_extension))
            ids.push_back(line.what.mid_extension);
    }
    const auto header = buffer != nullptr ? read_header(buffer, ids) : std::nullopt;
    if (!header)
        return nullptr;

    Line* by_payload_type = nullptr;
    unsigned candidates = 0;
    for (auto& [mid, line] : lines_) {
        const auto it = header->extensions.find(line.what.mid_extension);
        if (it != header->extensions.end() && it->second == mid)
            return &line;
        // RFC 8843 section 9.2: a payload type that only one m-line has tells the line.
        if (!line.what.ssrcs_are_known && has(line.what.payload_types, header->payload_type)) {
            by_payload_type = &line;
            ++candidates;
        }
    }
    return header->extensions.empty() && candidates == 1 ? by_payload_type : nullptr;
}

void PeerReceiver::try_bind(const std::shared_ptr<Source>& source, GstBuffer* buffer)
{
    Line old;
    std::shared_ptr<ReceivingSlot> slot;
    {
        Lock l{mu_};
        Line* line = find_line(source->ssrc, buffer);
        if (line == nullptr)
            return;
        slot = line->what.slot;
        source->phase = Phase::Binding; // before the others can see it: see drain()
        old = {line->what, std::exchange(line->source, source)};
    }
    if (old.source != source)
        drain(old);
    source->slot = slot;
    source->flowed = false;
    slot->attach(source->pad.get());
    auto binding = Phase::Binding;
    if (!source->phase.compare_exchange_strong(binding, Phase::Bound))
        slot->detach(source->pad.get());
}

} // namespace cf::gst

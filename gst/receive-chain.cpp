/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What is seen of a track from outside, and its ends; the flow is in receive-flow.cpp.
#include "gst/receive-chain.hpp"

#include <utility>

namespace cf::gst
{

namespace
{

// Opus without sound sends a packet every 400 ms; less than this is no gap.
constexpr gint64 kGapAfter = 1500 * G_TIME_SPAN_MILLISECOND;

} // namespace

std::shared_ptr<ReceiveChain> ReceiveChain::create(GstBin* element, SlotId id, unsigned latency_ms,
                                                   Events events)
{
    std::shared_ptr<ReceiveChain> self{
        new ReceiveChain(element, id, latency_ms, std::move(events))};
    self->guard_ = Ref<GstElement>::sink(make_guard(nullptr, self));
    self->guard_sink_ = Ref<GstPad>::adopt(gst_element_get_static_pad(self->guard_.get(), "sink"));
    self->guard_src_ = Ref<GstPad>::adopt(gst_element_get_static_pad(self->guard_.get(), "src"));
    gst_bin_add(element, self->guard_.get());
    gst_element_sync_state_with_parent(self->guard_.get());
    return self;
}

ReceiveChain::ReceiveChain(GstBin* element, SlotId id, unsigned latency_ms, Events events)
    : id_(id), latency_ms_(latency_ms), events_(std::move(events))
{
    g_weak_ref_init(&element_, element);
}

ReceiveChain::~ReceiveChain()
{
    g_weak_ref_clear(&element_);
}

Ref<GstElement> ReceiveChain::element() const
{
    return Ref<GstElement>::from_weak(&element_);
}

Ref<GstPad> ReceiveChain::pad() const
{
    Lock l{mu_};
    return pad_;
}

Ref<GstCaps> ReceiveChain::offered_caps() const
{
    Lock l{mu_};
    return offered_;
}

Ref<GstStream> ReceiveChain::stream() const
{
    Lock l{mu_};
    return stream_;
}

ReceiveChain::Counters ReceiveChain::counters() const
{
    return {.packets = packets_, .bytes = bytes_, .key_requests = key_requests_};
}

const char* ReceiveChain::form_name() const
{
    static const char* const kNames[] = {"raw", "encoded", "rtp"};
    const int form = form_;
    return form < 0 ? nullptr : kNames[form];
}

// -- what the peer connection says ----------------------------------------------------------------

void ReceiveChain::offered(calls::MediaKind kind, const calls::Mid&, GstCaps* rtp_caps)
{
    auto caps = output_caps(kind, rtp_caps);
    {
        Lock l{mu_};
        kind_ = kind;
        std::swap(offered_, caps);
    }
    events_.on_offered(kind);
}

void ReceiveChain::set_pad(GstGhostPad* pad, GstStream* stream, guint group_id)
{
    watch(GST_PAD(pad));
    Lock l{mu_};
    if (down_)
        return; // the element has stopped meanwhile, and nobody would let go of the pad again
    pad_ = Ref<GstPad>::retain(GST_PAD(pad));
    stream_ = Ref<GstStream>::retain(stream);
    group_id_ = group_id;
}

void ReceiveChain::set_title(const std::string& title)
{
    const auto tags =
        Ref<GstTagList>::adopt(gst_tag_list_new(GST_TAG_TITLE, title.c_str(), nullptr));
    if (const auto of_pad = stream()) {
        gst_stream_set_tags(of_pad.get(), tags.get());
        tags_changed_ = true;
    }
    key_frame_wanted_ = true;
}

void ReceiveChain::attach(GstPad* rtp_src)
{
    {
        Lock l{mu_};
        attached_ = Ref<GstPad>::retain(rtp_src);
    }
    key_frame_wanted_ = true;
    discontinuous_ = last_end_ != GST_CLOCK_TIME_NONE;
    // Whoever was linked before may be about to be unlinked on another thread.
    for (int tries = 0; tries < 100; ++tries) {
        if (const auto old = Ref<GstPad>::adopt(gst_pad_get_peer(guard_sink_.get())))
            gst_pad_unlink(old.get(), guard_sink_.get());
        if (gst_pad_link(rtp_src, guard_sink_.get()) == GST_PAD_LINK_OK)
            return;
    }
    GST_WARNING_OBJECT(guard_.get(), "cannot link %s", GST_PAD_NAME(rtp_src));
}

void ReceiveChain::detach(GstPad* rtp_src)
{
    Ref<GstPad> held;
    {
        Lock l{mu_};
        if (attached_.get() != rtp_src)
            return;
        std::swap(held, attached_);
    }
    gst_pad_unlink(rtp_src, guard_sink_.get());
}

// -- gaps and ends --------------------------------------------------------------------------------

bool ReceiveChain::has_gap() const
{
    const gint64 last = last_packet_;
    return !finished_ && !filling_ && last != 0 && last_end_ != GST_CLOCK_TIME_NONE &&
           g_get_monotonic_time() - last >= kGapAfter;
}

void ReceiveChain::fill_gap()
{
    if (!has_gap() || filling_.exchange(true))
        return;
    const auto out = pad();
    const guint64 begin = last_end_;
    const guint64 end = out ? position_now(out.get()) : GST_CLOCK_TIME_NONE;
    if (end != GST_CLOCK_TIME_NONE && end > begin) {
        last_end_ = end;
        discontinuous_ = true;
        gst_pad_push_event(out.get(), gst_event_new_gap(begin, end - begin));
    }
    filling_ = false;
}

// Where a packet that came now would be on the pad's time line.
guint64 ReceiveChain::position_now(GstPad* out) const
{
    const auto self = element();
    const auto event = Ref<GstEvent>::adopt(gst_pad_get_sticky_event(out, GST_EVENT_SEGMENT, 0));
    const GstClockTime running =
        self ? gst_element_get_current_running_time(self.get()) : GST_CLOCK_TIME_NONE;
    const GstClockTime latency = latency_ms_ * GST_MSECOND;
    if (!event || running == GST_CLOCK_TIME_NONE || running < latency)
        return GST_CLOCK_TIME_NONE;
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    return gst_segment_position_from_running_time(segment, GST_FORMAT_TIME, running - latency);
}

// The event takes its place behind the packet that is being worked on, if any.
void ReceiveChain::finish()
{
    if (!finished_.exchange(true))
        gst_pad_send_event(guard_sink_.get(), gst_event_new_eos());
}

void ReceiveChain::take_down()
{
    finished_ = true;
    gst_element_set_state(guard_.get(), GST_STATE_NULL); // waits for the packet in the works
    if (const auto bin = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(guard_.get()))))
        gst_bin_remove(GST_BIN(bin.get()), guard_.get());
    drop_output();
    // The pad owns this chain: held any longer, neither of them would ever go.
    Ref<GstPad> out;
    Ref<GstStream> stream;
    Ref<GstPad> attached;
    Lock l{mu_};
    down_ = true;
    std::swap(out, pad_);
    std::swap(stream, stream_);
    std::swap(attached, attached_);
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The flow through a ReceiveChain, on the track's streaming thread.
#include <utility>

#include <gst/video/video.h>

#include "gst/receive-chain.hpp"

namespace cf::gst
{

namespace
{

using WeakChain = std::weak_ptr<ReceiveChain>;

Error takes_nothing(GstPad* pad, GstCaps* offered)
{
    std::string names;
    for (guint i = 0; i < gst_caps_get_size(offered); ++i) {
        names += i == 0 ? "" : ", ";
        names += gst_structure_get_name(gst_caps_get_structure(offered, i));
    }
    return Error{ErrorCode::Unsupported,
                 std::string{"What is linked to pad "} + GST_PAD_NAME(pad) +
                     " takes nothing of what the track can be given as: " + names + "."};
}

} // namespace

bool ReceiveChain::on_packet(GstBuffer* packet)
{
    if (finished_)
        return false;
    last_packet_ = g_get_monotonic_time();
    packets_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(gst_buffer_get_size(packet), std::memory_order_relaxed);
    if (decide_.exchange(false))
        usable_ = decide();
    if (usable_ && key_frame_wanted_.exchange(false))
        send_key_frame_request();
    if (usable_ && tags_changed_.exchange(false))
        push_tags();
    return usable_;
}

// What is linked to the pad decides what it gets, as with webrtcsrc, and may change its mind at any
// time: see reconsider().
bool ReceiveChain::decide()
{
    const auto out = pad();
    const auto offered = offered_caps();
    const auto rtp = Ref<GstCaps>::adopt(gst_pad_get_current_caps(guard_sink_.get()));
    if (!out || !offered || !rtp || !gst_pad_is_linked(out.get())) {
        decide_ = true;
        return false;
    }
    const auto peer = Ref<GstCaps>::adopt(gst_pad_peer_query_caps(out.get(), nullptr));
    const auto form = choose_form(peer.get(), offered.get());
    if (!form) {
        events_.on_unusable(takes_nothing(out.get(), offered.get()));
        return false;
    }
    if (output_ && output_->form() == *form && output_->fits(rtp.get()))
        return true;
    if (const auto status =
            rebuild(out.get(),
                    {.form = *form, .name = GST_PAD_NAME(out.get()), .rtp = rtp, .accepted = peer});
        !status) {
        events_.on_unusable(status.error());
        return false;
    }
    return true;
}

Status ReceiveChain::rebuild(GstPad* out, ReceiveOutput::Wish wish)
{
    drop_output();
    const auto self = element();
    if (!self)
        return Error{ErrorCode::Cancelled, "The element is gone."};
    const OutputForm form = wish.form;
    CF_TRY_LET(output_,
               ReceiveOutput::build(GST_BIN(self.get()), guard_src_.get(), std::move(wish)));
    if (!gst_ghost_pad_set_target(GST_GHOST_PAD(out), output_->src())) {
        drop_output();
        return Error{ErrorCode::Media, "The pad could not be connected to its decoder."};
    }
    form_ = int(form);
    key_frame_wanted_ = true;
    gst_element_post_message(self.get(), gst_message_new_latency(GST_OBJECT(self.get())));
    return ok_status();
}

void ReceiveChain::drop_output()
{
    if (const auto out = pad())
        gst_ghost_pad_set_target(GST_GHOST_PAD(out.get()), nullptr);
    output_.reset();
    form_ = -1;
}

// Becomes a PLI, with which the SFU gets a key frame of the publisher: nothing can be shown
// without.
void ReceiveChain::send_key_frame_request()
{
    {
        Lock l{mu_};
        if (kind_ != calls::MediaKind::Video)
            return;
    }
    ++key_requests_;
    gst_pad_push_event(guard_sink_.get(),
                       gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

// -- events ---------------------------------------------------------------------------------------

GstEvent* ReceiveChain::on_downstream_event(GstEvent* event)
{
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
        // Each session has a stream of its own; downstream sees one.
        gst_event_unref(event);
        return std::exchange(started_, true) ? nullptr : stream_start();
    case GST_EVENT_CAPS: {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        if (output_ && !output_->fits(caps))
            drop_output();
        decide_ = true;
        return event;
    }
    case GST_EVENT_SEGMENT:
        gst_pad_push_event(guard_src_.get(), event);
        push_tags();
        return nullptr;
    case GST_EVENT_EOS:
        if (finished_)
            return end(event);
        [[fallthrough]];
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
        gst_event_unref(event);
        return nullptr;
    default:
        return event;
    }
}

GstEvent* ReceiveChain::stream_start() const
{
    Lock l{mu_};
    GstEvent* event =
        gst_event_new_stream_start(stream_ ? gst_stream_get_stream_id(stream_.get()) : "cfcalls");
    if (stream_)
        gst_event_set_stream(event, stream_.get());
    gst_event_set_group_id(event, group_id_);
    return event;
}

void ReceiveChain::push_tags()
{
    Ref<GstTagList> tags;
    {
        Lock l{mu_};
        if (stream_)
            tags = Ref<GstTagList>::adopt(gst_stream_get_tags(stream_.get()));
    }
    if (tags)
        gst_pad_push_event(guard_src_.get(), gst_event_new_tag(tags.release()));
}

// Through the decoder, if there is one, which may have something left to give.
GstEvent* ReceiveChain::end(GstEvent* eos)
{
    if (output_)
        return eos;
    if (const auto out = pad()) {
        const OwnedString stream_id{gst_pad_get_stream_id(out.get())};
        if (!stream_id)
            gst_pad_push_event(out.get(), stream_start());
        gst_pad_push_event(out.get(), gst_event_ref(eos));
    }
    gst_event_unref(eos);
    return nullptr;
}

// The same answer whether a session is there or not, so that the latency of the pipeline never
// changes with it.
bool ReceiveChain::on_upstream_query(GstQuery* query)
{
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return false;
    gst_query_set_latency(query, TRUE, latency_ms_ * GST_MSECOND, GST_CLOCK_TIME_NONE);
    return true;
}

// -- the pad --------------------------------------------------------------------------------------

void ReceiveChain::watch(GstPad* out)
{
    const auto free_weak = [](gpointer data) { delete static_cast<WeakChain*>(data); };
    gst_pad_add_probe(
        out, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            const auto self = static_cast<WeakChain*>(data)->lock();
            if (self && GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_RECONFIGURE)
                self->reconsider();
            return GST_PAD_PROBE_OK;
        },
        new WeakChain(weak_from_this()), free_weak);
    gst_pad_add_probe(
        out, GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            if (const auto self = static_cast<WeakChain*>(data)->lock())
                return self->note_output(info);
            return GST_PAD_PROBE_OK;
        },
        new WeakChain(weak_from_this()), free_weak);
}

// What was said to be a gap is over for those behind: raw media of that time is not given to them
// after all.
GstPadProbeReturn ReceiveChain::note_output(GstPadProbeInfo* info)
{
    // By more than this, the publisher has changed its clock.
    constexpr GstClockTime kLargestOverlap = 2 * GST_SECOND;
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime time = GST_BUFFER_PTS(buffer);
    // Between two streams nothing may overlap; within one, buffers may touch by some rounding.
    const GstClockTime begin = discontinuous_ ? last_end_ : last_begin_;
    if (form_ == int(OutputForm::Raw) && GST_CLOCK_TIME_IS_VALID(time) &&
        GST_CLOCK_TIME_IS_VALID(begin) && time < begin && begin - time < kLargestOverlap)
        return GST_PAD_PROBE_DROP;
    if (discontinuous_) {
        // Decoders and depayloaders drop what they cannot use, and with it the first packet's flag.
        discontinuous_ = false;
        buffer = gst_buffer_make_writable(buffer);
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
        GST_PAD_PROBE_INFO_DATA(info) = buffer;
    }
    if (GST_CLOCK_TIME_IS_VALID(time)) {
        last_begin_ = time;
        last_end_ = time + (GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0);
    }
    return GST_PAD_PROBE_OK;
}

} // namespace cf::gst

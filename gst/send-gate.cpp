/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/send-gate.hpp"

#include <gst/video/video.h>

namespace cf::gst
{
namespace
{

// One step back can be a jittery clock; a stream with B-frames steps back several times a second.
constexpr unsigned kReorderingsToBelieve = 2;

using WeakGate = std::weak_ptr<SendGate>;

} // namespace

std::shared_ptr<SendGate> SendGate::attach(GstElement* payloader, Options options, Events events)
{
    std::shared_ptr<SendGate> gate(new SendGate(payloader, options, std::move(events)));
    gate->add_probes();
    return gate;
}

SendGate::SendGate(GstElement* payloader, Options options, Events events)
    : options_(options), events_(std::move(events)), payloader_(Ref<GstElement>::retain(payloader)),
      frames_pad_(Ref<GstPad>::adopt(gst_element_get_static_pad(payloader, "sink"))),
      packets_pad_(Ref<GstPad>::adopt(gst_element_get_static_pad(payloader, "src")))
{
}

SendGate::~SendGate() = default;

void SendGate::add_probes()
{
    const auto add = [this](GstPad* pad, int mask,
                            GstPadProbeReturn (*callback)(GstPad*, GstPadProbeInfo*, gpointer)) {
        gst_pad_add_probe(pad, static_cast<GstPadProbeType>(mask), callback,
                          new WeakGate(weak_from_this()),
                          [](gpointer data) { delete static_cast<WeakGate*>(data); });
    };
    // The probes go with the payloader; one that outlives the gate drops what still comes.
    add(frames_pad_.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            const auto gate = static_cast<WeakGate*>(data)->lock();
            return gate ? gate->on_frame(info) : GST_PAD_PROBE_DROP;
        });
    add(packets_pad_.get(), GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            const auto gate = static_cast<WeakGate*>(data)->lock();
            return gate ? gate->on_packets(info) : GST_PAD_PROBE_DROP;
        });
    add(packets_pad_.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            const auto gate = static_cast<WeakGate*>(data)->lock();
            return gate ? gate->on_event(info) : GST_PAD_PROBE_DROP;
        });
}

void SendGate::set_open(bool open)
{
    if (!open) {
        position_ = Position::Shut;
        return;
    }
    Position shut = Position::Shut;
    if (position_.compare_exchange_strong(shut, options_.video ? Position::AwaitingKeyFrame
                                                               : Position::Open) &&
        options_.video)
        request_key_frame();
}

void SendGate::set_muted(bool muted)
{
    if (muted_.exchange(muted) && !muted && options_.video)
        require_key_frame();
}

bool SendGate::is_open() const
{
    return position_ != Position::Shut;
}

void SendGate::require_key_frame()
{
    Position open = Position::Open;
    if (position_.compare_exchange_strong(open, Position::AwaitingKeyFrame))
        request_key_frame();
}

void SendGate::request_key_frame()
{
    ++key_requests_;
    gst_element_call_async(
        payloader_.get(),
        [](GstElement* payloader, gpointer) {
            const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(payloader, "src"));
            gst_pad_send_event(pad.get(), gst_video_event_new_upstream_force_key_unit(
                                              GST_CLOCK_TIME_NONE, TRUE, 0));
        },
        nullptr, nullptr);
}

SendGate::Counters SendGate::counters() const
{
    return {
        .packets = packets_, .bytes = bytes_, .dropped = dropped_, .key_requests = key_requests_};
}

// Frames come in decoding order, so a time that goes back means B-frames. RTP for WebRTC has one
// time per packet and receivers show frames as they come: the picture would jump to and fro.
bool SendGate::reorders(GstBuffer* frame)
{
    const GstClockTime pts = GST_BUFFER_PTS(frame);
    if (!GST_CLOCK_TIME_IS_VALID(pts))
        return false;
    if (GST_BUFFER_IS_DISCONT(frame) || !GST_CLOCK_TIME_IS_VALID(last_pts_)) {
        last_pts_ = pts;
        return false;
    }
    const bool back = pts < last_pts_;
    last_pts_ = pts;
    return back && ++reorderings_ >= kReorderingsToBelieve;
}

GstPadProbeReturn SendGate::on_frame(GstPadProbeInfo* info)
{
    GstBuffer* frame = GST_PAD_PROBE_INFO_BUFFER(info);
    if (unusable_ || (options_.reordering_ends && reorders(frame))) {
        if (!std::exchange(unusable_, true)) {
            events_.on_unusable(
                {.code = ErrorCode::Unsupported,
                 .message = "The H.264 stream has B-frames, which WebRTC cannot carry: decode it "
                            "before the sink, which then encodes it without (... ! decodebin ! "
                            "cfcallssink), or switch B-frames off in its encoder.",
                 .debug = "presentation times go back in decoding order"});
        }
        gst_buffer_unref(frame);
        GST_PAD_PROBE_INFO_DATA(info) = nullptr;
        GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_ERROR;
        return GST_PAD_PROBE_HANDLED;
    }
    // Shut, what comes is let through to the payloader all the same: its caps are waited for.
    if (muted_ && position_ != Position::Shut) {
        ++dropped_;
        return GST_PAD_PROBE_DROP;
    }
    if (position_ != Position::AwaitingKeyFrame)
        return GST_PAD_PROBE_OK;
    if (GST_BUFFER_FLAG_IS_SET(frame, GST_BUFFER_FLAG_DELTA_UNIT)) {
        ++dropped_;
        return GST_PAD_PROBE_DROP;
    }
    Position awaiting = Position::AwaitingKeyFrame;
    position_.compare_exchange_strong(awaiting, Position::Open);
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn SendGate::on_packets(GstPadProbeInfo* info)
{
    const bool is_list = (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0;
    GstBufferList* list = is_list ? GST_PAD_PROBE_INFO_BUFFER_LIST(info) : nullptr;
    const guint64 count = is_list ? gst_buffer_list_length(list) : 1;
    if (position_ != Position::Open) {
        dropped_ += count;
        return GST_PAD_PROBE_DROP;
    }
    packets_ += count;
    bytes_ += is_list ? gst_buffer_list_calculate_size(list)
                      : gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn SendGate::on_event(GstPadProbeInfo* info)
{
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        events_.on_caps(caps);
        return GST_PAD_PROBE_OK;
    }
    case GST_EVENT_EOS:
        events_.on_eos();
        return GST_PAD_PROBE_DROP;
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
        last_pts_ = GST_CLOCK_TIME_NONE;
        return GST_PAD_PROBE_DROP;
    default:
        return GST_PAD_PROBE_OK;
    }
}

} // namespace cf::gst

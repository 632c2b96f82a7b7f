/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ReceiveChain: the way of one track from the peer connection to a pad of cfcallssrc. It outlives
// sessions: packets of whichever webrtcbin come in through its guard, and what downstream sees is
// one stream with a stream-start of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "gst/gstcfcallsguard.h"
#include "gst/receive-output.hpp"
#include "gst/slot.hpp"
#include "lib/base/mutex.hpp"

namespace cf::gst
{

class ReceiveChain final : public ReceivingSlot,
                           public GuardHooks,
                           public std::enable_shared_from_this<ReceiveChain>
{
public:
    struct Events {
        /// The kind of the track is known now, or its formats have changed. I/O thread.
        std::function<void(calls::MediaKind kind)> on_offered;
        /// Nothing can be given on the pad as it is linked at present. Streaming thread.
        std::function<void(const Error& error)> on_unusable;
    };
    struct Counters {
        guint64 packets = 0;
        guint64 bytes = 0;
        guint64 key_requests = 0;
    };

    /// The chain becomes children of @p element.
    static std::shared_ptr<ReceiveChain> create(GstBin* element, SlotId id, unsigned latency_ms,
                                                Events events);

    /// The pad that the media goes to from now on, and its stream; before the pad is added to the
    /// element. I/O thread.
    void set_pad(GstGhostPad* pad, GstStream* stream, guint group_id);
    /// What may be linked to the pad: raw, encoded and RTP of what was offered. (nullable) Any
    /// thread.
    [[nodiscard]] Ref<GstCaps> offered_caps() const;
    /// Somebody was linked to, or unlinked from, the pad or something behind it. Any thread.
    void reconsider() { decide_ = true; }
    void request_key_frame() { key_frame_wanted_ = true; }

    /// What set_pad() was given (nullable). Any thread.
    [[nodiscard]] Ref<GstStream> stream() const;

    /// The title that the stream's tags have from now on. Any thread.
    void set_title(const std::string& title);
    /// When the last packet came, as g_get_monotonic_time(); 0: never. Any thread.
    [[nodiscard]] gint64 last_packet_time() const { return last_packet_; }

    /// Whether something has come once, but nothing for a while. Any thread.
    [[nodiscard]] bool has_gap() const;
    /// Then sends GAP, so that those behind who wait for this stream need not. Not on the I/O
    /// thread: it waits for downstream. One at a time; others return at once.
    void fill_gap();
    /// EOS, after everything that is on its way. Nothing passes any more. Not on the I/O thread.
    void finish();
    /// Takes all elements out of the element; after finish(), or when nothing streams any more. Not
    /// on the I/O thread.
    void take_down();

    [[nodiscard]] Counters counters() const;
    /// "raw", "encoded", "rtp", or null while that is open; any thread.
    [[nodiscard]] const char* form_name() const;

    // -- ReceivingSlot ----------------------------------------------------------------------------
    [[nodiscard]] SlotId id() const override { return id_; }
    void offered(calls::MediaKind kind, const calls::Mid& mid, GstCaps* rtp_caps) override;
    void attach(GstPad* rtp_src) override;
    void detach(GstPad* rtp_src) override;

    // -- GuardHooks; streaming thread -------------------------------------------------------------
    bool on_packet(GstBuffer* packet) override;
    GstEvent* on_downstream_event(GstEvent* event) override;
    bool on_upstream_query(GstQuery* query) override;

    ~ReceiveChain() override;
    ReceiveChain(const ReceiveChain&) = delete;
    ReceiveChain& operator=(const ReceiveChain&) = delete;

private:
    ReceiveChain(GstBin* element, SlotId id, unsigned latency_ms, Events events);
    [[nodiscard]] bool decide();
    [[nodiscard]] Status rebuild(GstPad* pad, ReceiveOutput::Wish wish);
    void drop_output();
    void send_key_frame_request();
    [[nodiscard]] GstEvent* stream_start() const;
    void push_tags();
    [[nodiscard]] GstEvent* end(GstEvent* eos);
    [[nodiscard]] Ref<GstPad> pad() const;
    [[nodiscard]] Ref<GstElement> element() const;
    [[nodiscard]] guint64 position_now(GstPad* pad) const;
    void watch(GstPad* pad);
    GstPadProbeReturn note_output(GstPadProbeInfo* info);

    const SlotId id_;
    const unsigned latency_ms_;
    const Events events_;
    mutable GWeakRef element_;
    // Set once, by create().
    Ref<GstElement> guard_;
    Ref<GstPad> guard_sink_;
    Ref<GstPad> guard_src_;

    std::atomic<bool> decide_ = true;
    std::atomic<bool> finished_ = false;
    std::atomic<bool> filling_ = false;
    std::atomic<bool> key_frame_wanted_ = true;
    std::atomic<bool> tags_changed_ = false;
    std::atomic<bool> discontinuous_ = false; // what goes out next does not join what went before
    std::atomic<gint64> last_packet_ = 0;     // g_get_monotonic_time()
    std::atomic<guint64> last_end_ = GST_CLOCK_TIME_NONE; // of what went out, as buffer time
    std::atomic<guint64> last_begin_ = GST_CLOCK_TIME_NONE;
    std::atomic<guint64> packets_ = 0;
    std::atomic<guint64> bytes_ = 0;
    std::atomic<guint64> key_requests_ = 0;
    std::atomic<int> form_ = -1;

    // The streaming thread's own; guard_sink_'s stream lock.
    std::unique_ptr<ReceiveOutput> output_;
    bool usable_ = false;
    bool started_ = false;

    mutable Mutex mu_; // guards what follows; nothing is called under it
    calls::MediaKind kind_ CF_GUARDED_BY(mu_) = calls::MediaKind::Audio;
    Ref<GstCaps> offered_ CF_GUARDED_BY(mu_);
    Ref<GstPad> pad_ CF_GUARDED_BY(mu_);
    Ref<GstStream> stream_ CF_GUARDED_BY(mu_);
    guint group_id_ CF_GUARDED_BY(mu_) = 0;
    Ref<GstPad> attached_ CF_GUARDED_BY(mu_);
    bool down_ CF_GUARDED_BY(mu_) = false;
};

} // namespace cf::gst

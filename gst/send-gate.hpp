/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SendGate: what may pass from a payloader to webrtcbin. webrtcbin blocks its sink pads until they
// are negotiated, and those of rejected media for ever (P23); nothing of ours may wait there.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "gst/gst-ref.hpp"
#include "lib/base/mutex.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

/// Sits on both sides of a payloader, as pad probes. Shut: frames still reach the payloader, so
/// that its caps follow what webrtcbin asks for, and its packets are dropped. Opened for video:
/// frames are dropped before the payloader, so that the sequence numbers have no gap, until a key
/// frame comes. It never blocks, and passes all but EOS and flushes, which concern one track and
/// would end or disturb all that share webrtcbin's transport.
class SendGate : public std::enable_shared_from_this<SendGate>
{
public:
    struct Events {
        std::function<void(GstCaps* rtp_caps)> on_caps; ///< streaming thread
        std::function<void()> on_eos;                   ///< everything has passed; streaming thread
        std::function<void(Error)> on_unusable;         ///< once; streaming thread
    };
    struct Options {
        bool video = false;           ///< key frames matter
        bool reordering_ends = false; ///< B-frames in the input are an error
    };
    struct Counters {
        guint64 packets = 0;
        guint64 bytes = 0;
        guint64 dropped = 0; ///< frames and packets
        guint64 key_requests = 0;
    };

    static std::shared_ptr<SendGate> attach(GstElement* payloader, Options options, Events events);
    ~SendGate();
    SendGate(const SendGate&) = delete;
    SendGate& operator=(const SendGate&) = delete;

    /// Any thread.
    void set_open(bool open);
    [[nodiscard]] bool is_open() const;
    /// Muted: frames are dropped before the payloader. Un-muted, video goes on with a key frame.
    /// Any thread.
    void set_muted(bool muted);
    /// Something was lost before the payloader: nothing but a key frame helps. Any thread.
    void require_key_frame();
    /// Asks upstream for a key frame, from a thread of GStreamer's pool: a foreign element may
    /// take its time. Any thread.
    void request_key_frame();
    [[nodiscard]] Counters counters() const; ///< any thread

private:
    enum class Position { Shut, AwaitingKeyFrame, Open };

    SendGate(GstElement* payloader, Options options, Events events);
    void add_probes();
    GstPadProbeReturn on_frame(GstPadProbeInfo* info);
    GstPadProbeReturn on_packets(GstPadProbeInfo* info);
    GstPadProbeReturn on_event(GstPadProbeInfo* info);
    bool reorders(GstBuffer* frame);

    const Options options_;
    const Events events_;
    const Ref<GstElement> payloader_;
    const Ref<GstPad> frames_pad_;
    const Ref<GstPad> packets_pad_;
    std::atomic<Position> position_ = Position::Shut;
    std::atomic<bool> muted_ = false;

    // Streaming thread only.
    GstClockTime last_pts_ = GST_CLOCK_TIME_NONE;
    unsigned reorderings_ = 0;
    bool unusable_ = false;

    std::atomic<guint64> packets_ = 0;
    std::atomic<guint64> bytes_ = 0;
    std::atomic<guint64> dropped_ = 0;
    std::atomic<guint64> key_requests_ = 0;
};

} // namespace cf::gst

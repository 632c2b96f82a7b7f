/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The receiving half of a WebRtcPeer: which of webrtcbin's source pads carries which slot.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "gst/gst-ref.hpp"
#include "gst/gstcfcallsguard.h"
#include "gst/slot.hpp"
#include "lib/base/mutex.hpp"

namespace cf::gst
{

/// An m-line of the SFU that carries a track of ours.
struct ReceivedLine {
    calls::Mid mid;
    std::shared_ptr<ReceivingSlot> slot;
    unsigned mid_extension = 0; ///< RTP header extension id of the MID; 0: not negotiated
    std::vector<unsigned> payload_types;
    std::vector<std::uint32_t> ssrcs; ///< that the description names; may be empty
    /// Only these SSRCs can come; false when the track was put into an old m-line without SDP.
    bool ssrcs_are_known = false;
};

/// webrtcbin before 1.29 attributes bundled RTP by `a=ssrc` only, else to the first m-line (P15),
/// so its word is not taken: a pad belongs to the line that names its SSRC, else to the one whose
/// MID its packets carry, else to the only line without SSRCs that has its payload type. What
/// belongs to nobody is dropped, never refused: one refused packet stops every track of the
/// session.
class PeerReceiver : public std::enable_shared_from_this<PeerReceiver>
{
public:
    /// Any thread: the first packet of a slot has arrived. It must be safe to call late.
    using Flowing = std::function<void(SlotId)>;

    explicit PeerReceiver(Flowing flowing) : flowing_(std::move(flowing)) {}

    // -- I/O thread -------------------------------------------------------------------------------

    /// Adds the line, or replaces what was known of its mid.
    void assign(ReceivedLine line);
    /// The track was closed: its packets are dropped from now on.
    void release_mid(const calls::Mid& mid);
    void release_slot(SlotId slot);
    void detach_all();
    /// Lets packets through; until then all are dropped, because nobody has checked yet who sends
    /// them (P4).
    void open() { open_ = true; }
    /// Drops everything. Returns what is left to do once webrtcbin is in NULL; not on the I/O
    /// thread.
    [[nodiscard]] std::function<void()> close();

    [[nodiscard]] bool empty() const;

    // -- any thread -------------------------------------------------------------------------------

    /// webrtcbin's pad-added, on its streaming thread.
    void on_pad_added(GstPad* rtp_src);

private:
    enum class Phase { Waiting, Binding, Bound, Draining };
    class Source;
    struct Line {
        ReceivedLine what;
        std::shared_ptr<Source> source;
    };

    [[nodiscard]] bool let_through(const std::shared_ptr<Source>& source, GstBuffer* buffer);
    void try_bind(const std::shared_ptr<Source>& source, GstBuffer* buffer);
    [[nodiscard]] Line* find_line(std::uint32_t ssrc, GstBuffer* buffer) CF_REQUIRES(mu_);
    void drain(const Line& line);

    const Flowing flowing_;
    std::atomic<bool> open_ = false;
    std::atomic<unsigned> generation_ = 0; // counts assign(): a drained source may try again
    mutable Mutex mu_;                     // guards lines_; nothing is called under it
    std::map<calls::Mid, Line> lines_ CF_GUARDED_BY(mu_);
    std::vector<std::shared_ptr<Source>> sources_ CF_GUARDED_BY(mu_); ///< all, for close()
    bool closed_ CF_GUARDED_BY(mu_) = false;
};

} // namespace cf::gst

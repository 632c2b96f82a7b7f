/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The two halves of a slot: what a pad of ours and the peer connection must know of each other.
// A slot outlives any one peer connection, so a lost session costs no pad.
#pragma once

#include <memory>

#include "gst/gst-ref.hpp"
#include "lib/calls/peer-connection.hpp"

namespace cf::gst
{

using calls::SlotId;

/// A pad of cfcallssink, seen from the peer connection: RTP on offer behind a drop gate.
/// Any thread unless said otherwise.
class SendingSlot
{
public:
    virtual ~SendingSlot() = default;

    [[nodiscard]] virtual SlotId id() const = 0;
    [[nodiscard]] virtual calls::MediaKind kind() const = 0;
    /// The RTP caps that the payloader makes (media, encoding-name, clock-rate, payload, ssrc, fmtp
    /// fields); never null once the slot has been handed to Session::publish().
    [[nodiscard]] virtual Ref<GstCaps> rtp_caps() const = 0;
    /// What goes into the transceiver's codec preferences besides rtp_caps(): the fmtp fields that
    /// are only signalled, such as `usedtx` (nullable).
    [[nodiscard]] virtual Ref<GstCaps> signalled_caps() const = 0;
    [[nodiscard]] virtual bool retransmission() const = 0;
    /// The source pad behind the gate, a sibling of webrtcbin, unlinked or linked to the
    /// webrtcbin that went before.
    [[nodiscard]] virtual Ref<GstPad> gate_src() const = 0;
    /// Shut: buffers are dropped, events and queries pass; never blocks. Open: all passes.
    /// Opening asks the encoder for a key frame. Slots begin shut.
    virtual void set_gate(bool open) = 0;
};

/// A pad of cfcallssrc, seen from the peer connection.
class ReceivingSlot
{
public:
    virtual ~ReceivingSlot() = default;

    [[nodiscard]] virtual SlotId id() const = 0;
    /// The SFU offers this slot's track: @p rtp_caps are the formats that may arrive, one structure
    /// a payload type, RTX and the like left out. Comes before attach(), again with every session
    /// and every change. I/O thread.
    virtual void offered(calls::MediaKind kind, const calls::Mid& mid, GstCaps* rtp_caps) = 0;
    /// Takes the pad that carries this slot's RTP, in place of the one before. It answers every
    /// packet with OK, whatever becomes of it here. Streaming thread.
    virtual void attach(GstPad* rtp_src) = 0;
    /// The peer connection is going, or the track was closed: unlinks @p rtp_src, which lets
    /// nothing through by now. The slot's own pad stays. Does nothing when another pad has been
    /// attached meanwhile. I/O thread or streaming thread.
    virtual void detach(GstPad* rtp_src) = 0;
};

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a webrtcbin peer connection has to know of the element that it works for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gst/slot-table.hpp"
#include "lib/base/executor.hpp"
#include "lib/calls/peer-connection.hpp"
#include "lib/sdp/codec-repairs.hpp"

namespace cf::gst
{

struct PeerContext {
    /// The element; webrtcbin becomes a child of it. Held as long as the factory made from this
    /// lives, which is from READY->PAUSED to PAUSED->READY.
    Ref<GstBin> bin;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<SlotTable> slots;
    std::string stun_server; ///< `stun://host:port`; empty: none
    bool relay_only = false; ///< ice-transport-policy
    /// Gather candidates on loopback addresses, which libnice leaves out, beside the usual ones:
    /// for an SFU on the same machine. Implied by an API base on loopback, behind which the media
    /// may still be elsewhere (a proxy under development), so the usual addresses must stay.
    bool loopback_candidates = false;
    unsigned latency_ms = 200; ///< of the jitterbuffer; receiving only
    bool retransmission = true;
    /// What may be received, best first; empty: whatever is offered.
    std::vector<sdp::CodecPreference> audio_codecs;
    std::vector<sdp::CodecPreference> video_codecs;
    /// Called for each webrtcbin right after it was made, before it does anything; I/O thread.
    std::function<void(GstElement* webrtcbin)> on_webrtcbin;
};

/// webrtcbin behind PeerConnection: gst/webrtc-peer.cpp.
[[nodiscard]] calls::PeerConnectionFactory make_webrtc_peer_factory(PeerContext context);

/// For handle_message of both elements: whether @p message is an ERROR or WARNING from inside a
/// webrtcbin. Such trouble is the transport's, not the application's: it has been logged, and an
/// error makes the peer connection Failed, upon which the session decides. The caller drops the
/// message then. Any thread.
[[nodiscard]] bool take_peer_message(GstMessage* message);

/// What the element says of a change of its state when its bin has said @p of_bin. A webrtcbin that
/// is on its way out is locked, and a bin repeats the last result of a locked child, NO_PREROLL, on
/// the way down too, where there is nothing to preroll.
[[nodiscard]] constexpr GstStateChangeReturn without_leaving_children(GstStateChange transition,
                                                                      GstStateChangeReturn of_bin)
{
    const bool down = transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
                      transition == GST_STATE_CHANGE_READY_TO_NULL;
    return down && of_bin != GST_STATE_CHANGE_FAILURE ? GST_STATE_CHANGE_SUCCESS : of_bin;
}

/// Generates the DTLS certificate of the process in a thread of its own, if that was not done:
/// RSA-2048 takes 70 to 380 ms, and webrtcbin would make it within the first offer. Any thread,
/// returns at once.
void warm_up_certificate();

} // namespace cf::gst

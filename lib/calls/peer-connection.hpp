/* SPDX-License-Identifier: LGPL-2.1-or-later */
// PeerConnection: the seam at the media. gst/ implements it over webrtcbin; tests script it.
//
// All SDP that crosses this seam is in the form that travels on the wire: repairs for the media
// stack's sake happen behind it. One object lives as long as one Calls session and is then thrown
// away; a new session gets a new one from PeerConnectionFactory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/calls/api.hpp"
#include "lib/calls/types.hpp"

namespace cf::calls
{

/// What a pad is to the session: stable while sessions come and go. 0 is never a slot.
using SlotId = std::uint64_t;

enum class TransportState {
    New,          ///< nothing has been applied yet
    Connecting,   ///< ICE or DTLS is under way
    Connected,    ///< DTLS is up: media can flow
    Disconnected, ///< ICE lost its path; may come back by itself
    Failed,       ///< will not come back
    Closed,
};

/// What is to change in the next offer of ours.
struct OfferPlan {
    std::vector<SlotId> add;    ///< slots that start to send
    std::vector<SlotId> remove; ///< slots whose transceiver stops
};
struct LocalOffer {
    SessionDescription description;
    std::map<SlotId, Mid> mids; ///< of every slot in the plan, added or removed
};

/// A track that the SFU gives: which slot receives what its offer calls `mid`.
struct IncomingTrack {
    SlotId slot = 0;
    Mid mid;
};

/// Called on the I/O thread, never from within a call of PeerConnection.
class PeerConnectionEvents
{
public:
    virtual ~PeerConnectionEvents() = default;
    /// @p reason is a sentence for the user; empty when there is nothing to add.
    virtual void on_transport_state(TransportState state, const std::string& reason) = 0;
    /// The first packet of this slot's media has left (sending) or arrived (receiving) in this
    /// session.
    virtual void on_media_flowing(SlotId slot) = 0;
    /// Something went wrong with one slot only; the others go on.
    virtual void on_slot_failed(SlotId slot, Error error) = 0;
};

/// I/O thread only. Every `done` runs there exactly once, never from within the call, and not
/// after close().
class PeerConnection
{
public:
    virtual ~PeerConnection() = default;

    /// Makes an offer that covers everything offered before and @p plan. Nothing is committed:
    /// the connection stays in signalling state "stable" until set_answer(), so that a lost or
    /// refused exchange leaves nothing behind. One offer at a time.
    virtual void create_offer(OfferPlan plan, Done<LocalOffer> done) = 0;
    /// Commits the offer made last together with the SFU's answer to it.
    virtual void set_answer(std::string sdp, Done<Unit> done) = 0;
    /// Forgets the offer made last: the exchange failed.
    virtual void abandon_offer() = 0;

    /// Applies an offer of the SFU and gives the answer to send. @p incoming says what each mid
    /// that is new in the offer, or revived by it, is for.
    virtual void set_offer(std::string sdp, std::vector<IncomingTrack> incoming,
                           Done<SessionDescription> done) = 0;

    /// Takes @p incoming where the service put it without an offer: in sections that it negotiated
    /// before, for slots stopped since. False: that cannot be received; the Session then closes
    /// the tracks and asks again.
    virtual bool reuse(const std::vector<IncomingTrack>& incoming) { return incoming.empty(); }

    /// Slots that no longer send or receive, closed without SDP (`force`): media of them stops.
    virtual void stop_slots(const std::vector<SlotId>& slots) = 0;

    /// Stops all media and lets go of the media stack; no event and no `done` follows.
    virtual void close() = 0;
};

/// Makes the PeerConnection of one session; I/O thread only. @p events outlives it.
using PeerConnectionFactory =
    std::function<Result<std::shared_ptr<PeerConnection>>(PeerConnectionEvents& events)>;

} // namespace cf::calls

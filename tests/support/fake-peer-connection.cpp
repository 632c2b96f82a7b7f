/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/fake-peer-connection.hpp"

#include <algorithm>

namespace cf::test
{

using namespace cf::calls;

void FakePeerConnection::fail_next(PeerOperation operation, Error error, unsigned spared)
{
    plans_.push_back({operation, std::move(error), spared});
}

void FakePeerConnection::hang_next(PeerOperation operation)
{
    plans_.push_back({operation, std::nullopt});
}

void FakePeerConnection::later(Milliseconds delay, std::function<void()> task)
{
    executor_->call_later(delay, [alive = alive_, task = std::move(task)] {
        if (*alive)
            task();
    });
}

void FakePeerConnection::set_transport(TransportState state, const std::string& reason)
{
    later(Milliseconds{0}, [this, state, reason] {
        const bool was = std::exchange(connected_, state == TransportState::Connected);
        events_.on_transport_state(state, reason);
        if (!*alive_ || was || !connected_ || !behaviour.media_flows)
            return;
        for (const auto& [slot, mid] : slots_)
            let_flow(slot);
    });
}

void FakePeerConnection::let_flow(SlotId slot)
{
    later(Milliseconds{0}, [this, slot] {
        if (slots_.contains(slot))
            events_.on_media_flowing(slot);
    });
}

void FakePeerConnection::fail_slot(SlotId slot, Error error)
{
    later(Milliseconds{0}, [this, slot, error] { events_.on_slot_failed(slot, error); });
}

std::optional<FakePeerConnection::Plan> FakePeerConnection::planned(PeerOperation operation)
{
    const auto it = std::find_if(plans_.begin(), plans_.end(), [operation](const Plan& plan) {
        return plan.operation == operation;
    });
    if (it == plans_.end())
        return std::nullopt;
    if (it->spared > 0) {
        --it->spared;
        return std::nullopt;
    }
    Plan plan = std::move(*it);
    plans_.erase(it);
    return plan;
}

void FakePeerConnection::begin(PeerOperation operation)
{
    if (!*alive_)
        violations.push_back("an operation after close()");
    if (busy_)
        violations.push_back("two SDP operations at a time");
    busy_ = operation;
}

template <typename T>
void FakePeerConnection::answer(PeerOperation operation, Done<T> done, std::function<T()> succeed)
{
    const std::optional<Plan> plan = planned(operation);
    if (plan && !plan->error)
        return;
    later(behaviour.latency, [this, done = std::move(done), succeed = std::move(succeed), plan] {
        busy_.reset();
        if (plan)
            done(*plan->error);
        else
            done(succeed());
    });
}

void FakePeerConnection::create_offer(OfferPlan plan, Done<LocalOffer> done)
{
    begin(PeerOperation::CreateOffer);
    if (offer_)
        violations.push_back("a second offer before the first was answered or abandoned");
    ++offers_;
    answer<LocalOffer>(PeerOperation::CreateOffer, std::move(done), [this, plan] {
        LocalOffer out;
        out.description = {SdpType::Offer, "offer\r\n"};
        for (const SlotId slot : plan.add) {
            if (slots_.contains(slot))
                violations.push_back("a slot is added that is already sending");
            out.mids[slot] = "m" + std::to_string(next_mid_++);
        }
        offer_ = out.mids;
        return out;
    });
}

void FakePeerConnection::set_answer(std::string, Done<Unit> done)
{
    begin(PeerOperation::SetAnswer);
    if (!offer_)
        violations.push_back("an answer without an offer");
    const auto added = std::exchange(offer_, std::nullopt).value_or(std::map<SlotId, Mid>{});
    answer<Unit>(PeerOperation::SetAnswer, std::move(done), [this, added] {
        for (const auto& [slot, mid] : added)
            negotiated(slot, mid);
        described();
        return Unit{};
    });
}

void FakePeerConnection::abandon_offer()
{
    if (!*alive_)
        violations.push_back("abandon_offer() after close()");
    if (!offer_)
        violations.push_back("abandon_offer() without an offer");
    offer_.reset();
    ++abandoned_;
}

void FakePeerConnection::set_offer(std::string, std::vector<IncomingTrack> incoming,
                                   Done<SessionDescription> done)
{
    begin(PeerOperation::SetOffer);
    if (offer_)
        violations.push_back("an offer of the service while ours is open");
    answer<SessionDescription>(PeerOperation::SetOffer, std::move(done), [this, incoming] {
        for (const IncomingTrack& track : incoming)
            negotiated(track.slot, track.mid);
        described();
        return SessionDescription{SdpType::Answer, "answer\r\n"};
    });
}

bool FakePeerConnection::reuse(const std::vector<IncomingTrack>& incoming)
{
    if (!behaviour.reuses)
        return false;
    for (const IncomingTrack& track : incoming)
        negotiated(track.slot, track.mid);
    return true;
}

void FakePeerConnection::stop_slots(const std::vector<SlotId>& slots)
{
    if (!*alive_)
        violations.push_back("stop_slots() after close()");
    for (const SlotId slot : slots) {
        slots_.erase(slot);
        stopped_.insert(slot);
    }
}

void FakePeerConnection::close()
{
    if (!*alive_)
        violations.push_back("close() twice");
    *alive_ = false;
    slots_.clear();
    offer_.reset();
}

void FakePeerConnection::negotiated(SlotId slot, const Mid& mid)
{
    slots_[slot] = mid;
    stopped_.erase(slot);
    if (connected_ && behaviour.media_flows)
        let_flow(slot);
}

void FakePeerConnection::described()
{
    if (std::exchange(described_, true) || !behaviour.connects)
        return;
    later(Milliseconds{0}, [this] { events_.on_transport_state(TransportState::Connecting, ""); });
    later(behaviour.connect_delay, [this] { set_transport(TransportState::Connected); });
}

PeerConnectionFactory FakePeerFactory::function()
{
    return [this](PeerConnectionEvents& events) -> Result<std::shared_ptr<PeerConnection>> {
        if (error)
            return *error;
        made.push_back(std::make_shared<FakePeerConnection>(executor_, events, behaviour));
        return std::shared_ptr<PeerConnection>{made.back()};
    };
}

} // namespace cf::test

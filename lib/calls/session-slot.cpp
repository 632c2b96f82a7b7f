/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/session-slot.hpp"

namespace cf::calls
{

namespace
{

// A track that others wait for should be there soon after it appears; partytracks' numbers.
constexpr BackoffOptions kSlotBackoff{Milliseconds{250}, Milliseconds{10000}};

} // namespace

SessionSlot::SessionSlot(SlotId slot_id, Intent what, std::uint64_t number, Executor& executor,
                         const std::function<double()>& random)
    : id(slot_id), intent(std::move(what)), order(number), backoff(kSlotBackoff, random),
      retry_timer(std::make_unique<ScopedTimer>(executor))
{
}

SlotInfo SessionSlot::info(const SessionId& own_session) const
{
    SlotInfo out;
    out.state = state;
    out.mid = mid;
    if (const auto* pulled = std::get_if<PullIntent>(&intent)) {
        out.session_id = pulled->source.session_id;
        out.track_name = pulled->source.track_name;
    } else {
        out.session_id = own_session;
        out.track_name = std::get<PublishIntent>(intent).track_name;
    }
    return out;
}

ExchangeItem SessionSlot::exchange_item() const
{
    ExchangeItem out;
    out.slot = id;
    out.mid = mid;
    if (const auto* pulled = std::get_if<PullIntent>(&intent)) {
        out.source = pulled->source;
        out.kind = pulled->kind;
        out.simulcast = pulled->simulcast;
    } else {
        const auto& published = std::get<PublishIntent>(intent);
        out.track_name = published.track_name;
        out.kind = published.kind;
    }
    return out;
}

void SessionSlot::forget_session()
{
    stage = SlotStage::Waiting;
    mid.clear();
    media = false;
    update_pending = false;
    tries = 0;
    backoff.reset();
    retry_timer->cancel();
    // missing_since stays: a session that expires while it waits for a track must not stop the
    // clock of the pull timeout.
}

} // namespace cf::calls

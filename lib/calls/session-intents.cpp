/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include "lib/base/log.hpp"
#include "lib/calls/session-impl.hpp"

namespace cf::calls
{

namespace
{

// A publication that is refused costs a section of the SDP each time, and sessions with very many
// sections are ended by the service; so there is a limit.
constexpr unsigned kMaxPublishTries = 6;

} // namespace

void SessionImpl::publish(PublishIntent intent)
{
    const SlotId id = intent.slot;
    add(id, std::move(intent));
}

void SessionImpl::pull(PullIntent intent)
{
    const SlotId id = intent.slot;
    add(id, std::move(intent));
}

SessionSlot* SessionImpl::find(SlotId slot)
{
    const auto it = slots_.find(slot);
    return it != slots_.end() ? &it->second : nullptr;
}

std::vector<SessionSlot*> SessionImpl::slots_in_order()
{
    std::vector<SessionSlot*> out;
    for (auto& [id, slot] : slots_)
        out.push_back(&slot);
    std::sort(out.begin(), out.end(),
              [](const SessionSlot* a, const SessionSlot* b) { return a->order < b->order; });
    return out;
}

bool SessionImpl::has_wanted_slots() const
{
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const auto& entry) { return entry.second.is_wanted(); });
}

/// Something is pulled, and of nothing that is has media arrived.
bool SessionImpl::receives_nothing() const
{
    bool any = false;
    for (const auto& [id, slot] : slots_) {
        if (!slot.is_pull() || !slot.is_wanted() || slot.stage != SlotStage::Open)
            continue;
        if (slot.media)
            return false;
        any = true;
    }
    return any;
}

void SessionImpl::add(SlotId id, Intent intent)
{
    if (closing_)
        return;
    if (SessionSlot* present = find(id)) {
        // Used again, perhaps before it is closed: one after the other.
        const bool going = present->removed;
        present->next = std::move(intent);
        if (!going)
            remove(id);
        return;
    }
    const auto [it, added] =
        slots_.emplace(id, SessionSlot{id, std::move(intent), next_order_++, *executor_, random_});
    enqueue(it->second);
    if (std::exchange(dormant_, false))
        connect();
}

void SessionImpl::enqueue(SessionSlot& slot)
{
    if (state_ == SessionState::Failed) {
        fail_slot(slot, Error{ErrorCode::State, "The connection to the service has failed."});
        return;
    }
    if (!connection_)
        return; // connect() takes everything along
    const JobKind again = slot.tries > 0 ? JobKind::Repull : JobKind::Pull;
    slot.stage = SlotStage::Queued;
    connection_->queue.push({slot.is_pull() ? again : JobKind::Publish, slot.id, {}, slot.solo});
    pump();
}

void SessionImpl::enqueue_close(SessionSlot& slot)
{
    slot.stage = SlotStage::Closing;
    connection_->queue.remove(slot.id);
    connection_->queue.push({JobKind::Close, slot.id, slot.mid});
    pump();
}

void SessionImpl::remove(SlotId id)
{
    SessionSlot* slot = find(id);
    if (slot == nullptr || closing_)
        return;
    if (slot->removed) {
        slot->next.reset();
        return;
    }
    slot->removed = true;
    switch (slot->stage) {
    case SlotStage::Waiting:
        finish_closed(*slot);
        break;
    case SlotStage::Queued:
        connection_->queue.remove(id);
        finish_closed(*slot);
        break;
    case SlotStage::Open:
        enqueue_close(*slot);
        break;
    case SlotStage::Exchanging: // closed once we know under which mid it is open
    case SlotStage::Closing:
        break;
    }
}

void SessionImpl::update(SlotId id, std::optional<TrackLocator> source,
                         std::optional<Simulcast> simulcast)
{
    SessionSlot* slot = find(id);
    if (slot == nullptr || closing_)
        return;
    // Taken back, but used again: what comes next is what is changed.
    Intent& intent = slot->next ? *slot->next : slot->intent;
    auto* pulled = std::get_if<PullIntent>(&intent);
    if (pulled == nullptr) {
        CF_WARNING("session", options_.name.c_str(), "only pulled tracks can be updated");
        return;
    }
    if (source)
        pulled->source = std::move(*source);
    if (simulcast)
        pulled->simulcast = std::move(*simulcast);
    if (!slot->is_wanted())
        return;
    if (slot->stage == SlotStage::Open) {
        connection_->queue.push({JobKind::Update, id});
        pump();
    } else if (slot->stage == SlotStage::Exchanging) {
        slot->update_pending = true;
    } else if (slot->retry_timer->active()) {
        // Something else is wanted now: what was found missing says nothing of it.
        slot->retry_timer->cancel();
        slot->missing_since.reset();
        slot->backoff.reset();
        slot->tries = 0;
        enqueue(*slot);
    }
}

void SessionImpl::pull_again(SlotId id, Error reason)
{
    SessionSlot* slot = find(id);
    if (slot == nullptr || closing_ || !slot->is_pull() || !slot->is_wanted() ||
        slot->stage != SlotStage::Open)
        return;
    slot->state = SlotState::Pending;
    slot->media = false;
    slot->missing_since = executor_->now();
    slot->tries = 1; // from now on it waits among those that are missing
    emit_slot(*slot, &reason);
    enqueue_close(*slot);
}

/// The service has the track under @p mid, and our end is ready for it.
void SessionImpl::opened(SessionSlot& slot, const Mid& mid)
{
    slot.mid = mid;
    slot.stage = SlotStage::Open;
    slot.tries = 0;
    slot.backoff.reset();
    slot.missing_since.reset();
    slot.bad_descriptions = 0;
    slot.solo = false;
    if (!slot.is_wanted()) { // taken back, or given up, while it was under way
        enqueue_close(slot);
        return;
    }
    if (slot.media)
        slot.state = SlotState::Active;
    else if (slot.is_pull())
        expect_media();
    emit_slot(slot);
    if (std::exchange(slot.update_pending, false)) {
        connection_->queue.push({JobKind::Update, slot.id});
        pump();
    }
}

/// The service did not take the track; nothing of it is open.
void SessionImpl::refused(SessionSlot& slot, const Error& error, Reaction reaction)
{
    slot.stage = SlotStage::Waiting;
    slot.mid.clear();
    if (slot.removed) {
        finish_closed(slot);
        return;
    }
    if (slot.state == SlotState::Failed)
        return;
    const bool missing =
        error.code == ErrorCode::TrackNotFound || error.code == ErrorCode::TrackEmpty;
    if (reaction == Reaction::FailTrack || (missing && !options_.retry_missing_track))
        fail_slot(slot, error);
    else
        retry_slot(slot, error);
}

void SessionImpl::retry_slot(SessionSlot& slot, const Error& error)
{
    ++slot.tries;
    Milliseconds delay = slot.backoff.next();
    if (slot.is_pull()) {
        const TimePoint now = executor_->now();
        if (!slot.missing_since)
            slot.missing_since = now;
        if (options_.pull_timeout > Milliseconds{0}) {
            const auto left = std::chrono::duration_cast<Milliseconds>(*slot.missing_since +
                                                                       options_.pull_timeout - now);
            if (left <= Milliseconds{0}) {
                fail_slot(slot, error);
                return;
            }
            delay = std::min(delay, left);
        }
    } else if (slot.tries >= kMaxPublishTries) {
        fail_slot(slot, error);
        return;
    }
    emit_slot(slot, &error);
    slot.retry_timer->start(delay, [this, id = slot.id] {
        if (SessionSlot* again = find(id))
            enqueue(*again);
    });
}

void SessionImpl::fail_slot(SessionSlot& slot, const Error& error)
{
    slot.state = SlotState::Failed;
    slot.retry_timer->cancel();
    emit_slot(slot, &error);
}

/// Nothing of a slot that was taken back is left at the service.
void SessionImpl::finish_closed(SessionSlot& slot)
{
    slot.state = SlotState::Closed;
    slot.mid.clear();
    emit_slot(slot);
    const SlotId id = slot.id;
    std::optional<Intent> next = std::move(slot.next);
    slots_.erase(id); // `slot` is gone
    if (next)
        add(id, std::move(*next));
}

/// Nothing of the slot is open any more: it was taken back, has failed, or is to be pulled again.
void SessionImpl::after_close(SessionSlot& slot)
{
    slot.stage = SlotStage::Waiting;
    slot.mid.clear();
    if (slot.removed)
        finish_closed(slot);
    else if (slot.is_wanted())
        enqueue(slot);
}

void SessionImpl::on_media_flowing(SlotId id)
{
    SessionSlot* slot = find(id);
    if (slot == nullptr || closing_)
        return;
    slot->media = true;
    if (slot->is_pull())
        connection_->media_timer.cancel();
    if (slot->stage == SlotStage::Open && slot->is_wanted() && slot->state != SlotState::Active) {
        slot->state = SlotState::Active;
        emit_slot(*slot);
    }
}

void SessionImpl::on_slot_failed(SlotId id, Error error)
{
    SessionSlot* slot = find(id);
    if (slot == nullptr || closing_ || !slot->is_wanted())
        return;
    if (slot->stage == SlotStage::Queued) {
        connection_->queue.remove(id);
        slot->stage = SlotStage::Waiting;
    }
    fail_slot(*slot, error);
    if (slot->stage == SlotStage::Open)
        enqueue_close(*slot);
}

} // namespace cf::calls

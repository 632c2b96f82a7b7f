/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include "lib/base/log.hpp"
#include "lib/calls/session-impl.hpp"

namespace cf::calls
{

namespace
{

// A session that has never carried media is cheaper to replace than to wait for.
constexpr unsigned kMaxPausesBeforeConnected = 4;
// A close that the service keeps refusing: the track starves by itself within half a minute.
constexpr unsigned kMaxCloseTries = 4;
constexpr unsigned kMaxBadDescriptions = 2;

} // namespace

// Through the executor, so that everything that is asked for in one turn goes in one exchange.
void SessionImpl::pump()
{
    if (std::exchange(pump_posted_, true))
        return;
    executor_->post([weak = weak_from_this(), this] {
        const auto self = weak.lock();
        if (!self)
            return;
        pump_posted_ = false;
        run_next();
    });
}

bool SessionImpl::may_run(JobKind kind) const
{
    const SessionConnection& c = *connection_;
    if (kind != JobKind::Publish && c.id.empty())
        return false; // an offer can be made while the session is; nothing else can
    if (c.connected)
        return true;
    // The first offer also brings the transport up, and until that has happened the service takes
    // no second one (calls-api 3.6.2).
    return !c.held && (kind != JobKind::Publish || !c.described);
}

void SessionImpl::run_next()
{
    if (!connection_ || closing_ || connection_->exchange || connection_->pause.timer.active())
        return;
    auto jobs = connection_->queue.take([this](JobKind kind) { return may_run(kind); });
    if (!jobs.empty())
        start_exchange(std::move(jobs));
}

ExchangeContext SessionImpl::exchange_context()
{
    ExchangeContext out;
    out.name = options_.name;
    out.executor = executor_;
    out.api = api_;
    out.peer = connection_->peer;
    out.random = random_;
    out.session = connection_->id;
    out.open_mids = connection_->open;
    // The exchange is ours and goes before the connection does.
    out.is_connected = [this] { return connection_ && connection_->connected; };
    out.on_described = [this] { on_described(); };
    out.on_repeat = [this](Call call, const Error& error) { emit_api_error(call, error, true); };
    return out;
}

void SessionImpl::start_exchange(std::vector<Job> jobs)
{
    std::vector<ExchangeItem> items;
    for (const Job& job : jobs) {
        SessionSlot* slot = find(job.slot);
        ExchangeItem item;
        if (slot != nullptr) {
            item = slot->exchange_item();
            if (job.kind != JobKind::Close && job.kind != JobKind::Update)
                slot->stage = SlotStage::Exchanging;
        }
        if (job.kind == JobKind::Close)
            item.mid = job.mid;
        items.push_back(std::move(item));
    }
    const JobKind kind = jobs.front().kind;
    CF_DEBUG("session", options_.name.c_str(), "%s: %zu", to_string(kind), items.size());
    connection_->jobs = std::move(jobs);
    switch (kind) {
    case JobKind::Publish:
        connection_->exchange = make_publish_exchange(exchange_context(), std::move(items));
        break;
    case JobKind::Pull:
    case JobKind::Repull:
        connection_->exchange = make_pull_exchange(exchange_context(), std::move(items));
        break;
    case JobKind::Update:
        connection_->exchange = make_update_exchange(exchange_context(), std::move(items));
        break;
    case JobKind::Close:
        connection_->exchange = make_close_exchange(exchange_context(), std::move(items));
        break;
    }
    connection_->exchange->start([weak = weak_from_this(), this](ExchangeResult result) {
        if (const auto self = weak.lock())
            on_result(std::move(result));
    });
}

void SessionImpl::on_result(ExchangeResult result)
{
    const auto exchange = std::move(connection_->exchange); // its own code is still running
    const auto jobs = std::exchange(connection_->jobs, {});
    if (result.failure) {
        const bool may_stay = result.failure->reaction != Reaction::ReplaceSession && !closing_;
        if (!may_stay)
            connection_->remember(*exchange);
        if (closing_)
            continue_close();
        else
            on_failure(jobs, *result.failure);
        return;
    }
    connection_->pause.backoff.reset();
    for (const ItemResult& one : result.items) {
        if (!one.error && !one.mid.empty())
            connection_->open.insert(one.mid);
    }
    for (Mid& mid : result.orphans) {
        connection_->open.insert(mid);
        connection_->queue.push({JobKind::Close, 0, std::move(mid)});
    }
    for (const ItemResult& one : result.items) {
        if (!connection_)
            return; // an item took the session with it
        on_item(jobs.front().kind, one);
    }
    if (closing_)
        continue_close();
    else
        pump();
}

void SessionImpl::on_item(JobKind kind, const ItemResult& one)
{
    if (kind == JobKind::Close) {
        on_close_item(one);
        return;
    }
    SessionSlot* slot = find(one.item.slot);
    if (slot == nullptr)
        return;
    if (closing_) {
        slot->mid = one.error ? Mid{} : one.mid;
        return;
    }
    const Reaction reaction = one.error ? reaction_to_item(*one.error) : Reaction::RetryLater;
    if (reaction == Reaction::ReplaceSession) {
        lose(*one.error);
    } else if (kind != JobKind::Update) {
        if (one.error)
            refused(*slot, *one.error, reaction);
        else
            opened(*slot, one.mid);
    } else if (!slot->is_wanted()) {
        return;
    } else if (one.error) {
        // What the slot had before goes on: nothing worse than a warning, whatever the reason.
        emit_api_error(Call::UpdateTracks, *one.error, false);
        emit_slot(*slot, &*one.error);
    } else {
        emit_slot(*slot);
    }
}

void SessionImpl::on_close_item(const ItemResult& one)
{
    SessionSlot* slot = find(one.item.slot);
    if (!one.error) {
        connection_->open.erase(one.item.mid);
    } else if (!closing_ && slot != nullptr && ++slot->tries < kMaxCloseTries) {
        slot->retry_timer->start(slot->backoff.next(), [this, id = slot->id] {
            if (SessionSlot* again = find(id))
                enqueue_close(*again);
        });
        return;
    }
    if (slot == nullptr || closing_)
        return;
    after_close(*slot);
}

void SessionImpl::on_failure(const std::vector<Job>& jobs, const ExchangeFailure& failure)
{
    if (failure.call) {
        const bool retried = failure.reaction == Reaction::RetryLater ||
                             failure.reaction == Reaction::RetryRequest ||
                             (failure.reaction == Reaction::ReplaceSession && options_.reconnect);
        emit_api_error(*failure.call, failure.error, retried || jobs.size() > 1);
    }
    switch (failure.reaction) {
    case Reaction::FailElement:
        fail(failure.error);
        return;
    case Reaction::ReplaceSession:
        blame(jobs, failure.error);
        lose(failure.error);
        return;
    case Reaction::FailTrack:
        // One of them may be the reason for all: each gets its own try.
        if (jobs.size() > 1)
            put_back(jobs, true);
        else
            give_up(jobs.front(), failure.error);
        break;
    case Reaction::RetryRequest:
    case Reaction::RetryLater:
        retry_exchange(jobs, failure);
        break;
    }
    pump();
}

void SessionImpl::retry_exchange(const std::vector<Job>& jobs, const ExchangeFailure& failure)
{
    SessionConnection& c = *connection_;
    if (failure.error.code == ErrorCode::NotReady && c.described && !c.connected) {
        c.held = true; // until it is connected, or the connect timeout gives it up
        put_back(jobs, false);
        return;
    }
    const unsigned tries = c.pause.backoff.tries();
    const bool used_up =
        options_.max_retries >= 0 && tries >= static_cast<unsigned>(options_.max_retries);
    if (!c.connected && (used_up || tries >= kMaxPausesBeforeConnected)) {
        lose(failure.error);
        return;
    }
    if (used_up) {
        for (const Job& job : jobs)
            give_up(job, failure.error);
        return;
    }
    put_back(jobs, false);
    const Milliseconds delay =
        std::max(c.pause.backoff.next(), failure.error.retry_after.value_or(Milliseconds{0}));
    c.pause.timer.start(delay, [this] { pump(); });
}

/// Queues again what is still wanted of an exchange that came to nothing.
void SessionImpl::put_back(const std::vector<Job>& jobs, bool solo)
{
    std::vector<Job> again;
    for (Job job : jobs) {
        SessionSlot* slot = find(job.slot);
        if (job.kind == JobKind::Update && (slot == nullptr || slot->stage != SlotStage::Open))
            continue;
        if (slot != nullptr && slot->stage == SlotStage::Exchanging) {
            if (!slot->is_wanted()) {
                slot->stage = SlotStage::Waiting;
                if (slot->removed)
                    finish_closed(*slot);
                continue;
            }
            slot->stage = SlotStage::Queued;
            slot->solo = slot->solo || solo;
        }
        job.solo = job.solo || solo;
        again.push_back(std::move(job));
    }
    connection_->queue.push_front(again);
}

void SessionImpl::give_up(const Job& job, const Error& error)
{
    SessionSlot* slot = find(job.slot);
    if (slot == nullptr)
        return;
    switch (job.kind) {
    case JobKind::Publish:
    case JobKind::Pull:
    case JobKind::Repull:
        refused(*slot, error, Reaction::FailTrack);
        break;
    case JobKind::Update:
        if (slot->is_wanted())
            emit_slot(*slot, &error);
        break;
    case JobKind::Close: // the service collects it when it starves
        after_close(*slot);
        break;
    }
}

// A description that could not be used cost the session. Should it be one track's fault, that
// track must not cost all others every session to come: next time it goes alone, and if it fails
// alone again, it is given up.
void SessionImpl::blame(const std::vector<Job>& jobs, const Error& error)
{
    if (error.code != ErrorCode::Sdp && error.code != ErrorCode::Protocol)
        return;
    for (const Job& job : jobs) {
        SessionSlot* slot = find(job.slot);
        if (slot == nullptr || !slot->is_wanted())
            continue;
        slot->solo = true;
        if (++slot->bad_descriptions >= kMaxBadDescriptions && jobs.size() == 1 && ever_connected_)
            fail_slot(*slot, error);
    }
}

} // namespace cf::calls

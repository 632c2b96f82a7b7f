/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/session-impl.hpp"

#include "lib/base/log.hpp"

namespace cf::calls
{

SessionImpl::SessionImpl(std::shared_ptr<Executor> executor, std::shared_ptr<CallsApi> api,
                         PeerConnectionFactory factory, SessionOptions options,
                         SessionEvents& events, std::function<double()> random)
    : executor_(std::move(executor)), api_(std::move(api)), factory_(std::move(factory)),
      options_(std::move(options)), events_(events), random_(std::move(random)),
      backoff_(options_.backoff, random_), retry_timer_(*executor_)
{
}

SessionImpl::~SessionImpl()
{
    executor_->cancel(close_timer_);
    if (connection_) {
        connection_->cancel_requests(*api_);
        connection_->exchange.reset();
        connection_->peer->close();
    }
    if (closing_connection_)
        closing_connection_->peer->close();
}

const SessionId& SessionImpl::session_id() const
{
    static const SessionId kNone;
    return connection_ ? connection_->id : kNone;
}

void SessionImpl::start()
{
    if (state_ != SessionState::Idle)
        return;
    set_state(SessionState::Creating);
    connect();
}

// Events run as tasks of their own: handlers may call anything of ours, and whoever called us has
// returned. What was not delivered when close() is called never is.
void SessionImpl::emit(std::function<void(SessionEvents&)> event)
{
    if (closing_)
        return;
    executor_->post([weak = weak_from_this(), this, event = std::move(event)] {
        const auto self = weak.lock();
        if (self && !closing_)
            event(events_);
    });
}

void SessionImpl::emit_slot(const SessionSlot& slot, const Error* reason)
{
    CF_DEBUG("session", options_.name.c_str(), "slot %" G_GUINT64_FORMAT ": %s%s%s",
             static_cast<guint64>(slot.id), to_string(slot.state), reason != nullptr ? ", " : "",
             reason != nullptr ? reason->message.c_str() : "");
    emit([id = slot.id, info = slot.info(session_id()),
          why = reason != nullptr ? std::optional{*reason} : std::nullopt](SessionEvents& events) {
        events.on_slot(id, info, why ? &*why : nullptr);
    });
}

void SessionImpl::emit_api_error(Call call, const Error& error, bool will_retry)
{
    CF_WARNING("session", options_.name.c_str(), "%s failed (%s), %s: %s", to_string(call),
               to_string(error.code), will_retry ? "is retried" : "is not retried",
               error.debug.c_str());
    emit([call, error, will_retry](SessionEvents& events) {
        events.on_api_error(to_string(call), error, will_retry);
    });
}

void SessionImpl::set_state(SessionState state, const Error* reason,
                            std::optional<Milliseconds> retry_delay)
{
    if (state == state_ && reason == nullptr)
        return;
    const SessionState old = std::exchange(state_, state);
    CF_INFO("session", options_.name.c_str(), "%s -> %s%s%s", to_string(old), to_string(state),
            reason != nullptr ? ": " : "", reason != nullptr ? reason->message.c_str() : "");
    emit([old, state, retry_delay,
          why = reason != nullptr ? std::optional{*reason} : std::nullopt](SessionEvents& events) {
        events.on_state(old, state, why ? &*why : nullptr, retry_delay);
    });
}

// What the connection has come to. While reconnecting, its steps are not shown one by one.
void SessionImpl::refresh_state()
{
    if (closing_ || !connection_)
        return;
    if (connection_->connected)
        set_state(SessionState::Connected);
    else if (reconnecting_)
        set_state(SessionState::Reconnecting);
    else if (connection_->described)
        set_state(SessionState::Connecting);
    else
        set_state(connection_->id.empty() ? SessionState::Creating : SessionState::Negotiating);
}

void SessionImpl::close(Milliseconds timeout, std::function<void()> done)
{
    on_closed_.push_back(std::move(done));
    if (state_ == SessionState::Closed) {
        finish_close();
        return;
    }
    const TimePoint deadline = executor_->now() + timeout;
    if (closing_ && deadline >= close_deadline_)
        return;
    close_deadline_ = deadline;
    executor_->cancel(close_timer_);
    // A strong reference: the owner may let go of us while we say goodbye.
    close_timer_ = executor_->call_later(timeout, [self = shared_from_this(), this] {
        close_timer_ = 0;
        CF_INFO("session", options_.name.c_str(), "closing took too long, leaving the rest");
        finish_close();
    });
    if (closing_)
        return;

    closing_ = true;
    set_state(SessionState::Closing);
    retry_timer_.cancel();
    for (auto& [id, slot] : slots_)
        slot.retry_timer->cancel();
    continue_close();
}

// Again whenever something that close() has to wait for has ended.
void SessionImpl::continue_close()
{
    if (connection_) {
        connection_->connect_timer.cancel();
        connection_->disconnect_timer.cancel();
        connection_->stable_timer.cancel();
        connection_->media_timer.cancel();
        if (!connection_->id.empty() && connection_->exchange)
            return; // what it opens must be closed, too, and it must not be overlapped
        // A Calls session that was never used is not worth waiting for: it expires by itself.
        connection_->cancel_requests(*api_);
        connection_->exchange.reset();
        std::vector<SlotId> all;
        for (const auto& [id, slot] : slots_) {
            if (!slot.mid.empty())
                all.push_back(id);
        }
        if (!all.empty())
            connection_->peer->stop_slots(all);
        clean_up(*connection_);
        closing_connection_ = std::move(connection_);
    }
    if (cleanups_.empty())
        finish_close();
}

void SessionImpl::finish_close()
{
    executor_->cancel(std::exchange(close_timer_, 0));
    cleanups_.clear();
    if (connection_) {
        connection_->cancel_requests(*api_);
        connection_->exchange.reset();
        closing_connection_ = std::move(connection_);
    }
    if (const auto connection = std::exchange(closing_connection_, nullptr))
        connection->peer->close();
    set_state(SessionState::Closed);
    for (auto& done : std::exchange(on_closed_, {}))
        executor_->post(std::move(done));
}

} // namespace cf::calls

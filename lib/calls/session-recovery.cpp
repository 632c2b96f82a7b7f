/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cmath>

#include "lib/base/log.hpp"
#include "lib/calls/session-impl.hpp"

namespace cf::calls
{

namespace
{

/// Answers that cannot be used, in a row: then it is no glitch.
constexpr unsigned kMaxBadAnswers = 3;
/// Connected for this long, a connection counts as good again. A service that lets everybody in
/// and drops them at once must see the delays grow.
constexpr Milliseconds kStableAfter{10000};
/// The part of retry-delay over which the first tries after such a connection are spread.
constexpr double kFirstRetrySpread = 0.1;

bool is_bad_answer(const Error& error)
{
    return error.code == ErrorCode::Protocol || error.code == ErrorCode::Sdp;
}

} // namespace

void SessionConnection::on_transport_state(TransportState state, const std::string& reason)
{
    owner.on_transport_state(state, reason);
}

void SessionConnection::on_media_flowing(SlotId slot)
{
    owner.on_media_flowing(slot);
}

void SessionConnection::on_slot_failed(SlotId slot, Error error)
{
    owner.on_slot_failed(slot, std::move(error));
}

void SessionImpl::connect()
{
    auto connection =
        std::make_unique<SessionConnection>(*this, *executor_, options_.backoff, random_);
    auto peer = factory_(*connection);
    if (!peer) {
        fail(std::move(peer.error()));
        return;
    }
    connection->peer = peer.take();
    connection->number = ++connections_;
    connection_ = std::move(connection);
    // In parallel with the first offer, which the queue makes meanwhile.
    NewSessionRequest request;
    request.third_party = options_.third_party;
    connection_->creating = api_->new_session(
        std::move(request), [weak = weak_from_this(), this,
                             made_for = connection_->number](Result<NewSessionAnswer> r) {
            const auto self = weak.lock();
            if (self && connection_ && connection_->number == made_for && !closing_)
                on_new_session(std::move(r));
        });
    for (SessionSlot* slot : slots_in_order()) {
        if (slot->is_wanted())
            enqueue(*slot);
    }
    refresh_state();
}

void SessionImpl::on_new_session(Result<NewSessionAnswer> answer)
{
    connection_->creating = 0;
    if (!answer) {
        const Error error = std::move(answer.error());
        const bool final = reaction_to(Call::NewSession, error) == Reaction::FailElement;
        emit_api_error(Call::NewSession, error, !final && options_.reconnect);
        if (final)
            fail(error);
        else
            lose(error);
        return;
    }
    connection_->id = answer->session_id;
    connection_->made_at = executor_->now();
    CF_INFO("session", options_.name.c_str(), "session created");
    emit([id = connection_->id](SessionEvents& events) { events.on_session_created(id); });
    refresh_state();
    if (connection_->exchange)
        connection_->exchange->set_session(connection_->id);
    pump();
}

void SessionImpl::on_described()
{
    if (connection_->described || closing_)
        return;
    connection_->described = true;
    if (!connection_->connected) {
        connection_->connect_timer.start(options_.connect_timeout, [weak = weak_from_this(), this] {
            if (const auto self = weak.lock())
                lose(Error{ErrorCode::Media,
                           "No media connection to the service came up: check that UDP to it is "
                           "not blocked, or set a TURN server."});
        });
    }
    refresh_state();
}

void SessionImpl::on_transport_state(TransportState state, const std::string& reason)
{
    if (closing_ || !connection_)
        return;
    CF_DEBUG("session", options_.name.c_str(), "transport state %d: %s", static_cast<int>(state),
             reason.c_str());
    switch (state) {
    case TransportState::New:
    case TransportState::Connecting:
        break;
    case TransportState::Connected:
        on_connected();
        break;
    case TransportState::Disconnected:
        // ICE may find its way back; nothing is stopped yet.
        connection_->stable_timer.cancel();
        connection_->disconnect_timer.start(
            options_.disconnect_timeout, [weak = weak_from_this(), this] {
                if (const auto self = weak.lock())
                    lose(Error{ErrorCode::Media, "The media connection to the service was lost."});
            });
        break;
    case TransportState::Failed:
    case TransportState::Closed: {
        lose(Error{ErrorCode::Media,
                   reason.empty() ? "The media connection to the service failed." : reason});
        break;
    }
    }
}

void SessionImpl::on_connected()
{
    SessionConnection& c = *connection_;
    c.connect_timer.cancel();
    c.disconnect_timer.cancel();
    c.connected = true;
    c.held = false;
    ever_connected_ = true;
    reconnecting_ = false;
    losses_ = 0;
    bad_answers_ = 0;
    c.stable_timer.start(kStableAfter, [this] {
        backoff_.reset();
        connection_->lasted = true;
    });
    refresh_state();
    pump();
}

/// The service has found packets of what is pulled. When none comes through, although every state
/// says that we are connected, the path may be dead, and ICE would take up to a minute to say so.
void SessionImpl::expect_media()
{
    if (!connection_ || connection_->media_timer.active() || connection_->looking != 0 ||
        !receives_nothing())
        return;
    connection_->media_timer.start(options_.connect_timeout, [weak = weak_from_this(), this] {
        const auto self = weak.lock();
        if (self && receives_nothing())
            look_for_media();
    });
}

/// Publishers may have fallen silent; only the service can tell.
void SessionImpl::look_for_media()
{
    connection_->looking = api_->get_session(
        connection_->id, [weak = weak_from_this(), this,
                          asked_of = connection_->number](Result<SessionInfo> answer) {
            const auto self = weak.lock();
            if (!self || !connection_ || connection_->number != asked_of || closing_)
                return;
            connection_->looking = 0;
            if (!answer && answer.error().code == ErrorCode::SessionGone)
                lose(std::move(answer.error()));
            else if (answer && receives_nothing() && sends_to_us(*answer))
                lose(Error{ErrorCode::Media,
                           "The service sends media, but none arrives; it is connected anew."});
            else
                expect_media();
        });
}

bool SessionImpl::sends_to_us(const SessionInfo& info) const
{
    return std::any_of(slots_.begin(), slots_.end(), [&](const auto& entry) {
        const SessionSlot& slot = entry.second;
        return slot.is_pull() && slot.stage == SlotStage::Open &&
               std::any_of(info.tracks.begin(), info.tracks.end(), [&](const TrackState& t) {
                   return t.track.location == Location::Remote && t.track.mid == slot.mid &&
                          t.status == TrackStatus::Active;
               });
    });
}

void SessionImpl::clean_up(const SessionConnection& connection)
{
    if (connection.id.empty() || (connection.open.empty() && !connection.doubtful))
        return;
    auto cleanup = std::make_shared<SessionCleanup>(executor_, api_, options_.name, connection.id,
                                                    connection.open, connection.doubtful);
    cleanups_.push_back(cleanup);
    cleanup->start([weak = weak_from_this(), this, ended = cleanup.get()] {
        const auto self = weak.lock();
        if (!self)
            return;
        const auto it = std::find_if(cleanups_.begin(), cleanups_.end(),
                                     [&](const auto& one) { return one.get() == ended; });
        if (it == cleanups_.end())
            return;
        const auto finished = std::move(*it); // its own code is still running
        cleanups_.erase(it);
        if (closing_)
            continue_close();
    });
}

/// Lets go of the connection; @p gone: the service no longer knows it, so there is nothing to tidy.
void SessionImpl::drop_connection(bool gone, const Error& reason)
{
    const auto connection = std::move(connection_);
    if (!connection)
        return;
    connection->cancel_requests(*api_);
    if (const auto exchange = std::move(connection->exchange))
        connection->remember(*exchange); // and its request is cancelled
    connection->peer->close();
    if (!gone)
        clean_up(*connection);

    std::vector<SlotId> closed;
    for (SessionSlot* slot : slots_in_order()) {
        slot->forget_session();
        if (slot->removed) {
            closed.push_back(slot->id);
        } else if (slot->state == SlotState::Active) {
            slot->state = SlotState::Pending;
            emit_slot(*slot, &reason);
        }
    }
    for (const SlotId id : closed)
        finish_closed(*find(id));
    if (!connection->id.empty())
        emit([id = connection->id, reason](SessionEvents& events) {
            events.on_session_lost(id, reason);
        });
}

/// A session that waits for a track to appear expires unused after a while, which is nobody's
/// fault.
bool SessionImpl::has_expired_unused(const Error& reason) const
{
    return reason.code == ErrorCode::SessionGone && connection_ && !connection_->described &&
           executor_->now() - connection_->made_at >= kStableAfter;
}

/// The present Calls session is of no use any more.
void SessionImpl::lose(Error reason)
{
    if (has_expired_unused(reason)) {
        backoff_.reset();
        losses_ = 0;
    }
    const bool bad_answer = is_bad_answer(reason);
    // An address that never gave a usable answer is the wrong address, not a bad moment.
    const bool hopeless = bad_answer && (!ever_connected_ || ++bad_answers_ >= kMaxBadAnswers);
    const bool used_up =
        options_.max_retries >= 0 && losses_ >= static_cast<unsigned>(options_.max_retries);
    if (!options_.reconnect || hopeless || used_up) {
        if (used_up)
            reason.debug += " (given up after " + std::to_string(losses_) + " retries)";
        fail(std::move(reason));
        return;
    }
    ++losses_;
    const bool lasted = connection_ && connection_->lasted;
    drop_connection(reason.code == ErrorCode::SessionGone, reason);
    schedule_connect(reason, lasted);
}

/// Whether there is anything to make a new session for; one without tracks would only expire again.
bool SessionImpl::begin_reconnecting(const Error& reason)
{
    reconnecting_ = true;
    dormant_ = !has_wanted_slots();
    if (dormant_)
        set_state(SessionState::Reconnecting, &reason);
    return !dormant_;
}

/// @p lasted: the connection that was lost had been good, so its loss is the first in a row and
/// waiting would only lengthen the gap. The random part keeps many clients of one server apart.
void SessionImpl::schedule_connect(const Error& reason, bool lasted)
{
    if (!begin_reconnecting(reason))
        return;
    const Milliseconds pause =
        lasted ? Milliseconds{std::llround(kFirstRetrySpread * random_() *
                                           double(options_.backoff.initial.count()))}
               : backoff_.next();
    const Milliseconds delay = std::max(pause, reason.retry_after.value_or(Milliseconds{0}));
    retry_timer_.start(delay, [weak = weak_from_this(), this] {
        if (const auto self = weak.lock())
            connect();
    });
    set_state(SessionState::Reconnecting, &reason, delay);
}

void SessionImpl::restart(Error reason)
{
    if (closing_ || state_ == SessionState::Idle || dormant_)
        return;
    losses_ = 0;
    bad_answers_ = 0;
    if (!connection_ && state_ == SessionState::Reconnecting) {
        retry_timer_.cancel(); // somebody knows better than the back-off
        connect();
        return;
    }
    drop_connection(reason.code == ErrorCode::SessionGone, reason);
    if (!begin_reconnecting(reason))
        return;
    set_state(SessionState::Reconnecting, &reason, Milliseconds{0});
    connect();
}

void SessionImpl::fail(Error error)
{
    drop_connection(error.code == ErrorCode::SessionGone, error);
    retry_timer_.cancel();
    reconnecting_ = false;
    for (auto& [id, slot] : slots_)
        slot.retry_timer->cancel();
    set_state(SessionState::Failed, &error);
    emit([error = std::move(error)](SessionEvents& events) { events.on_failed(error); });
}

} // namespace cf::calls

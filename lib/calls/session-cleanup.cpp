/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/session-cleanup.hpp"

#include <algorithm>

#include "lib/base/log.hpp"

namespace cf::calls
{

namespace
{

constexpr unsigned kMaxTries = 5;
constexpr Milliseconds kFirstDelay{250}; // doubles: four waits are 3.75 s together

} // namespace

SessionCleanup::SessionCleanup(std::shared_ptr<Executor> executor, std::shared_ptr<CallsApi> api,
                               std::string name, SessionId session, std::set<Mid> mids, bool look)
    : executor_(std::move(executor)), api_(std::move(api)), name_(std::move(name)),
      session_(std::move(session)), mids_(std::move(mids)), look_(look), timer_(*executor_)
{
}

SessionCleanup::~SessionCleanup()
{
    if (request_ != 0)
        api_->cancel(request_);
}

void SessionCleanup::start(std::function<void()> done)
{
    done_ = std::move(done);
    executor_->post([weak = weak_from_this()] {
        if (const auto self = weak.lock())
            self->step();
    });
}

void SessionCleanup::step()
{
    if (look_)
        look();
    else if (!mids_.empty())
        close();
    else
        finish();
}

void SessionCleanup::look()
{
    request_ = api_->get_session(session_, [weak = weak_from_this()](Result<SessionInfo> info) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->request_ = 0;
        if (!info) {
            self->again(Call::GetSession, info.error());
            return;
        }
        for (const TrackState& track : info->tracks) {
            if (track.status != TrackStatus::Inactive && !track.track.mid.empty())
                self->mids_.insert(track.track.mid);
        }
        self->look_ = false;
        self->step();
    });
}

void SessionCleanup::close()
{
    CloseTracksRequest message;
    message.force = true;
    for (const Mid& mid : mids_) {
        if (message.mids.size() < kMaxTracksPerCall)
            message.mids.push_back(mid);
    }
    std::vector<Mid> asked = message.mids;
    request_ = api_->close_tracks(
        session_, std::move(message),
        [weak = weak_from_this(), asked = std::move(asked)](Result<CloseTracksAnswer> answer) {
            const auto self = weak.lock();
            if (!self)
                return;
            self->request_ = 0;
            self->on_closed(asked, std::move(answer));
        });
}

void SessionCleanup::on_closed(const std::vector<Mid>& asked, Result<CloseTracksAnswer> answer)
{
    if (!answer) {
        again(Call::CloseTracks, answer.error());
        return;
    }
    std::optional<Error> error;
    for (const Mid& mid : asked) {
        const auto item = std::find_if(answer->tracks.begin(), answer->tracks.end(),
                                       [&](const Track& track) { return track.mid == mid; });
        if (item == answer->tracks.end())
            error = Error{ErrorCode::Protocol, "The service did not say what became of the track."};
        else if (item->error && item->error->code != "close_track_error")
            error = item_error(*item->error);
        else
            mids_.erase(mid);
    }
    if (!error) {
        step(); // more than go in one call
        return;
    }
    if (++tries_ >= kMaxTries) {
        finish();
        return;
    }
    timer_.start(kFirstDelay * (1U << (tries_ - 1)), [this] { step(); });
}

void SessionCleanup::again(Call call, const Error& error)
{
    const Reaction reaction = reaction_to(call, error);
    const bool can_help = reaction == Reaction::RetryRequest || reaction == Reaction::RetryLater;
    if (!can_help || ++tries_ >= kMaxTries) {
        if (error.code != ErrorCode::SessionGone)
            CF_WARNING("session", name_.c_str(), "tracks may stay open for a while: %s",
                       error.debug.c_str());
        finish();
        return;
    }
    timer_.start(
        std::max(kFirstDelay * (1U << (tries_ - 1)), error.retry_after.value_or(Milliseconds{0})),
        [this] { step(); });
}

void SessionCleanup::finish()
{
    // `done` may drop us: nothing of ours is touched afterwards.
    if (auto done = std::exchange(done_, nullptr))
        done();
}

} // namespace cf::calls

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/exchange.hpp"

#include "lib/base/log.hpp"
#include "lib/calls/exchange-request.hpp"

namespace cf::calls
{

namespace
{

// How often to ask whether a request that got no answer was carried out.
constexpr BackoffOptions kLookBackoff{Milliseconds{500}, Milliseconds{10000}};

Error protocol_error(const char* what)
{
    Error error{ErrorCode::Protocol,
                "The server does not answer as the Calls API does: check api-base."};
    error.debug = what;
    return error;
}

} // namespace

Exchange::Exchange(ExchangeContext context, std::vector<ExchangeItem> items)
    : context_(std::move(context)), items_(std::move(items)),
      look_backoff_(kLookBackoff, context_.random), repeat_timer_(*context_.executor),
      peer_timer_(*context_.executor)
{
}

Exchange::~Exchange()
{
    if (request_ != 0)
        context_.api->cancel(request_);
}

void Exchange::start(Finished finished)
{
    finished_ = std::move(finished);
    begin();
}

void Exchange::set_session(SessionId id)
{
    context_.session = std::move(id);
    if (finished_)
        on_session();
}

void Exchange::create_offer(OfferPlan plan, std::function<void(LocalOffer)> then)
{
    context_.peer->create_offer(
        std::move(plan),
        from_peer<LocalOffer>([this, then = std::move(then)](Result<LocalOffer> offer) {
            if (!offer) {
                fail(std::nullopt, std::move(offer.error()), Reaction::FailTrack);
                return;
            }
            offer_open_ = true;
            then(offer.take());
        }));
}

void Exchange::drop_offer()
{
    if (std::exchange(offer_open_, false))
        context_.peer->abandon_offer();
}

void Exchange::apply(const std::optional<SessionDescription>& description,
                     std::vector<IncomingTrack> incoming, std::function<void()> then)
{
    if (!description) {
        then();
    } else if (description->type == SdpType::Answer) {
        apply_answer(description->sdp, std::move(then));
    } else {
        drop_offer();
        apply_offer(description->sdp, std::move(incoming), std::move(then));
    }
}

void Exchange::apply_answer(std::string sdp, std::function<void()> then)
{
    if (!std::exchange(offer_open_, false)) {
        fail(std::nullopt, protocol_error("an answer came, but there is no offer of ours"),
             Reaction::ReplaceSession);
        return;
    }
    context_.peer->set_answer(
        std::move(sdp), from_peer<Unit>([this, then = std::move(then)](Result<Unit> done) {
            if (!done) {
                // The service has committed what we cannot.
                fail(std::nullopt, std::move(done.error()), Reaction::ReplaceSession);
                return;
            }
            context_.on_described();
            then();
        }));
}

void Exchange::apply_offer(std::string sdp, std::vector<IncomingTrack> incoming,
                           std::function<void()> then)
{
    if (++rounds_ > kMaxRounds) {
        fail(std::nullopt, protocol_error("the service makes one offer after the other"),
             Reaction::ReplaceSession);
        return;
    }
    context_.peer->set_offer(std::move(sdp), std::move(incoming),
                             from_peer<SessionDescription>(
                                 [this, then = std::move(then)](Result<SessionDescription> answer) {
                                     if (!answer) {
                                         // The service waits for an answer that we cannot give.
                                         fail(std::nullopt, std::move(answer.error()),
                                              Reaction::ReplaceSession);
                                         return;
                                     }
                                     context_.on_described();
                                     send_answer(answer.take(), then);
                                 }));
}

void Exchange::send_answer(SessionDescription answer, std::function<void()> then)
{
    request<RenegotiateAnswer>(
        Call::Renegotiate,
        [this, answer = std::move(answer)](Done<RenegotiateAnswer> done) {
            return context_.api->renegotiate(context_.session, {answer}, std::move(done));
        },
        [this, then = std::move(then)](RenegotiateAnswer reply) {
            // An answer to our answer would have nothing to apply to; the schema allows one.
            if (reply.description && reply.description->type == SdpType::Offer)
                apply(reply.description, {}, then);
            else
                then();
        });
}

/// How long to wait before the same request is sent again; nothing if it is not.
std::optional<Milliseconds> Exchange::delay_before_repeat(Call call, const Error& error)
{
    if (reaction_to(call, error) != Reaction::RetryRequest)
        return std::nullopt;
    Milliseconds delay{0};
    if (error.unsent) {
        // It did not even leave: say it for as long as it takes. Should the network be gone for
        // media too, the transport says so.
        delay = look_backoff_.next();
    } else if (++repeats_ <= kMaxRepeats) {
        delay = kRepeatDelay * repeats_;
    } else {
        return std::nullopt;
    }
    context_.on_repeat(call, error);
    return std::max(delay, error.retry_after.value_or(Milliseconds{0}));
}

void Exchange::fail(Call call, Error error)
{
    if (absorb(call, error))
        return;
    if (call == Call::NewTracks && outcome_unknown(error) && context_.is_connected()) {
        look_for_traces(std::move(error));
        return;
    }
    Reaction reaction = reaction_to(call, error);
    if (reaction == Reaction::RetryRequest) { // used up
        const bool sdp = call == Call::NewTracks || call == Call::Renegotiate;
        reaction = sdp ? Reaction::ReplaceSession : Reaction::RetryLater;
    }
    fail(call, std::move(error), reaction);
}

// The answer to a tracks/new was lost while media flows. To replace the session would interrupt
// all of it, perhaps for nothing: the request may never have arrived. So ask first, for as long as
// it takes; should the network be gone for media too, the transport says so.
void Exchange::look_for_traces(Error error)
{
    context_.on_repeat(Call::NewTracks, error);
    repeat_timer_.start(look_backoff_.next(), [weak = weak_from_this(), this, error] {
        const auto self = weak.lock();
        if (!self)
            return;
        request_ = context_.api->get_session(context_.session, [weak, this,
                                                                error](Result<SessionInfo> info) {
            const auto alive = weak.lock();
            if (!alive || !finished_)
                return;
            request_ = 0;
            if (!info && (outcome_unknown(info.error()) ||
                          reaction_to(Call::GetSession, info.error()) == Reaction::RetryLater)) {
                look_for_traces(error);
                return;
            }
            bool carried_out = !info;
            for (const TrackState& track : info ? info->tracks : std::vector<TrackState>{}) {
                carried_out = carried_out || (track.status != TrackStatus::Inactive &&
                                              !context_.open_mids.contains(track.track.mid));
            }
            CF_INFO("session", context_.name.c_str(), "a tracks/new without an answer was %s",
                    carried_out ? "carried out" : "not carried out");
            fail(Call::NewTracks, error,
                 carried_out ? Reaction::ReplaceSession : Reaction::RetryLater);
        });
    });
}

void Exchange::fail(std::optional<Call> call, Error error, Reaction reaction)
{
    drop_offer();
    ExchangeResult result;
    result.failure = ExchangeFailure{call, std::move(error), reaction};
    finish(std::move(result));
}

void Exchange::finish(ExchangeResult result)
{
    repeat_timer_.cancel();
    peer_timer_.cancel();
    drop_offer();
    // The one who called us may drop us in here: nothing of ours is touched afterwards.
    if (auto finished = std::exchange(finished_, nullptr))
        finished(std::move(result));
}

} // namespace cf::calls

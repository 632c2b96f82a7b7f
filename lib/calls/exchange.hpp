/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Exchange: one conversation with the service from its first message to the moment at which the
// next may begin: for an offer of ours until the answer is applied, for an offer of the service
// until `/renegotiate` has succeeded. It knows nothing of intents; the session reads its result.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/backoff.hpp"
#include "lib/base/executor.hpp"
#include "lib/calls/api.hpp"
#include "lib/calls/errors.hpp"
#include "lib/calls/peer-connection.hpp"
#include "lib/calls/types.hpp"

namespace cf::calls
{

/// What an exchange is asked to do about one slot; each kind reads what it needs.
struct ExchangeItem {
    SlotId slot = 0;
    Mid mid = {};                ///< close, update
    std::string track_name = {}; ///< publish
    TrackLocator source = {};    ///< pull, update
    std::optional<MediaKind> kind = {};
    std::optional<Simulcast> simulcast = {};
};

struct ItemResult {
    ExchangeItem item;
    Mid mid = {}; ///< of what is now open
    std::optional<Error> error = {};
};
struct ExchangeFailure {
    std::optional<Call> call; ///< none: our own end failed
    Error error;
    Reaction reaction = Reaction::RetryLater;
};
struct ExchangeResult {
    std::vector<ItemResult> items; ///< all of them, unless there is a failure
    std::vector<Mid> orphans;      ///< open at the service, but for no item
    std::optional<ExchangeFailure> failure = {};
};

struct ExchangeContext {
    std::string name; ///< for the log
    std::shared_ptr<Executor> executor;
    std::shared_ptr<CallsApi> api;
    std::shared_ptr<PeerConnection> peer;
    std::function<double()> random;
    SessionId session;       ///< empty: not made yet, see set_session()
    std::set<Mid> open_mids; ///< of this session, before the exchange
    /// Whether media flows, so that a doubt is worth clearing up before the session is given up.
    std::function<bool()> is_connected;
    /// A description has been applied: the transport is on its way.
    std::function<void()> on_described;
    /// A request failed and is repeated within the exchange.
    std::function<void(Call call, const Error& error)> on_repeat;
};

/// I/O thread only. Dropping the last reference takes it back: requests are cancelled and
/// `finished` is not called.
class Exchange : public std::enable_shared_from_this<Exchange>
{
public:
    using Finished = std::function<void(ExchangeResult)>;

    Exchange(ExchangeContext context, std::vector<ExchangeItem> items);
    virtual ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// @p finished is called once, never from within.
    void start(Finished finished);
    /// The Calls session has been made; what was ready and waited for it goes on.
    void set_session(SessionId id);

    /// Mids that may be open at the service if the exchange ended now.
    [[nodiscard]] const std::set<Mid>& mids_at_risk() const { return at_risk_; }
    /// Whether there may be more, which only the service knows.
    [[nodiscard]] bool has_unknown_mids() const { return unknown_mids_; }

protected:
    virtual void begin() = 0;
    virtual void on_session() {}
    /// Lets a kind take a refusal of the whole request as one of each item.
    virtual bool absorb(Call, const Error&) { return false; }

    /// Sends, and repeats where reaction_to() says so; @p then gets the answer.
    template <typename Answer>
    void request(Call call, std::function<RequestId(Done<Answer>)> send,
                 std::function<void(Answer)> then);
    /// A `done` for the peer connection that minds the time it takes.
    template <typename T> Done<T> from_peer(std::function<void(Result<T>)> then);

    void create_offer(OfferPlan plan, std::function<void(LocalOffer)> then);
    /// Goes by what @p description is, not by what was expected; @p then runs when the next
    /// exchange may begin.
    void apply(const std::optional<SessionDescription>& description,
               std::vector<IncomingTrack> incoming, std::function<void()> then);
    void drop_offer();

    void fail(Call call, Error error);
    void fail(std::optional<Call> call, Error error, Reaction reaction);
    void finish(ExchangeResult result);

    ExchangeContext context_;
    const std::vector<ExchangeItem> items_;
    std::set<Mid> at_risk_;
    bool unknown_mids_ = false;

private:
    std::optional<Milliseconds> delay_before_repeat(Call call, const Error& error);
    void look_for_traces(Error error);
    void apply_answer(std::string sdp, std::function<void()> then);
    void apply_offer(std::string sdp, std::vector<IncomingTrack> incoming,
                     std::function<void()> then);
    void send_answer(SessionDescription answer, std::function<void()> then);

    Finished finished_;
    RequestId request_ = 0;
    unsigned repeats_ = 0; ///< of the present request
    unsigned rounds_ = 0;  ///< offers of the service in this exchange
    bool offer_open_ = false;
    Backoff look_backoff_;
    ScopedTimer repeat_timer_;
    ScopedTimer peer_timer_;
};

/// One offer for all items, one `tracks/new`. Results are matched by mid.
std::shared_ptr<Exchange> make_publish_exchange(ExchangeContext context,
                                                std::vector<ExchangeItem> items);
/// One `tracks/new` for all items, answered through `renegotiate`. Results are matched by source.
std::shared_ptr<Exchange> make_pull_exchange(ExchangeContext context,
                                             std::vector<ExchangeItem> items);
/// One forced `tracks/close`; an item that was closed already is a success.
std::shared_ptr<Exchange> make_close_exchange(ExchangeContext context,
                                              std::vector<ExchangeItem> items);
/// One `tracks/update`.
std::shared_ptr<Exchange> make_update_exchange(ExchangeContext context,
                                               std::vector<ExchangeItem> items);

} // namespace cf::calls

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// FakeCallsApi: the service behind the CallsApi seam, without a network: it keeps sessions and
// tracks, answers as the service does, fails as it is told to, and watches that its client keeps
// the rules (one exchange at a time, /renegotiate before anything else, at most 64 tracks).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/executor.hpp"
#include "lib/calls/api.hpp"
#include "lib/calls/errors.hpp"

namespace cf::test
{

/// What happens to one call instead of what should.
struct ApiFault {
    enum class Kind {
        Refuse, ///< not carried out, `error`
        Lose,   ///< carried out, but the answer does not arrive: `error`
        Hold,   ///< nothing happens until release()
        Edit,   ///< carried out, the answer goes through `edit`
    };
    using AnyAnswer =
        std::variant<calls::NewSessionAnswer, calls::NewTracksAnswer, calls::RenegotiateAnswer,
                     calls::CloseTracksAnswer, calls::UpdateTracksAnswer, calls::SessionInfo>;

    Kind kind = Kind::Refuse;
    Error error = {};
    std::function<void(AnyAnswer&)> edit = {};
};

/// One thread: the executor's.
class FakeCallsApi final : public calls::CallsApi
{
public:
    using AnyRequest =
        std::variant<calls::NewSessionRequest, calls::NewTracksRequest, calls::RenegotiateRequest,
                     calls::CloseTracksRequest, calls::UpdateTracksRequest, std::monostate>;
    struct Seen {
        calls::Call call;
        calls::SessionId session;
        AnyRequest request;
        TimePoint when;
    };
    struct OpenTrack {
        calls::SessionId session;
        calls::Mid mid;
        calls::Location location;
        calls::TrackLocator publication;
    };

    explicit FakeCallsApi(std::shared_ptr<Executor> executor) : executor_(std::move(executor)) {}
    ~FakeCallsApi() override;

    // ---- What a test arranges ----

    /// For the next call of this kind that has no fault yet.
    void fault_next(calls::Call call, ApiFault fault);
    /// An answer of @p status with this `errorCode`.
    void refuse_next(calls::Call call, unsigned status, const std::string& code = "",
                     std::optional<Milliseconds> retry_after = std::nullopt);
    void lose_next(calls::Call call, ErrorCode code = ErrorCode::Timeout);
    void hold_next(calls::Call call);
    template <typename Answer> void edit_next(calls::Call call, std::function<void(Answer&)> edit)
    {
        ApiFault fault{ApiFault::Kind::Edit};
        fault.edit = [edit](ApiFault::AnyAnswer& answer) { edit(std::get<Answer>(answer)); };
        fault_next(call, std::move(fault));
    }
    /// The next @p times that an item of @p call names the track (or mid), it gets this error.
    void fail_item(calls::Call call, const std::string& name, const std::string& code,
                   unsigned times = 1);
    /// The next tracks/new that publishes is met with an offer; nothing is published.
    void counter_next() { counter_ = true; }
    /// The next tracks/new that pulls needs no offer: the tracks go where others were before.
    void skip_offer_next() { skip_offer_ = true; }
    /// Lets everything go on that hold_next() held.
    void release();
    /// Takes back all of the above, and `chaos`.
    void forget_faults();
    /// Asked for a fault before each call that has none; for random tests.
    std::function<std::optional<ApiFault>(calls::Call)> chaos;
    /// Whether a cancelled request had already been carried out; null: never.
    std::function<bool()> cancelled_too_late;
    Milliseconds latency{0};

    void add_publication(const calls::SessionId& session, const std::string& track_name);
    void remove_publication(const calls::SessionId& session, const std::string& track_name);
    /// From now on the session answers 410.
    void expire(const calls::SessionId& session);

    // ---- What a test looks at ----

    [[nodiscard]] const std::vector<Seen>& seen() const { return seen_; }
    [[nodiscard]] std::size_t count(calls::Call call) const;
    /// The last request of this kind; there must be one.
    template <typename Request> [[nodiscard]] const Request& last(calls::Call call) const
    {
        return std::get<Request>(last_seen(call).request);
    }
    [[nodiscard]] std::vector<OpenTrack> open_tracks() const;
    [[nodiscard]] std::size_t pending() const { return pending_.size(); }
    [[nodiscard]] std::vector<calls::SessionId> sessions() const;
    /// What the client did that it must not.
    std::vector<std::string> violations;

    // ---- CallsApi ----

    calls::RequestId new_session(calls::NewSessionRequest request,
                                 calls::Done<calls::NewSessionAnswer> done) override;
    calls::RequestId new_tracks(const calls::SessionId& session, calls::NewTracksRequest request,
                                calls::Done<calls::NewTracksAnswer> done) override;
    calls::RequestId renegotiate(const calls::SessionId& session, calls::RenegotiateRequest request,
                                 calls::Done<calls::RenegotiateAnswer> done) override;
    calls::RequestId close_tracks(const calls::SessionId& session,
                                  calls::CloseTracksRequest request,
                                  calls::Done<calls::CloseTracksAnswer> done) override;
    calls::RequestId update_tracks(const calls::SessionId& session,
                                   calls::UpdateTracksRequest request,
                                   calls::Done<calls::UpdateTracksAnswer> done) override;
    calls::RequestId get_session(const calls::SessionId& session,
                                 calls::Done<calls::SessionInfo> done) override;
    void cancel(calls::RequestId id) override;

private:
    struct Track {
        calls::Location location;
        calls::TrackLocator publication;
        bool open = true;
    };
    struct ServerSession {
        bool gone = false;
        bool offer_pending = false; ///< of ours, until /renegotiate
        bool troubled = false;      ///< something failed here: forced closes may come at any time
        bool retired = false;       ///< closed with an offer open: nothing else may follow
        calls::RequestId busy = 0;  ///< the mutation under way
        unsigned next_mid = 0;
        std::map<calls::Mid, Track> tracks;
    };
    struct Pending {
        calls::Call call;
        calls::SessionId session;
        std::function<std::function<void()>()> carry_out; ///< gives what delivers the answer
        std::function<void(Error)> fail;
        bool held = false;
        TimerId timer = 0;
    };

    template <typename Request, typename Answer>
    calls::RequestId take(calls::Call call, const calls::SessionId& session, Request request,
                          calls::Done<Answer> done);
    void schedule(calls::RequestId id);
    void watch(calls::Call call, const calls::SessionId& session, calls::RequestId id);
    void complete(calls::RequestId id);
    const Seen& last_seen(calls::Call call) const;
    std::optional<ApiFault> next_fault(calls::Call call);
    std::optional<calls::ItemError> next_item_error(calls::Call call, const std::string& name);
    Result<ServerSession*> usable(calls::Call call, const calls::SessionId& session);

    Result<calls::NewSessionAnswer> answer(const calls::SessionId& session,
                                           const calls::NewSessionRequest& request);
    Result<calls::NewTracksAnswer> answer(const calls::SessionId& session,
                                          const calls::NewTracksRequest& request);
    Result<calls::RenegotiateAnswer> answer(const calls::SessionId& session,
                                            const calls::RenegotiateRequest& request);
    Result<calls::CloseTracksAnswer> answer(const calls::SessionId& session,
                                            const calls::CloseTracksRequest& request);
    Result<calls::UpdateTracksAnswer> answer(const calls::SessionId& session,
                                             const calls::UpdateTracksRequest& request);
    Result<calls::SessionInfo> answer(const calls::SessionId& session, const std::monostate&);
    calls::Track publish_one(ServerSession& s, const calls::SessionId& id,
                             const calls::Track& asked);
    calls::Track pull_one(ServerSession& s, const calls::Track& asked);
    bool is_published(const calls::TrackLocator& publication) const;

    std::shared_ptr<Executor> executor_;
    std::map<calls::SessionId, ServerSession> sessions_;
    std::set<calls::TrackLocator> others_; ///< publications of other clients
    std::map<calls::Call, std::deque<ApiFault>> faults_;
    struct ItemFault {
        calls::Call call;
        std::string name;
        std::string code;
        unsigned times;
    };
    std::vector<ItemFault> item_faults_;
    std::map<calls::RequestId, Pending> pending_;
    std::vector<Seen> seen_;
    calls::RequestId last_id_ = 0;
    unsigned made_sessions_ = 0;
    bool counter_ = false;
    bool skip_offer_ = false;
};

} // namespace cf::test

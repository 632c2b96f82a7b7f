/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionImpl: the Session. docs/design/session.md has the states, the rules of the queue and the
// table of what is done about which loss.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/calls/session-cleanup.hpp"
#include "lib/calls/session-connection.hpp"
#include "lib/calls/session-slot.hpp"
#include "lib/calls/session.hpp"

namespace cf::calls
{

class SessionImpl final : public Session
{
public:
    SessionImpl(std::shared_ptr<Executor> executor, std::shared_ptr<CallsApi> api,
                PeerConnectionFactory factory, SessionOptions options, SessionEvents& events,
                std::function<double()> random);
    ~SessionImpl() override;

    // session-impl.cpp
    void start() override;
    void close(Milliseconds timeout, std::function<void()> done) override;
    [[nodiscard]] SessionState state() const override { return state_; }
    [[nodiscard]] const SessionId& session_id() const override;

    // session-intents.cpp
    void publish(PublishIntent intent) override;
    void pull(PullIntent intent) override;
    void remove(SlotId slot) override;
    void update(SlotId slot, std::optional<TrackLocator> source,
                std::optional<Simulcast> simulcast) override;
    void pull_again(SlotId slot, Error reason) override;

    // session-recovery.cpp
    void restart(Error reason) override;

    // From the peer connection; session-recovery.cpp and session-intents.cpp.
    void on_transport_state(TransportState state, const std::string& reason);
    void on_media_flowing(SlotId slot);
    void on_slot_failed(SlotId slot, Error error);

private:
    using SlotMap = std::map<SlotId, SessionSlot>;

    // session-impl.cpp: events, states, the end.
    void emit(std::function<void(SessionEvents&)> event);
    void emit_slot(const SessionSlot& slot, const Error* reason = nullptr);
    void emit_api_error(Call call, const Error& error, bool will_retry);
    void set_state(SessionState state, const Error* reason = nullptr,
                   std::optional<Milliseconds> retry_delay = std::nullopt);
    void refresh_state();
    void continue_close();
    void finish_close();

    // session-intents.cpp: what becomes of a slot.
    void add(SlotId id, Intent intent);
    void enqueue(SessionSlot& slot);
    void enqueue_close(SessionSlot& slot);
    void opened(SessionSlot& slot, const Mid& mid);
    void refused(SessionSlot& slot, const Error& error, Reaction reaction);
    void retry_slot(SessionSlot& slot, const Error& error);
    void fail_slot(SessionSlot& slot, const Error& error);
    void finish_closed(SessionSlot& slot);
    void after_close(SessionSlot& slot);
    [[nodiscard]] SessionSlot* find(SlotId slot);
    [[nodiscard]] std::vector<SessionSlot*> slots_in_order();
    [[nodiscard]] bool has_wanted_slots() const;
    [[nodiscard]] bool receives_nothing() const;

    // session-exchanges.cpp: the queue and its results.
    void pump();
    void run_next();
    [[nodiscard]] bool may_run(JobKind kind) const;
    [[nodiscard]] ExchangeContext exchange_context();
    void start_exchange(std::vector<Job> jobs);
    void on_result(ExchangeResult result);
    void on_item(JobKind kind, const ItemResult& one);
    void on_close_item(const ItemResult& one);
    void on_failure(const std::vector<Job>& jobs, const ExchangeFailure& failure);
    void put_back(const std::vector<Job>& jobs, bool solo);
    void give_up(const Job& job, const Error& error);
    void retry_exchange(const std::vector<Job>& jobs, const ExchangeFailure& failure);
    void blame(const std::vector<Job>& jobs, const Error& error);

    // session-recovery.cpp: connections come and go.
    void connect();
    void on_new_session(Result<NewSessionAnswer> answer);
    void on_described();
    void on_connected();
    void expect_media();
    void look_for_media();
    [[nodiscard]] bool sends_to_us(const SessionInfo& info) const;
    [[nodiscard]] bool has_expired_unused(const Error& reason) const;
    void lose(Error reason);
    void drop_connection(bool gone, const Error& reason);
    [[nodiscard]] bool begin_reconnecting(const Error& reason);
    void schedule_connect(const Error& reason, bool lasted);
    void fail(Error error);
    void clean_up(const SessionConnection& connection);

    const std::shared_ptr<Executor> executor_;
    const std::shared_ptr<CallsApi> api_;
    const PeerConnectionFactory factory_;
    const SessionOptions options_;
    SessionEvents& events_;
    const std::function<double()> random_;

    SessionState state_ = SessionState::Idle;
    SlotMap slots_;
    std::uint64_t next_order_ = 0;
    std::unique_ptr<SessionConnection> connection_;
    std::uint64_t connections_ = 0; ///< made so far
    std::vector<std::shared_ptr<SessionCleanup>> cleanups_;
    bool pump_posted_ = false;

    Backoff backoff_;
    ScopedTimer retry_timer_;
    unsigned losses_ = 0;      ///< in a row, without having been connected
    unsigned bad_answers_ = 0; ///< of them, for answers that could not be used
    bool ever_connected_ = false;
    bool reconnecting_ = false;
    bool dormant_ = false; ///< lost while there was nothing to replay; the next intent wakes it

    bool closing_ = false;
    TimerId close_timer_ = 0;
    TimePoint close_deadline_;
    std::unique_ptr<SessionConnection> closing_connection_; ///< its peer lives till the end
    std::vector<std::function<void()>> on_closed_;
};

} // namespace cf::calls

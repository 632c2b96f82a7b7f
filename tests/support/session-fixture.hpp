/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionFixture: a Session between a fake service and a fake media end, in time moved by hand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/calls/session.hpp"
#include "tests/support/check.hpp"
#include "tests/support/fake-calls-api.hpp"
#include "tests/support/fake-peer-connection.hpp"
#include "tests/support/manual-executor.hpp"

namespace cf::test
{

/// Writes down what a Session says.
class SessionRecorder final : public calls::SessionEvents
{
public:
    struct State {
        calls::SessionState state;
        std::optional<Error> reason;
        std::optional<Milliseconds> delay;
    };
    struct Slot {
        calls::SlotInfo info;
        std::optional<Error> reason;
    };
    struct ApiError {
        std::string call;
        Error error;
        bool will_retry;
    };

    void on_state(calls::SessionState old_state, calls::SessionState new_state, const Error* reason,
                  std::optional<Milliseconds> retry_delay) override
    {
        event();
        g_assert(states.empty() || states.back().state == old_state);
        states.push_back(
            {new_state, reason != nullptr ? std::optional{*reason} : std::nullopt, retry_delay});
    }
    void on_session_created(const calls::SessionId& id) override
    {
        event();
        created.push_back(id);
    }
    void on_session_lost(const calls::SessionId& id, const Error& reason) override
    {
        event();
        lost.emplace_back(id, reason);
    }
    void on_slot(calls::SlotId slot, const calls::SlotInfo& info, const Error* reason) override
    {
        event();
        slots[slot].push_back({info, reason != nullptr ? std::optional{*reason} : std::nullopt});
    }
    void on_api_error(const char* call, const Error& error, bool will_retry) override
    {
        event();
        api_errors.push_back({call, error, will_retry});
    }
    void on_failed(const Error& error) override
    {
        event();
        g_assert(!failed);
        failed = error;
    }

    /// From close() on there must be no event.
    void expect_silence() { silent_ = true; }

    std::vector<State> states;
    std::vector<calls::SessionId> created;
    std::vector<std::pair<calls::SessionId, Error>> lost;
    std::map<calls::SlotId, std::vector<Slot>> slots;
    std::vector<ApiError> api_errors;
    std::optional<Error> failed;

private:
    void event() const { g_assert(!silent_); }
    bool silent_ = false;
};

struct SessionFixture {
    SessionFixture()
    {
        options.name = "test";
        api->add_publication("publisher", "cam");
        api->add_publication("publisher", "mic");
    }
    /// Nothing may be left behind, and no rule of either seam broken.
    ~SessionFixture()
    {
        if (session && session->state() != calls::SessionState::Closed) {
            recorder.expect_silence();
            bool done = false;
            session->close(Milliseconds{30000}, [&done] { done = true; });
            executor->advance(Milliseconds{30000});
            g_assert(done);
        }
        session.reset();
        executor->run_pending();
        check_rules();
        for (const auto& peer : peers.made)
            g_assert(peer->closed());
    }
    void check_rules() const
    {
        for (const std::string& violation : api->violations)
            g_error("the session broke a rule of the service: %s", violation.c_str());
        for (const auto& peer : peers.made) {
            for (const std::string& violation : peer->violations)
                g_error("the session broke a rule of PeerConnection: %s", violation.c_str());
        }
    }

    void make()
    {
        peers.behaviour = behaviour;
        session = calls::Session::create(executor, api, peers.function(), options, recorder,
                                         [] { return 0.0; });
    }
    void start()
    {
        make();
        session->start();
    }
    /// Everything that happens without time passing.
    void settle() { executor->run_pending(); }
    void advance(unsigned ms) { executor->advance(Milliseconds{ms}); }

    void publish(calls::SlotId slot, const std::string& name = "")
    {
        session->publish(
            {slot, calls::MediaKind::Video, name.empty() ? "track-" + std::to_string(slot) : name});
    }
    void pull(calls::SlotId slot, const std::string& name = "cam")
    {
        session->pull({slot, {"publisher", name}, {}, {}});
    }
    /// Started, connected, with one published track in slot 1.
    void connect_publisher()
    {
        start();
        publish(1);
        settle();
        expect_slot(1, calls::SlotState::Active);
        expect_state(calls::SessionState::Connected);
    }
    void connect_puller()
    {
        start();
        pull(1);
        settle();
        expect_slot(1, calls::SlotState::Active);
    }

    FakePeerConnection& peer() { return *peers.made.back(); }
    [[nodiscard]] bool has_slot(calls::SlotId slot) const { return recorder.slots.contains(slot); }
    const SessionRecorder::Slot& slot(calls::SlotId id)
    {
        g_assert(recorder.slots.contains(id));
        return recorder.slots.at(id).back();
    }
    void expect_slot(calls::SlotId id, calls::SlotState state)
    {
        ck_assert_str_eq(to_string(slot(id).info.state), to_string(state));
    }
    void expect_state(calls::SessionState state) const
    {
        ck_assert_str_eq(to_string(session->state()), to_string(state));
    }
    [[nodiscard]] std::size_t open() const { return api->open_tracks().size(); }

    std::shared_ptr<ManualExecutor> executor = std::make_shared<ManualExecutor>();
    std::shared_ptr<FakeCallsApi> api = std::make_shared<FakeCallsApi>(executor);
    FakePeerFactory peers{executor};
    FakePeerBehaviour behaviour;
    SessionRecorder recorder;
    calls::SessionOptions options;
    std::shared_ptr<calls::Session> session;
};

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Random intents against a service and a media end that fail at random. Whatever happened: no rule
// of either seam is broken, and once the faults stop every intent comes true and nothing is left
// open. CF_TEST_SEED repeats one run, CF_TEST_RUNS sets how many there are, CF_TEST_LOG shows what
// the session says of itself.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "lib/base/io-thread.hpp"
#include "lib/base/log.hpp"
#include "tests/support/session-fixture.hpp"
#include "tests/support/wait.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

class Dice
{
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    unsigned below(unsigned n) { return static_cast<unsigned>(engine_() % n); }
    bool chance(unsigned percent) { return below(100) < percent; }

private:
    std::mt19937 engine_;
};

Error random_refusal(Dice& dice, Call call)
{
    struct Row {
        unsigned status;
        const char* code;
    };
    constexpr Row kRows[] = {
        {400, "decoding_error"},
        {400, "invalid_session_description"},
        {406, "invalid_params"},
        {406, "invalid_session_description"},
        {409, ""},
        {410, "session_error"},
        {413, "payload_too_large"},
        {425, "session_error"},
        {429, ""},
        {500, "internal_error"},
        {503, ""},
        {200, "retryable_transient_error"},
        {406, "not_found_track_error"},
    };
    const unsigned pick = dice.below(std::size(kRows) + 3);
    if (pick < std::size(kRows))
        return refusal_error(call, {kRows[pick].status, {kRows[pick].code, "", ""}, {}});
    if (pick == std::size(kRows))
        return Error{ErrorCode::Protocol, "Check api-base."};
    Error error{dice.chance(50) ? ErrorCode::Network : ErrorCode::Timeout, "Not reached."};
    error.unsent = true;
    return error;
}

/// A session with everything random around it; the executor is the caller's.
class Chaos
{
public:
    Chaos(std::shared_ptr<Executor> executor, unsigned seed, bool closes_fail)
        : dice_(seed), closes_fail_(closes_fail), executor_(std::move(executor)),
          api(std::make_shared<FakeCallsApi>(executor_)), peers(executor_)
    {
        for (const char* name : {"a", "b", "c"})
            api->add_publication("publisher", name);
        api->chaos = [this](Call call) { return fault(call); };
        api->cancelled_too_late = [this] { return dice_.chance(50); };
    }

    void start(SessionOptions options)
    {
        options.name = "stress";
        session = Session::create(executor_, api, peers.function(), options, recorder,
                                  [this] { return dice_.below(1000) / 1000.0; });
        session->start();
    }

    void step()
    {
        api->latency = Milliseconds{dice_.below(3) == 0 ? dice_.below(200) : 0};
        peers.behaviour.latency = Milliseconds{dice_.below(4) == 0 ? dice_.below(100) : 0};
        peers.behaviour.connect_delay = Milliseconds{dice_.below(300)};
        peers.behaviour.connects = !dice_.chance(10);
        peers.behaviour.reuses = dice_.chance(50);
        switch (dice_.below(12)) {
        case 0:
        case 1:
        case 2:
            publish();
            break;
        case 3:
        case 4:
            pull();
            break;
        case 5:
        case 6:
            if (const SlotId slot = random_slot()) {
                session->remove(slot);
                wanted_.erase(slot);
            }
            break;
        case 7:
            if (const SlotId slot = random_slot())
                session->update(slot, {}, Simulcast{"h"});
            break;
        case 8:
            shake_transport();
            break;
        case 9:
            shake_media_end();
            break;
        case 10:
            shake_service();
            break;
        case 11:
            api->release();
            break;
        }
    }

    /// From here on all goes well.
    void calm()
    {
        api->forget_faults();
        api->latency = Milliseconds{0};
        for (const char* name : {"a", "b", "c", "missing"})
            api->add_publication("publisher", name);
        peers.behaviour = {};
        if (!peers.made.empty() && !peers.made.back()->closed())
            peers.made.back()->set_transport(TransportState::Failed);
        if (session->state() == SessionState::Failed)
            restart();
    }
    /// What was given up while nothing worked is asked for once more.
    void ask_again()
    {
        for (const SlotId slot : wanted_) {
            const auto it = recorder.slots.find(slot);
            if (it != recorder.slots.end() && it->second.back().info.state == SlotState::Failed)
                session->publish({slot, MediaKind::Audio, "track-" + std::to_string(++names_)});
        }
    }

    void close(Milliseconds timeout, std::function<void()> done)
    {
        api->forget_faults();
        recorder.expect_silence();
        last_session_ = session->session_id();
        session->close(timeout, std::move(done));
    }

    [[nodiscard]] bool all_wanted_are_active() const
    {
        return std::all_of(wanted_.begin(), wanted_.end(), [this](SlotId slot) {
            const auto it = recorder.slots.find(slot);
            return it != recorder.slots.end() && it->second.back().info.state == SlotState::Active;
        });
    }
    /// Without those of sessions that were tidied up in vain, which starve in a real service.
    [[nodiscard]] std::size_t left_open() const
    {
        const auto tracks = api->open_tracks();
        return static_cast<std::size_t>(
            std::count_if(tracks.begin(), tracks.end(), [this](const auto& track) {
                return !closes_fail_ || track.session == last_session_;
            }));
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
    void check_closed() const
    {
        check_rules();
        for (const auto& peer : peers.made)
            ck_assert(peer->closed());
        ck_assert_uint_eq(api->pending(), 0);
        ck_assert_uint_eq(left_open(), 0);
    }

private:
    std::optional<ApiFault> fault(Call call)
    {
        const bool tidying = call == Call::CloseTracks || call == Call::GetSession;
        if (!dice_.chance(20) || (tidying && !closes_fail_))
            return std::nullopt;
        switch (dice_.below(4)) {
        case 0:
            return ApiFault{ApiFault::Kind::Hold};
        case 1:
            return ApiFault{ApiFault::Kind::Lose,
                            Error{ErrorCode::Timeout, "The answer was lost."}};
        default:
            return ApiFault{ApiFault::Kind::Refuse, random_refusal(dice_, call)};
        }
    }

    void publish()
    {
        const SlotId slot = 1 + dice_.below(20);
        session->publish({slot, MediaKind::Video, "track-" + std::to_string(++names_)});
        wanted_.insert(slot);
    }
    void pull()
    {
        const SlotId slot = 1 + dice_.below(20);
        constexpr const char* kNames[] = {"a", "b", "c", "missing"};
        session->pull({slot, {"publisher", kNames[dice_.below(4)]}, {}, {}});
        wanted_.insert(slot);
    }
    SlotId random_slot()
    {
        if (wanted_.empty())
            return 0;
        auto it = wanted_.begin();
        std::advance(it, dice_.below(static_cast<unsigned>(wanted_.size())));
        return *it;
    }
    [[nodiscard]] FakePeerConnection* peer() const
    {
        const bool alive = !peers.made.empty() && !peers.made.back()->closed();
        return alive ? peers.made.back().get() : nullptr;
    }
    void shake_transport()
    {
        if (peer() == nullptr || !dice_.chance(40))
            return;
        constexpr TransportState kStates[] = {TransportState::Disconnected,
                                              TransportState::Connected, TransportState::Failed};
        peer()->set_transport(kStates[dice_.below(3)]);
    }
    void shake_media_end()
    {
        if (peer() == nullptr)
            return;
        constexpr PeerOperation kOperations[] = {PeerOperation::CreateOffer,
                                                 PeerOperation::SetAnswer, PeerOperation::SetOffer};
        const PeerOperation operation = kOperations[dice_.below(3)];
        const unsigned what = dice_.below(10);
        if (what == 0)
            peer()->hang_next(operation);
        else if (what < 3)
            peer()->fail_next(operation, Error{ErrorCode::Sdp, "It cannot be used."});
        else if (what == 3 && random_slot() != 0)
            peer()->fail_slot(random_slot(), Error{ErrorCode::Media, "The encoder gave up."});
    }
    void restart()
    {
        if (session->state() == SessionState::Failed && !recorder.failed)
            return; // on_failed() is on its way
        recorder.failed.reset();
        session->restart(Error{ErrorCode::Media, "The user wants it."});
    }
    void shake_service()
    {
        const unsigned what = dice_.below(8);
        if (what == 0 && !session->session_id().empty())
            api->expire(session->session_id());
        else if (what == 1)
            api->fail_item(Call::NewTracks, "a", "empty_track_error", 1 + dice_.below(4));
        else if (what == 2)
            api->counter_next();
        else if (what == 3)
            api->skip_offer_next();
        else if (what == 4 || session->state() == SessionState::Failed)
            restart();
    }

    Dice dice_;
    const bool closes_fail_;
    std::shared_ptr<Executor> executor_;
    std::set<SlotId> wanted_;
    unsigned names_ = 0;
    SessionId last_session_; ///< when it was closed

public:
    std::shared_ptr<FakeCallsApi> api;
    FakePeerFactory peers;
    SessionRecorder recorder;
    std::shared_ptr<Session> session;
};

unsigned from_environment(const char* name, unsigned otherwise)
{
    const char* text = g_getenv(name);
    return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

void run_one(unsigned seed, bool closes_fail)
{
    g_print("# CF_TEST_SEED=%u\n", seed);
    const auto executor = std::make_shared<ManualExecutor>();
    Chaos chaos{executor, seed, closes_fail};
    chaos.start({});
    Dice dice{seed + 1};
    for (int i = 0; i < 300; ++i) {
        chaos.step();
        executor->advance(Milliseconds{dice.chance(70) ? dice.below(50) : dice.below(8000)});
        chaos.check_rules();
    }
    const bool to_the_end = dice.chance(80);
    if (to_the_end) {
        chaos.calm();
        executor->advance(Milliseconds{300000});
        chaos.ask_again();
        executor->advance(Milliseconds{60000});
        ck_assert_msg(!chaos.recorder.failed, "seed %u: failed although all is well: %s (%s)", seed,
                      chaos.recorder.failed->message.c_str(), chaos.recorder.failed->debug.c_str());
        ck_assert_msg(chaos.all_wanted_are_active(), "seed %u: an intent did not come true", seed);
    }
    unsigned done = 0;
    chaos.close(Milliseconds{60000}, [&done] { ++done; });
    executor->advance(Milliseconds{60000});
    ck_assert_uint_eq(done, 1);
    chaos.session.reset();
    executor->advance(Milliseconds{60000});
    ck_assert(executor->idle());
    chaos.check_closed();
}

constexpr unsigned kDefaultRuns = 100;

} // namespace

GST_START_TEST(every_intent_comes_true_once_faults_stop)
{
    const unsigned runs = from_environment("CF_TEST_RUNS", kDefaultRuns);
    const unsigned first = from_environment("CF_TEST_SEED", g_random_int() % 1000000);
    if (g_getenv("CF_TEST_SEED") != nullptr && g_getenv("CF_TEST_RUNS") == nullptr) {
        run_one(first, __i__ == 1);
        return;
    }
    for (unsigned run = 0; run < runs; ++run)
        run_one(first + run, __i__ == 1);
}
GST_END_TEST;

// The same on the real I/O thread, for ThreadSanitizer: posts from here, everything else there.
GST_START_TEST(intents_from_another_thread_are_safe)
{
    const unsigned seed = from_environment("CF_TEST_SEED", g_random_int() % 1000000);
    g_print("# CF_TEST_SEED=%u\n", seed);
    const auto io = IoThread::acquire();
    std::unique_ptr<Chaos> chaos;
    std::atomic<bool> flag = false;
    const auto on_io = [&](std::function<void()> task) {
        flag = false;
        io->post([&flag, task = std::move(task)] {
            task();
            flag = true;
            g_main_context_wakeup(nullptr);
        });
        g_assert(wait_until([&flag] { return flag.load(); }));
    };
    SessionOptions options;
    options.backoff = {Milliseconds{5}, Milliseconds{50}};
    options.connect_timeout = Milliseconds{500};
    options.disconnect_timeout = Milliseconds{50};
    on_io([&] {
        chaos = std::make_unique<Chaos>(io, seed, false);
        chaos->start(options);
    });
    for (int i = 0; i < 400; ++i) {
        io->post([&chaos] { chaos->step(); });
        if (i % 10 == 9)
            on_io([] {}); // lets things happen in between
    }
    on_io([&] { chaos->calm(); });
    std::atomic<bool> active = false;
    g_assert(wait_until([&] {
        on_io([&] {
            chaos->ask_again();
            active = chaos->all_wanted_are_active();
        });
        return active.load();
    }));
    std::atomic<unsigned> done = 0;
    on_io([&] {
        chaos->close(Milliseconds{20000}, [&done] {
            ++done;
            g_main_context_wakeup(nullptr);
        });
    });
    g_assert(wait_until([&done] { return done == 1; }));
    on_io([&] {
        chaos->session.reset();
        chaos->check_closed();
        chaos.reset();
    });
    ck_assert_uint_eq(done, 1);
}
GST_END_TEST;

static Suite* session_stress_suite()
{
    if (g_getenv("CF_TEST_LOG") != nullptr)
        set_log_sink([](LogLevel, const char*, const char*,
                        const std::string& text) { g_print("# %s\n", text.c_str()); },
                     [](LogLevel, const char*) { return true; });
    Suite* s = suite_create("session-stress");
    TCase* tc = tcase_create("general");
    tcase_set_timeout(tc, 110);
    suite_add_tcase(s, tc);
    // 0: what is left open is closed without fault, so that nothing at all may stay. 1: that fails,
    // too.
    tcase_add_loop_test(tc, every_intent_comes_true_once_faults_stop, 0, 2);
    tcase_add_test(tc, intents_from_another_thread_are_safe);
    return s;
}

GST_CHECK_MAIN(session_stress);

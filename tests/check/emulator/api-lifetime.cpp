/* SPDX-License-Identifier: LGPL-2.1-or-later */
// How sessions and tracks end by themselves.
#include <string>

#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words
using cf::Milliseconds;

void expect_gone(EmulatorFixture& f, const std::string& sid)
{
    fail_unless(wait_until([&] { return f.emulator().sfu().find_session(sid) == nullptr; }));
    const ApiAnswer answer = f.call("GET", sid);
    fail_unless_equals_int(answer.status, 410);
    const std::string code = answer.code();
    fail_unless_equals_string(code.c_str(), "session_error");
}

GST_START_TEST(session_that_never_connects_expires)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.timers.never_connected = Milliseconds{100};
    EmulatorFixture f(options);
    TestClient idle(f);
    expect_gone(f, idle.id());
    fail_unless(wait_until([&] { return f.emulator().sfu().sessions().empty(); }),
                "it stays in memory");
}
GST_END_TEST

GST_START_TEST(connected_session_outlives_that)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.timers.never_connected = Milliseconds{400};
    EmulatorFixture f(options);
    auto c = audio_publisher(f);
    TestClient idle(f);
    expect_gone(f, idle.id());
    fail_unless_equals_int(c->call("GET", "").status, 200);
}
GST_END_TEST

GST_START_TEST(session_without_its_peer_is_gone_after_a_while)
{
    auto options = EmulatorFixture::quick_options();
    options.media.consent_timeout = Milliseconds{200};
    options.sfu.timers.disconnected = Milliseconds{400};
    EmulatorFixture f(options);
    auto c = audio_publisher(f);
    const std::string sid = c->id();
    const auto session = f.emulator().sfu().find_session(sid);
    fail_unless(
        wait_until([&] { return session->state() == cf::emu::SessionState::Disconnected; }));
    // Not gone yet, but nobody can pull from it, and what needs the transport is refused.
    fail_unless_equals_int(c->call("GET", "").status, 200);
    TestClient puller(f);
    const ApiAnswer pulled = puller.pull(sid, "t0");
    const std::string code = pulled.track(0, "errorCode");
    fail_unless_equals_string(code.c_str(), "not_found_track_error");
    expect_gone(f, sid);
}
GST_END_TEST

GST_START_TEST(peer_may_come_back_in_time)
{
    auto options = EmulatorFixture::quick_options();
    options.media.consent_timeout = Milliseconds{200};
    options.sfu.timers.disconnected = Milliseconds{10000};
    EmulatorFixture f(options);
    auto c = audio_publisher(f);
    const auto session = f.emulator().sfu().find_session(c->id());
    fail_unless(
        wait_until([&] { return session->state() == cf::emu::SessionState::Disconnected; }));
    const bool back = wait_until([&] {
        c->peer().send_check();
        return session->state() == cf::emu::SessionState::Connected;
    });
    fail_unless(back);
}
GST_END_TEST

GST_START_TEST(closing_dtls_ends_the_session)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient subscriber(f);
    (void)subscriber.pull(publisher->id(), "t0");
    publisher->peer().close_dtls();
    expect_gone(f, publisher->id());
    const std::string status = subscriber.call("GET", "").track(0, "status");
    fail_unless_equals_string(status.c_str(), "inactive");
}
GST_END_TEST

GST_START_TEST(silent_track_is_collected)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.timers.silent_track = Milliseconds{400};
    EmulatorFixture f(options);
    auto publisher = audio_publisher(f);
    TestClient subscriber(f);
    (void)subscriber.pull(publisher->id(), "t0");
    const auto session = f.emulator().sfu().find_session(publisher->id());
    fail_unless(wait_until([&] { return session->find_local("t0") == nullptr; }));
    const std::string local = publisher->call("GET", "").track(0, "status");
    fail_unless_equals_string(local.c_str(), "inactive");
    const std::string remote = subscriber.call("GET", "").track(0, "status");
    fail_unless_equals_string(remote.c_str(), "inactive");
    // "After about 30 s the same pull began failing within 0.2 s."
    const ApiAnswer again = subscriber.pull(publisher->id(), "t0");
    const std::string code = again.track(0, "errorCode");
    fail_unless_equals_string(code.c_str(), "not_found_track_error");
}
GST_END_TEST

GST_START_TEST(flowing_track_is_not_collected)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.timers.silent_track = Milliseconds{500};
    EmulatorFixture f(options);
    auto publisher = audio_publisher(f);
    const auto session = f.emulator().sfu().find_session(publisher->id());
    for (int i = 0; i < 30; ++i) {
        publisher->send_audio_once("0");
        (void)wait_until([] { return false; }, Milliseconds{50});
    }
    fail_unless(session->find_local("t0") != nullptr);
}
GST_END_TEST

GST_START_TEST(waiting_operations_end_with_their_session)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.timers.connect_wait = Milliseconds{10000};
    EmulatorFixture f(options);
    TestClient c(f);
    c.push({audio("0")});
    const auto pending =
        f.start_call("POST", c.id() + "/tracks/new",
                     R"({"tracks":[{"location":"remote","sessionId":"x","trackName":"y"}]})");
    fail_if(wait_until([&] { return pending->done; }, Milliseconds{50}));
    fail_unless_equals_int(f.control("POST", "sessions/" + c.id() + "/lose").status, 200);
    fail_unless(wait_until([&] { return pending->done; }));
    fail_unless_equals_int(pending->answer.status, 410);
}
GST_END_TEST

GST_START_TEST(emulator_ends_while_operations_wait)
{
    auto f = std::make_unique<EmulatorFixture>();
    auto c = std::make_unique<TestClient>(*f);
    c->push({audio("0")});
    const auto pending =
        f->start_call("POST", c->id() + "/tracks/new",
                      R"({"tracks":[{"location":"remote","sessionId":"x","trackName":"y"}]})");
    fail_if(wait_until([&] { return pending->done; }, Milliseconds{50}));
    f.reset();
    fail_unless(wait_until([&] { return pending->done; }));
    fail_unless_equals_int(pending->answer.status, 0);
}
GST_END_TEST

Suite* api_lifetime_suite()
{
    Suite* s = suite_create("api_lifetime");
    TCase* t = tcase_create("lifetime");
    tcase_add_test(t, session_that_never_connects_expires);
    tcase_add_test(t, connected_session_outlives_that);
    tcase_add_test(t, session_without_its_peer_is_gone_after_a_while);
    tcase_add_test(t, peer_may_come_back_in_time);
    tcase_add_test(t, closing_dtls_ends_the_session);
    tcase_add_test(t, silent_track_is_collected);
    tcase_add_test(t, flowing_track_is_not_collected);
    tcase_add_test(t, waiting_operations_end_with_their_session);
    tcase_add_test(t, emulator_ends_while_operations_wait);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_lifetime);

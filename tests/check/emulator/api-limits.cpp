/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The service's timers and limits, and what one client can take of this program.
#include <string>

#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words
using cf::Milliseconds;

void expect_refused(const ApiAnswer& answer, unsigned status, const char* code)
{
    fail_unless(answer.status == status, "%u instead of %u: %s", answer.status, status,
                answer.body.c_str());
    const std::string got = answer.code();
    fail_unless_equals_string(got.c_str(), code);
}

// Other tests shorten them, so that nobody has to sit through them.
GST_START_TEST(timers_and_limits_are_the_services)
{
    const cf::emu::EmulatorOptions o;
    fail_unless(o.sfu.timers.connect_wait == Milliseconds{5000});
    fail_unless(o.sfu.timers.packet_wait == Milliseconds{8000});
    fail_unless(o.sfu.timers.disconnected == Milliseconds{30000});
    fail_unless(o.sfu.timers.silent_track == Milliseconds{30000});
    fail_unless(o.sfu.timers.channel_ack == Milliseconds{30000});
    fail_unless(o.sfu.timers.adapter_reconnect == Milliseconds{15000});
    fail_unless_equals_int(o.sfu.limits.requests_per_second, 50);
    fail_unless_equals_int(o.sfu.limits.tracks_per_call, 64);
    fail_unless_equals_int(o.turn.max_ttl_s, 48 * 3600);
}
GST_END_TEST

GST_START_TEST(sixty_four_items_is_the_most_of_a_call)
{
    EmulatorFixture f;
    TestClient c(f);
    const auto list = [](const char* member, int n, const std::string& item) {
        std::string text = std::string("{\"") + member + "\":[";
        for (int i = 0; i < n; ++i)
            text += (i == 0 ? "" : ",") + item;
        return text + "]";
    };
    const std::string update = R"({"location":"remote","sessionId":"x","trackName":"y","mid":"0"})";
    const std::string channel = R"({"location":"local","dataChannelName":"x"})";
    expect_refused(c.call("PUT", "/tracks/update", list("tracks", 65, update) + "}"), 406,
                   "invalid_params");
    expect_refused(
        c.call("PUT", "/tracks/close", list("tracks", 65, R"({"mid":"0"})") + ",\"force\":true}"),
        406, "invalid_params");
    expect_refused(c.call("POST", "/datachannels/new", list("dataChannels", 65, channel) + "}"),
                   406, "invalid_params");
    const ApiAnswer most =
        c.call("PUT", "/tracks/close", list("tracks", 64, R"({"mid":"0"})") + ",\"force\":true}");
    fail_unless_equals_int(most.status, 200);
}
GST_END_TEST

// "410 after many toggles on one connection, blamed on too many m-sections."
GST_START_TEST(too_many_sections_end_the_session)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.limits.sections_per_session = 2;
    EmulatorFixture f(options);
    TestClient c(f);
    c.push({audio("0"), audio("1")});
    c.connect();
    expect_refused(c.call("PUT", "/tracks/close", R"({"tracks":[{"mid":"0"}],"force":true})"), 410,
                   "session_error");
    expect_refused(c.call("GET", ""), 410, "session_error");
}
GST_END_TEST

GST_START_TEST(sessions_are_limited_and_make_room_when_they_end)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.limits.sessions = 2;
    EmulatorFixture f(options);
    const std::string ending = f.new_session();
    (void)f.new_session();
    expect_refused(f.call("POST", "new"), 503, "temporarily_unavailable_error");
    fail_unless_equals_int(f.control("POST", "sessions/" + ending + "/lose").status, 200);
    fail_unless(wait_until([&] { return f.emulator().sfu().sessions().size() == 1; }));
    (void)f.new_session();
}
GST_END_TEST

GST_START_TEST(long_names_are_refused)
{
    EmulatorFixture f;
    TestClient c(f);
    const std::string name(5000, 'n');
    expect_refused(c.call("POST", "/tracks/new",
                          with_offer(c.offer({audio("0")}).text(),
                                     R"("tracks":[{"location":"local","mid":"0","trackName":")" +
                                         name + "\"}]")),
                   406, "invalid_params");
    expect_refused(
        c.call("POST", "/tracks/new",
               R"({"tracks":[{"location":"remote","sessionId":"x","trackName":")" + name + "\"}]}"),
        406, "invalid_params");
}
GST_END_TEST

// Names that were closed are shown as inactive, but not all of them for ever.
GST_START_TEST(closed_tracks_are_not_kept_without_end)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.limits.requests_per_second = 0;
    EmulatorFixture f(options);
    auto c = audio_publisher(f);
    const auto session = f.emulator().sfu().find_session(c->id());
    for (int i = 0; i < 200; ++i) {
        const std::string name = "n" + std::to_string(i);
        (void)c->call("PUT", "/tracks/close", R"({"tracks":[{"mid":"0"}],"force":true})");
        const ApiAnswer pushed = c->call(
            "POST", "/tracks/new",
            with_offer(c->offer({audio("0")}).text(),
                       R"("tracks":[{"location":"local","mid":"0","trackName":")" + name + "\"}]"));
        fail_unless(pushed.status == 200 && pushed.track(0, "errorCode").empty(), "%s",
                    pushed.body.c_str());
    }
    fail_unless(session->local_tracks().size() <= 130, "%u are kept",
                static_cast<unsigned>(session->local_tracks().size()));
    fail_unless(session->find_local("n199") != nullptr);
}
GST_END_TEST

GST_START_TEST(log_is_bounded_in_entries_and_bytes)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.limits.requests_per_second = 0;
    options.sfu.limits.log_entries = 40;
    options.sfu.limits.log_bytes = 100000;
    EmulatorFixture f(options);
    const std::string sid = f.new_session();
    for (int i = 0; i < 50; ++i)
        (void)f.call("GET", sid);
    fail_unless_equals_int(f.control("GET", "log").json().get_array("entries")->size(), 40);
    const std::string large(30000, ' ');
    for (int i = 0; i < 10; ++i)
        (void)f.call("POST", sid + "/tracks/new", large);
    const ApiAnswer log = f.control("GET", "log");
    fail_unless_equals_int(log.json().get_array("entries")->size(), 3);
}
GST_END_TEST

GST_START_TEST(turn_credentials_are_not_kept_without_end)
{
    auto options = EmulatorFixture::quick_options();
    options.turn.max_credentials = 3;
    EmulatorFixture f(options);
    const std::string path = "/v1/turn/keys/local-turn-key/credentials/";
    const auto turn = [&](const std::string& what, const std::string& body) {
        return f.send({"POST", path + what, body, "application/json", "Bearer local-turn-token"});
    };
    std::vector<std::string> names;
    for (int i = 0; i < 4; ++i) {
        const auto answer = turn("generate", R"({"ttl":)" + std::to_string(60 + i) + "}");
        fail_unless_equals_int(answer.status, 201);
        names.push_back(*answer.json().get_object("iceServers")->get_string("username"));
    }
    // The one that would have expired first is forgotten.
    fail_unless_equals_int(turn(names[0] + "/revoke", "").status, 404);
    for (int i = 1; i < 4; ++i)
        fail_unless_equals_int(turn(names[i] + "/revoke", "").status, 204);
}
GST_END_TEST

Suite* api_limits_suite()
{
    Suite* s = suite_create("api_limits");
    TCase* t = tcase_create("limits");
    tcase_add_test(t, timers_and_limits_are_the_services);
    tcase_add_test(t, sixty_four_items_is_the_most_of_a_call);
    tcase_add_test(t, too_many_sections_end_the_session);
    tcase_add_test(t, sessions_are_limited_and_make_room_when_they_end);
    tcase_add_test(t, long_names_are_refused);
    tcase_add_test(t, closed_tracks_are_not_kept_without_end);
    tcase_add_test(t, log_is_bounded_in_entries_and_bytes);
    tcase_add_test(t, turn_credentials_are_not_kept_without_end);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_limits);

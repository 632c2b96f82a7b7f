/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The control path: state, log, arrivals, reset.
#include <string>

#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words

GST_START_TEST(state_shows_sessions_and_tracks)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient subscriber(f);
    (void)subscriber.pull(publisher->id(), "t0");
    const auto state = f.control("GET", "state").json();
    const auto sessions = state.get_array("sessions");
    fail_unless_equals_int(sessions->size(), 2);
    bool local = false;
    bool remote = false;
    for (const auto& session : *sessions) {
        fail_unless(*session.get_string("state") == "connected");
        fail_unless(*session.get_object("transport")->get_string("srtpProfile") != "");
        const auto tracks = session.get_array("tracks");
        for (const auto& track : *tracks) {
            const bool is_local = *track.get_string("location") == "local";
            (is_local ? local : remote) = true;
            fail_unless(*track.get_string("status") == "active");
            if (is_local) {
                fail_unless(*track.get_string("codec") == "opus");
                fail_unless(*track.get_int("packets") >= 1);
                fail_unless(*track.get_int("subscriptions") == 1);
            }
        }
    }
    fail_unless(local && remote);
}
GST_END_TEST

GST_START_TEST(log_shows_requests_without_ice_passwords)
{
    EmulatorFixture f;
    TestClient c(f);
    c.push({audio("0")});
    const ApiAnswer answer = f.control("GET", "log?session=" + c.id());
    const auto entries = answer.json().get_array("entries");
    fail_unless_equals_int(entries->size(), 2);
    const auto push = (*entries)[1];
    fail_unless(*push.get_string("operation") == "tracks/new");
    fail_unless(*push.get_int("status") == 200);
    const std::string sdp =
        *push.get_object("request")->get_object("sessionDescription")->get_string("sdp");
    fail_unless(sdp.find("a=ice-pwd:redacted\r\na=fingerprint") != std::string::npos, "%s",
                sdp.c_str());
    const std::string password = c.peer().parameters().pwd;
    fail_unless(answer.body.find(password) == std::string::npos);
    const auto session = f.emulator().sfu().find_session(c.id());
    fail_unless(answer.body.find(session->transport().local_pwd()) == std::string::npos);
    fail_unless(answer.body.find("local-secret") == std::string::npos);
    const std::int64_t last = *push.get_int("number");
    const auto newer = f.control("GET", "log?after=" + std::to_string(last));
    fail_unless_equals_int(newer.json().get_array("entries")->size(), 0);
}
GST_END_TEST

GST_START_TEST(arrivals_are_recorded)
{
    EmulatorFixture f;
    auto c = audio_publisher(f);
    const ApiAnswer answer = f.control("GET", "arrivals?track=t0&session=" + c->id());
    fail_unless_equals_int(answer.status, 200);
    const auto packets = answer.json().get_array("packets");
    fail_unless(packets->size() >= 1);
    fail_unless((*packets)[0].get_double("atMs").ok());
    fail_unless_equals_int(f.control("GET", "arrivals?track=t9&session=" + c->id()).status, 404);
}
GST_END_TEST

GST_START_TEST(other_origins_may_not_look_or_touch)
{
    EmulatorFixture f;
    EmulatorFixture::Request request{"GET", "/_emulator/state"};
    request.headers = {{"Origin", "http://evil.example"}};
    const ApiAnswer answer = f.send(request);
    fail_unless_equals_int(answer.status, 403);
    fail_unless(answer.header("access-control-allow-origin").empty());
    request.headers = {{"Origin", f.origin()}};
    fail_unless_equals_int(f.send(request).status, 200);
}
GST_END_TEST

GST_START_TEST(reset_forgets_everything)
{
    EmulatorFixture f;
    auto c = audio_publisher(f);
    f.add_fault(R"({"name":"status","operation":"renegotiate"})");
    fail_unless_equals_int(f.control("POST", "reset").status, 200);
    fail_unless(wait_until([&] { return f.emulator().sfu().sessions().empty(); }));
    fail_unless_equals_int(c->call("GET", "").status, 410);
    fail_unless_equals_int(f.control("GET", "faults").json().get_array("faults")->size(), 0);
}
GST_END_TEST

GST_START_TEST(page_is_served_and_may_pull)
{
    EmulatorFixture f;
    for (const char* path : {"/", "/page.js", "/page.css"}) {
        const ApiAnswer answer = f.send({"GET", path});
        fail_unless_equals_int(answer.status, 200);
        fail_unless(answer.header("content-security-policy").starts_with("default-src 'self'"));
    }
    fail_unless_equals_int(f.send({"POST", "/"}).status, 405);
    EmulatorFixture::Request request{"POST", "/_emulator/api/sessions/new", "", "", ""};
    fail_unless_equals_int(f.send(request).status, 201);
    request.headers = {{"Origin", f.origin()}};
    fail_unless_equals_int(f.send(request).status, 201);
    request.headers = {{"Origin", "http://evil.example"}};
    fail_unless_equals_int(f.send(request).status, 403);
    // A name that was rebound to this machine.
    request.headers = {{"Host", "evil.example"}, {"Origin", "http://evil.example"}};
    fail_unless_equals_int(f.send(request).status, 403);
}
GST_END_TEST

GST_START_TEST(unknown_control_paths_are_404)
{
    EmulatorFixture f;
    fail_unless_equals_int(f.control("GET", "nothing").status, 404);
    fail_unless_equals_int(f.control("POST", "state").status, 404);
    fail_unless_equals_int(f.control("POST", "sessions/x/lose").status, 404);
}
GST_END_TEST

Suite* api_control_suite()
{
    Suite* s = suite_create("api_control");
    TCase* t = tcase_create("control");
    tcase_add_test(t, state_shows_sessions_and_tracks);
    tcase_add_test(t, log_shows_requests_without_ice_passwords);
    tcase_add_test(t, arrivals_are_recorded);
    tcase_add_test(t, other_origins_may_not_look_or_touch);
    tcase_add_test(t, reset_forgets_everything);
    tcase_add_test(t, page_is_served_and_may_pull);
    tcase_add_test(t, unknown_control_paths_are_404);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_control);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Each fault happens, as often as it was asked for, and says so.
#include <string>

#include "tests/emulator/sdp/parser.hpp"
#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words

void expect_text(const std::string& got, const char* expected)
{
    fail_unless(got == expected, "\"%s\" instead of \"%s\"", got.c_str(), expected);
}

GST_START_TEST(status_refuses_as_often_as_asked)
{
    EmulatorFixture f;
    const std::string id =
        f.add_fault(R"({"name":"status","operation":"sessions/new","count":2,"status":429,)"
                    R"("code":"some_code","description":"text","retry-after":3})");
    const std::string sid = "0";
    fail_unless_equals_int(f.call("GET", sid).status, 410);
    for (int i = 0; i < 2; ++i) {
        const ApiAnswer answer = f.call("POST", "new");
        fail_unless_equals_int(answer.status, 429);
        expect_text(answer.code(), "some_code");
        expect_text(answer.description(), "text");
        expect_text(answer.header("retry-after"), "3");
    }
    fail_unless_equals_int(f.call("POST", "new").status, 201);
    fail_unless_equals_int(f.struck(id), 2);
    f.add_fault(R"({"name":"status","count":1})");
    const ApiAnswer answer = f.call("POST", "new");
    fail_unless_equals_int(answer.status, 503);
    expect_text(answer.header("retry-after"), "");
}
GST_END_TEST

GST_START_TEST(delay_delays)
{
    EmulatorFixture f;
    const std::string id = f.add_fault(R"({"name":"delay","ms":300,"count":1})");
    const gint64 start = g_get_monotonic_time();
    fail_unless_equals_int(f.call("POST", "new").status, 201);
    fail_unless(g_get_monotonic_time() - start >= 300 * 1000);
    fail_unless_equals_int(f.struck(id), 1);
}
GST_END_TEST

GST_START_TEST(dropped_response_was_carried_out)
{
    EmulatorFixture f;
    const std::string id =
        f.add_fault(R"({"name":"drop-response","operation":"sessions/new","count":1})");
    const ApiAnswer answer = f.call("POST", "new");
    // libsoup repeats a request whose connection broke, but never one that was a POST.
    fail_unless_equals_int(answer.status, 0);
    fail_unless_equals_int(f.emulator().sfu().sessions().size(), 1);
    fail_unless_equals_int(f.struck(id), 1);
}
GST_END_TEST

GST_START_TEST(bad_answers_are_no_json)
{
    EmulatorFixture f;
    const std::string id = f.add_fault(R"({"name":"malformed-json","count":1})");
    const ApiAnswer cut = f.call("POST", "new");
    fail_unless_equals_int(cut.status, 201);
    fail_if(cf::json::JsonReader::parse(cut.body).ok());
    fail_unless_equals_int(f.struck(id), 1);
    const std::string html = f.add_fault(R"({"name":"no-json","count":1})");
    const ApiAnswer page = f.call("POST", "new");
    fail_unless_equals_int(page.status, 200);
    fail_if(cf::json::JsonReader::parse(page.body).ok());
    fail_unless(page.content_type.starts_with("text/html"));
    fail_unless_equals_int(f.struck(html), 1);
}
GST_END_TEST

GST_START_TEST(members_get_odd_names)
{
    EmulatorFixture f;
    TestClient c(f);
    const char* const pull =
        R"({"tracks":[{"location":"remote","sessionId":"x","trackName":"y"}]})";
    const std::string renamed =
        f.add_fault(R"({"name":"rename-key","from":"errorCode","to":"errorcode","count":1})");
    const ApiAnswer odd = c.call("POST", "/tracks/new", pull);
    expect_text(odd.track(0, "errorCode"), "");
    expect_text(odd.track(0, "errorcode"), "not_found_track_error");
    const std::string dropped =
        f.add_fault(R"({"name":"drop-key","key":"requiresImmediateRenegotiation","count":1})");
    const ApiAnswer less = c.call("POST", "/tracks/new", pull);
    fail_if(less.json().has("requiresImmediateRenegotiation"));
    expect_text(less.track(0, "errorCode"), "not_found_track_error");
    const std::string extra = f.add_fault(R"({"name":"extra-keys","count":1})");
    const ApiAnswer more = c.call("POST", "/tracks/new", pull);
    fail_if(more.track(0, "emulatorExtra").empty());
    for (const std::string& id : {renamed, dropped, extra})
        fail_unless_equals_int(f.struck(id), 1);
}
GST_END_TEST

GST_START_TEST(refused_connection_changes_nothing)
{
    EmulatorFixture f;
    const std::string id = f.add_fault(R"({"name":"refuse","operation":"sessions/new","count":1})");
    fail_unless_equals_int(f.call("POST", "new").status, 0);
    fail_unless_equals_int(f.emulator().sfu().sessions().size(), 0);
    fail_unless_equals_int(f.struck(id), 1);
}
GST_END_TEST

GST_START_TEST(dtls_is_refused)
{
    EmulatorFixture f;
    const std::string id = f.add_fault(R"({"name":"dtls-refusal","count":1})");
    TestClient c(f);
    c.push({audio("0")});
    const auto session = f.emulator().sfu().find_session(c.id());
    c.peer().start(f.emulator().sfu().media(), session->transport());
    fail_unless(wait_until(
        [&] { return session->transport().state() == cf::emu::TransportState::Failed; }));
    fail_unless(session->state() == cf::emu::SessionState::Negotiating);
    fail_unless_equals_int(f.struck(id), 1);
}
GST_END_TEST

GST_START_TEST(item_error_hits_its_track_only)
{
    EmulatorFixture f;
    const std::string id =
        f.add_fault(R"({"name":"item-error","track":"b","code":"track_error","count":1})");
    TestClient c(f);
    const ApiAnswer answer =
        c.call("POST", "/tracks/new",
               with_offer(c.offer({audio("0"), audio("1")}).text(),
                          R"("tracks":[{"location":"local","mid":"0","trackName":"a"},)"
                          R"({"location":"local","mid":"1","trackName":"b"}])"));
    expect_text(answer.track(0, "errorCode"), "");
    expect_text(answer.track(1, "errorCode"), "track_error");
    expect_text(answer.track(1, "errorDescription"), "Backend error");
    fail_unless_equals_int(f.struck(id), 1);
}
GST_END_TEST

GST_START_TEST(lost_session_is_410_and_silent)
{
    EmulatorFixture f;
    auto c = audio_publisher(f);
    const std::string id = f.add_fault(R"({"name":"session-lost","session":")" + c->id() + "\"}");
    const ApiAnswer answer = c->call("GET", "");
    fail_unless_equals_int(answer.status, 410);
    expect_text(answer.code(), "session_error");
    fail_unless_equals_int(f.struck(id), 1);
    fail_unless(wait_until([&] { return c->peer().dtls_closed; }), "its media goes on");
}
GST_END_TEST

GST_START_TEST(descriptions_go_wrong_in_every_way)
{
    EmulatorFixture f;
    const std::string real = f.emulator().sfu().media().fingerprint();
    const auto answer_with = [&](const char* fault) {
        TestClient c(f);
        const std::string id = f.add_fault(R"({"name":")" + std::string(fault) + R"(","count":1})");
        const ApiAnswer answer = c.push({audio("0"), video("1")});
        fail_unless_equals_int(f.struck(id), 1);
        return answer;
    };
    const auto wrong = answer_with("wrong-fingerprint");
    fail_unless(wrong.sdp().find(real) == std::string::npos);
    fail_unless(cf::emu::sdp::parse(wrong.sdp()).ok());
    const auto small = answer_with("lower-case-fingerprint").sdp();
    const cf::OwnedString lower{g_ascii_strdown(real.c_str(), -1)};
    fail_unless(small.find(lower.get()) != std::string::npos);
    const auto fewer = cf::emu::sdp::parse(answer_with("fewer-m-lines").sdp());
    fail_unless_equals_int(fewer->sections.size(), 1);
    const auto changed = cf::emu::sdp::parse(answer_with("changed-mid").sdp());
    expect_text(changed->sections[1].mid, "changed");
    const auto rejected = cf::emu::sdp::parse(answer_with("rejected-section").sdp());
    fail_unless(rejected->sections[1].rejected() && !rejected->bundled("1"));
    fail_unless(answer_with("no-ice-lite").sdp().find("ice-lite") == std::string::npos);
    expect_text(answer_with("answer-as-offer").sdp_type(), "offer");
}
GST_END_TEST

GST_START_TEST(pull_offers_lose_their_sources)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    const std::string id = f.add_fault(R"({"name":"no-ssrc","count":1})");
    TestClient c(f);
    const ApiAnswer answer = c.pull(publisher->id(), "t0");
    fail_unless(answer.sdp().find("a=ssrc") == std::string::npos);
    fail_unless_equals_int(f.struck(id), 1);
}
GST_END_TEST

GST_START_TEST(network_faults_strike_datagrams)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient subscriber(f);
    (void)subscriber.pull(publisher->id(), "t0");
    const auto stats = [&] {
        return f.emulator()
            .sfu()
            .find_session(publisher->id())
            ->transport()
            .publication("0")
            ->stats(f.emulator().sfu().executor().now());
    };
    const auto before = stats().layers.at(0).rate.packets;
    const std::string hole = f.add_fault(R"({"name":"blackhole","direction":"up","session":")" +
                                         publisher->id() + "\"}");
    for (int i = 0; i < 20; ++i)
        publisher->send_audio_once("0");
    fail_unless(wait_until([&] { return f.struck(hole) >= 20; }));
    fail_unless_equals_int64(stats().layers.at(0).rate.packets, before);
    fail_unless_equals_int(f.control("DELETE", "faults/" + hole).status, 200);
    const std::string loss =
        f.add_fault(R"({"name":"loss","percent":50,"direction":"up","seed":7})");
    for (int i = 0; i < 100; ++i)
        publisher->send_audio_once("0");
    fail_unless(wait_until([&] { return f.struck(loss) >= 20; }));
    fail_unless(wait_until([&] { return stats().layers.at(0).rate.packets > before; }),
                "everything was lost");
}
GST_END_TEST

GST_START_TEST(unknown_faults_are_refused)
{
    EmulatorFixture f;
    for (const char* body : {"", "[]", R"({"name":"nothing"})", R"({"name":"delay","colour":1})",
                             R"({"name":"delay","ms":"long"})", R"({"name":"delay","count":-1})"})
        fail_unless_equals_int(f.control("POST", "faults", body).status, 400);
    fail_unless_equals_int(f.control("DELETE", "faults/99").status, 404);
}
GST_END_TEST

GST_START_TEST(command_line_faults_are_read)
{
    const auto fault =
        cf::emu::parse_fault("status:status=503,operation=tracks/new,count=2,session=abc");
    fail_unless(fault.ok());
    expect_text(fault->name, "status");
    expect_text(fault->operation, "tracks/new");
    expect_text(fault->session, "abc");
    expect_text(fault->text("status"), "503");
    fail_unless_equals_int(*fault->remaining, 2);
    fail_unless(cf::emu::parse_fault("delay").ok());
    fail_if(cf::emu::parse_fault("delay:count=x").ok());
}
GST_END_TEST

Suite* api_faults_suite()
{
    Suite* s = suite_create("api_faults");
    TCase* t = tcase_create("faults");
    tcase_add_test(t, status_refuses_as_often_as_asked);
    tcase_add_test(t, delay_delays);
    tcase_add_test(t, dropped_response_was_carried_out);
    tcase_add_test(t, bad_answers_are_no_json);
    tcase_add_test(t, members_get_odd_names);
    tcase_add_test(t, refused_connection_changes_nothing);
    tcase_add_test(t, dtls_is_refused);
    tcase_add_test(t, item_error_hits_its_track_only);
    tcase_add_test(t, lost_session_is_410_and_silent);
    tcase_add_test(t, descriptions_go_wrong_in_every_way);
    tcase_add_test(t, pull_offers_lose_their_sources);
    tcase_add_test(t, network_faults_strike_datagrams);
    tcase_add_test(t, unknown_faults_are_refused);
    tcase_add_test(t, command_line_faults_are_read);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_faults);

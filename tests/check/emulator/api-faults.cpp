/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Each fault happens, as often as it was asked for, and says so.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

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

// Whatever error a client has to live with, with any status; also those that this program never
// gives by itself, and errors under HTTP 200.
GST_START_TEST(any_error_can_be_asked_for)
{
    EmulatorFixture f;
    struct Case {
        unsigned status;
        const char* code;
    };
    for (const Case& k :
         {Case{500, "internal_error"}, Case{500, "backend_error"}, Case{502, "backend_error"},
          Case{503, "retryable_transient_error"}, Case{503, "temporarily_unavailable_error"},
          Case{503, "transport_unavailable_error"}, Case{409, "invalid_session_description"},
          Case{403, "unauthorized"}, Case{200, "session_error"}}) {
        const std::string id =
            f.add_fault(R"({"name":"status","count":1,"description":"why","status":)" +
                        std::to_string(k.status) + R"(,"code":")" + k.code + "\"}");
        const ApiAnswer answer = f.call("POST", "new");
        fail_unless_equals_int(answer.status, k.status);
        expect_text(answer.code(), k.code);
        expect_text(answer.description(), "why");
        fail_unless_equals_int(f.struck(id), 1);
    }
    for (const char* subcode :
         {"signaling_state_not_stable", "invalid_modification_have_local_offer",
          "invalid_modification_have_remote_offer", "invalid_modification_have_local_pranswer",
          "invalid_modification_have_remote_pranswer"}) {
        f.add_fault(R"({"name":"status","count":1,"status":406,)"
                    R"("code":"invalid_session_description","subcode":")" +
                    std::string(subcode) + "\"}");
        const ApiAnswer answer = f.call("POST", "new");
        fail_unless_equals_int(answer.status, 406);
        expect_text(answer.text("errorSubcode"), subcode);
        f.add_fault(R"({"name":"status","count":1,"status":406,"code":")" + std::string(subcode) +
                    "\"}");
        expect_text(f.call("POST", "new").code(), subcode);
    }
}
GST_END_TEST

GST_START_TEST(faults_of_a_session_spare_the_others)
{
    EmulatorFixture f;
    const std::string one = f.new_session();
    const std::string two = f.new_session();
    const std::string id = f.add_fault(R"({"name":"status","session":")" + one + "\"}");
    fail_unless_equals_int(f.call("GET", one).status, 503);
    fail_unless_equals_int(f.call("GET", two).status, 200);
    fail_unless_equals_int(f.struck(id), 1);
    fail_unless_equals_int(f.control("DELETE", "faults/" + id).status, 200);
    fail_unless_equals_int(f.call("GET", one).status, 200);
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

GST_START_TEST(item_errors_strike_every_operation)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer pulled = c.pull(publisher->id(), "t0");
    const std::string id = f.add_fault(R"({"name":"item-error"})");
    const std::string item = R"({"tracks":[{"location":"remote","sessionId":")" + publisher->id() +
                             R"(","trackName":"t0"%s}]})";
    const auto remote = [&](const std::string& more) { return replaced(item, "%s", more); };
    const std::string mid = R"(,"mid":")" + pulled.track(0, "mid") + "\"";
    expect_text(c.call("POST", "/tracks/new", remote("")).track(0, "errorCode"), "internal_error");
    expect_text(c.call("PUT", "/tracks/update", remote(mid)).track(0, "errorCode"),
                "internal_error");
    const std::string close =
        R"({"tracks":[{"mid":")" + pulled.track(0, "mid") + R"("}],"force":true})";
    const ApiAnswer closed = c.call("PUT", "/tracks/close", close);
    fail_unless_equals_int(closed.status, 200);
    expect_text(closed.track(0, "errorCode"), "internal_error");
    expect_text(closed.track(0, "errorDescription"), "Backend error");
    fail_unless_equals_int(f.struck(id), 3);
    // Nothing was closed.
    fail_unless_equals_int(f.control("DELETE", "faults").status, 200);
    expect_text(c.call("GET", "").track(0, "status"), "active");
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

GST_START_TEST(the_section_of_a_fault_can_be_named)
{
    EmulatorFixture f;
    f.add_fault(R"({"name":"changed-mid","mid":"0","to":"zero","count":1})");
    TestClient one(f);
    const auto changed = cf::emu::sdp::parse(one.push({audio("0"), video("1")}).sdp());
    expect_text(changed->sections[0].mid, "zero");
    expect_text(changed->sections[1].mid, "1");
    f.add_fault(R"({"name":"rejected-section","mid":"0","count":1})");
    TestClient two(f);
    const auto rejected = cf::emu::sdp::parse(two.push({audio("0"), video("1")}).sdp());
    fail_unless(rejected->sections[0].rejected() && !rejected->sections[1].rejected());
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

// Each towards one subscriber, who is compared with another one.
struct Audience {
    explicit Audience(EmulatorFixture& f)
        : fixture(f), publisher(audio_publisher(f)), struck(f), spared(f)
    {
        for (TestClient* c : {&struck, &spared})
            (void)c->pull(publisher->id(), "t0");
    }
    // Sends, and waits until the spared one has it all; what the struck one has then.
    std::size_t send(int packets)
    {
        spared.peer().rtp.clear();
        struck.peer().rtp.clear();
        for (int i = 0; i < packets; ++i)
            publisher->send_audio_once("0");
        const auto count = static_cast<std::size_t>(packets);
        fail_unless(wait_until([&] { return spared.peer().rtp.size() >= count; }),
                    "the other one has %u packets",
                    static_cast<unsigned>(spared.peer().rtp.size()));
        return struck.peer().rtp.size();
    }
    std::string add(const std::string& fault)
    {
        return fixture.add_fault("{" + fault + R"(,"direction":"down","session":")" + struck.id() +
                                 "\"}");
    }
    [[nodiscard]] std::vector<unsigned> sequences()
    {
        std::vector<unsigned> list;
        for (const auto& packet : struck.peer().rtp)
            list.push_back(packet[2] * 256U + packet[3]);
        return list;
    }
    EmulatorFixture& fixture;
    std::unique_ptr<TestClient> publisher;
    TestClient struck;
    TestClient spared;
};

GST_START_TEST(duplicated_datagrams_arrive_twice)
{
    EmulatorFixture f;
    Audience a(f);
    const std::string id = a.add(R"("name":"duplicate","percent":100)");
    (void)a.send(20);
    // SRTP drops the copies, which says that they came.
    fail_unless(wait_until([&] { return f.struck(id) >= 20; }));
    fail_unless(wait_until([&] { return a.struck.peer().rtp.size() >= 20; }));
}
GST_END_TEST

GST_START_TEST(reordered_datagrams_are_overtaken)
{
    EmulatorFixture f;
    Audience a(f);
    const std::string id = a.add(R"("name":"reorder","percent":50,"ms":50,"seed":3)");
    (void)a.send(60);
    fail_unless(wait_until([&] { return a.struck.peer().rtp.size() >= 60; }), "some are missing");
    auto list = a.sequences();
    fail_if(std::is_sorted(list.begin(), list.end()), "they came in order");
    fail_unless(f.struck(id) >= 10);
}
GST_END_TEST

GST_START_TEST(latency_holds_datagrams_back)
{
    EmulatorFixture f;
    Audience a(f);
    const std::string id = a.add(R"("name":"latency","ms":400)");
    const gint64 start = g_get_monotonic_time();
    (void)a.send(5);
    fail_unless(wait_until([&] { return a.struck.peer().rtp.size() >= 5; }));
    fail_unless(g_get_monotonic_time() - start >= 390 * 1000, "they came too early");
    fail_unless(f.struck(id) >= 5);
}
GST_END_TEST

GST_START_TEST(narrow_links_drop_what_waits_too_long)
{
    EmulatorFixture f;
    Audience a(f);
    const std::string id = a.add(R"("name":"bandwidth","kbps":8,"queue":50)");
    (void)a.send(100);
    fail_unless(wait_until([&] { return f.struck(id) >= 50; }), "%d were struck",
                static_cast<int>(f.struck(id)));
    fail_unless(a.struck.peer().rtp.size() < 50);
}
GST_END_TEST

GST_START_TEST(blackholes_have_a_direction)
{
    EmulatorFixture f;
    Audience a(f);
    const std::string id = a.add(R"("name":"blackhole")");
    fail_unless_equals_int(a.send(20), 0);
    fail_unless(wait_until([&] { return f.struck(id) >= 20; }));
    fail_unless_equals_int(f.control("DELETE", "faults/" + id).status, 200);
    (void)a.send(5);
    fail_unless(wait_until([&] { return a.struck.peer().rtp.size() >= 5; }));
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
    tcase_add_test(t, any_error_can_be_asked_for);
    tcase_add_test(t, faults_of_a_session_spare_the_others);
    tcase_add_test(t, delay_delays);
    tcase_add_test(t, dropped_response_was_carried_out);
    tcase_add_test(t, bad_answers_are_no_json);
    tcase_add_test(t, members_get_odd_names);
    tcase_add_test(t, refused_connection_changes_nothing);
    tcase_add_test(t, dtls_is_refused);
    tcase_add_test(t, item_error_hits_its_track_only);
    tcase_add_test(t, item_errors_strike_every_operation);
    tcase_add_test(t, lost_session_is_410_and_silent);
    tcase_add_test(t, descriptions_go_wrong_in_every_way);
    tcase_add_test(t, the_section_of_a_fault_can_be_named);
    tcase_add_test(t, pull_offers_lose_their_sources);
    tcase_add_test(t, network_faults_strike_datagrams);
    tcase_add_test(t, duplicated_datagrams_arrive_twice);
    tcase_add_test(t, reordered_datagrams_are_overtaken);
    tcase_add_test(t, latency_holds_datagrams_back);
    tcase_add_test(t, narrow_links_drop_what_waits_too_long);
    tcase_add_test(t, blackholes_have_a_direction);
    tcase_add_test(t, unknown_faults_are_refused);
    tcase_add_test(t, command_line_faults_are_read);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_faults);

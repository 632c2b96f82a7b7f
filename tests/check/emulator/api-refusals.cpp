/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Every refusal of a whole request by a session: status, code, text.
#include <string>

#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words

constexpr char kPull[] = R"({"tracks":[{"location":"remote","sessionId":"x","trackName":"y"}]})";
constexpr char kPushByOffer[] = R"({"tracks":[{"location":"local","trackName":"y","kind":"audio",)"
                                R"("bidirectionalMediaStream":true}]})";
constexpr char kUpdate[] = R"({"tracks":[{"location":"remote","sessionId":"x","trackName":"y",)"
                           R"("mid":"0"}]})";
constexpr char kClose[] = R"({"tracks":[{"mid":"0"}],"force":true})";

void expect(const ApiAnswer& answer, unsigned status, const char* code, const char* description,
            const char* subcode = "")
{
    fail_unless(answer.status == status, "%u instead of %u: %s", answer.status, status,
                answer.body.c_str());
    const std::string got_code = answer.code();
    fail_unless_equals_string(got_code.c_str(), code);
    const std::string got_subcode = answer.text("errorSubcode");
    fail_unless_equals_string(got_subcode.c_str(), subcode);
    const std::string got = answer.description();
    fail_unless(got.find(description) != std::string::npos, "\"%s\" lacks \"%s\"", got.c_str(),
                description);
    // The body says nothing else.
    const auto members = answer.json().as_members();
    for (const auto& [name, value] : *members)
        fail_unless(name.starts_with("error"), "%s", answer.body.c_str());
    fail_unless_equals_string(answer.content_type.c_str(), "application/json");
}

GST_START_TEST(unknown_session_is_410_everywhere)
{
    EmulatorFixture f;
    const std::string sid = "00000000000000000000000000000000";
    expect(f.call("GET", sid), 410, "session_error", "expired");
    expect(f.call("POST", sid + "/tracks/new", kPull), 410, "session_error", "expired");
    expect(f.call("PUT", sid + "/tracks/update", kUpdate), 410, "session_error", "expired");
    expect(f.call("PUT", sid + "/tracks/close", kClose), 410, "session_error", "expired");
    expect(f.call("PUT", sid + "/renegotiate", with_answer("v=0\r\n")), 410, "session_error",
           "expired");
    for (const char* path : {"/datachannels/establish", "/datachannels/new"})
        expect(f.call("POST", sid + path, "{}"), 410, "session_error", "expired");
    for (const char* path : {"/datachannels/update", "/datachannels/close"})
        expect(f.call("PUT", sid + path, "{}"), 410, "session_error", "expired");
    // An id that never was one, and one of another app, are no different.
    expect(f.call("GET", "nobody"), 410, "session_error", "expired");
}
GST_END_TEST

GST_START_TEST(second_push_before_connected_is_425)
{
    EmulatorFixture f;
    TestClient c(f);
    c.push({audio("0")});
    const std::string again =
        with_offer(c.offer({audio("0"), audio("1")}).text(),
                   R"("tracks":[{"location":"local","mid":"1","trackName":"b"}])");
    const gint64 start = g_get_monotonic_time();
    expect(c.call("POST", "/tracks/new", again), 425, "session_error", "not connected");
    fail_unless(g_get_monotonic_time() - start >= 200 * 1000, "it did not wait");
    expect(c.call("POST", "/tracks/new", kPull), 425, "session_error", "not connected");
    expect(c.call("PUT", "/tracks/update", kUpdate), 425, "session_error", "not connected");
    expect(
        c.call("PUT", "/tracks/close",
               with_offer(c.offer({audio("0")}).text(), R"("tracks":[{"mid":"0"}],"force":false)")),
        425, "session_error", "not connected");
    expect(c.call("POST", "/datachannels/establish",
                  R"({"dataChannel":{"location":"remote","dataChannelName":"server-events"}})"),
           425, "session_error", "not connected");
    expect(c.call("POST", "/datachannels/new",
                  R"({"dataChannels":[{"location":"local","dataChannelName":"x"}]})"),
           425, "session_error", "not connected");
    // What needs no transport is served.
    fail_unless_equals_int(c.call("GET", "").status, 200);
    fail_unless_equals_int(c.call("PUT", "/tracks/close", kClose).status, 200);
}
GST_END_TEST

GST_START_TEST(operation_waits_for_connected)
{
    cf::emu::EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.timers.connect_wait = cf::Milliseconds{5000};
    EmulatorFixture f(options);
    TestClient c(f);
    c.push({audio("0")});
    const auto pending =
        f.start_call("POST", c.id() + "/tracks/new",
                     with_offer(c.offer({audio("0"), audio("1")}).text(),
                                R"("tracks":[{"location":"local","mid":"1","trackName":"b"}])"));
    c.connect();
    fail_unless(wait_until([&] { return pending->done; }));
    fail_unless_equals_int(pending->answer.status, 200);
}
GST_END_TEST

GST_START_TEST(overlapping_mutations_are_406)
{
    EmulatorFixture f;
    TestClient c(f);
    c.push({audio("0")});
    const std::string offer = with_offer(c.offer({audio("0")}).text(), "\"autoDiscover\":true");
    const auto waiting = f.start_call("POST", c.id() + "/tracks/new", offer);
    fail_if(wait_until([&] { return waiting->done; }, cf::Milliseconds{50}));
    const char* text = "still in progress";
    const char* subcode = "signaling_state_not_stable";
    expect(c.call("POST", "/tracks/new", offer), 406, "invalid_session_description", text, subcode);
    expect(c.call("PUT", "/tracks/close", kClose), 406, "invalid_session_description", text,
           subcode);
    expect(c.call("PUT", "/tracks/update", kUpdate), 406, "invalid_session_description", text,
           subcode);
    // Looking is no mutation.
    fail_unless_equals_int(c.call("GET", "").status, 200);
    fail_unless(wait_until([&] { return waiting->done; }));
    fail_unless_equals_int(waiting->answer.status, 425);
    // Another session is another matter, and this one is free again.
    expect(c.call("POST", "/tracks/new", offer), 425, "session_error", "not connected");
}
GST_END_TEST

GST_START_TEST(pending_offer_blocks_descriptions)
{
    EmulatorFixture f;
    TestClient c(f);
    const ApiAnswer offer = c.call("POST", "/tracks/new", kPushByOffer);
    fail_unless(offer.sdp_type() == "offer" && offer.needs_renegotiation());
    const char* text = "has not been answered";
    const char* subcode = "invalid_modification_have_local_offer";
    expect(c.call("POST", "/tracks/new", kPushByOffer), 406, "invalid_session_description", text,
           subcode);
    expect(c.call("POST", "/tracks/new",
                  with_offer(c.offer({audio("0")}).text(), "\"autoDiscover\":true")),
           406, "invalid_session_description", text, subcode);
    expect(
        c.call("PUT", "/tracks/close",
               with_offer(c.offer({audio("0")}).text(), R"("tracks":[{"mid":"0"}],"force":false)")),
        406, "invalid_session_description", text, subcode);
    // Without SDP nothing stands in the way.
    fail_unless_equals_int(c.call("PUT", "/tracks/close", kClose).status, 200);
    fail_unless_equals_int(
        c.call("PUT", "/renegotiate", with_answer(c.answer_to(offer.sdp()))).status, 200);
}
GST_END_TEST

GST_START_TEST(answers_nobody_asked_for_are_406)
{
    EmulatorFixture f;
    TestClient c(f);
    const char* text = "No offer of the SFU is waiting";
    expect(c.call("PUT", "/renegotiate", with_answer("v=0\r\n")), 406,
           "invalid_session_description", text);
    const ApiAnswer offer = c.call("POST", "/tracks/new", kPushByOffer);
    const std::string answer = with_answer(c.answer_to(offer.sdp(), true));
    const ApiAnswer done = c.call("PUT", "/renegotiate", answer);
    fail_unless_equals_string(done.body.c_str(), "{}");
    // "Sending the same answer again after success can fail."
    expect(c.call("PUT", "/renegotiate", answer), 406, "invalid_session_description", text);
}
GST_END_TEST

GST_START_TEST(bad_answers_leave_the_offer_pending)
{
    EmulatorFixture f;
    TestClient c(f);
    const ApiAnswer offer = c.call("POST", "/tracks/new", kPushByOffer);
    const std::string good = c.answer_to(offer.sdp());
    expect(c.call("PUT", "/renegotiate", with_answer(good.substr(0, good.size() - 2))), 400,
           "invalid_session_description", "Unable to parse SDP: the last line");
    expect(c.call("PUT", "/renegotiate", with_offer(good, "")), 406, "invalid_session_description",
           "An answer is expected");
    expect(c.call("PUT", "/renegotiate",
                  with_answer(replaced(good, "a=setup:active", "a=setup:actpass"))),
           406, "invalid_session_description", "active or passive");
    fail_unless_equals_int(c.call("PUT", "/renegotiate", with_answer(good)).status, 200);
}
GST_END_TEST

GST_START_TEST(bad_offers_are_refused_and_change_nothing)
{
    EmulatorFixture f;
    TestClient c(f);
    const std::string rest = R"("tracks":[{"location":"local","mid":"0","trackName":"a"}])";
    const std::string good = c.offer({audio("0")}).text();
    const auto push = [&](const std::string& sdp) {
        return c.call("POST", "/tracks/new", with_offer(sdp, rest));
    };
    expect(push(good.substr(0, good.size() - 2)), 400, "invalid_session_description",
           "Unable to parse SDP");
    expect(push("nonsense\r\n"), 400, "invalid_session_description", "Unable to parse SDP");
    expect(push(replaced(good, "a=setup:actpass", "a=setup:active")), 406,
           "invalid_session_description", "actpass");
    expect(push(replaced(good, "a=rtcp-mux\r\n", "")), 406, "invalid_session_description",
           "rtcp-mux");
    Offer two = c.offer({audio("0"), audio("0")});
    expect(push(two.text()), 406, "invalid_session_description", "two sections");
    ApiAnswer as_answer = c.call("POST", "/tracks/new",
                                 R"({"sessionDescription":{"type":"answer","sdp":)" +
                                     json_text(good) + "}," + rest + "}");
    expect(as_answer, 406, "invalid_session_description", "An offer is expected");
    const auto session = f.emulator().sfu().find_session(c.id());
    fail_unless(session->state() == cf::emu::SessionState::New);
    fail_unless_equals_int(session->negotiation().lines().size(), 0);
    fail_unless_equals_int(push(good).status, 200);
}
GST_END_TEST

// The client's habits that would fail live have to fail here.
GST_START_TEST(renegotiation_mistakes_are_refused)
{
    EmulatorFixture f;
    TestClient c(f);
    c.push({audio("0"), audio("1")});
    c.connect();
    const auto offer = [&](const Offer& o) {
        return c.call("POST", "/tracks/new", with_offer(o.text(), "\"autoDiscover\":true"));
    };
    const char* code = "invalid_session_description";
    expect(offer(c.offer({audio("0")})), 406, code, "fewer");
    expect(offer(c.offer({audio("0"), audio("x")})), 406, code, "changed its mid");
    Offer o = c.offer({audio("0"), audio("1")});
    o.setup = "active";
    expect(offer(o), 406, code, "actpass");
    o = c.offer({audio("0"), audio("1")});
    o.ufrag = "restart";
    expect(offer(o), 406, code, "ICE restart");
    o = c.offer({audio("0"), audio("1")});
    o.fingerprint = kFingerprint;
    expect(offer(o), 406, code, "fingerprint");
    fail_unless_equals_int(offer(c.offer({audio("0"), audio("1"), audio("2")})).status, 200);
}
GST_END_TEST

GST_START_TEST(role_flip_in_an_answer_is_refused)
{
    EmulatorFixture f;
    TestClient c(f);
    c.push({audio("0")});
    c.connect();
    const ApiAnswer offer = c.call("POST", "/tracks/new", kPushByOffer);
    std::string flipped = c.answer_to(offer.sdp());
    for (int i = 0; i < 2; ++i)
        flipped = replaced(flipped, "a=setup:active", "a=setup:passive");
    expect(c.call("PUT", "/renegotiate", with_answer(flipped)), 406, "invalid_session_description",
           "flips the DTLS role");
}
GST_END_TEST

GST_START_TEST(too_many_and_mixed_tracks_are_406)
{
    EmulatorFixture f;
    TestClient c(f);
    const auto tracks = [](int n, const char* item) {
        std::string list;
        for (int i = 0; i < n; ++i)
            list += std::string(i == 0 ? "" : ",") + item;
        return "{\"tracks\":[" + list + "]}";
    };
    const char* remote = R"({"location":"remote","sessionId":"x","trackName":"y"})";
    expect(c.call("POST", "/tracks/new", tracks(65, remote)), 406, "invalid_params",
           "at most 64 tracks");
    fail_unless_equals_int(c.call("POST", "/tracks/new", tracks(64, remote)).status, 200);
    expect(c.call("POST", "/tracks/new",
                  R"({"tracks":[{"location":"remote","sessionId":"x","trackName":"y"},)"
                  R"({"location":"local","trackName":"z","mid":"0"}]})"),
           406, "invalid_params", "Pushing and pulling");
    expect(c.call("POST", "/tracks/new", "{}"), 406, "invalid_params", "at least one track");
    expect(c.call("POST", "/tracks/new", R"({"tracks":[{"location":"remote","trackName":"y"}]})"),
           406, "invalid_params", "sessionId");
    expect(c.call("POST", "/tracks/new", R"({"tracks":[{"location":"local","mid":"0"}]})"), 406,
           "invalid_params", "trackName");
    expect(c.call("POST", "/tracks/new", R"({"tracks":[{"location":"sideways","trackName":"y"}]})"),
           406, "invalid_params", "");
    expect(c.call("PUT", "/tracks/update", R"({"tracks":[]})"), 406, "invalid_params",
           "at least one");
    expect(c.call("PUT", "/tracks/update",
                  R"({"tracks":[{"location":"local","mid":"0","trackName":"y"}]})"),
           406, "invalid_params", "remote");
    expect(c.call("PUT", "/tracks/close", R"({"tracks":[{"mid":"0"}],"force":false})"), 406,
           "invalid_params", "sessionDescription");
}
GST_END_TEST

// An ICE-lite client would wait for checks of the SFU's, which is lite itself.
GST_START_TEST(ice_lite_clients_need_thirdparty)
{
    EmulatorFixture f;
    TestClient c(f);
    Offer offer = c.offer({audio("0")});
    offer.session_lines = "a=ice-lite\r\n";
    const std::string body = with_offer(offer.text(), "\"autoDiscover\":true");
    expect(c.call("POST", "/tracks/new", body), 406, "invalid_session_description", "ice-lite");
    const ApiAnswer other =
        f.send({"POST", "/v1/apps/local-app/sessions/new?thirdparty=true&correlationId=room"});
    fail_unless_equals_int(f.call("POST", other.text("sessionId") + "/tracks/new", body).status,
                           200);
}
GST_END_TEST

GST_START_TEST(unknown_sdp_types_are_refused)
{
    EmulatorFixture f;
    TestClient c(f);
    for (const char* type : {"pranswer", "rollback", ""})
        expect(c.call("POST", "/tracks/new",
                      std::string(R"({"autoDiscover":true,"sessionDescription":{"type":")") + type +
                          R"(","sdp":"v=0\r\n"}})"),
               400, "decoding_error", "sessionDescription.type");
}
GST_END_TEST

GST_START_TEST(session_limit_is_503)
{
    cf::emu::EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.limits.sessions = 1;
    EmulatorFixture f(options);
    (void)f.new_session();
    expect(f.call("POST", "new"), 503, "temporarily_unavailable_error", "limit");
}
GST_END_TEST

Suite* api_refusals_suite()
{
    Suite* s = suite_create("api_refusals");
    TCase* t = tcase_create("refusals");
    tcase_add_test(t, unknown_session_is_410_everywhere);
    tcase_add_test(t, second_push_before_connected_is_425);
    tcase_add_test(t, operation_waits_for_connected);
    tcase_add_test(t, overlapping_mutations_are_406);
    tcase_add_test(t, pending_offer_blocks_descriptions);
    tcase_add_test(t, answers_nobody_asked_for_are_406);
    tcase_add_test(t, bad_answers_leave_the_offer_pending);
    tcase_add_test(t, bad_offers_are_refused_and_change_nothing);
    tcase_add_test(t, renegotiation_mistakes_are_refused);
    tcase_add_test(t, role_flip_in_an_answer_is_refused);
    tcase_add_test(t, too_many_and_mixed_tracks_are_406);
    tcase_add_test(t, ice_lite_clients_need_thirdparty);
    tcase_add_test(t, unknown_sdp_types_are_refused);
    tcase_add_test(t, session_limit_is_503);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_refusals);

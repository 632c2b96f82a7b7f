/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

cf::emu::sdp::Description parsed(const std::string& sdp)
{
    auto result = cf::emu::sdp::parse(sdp);
    fail_unless(result.ok(), "%s", sdp.c_str());
    return result.take();
}

constexpr char kForce0[] = R"({"tracks":[{"mid":"0"}],"force":true})";

GST_START_TEST(forced_close_needs_no_sdp)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient subscriber(f);
    (void)subscriber.pull(publisher->id(), "t0");
    const ApiAnswer answer = publisher->call(
        "PUT", "/tracks/close", R"({"tracks":[{"mid":"0"},{"mid":"5"}],"force":true})");
    fail_unless_equals_int(answer.status, 200);
    fail_if(answer.needs_renegotiation());
    expect_text(answer.sdp(), "");
    expect_text(answer.track(0, "mid"), "0");
    expect_text(answer.track(0, "errorCode"), "");
    expect_text(answer.track(1, "mid"), "5");
    expect_text(answer.track(1, "errorCode"), "close_track_error");
    expect_text(answer.track(1, "errorDescription"), "Track doesn't exist or was already closed");
    // It ended for the subscriber too, whose connection stays.
    expect_text(subscriber.call("GET", "").track(0, "status"), "inactive");
    expect_text(publisher->call("GET", "").track(0, "status"), "inactive");
    expect_text(publisher->call("PUT", "/tracks/close", kForce0).track(0, "errorCode"),
                "close_track_error");
    const ApiAnswer again = subscriber.pull(publisher->id(), "t0");
    expect_text(again.track(0, "errorCode"), "not_found_track_error");
}
GST_END_TEST

GST_START_TEST(closing_a_pull_leaves_the_publication)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient one(f);
    TestClient two(f);
    (void)one.pull(publisher->id(), "t0");
    (void)two.pull(publisher->id(), "t0");
    fail_unless_equals_int(one.call("PUT", "/tracks/close", kForce0).status, 200);
    expect_text(one.call("GET", "").track(0, "status"), "inactive");
    expect_text(two.call("GET", "").track(0, "status"), "active");
    expect_text(publisher->call("GET", "").track(0, "status"), "active");
}
GST_END_TEST

GST_START_TEST(closing_a_transceiver_that_goes_both_ways_ends_both)
{
    EmulatorFixture f;
    auto other = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer pushed =
        c.call("POST", "/tracks/new",
               with_offer(c.offer({audio("0", "sendrecv")}).text(),
                          R"("tracks":[{"location":"local","mid":"0","trackName":"mic",)"
                          R"("bidirectionalMediaStream":true}])"));
    fail_unless_equals_int(pushed.status, 200);
    c.connect();
    const ApiAnswer pulled = c.call("POST", "/tracks/new",
                                    R"({"tracks":[{"location":"remote","sessionId":")" +
                                        other->id() + R"(","trackName":"t0","mid":"0"}]})");
    expect_text(pulled.track(0, "errorCode"), "");
    expect_text(pulled.track(0, "mid"), "0");
    const ApiAnswer closed = c.call("PUT", "/tracks/close", kForce0);
    expect_text(closed.track(0, "errorCode"), "");
    const ApiAnswer info = c.call("GET", "");
    expect_text(info.track(0, "status"), "inactive");
    expect_text(info.track(1, "status"), "inactive");
    expect_text(other->call("GET", "").track(0, "status"), "active");
}
GST_END_TEST

GST_START_TEST(negotiated_close_stops_the_section)
{
    EmulatorFixture f;
    TestClient c(f);
    c.push({audio("0"), audio("1")});
    c.connect();
    OfferSection stopped = audio("0", "inactive");
    stopped.port = 0;
    const ApiAnswer answer =
        c.call("PUT", "/tracks/close",
               with_offer(c.offer({stopped, audio("1")}).text(),
                          R"("tracks":[{"mid":"0"},{"mid":"9"}],"force":false)"));
    fail_unless(answer.status == 200, "%s", answer.body.c_str());
    expect_text(answer.sdp_type(), "answer");
    expect_text(answer.track(0, "errorCode"), "");
    expect_text(answer.track(1, "errorCode"), "close_track_error");
    const auto sdp = parsed(answer.sdp());
    fail_unless(sdp.sections[0].rejected());
    fail_if(sdp.bundled("0"));
    fail_unless(sdp.sections[1].direction == cf::emu::sdp::Direction::RecvOnly);
    expect_text(c.call("GET", "").track(0, "status"), "inactive");
    expect_text(c.call("GET", "").track(1, "status"), "active");
}
GST_END_TEST

// partytracks lists several mids and stops only the first transceiver.
GST_START_TEST(close_goes_by_the_list_not_by_the_sdp)
{
    EmulatorFixture f;
    TestClient c(f);
    c.push({audio("0"), audio("1")});
    c.connect();
    OfferSection stopped = audio("0", "inactive");
    stopped.port = 0;
    const ApiAnswer answer =
        c.call("PUT", "/tracks/close",
               with_offer(c.offer({stopped, audio("1")}).text(),
                          R"("tracks":[{"mid":"0"},{"mid":"1"}],"force":false)"));
    expect_text(answer.track(1, "errorCode"), "");
    fail_unless(parsed(answer.sdp()).sections[1].direction == cf::emu::sdp::Direction::Inactive);
    expect_text(c.call("GET", "").track(1, "status"), "inactive");
}
GST_END_TEST

GST_START_TEST(stopped_section_carries_a_new_track)
{
    EmulatorFixture f;
    auto c = audio_publisher(f);
    OfferSection stopped = audio("0", "inactive");
    stopped.port = 0;
    const ApiAnswer closed =
        c->call("PUT", "/tracks/close",
                with_offer(c->offer({stopped}).text(), R"("tracks":[{"mid":"0"}],"force":false)"));
    fail_unless_equals_int(closed.status, 200);
    const ApiAnswer pushed =
        c->call("POST", "/tracks/new",
                with_offer(c->offer({audio("7")}).text(),
                           R"("tracks":[{"location":"local","mid":"7","trackName":"new"}])"));
    fail_unless(pushed.status == 200, "%s", pushed.body.c_str());
    expect_text(pushed.track(0, "errorCode"), "");
    c->send_audio("7", 0x2222);
}
GST_END_TEST

GST_START_TEST(closed_pulls_make_room_for_the_next)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer first = c.pull(publisher->id(), "t0");
    const std::string mid = first.track(0, "mid");
    Offer offer = c.offer({audio(mid, "inactive")});
    const ApiAnswer closed =
        c.call("PUT", "/tracks/close",
               with_offer(offer.text(), R"("tracks":[{"mid":")" + mid + R"("}],"force":false)"));
    fail_unless(closed.status == 200, "%s", closed.body.c_str());
    const ApiAnswer second = c.pull(publisher->id(), "t0");
    expect_text(second.track(0, "mid"), mid.c_str());
    const auto sdp = parsed(second.sdp());
    fail_unless_equals_int(sdp.sections.size(), 1);
    fail_unless(sdp.sections[0].direction == cf::emu::sdp::Direction::SendOnly);
}
GST_END_TEST

GST_START_TEST(force_closed_pulls_keep_their_section)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    (void)c.pull(publisher->id(), "t0");
    fail_unless_equals_int(c.call("PUT", "/tracks/close", kForce0).status, 200);
    const ApiAnswer second = c.pull(publisher->id(), "t0");
    const auto sdp = parsed(second.sdp());
    fail_unless_equals_int(sdp.sections.size(), 2);
    fail_unless(sdp.sections[0].direction == cf::emu::sdp::Direction::Inactive);
}
GST_END_TEST

Suite* api_close_suite()
{
    Suite* s = suite_create("api_close");
    TCase* t = tcase_create("close");
    tcase_add_test(t, forced_close_needs_no_sdp);
    tcase_add_test(t, closing_a_pull_leaves_the_publication);
    tcase_add_test(t, closing_a_transceiver_that_goes_both_ways_ends_both);
    tcase_add_test(t, negotiated_close_stops_the_section);
    tcase_add_test(t, close_goes_by_the_list_not_by_the_sdp);
    tcase_add_test(t, stopped_section_carries_a_new_track);
    tcase_add_test(t, closed_pulls_make_room_for_the_next);
    tcase_add_test(t, force_closed_pulls_keep_their_section);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_close);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Pulling: modes (d), (e), (f) of tracks/new, failed items, and tracks/update.
#include <algorithm>
#include <string>

#include "tests/emulator/media/rtp-packet.hpp"
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

std::string remote(const std::string& session, const std::string& track,
                   const std::string& more = {})
{
    return R"({"location":"remote","sessionId":")" + session + R"(","trackName":")" + track + "\"" +
           more + "}";
}

std::string tracks(const std::string& items)
{
    return "{\"tracks\":[" + items + "]}";
}

std::uint32_t ssrc_of(const std::vector<std::uint8_t>& packet)
{
    return static_cast<std::uint32_t>(packet[8] << 24 | packet[9] << 16 | packet[10] << 8 |
                                      packet[11]);
}

// Sends until @p subscriber received a packet under @p ssrc.
bool flows(TestClient& publisher, TestClient& subscriber, std::uint32_t ssrc)
{
    const auto arrived = [&] {
        const auto& rtp = subscriber.peer().rtp;
        return std::any_of(rtp.begin(), rtp.end(),
                           [&](const auto& packet) { return ssrc_of(packet) == ssrc; });
    };
    for (int i = 0; i < 100 && !arrived(); ++i) {
        publisher.send_audio_once("0");
        (void)wait_until(arrived, cf::Milliseconds{20});
    }
    return arrived();
}

cf::emu::sdp::Description parsed(const std::string& sdp)
{
    auto result = cf::emu::sdp::parse(sdp);
    fail_unless(result.ok(), "%s", sdp.c_str());
    return result.take();
}

GST_START_TEST(pulled_track_flows_under_the_offered_ssrc)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient subscriber(f);
    const ApiAnswer answer = subscriber.pull(publisher->id(), "t0");
    fail_unless(answer.needs_renegotiation());
    expect_text(answer.sdp_type(), "offer");
    expect_text(answer.track(0, "sessionId"), publisher->id().c_str());
    expect_text(answer.track(0, "trackName"), "t0");
    const auto offer = parsed(answer.sdp());
    expect_text(answer.track(0, "mid"), offer.sections[0].mid.c_str());
    fail_unless(offer.sections[0].direction == cf::emu::sdp::Direction::SendOnly);
    fail_unless_equals_int(offer.sections[0].codecs.size(), 1);
    fail_unless_equals_int(offer.sections[0].payload_types[0], 111);
    fail_unless(flows(*publisher, subscriber, offer.sections[0].sources.at(0).ssrc));
    const ApiAnswer info = subscriber.call("GET", "");
    expect_text(info.track(0, "location"), "remote");
    expect_text(info.track(0, "status"), "active");
}
GST_END_TEST

GST_START_TEST(unknown_tracks_fail_at_once_with_the_live_text)
{
    cf::emu::EmulatorOptions options; // with the real waits: it must not sit through them
    EmulatorFixture f(options);
    TestClient silent(f);
    silent.push({audio("0")}); // known, but not connected
    TestClient c(f);
    const gint64 start = g_get_monotonic_time();
    const ApiAnswer answer = c.call("POST", "/tracks/new",
                                    tracks(remote("nobody", "x") + "," + remote(silent.id(), "t0") +
                                           "," + remote(silent.id(), "other")));
    fail_unless(g_get_monotonic_time() - start < 4 * G_USEC_PER_SEC);
    fail_unless_equals_int(answer.status, 200);
    fail_if(answer.needs_renegotiation());
    expect_text(answer.sdp(), "");
    for (std::size_t i = 0; i < 3; ++i) {
        expect_text(answer.track(i, "errorCode"), "not_found_track_error");
        expect_text(answer.track(i, "errorDescription"),
                    "Track not found on remote peer. Make sure the publisher peer is connected and "
                    "sending packets for this track");
        expect_text(answer.track(i, "mid"), "");
    }
    fail_unless(answer.body.find("\"mid\":\"\"") != std::string::npos);
}
GST_END_TEST

GST_START_TEST(silent_tracks_are_waited_for)
{
    EmulatorFixture f;
    TestClient publisher(f);
    publisher.push({audio("0")});
    publisher.connect();
    TestClient c(f);
    const gint64 start = g_get_monotonic_time();
    const ApiAnswer answer = c.pull(publisher.id(), "t0");
    fail_unless(g_get_monotonic_time() - start >= 300 * 1000, "it did not wait");
    expect_text(answer.track(0, "errorCode"), "empty_track_error");
    expect_text(answer.track(0, "errorDescription"),
                "No track data from remote peer. Make sure the publisher peer is connected and "
                "sending packets for this track");
    expect_text(answer.track(0, "mid"), "");
    fail_if(answer.needs_renegotiation());
}
GST_END_TEST

GST_START_TEST(first_packet_ends_the_wait)
{
    cf::emu::EmulatorOptions options; // the real 8 s
    EmulatorFixture f(options);
    TestClient publisher(f);
    publisher.push({audio("0")});
    publisher.connect();
    TestClient c(f);
    const gint64 start = g_get_monotonic_time();
    const auto pending =
        f.start_call("POST", c.id() + "/tracks/new", tracks(remote(publisher.id(), "t0")));
    fail_if(wait_until([&] { return pending->done; }, cf::Milliseconds{100}));
    publisher.send_audio("0");
    fail_unless(wait_until([&] { return pending->done; }));
    fail_unless(g_get_monotonic_time() - start < 6 * G_USEC_PER_SEC);
    expect_text(pending->answer.sdp_type(), "offer");
}
GST_END_TEST

GST_START_TEST(offer_holds_only_the_good_items)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer answer = c.call(
        "POST", "/tracks/new", tracks(remote("nobody", "x") + "," + remote(publisher->id(), "t0")));
    fail_unless(answer.needs_renegotiation());
    expect_text(answer.track(0, "errorCode"), "not_found_track_error");
    expect_text(answer.track(1, "errorCode"), "");
    fail_unless_equals_int(parsed(answer.sdp()).sections.size(), 1);
}
GST_END_TEST

GST_START_TEST(one_call_pulls_from_several_publishers)
{
    EmulatorFixture f;
    auto one = audio_publisher(f);
    auto two = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer answer = c.call(
        "POST", "/tracks/new", tracks(remote(one->id(), "t0") + "," + remote(two->id(), "t0")));
    fail_unless(answer.needs_renegotiation());
    expect_text(answer.track(0, "sessionId"), one->id().c_str());
    expect_text(answer.track(1, "sessionId"), two->id().c_str());
    const auto offer = parsed(answer.sdp());
    fail_unless_equals_int(offer.sections.size(), 2);
    fail_unless_equals_int(
        c.call("PUT", "/renegotiate", with_answer(c.answer_to(answer.sdp()))).status, 200);
    c.connect();
    fail_unless(flows(*one, c, offer.sections[0].sources.at(0).ssrc));
    fail_unless(flows(*two, c, offer.sections[1].sources.at(0).ssrc));
}
GST_END_TEST

GST_START_TEST(one_connection_publishes_and_pulls)
{
    EmulatorFixture f;
    auto other = audio_publisher(f);
    auto c = audio_publisher(f);
    const ApiAnswer answer = c->call("POST", "/tracks/new", tracks(remote(other->id(), "t0")));
    const auto offer = parsed(answer.sdp());
    fail_unless_equals_int(offer.sections.size(), 2);
    fail_unless(offer.sections[0].direction == cf::emu::sdp::Direction::RecvOnly);
    fail_unless(offer.sections[0].ice.ufrag == offer.sections[1].ice.ufrag);
    expect_text(answer.track(0, "mid"), "1");
    fail_unless_equals_int(
        c->call("PUT", "/renegotiate", with_answer(c->answer_to(answer.sdp(), true))).status, 200);
    fail_unless(flows(*other, *c, offer.sections[1].sources.at(0).ssrc));
    // And what it published goes on.
    TestClient third(f);
    const ApiAnswer pulled = third.pull(c->id(), "t0");
    fail_unless(flows(*c, third, parsed(pulled.sdp()).sections[0].sources.at(0).ssrc));
}
GST_END_TEST

GST_START_TEST(repeated_pull_is_a_second_subscription)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer one = c.pull(publisher->id(), "t0");
    const ApiAnswer two = c.pull(publisher->id(), "t0");
    fail_if(one.track(0, "mid") == two.track(0, "mid"));
    const auto offer = parsed(two.sdp());
    fail_unless_equals_int(offer.sections.size(), 2);
    fail_unless(flows(*publisher, c, offer.sections[0].sources.at(0).ssrc));
    fail_unless(flows(*publisher, c, offer.sections[1].sources.at(0).ssrc));
}
GST_END_TEST

GST_START_TEST(client_may_offer_to_receive)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer answer = c.call(
        "POST", "/tracks/new",
        with_offer(c.offer({audio("0", "recvonly")}).text(),
                   "\"tracks\":[" + remote(publisher->id(), "t0", R"(,"kind":"audio")") + "]"));
    fail_if(answer.needs_renegotiation());
    expect_text(answer.sdp_type(), "answer");
    expect_text(answer.track(0, "mid"), "0");
    const auto sdp = parsed(answer.sdp());
    fail_unless(sdp.sections[0].direction == cf::emu::sdp::Direction::SendOnly);
    c.connect();
    fail_unless(flows(*publisher, c, sdp.sections[0].sources.at(0).ssrc));
}
GST_END_TEST

GST_START_TEST(client_offer_without_room_fails_the_item)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer answer =
        c.call("POST", "/tracks/new",
               with_offer(c.offer({video("0", "recvonly")}).text(),
                          "\"tracks\":[" + remote(publisher->id(), "t0") + "]"));
    fail_unless_equals_int(answer.status, 200);
    expect_text(answer.sdp_type(), "answer");
    expect_text(answer.track(0, "errorCode"), "invalid_params");
    fail_unless(parsed(answer.sdp()).sections[0].direction == cf::emu::sdp::Direction::Inactive);
}
GST_END_TEST

// The OpenAI relay: no SDP and no renegotiation, the transceiver is there already.
GST_START_TEST(pull_into_a_transceiver_by_track_name)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer pushed =
        c.call("POST", "/tracks/new",
               with_offer(c.offer({audio("0", "sendrecv")}).text(),
                          R"("tracks":[{"location":"local","mid":"0","trackName":"mic",)"
                          R"("kind":"audio","bidirectionalMediaStream":true}])"));
    const auto sdp = parsed(pushed.sdp());
    fail_unless(sdp.sections[0].direction == cf::emu::sdp::Direction::SendRecv);
    c.connect();
    const ApiAnswer answer =
        c.call("POST", "/tracks/new", tracks(remote(publisher->id(), "t0", R"(,"mid":"#mic")")));
    fail_if(answer.needs_renegotiation());
    expect_text(answer.sdp(), "");
    expect_text(answer.track(0, "mid"), "0");
    fail_unless(flows(*publisher, c, sdp.sections[0].sources.at(0).ssrc));
    // Now it carries one; the real mid names the transceiver just as well.
    const ApiAnswer taken =
        c.call("POST", "/tracks/new", tracks(remote(publisher->id(), "t0", R"(,"mid":"0")")));
    expect_text(taken.track(0, "errorCode"), "invalid_params");
    const ApiAnswer nowhere =
        c.call("POST", "/tracks/new", tracks(remote(publisher->id(), "t0", R"(,"mid":"#nobody")")));
    expect_text(nowhere.track(0, "errorCode"), "invalid_params");
}
GST_END_TEST

GST_START_TEST(update_swaps_what_is_behind_a_transceiver)
{
    EmulatorFixture f;
    auto one = audio_publisher(f);
    auto two = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer pulled = c.pull(one->id(), "t0");
    const std::uint32_t ssrc = parsed(pulled.sdp()).sections[0].sources.at(0).ssrc;
    fail_unless(flows(*one, c, ssrc));
    const std::string mid = R"(,"mid":")" + pulled.track(0, "mid") + "\"";
    const ApiAnswer answer = c.call("PUT", "/tracks/update", tracks(remote(two->id(), "t0", mid)));
    fail_unless_equals_int(answer.status, 200);
    fail_if(answer.needs_renegotiation());
    expect_text(answer.sdp(), "");
    expect_text(answer.track(0, "errorCode"), "");
    c.peer().rtp.clear();
    fail_unless(flows(*two, c, ssrc), "the other track does not flow under the same SSRC");
    const ApiAnswer gone = c.call("PUT", "/tracks/update", tracks(remote("nobody", "t0", mid)));
    expect_text(gone.track(0, "errorCode"), "not_found_track_error");
    const ApiAnswer no_mid =
        c.call("PUT", "/tracks/update", tracks(remote(two->id(), "t0", R"(,"mid":"77")")));
    expect_text(no_mid.track(0, "errorCode"), "update_track_error");
    const ApiAnswer plain =
        c.call("PUT", "/tracks/update",
               tracks(remote(two->id(), "t0", mid + R"(,"simulcast":{"preferredRid":"q"})")));
    expect_text(plain.track(0, "errorCode"), "update_track_error");
}
GST_END_TEST

GST_START_TEST(simulcast_is_echoed)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const ApiAnswer answer =
        c.call("POST", "/tracks/new",
               tracks(remote(publisher->id(), "t0",
                             R"(,"simulcast":{"preferredRid":"h",)"
                             R"("priorityOrdering":"asciibetical","ridNotAvailable":"none"})")));
    fail_unless(answer.body.find(R"("preferredRid":"h")") != std::string::npos, "%s",
                answer.body.c_str());
}
GST_END_TEST

GST_START_TEST(switches_change_the_offer)
{
    cf::emu::EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.offer_ssrc = false;
    options.sfu.offer_all_codecs = true;
    EmulatorFixture f(options);
    auto publisher = audio_publisher(f);
    TestClient c(f);
    const auto offer = parsed(c.pull(publisher->id(), "t0").sdp());
    fail_unless(offer.sections[0].sources.empty());
    const std::vector<int> expected = {111, 0, 8};
    fail_unless(offer.sections[0].payload_types == expected);
}
GST_END_TEST

Suite* api_pull_suite()
{
    Suite* s = suite_create("api_pull");
    TCase* t = tcase_create("pull");
    tcase_add_test(t, pulled_track_flows_under_the_offered_ssrc);
    tcase_add_test(t, unknown_tracks_fail_at_once_with_the_live_text);
    tcase_add_test(t, silent_tracks_are_waited_for);
    tcase_add_test(t, first_packet_ends_the_wait);
    tcase_add_test(t, offer_holds_only_the_good_items);
    tcase_add_test(t, one_call_pulls_from_several_publishers);
    tcase_add_test(t, one_connection_publishes_and_pulls);
    tcase_add_test(t, repeated_pull_is_a_second_subscription);
    tcase_add_test(t, client_may_offer_to_receive);
    tcase_add_test(t, client_offer_without_room_fails_the_item);
    tcase_add_test(t, pull_into_a_transceiver_by_track_name);
    tcase_add_test(t, update_swaps_what_is_behind_a_transceiver);
    tcase_add_test(t, simulcast_is_echoed);
    tcase_add_test(t, switches_change_the_offer);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_pull);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Data channels: what can be seen through the API alone, without a message.
#include <string>

#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words
using cf::Milliseconds;

constexpr char kEstablish[] =
    R"({"dataChannel":{"location":"remote","dataChannelName":"server-events"}})";
constexpr char kChannel[] = R"({"dataChannels":[{"location":"local","dataChannelName":"c"}]})";

void expect_text(const std::string& got, const char* expected)
{
    fail_unless(got == expected, "\"%s\" instead of \"%s\"", got.c_str(), expected);
}

cf::json::JsonReader channel(const ApiAnswer& answer, std::size_t index = 0)
{
    const auto items = answer.json().get_array("dataChannels");
    fail_unless(items.ok() && index < items->size(), "%s", answer.body.c_str());
    return (*items)[index];
}

// DTLS is up and the SFU has an association; nobody answers in it.
void establish(TestClient& c)
{
    const ApiAnswer offer = c.call("POST", "/datachannels/establish", kEstablish);
    fail_unless(offer.sdp_type() == "offer", "%s", offer.body.c_str());
    fail_unless_equals_int(
        c.call("PUT", "/renegotiate", with_answer(c.answer_to(offer.sdp()))).status, 200);
    c.connect();
}

std::string subscription(const std::string& publisher, const std::string& more = {})
{
    return R"({"dataChannels":[{"location":"remote","sessionId":")" + publisher +
           R"(","dataChannelName":"c")" + more + "}]}";
}

// sfu-turn-go: a DataChannel-only offer in sessions/new, and no `establish` afterwards.
GST_START_TEST(offer_with_the_new_session_replaces_establish)
{
    EmulatorFixture f;
    MediaPeer peer;
    const auto parameters = peer.parameters();
    const std::string sdp =
        "v=0\r\no=- 42 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
        "a=ice-ufrag:" +
        parameters.ufrag + "\r\na=ice-pwd:" + parameters.pwd + "\r\na=fingerprint:sha-256 " +
        parameters.fingerprints.front().value + "\r\na=setup:actpass\r\na=sctp-port:5000\r\n";
    const ApiAnswer answer = f.call("POST", "new", with_offer(sdp, ""));
    fail_unless_equals_int(answer.status, 201);
    expect_text(answer.sdp_type(), "answer");
    const std::string sid = answer.text("sessionId");
    const auto session = f.emulator().sfu().find_session(sid);
    peer.start(f.emulator().sfu().media(), session->transport());
    fail_unless(wait_until([&] { return session->state() == cf::emu::SessionState::Connected; }));
    const ApiAnswer made = f.call("POST", sid + "/datachannels/new", kChannel);
    fail_unless_equals_int(made.status, 200);
    fail_unless_equals_int(*channel(made).get_int("id"), 1);
}
GST_END_TEST

GST_START_TEST(channel_is_initializing_until_sctp_is_up)
{
    EmulatorFixture f;
    TestClient c(f);
    establish(c);
    fail_unless_equals_int(c.call("POST", "/datachannels/new", kChannel).status, 200);
    const ApiAnswer info = c.call("GET", "");
    expect_text(*channel(info).get_string("status"), "initializing");
    expect_text(*channel(info).get_string("location"), "local");
    fail_unless_equals_int(info.json().get_array("tracks")->size(), 0);
    fail_if(info.json().has("sessionDescription"));
}
GST_END_TEST

GST_START_TEST(items_say_what_they_are_about)
{
    EmulatorFixture f;
    TestClient publisher(f);
    TestClient subscriber(f);
    establish(publisher);
    establish(subscriber);
    const ApiAnswer made = publisher.call("POST", "/datachannels/new", kChannel);
    expect_text(*channel(made).get_string("location"), "local");
    expect_text(*channel(made).get_string("dataChannelName"), "c");
    fail_if(channel(made).has("sessionId"));
    fail_if(made.json().has("sessionDescription"));
    const ApiAnswer pulled =
        subscriber.call("POST", "/datachannels/new",
                        subscription(publisher.id(), R"(,"waitForAck":true,"canReply":false)"));
    expect_text(*channel(pulled).get_string("location"), "remote");
    expect_text(*channel(pulled).get_string("sessionId"), publisher.id().c_str());
    expect_text(*channel(pulled).get_string("dataChannelName"), "c");
    fail_unless_equals_int(*channel(pulled).get_int("id"), 1);
    const ApiAnswer closed =
        subscriber.call("PUT", "/datachannels/close", R"({"dataChannels":[{"id":1}]})");
    fail_unless_equals_int(*channel(closed).get_int("id"), 1);
    expect_text(*channel(closed).get_string("sessionId"), publisher.id().c_str());
    fail_if(closed.json().has("sessionDescription"));
    const ApiAnswer again =
        subscriber.call("PUT", "/datachannels/close", R"({"dataChannels":[{"id":1}]})");
    fail_unless_equals_int(again.status, 200);
    expect_text(*channel(again).get_string("errorCode"), "close_track_error");
}
GST_END_TEST

// The 30 s are those of media: neither a channel nor its session is collected.
GST_START_TEST(channels_outlive_the_timeout_of_media)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.timers.silent_track = Milliseconds{200};
    options.sfu.timers.never_connected = Milliseconds{20000};
    EmulatorFixture f(options);
    TestClient c(f);
    establish(c);
    fail_unless_equals_int(c.call("POST", "/datachannels/new", kChannel).status, 200);
    // A track beside it is collected in the meantime.
    auto other = audio_publisher(f);
    const auto silent = f.emulator().sfu().find_session(other->id());
    fail_unless(wait_until([&] { return silent->find_local("t0") == nullptr; }));
    fail_unless(silent->state() == cf::emu::SessionState::Connected);
    const ApiAnswer info = c.call("GET", "");
    fail_unless_equals_int(info.status, 200);
    fail_if(*channel(info).get_string("status") == "inactive");
    const ApiAnswer repeated = c.call("POST", "/datachannels/new", kChannel);
    expect_text(*channel(repeated).get_string("errorCode"), "repeated_local_track_error");
}
GST_END_TEST

// One call is for channels of one direction, and has a name, a policy and a publisher.
GST_START_TEST(whole_requests_are_refused_with_code_and_text)
{
    EmulatorFixture f;
    TestClient c(f);
    establish(c);
    struct Case {
        const char* body;
        unsigned status;
        const char* code;
        const char* text;
    };
    for (const Case& k : {
             Case{R"({"dataChannels":[]})", 406, "invalid_params", "at least one DataChannel"},
             Case{R"({"dataChannels":[{"location":"local"}]})", 406, "invalid_params",
                  "dataChannelName is missing"},
             Case{R"({"dataChannels":[{"location":"remote","dataChannelName":"x"}]})", 406,
                  "invalid_params", "sessionId"},
             Case{R"({"dataChannels":[{"location":"local","dataChannelName":"x"},)"
                  R"({"location":"remote","sessionId":"s","dataChannelName":"y"}]})",
                  406, "invalid_params", "not supported"},
             Case{R"({"dataChannels":[{"location":"local","dataChannelName":"x",)"
                  R"("maxRetransmits":1,"maxPacketLifeTime":1}]})",
                  406, "invalid_params", "exclude each other"},
             Case{R"({"dataChannels":[{"location":"local","dataChannelName":"x",)"
                  R"("ordered":"no"}]})",
                  400, "decoding_error", "JSON body validation error: "},
         }) {
        const ApiAnswer answer = c.call("POST", "/datachannels/new", k.body);
        fail_unless_equals_int(answer.status, k.status);
        expect_text(answer.code(), k.code);
        fail_unless(answer.description().find(k.text) != std::string::npos, "%s",
                    answer.body.c_str());
    }
    const ApiAnswer again = c.call("POST", "/datachannels/establish", kEstablish);
    fail_unless_equals_int(again.status, 400);
    expect_text(again.code(), "decoding_error");
    expect_text(again.description(), "The DataChannel transport is established already");
}
GST_END_TEST

Suite* api_channel_rules_suite()
{
    Suite* s = suite_create("api_channel_rules");
    TCase* t = tcase_create("channel-rules");
    tcase_add_test(t, offer_with_the_new_session_replaces_establish);
    tcase_add_test(t, channel_is_initializing_until_sctp_is_up);
    tcase_add_test(t, items_say_what_they_are_about);
    tcase_add_test(t, channels_outlive_the_timeout_of_media);
    tcase_add_test(t, whole_requests_are_refused_with_code_and_text);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_channel_rules);

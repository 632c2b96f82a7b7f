/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Data channels: establish, new, update, close; messages between sessions, gates and replies.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/emulator/sctp/sctp-association.hpp"
#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words
using cf::Milliseconds;
using cf::emu::ChannelOptions;
using cf::emu::MessageKind;

constexpr char kEstablish[] =
    R"({"dataChannel":{"location":"remote","dataChannelName":"server-events"}})";

void expect_text(const std::string& got, const char* expected)
{
    fail_unless(got == expected, "\"%s\" instead of \"%s\"", got.c_str(), expected);
}

void expect(const ApiAnswer& answer, unsigned status, const char* code)
{
    fail_unless(answer.status == status, "%u instead of %u: %s", answer.status, status,
                answer.body.c_str());
    expect_text(answer.code(), code);
}

cf::json::JsonReader item(const ApiAnswer& answer, std::size_t index = 0)
{
    const auto items = answer.json().get_array("dataChannels");
    fail_unless(items.ok() && index < items->size(), "%s", answer.body.c_str());
    return (*items)[index];
}

std::string error_of(const ApiAnswer& answer, std::size_t index = 0)
{
    const auto code = item(answer, index).find_string("errorCode");
    return code->value_or("");
}

std::string local(const std::string& name, const std::string& more = {})
{
    return R"({"dataChannels":[{"location":"local","dataChannelName":")" + name + "\"" + more +
           "}]}";
}

std::string remote(const std::string& session, const std::string& name,
                   const std::string& more = {})
{
    return R"({"dataChannels":[{"location":"remote","sessionId":")" + session +
           R"(","dataChannelName":")" + name + "\"" + more + "}]}";
}

// A client with an SCTP association of its own.
struct Client {
    explicit Client(EmulatorFixture& fixture) : test(fixture) {}

    // The SFU offers, as in `establish` without SDP.
    void establish()
    {
        const ApiAnswer offer = test.call("POST", "/datachannels/establish", kEstablish);
        fail_unless(offer.status == 200 && offer.sdp_type() == "offer", "%s", offer.body.c_str());
        const ApiAnswer done =
            test.call("PUT", "/renegotiate", with_answer(test.answer_to(offer.sdp())));
        fail_unless(done.status == 200, "%s", done.body.c_str());
        connect();
    }
    void connect()
    {
        test.connect();
        sctp = std::make_unique<cf::emu::SctpAssociation>(
            cf::emu::SctpParameters{}, [this](std::span<const std::uint8_t> packet) {
                (void)test.peer().dtls().send_data(packet);
            });
        sctp->on_connected = [this] { connected = true; };
        sctp->on_opened_by_peer = [this](const ChannelOptions& o) { opened.push_back(o); };
        sctp->on_closed = [this](std::uint16_t id) { closed.push_back(id); };
        sctp->on_message = [this](std::uint16_t id, MessageKind kind,
                                  std::span<const std::uint8_t> data) {
            messages.push_back(std::to_string(id) + (kind == MessageKind::Text ? "t:" : "b:") +
                               std::string(data.begin(), data.end()));
        };
        sctp->start();
        fail_unless(pump([this] { return connected; }, {this}));
    }
    static bool pump(const std::function<bool()>& condition, const std::vector<Client*>& clients,
                     Milliseconds patience = kPatience)
    {
        return wait_until(
            [&] {
                for (Client* c : clients) {
                    for (; c->taken < c->test.peer().data.size(); ++c->taken)
                        c->sctp->receive(c->test.peer().data[c->taken]);
                    c->sctp->tick();
                }
                return condition();
            },
            patience);
    }
    // Asks for a channel and opens this end of it; its id.
    std::uint16_t open(const std::string& body)
    {
        const ApiAnswer answer = test.call("POST", "/datachannels/new", body);
        fail_unless(answer.status == 200 && error_of(answer).empty(), "%s", answer.body.c_str());
        ChannelOptions options;
        options.id = static_cast<std::uint16_t>(*item(answer).get_int("id"));
        fail_unless(sctp->open(options).ok());
        return options.id;
    }
    void send(std::uint16_t id, const std::string& text)
    {
        fail_unless(sctp->send(id, MessageKind::Text, text_bytes(text)).ok());
    }
    [[nodiscard]] bool has(const std::string& message) const
    {
        return std::find(messages.begin(), messages.end(), message) != messages.end();
    }

    TestClient test;
    std::unique_ptr<cf::emu::SctpAssociation> sctp;
    bool connected = false;
    std::size_t taken = 0;
    std::vector<ChannelOptions> opened;
    std::vector<std::uint16_t> closed;
    std::vector<std::string> messages;
};

GST_START_TEST(sfu_offers_and_opens_server_events)
{
    EmulatorFixture f;
    Client c(f);
    const ApiAnswer offer = c.test.call("POST", "/datachannels/establish", kEstablish);
    fail_unless_equals_int(offer.status, 200);
    fail_unless(offer.needs_renegotiation());
    expect_text(offer.sdp_type(), "offer");
    fail_unless(offer.sdp().find("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n") !=
                std::string::npos);
    fail_unless(offer.sdp().find("a=sctp-port:5000\r\n") != std::string::npos);
    const auto channel = offer.json().get_object("dataChannel");
    expect_text(*channel->get_string("dataChannelName"), "server-events");
    expect_text(*channel->get_string("location"), "remote");
    fail_unless_equals_int(*channel->get_int("id"), 0);
    fail_unless_equals_int(
        c.test.call("PUT", "/renegotiate", with_answer(c.test.answer_to(offer.sdp()))).status, 200);
    c.connect();
    fail_unless(Client::pump([&] { return c.opened.size() == 1; }, {&c}));
    fail_unless_equals_int(c.opened[0].id, 0);
    expect_text(c.opened[0].label, "server-events");
}
GST_END_TEST

GST_START_TEST(client_may_offer_the_application_section)
{
    for (const bool by_establish : {true, false}) {
        EmulatorFixture f;
        Client c(f);
        Offer offer = c.test.offer({audio("0")});
        std::string sdp = replaced(offer.text(), "BUNDLE 0", "BUNDLE 0 data");
        sdp += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
               "a=mid:data\r\na=setup:actpass\r\na=sctp-port:5000\r\n"
               "a=max-message-size:262144\r\n";
        const ApiAnswer answer =
            by_establish
                ? c.test.call(
                      "POST", "/datachannels/establish",
                      with_offer(sdp, std::string(kEstablish).substr(1, sizeof(kEstablish) - 3)))
                : c.test.call(
                      "POST", "/tracks/new",
                      with_offer(sdp,
                                 R"("tracks":[{"location":"local","mid":"0","trackName":"a"}])"));
        fail_unless(answer.status == 200, "%s", answer.body.c_str());
        fail_if(answer.needs_renegotiation());
        expect_text(answer.sdp_type(), "answer");
        fail_unless(answer.sdp().find("m=application 9 ") != std::string::npos);
        c.connect();
        fail_unless_equals_int(c.open(local("x")), 1);
        expect(c.test.call("POST", "/datachannels/establish", kEstablish), 400, "decoding_error");
    }
}
GST_END_TEST

GST_START_TEST(messages_reach_every_subscriber)
{
    EmulatorFixture f;
    Client publisher(f);
    Client one(f);
    Client two(f);
    for (Client* c : {&publisher, &one, &two})
        c->establish();
    fail_unless_equals_int(publisher.open(local("other")), 1);
    const auto id = publisher.open(local("state", R"(,"ordered":false,"maxRetransmits":0)"));
    fail_unless_equals_int(id, 2);
    const auto first = one.open(remote(publisher.test.id(), "state"));
    const auto second = two.open(remote(publisher.test.id(), "state"));
    // Ids are per session.
    fail_unless(first == 1 && second == 1);
    publisher.send(id, "hello");
    fail_unless(Client::pump([&] { return one.has("1t:hello") && two.has("1t:hello"); },
                             {&publisher, &one, &two}));
    // Without canReply what a subscriber says goes nowhere.
    one.send(first, "nobody hears");
    two.send(second, "nobody hears");
    publisher.send(id, "again");
    fail_unless(Client::pump([&] { return one.has("1t:again") && two.has("1t:again"); },
                             {&publisher, &one, &two}));
    fail_unless(publisher.messages.empty());
    const ApiAnswer info = one.test.call("GET", "");
    expect_text(*item(info).get_string("status"), "active");
    expect_text(*item(info).get_string("dataChannelName"), "state");
    fail_unless_equals_int(*item(info).get_int("id"), 1);
}
GST_END_TEST

GST_START_TEST(first_message_opens_the_gate_and_goes_no_further)
{
    EmulatorFixture f;
    Client publisher(f);
    Client subscriber(f);
    publisher.establish();
    subscriber.establish();
    const auto from = publisher.open(local("c"));
    const auto to =
        subscriber.open(remote(publisher.test.id(), "c", R"(,"waitForAck":true,"canReply":true)"));
    publisher.send(from, "too early");
    fail_if(Client::pump([&] { return !subscriber.messages.empty(); }, {&publisher, &subscriber},
                         Milliseconds{200}));
    subscriber.send(to, "ack");
    subscriber.send(to, "reply");
    fail_unless(Client::pump([&] { return publisher.has("1t:reply"); }, {&publisher, &subscriber}));
    fail_unless_equals_int(publisher.messages.size(), 1);
    publisher.send(from, "now");
    fail_unless(Client::pump([&] { return subscriber.has("1t:now"); }, {&publisher, &subscriber}));
    fail_unless_equals_int(subscriber.messages.size(), 1);
}
GST_END_TEST

GST_START_TEST(gate_that_nobody_opens_is_torn_down)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.timers.channel_ack = Milliseconds{200};
    EmulatorFixture f(options);
    Client publisher(f);
    Client subscriber(f);
    publisher.establish();
    subscriber.establish();
    (void)publisher.open(local("c"));
    const auto to = subscriber.open(remote(publisher.test.id(), "c", R"(,"waitForAck":true)"));
    fail_unless(
        Client::pump([&] { return !subscriber.closed.empty(); }, {&publisher, &subscriber}));
    fail_unless_equals_int(subscriber.closed[0], to);
    expect_text(*item(subscriber.test.call("GET", "")).get_string("status"), "inactive");
}
GST_END_TEST

GST_START_TEST(only_one_subscriber_may_reply)
{
    EmulatorFixture f;
    Client publisher(f);
    Client one(f);
    Client two(f);
    for (Client* c : {&publisher, &one, &two})
        c->establish();
    (void)publisher.open(local("c"));
    const auto a = one.open(remote(publisher.test.id(), "c", R"(,"canReply":true)"));
    const auto b = two.open(remote(publisher.test.id(), "c"));
    const ApiAnswer granted = two.test.call(
        "PUT", "/datachannels/update", remote(publisher.test.id(), "c", R"(,"canReply":true)"));
    fail_unless_equals_int(granted.status, 200);
    fail_unless(*item(granted).get_bool("canReply"));
    fail_unless_equals_int(*item(granted).get_int("id"), b);
    one.send(a, "lost the right");
    two.send(b, "has it");
    fail_unless(Client::pump([&] { return publisher.has("1t:has it"); }, {&publisher, &one, &two}));
    one.send(a, "still not");
    two.send(b, "second");
    fail_unless(Client::pump([&] { return publisher.has("1t:second"); }, {&publisher, &one, &two}));
    fail_unless_equals_int(publisher.messages.size(), 2);
}
GST_END_TEST

GST_START_TEST(closing_is_by_id_and_reaches_subscribers)
{
    EmulatorFixture f;
    Client publisher(f);
    Client subscriber(f);
    publisher.establish();
    subscriber.establish();
    const auto from = publisher.open(local("c"));
    (void)subscriber.open(remote(publisher.test.id(), "c"));
    const ApiAnswer closed = publisher.test.call("PUT", "/datachannels/close",
                                                 R"({"dataChannels":[{"id":)" +
                                                     std::to_string(from) + R"(},{"id":77}]})");
    fail_unless_equals_int(closed.status, 200);
    expect_text(error_of(closed, 0), "");
    fail_unless_equals_int(*item(closed, 0).get_int("id"), from);
    expect_text(error_of(closed, 1), "close_track_error");
    fail_unless_equals_int(*item(closed, 1).get_int("id"), 77);
    fail_unless(
        Client::pump([&] { return !subscriber.closed.empty(); }, {&publisher, &subscriber}));
    expect_text(*item(subscriber.test.call("GET", "")).get_string("status"), "inactive");
    // The name is free again, the id is not used again.
    fail_unless_equals_int(publisher.open(local("c")), from + 1);
}
GST_END_TEST

GST_START_TEST(names_are_taken_once)
{
    EmulatorFixture f;
    Client publisher(f);
    Client subscriber(f);
    publisher.establish();
    subscriber.establish();
    (void)publisher.open(local("c"));
    (void)subscriber.open(remote(publisher.test.id(), "c"));
    expect_text(error_of(publisher.test.call("POST", "/datachannels/new", local("c"))),
                "repeated_local_track_error");
    expect_text(error_of(subscriber.test.call("POST", "/datachannels/new",
                                              remote(publisher.test.id(), "c"))),
                "repeated_local_track_error");
    expect_text(error_of(subscriber.test.call("POST", "/datachannels/new",
                                              remote(publisher.test.id(), "unknown"))),
                "not_found_track_error");
    expect_text(error_of(publisher.test.call("POST", "/datachannels/new", local("server-events"))),
                "invalid_params");
}
GST_END_TEST

GST_START_TEST(lost_publisher_closes_the_subscribers_end)
{
    EmulatorFixture f;
    Client publisher(f);
    Client subscriber(f);
    publisher.establish();
    subscriber.establish();
    (void)publisher.open(local("c"));
    (void)subscriber.open(remote(publisher.test.id(), "c"));
    fail_unless_equals_int(f.control("POST", "sessions/" + publisher.test.id() + "/lose").status,
                           200);
    fail_unless(Client::pump([&] { return !subscriber.closed.empty(); }, {&subscriber}));
}
GST_END_TEST

GST_START_TEST(bad_requests_are_refused)
{
    EmulatorFixture f;
    Client c(f);
    expect(c.test.call("POST", "/datachannels/new", local("x")), 425, "session_error");
    expect(c.test.call("POST", "/datachannels/establish", local("x")), 400, "decoding_error");
    expect(c.test.call("POST", "/datachannels/establish",
                       R"({"dataChannel":{"location":"remote","dataChannelName":"other"}})"),
           400, "decoding_error");
    expect(c.test.call("POST", "/datachannels/establish",
                       R"({"dataChannel":{"location":"local","dataChannelName":"server-events"}})"),
           400, "decoding_error");
    const ApiAnswer no_section =
        c.test.call("POST", "/datachannels/establish",
                    with_offer(c.test.offer({audio("0")}).text(),
                               std::string(kEstablish).substr(1, sizeof(kEstablish) - 3)));
    expect(no_section, 400, "decoding_error");
    c.establish();
    expect(c.test.call("POST", "/datachannels/establish", kEstablish), 400, "decoding_error");
    const auto refused = [&](const std::string& body, unsigned status, const char* code) {
        expect(c.test.call("POST", "/datachannels/new", body), status, code);
    };
    refused("{}", 400, "decoding_error");
    refused(R"({"dataChannels":[]})", 406, "invalid_params");
    refused(R"({"dataChannels":[{"dataChannelName":"x"}]})", 400, "decoding_error");
    refused(R"({"dataChannels":[{"location":"local"}]})", 406, "invalid_params");
    refused(local("x", R"(,"maxRetransmits":-1)"), 400, "decoding_error");
    refused(local("x", R"(,"maxRetransmits":1,"maxPacketLifeTime":1)"), 406, "invalid_params");
    refused(R"({"dataChannels":[{"location":"remote","dataChannelName":"x"}]})", 406,
            "invalid_params");
    refused(R"({"dataChannels":[{"location":"local","dataChannelName":"x"},)"
            R"({"location":"remote","sessionId":"s","dataChannelName":"y"}]})",
            406, "invalid_params");
    expect(c.test.call("PUT", "/datachannels/close", R"({"dataChannels":[{}]})"), 400,
           "decoding_error");
    expect(c.test.call("PUT", "/datachannels/update", local("x")), 406, "invalid_params");
    expect_text(error_of(c.test.call("PUT", "/datachannels/update", remote("nobody", "x"))),
                "not_found_track_error");
    expect(f.call("POST", "00000000000000000000000000000000/datachannels/new", local("x")), 410,
           "session_error");
}
GST_END_TEST

Suite* api_datachannels_suite()
{
    Suite* s = suite_create("api_datachannels");
    TCase* t = tcase_create("datachannels");
    tcase_add_test(t, sfu_offers_and_opens_server_events);
    tcase_add_test(t, client_may_offer_the_application_section);
    tcase_add_test(t, messages_reach_every_subscriber);
    tcase_add_test(t, first_message_opens_the_gate_and_goes_no_further);
    tcase_add_test(t, gate_that_nobody_opens_is_torn_down);
    tcase_add_test(t, only_one_subscriber_may_reply);
    tcase_add_test(t, closing_is_by_id_and_reaches_subscribers);
    tcase_add_test(t, names_are_taken_once);
    tcase_add_test(t, lost_publisher_closes_the_subscribers_end);
    tcase_add_test(t, bad_requests_are_refused);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_datachannels);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Simulcast as the API steers it: which layer a subscriber gets, and how that is changed.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

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

// Two layers, "f" and "q", of nothing but key frames; the last byte of a packet is its layer.
struct Publisher {
    explicit Publisher(EmulatorFixture& f) : fixture(f), client(f)
    {
        OfferSection s = video("0");
        s.more = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
                 "a=rid:f send\r\na=rid:q send\r\na=simulcast:send f;q\r\n";
        client.push({s});
        client.connect();
        fail_unless(wait_until([&] { return send(), arrived(); }));
    }
    void send()
    {
        for (const char layer : {'f', 'q'}) {
            RtpFields rtp;
            rtp.payload_type = 96;
            rtp.sequence = sequence;
            rtp.timestamp = 3000U * sequence;
            rtp.ssrc = layer == 'f' ? 1 : 2;
            rtp.marker = true;
            rtp.extensions = {{4, text_bytes("0")}, {10, text_bytes(std::string(1, layer))}};
            rtp.payload = {0x10, 0x00, static_cast<std::uint8_t>(layer)};
            client.peer().send_rtp(make_rtp(rtp));
        }
        ++sequence;
    }
    [[nodiscard]] bool arrived() const
    {
        const auto session = fixture.emulator().sfu().find_session(client.id());
        return session->local_tracks()[0].has_packets();
    }
    EmulatorFixture& fixture;
    TestClient client;
    std::uint16_t sequence = 0;
};

std::string item(const Publisher& publisher, const std::string& more)
{
    return R"({"tracks":[{"location":"remote","sessionId":")" + publisher.client.id() +
           R"(","trackName":"t0")" + more + "}]}";
}

struct Subscriber {
    Subscriber(EmulatorFixture& fixture, const Publisher& publisher, const std::string& simulcast)
        : client(fixture)
    {
        const ApiAnswer answer = client.call("POST", "/tracks/new", item(publisher, simulcast));
        fail_unless(answer.status == 200 && answer.sdp_type() == "offer", "%s",
                    answer.body.c_str());
        mid = answer.track(0, "mid");
        fail_unless_equals_int(
            client.call("PUT", "/renegotiate", with_answer(client.answer_to(answer.sdp()))).status,
            200);
        client.connect();
    }
    /// The layer of the newest packet, 0 before any.
    [[nodiscard]] char layer()
    {
        const auto& all = client.peer().rtp;
        return all.empty() ? '\0' : static_cast<char>(all.back().back());
    }
    TestClient client;
    std::string mid;
};

bool reaches(Publisher& publisher, Subscriber& subscriber, char layer)
{
    gint64 next = 0;
    return wait_until([&] {
        if (g_get_monotonic_time() >= next) {
            publisher.send();
            next = g_get_monotonic_time() + 20000;
        }
        return subscriber.layer() == layer;
    });
}

GST_START_TEST(each_subscription_has_its_own_layer)
{
    EmulatorFixture f;
    Publisher publisher(f);
    Subscriber full(f, publisher, R"(,"simulcast":{"preferredRid":"f"})");
    Subscriber small(f, publisher, R"(,"simulcast":{"preferredRid":"q"})");
    fail_unless(reaches(publisher, full, 'f'));
    fail_unless(reaches(publisher, small, 'q'));
    for (const auto& packet : full.client.peer().rtp)
        fail_unless(packet.back() == 'f', "a packet of the other layer came through");
}
GST_END_TEST

GST_START_TEST(update_switches_the_layer_without_sdp)
{
    EmulatorFixture f;
    Publisher publisher(f);
    Subscriber viewer(f, publisher, R"(,"simulcast":{"preferredRid":"f"})");
    fail_unless(reaches(publisher, viewer, 'f'));
    for (const char* rid : {"q", "f"}) {
        const ApiAnswer answer =
            viewer.client.call("PUT", "/tracks/update",
                               item(publisher, R"(,"mid":")" + viewer.mid +
                                                   R"(","simulcast":{"preferredRid":")" + rid +
                                                   R"(","priorityOrdering":"asciibetical",)"
                                                   R"("ridNotAvailable":"asciibetical"})"));
        fail_unless_equals_int(answer.status, 200);
        fail_if(answer.needs_renegotiation());
        expect_text(answer.sdp(), "");
        expect_text(answer.track(0, "mid"), viewer.mid.c_str());
        expect_text(answer.track(0, "sessionId"), publisher.client.id().c_str());
        expect_text(answer.track(0, "trackName"), "t0");
        expect_text(answer.track(0, "errorCode"), "");
        fail_unless(reaches(publisher, viewer, rid[0]));
    }
}
GST_END_TEST

// "none" never falls back; "asciibetical" does.
GST_START_TEST(a_missing_layer_is_replaced_only_on_request)
{
    EmulatorFixture f;
    Publisher publisher(f);
    Subscriber strict(f, publisher, R"(,"simulcast":{"preferredRid":"h"})");
    Subscriber easy(f, publisher,
                    R"(,"simulcast":{"preferredRid":"h","ridNotAvailable":"asciibetical"})");
    // The next worse one in ASCII order.
    fail_unless(reaches(publisher, easy, 'q'));
    fail_unless(strict.client.peer().rtp.empty());
}
GST_END_TEST

GST_START_TEST(no_preference_gets_the_best_layer)
{
    EmulatorFixture f;
    Publisher publisher(f);
    Subscriber unsaid(f, publisher, "");
    Subscriber empty(f, publisher, R"(,"simulcast":{"preferredRid":""})");
    fail_unless(reaches(publisher, unsaid, 'f'));
    fail_unless(reaches(publisher, empty, 'f'));
}
GST_END_TEST

GST_START_TEST(values_that_do_not_exist_are_refused)
{
    EmulatorFixture f;
    TestClient c(f);
    const auto pull = [&](const char* simulcast) {
        return c.call("POST", "/tracks/new",
                      std::string(R"({"tracks":[{"location":"remote","sessionId":"x",)"
                                  R"("trackName":"y","simulcast":)") +
                          simulcast + "}]}");
    };
    for (const char* value :
         {R"({"priorityOrdering":"random"})", R"({"ridNotAvailable":"leastBandwidth"})"}) {
        const ApiAnswer answer = pull(value);
        fail_unless_equals_int(answer.status, 406);
        expect_text(answer.code(), "invalid_params");
    }
    for (const char* value : {R"({"preferredRid":1})", R"("f")"}) {
        const ApiAnswer answer = pull(value);
        fail_unless_equals_int(answer.status, 400);
        expect_text(answer.code(), "decoding_error");
    }
}
GST_END_TEST

Suite* api_simulcast_suite()
{
    Suite* s = suite_create("api_simulcast");
    TCase* t = tcase_create("simulcast");
    tcase_add_test(t, each_subscription_has_its_own_layer);
    tcase_add_test(t, update_switches_the_layer_without_sdp);
    tcase_add_test(t, a_missing_layer_is_replaced_only_on_request);
    tcase_add_test(t, no_preference_gets_the_best_layer);
    tcase_add_test(t, values_that_do_not_exist_are_refused);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_simulcast);

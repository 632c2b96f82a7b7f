/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What goes wrong between us and a server, and what the user is told.
#include <memory>
#include <string>

#include "lib/http/http-client.hpp"
#include "tests/support/check.hpp"
#include "tests/support/http-reply.hpp"
#include "tests/support/http-server.hpp"

using namespace cf;
using namespace cf::http;
using namespace cf::test;

namespace
{

constexpr std::size_t kLimit = 100000;

struct Fixture {
    HttpServer server;
    std::shared_ptr<IoThread> io = IoThread::acquire();
    HttpClient client{io, HttpClientOptions{.max_response_bytes = kLimit, .proxy = "none"}};

    [[nodiscard]] HttpRequest request(const std::string& url, const std::string& method) const
    {
        return request_for(url, method);
    }
    Error fetch_error(HttpRequest r)
    {
        auto result = fetch(io, client, std::move(r));
        fail_if(result.ok());
        const Error& e = result.error();
        // What every message to a user must be: one sentence, with advice, without addresses.
        fail_if(e.message.empty() || e.message.find("127.0.0.1") != std::string::npos ||
                    e.message.find("://") != std::string::npos ||
                    e.message.find('\n') != std::string::npos,
                "%s", e.message.c_str());
        fail_unless(e.message.find("check") != std::string::npos, "%s", e.message.c_str());
        return e;
    }
    Error error_of(const Answer& answer, const std::string& method = "POST")
    {
        server.always("/", answer);
        return fetch_error(request(server.url(), method));
    }
};

void expect_code(const Error& e, ErrorCode code)
{
    fail_unless(e.code == code, "%s: %s (%s)", to_string(e.code), e.message.c_str(),
                e.debug.c_str());
}

void expect_words(const Error& e, const std::string& words)
{
    fail_unless(e.message.find(words) != std::string::npos, "%s", e.message.c_str());
}

std::string head(const std::string& fields)
{
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + fields + "\r\n";
}

} // namespace

GST_START_TEST(a_refused_connection_is_a_network_error)
{
    Fixture f;
    const Error e = f.fetch_error(
        f.request("http://127.0.0.1:" + std::to_string(closed_port()) + "/x?token=SESAME", "POST"));
    expect_code(e, ErrorCode::Network);
    expect_words(e, "Cannot reach the service");
    expect_words(e, "api-base");
    fail_unless(e.unsent);
    fail_unless(e.debug.starts_with("POST /x?token=[redacted]: "), "%s", e.debug.c_str());
}
GST_END_TEST;

GST_START_TEST(an_unknown_host_is_a_network_error)
{
    Fixture f;
    const Error e = f.fetch_error(f.request("http://nowhere.invalid/", "POST"));
    expect_code(e, ErrorCode::Network);
    expect_words(e, "Cannot reach the service");
    fail_unless(e.unsent);
}
GST_END_TEST;

GST_START_TEST(a_dropped_connection_is_a_network_error)
{
    Fixture f;
    const Error e = f.error_of(dropped_connection());
    expect_code(e, ErrorCode::Network);
    expect_words(e, "without an answer");
    fail_if(e.unsent);
}
GST_END_TEST;

// A POST that was sent may have been carried out: nothing below us may send it again.
GST_START_TEST(a_post_is_never_sent_twice_by_itself)
{
    Fixture f;
    f.server.next("/", Answer{.body = "{}"});
    fail_unless(fetch(f.io, f.client, f.request(f.server.url(), "POST")).ok());
    const Error e = f.error_of(dropped_connection()); // on a connection that was used before
    expect_code(e, ErrorCode::Network);
    fail_unless_equals_int(static_cast<int>(f.server.requests().size()), 2);
}
GST_END_TEST;

GST_START_TEST(half_a_body_is_a_network_error)
{
    Fixture f;
    const Error e = f.error_of(half_body("{\"a\":"));
    expect_code(e, ErrorCode::Network);
    expect_words(e, "in the middle of an answer");
    fail_if(e.unsent);
}
GST_END_TEST;

GST_START_TEST(half_a_chunked_body_is_a_network_error)
{
    Fixture f;
    const Error e =
        f.error_of(Answer{.raw = {{head("Transfer-Encoding: chunked\r\n") + "10\r\nhello"}}});
    expect_code(e, ErrorCode::Network);
}
GST_END_TEST;

GST_START_TEST(a_body_that_ends_with_the_connection_is_whole)
{
    Fixture f;
    f.server.always("/", Answer{.raw = {{head("Connection: close\r\n") + "hello"}}});
    const auto r = fetch(f.io, f.client, f.request(f.server.url(), "POST"));
    fail_unless(r.ok());
    fail_unless_equals_text(r->body, "hello");
}
GST_END_TEST;

GST_START_TEST(a_body_in_small_slow_pieces_is_whole)
{
    Fixture f;
    Answer slow{.raw = {{head("Transfer-Encoding: chunked\r\n")}}};
    for (const char* piece :
         {"5\r\nhe", "llo\r\n", "1\r\n \r\n5\r", "\nworld\r\n", "0\r\n", "\r\n"})
        slow.raw.push_back({piece, Milliseconds{5}});
    f.server.always("/", slow);
    const auto r = fetch(f.io, f.client, f.request(f.server.url(), "POST"));
    fail_unless(r.ok());
    fail_unless_equals_text(r->body, "hello world");
}
GST_END_TEST;

GST_START_TEST(what_is_not_http_is_a_protocol_error)
{
    Fixture f;
    for (const char* bytes : {"SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01\x02\x02\r\n\r\n",
                              "<html></html>\r\n\r\n", "HTTP/9.9 banana\r\n\r\n"}) {
        const Error e = f.error_of(Answer{.raw = {{bytes}}});
        fail_unless(e.code == ErrorCode::Protocol || e.code == ErrorCode::Network, "%s: %s",
                    to_string(e.code), e.message.c_str());
        expect_words(e, "api-base");
    }
}
GST_END_TEST;

GST_START_TEST(an_announced_body_over_the_limit_is_not_read)
{
    Fixture f;
    const Error e = f.error_of(
        Answer{.raw = {{head("Content-Length: 1000000000000\r\n")}}, .close_after_raw = false});
    expect_code(e, ErrorCode::TooLarge);
    fail_unless(f.server.wait_for_abandoned(1));
}
GST_END_TEST;

GST_START_TEST(an_endless_body_is_cut_at_the_limit)
{
    Fixture f;
    Answer endless{.raw = {{head("Connection: close\r\n")}}, .close_after_raw = false};
    for (int i = 0; i < 100; ++i)
        endless.raw.push_back({std::string(100000, 'x')});
    const Error e = f.error_of(endless);
    expect_code(e, ErrorCode::TooLarge);
    fail_unless(f.server.wait_for_abandoned(1));
}
GST_END_TEST;

GST_START_TEST(an_endless_head_is_cut)
{
    Fixture f;
    Answer endless{.raw = {{"HTTP/1.1 200 OK\r\n"}}, .close_after_raw = false};
    for (int i = 0; i < 1000; ++i)
        endless.raw.push_back({"X-Field: " + std::string(10000, 'x') + "\r\n"});
    const Error e = f.error_of(endless);
    // libsoup does not tell its limit (64 KiB) from a connection that broke off.
    expect_code(e, ErrorCode::Network);
    fail_unless(f.server.wait_for_abandoned(1));
}
GST_END_TEST;

GST_START_TEST(the_limit_is_exact)
{
    Fixture f;
    f.server.always("/", Answer{.body = std::string(kLimit, 'x')});
    const auto r = fetch(f.io, f.client, f.request(f.server.url(), "POST"));
    fail_unless(r.ok());
    fail_unless(r->body.size() == kLimit);
    expect_code(f.error_of(Answer{.body = std::string(kLimit + 1, 'x')}), ErrorCode::TooLarge);
}
GST_END_TEST;

// 50 kB of zeros in 70 bytes, and 10 MB in ten thousand: what counts is what comes out.
GST_START_TEST(the_limit_counts_what_a_compressed_body_unpacks_to)
{
    Fixture f;
    const auto compressed = [](std::size_t size) {
        const std::string zeros(size, '\0');
        GZlibCompressor* zip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
        std::string out(size + 1000, '\0');
        gsize read = 0;
        gsize written = 0;
        GError* problem = nullptr;
        const auto done =
            g_converter_convert(G_CONVERTER(zip), zeros.data(), zeros.size(), out.data(),
                                out.size(), G_CONVERTER_INPUT_AT_END, &read, &written, &problem);
        g_assert_no_error(problem);
        g_assert_cmpint(done, ==, G_CONVERTER_FINISHED);
        g_object_unref(zip);
        out.resize(written);
        return out;
    };
    const auto answer = [&](std::size_t size) {
        const std::string body = compressed(size);
        return Answer{.raw = {{head("Content-Encoding: gzip\r\nContent-Length: " +
                                    std::to_string(body.size()) + "\r\n") +
                               body}}};
    };
    f.server.always("/", answer(kLimit / 2));
    const auto r = fetch(f.io, f.client, f.request(f.server.url(), "POST"));
    fail_unless(r.ok());
    fail_unless_equals_int(static_cast<int>(r->body.size()), static_cast<int>(kLimit / 2));
    expect_code(f.error_of(answer(100 * kLimit)), ErrorCode::TooLarge);
}
GST_END_TEST;

GST_START_TEST(silence_before_the_head_is_a_timeout)
{
    Fixture f;
    f.server.always("/", no_answer());
    auto r = f.request(f.server.url(), "POST");
    // On a busy machine the first ones may end before they arrive, which is another test.
    for (r.timeout = Milliseconds{100}; f.server.requests().empty(); r.timeout *= 2) {
        const Error e = f.fetch_error(r);
        expect_code(e, ErrorCode::Timeout);
        if (e.unsent)
            continue;
        expect_words(e, "did not answer within");
        fail_unless(f.server.wait_for_abandoned(1));
    }
}
GST_END_TEST;

GST_START_TEST(silence_in_the_handshake_is_a_timeout)
{
    Fixture f;
    const SilentPort port;
    auto r = f.request("https://127.0.0.1:" + std::to_string(port.port()) + "/", "POST");
    r.timeout = Milliseconds{100};
    const Error e = f.fetch_error(r);
    expect_code(e, ErrorCode::Timeout);
    expect_words(e, "No connection to the service could be made within 1 s");
    fail_unless(e.unsent);
}
GST_END_TEST;

// Each piece comes soon enough; the whole does not.
GST_START_TEST(the_timeout_is_for_the_whole_answer)
{
    Fixture f;
    Answer slow{.raw = {{head("Content-Length: 1000\r\n")}}};
    for (int i = 0; i < 1000; ++i)
        slow.raw.push_back({"x", Milliseconds{20}});
    f.server.always("/", slow);
    auto r = f.request(f.server.url(), "POST");
    r.timeout = Milliseconds{150};
    expect_code(f.fetch_error(r), ErrorCode::Timeout);
}
GST_END_TEST;

GST_START_TEST(a_client_works_on_after_each_fault)
{
    Fixture f;
    for (const Answer& fault :
         {dropped_connection(), half_body("abc"), Answer{.body = std::string(kLimit + 1, 'x')}}) {
        (void)f.error_of(fault);
        f.server.always("/", Answer{.body = "{}"});
        fail_unless(fetch(f.io, f.client, f.request(f.server.url(), "POST")).ok());
    }
}
GST_END_TEST;

GST_START_TEST(a_server_that_went_away_and_came_back_is_reached)
{
    const auto io = IoThread::acquire();
    HttpClient client{io, HttpClientOptions{.proxy = "none"}};
    auto request = request_for("", "POST");
    {
        HttpServer server;
        server.always("/", Answer{.body = "{}"});
        request.url = server.url();
        fail_unless(fetch(io, client, request).ok());
    }
    const auto gone = fetch(io, client, request); // the idle connection was closed by the server
    fail_if(gone.ok());
    fail_unless(gone.error().code == ErrorCode::Network);
    HttpServer server;
    server.always("/", Answer{.body = "{}"});
    request.url = server.url();
    fail_unless(fetch(io, client, request).ok());
}
GST_END_TEST;

static Suite* faults_suite(void)
{
    load_system_certificates();
    Suite* s = suite_create("http-faults");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, a_refused_connection_is_a_network_error);
    tcase_add_test(tc, an_unknown_host_is_a_network_error);
    tcase_add_test(tc, a_dropped_connection_is_a_network_error);
    tcase_add_test(tc, a_post_is_never_sent_twice_by_itself);
    tcase_add_test(tc, half_a_body_is_a_network_error);
    tcase_add_test(tc, half_a_chunked_body_is_a_network_error);
    tcase_add_test(tc, a_body_that_ends_with_the_connection_is_whole);
    tcase_add_test(tc, a_body_in_small_slow_pieces_is_whole);
    tcase_add_test(tc, what_is_not_http_is_a_protocol_error);
    tcase_add_test(tc, an_announced_body_over_the_limit_is_not_read);
    tcase_add_test(tc, an_endless_body_is_cut_at_the_limit);
    tcase_add_test(tc, an_endless_head_is_cut);
    tcase_add_test(tc, the_limit_is_exact);
    tcase_add_test(tc, the_limit_counts_what_a_compressed_body_unpacks_to);
    tcase_add_test(tc, silence_before_the_head_is_a_timeout);
    tcase_add_test(tc, silence_in_the_handshake_is_a_timeout);
    tcase_add_test(tc, the_timeout_is_for_the_whole_answer);
    tcase_add_test(tc, a_client_works_on_after_each_fault);
    tcase_add_test(tc, a_server_that_went_away_and_came_back_is_reached);
    return s;
}

GST_CHECK_MAIN(faults);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpClient against a real server: what is sent, what comes back.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/log.hpp"
#include "lib/base/mutex.hpp"
#include "lib/http/history.hpp"
#include "lib/http/http-client.hpp"
#include "tests/support/check.hpp"
#include "tests/support/http-reply.hpp"
#include "tests/support/http-server.hpp"

using namespace cf;
using namespace cf::http;
using namespace cf::test;

namespace
{

struct Fixture {
    HttpServer server;
    std::shared_ptr<IoThread> io = IoThread::acquire();
    std::shared_ptr<History> history = std::make_shared<History>();
    HttpClient client{io, HttpClientOptions{.user_agent = "cfcalls-test/1",
                                            .max_response_bytes = 100000,
                                            .proxy = "none",
                                            .log_name = "sink0",
                                            .history = history}};

    [[nodiscard]] HttpRequest request(const std::string& path,
                                      const std::string& method = "GET") const
    {
        return request_for(server.url(path), method);
    }
    Result<HttpResponse> get(const std::string& path) { return fetch(io, client, request(path)); }
};

std::string find_header(const HttpResponse& response, const std::string& name)
{
    for (const auto& [key, value] : response.headers) {
        if (g_ascii_strcasecmp(key.c_str(), name.c_str()) == 0)
            return value;
    }
    return "(none)";
}

Mutex log_mutex;
std::string log_text CF_GUARDED_BY(log_mutex);

void collect_log(LogLevel, const char* category, const char* object, const std::string& text)
{
    Lock l{log_mutex};
    log_text += std::string{category} + " " + object + " " + text + "\n";
}

} // namespace

GST_START_TEST(request_arrives_as_it_was_written)
{
    Fixture f;
    f.server.always("/a/b", Answer{});
    auto r = f.request("/a/b?c=d%20e&f=", "POST");
    r.body = R"({"x":"é"})";
    r.headers = {{"Authorization", "Bearer abc"}, {"X-Two", "1"}, {"X-Two", "2"}};
    const auto response = fetch(f.io, f.client, r);
    fail_unless(response.ok());
    const auto seen = f.server.requests().at(0);
    fail_unless_equals_text(seen.method, "POST");
    fail_unless_equals_text(seen.path, "/a/b?c=d%20e&f=");
    fail_unless_equals_text(seen.body, R"({"x":"é"})");
    fail_unless_equals_text(seen.header("authorization"), "Bearer abc");
    fail_unless_equals_text(seen.header("x-two"), "1, 2");
    fail_unless_equals_text(seen.header("content-type"), "application/json");
    fail_unless_equals_text(seen.header("user-agent"), "cfcalls-test/1");
    fail_unless_equals_text(seen.header("cookie"), "");
}
GST_END_TEST;

GST_START_TEST(no_body_is_no_body)
{
    Fixture f;
    f.server.always("/", Answer{});
    for (const char* method : {"POST", "PUT"}) {
        fail_unless(fetch(f.io, f.client, f.request("/", method)).ok());
        const auto seen = f.server.requests().back();
        fail_unless_equals_text(seen.method, method);
        fail_unless_equals_text(seen.header("content-length"), "0");
        fail_unless_equals_text(seen.header("content-type"), "");
    }
    fail_unless(f.get("/").ok());
    fail_unless_equals_text(f.server.requests().back().header("content-length"), "");
}
GST_END_TEST;

GST_START_TEST(response_comes_back_whole)
{
    Fixture f;
    f.server.always("/", Answer{.status = 201,
                                .body = std::string(70000, 'x'),
                                .content_type = "Application/JSON; charset=utf-8",
                                .headers = {{"X-Thing", "Value"}}});
    const auto r = f.get("/");
    fail_unless(r.ok());
    fail_unless_equals_int(static_cast<int>(r->status), 201);
    fail_unless(r->body == std::string(70000, 'x'));
    fail_unless_equals_text(r->content_type, "application/json");
    fail_unless_equals_text(find_header(*r, "x-thing"), "Value");
    fail_if(r->retry_after.has_value());
    fail_unless(r->elapsed >= Milliseconds{0} && r->elapsed < kPatience);
}
GST_END_TEST;

GST_START_TEST(an_error_status_is_a_response)
{
    Fixture f;
    for (const unsigned status : {400U, 401U, 403U, 404U, 410U, 425U, 429U, 500U, 503U}) {
        f.server.next("/", Answer{.status = status, .body = "{\"errorCode\":\"x\"}"});
        const auto r = f.get("/");
        fail_unless(r.ok());
        fail_unless_equals_int(static_cast<int>(r->status), static_cast<int>(status));
        fail_unless_equals_text(r->body, "{\"errorCode\":\"x\"}");
    }
}
GST_END_TEST;

GST_START_TEST(an_answer_without_body_or_type_is_empty)
{
    Fixture f;
    f.server.always("/", Answer{.status = 204, .content_type = ""});
    const auto r = f.get("/");
    fail_unless(r.ok());
    fail_unless(r->body.empty() && r->content_type.empty());
}
GST_END_TEST;

GST_START_TEST(an_answer_of_the_wrong_type_is_handed_on)
{
    Fixture f;
    f.server.always("/", Answer{.body = "<html>", .content_type = "text/html"});
    const auto r = f.get("/");
    fail_unless_equals_text(r->content_type, "text/html");
    fail_unless_equals_text(r->body, "<html>");
}
GST_END_TEST;

GST_START_TEST(redirects_are_not_followed)
{
    Fixture f;
    f.server.always("/target", Answer{});
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        f.server.next("/", Answer{.status = status, .headers = {{"Location", "/target"}}});
        auto request = f.request("/");
        request.headers = {{"Authorization", "Bearer abc"}};
        const auto r = fetch(f.io, f.client, request);
        fail_unless(r.ok());
        fail_unless_equals_int(static_cast<int>(r->status), static_cast<int>(status));
        fail_unless_equals_text(find_header(*r, "location"), "/target");
    }
    for (const auto& seen : f.server.requests())
        fail_unless_equals_text(seen.path, "/");
}
GST_END_TEST;

// libsoup would open a connection for each POST, if it were not told otherwise.
GST_START_TEST(connections_are_kept_whatever_the_method)
{
    Fixture f;
    f.server.always("/", Answer{.body = "{}"});
    for (const char* method : {"POST", "PUT", "POST", "GET", "POST", "PUT"}) {
        auto r = f.request("/", method);
        r.body = std::string{method} == "GET" ? "" : "{}";
        fail_unless(fetch(f.io, f.client, r).ok());
    }
    fail_unless_equals_int(static_cast<int>(f.server.requests().size()), 6);
    fail_unless_equals_int(static_cast<int>(f.server.connections()), 1);
}
GST_END_TEST;

GST_START_TEST(connections_are_kept_after_an_error_status)
{
    Fixture f;
    f.server.next("/", Answer{.status = 404, .body = "no"});
    f.server.next("/", Answer{.status = 500, .body = "no"});
    f.server.next("/", Answer{});
    for (int i = 0; i < 3; ++i)
        fail_unless(f.get("/").ok());
    fail_unless_equals_int(static_cast<int>(f.server.connections()), 1);
}
GST_END_TEST;

GST_START_TEST(requests_run_at_the_same_time)
{
    Fixture f;
    constexpr int kCount = 6;
    std::vector<HttpReply> replies;
    f.server.always("/", no_answer());
    for (int i = 0; i < kCount; ++i) {
        replies.emplace_back(f.io);
        f.client.send(f.request("/", "POST"), replies.back().done());
    }
    // None of them is answered, and yet all of them have arrived.
    fail_unless(f.server.wait_for_requests(kCount));
    for (const auto& reply : replies)
        fail_unless_equals_int(reply.calls(), 0);
}
GST_END_TEST;

GST_START_TEST(four_threads_may_send_and_cancel_at_once)
{
    Fixture f;
    constexpr int kRounds = 50;
    f.server.always("/", Answer{.body = "{}"});
    std::vector<HttpReply> replies;
    for (int i = 0; i < 4 * kRounds; ++i)
        replies.emplace_back(f.io);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kRounds; ++i) {
                const auto& reply = replies[static_cast<std::size_t>(t * kRounds + i)];
                const auto id = f.client.send(f.request("/", "POST"), reply.done());
                if (i % 3 == 0)
                    f.client.cancel(id);
            }
        });
    for (auto& t : threads)
        t.join();
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const auto r = replies[i].wait();
        fail_unless(r.ok() || (i % kRounds % 3 == 0 && r.error().code == ErrorCode::Cancelled));
    }
}
GST_END_TEST;

GST_START_TEST(retry_after_is_read_in_both_forms)
{
    Fixture f;
    f.server.next("/", Answer{.status = 429, .headers = {{"Retry-After", "7"}}});
    fail_unless(f.get("/")->retry_after == Milliseconds{7000});
    f.server.next("/", Answer{.raw = {{"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n"
                                       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                       "Retry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\n\r\n"}}});
    fail_unless(f.get("/")->retry_after == Milliseconds{10000});
    f.server.next("/", Answer{.headers = {{"Retry-After", "soon"}}});
    fail_if(f.get("/")->retry_after.has_value());
}
GST_END_TEST;

GST_START_TEST(done_may_send_again_and_drop_the_client)
{
    HttpServer server;
    server.always("/", Answer{.body = "{}"});
    const auto io = IoThread::acquire();
    auto client = std::make_unique<HttpClient>(io, HttpClientOptions{.proxy = "none"});
    const auto request = request_for(server.url());
    const HttpReply first{io};
    const HttpReply second{io};
    client->send(request, [&, inner = first.done()](Result<HttpResponse> r) {
        client->send(request, [&, last = second.done()](Result<HttpResponse> r2) {
            client.reset();
            last(std::move(r2));
        });
        inner(std::move(r));
    });
    fail_unless(first.wait().ok());
    fail_unless(second.wait().ok());
}
GST_END_TEST;

GST_START_TEST(unusable_requests_end_in_an_error)
{
    Fixture f;
    const auto bad_url = request_for("not a url");
    auto bad_header = f.request("/");
    bad_header.headers = {{"Authorization", "Bearer a\r\nX: y"}};
    for (const auto& request : {bad_url, bad_header}) {
        const auto r = fetch(f.io, f.client, request);
        fail_if(r.ok());
        fail_unless(r.error().code == ErrorCode::InvalidArgument);
    }
    fail_unless(f.server.requests().empty());
}
GST_END_TEST;

GST_START_TEST(history_holds_what_happened)
{
    Fixture f;
    f.server.always("/x", Answer{.status = 201, .body = R"({"credential":"SESAME"})"});
    auto request = f.request("/x?token=SESAME&a=b", "POST");
    request.headers = {{"Authorization", "Bearer SESAME"}};
    request.body = "a=ice-pwd:SESAME\r\na=mid:0";
    fail_unless(fetch(f.io, f.client, request).ok());
    request = f.request("/");
    request.url = "http://127.0.0.1:" + std::to_string(closed_port()) + "/gone";
    fail_if(fetch(f.io, f.client, request).ok());
    const auto entries = f.history->snapshot();
    fail_unless_equals_int(static_cast<int>(entries.size()), 2);
    fail_unless_equals_text(entries[0].method, "POST");
    fail_unless_equals_text(entries[0].path, "/x?token=[redacted]&a=b");
    fail_unless_equals_int(static_cast<int>(entries[0].status), 201);
    fail_unless_equals_text(entries[0].error, "");
    fail_unless_equals_text(entries[0].request_body, "a=ice-pwd:[redacted]\r\na=mid:0");
    fail_unless_equals_text(entries[0].response_body, R"({"credential":"[redacted]"})");
    fail_unless_equals_text(entries[1].path, "/gone");
    fail_unless_equals_int(static_cast<int>(entries[1].status), 0);
    fail_unless_equals_text(entries[1].error, "network");
}
GST_END_TEST;

GST_START_TEST(the_log_tells_the_story_without_secrets)
{
    set_log_sink(collect_log, nullptr);
    Fixture f;
    f.server.always("/x", Answer{.status = 403, .body = R"({"token":"SESAME","a":1})"});
    auto request = f.request("/x?secret=SESAME", "POST");
    request.headers = {{"Authorization", "Bearer SESAME"}, {"Cookie", "c=SESAME"}};
    request.body = R"({"username":"SESAME","b":2})";
    fail_unless(fetch(f.io, f.client, request).ok());
    request.url = "http://user:SESAME@127.0.0.1:" + std::to_string(closed_port()) + "/y";
    const auto r = fetch(f.io, f.client, request);
    fail_unless(r.error().message.find("SESAME") == std::string::npos);
    fail_unless(r.error().debug.find("SESAME") == std::string::npos);
    Lock l{log_mutex};
    fail_unless(log_text.find("SESAME") == std::string::npos, "%s", log_text.c_str());
    fail_unless(log_text.find("http sink0 POST /x?secret=[redacted]: 403 in ") != std::string::npos,
                "%s", log_text.c_str());
    fail_unless(log_text.find("sent: {\"username\":\"[redacted]\",\"b\":2}") != std::string::npos);
    fail_unless(log_text.find("received: {\"token\":\"[redacted]\",\"a\":1}") != std::string::npos);
    fail_unless(log_text.find("POST /y: network after ") != std::string::npos, "%s",
                log_text.c_str());
}
GST_END_TEST;

static Suite* client_suite(void)
{
    Suite* s = suite_create("http-client");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, request_arrives_as_it_was_written);
    tcase_add_test(tc, no_body_is_no_body);
    tcase_add_test(tc, response_comes_back_whole);
    tcase_add_test(tc, an_error_status_is_a_response);
    tcase_add_test(tc, an_answer_without_body_or_type_is_empty);
    tcase_add_test(tc, an_answer_of_the_wrong_type_is_handed_on);
    tcase_add_test(tc, redirects_are_not_followed);
    tcase_add_test(tc, connections_are_kept_whatever_the_method);
    tcase_add_test(tc, connections_are_kept_after_an_error_status);
    tcase_add_test(tc, requests_run_at_the_same_time);
    tcase_add_test(tc, four_threads_may_send_and_cancel_at_once);
    tcase_add_test(tc, retry_after_is_read_in_both_forms);
    tcase_add_test(tc, done_may_send_again_and_drop_the_client);
    tcase_add_test(tc, unusable_requests_end_in_an_error);
    tcase_add_test(tc, history_holds_what_happened);
    tcase_add_test(tc, the_log_tells_the_story_without_secrets);
    return s;
}

GST_CHECK_MAIN(client);

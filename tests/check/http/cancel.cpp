/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Cancelling at every moment of a request's life: `done` runs exactly once, on the I/O thread.
#include <memory>
#include <string>
#include <vector>

#include "lib/http/http-client.hpp"
#include "tests/support/check.hpp"
#include "tests/support/http-reply.hpp"
#include "tests/support/http-server.hpp"

using namespace cf;
using namespace cf::http;
using namespace cf::test;

namespace
{

constexpr Milliseconds kFarAway{std::chrono::hours{1}};

struct Fixture {
    HttpServer server;
    std::shared_ptr<IoThread> io = IoThread::acquire();
    std::unique_ptr<HttpClient> client =
        std::make_unique<HttpClient>(io, HttpClientOptions{.proxy = "none"});

    [[nodiscard]] HttpRequest request(const std::string& path = "/") const
    {
        HttpRequest r;
        r.method = "POST";
        r.body = "{}";
        r.url = server.url(path);
        r.timeout = kFarAway;
        return r;
    }
};

// Also after everything that is under way has come to its end.
void expect_cancelled(Fixture& f, const HttpReply& reply)
{
    const auto r = reply.wait();
    fail_if(r.ok());
    fail_unless(r.error().code == ErrorCode::Cancelled, "%s", r.error().message.c_str());
    f.client.reset();
    drain(*f.io);
    fail_unless_equals_int(reply.calls(), 1);
}

void wait_for_requests(HttpServer& server, std::size_t count)
{
    fail_unless(server.wait_for_requests(count));
}

Answer beginning_of_a_body()
{
    return Answer{
        .raw =
            {{"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nbegin"}},
        .close_after_raw = false};
}

} // namespace

GST_START_TEST(cancel_before_the_request_starts)
{
    Fixture f;
    const HttpReply reply{f.io};
    // Both are posted before the I/O thread can look at either.
    f.io->post([&] { f.client->cancel(f.client->send(f.request(), reply.done())); });
    expect_cancelled(f, reply);
}
GST_END_TEST;

GST_START_TEST(cancel_right_after_send)
{
    for (int i = 0; i < 50; ++i) {
        Fixture f;
        f.server.always("/", no_answer());
        const HttpReply reply{f.io};
        f.client->cancel(f.client->send(f.request(), reply.done()));
        expect_cancelled(f, reply);
    }
}
GST_END_TEST;

GST_START_TEST(cancel_while_connecting)
{
    Fixture f;
    const SilentPort port; // TCP connects, TLS never answers
    auto request = f.request();
    request.url = "https://127.0.0.1:" + std::to_string(port.port()) + "/";
    const HttpReply reply{f.io};
    const auto id = f.client->send(request, reply.done());
    drain(*f.io);
    fail_unless_equals_int(reply.calls(), 0);
    f.client->cancel(id);
    expect_cancelled(f, reply);
}
GST_END_TEST;

GST_START_TEST(cancel_before_the_head_of_the_answer)
{
    Fixture f;
    f.server.always("/", no_answer());
    const HttpReply reply{f.io};
    const auto id = f.client->send(f.request(), reply.done());
    wait_for_requests(f.server, 1);
    fail_unless_equals_int(reply.calls(), 0);
    f.client->cancel(id);
    expect_cancelled(f, reply);
    fail_unless(f.server.wait_for_abandoned(1)); // the connection is given up as well
}
GST_END_TEST;

GST_START_TEST(cancel_in_the_middle_of_the_body)
{
    Fixture f;
    f.server.always("/", beginning_of_a_body());
    f.server.always("/other", Answer{.body = "{}"});
    const HttpReply reply{f.io};
    const auto id = f.client->send(f.request(), reply.done());
    wait_for_requests(f.server, 1);
    // The beginning was written before the other answer, so when that is here, it is read.
    fail_unless(fetch(f.io, *f.client, f.request("/other")).ok());
    drain(*f.io);
    fail_unless_equals_int(reply.calls(), 0);
    f.client->cancel(id);
    expect_cancelled(f, reply);
    fail_unless(f.server.wait_for_abandoned(1));
}
GST_END_TEST;

GST_START_TEST(cancel_twice_is_cancel_once)
{
    Fixture f;
    f.server.always("/", no_answer());
    const HttpReply reply{f.io};
    const auto id = f.client->send(f.request(), reply.done());
    wait_for_requests(f.server, 1);
    f.client->cancel(id);
    f.client->cancel(id);
    expect_cancelled(f, reply);
}
GST_END_TEST;

GST_START_TEST(cancel_after_done_changes_nothing)
{
    Fixture f;
    f.server.always("/", Answer{.body = "{}"});
    const HttpReply reply{f.io};
    const auto id = f.client->send(f.request(), reply.done());
    fail_unless(reply.wait().ok());
    f.client->cancel(id);
    f.client->cancel(0);
    f.client->cancel(id + 1000);
    drain(*f.io);
    fail_unless_equals_int(reply.calls(), 1);
}
GST_END_TEST;

GST_START_TEST(cancel_from_within_done_changes_nothing)
{
    Fixture f;
    f.server.always("/", Answer{.body = "{}"});
    const HttpReply reply{f.io};
    HttpClient::RequestId id = 0;
    f.io->post([&] {
        id = f.client->send(f.request(), [&, done = reply.done()](Result<HttpResponse> r) {
            f.client->cancel(id);
            done(std::move(r));
        });
    });
    fail_unless(reply.wait().ok());
    drain(*f.io);
    fail_unless_equals_int(reply.calls(), 1);
}
GST_END_TEST;

GST_START_TEST(cancel_ends_its_own_request_only)
{
    Fixture f;
    f.server.always("/hang", no_answer());
    f.server.always("/slow", Answer{.body = "{}", .delay = Milliseconds{50}});
    const HttpReply hangs{f.io};
    const HttpReply slow{f.io};
    const auto id = f.client->send(f.request("/hang"), hangs.done());
    f.client->send(f.request("/slow"), slow.done());
    wait_for_requests(f.server, 2);
    f.client->cancel(id);
    fail_unless(slow.wait().ok());
    expect_cancelled(f, hangs);
}
GST_END_TEST;

GST_START_TEST(cancel_races_the_answer)
{
    Fixture f;
    f.server.always("/", Answer{.body = "{}"});
    int answered = 0;
    for (int i = 0; i < 200; ++i) {
        const HttpReply reply{f.io};
        const auto id = f.client->send(f.request(), reply.done());
        if (i % 2 == 0)
            wait_for_requests(f.server, static_cast<std::size_t>(answered) + 1);
        f.client->cancel(id);
        const auto r = reply.wait();
        fail_unless(r.ok() || r.error().code == ErrorCode::Cancelled);
        drain(*f.io);
        fail_unless_equals_int(reply.calls(), 1);
        answered = static_cast<int>(f.server.requests().size());
    }
}
GST_END_TEST;

GST_START_TEST(the_client_works_on_after_a_cancelled_request)
{
    Fixture f;
    f.server.next("/", no_answer());
    f.server.next("/", beginning_of_a_body());
    f.server.always("/", Answer{.body = "{}"});
    for (int i = 0; i < 2; ++i) {
        const HttpReply reply{f.io};
        const auto id = f.client->send(f.request(), reply.done());
        wait_for_requests(f.server, static_cast<std::size_t>(i) + 1);
        f.client->cancel(id);
        fail_unless(reply.wait().error().code == ErrorCode::Cancelled);
    }
    fail_unless(fetch(f.io, *f.client, f.request()).ok());
}
GST_END_TEST;

GST_START_TEST(destruction_cancels_what_is_under_way)
{
    Fixture f;
    f.server.always("/hang", no_answer());
    f.server.always("/begin", beginning_of_a_body());
    std::vector<HttpReply> replies;
    for (const char* path : {"/hang", "/begin", "/hang", "/begin"}) {
        replies.emplace_back(f.io);
        f.client->send(f.request(path), replies.back().done());
    }
    wait_for_requests(f.server, replies.size());
    replies.emplace_back(f.io); // one that has not started
    f.client->send(f.request("/hang"), replies.back().done());
    f.client.reset();
    for (const auto& reply : replies)
        fail_unless(reply.wait().error().code == ErrorCode::Cancelled);
    drain(*f.io);
    for (const auto& reply : replies)
        fail_unless_equals_int(reply.calls(), 1);
    fail_unless(f.server.wait_for_abandoned(4));
}
GST_END_TEST;

// The last handle of the I/O thread goes with the client; `done` still runs, on that thread.
GST_START_TEST(destruction_with_the_last_handle_of_the_thread)
{
    for (int round = 0; round < 20; ++round) {
        HttpServer server;
        server.always("/", no_answer());
        auto io = IoThread::acquire();
        const HttpReply reply{io};
        auto client = std::make_unique<HttpClient>(io, HttpClientOptions{.proxy = "none"});
        HttpRequest request;
        request.url = server.url();
        client->send(request, reply.done());
        if (round % 2 == 0)
            fail_unless(server.wait_for_requests(1));
        const std::weak_ptr<IoThread> watch = io;
        io.reset();
        client.reset();
        fail_unless(reply.wait().error().code == ErrorCode::Cancelled);
        fail_unless(wait_until([&] { return watch.expired(); }));
        fail_unless_equals_int(reply.calls(), 1);
    }
}
GST_END_TEST;

GST_START_TEST(done_that_owned_something_lets_it_go)
{
    Fixture f;
    f.server.always("/", no_answer());
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = owned;
    const HttpReply reply{f.io};
    const auto id =
        f.client->send(f.request(), [owned = std::move(owned), done = reply.done()](
                                        Result<HttpResponse> r) { done(std::move(r)); });
    wait_for_requests(f.server, 1);
    f.client->cancel(id);
    (void)reply.wait();
    fail_unless(wait_until([&] { return watch.expired(); }));
}
GST_END_TEST;

static Suite* cancel_suite(void)
{
    load_system_certificates();
    Suite* s = suite_create("http-cancel");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, cancel_before_the_request_starts);
    tcase_add_test(tc, cancel_right_after_send);
    tcase_add_test(tc, cancel_while_connecting);
    tcase_add_test(tc, cancel_before_the_head_of_the_answer);
    tcase_add_test(tc, cancel_in_the_middle_of_the_body);
    tcase_add_test(tc, cancel_twice_is_cancel_once);
    tcase_add_test(tc, cancel_after_done_changes_nothing);
    tcase_add_test(tc, cancel_from_within_done_changes_nothing);
    tcase_add_test(tc, cancel_ends_its_own_request_only);
    tcase_add_test(tc, cancel_races_the_answer);
    tcase_add_test(tc, the_client_works_on_after_a_cancelled_request);
    tcase_add_test(tc, destruction_cancels_what_is_under_way);
    tcase_add_test(tc, destruction_with_the_last_handle_of_the_thread);
    tcase_add_test(tc, done_that_owned_something_lets_it_go);
    return s;
}

GST_CHECK_MAIN(cancel);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Cookies per jar: how a proxy in front of the API pins a Calls session to who made it.
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

struct Fixture {
    HttpServer server;
    std::shared_ptr<IoThread> io = IoThread::acquire();
    HttpClient client{io, HttpClientOptions{.proxy = "none"}};

    // Sends a request with the jar and returns the cookies that the server saw.
    std::string visit(const std::string& jar, const std::string& path = "/", Headers headers = {})
    {
        auto request = request_for(server.url(path));
        request.cookie_jar = jar;
        request.headers = std::move(headers);
        fail_unless(fetch(io, client, request).ok());
        return server.requests().back().header("cookie");
    }
    void will_set(const std::string& cookie, const std::string& path = "/")
    {
        server.next(path, Answer{.body = "{}", .headers = {{"Set-Cookie", cookie}}});
    }
};

} // namespace

GST_START_TEST(a_cookie_comes_back_to_its_jar_only)
{
    Fixture f;
    f.will_set("lock=a");
    f.will_set("lock=b");
    fail_unless_equals_text(f.visit("one"), "");
    fail_unless_equals_text(f.visit("two"), "");
    fail_unless_equals_text(f.visit("one"), "lock=a");
    fail_unless_equals_text(f.visit("two"), "lock=b");
    fail_unless_equals_text(f.visit("three"), "");
}
GST_END_TEST;

GST_START_TEST(without_a_jar_there_are_no_cookies)
{
    Fixture f;
    f.will_set("lock=a");
    fail_unless_equals_text(f.visit(""), "");
    fail_unless_equals_text(f.visit(""), "");
    fail_unless_equals_text(f.visit("one"), "");
}
GST_END_TEST;

GST_START_TEST(clients_do_not_share_jars)
{
    Fixture f;
    f.will_set("lock=a");
    (void)f.visit("one");
    HttpClient other{f.io, HttpClientOptions{.proxy = "none"}};
    auto request = request_for(f.server.url());
    request.cookie_jar = "one";
    fail_unless(fetch(f.io, other, request).ok());
    fail_unless_equals_text(f.server.requests().back().header("cookie"), "");
}
GST_END_TEST;

// As partytracks' proxy sets it; browsers keep such cookies for loopback addresses without TLS.
GST_START_TEST(the_cookie_of_a_proxy_under_development_is_kept)
{
    Fixture f;
    f.will_set("partytracks-session-0123=ab.cd; HttpOnly; Secure; SameSite=Strict");
    (void)f.visit("one");
    fail_unless_equals_text(f.visit("one"), "partytracks-session-0123=ab.cd");
}
GST_END_TEST;

GST_START_TEST(a_cookie_is_kept_from_an_error_too)
{
    Fixture f;
    f.server.next("/", Answer{.status = 403, .headers = {{"Set-Cookie", "a=b"}}});
    (void)f.visit("one");
    fail_unless_equals_text(f.visit("one"), "a=b");
}
GST_END_TEST;

GST_START_TEST(several_cookies_travel_in_one_field)
{
    Fixture f;
    f.server.next("/", Answer{.headers = {{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}}});
    (void)f.visit("one");
    const std::string both = f.visit("one");
    fail_unless(both == "a=1; b=2" || both == "b=2; a=1", "%s", both.c_str());
    fail_unless_equals_text(f.visit("two", "/", {{"Cookie", "own=x"}}), "own=x");
    const std::string all = f.visit("one", "/", {{"Cookie", "own=x"}});
    fail_unless_equals_text(all, both + "; own=x");
}
GST_END_TEST;

GST_START_TEST(paths_and_deletion_are_obeyed)
{
    Fixture f;
    f.will_set("a=1; Path=/sub", "/sub/x");
    (void)f.visit("one", "/sub/x");
    fail_unless_equals_text(f.visit("one", "/other"), "");
    fail_unless_equals_text(f.visit("one", "/sub/y"), "a=1");
    f.will_set("a=; Path=/sub; Max-Age=0", "/sub/z");
    (void)f.visit("one", "/sub/z");
    fail_unless_equals_text(f.visit("one", "/sub/y"), "");
}
GST_END_TEST;

GST_START_TEST(a_forgotten_jar_is_empty)
{
    Fixture f;
    f.will_set("a=1");
    f.will_set("b=2");
    (void)f.visit("one");
    (void)f.visit("two");
    f.client.forget_cookies("one");
    f.client.forget_cookies("never used");
    fail_unless_equals_text(f.visit("one"), "");
    fail_unless_equals_text(f.visit("two"), "b=2");
}
GST_END_TEST;

GST_START_TEST(nonsense_is_not_kept)
{
    Fixture f;
    for (const char* cookie : {"", ";;;", "=", "a=1; Domain=other.example",
                               "a=1; Expires=Thu, 01 "
                               "Jan 1970 00:00:00 GMT"}) {
        f.will_set(cookie);
        (void)f.visit("one");
    }
    fail_unless_equals_text(f.visit("one"), "");
}
GST_END_TEST;

static Suite* cookies_suite(void)
{
    Suite* s = suite_create("http-cookies");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, a_cookie_comes_back_to_its_jar_only);
    tcase_add_test(tc, without_a_jar_there_are_no_cookies);
    tcase_add_test(tc, clients_do_not_share_jars);
    tcase_add_test(tc, the_cookie_of_a_proxy_under_development_is_kept);
    tcase_add_test(tc, a_cookie_is_kept_from_an_error_too);
    tcase_add_test(tc, several_cookies_travel_in_one_field);
    tcase_add_test(tc, paths_and_deletion_are_obeyed);
    tcase_add_test(tc, a_forgotten_jar_is_empty);
    tcase_add_test(tc, nonsense_is_not_kept);
    return s;
}

GST_CHECK_MAIN(cookies);

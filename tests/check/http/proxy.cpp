/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Requests through an HTTP proxy, played by the test's server.
#include <fstream>
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

Result<HttpResponse> get(const std::string& url, const std::string& proxy)
{
    const auto io = IoThread::acquire();
    HttpClient client{io, HttpClientOptions{.proxy = proxy}};
    return fetch(io, client, request_for(url, "POST"));
}

void clear_environment()
{
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                             "no_proxy", "NO_PROXY"})
        g_unsetenv(name);
}

void expect_proxy_error(const Result<HttpResponse>& r)
{
    fail_if(r.ok());
    fail_unless(r.error().code == ErrorCode::Network, "%s: %s", to_string(r.error().code),
                r.error().debug.c_str());
    fail_unless(r.error().unsent);
    fail_unless(r.error().message.find("proxy") != std::string::npos, "%s",
                r.error().message.c_str());
}

} // namespace

GST_START_TEST(the_property_sends_requests_through_the_proxy)
{
    clear_environment();
    HttpServer proxy;
    proxy.always("/x", Answer{.body = "from the proxy"});
    const auto r = get("http://service.invalid/x", proxy.url());
    fail_unless(r.ok(), "%s", r.ok() ? "" : r.error().debug.c_str());
    fail_unless_equals_text(r->body, "from the proxy");
    fail_unless_equals_text(proxy.requests().at(0).header("host"), "service.invalid");
}
GST_END_TEST;

GST_START_TEST(the_environment_sends_requests_through_the_proxy)
{
    clear_environment();
    HttpServer proxy;
    proxy.always("/x", Answer{.body = "from the proxy"});
    g_setenv("http_proxy", proxy.url().c_str(), TRUE);
    const auto r = get("http://service.invalid/x", "");
    fail_unless(r.ok(), "%s", r.ok() ? "" : r.error().debug.c_str());
    fail_unless_equals_text(r->body, "from the proxy");
    // "none" takes it back, and loopback addresses never go through it.
    fail_if(get("http://service.invalid/x", "none").ok());
    HttpServer direct;
    direct.always("/x", Answer{.body = "direct"});
    fail_unless_equals_text(get(direct.url("/x"), "")->body, "direct");
    fail_unless_equals_int(static_cast<int>(proxy.requests().size()), 1);
}
GST_END_TEST;

GST_START_TEST(a_proxy_that_opens_no_tunnel_is_not_the_service)
{
    clear_environment();
    HttpServer proxy; // answers CONNECT with 404
    expect_proxy_error(get("https://service.invalid/x", proxy.url()));
}
GST_END_TEST;

GST_START_TEST(a_proxy_that_is_not_there_is_named)
{
    clear_environment();
    const std::string gone = "http://127.0.0.1:" + std::to_string(closed_port());
    expect_proxy_error(get("https://service.invalid/x", gone));
    expect_proxy_error(get("http://service.invalid/x", gone));
}
GST_END_TEST;

GST_START_TEST(an_unusable_proxy_is_an_error_of_each_request)
{
    clear_environment();
    const auto r = get("http://127.0.0.1:1/", "gopher://x");
    fail_unless(r.error().code == ErrorCode::InvalidArgument);
}
GST_END_TEST;

GST_START_TEST(libproxy_is_not_loaded)
{
    clear_environment();
    HttpServer server;
    server.always("/", Answer{.body = "{}"});
    fail_unless(get(server.url(), "").ok());
    std::ifstream maps{"/proc/self/maps"};
    if (!maps.good()) {
        GST_INFO("no /proc here: cannot look");
        return;
    }
    std::string line;
    bool sees_libsoup = false;
    while (std::getline(maps, line)) {
        sees_libsoup = sees_libsoup || line.find("libsoup") != std::string::npos;
        fail_unless(line.find("libproxy") == std::string::npos, "%s", line.c_str());
    }
    fail_unless(sees_libsoup);
}
GST_END_TEST;

static Suite* proxy_suite(void)
{
    Suite* s = suite_create("http-proxy");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, the_property_sends_requests_through_the_proxy);
    tcase_add_test(tc, the_environment_sends_requests_through_the_proxy);
    tcase_add_test(tc, a_proxy_that_opens_no_tunnel_is_not_the_service);
    tcase_add_test(tc, a_proxy_that_is_not_there_is_named);
    tcase_add_test(tc, an_unusable_proxy_is_an_error_of_each_request);
    tcase_add_test(tc, libproxy_is_not_loaded);
    return s;
}

GST_CHECK_MAIN(proxy);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/proxy.hpp"

#include <map>
#include <string>

#include "lib/http/request-check.hpp"
#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::http;

namespace
{

using Environment = std::map<std::string, std::string>;

Result<ProxySettings> settings(const std::string& option, const Environment& environment = {})
{
    return proxy_settings(option, [&](const char* name) {
        const auto it = environment.find(name);
        return it != environment.end() ? it->second.c_str() : nullptr;
    });
}

bool goes_through(const Environment& environment, const std::string& url)
{
    const auto s = settings("", environment);
    fail_unless(s.ok());
    const auto resolver = make_proxy_resolver(*s);
    return uses_proxy(resolver.get(), url);
}

bool accepted(const HttpRequest& request)
{
    const auto status = check_request(request);
    fail_unless(status.ok() || status.error().code == ErrorCode::InvalidArgument);
    return status.ok();
}

HttpRequest request_for(const std::string& url)
{
    HttpRequest r;
    r.url = url;
    return r;
}

} // namespace

GST_START_TEST(nothing_said_is_no_proxy)
{
    const auto s = settings("");
    fail_unless(s->for_http.empty() && s->for_https.empty());
    fail_if(make_proxy_resolver(*s));
    fail_if(uses_proxy(nullptr, "https://host/"));
}
GST_END_TEST;

GST_START_TEST(the_environment_is_asked_by_scheme)
{
    const auto s = settings("", {{"http_proxy", "http://a:1"}, {"https_proxy", "http://b:2"}});
    fail_unless_equals_text(s->for_http.c_str(), "http://a:1");
    fail_unless_equals_text(s->for_https.c_str(), "http://b:2");
    const auto upper = settings("", {{"HTTP_PROXY", "http://a:1"}, {"HTTPS_PROXY", "b:2"}});
    fail_unless_equals_text(upper->for_http.c_str(), ""); // could be a header of a CGI request
    fail_unless_equals_text(upper->for_https.c_str(), "http://b:2");
    const auto all = settings("", {{"all_proxy", "socks5h://c:3"}, {"https_proxy", ""}});
    fail_unless_equals_text(all->for_http.c_str(), "socks5://c:3");
    fail_unless_equals_text(all->for_https.c_str(), "socks5://c:3");
}
GST_END_TEST;

GST_START_TEST(the_property_goes_before_the_environment)
{
    const Environment e{{"https_proxy", "http://b:2"}, {"no_proxy", "host"}};
    fail_unless((*settings("none", e) == ProxySettings{}));
    const auto s = settings("socks5://p:1080", e);
    fail_unless_equals_text(s->for_https.c_str(), "socks5://p:1080");
    fail_unless_equals_text(s->for_http.c_str(), "socks5://p:1080");
    fail_unless(s->direct.empty());
}
GST_END_TEST;

GST_START_TEST(what_is_no_proxy_is_refused_with_advice)
{
    for (const char* bad :
         {"ftp://host", "http://", "://", "http://ho st", "NONE please", "http://h:99999"}) {
        const auto s = settings(bad);
        fail_if(s.ok(), "%s", bad);
        fail_unless(s.error().code == ErrorCode::InvalidArgument);
        fail_unless(s.error().message.find("proxy property") != std::string::npos);
    }
    const auto s = settings("", {{"https_proxy", "gopher://user:hunter2@host"}});
    fail_unless(s.error().message.find("https_proxy") != std::string::npos);
    fail_unless(s.error().message.find("hunter2") == std::string::npos);
    fail_unless(s.error().debug.find("hunter2") == std::string::npos);
}
GST_END_TEST;

GST_START_TEST(no_proxy_is_obeyed)
{
    const Environment e{
        {"https_proxy", "http://b:2"},
        {"no_proxy", "one.example, .two.example ,*.three.example 10.0.0.0/8,h:444"}};
    fail_unless(goes_through(e, "https://other.example/"));
    fail_if(goes_through(e, "https://one.example/"));
    fail_if(goes_through(e, "https://a.two.example/"));
    fail_if(goes_through(e, "https://a.three.example/"));
    fail_if(goes_through(e, "https://10.1.2.3/"));
    fail_if(goes_through(e, "https://h:444/"));
    fail_unless(goes_through(e, "https://h:445/"));
    fail_if(goes_through(e, "http://other.example/")); // only https has a proxy
    fail_if(goes_through({{"https_proxy", "http://b:2"}, {"no_proxy", "*"}}, "https://x/"));
}
GST_END_TEST;

GST_START_TEST(loopback_is_reached_directly_unless_the_property_says_otherwise)
{
    const Environment e{{"all_proxy", "http://b:2"}};
    for (const char* url :
         {"http://localhost:8080/", "http://127.0.0.1/", "http://127.9.9.9/", "http://[::1]:8080/"})
        fail_if(goes_through(e, url), "%s", url);
    const auto resolver = make_proxy_resolver(*settings("http://b:2"));
    fail_unless(uses_proxy(resolver.get(), "http://127.0.0.1/"));
}
GST_END_TEST;

GST_START_TEST(only_http_urls_with_a_host_are_sent)
{
    for (const char* good : {"http://h", "HTTPS://h/", "https://h:1/p?q#f", "http://[::1]:8/"})
        fail_unless(accepted(request_for(good)), "%s", good);
    for (const char* bad : {"", "h", "/path", "ftp://h", "http://", "http:///path", "https:h",
                            "http://h:99999/", "http://[::1/", "ws://h"})
        fail_if(accepted(request_for(bad)), "%s", bad);
    fail_if(accepted(request_for(std::string{"http://h\0x", 10})));
}
GST_END_TEST;

GST_START_TEST(fields_that_would_add_fields_are_refused)
{
    const auto with = [](const std::string& name, const std::string& value) {
        auto r = request_for("http://h");
        r.headers = {{name, value}};
        return accepted(r);
    };
    fail_unless(with("X-A", "b c\td\xc3\xa9"));
    fail_unless(with("X-A", ""));
    fail_if(with("X-A", "b\r\nEvil: 1"));
    fail_if(with("X-A", "b\nc"));
    fail_if(with("X-A", std::string{"b\0c", 3}));
    fail_if(with("X A", "b"));
    fail_if(with("X-A:", "b"));
    fail_if(with("", "b"));
    auto r = request_for("http://h");
    r.method = "GE T";
    fail_if(accepted(r));
    r.method = "PATCH";
    r.body = "x";
    r.content_type = "a\r\nb: c";
    fail_if(accepted(r));
}
GST_END_TEST;

static Suite* proxy_suite(void)
{
    Suite* s = suite_create("proxy");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, nothing_said_is_no_proxy);
    tcase_add_test(tc, the_environment_is_asked_by_scheme);
    tcase_add_test(tc, the_property_goes_before_the_environment);
    tcase_add_test(tc, what_is_no_proxy_is_refused_with_advice);
    tcase_add_test(tc, no_proxy_is_obeyed);
    tcase_add_test(tc, loopback_is_reached_directly_unless_the_property_says_otherwise);
    tcase_add_test(tc, only_http_urls_with_a_host_are_sent);
    tcase_add_test(tc, fields_that_would_add_fields_are_refused);
    return s;
}

GST_CHECK_MAIN(proxy);

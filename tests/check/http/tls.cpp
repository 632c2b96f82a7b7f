/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Certificates are always verified; HTTP/2 is spoken where the server offers it.
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

Result<HttpResponse> get(const std::string& url, const std::string& ca_file)
{
    const auto io = IoThread::acquire();
    HttpClient client{io, HttpClientOptions{.proxy = "none", .ca_file = ca_file}};
    auto request = request_for(url);
    request.headers = {{"Authorization", "Bearer SESAME"}};
    return fetch(io, client, request);
}

void expect_refused(TestCertificate certificate, const std::string& ca_file,
                    const std::string& words)
{
    HttpServer server{certificate};
    server.always("/", Answer{.body = "{}"});
    const auto r = get(server.url(), ca_file);
    fail_if(r.ok());
    fail_unless(r.error().code == ErrorCode::Tls, "%s: %s", to_string(r.error().code),
                r.error().message.c_str());
    fail_unless(r.error().unsent);
    fail_unless(r.error().message.find("certificate") != std::string::npos &&
                    r.error().message.find(words) != std::string::npos,
                "%s", r.error().message.c_str());
    fail_unless(server.requests().empty()); // the credentials did not leave
}

} // namespace

GST_START_TEST(a_certificate_of_an_unknown_ca_is_refused)
{
    expect_refused(TestCertificate::Good, "", "its issuer is not trusted");
}
GST_END_TEST;

GST_START_TEST(a_certificate_of_the_additional_ca_is_good)
{
    HttpServer server{TestCertificate::Good};
    server.always("/", Answer{.body = "{}"});
    const auto r = get(server.url(), test_ca_file());
    fail_unless(r.ok(), "%s (%s)", r.ok() ? "" : r.error().message.c_str(),
                r.ok() ? "" : r.error().debug.c_str());
    fail_unless_equals_text(server.requests().at(0).header("authorization"), "Bearer SESAME");
}
GST_END_TEST;

GST_START_TEST(the_additional_ca_does_not_excuse_another_host)
{
    expect_refused(TestCertificate::WrongHost, test_ca_file(), "another host");
}
GST_END_TEST;

GST_START_TEST(the_additional_ca_does_not_excuse_the_date)
{
    expect_refused(TestCertificate::Expired, test_ca_file(), "clock");
}
GST_END_TEST;

GST_START_TEST(http2_is_spoken_over_one_connection)
{
    g_setenv("SOUP_SERVER_HTTP2", "1", TRUE); // the server's switch in libsoup 3.2
    HttpServer server{TestCertificate::Good};
    server.always("/", Answer{.body = "{}", .delay = Milliseconds{20}});
    const auto io = IoThread::acquire();
    HttpClient client{io, HttpClientOptions{.proxy = "none", .ca_file = test_ca_file()}};
    auto request = request_for(server.url(), "POST");
    request.body = "{}";
    fail_unless(fetch(io, client, request).ok());
    std::vector<HttpReply> replies;
    for (int i = 0; i < 20; ++i) {
        replies.emplace_back(io);
        client.send(request, replies.back().done());
    }
    for (const auto& reply : replies)
        fail_unless(reply.wait().ok());
    for (const auto& seen : server.requests())
        fail_unless(seen.http2);
    fail_unless_equals_int(static_cast<int>(server.connections()), 1);
}
GST_END_TEST;

GST_START_TEST(an_http2_request_is_cancelled_alone)
{
    g_setenv("SOUP_SERVER_HTTP2", "1", TRUE);
    HttpServer server{TestCertificate::Good};
    server.always("/", Answer{.body = "{}"});
    server.always("/slow", Answer{.body = "{}", .delay = kPatience});
    const auto io = IoThread::acquire();
    HttpClient client{io, HttpClientOptions{.proxy = "none", .ca_file = test_ca_file()}};
    const auto request = request_for(server.url());
    fail_unless(fetch(io, client, request).ok());
    const auto slow = request_for(server.url("/slow"));
    const HttpReply reply{io};
    const auto id = client.send(slow, reply.done());
    fail_unless(server.wait_for_requests(2));
    client.cancel(id);
    fail_unless(reply.wait().error().code == ErrorCode::Cancelled);
    fail_unless(fetch(io, client, request).ok());
    fail_unless_equals_int(static_cast<int>(server.connections()), 1);
}
GST_END_TEST;

GST_START_TEST(a_server_without_tls_is_a_tls_error)
{
    const GreetingPort plain{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"};
    const auto r = get("https://127.0.0.1:" + std::to_string(plain.port()) + "/", "");
    fail_if(r.ok());
    fail_unless(r.error().code == ErrorCode::Tls, "%s: %s (%s)", to_string(r.error().code),
                r.error().message.c_str(), r.error().debug.c_str());
    fail_unless(r.error().message.find("api-base") != std::string::npos);
    fail_unless(r.error().unsent);
}
GST_END_TEST;

GST_START_TEST(a_server_with_tls_is_not_reached_without)
{
    HttpServer server{TestCertificate::Good};
    server.always("/", Answer{.body = "{}"});
    const auto r = get("http://127.0.0.1:" + std::to_string(server.port()) + "/", "");
    fail_if(r.ok());
    fail_unless(r.error().code == ErrorCode::Network || r.error().code == ErrorCode::Protocol);
    fail_unless(r.error().message.find("api-base") != std::string::npos);
}
GST_END_TEST;

GST_START_TEST(a_ca_file_that_cannot_be_read_is_an_error)
{
    HttpServer server;
    server.always("/", Answer{.body = "{}"});
    for (const std::string& file :
         {test_data("tls/no-such-file.pem"), test_data("tls/README.md")}) {
        const auto r = get(server.url(), file);
        // A file without any certificate in it is no error for GIO; it just trusts nobody more.
        if (file.ends_with(".md") && r.ok())
            continue;
        fail_if(r.ok());
        fail_unless(r.error().code == ErrorCode::InvalidArgument);
        fail_unless(r.error().message.find("CA certificates") != std::string::npos);
    }
}
GST_END_TEST;

static Suite* tls_suite(void)
{
    load_system_certificates();
    Suite* s = suite_create("http-tls");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, a_certificate_of_an_unknown_ca_is_refused);
    tcase_add_test(tc, a_certificate_of_the_additional_ca_is_good);
    tcase_add_test(tc, the_additional_ca_does_not_excuse_another_host);
    tcase_add_test(tc, the_additional_ca_does_not_excuse_the_date);
    tcase_add_test(tc, http2_is_spoken_over_one_connection);
    tcase_add_test(tc, an_http2_request_is_cancelled_alone);
    tcase_add_test(tc, a_server_without_tls_is_a_tls_error);
    tcase_add_test(tc, a_server_with_tls_is_not_reached_without);
    tcase_add_test(tc, a_ca_file_that_cannot_be_read_is_an_error);
    return s;
}

GST_CHECK_MAIN(tls);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What every request meets before it reaches a session: paths, credentials, bodies, CORS.
#include <string>

#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/offers.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words

void expect(const ApiAnswer& answer, unsigned status, const char* code, const char* description)
{
    fail_unless_equals_int(answer.status, status);
    const std::string got_code = answer.code();
    fail_unless_equals_string(got_code.c_str(), code);
    const std::string got = answer.description();
    fail_unless(got.find(description) != std::string::npos, "\"%s\" lacks \"%s\"", got.c_str(),
                description);
    fail_unless_equals_string(answer.content_type.c_str(), "application/json");
    fail_unless(answer.header("vary") == "Origin");
}

GST_START_TEST(session_is_created_with_201)
{
    EmulatorFixture f;
    const ApiAnswer answer = f.call("POST", "new");
    fail_unless_equals_int(answer.status, 201);
    const std::string id = answer.text("sessionId");
    fail_unless_equals_int(id.size(), 32);
    fail_unless(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    fail_unless(answer.header("vary") == "Origin");
    fail_unless(answer.header("access-control-allow-origin") == "*");
    fail_unless_equals_string(answer.content_type.c_str(), "application/json");
}
GST_END_TEST

GST_START_TEST(both_prefixes_and_unknown_queries_are_served)
{
    EmulatorFixture f;
    for (const char* path :
         {"/v1/apps/local-app/sessions/new?streamDebug", "/apps/local-app/sessions/new",
          "/v1/apps/local-app/sessions/new?correlationId=room&SESSION&thirdparty=true"})
        fail_unless_equals_int(f.send({"POST", path}).status, 201);
}
GST_END_TEST

GST_START_TEST(wrong_secret_is_401)
{
    EmulatorFixture f;
    for (const char* authorization :
         {"", "Bearer wrong", "Bearer ", "local-secret", "Basic local-secret"}) {
        const ApiAnswer answer =
            f.send({"POST", "/v1/apps/local-app/sessions/new", "", "", authorization});
        expect(answer, 401, "unauthorized", "secret");
    }
}
GST_END_TEST

GST_START_TEST(unknown_app_is_404)
{
    EmulatorFixture f;
    expect(f.send({"POST", "/v1/apps/other-app/sessions/new"}), 404, "not_found", "app");
}
GST_END_TEST

GST_START_TEST(unknown_endpoints_and_methods_are_refused)
{
    EmulatorFixture f;
    const std::string sid = f.new_session();
    expect(f.call("POST", sid + "/nothing"), 404, "not_found", "endpoint");
    expect(f.call("GET", "new"), 405, "not_found", "method");
    expect(f.call("GET", sid + "/tracks/new"), 405, "not_found", "method");
    expect(f.call("POST", sid + "/renegotiate", "{}"), 405, "not_found", "method");
    // No end of a session, no list of them, no trickled candidates, no ICE restart.
    expect(f.call("DELETE", sid), 405, "not_found", "method");
    expect(f.send({"GET", "/v1/apps/local-app/sessions"}), 404, "not_found", "endpoint");
    expect(f.call("PATCH", sid), 405, "not_found", "method");
    expect(f.call("POST", sid + "/candidates", "{}"), 404, "not_found", "endpoint");
    expect(f.call("PUT", sid + "/restart", "{}"), 404, "not_found", "endpoint");
    expect(f.send({"POST", "/v1/apps/local-app/rooms"}), 404, "not_found", "endpoint");
    fail_unless_equals_int(f.send({"GET", "/favicon.ico"}).status, 404);
}
GST_END_TEST

// partytracks and echo send JSON as text/plain, or with no type at all.
GST_START_TEST(content_type_does_not_matter)
{
    EmulatorFixture f;
    const std::string path = "/v1/apps/local-app/sessions/" + f.new_session() + "/tracks/new";
    const std::string body =
        R"({"tracks":[{"location":"remote","sessionId":"x","trackName":"y"}]})";
    for (const char* type : {"", "text/plain;charset=UTF-8", "application/json; charset=utf-8"})
        fail_unless_equals_int(f.send({"POST", path, body, type}).status, 200);
}
GST_END_TEST

GST_START_TEST(bad_bodies_are_decoding_errors)
{
    EmulatorFixture f;
    const std::string sid = f.new_session();
    for (const char* body : {"", "{", "[]", "null", R"({"tracks":{}})", R"({"tracks":[1]})",
                             R"({"tracks":[{"location":1}]})", R"({"tracks":[{"trackName":"x"}]})",
                             R"({"autoDiscover":"yes"})", R"({"sessionDescription":"v=0"})",
                             R"({"sessionDescription":{"type":"offer"}})"})
        expect(f.call("POST", sid + "/tracks/new", body), 400, "decoding_error",
               "JSON body validation error: ");
    for (const char* body : {"", "{}", R"({"sessionDescription":null})"})
        expect(f.call("PUT", sid + "/renegotiate", body), 400, "decoding_error",
               "JSON body validation error: ");
    for (const char* body :
         {R"({"force":true})", R"({"tracks":[],"force":true})", R"({"tracks":[{}],"force":true})",
          R"({"tracks":[{"mid":"0"}]})", R"({"tracks":[{"mid":0}],"force":true})"})
        expect(f.call("PUT", sid + "/tracks/close", body), 400, "decoding_error",
               "JSON body validation error: ");
    expect(f.call("POST", "new", "{"), 400, "decoding_error", "JSON body validation error: ");
}
GST_END_TEST

GST_START_TEST(large_bodies_are_413)
{
    cf::emu::EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.limits.body_bytes = 2000;
    EmulatorFixture f(options);
    const std::string path = "/v1/apps/local-app/sessions/" + f.new_session() + "/tracks/new";
    EmulatorFixture::Request request{"POST", path, std::string(5000, ' ')};
    expect(f.send(request), 413, "payload_too_large", "too large");
    request.chunked = true;
    expect(f.send(request), 413, "payload_too_large", "too large");
    request.chunked = false;
    request.method = "PUT";
    request.path = replaced(path, "/tracks/new", "/renegotiate");
    expect(f.send(request), 413, "payload_too_large", "too large");
    // The connection is still good.
    fail_unless_equals_int(f.call("POST", "new").status, 201);
}
GST_END_TEST

GST_START_TEST(browsers_may_ask_from_anywhere)
{
    EmulatorFixture f;
    EmulatorFixture::Request request{"OPTIONS", "/v1/apps/local-app/sessions/x/renegotiate"};
    request.authorization = "";
    request.headers = {{"Origin", "http://127.0.0.1:8791"},
                       {"Access-Control-Request-Method", "PUT"},
                       {"Access-Control-Request-Headers", "authorization,content-type"}};
    const ApiAnswer answer = f.send(request);
    fail_unless_equals_int(answer.status, 204);
    fail_unless(answer.header("access-control-allow-origin") == "*");
    fail_unless(answer.header("access-control-allow-methods").find("PUT") != std::string::npos);
    fail_unless(answer.header("access-control-allow-headers") == "authorization,content-type");
}
GST_END_TEST

GST_START_TEST(fifty_requests_a_second_and_session)
{
    EmulatorFixture f;
    const std::string sid = f.new_session();
    unsigned served = 0;
    ApiAnswer last;
    while (served < 200) {
        last = f.call("GET", sid);
        if (last.status != 200)
            break;
        ++served;
    }
    // The 51st within any second; a slow machine gets more through, never fewer.
    fail_unless(served >= 50 && last.status == 429, "%u requests passed, then %u", served,
                last.status);
    expect(last, 429, "rate_limited", "Too many requests");
    fail_unless(last.header("retry-after").empty());
    // Neither the app nor another session is limited.
    fail_unless_equals_int(f.call("GET", f.new_session()).status, 200);
}
GST_END_TEST

GST_START_TEST(retry_after_is_sent_on_request)
{
    auto options = EmulatorFixture::quick_options();
    options.sfu.retry_after = true;
    options.sfu.limits.requests_per_second = 1;
    EmulatorFixture f(options);
    const std::string sid = f.new_session();
    ApiAnswer last;
    for (int i = 0; i < 200 && last.status != 429; ++i)
        last = f.call("GET", sid);
    expect(last, 429, "rate_limited", "Too many requests");
    fail_unless(last.header("retry-after") == "1");
}
GST_END_TEST

// What clients of another version send along.
GST_START_TEST(unknown_members_are_ignored)
{
    EmulatorFixture f;
    const ApiAnswer answer =
        f.call("POST", f.new_session() + "/tracks/new",
               R"({"future":[1],"tracks":[{"location":"remote","sessionId":"x","trackName":"y",)"
               R"("future":{}}]})");
    fail_unless_equals_int(answer.status, 200);
}
GST_END_TEST

Suite* api_http_suite()
{
    Suite* s = suite_create("api_http");
    TCase* t = tcase_create("http");
    tcase_add_test(t, session_is_created_with_201);
    tcase_add_test(t, both_prefixes_and_unknown_queries_are_served);
    tcase_add_test(t, wrong_secret_is_401);
    tcase_add_test(t, unknown_app_is_404);
    tcase_add_test(t, unknown_endpoints_and_methods_are_refused);
    tcase_add_test(t, content_type_does_not_matter);
    tcase_add_test(t, bad_bodies_are_decoding_errors);
    tcase_add_test(t, large_bodies_are_413);
    tcase_add_test(t, browsers_may_ask_from_anywhere);
    tcase_add_test(t, fifty_requests_a_second_and_session);
    tcase_add_test(t, retry_after_is_sent_on_request);
    tcase_add_test(t, unknown_members_are_ignored);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_http);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/redact.hpp"

#include <random>
#include <string>
#include <vector>

#include "tests/support/check.hpp"

using namespace cf;

namespace
{

void expect(const std::string& text, const std::string& clean)
{
    const std::string got = redact(text);
    fail_unless(got == clean, "\n  text %s\n   got %s\n  want %s", text.c_str(), got.c_str(),
                clean.c_str());
    fail_unless(redact(got) == got, "not idempotent: %s", text.c_str());
}

void expect_same(const std::string& text)
{
    expect(text, text);
}

} // namespace

GST_START_TEST(header_fields_lose_their_line)
{
    expect("GET / HTTP/1.1\r\nAuthorization: Bearer abc.def\r\nHost: h\r\n",
           "GET / HTTP/1.1\r\nAuthorization: [redacted]\r\nHost: h\r\n");
    expect("authorization:Basic dXNlcjpwdw==", "authorization:[redacted]");
    expect("Proxy-Authorization: Digest a=\"b\", c=\"d\"\nX: y",
           "Proxy-Authorization: [redacted]\nX: y");
    expect("Set-Cookie: a=b; HttpOnly\r\nCookie: c=d; e=f", "Set-Cookie: [redacted]\r\nCookie: "
                                                            "[redacted]");
    expect("X-Auth-Token: abc\r\nX-Api-Key: k",
           "X-Auth-Token: [redacted]\r\nX-Api-Key: [redacted]");
}
GST_END_TEST;

GST_START_TEST(bearer_tokens_go_wherever_they_stand)
{
    expect("sent bearer abc.DEF-1_2~3+/== here", "sent bearer [redacted] here");
    expect("token: Bearer abc", "token: [redacted]");
    expect_same("Bearer");
    expect_same("the bearer");
}
GST_END_TEST;

GST_START_TEST(json_members_lose_their_value)
{
    expect(R"({"credential":"a\"b","username" : "u","mid":"0"})",
           R"({"credential":"[redacted]","username" : "[redacted]","mid":"0"})");
    expect(R"({"appSecret":"s","app_token":"t","apiKey":"k","PASSWORD":"p"})",
           R"({"appSecret":"[redacted]","app_token":"[redacted]","apiKey":"[redacted]",)"
           R"("PASSWORD":"[redacted]"})");
    expect(R"({"key":123,"token":null})", R"({"key":[redacted],"token":[redacted]})");
    expect(R"({"token":["a",{"b":"]"}],"c":1})", R"({"token":[redacted],"c":1})");
    expect(R"({"secret":{"a":"}"},"c":1})", R"({"secret":[redacted],"c":1})");
    expect(R"({"token":"ends with a backslash\\","c":1})", R"({"token":"[redacted]","c":1})");
}
GST_END_TEST;

GST_START_TEST(json_within_json_loses_its_value)
{
    expect(R"({"body":"{\"token\":\"a\\\"b\",\"mid\":\"0\"}"})",
           R"({"body":"{\"token\":\"[redacted]\",\"mid\":\"0\"}"})");
    expect(R"("{\"a\":\"{\\\"token\\\":\\\"x\\\\\\\"y\\\"}\"}")",
           R"("{\"a\":\"{\\\"token\\\":\\\"[redacted]\\\"}\"}")");
}
GST_END_TEST;

GST_START_TEST(ice_passwords_go_and_the_rest_of_the_sdp_stays)
{
    expect("a=ice-ufrag:abcd\r\na=ice-pwd:p/w+1\r\na=setup:actpass\r\n",
           "a=ice-ufrag:abcd\r\na=ice-pwd:[redacted]\r\na=setup:actpass\r\n");
    expect(R"("sdp":"a=ice-pwd:p\/w+1\r\na=mid:0\r\n")",
           R"("sdp":"a=ice-pwd:[redacted]\r\na=mid:0\r\n")");
    expect(R"(\"a=ice-pwd:p\\r\\na=mid:0\")", R"(\"a=ice-pwd:[redacted]\\r\\na=mid:0\")");
    expect_same("a=fingerprint:sha-256 AA:BB\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n");
    expect_same("a=key-mgmt:mikey AQAFgM0X\r\n");
}
GST_END_TEST;

GST_START_TEST(query_parameters_lose_their_value)
{
    expect("/v1?token=a,b;c&x=1", "/v1?token=[redacted]&x=1");
    expect("wss://h/p?access_token=a%20b#f", "wss://h/p?access_token=[redacted]");
    expect_same("/v1/turn/keys/0123/credentials/generate-ice-servers?monkey=1&keyframe=2");
    expect_same("/apps/0123/sessions/4567/tracks/new?correlationId=8");
}
GST_END_TEST;

GST_START_TEST(urls_lose_their_user)
{
    expect("https://user:p%40w@host/path", "https://[redacted]@host/path");
    expect("turn://user:p/w@x@host:3478?transport=udp",
           "turn://[redacted]@host:3478?transport=udp");
    expect("turns://u@h", "turns://[redacted]@h");
    expect_same("https://host/@scope/package");
    expect_same("https://host?mail=a@b");
    expect_same("turn:host:3478");
}
GST_END_TEST;

GST_START_TEST(gstreamer_structures_lose_their_value)
{
    expect("s, auth-token=(string)\"a b\", n=(int)1;",
           "s, auth-token=(string)\"[redacted]\", n=(int)1;");
    expect("app-secret=(string)abc", "app-secret=(string)[redacted]");
}
GST_END_TEST;

GST_START_TEST(text_that_is_cut_off_is_safe)
{
    const std::string text =
        "Authorization: Bearer abc\r\n{\"token\":\"a\\\"b\",\"key\":[1,\"x\"]} "
        "a=ice-pwd:xyz\\r\\n https://u:p@h/?token=q turn://a:b@c";
    for (std::size_t i = 0; i <= text.size(); ++i) {
        for (std::size_t n = 0; n + i <= text.size(); ++n) {
            const std::string part = redact(text.substr(i, n));
            fail_unless(redact(part) == part, "%s", text.substr(i, n).c_str());
        }
    }
    // Cut at the end, what has begun is still hidden.
    for (const char* cut : {"\"token\":\"abc", "\"token\":[\"abc", "token=abc", "Bearer abc",
                            "Cookie: abc", "a=ice-pwd:abc", "\\\"token\\\":\\\"abc\\"})
        fail_unless(redact(cut).find("abc") == std::string::npos, "%s", cut);
}
GST_END_TEST;

GST_START_TEST(any_bytes_are_safe_and_redacting_twice_changes_nothing)
{
    const std::vector<std::string> pieces = {"token",    "Bearer ",    "Basic ", "authorization",
                                             "cookie",   "key",        "://",    "turn",
                                             "@",        ":",          "=",      "\"",
                                             "'",        "\\",         "\\\\",   " ",
                                             "\r\n",     "[",          "]",      "{",
                                             "}",        ",",          "&",      "?",
                                             "/",        "a",          "0",      "-",
                                             "(string)", "[redacted]", "\xff",   "\xc3",
                                             "<",        ">",          "\\r\\n"};
    std::mt19937 random{20240229}; // always the same
    std::uniform_int_distribution<std::size_t> pick{0, pieces.size()};
    for (int round = 0; round < 60000; ++round) {
        std::string text;
        for (int i = 0; i < 1 + round % 12; ++i) {
            const std::size_t n = pick(random);
            text += n < pieces.size() ? pieces[n] : std::string{'\0'};
        }
        const std::string once = redact(text);
        fail_unless(redact(once) == once, "%s -> %s -> %s", text.c_str(), once.c_str(),
                    redact(once).c_str());
    }
}
GST_END_TEST;

// Each of these took time that grows with the square of its length, if done the obvious way.
GST_START_TEST(hostile_text_costs_linear_time)
{
    for (const char* piece :
         {"turn://", "turn://a@", "://", "\"token\":[", "\\", "token=\"", "a"}) {
        std::string text;
        while (text.size() < 4 * 1024 * 1024)
            text += piece;
        const gint64 start = g_get_monotonic_time();
        (void)redact(text);
        const gint64 spent = g_get_monotonic_time() - start;
        fail_unless(spent < 20 * G_USEC_PER_SEC, "%s: %" G_GINT64_FORMAT " us", piece, spent);
    }
}
GST_END_TEST;

static Suite* redact_suite(void)
{
    Suite* s = suite_create("redact");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, header_fields_lose_their_line);
    tcase_add_test(tc, bearer_tokens_go_wherever_they_stand);
    tcase_add_test(tc, json_members_lose_their_value);
    tcase_add_test(tc, json_within_json_loses_its_value);
    tcase_add_test(tc, ice_passwords_go_and_the_rest_of_the_sdp_stays);
    tcase_add_test(tc, query_parameters_lose_their_value);
    tcase_add_test(tc, urls_lose_their_user);
    tcase_add_test(tc, gstreamer_structures_lose_their_value);
    tcase_add_test(tc, text_that_is_cut_off_is_safe);
    tcase_add_test(tc, any_bytes_are_safe_and_redacting_twice_changes_nothing);
    tcase_add_test(tc, hostile_text_costs_linear_time);
    return s;
}

GST_CHECK_MAIN(redact);

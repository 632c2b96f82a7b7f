/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/credentials.hpp"

#include <map>
#include <sstream>
#include <type_traits>

#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::calls;

namespace
{

using Variables = std::map<std::string, std::string>;

Result<Credentials> resolve(CredentialSettings settings, const Variables& variables = {})
{
    return Credentials::resolve(std::move(settings), [&](const char* name) -> const char* {
        const auto it = variables.find(name);
        return it != variables.end() ? it->second.c_str() : nullptr;
    });
}

CredentialSettings with_app(const char* base = "")
{
    CredentialSettings out;
    out.app_id = "app";
    out.app_token = Secret{"token"};
    out.api_base = base;
    return out;
}

std::string header(const Credentials& credentials, const char* name)
{
    for (const auto& [key, value] : credentials.headers()) {
        if (key == name)
            return value;
    }
    return "";
}

void expect_text(const std::string& got, const std::string& expected)
{
    ck_assert_str_eq(got.c_str(), expected.c_str());
}

void expect_refused(CredentialSettings settings, const char* mentions)
{
    const auto result = resolve(std::move(settings));
    ck_assert_msg(!result.ok(), "taken, but should mention: %s", mentions);
    ck_assert(result.error().code == ErrorCode::InvalidArgument);
    ck_assert_msg(result.error().message.find(mentions) != std::string::npos,
                  "does not mention %s: %s", mentions, result.error().message.c_str());
}

template <typename T>
concept Printable = requires(std::ostream& out, const T& value)
{
    out << value;
};
static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, const char*>);

} // namespace

GST_START_TEST(defaults_lead_to_the_public_service)
{
    const auto credentials = resolve(with_app());
    ck_assert(credentials.ok());
    ck_assert(!credentials->is_proxy());
    expect_text(credentials->url({"sessions", "new"}),
                "https://rtc.live.cloudflare.com/v1/apps/app/sessions/new");
    expect_text(header(*credentials, "Authorization"), "Bearer token");
}
GST_END_TEST;

GST_START_TEST(environment_fills_what_is_not_set)
{
    const Variables variables{{"CALLS_APP_ID", "env-app"},
                              {"CALLS_APP_SECRET", "env-token"},
                              {"CALLS_API_BASE", "http://127.0.0.1:4711/v1"}};
    const auto all = resolve({}, variables);
    ck_assert(all.ok());
    expect_text(all->url({}), "http://127.0.0.1:4711/v1/apps/env-app");
    expect_text(header(*all, "Authorization"), "Bearer env-token");

    CredentialSettings explicit_id;
    explicit_id.app_id = "mine";
    const auto mixed = resolve(std::move(explicit_id), variables);
    ck_assert(mixed.ok());
    expect_text(mixed->url({}), "http://127.0.0.1:4711/v1/apps/mine");
}
GST_END_TEST;

GST_START_TEST(older_names_in_the_environment_are_accepted_last)
{
    Variables variables{{"CF_CALLS_APP_ID", "old"}, {"CF_CALLS_APP_TOKEN", "old-token"}};
    const auto old = resolve({}, variables);
    ck_assert(old.ok());
    expect_text(header(*old, "Authorization"), "Bearer old-token");
    variables["CALLS_APP_SECRET"] = "new-token";
    expect_text(header(*resolve({}, variables), "Authorization"), "Bearer new-token");
}
GST_END_TEST;

GST_START_TEST(white_space_around_is_dropped)
{
    CredentialSettings settings;
    settings.app_id = " app\n";
    settings.app_token = Secret{"\ttoken\r\n"};
    settings.api_base = " https://example.com/v1/// \n";
    const auto credentials = resolve(std::move(settings));
    ck_assert(credentials.ok());
    expect_text(credentials->url({"x"}), "https://example.com/v1/apps/app/x");
    expect_text(header(*credentials, "Authorization"), "Bearer token");
}
GST_END_TEST;

GST_START_TEST(base_without_app_is_a_proxy)
{
    CredentialSettings settings;
    settings.api_base = "https://example.com/partytracks";
    settings.headers = {{"Authorization", "Basic abc"}};
    const auto credentials = resolve(std::move(settings));
    ck_assert(credentials.ok());
    ck_assert(credentials->is_proxy());
    expect_text(credentials->url({"sessions", "new"}),
                "https://example.com/partytracks/sessions/new");
    expect_text(header(*credentials, "Authorization"), "Basic abc");

    CredentialSettings plain;
    plain.api_base = "https://example.com";
    ck_assert(resolve(std::move(plain))->headers().empty());
}
GST_END_TEST;

GST_START_TEST(missing_settings_name_property_and_variable)
{
    expect_refused({}, "CALLS_APP_ID");
    CredentialSettings no_token;
    no_token.app_id = "app";
    expect_refused(std::move(no_token), "CALLS_APP_SECRET");
    CredentialSettings no_id;
    no_id.app_token = Secret{"token"};
    no_id.api_base = "https://example.com"; // a token for nobody is a slip, not a proxy
    expect_refused(std::move(no_id), "app-id");
    CredentialSettings blank;
    blank.app_id = " \n";
    blank.app_token = Secret{"token"};
    expect_refused(std::move(blank), "app-id");
}
GST_END_TEST;

GST_START_TEST(broken_ids_and_tokens_are_refused_without_being_shown)
{
    for (const char* id : {"a b", "a/b", "a\nb", "caf\xc3\xa9"}) {
        CredentialSettings settings = with_app();
        settings.app_id = id;
        expect_refused(std::move(settings), "app id");
    }
    for (const char* token : {"to ken", "to\nken", "to\x01ken", "t\xc3\xb6ken"}) {
        CredentialSettings settings = with_app();
        settings.app_token = Secret{token};
        const auto result = resolve(std::move(settings));
        ck_assert(!result.ok());
        ck_assert(result.error().message.find("ken") == result.error().message.find("ken "));
        ck_assert(result.error().debug.find("ken") == std::string::npos);
    }
}
GST_END_TEST;

GST_START_TEST(bad_bases_are_refused)
{
    expect_refused(with_app("rtc.live.cloudflare.com/v1"), "api-base");
    expect_refused(with_app("ftp://example.com"), "https://");
    expect_refused(with_app("https://"), "api-base");
    expect_refused(with_app("https:///v1"), "host");
    expect_refused(with_app("https://exa mple.com"), "api-base");
    expect_refused(with_app("https://user:pass@example.com/v1"), "user name");
    expect_refused(with_app("https://user@example.com/v1"), "user name");
    expect_refused(with_app("https://example.com/v1?x=1"), "query");
    expect_refused(with_app("https://example.com/v1#x"), "fragment");
}
GST_END_TEST;

GST_START_TEST(plain_http_is_for_this_machine_only)
{
    for (const char* base : {"http://127.0.0.1:80", "http://127.8.9.1", "http://localhost:1/v1",
                             "http://LOCALHOST", "http://[::1]:8080", "HTTP://127.0.0.1"})
        ck_assert_msg(resolve(with_app(base)).ok(), "%s", base);
    for (const char* base :
         {"http://example.com", "http://10.0.0.1", "http://localhost.example.com",
          "http://127.0.0.1.example.com", "http://[::2]"})
        expect_refused(with_app(base), "clear");
}
GST_END_TEST;

GST_START_TEST(segments_and_parameters_are_escaped)
{
    CredentialSettings settings = with_app("https://example.com");
    settings.correlation_id = " room 42 ";
    settings.params = {{"user", "a&b=c"}, {"q?", ""}};
    const auto credentials = resolve(std::move(settings));
    ck_assert(credentials.ok());
    expect_text(credentials->url({"sessions", "a/b?c#d%e\xc3\xa9"}),
                "https://example.com/apps/app/sessions/a%2Fb%3Fc%23d%25e%C3%A9"
                "?correlationId=room%2042&user=a%26b%3Dc&q%3F=");
    expect_text(credentials->url({"x"}, {{"thirdparty", "true"}}),
                "https://example.com/apps/app/x?thirdparty=true"
                "&correlationId=room%2042&user=a%26b%3Dc&q%3F=");
}
GST_END_TEST;

GST_START_TEST(headers_that_could_inject_are_refused)
{
    for (const auto& [name, value] : NameValueList{{"X-A", "a\r\nX-B: b"},
                                                   {"X-A", "a\nb"},
                                                   {"X A", "b"},
                                                   {"X-A:", "b"},
                                                   {"", "b"},
                                                   {"X-A\r\n", "b"}}) {
        CredentialSettings settings = with_app();
        settings.headers = {{name, value}};
        expect_refused(std::move(settings), "headers");
    }
    CredentialSettings twice = with_app();
    twice.headers = {{"authorization", "Bearer other"}};
    expect_refused(std::move(twice), "Authorization");

    CredentialSettings good = with_app();
    good.headers = {{"X-A", "b c\t\xc3\xa9"}};
    ck_assert(resolve(std::move(good)).ok());
}
GST_END_TEST;

GST_START_TEST(nameless_and_broken_parameters_are_refused)
{
    for (const auto& param : NameValueList{{"", "x"}, {"a", "\xff"}, {"\xff", "a"}}) {
        CredentialSettings settings = with_app();
        settings.params = {param};
        expect_refused(std::move(settings), "parameter");
    }
    CredentialSettings settings = with_app();
    settings.correlation_id = "\xff";
    expect_refused(std::move(settings), "parameter");
}
GST_END_TEST;

GST_START_TEST(secret_moves_without_leaving_a_copy)
{
    Secret first{"a token that is longer than any small string"};
    const Secret second = std::move(first);
    expect_text(second.reveal(), "a token that is longer than any small string");
    ck_assert(first.empty()); // NOLINT(bugprone-use-after-move): this is what is tested
    Secret third;
    third = second;
    expect_text(third.reveal(), second.reveal());
}
GST_END_TEST;

static Suite* credentials_suite()
{
    Suite* s = suite_create("credentials");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, defaults_lead_to_the_public_service);
    tcase_add_test(tc, environment_fills_what_is_not_set);
    tcase_add_test(tc, older_names_in_the_environment_are_accepted_last);
    tcase_add_test(tc, white_space_around_is_dropped);
    tcase_add_test(tc, base_without_app_is_a_proxy);
    tcase_add_test(tc, missing_settings_name_property_and_variable);
    tcase_add_test(tc, broken_ids_and_tokens_are_refused_without_being_shown);
    tcase_add_test(tc, bad_bases_are_refused);
    tcase_add_test(tc, plain_http_is_for_this_machine_only);
    tcase_add_test(tc, segments_and_parameters_are_escaped);
    tcase_add_test(tc, headers_that_could_inject_are_refused);
    tcase_add_test(tc, nameless_and_broken_parameters_are_refused);
    tcase_add_test(tc, secret_moves_without_leaving_a_copy);
    return s;
}

GST_CHECK_MAIN(credentials);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The analytics are fed by what was really forwarded.
#include <string>

#include "tests/emulator/api/graphql.hpp"
#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words

ApiAnswer ask(EmulatorFixture& f, const std::string& query, const std::string& variables = "{}",
              const std::string& token = "Bearer local-api-token")
{
    return f.send({"POST", "/client/v4/graphql",
                   "{\"query\":" + json_text(query) + ",\"variables\":" + variables + "}",
                   "application/json", token});
}

std::vector<cf::json::JsonReader> rows(const ApiAnswer& answer, const char* set)
{
    fail_unless_equals_int(answer.status, 200);
    const auto data = answer.json().get_object("data");
    fail_unless(data.ok(), "%s", answer.body.c_str());
    const auto accounts = data->get_object("viewer")->get_array("accounts");
    fail_unless_equals_int(accounts->size(), 1);
    auto array = accounts->at(0).get_array(set);
    fail_unless(array.ok(), "%s", answer.body.c_str());
    return array.take();
}

constexpr char kBySession[] =
    "query Usage($a: string!, $app: string) { viewer { accounts(filter: {accountTag: $a}) {"
    " callsUsageAdaptiveGroups(limit: 100, filter: {appId: $app},"
    " orderBy: [sum_ingressBytes_DESC]) {"
    " dimensions { sessionId datetimeMinute } sum { egressBytes ingressBytes } } } } }";
constexpr char kVariables[] = R"({"a":"local-account","app":"local-app"})";

GST_START_TEST(bytes_are_counted_by_session)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    TestClient subscriber(f);
    (void)subscriber.pull(publisher->id(), "t0");
    for (int i = 0; i < 50; ++i)
        publisher->send_audio_once("0");
    const auto session = f.emulator().sfu().find_session(publisher->id());
    publisher->send_audio("0");
    const auto all = rows(ask(f, kBySession, kVariables), "callsUsageAdaptiveGroups");
    std::uint64_t ingress = 0;
    bool seen = false;
    for (const auto& row : all) {
        const auto sum = row.get_object("sum");
        if (*row.get_object("dimensions")->get_string("sessionId") != publisher->id())
            continue;
        seen = true;
        ingress += static_cast<std::uint64_t>(*sum->get_int("ingressBytes"));
        fail_unless(row.get_object("dimensions")->get_string("datetimeMinute")->ends_with(":00Z"));
    }
    fail_unless(seen);
    const auto stats = session->transport().stats(f.emulator().sfu().executor().now());
    fail_unless_equals_uint64(ingress, stats.bytes_in);
    // Without dimensions: one row with everything.
    const auto total =
        rows(ask(f, "{ viewer { accounts(filter: {accountTag: \"local-account\"}) { "
                    "callsUsageAdaptiveGroups(limit: 10) { sum { total: ingressBytes } } } } }"),
             "callsUsageAdaptiveGroups");
    fail_unless_equals_int(total.size(), 1);
    fail_unless(static_cast<std::uint64_t>(*total[0].get_object("sum")->get_int("total")) >=
                ingress);
}
GST_END_TEST

GST_START_TEST(filters_and_limits_apply)
{
    EmulatorFixture f;
    auto one = audio_publisher(f);
    auto two = audio_publisher(f);
    const std::string head = "{ viewer { accounts(filter: {accountTag: \"local-account\"}) { "
                             "callsUsageAdaptiveGroups(";
    const std::string tail = ") { dimensions { sessionId } sum { egressBytes } } } } }";
    const auto count = [&](const std::string& arguments) {
        return rows(ask(f, head + arguments + tail), "callsUsageAdaptiveGroups").size();
    };
    fail_unless_equals_int(count("limit: 100"), 2);
    fail_unless_equals_int(count("limit: 1"), 1);
    fail_unless_equals_int(count("limit: 9, filter: {sessionId: \"" + one->id() + "\"}"), 1);
    fail_unless_equals_int(count("limit: 9, filter: {sessionId_in: [\"" + one->id() + "\"]}"), 1);
    fail_unless_equals_int(count("limit: 9, filter: {date_geq: \"2020-01-01\"}"), 2);
    fail_unless_equals_int(count("limit: 9, filter: {datetime_lt: \"2020-01-01T00:00:00Z\"}"), 0);
    fail_unless_equals_int(count("limit: 9, filter: {appId: \"other\"}"), 0);
}
GST_END_TEST

GST_START_TEST(turn_has_no_rows)
{
    EmulatorFixture f;
    auto publisher = audio_publisher(f);
    const auto none =
        rows(ask(f, "{ viewer { accounts(filter: {accountTag: \"local-account\"}) { "
                    "callsTurnUsageAdaptiveGroups(limit: 100, filter: {customIdentifier: \"u\"}, "
                    "orderBy: [datetimeMinute_ASC]) { dimensions { datetimeMinute keyId } "
                    "sum { egressBytes } } } } }"),
             "callsTurnUsageAdaptiveGroups");
    fail_unless_equals_int(none.size(), 0);
}
GST_END_TEST

GST_START_TEST(bad_queries_say_what_is_wrong)
{
    EmulatorFixture f;
    const auto expect = [&](const std::string& query, const char* message) {
        const ApiAnswer answer = ask(f, query);
        fail_unless_equals_int(answer.status, 200);
        const auto errors = answer.json().get_array("errors");
        fail_unless(errors.ok() && !errors->empty(), "%s", answer.body.c_str());
        const std::string text = *errors->at(0).get_string("message");
        fail_unless(text.find(message) != std::string::npos, "\"%s\" lacks \"%s\"", text.c_str(),
                    message);
    };
    const std::string in_account = "{ viewer { accounts(filter: {accountTag: \"local-account\"}) {";
    expect("", "expected {");
    expect("{ viewer {", "expected a name");
    expect("{ somebody { x } }", "unknown field \"somebody\"");
    expect(in_account + " nothing { x } } } }", "unknown field \"nothing\"");
    expect(in_account + " callsUsageAdaptiveGroups { sum { apples } } } } }", "\"apples\"");
    expect(in_account + " callsUsageAdaptiveGroups { dimensions { colour } } } } }", "\"colour\"");
    expect(in_account + " callsUsageAdaptiveGroups(filter: {colour: 1}) { count } } } }",
           "\"colour\"");
    fail_unless_equals_int(ask(f, kBySession, kVariables, "Bearer wrong").status, 403);
    // Another account's data is not there.
    const ApiAnswer other = ask(f, kBySession, R"({"a":"other"})");
    const auto accounts =
        other.json().get_object("data")->get_object("viewer")->get_array("accounts");
    fail_unless_equals_int(accounts->size(), 0);
}
GST_END_TEST

GST_START_TEST(no_cut_crashes_the_parser)
{
    const std::string query = kBySession;
    for (std::size_t i = 0; i < query.size(); ++i) {
        fail_if(cf::emu::graphql::parse(query.substr(0, i), nullptr).ok());
        std::string changed = query;
        changed[i] = '"';
        (void)cf::emu::graphql::parse(changed, nullptr);
    }
    fail_if(cf::emu::graphql::parse(std::string(1000, '{'), nullptr).ok());
    fail_if(cf::emu::graphql::parse("{a(b:" + std::string(1000, '[') + ")}", nullptr).ok());
}
GST_END_TEST

Suite* api_analytics_suite()
{
    Suite* s = suite_create("api_analytics");
    TCase* t = tcase_create("analytics");
    tcase_add_test(t, bytes_are_counted_by_session);
    tcase_add_test(t, filters_and_limits_apply);
    tcase_add_test(t, turn_has_no_rows);
    tcase_add_test(t, bad_queries_say_what_is_wrong);
    tcase_add_test(t, no_cut_crashes_the_parser);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_analytics);

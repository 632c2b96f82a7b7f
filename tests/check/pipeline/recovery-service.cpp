/* SPDX-License-Identifier: LGPL-2.1-or-later */
// docs/guides/recovery.md, the rows of the service: each test is named after its row. A viewer that
// shows two tracks asks for a third one, and the service does what the row says.
#include <algorithm>

#include "tests/support/call.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

std::string status_fault(const char* operation, unsigned status, unsigned count,
                         const std::string& session, const std::string& more = "")
{
    return R"({"name":"status","operation":")" + std::string{operation} + R"(","status":)" +
           std::to_string(status) + R"(,"count":)" + std::to_string(count) + R"(,"session":")" +
           session + "\"" + more + "}";
}

std::string fault(const char* name, const char* operation, const std::string& session,
                  unsigned count = 1, const std::string& more = "")
{
    return R"({"name":")" + std::string{name} + R"(","operation":")" + operation + R"(","count":)" +
           std::to_string(count) + R"(,"session":")" + session + "\"" + more + "}";
}

/// Publishes a third track and sets up @p trouble for the viewer's next request.
std::string publish_third(Call& call)
{
    call.add_publication("third");
    call.wait_for("the third track at the SFU",
                  [&] { return call.sfu.published("third").packets > 5; });
    return call.src_session();
}

unsigned requests(Call& call, const char* operation, const std::string& session)
{
    const auto all = call.sfu.requests();
    return unsigned(std::count_if(all.begin(), all.end(), [&](const SfuRequest& r) {
        return r.operation == operation && r.session == session;
    }));
}

/// The viewer's session was replaced, for @p error_code (null: any), once; its pads are the same.
void expect_replaced(Call& call, const std::string& old_session, const char* error_code)
{
    call.expect_recovered();
    fail_unless(call.src_session() != old_session, "the session was not replaced");
    fail_unless_equals_int(int(call.src_reconnects()), 1);
    if (error_code != nullptr)
        fail_unless_equals_text(call.src_news.reasons.back(), error_code);
    fail_unless(!call.src_news.warnings.empty(), "no WARNING told of it");
}

/// Refused twice with @p status, then taken; nothing else was disturbed.
void expect_asked_again(unsigned status, unsigned count, const std::string& more = "")
{
    Call call;
    const std::string session = publish_third(call);
    call.sfu.add_fault(status_fault("tracks/new", status, count, session, more));
    call.add_pull(call.locator("third"));
    call.expect_extra();
    ck_assert_uint_eq(call.sfu.struck("status"), count);
    fail_unless(call.src_news.has_api_error("tracks/new " + std::to_string(status) + " retried"));
    call.expect_content();
    call.expect_viewer_kept_its_session(session);
}

} // namespace

GST_START_TEST(http_406_is_repeated)
{
    expect_asked_again(406, 2);
}
GST_END_TEST

GST_START_TEST(http_425_waits_until_connected)
{
    expect_asked_again(425, 1);
}
GST_END_TEST

GST_START_TEST(http_429_waits_as_long_as_it_is_told)
{
    const gint64 begin = g_get_monotonic_time();
    expect_asked_again(429, 1, R"(,"code":"rate_limited","retry-after":2)");
    fail_unless(g_get_monotonic_time() - begin > 2 * G_USEC_PER_SEC);
}
GST_END_TEST

GST_START_TEST(http_5xx_is_asked_again_later)
{
    expect_asked_again(503, 3);
}
GST_END_TEST

GST_START_TEST(http_410_replaces_the_session)
{
    Call call;
    const std::string session = publish_third(call);
    call.sfu.add_fault(fault("session-lost", "tracks/new", session));
    call.add_pull(call.locator("third"));
    expect_replaced(call, session, "session_error");
    call.expect_extra();
    ck_assert_uint_eq(call.sfu.struck("session-lost"), 1);
}
GST_END_TEST

GST_START_TEST(request_that_is_not_answered_in_time_is_made_again)
{
    // The first session is made while nobody listens to the answer any more.
    Call call({.sink = "timeout=1",
               .faults = {R"({"name":"delay","operation":"sessions/new","ms":2500,"count":1})"}});
    ck_assert_uint_eq(call.sfu.struck("delay"), 1);
    fail_unless(call.sink_news.has_api_error("sessions/new 0 retried"));
    fail_unless_equals_int(int(call.sink_reconnects()), 1);
    call.expect_recovered();
}
GST_END_TEST

GST_START_TEST(lost_answer_to_a_pull_replaces_the_session)
{
    Call call;
    const std::string session = publish_third(call);
    call.sfu.add_fault(fault("drop-response", "tracks/new", session));
    call.add_pull(call.locator("third"));
    expect_replaced(call, session, "network");
    call.expect_extra();
    ck_assert_uint_eq(call.sfu.struck("drop-response"), 1);
    ck_assert_uint_ge(requests(call, "session", session), 1); // it has looked first
}
GST_END_TEST

GST_START_TEST(lost_answer_to_renegotiate_replaces_the_session)
{
    Call call;
    const std::string session = publish_third(call);
    call.sfu.add_fault(fault("drop-response", "renegotiate", session));
    call.add_pull(call.locator("third"));
    expect_replaced(call, session, nullptr); // it is sent again, and there is nothing to answer
    call.expect_extra();
    ck_assert_uint_eq(call.sfu.struck("drop-response"), 1);
}
GST_END_TEST

GST_START_TEST(request_that_was_not_carried_out_is_made_again)
{
    Call call;
    const std::string session = publish_third(call);
    call.sfu.add_fault(fault("refuse", "tracks/new", session, 2));
    call.add_pull(call.locator("third"));
    call.expect_extra();
    ck_assert_uint_eq(call.sfu.struck("refuse"), 2);
    call.expect_content();
    call.expect_viewer_kept_its_session(session);
}
GST_END_TEST

GST_START_TEST(item_error_is_asked_again)
{
    Call call;
    const std::string session = publish_third(call);
    call.sfu.add_fault(fault("item-error", "tracks/new", session, 2));
    call.add_pull(call.locator("third"));
    call.expect_extra();
    ck_assert_uint_eq(call.sfu.struck("item-error"), 2);
    fail_unless(call.src_news.has_track("pending", "internal_error"));
    fail_unless_equals_int(int(call.src_news.warnings.size()), 1);
    call.expect_viewer_kept_its_session(session);
}
GST_END_TEST

GST_START_TEST(track_that_is_not_there_yet_is_waited_for)
{
    Call call;
    const std::string session = call.src_session();
    call.add_pull(call.locator("third"));
    call.wait_for("a refusal",
                  [&] { return call.src_news.has_track("pending", "not_found_track_error"); });
    fail_unless_equals_int(int(call.src_news.warnings.size()), 1);
    call.add_publication("third");
    call.expect_extra();
    call.expect_viewer_kept_its_session(session);
}
GST_END_TEST

GST_START_TEST(track_that_never_comes_is_given_up_after_pull_timeout)
{
    Call call({.src = "pull-timeout=1500"});
    const std::string session = call.src_session();
    call.add_pull(call.locator("never"));
    call.wait_for("the end of patience",
                  [&] { return call.src_news.has_track("error", "not_found_track_error"); });
    call.expect_content();
    call.expect_viewer_kept_its_session(session);
}
GST_END_TEST

GST_START_TEST(track_that_stops_and_comes_back_is_pulled_again)
{
    Call call;
    const std::string session = publish_third(call);
    call.add_pull(call.locator("third"));
    call.expect_extra();
    call.remove_publication();
    call.wait_for("the silence to be noticed",
                  [&] { return call.src_news.has_track("pending", "not_found_track_error"); });
    fail_unless(call.src_news.has_track("pending", "track-empty"));
    const auto gaps = call.extra().seen().gaps;
    call.wait_for("GAP events", [&] { return call.extra().seen().gaps > gaps; });
    call.add_publication("third", 0x00ff00);
    call.expect_extra(0x00ff00); // on the same pad
    fail_unless(!call.extra().seen().eos);
    call.expect_content();
    call.expect_viewer_kept_its_session(session);
}
GST_END_TEST

GST_START_TEST(publisher_that_restarts_is_followed)
{
    Call call;
    const std::string session = call.src_session();
    const std::string old = call.sink_session();
    gboolean taken = FALSE;
    g_signal_emit_by_name(call.publisher->element("sink").get(), "restart-session", &taken);
    fail_unless(taken);
    call.wait_for("another session",
                  [&] { return !call.sink_session().empty() && call.sink_session() != old; });
    call.expect_recovered();
    fail_unless_equals_text(call.src_session(), session);
    fail_unless_equals_int(int(call.src_reconnects()), 0);
}
GST_END_TEST

GST_START_TEST(credentials_that_expire_are_one_error)
{
    Call call;
    const std::string old = call.sink_session();
    call.sfu.add_fault(status_fault("tracks/new", 401, 1, old, R"(,"code":"unauthorized")"));
    call.add_publication("third");
    const BusReport r = call.publisher->wait_error();
    ck_assert_int_eq(r.code, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    ck_assert_uint_eq(call.sfu.struck("status"), 1);
    // The application gets a new token and goes on, with the same pads.
    auto sink = call.publisher->element("sink");
    g_object_set(sink.get(), "app-token", call.sfu.app_secret().c_str(), nullptr);
    gboolean taken = FALSE;
    g_signal_emit_by_name(sink.get(), "restart-session", &taken);
    fail_unless(taken);
    call.wait_for("another session",
                  [&] { return !call.sink_session().empty() && call.sink_session() != old; });
    call.expect_recovered();
    call.wait_for("the third track too", [&] { return call.sfu.published("third").packets > 5; });
}
GST_END_TEST

int main(int argc, char** argv)
{
    gst_check_init(&argc, &argv);
    Suite* s = suite_create("recovery-service");
    TCase* tc = tcase_create("rows");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, http_406_is_repeated);
    tcase_add_test(tc, http_425_waits_until_connected);
    tcase_add_test(tc, http_429_waits_as_long_as_it_is_told);
    tcase_add_test(tc, http_5xx_is_asked_again_later);
    tcase_add_test(tc, http_410_replaces_the_session);
    tcase_add_test(tc, request_that_is_not_answered_in_time_is_made_again);
    tcase_add_test(tc, lost_answer_to_a_pull_replaces_the_session);
    tcase_add_test(tc, lost_answer_to_renegotiate_replaces_the_session);
    tcase_add_test(tc, request_that_was_not_carried_out_is_made_again);
    tcase_add_test(tc, item_error_is_asked_again);
    tcase_add_test(tc, track_that_is_not_there_yet_is_waited_for);
    tcase_add_test(tc, track_that_never_comes_is_given_up_after_pull_timeout);
    tcase_add_test(tc, track_that_stops_and_comes_back_is_pulled_again);
    tcase_add_test(tc, publisher_that_restarts_is_followed);
    tcase_add_test(tc, credentials_that_expire_are_one_error);
    suite_add_tcase(s, tc);
    return run_rows(s, "the service");
}

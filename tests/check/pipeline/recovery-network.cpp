/* SPDX-License-Identifier: LGPL-2.1-or-later */
// docs/guides/recovery.md, the rows of the network: each test is named after its row.
#include <csignal>

#include "tests/support/call.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

std::string network_fault(const char* name, const std::string& session, const char* direction)
{
    return R"({"name":")" + std::string{name} + R"(","session":")" + session +
           R"(","direction":")" + direction + "\"}";
}

/// The publisher's path dies in @p direction; it is given up, and replaced.
void publisher_loses_its_path(const char* direction)
{
    Call call;
    const std::string old = call.sink_session();
    call.sfu.add_fault(network_fault("blackhole", old, direction));
    call.wait_for("the loss", [&] { return call.sink_news.count_state("reconnecting") == 1; });
    call.wait_for("another session",
                  [&] { return !call.sink_session().empty() && call.sink_session() != old; });
    call.expect_recovered();
    fail_unless_equals_text(call.sink_news.reasons.back(), "media");
    fail_unless_equals_int(int(call.sink_news.warnings.size()), 1);
    ck_assert_uint_ge(call.sfu.struck("blackhole"), 1);
}

} // namespace

GST_START_TEST(media_path_that_is_interrupted_for_too_long_is_replaced)
{
    publisher_loses_its_path("both");
}
GST_END_TEST

GST_START_TEST(silence_of_rtcp_replaces_the_session)
{
    publisher_loses_its_path("down");
}
GST_END_TEST

GST_START_TEST(connected_without_data_is_replaced)
{
    Call call({.src = "connect-timeout=2000"});
    const std::string old = call.src_session();
    call.sfu.add_fault(network_fault("blackhole", old, "down"));
    call.wait_for("another session",
                  [&] { return !call.src_session().empty() && call.src_session() != old; });
    const auto gaps = call.picture().seen().gaps;
    ck_assert_uint_ge(gaps, 1);
    call.expect_recovered();
    fail_unless(call.src_news.has_track("pending", "track-empty"));
    fail_unless_equals_text(call.src_news.reasons.back(), "media");
    fail_unless_equals_int(int(call.src_reconnects()), 1);
    ck_assert_uint_ge(call.picture().seen().discontinuities, 1);
    fail_unless_equals_int(int(call.picture().seen().backward), 0);
}
GST_END_TEST

GST_START_TEST(dtls_that_is_refused_is_tried_again)
{
    Call call({.faults = {R"({"name":"dtls-refusal","operation":"tracks/new","count":1})"}});
    ck_assert_uint_eq(call.sfu.struck("dtls-refusal"), 1);
    fail_unless_equals_int(int(call.sink_reconnects()), 1);
    fail_unless_equals_text(call.sink_news.reasons.front(), "media");
    call.expect_recovered();
}
GST_END_TEST

GST_START_TEST(certificate_that_is_not_the_promised_one_is_tried_again)
{
    Call call({.faults = {R"({"name":"wrong-fingerprint","operation":"tracks/new","count":1})"}});
    ck_assert_uint_eq(call.sfu.struck("wrong-fingerprint"), 1);
    fail_unless_equals_int(int(call.sink_reconnects()), 1);
    fail_unless(!call.sink_news.warnings.empty());
    call.expect_recovered();
}
GST_END_TEST

// Ten minutes of it, in time moved by hand: unit/session-recovery, ten_minutes_without_a_network.
GST_START_TEST(network_that_is_gone_for_long_is_waited_for)
{
    Call call;
    const std::string sink_session = call.sink_session();
    const std::string src_session = call.src_session();
    call.sfu.add_fault(R"({"name":"blackhole"})");
    call.sfu.add_fault(R"({"name":"refuse"})");
    // The publisher notices by itself, loses its session and fails to get another several times.
    call.wait_for("three tries in vain", [&] {
        return call.sink_news.count_state("reconnecting") >= 1 &&
               std::count(call.sink_news.api_errors.begin(), call.sink_news.api_errors.end(),
                          "sessions/new 0 retried") >= 3;
    });
    call.wait_for("GAP events",
                  [&] { return call.picture().seen().gaps >= 3 && call.sound().seen().gaps >= 3; });
    // The service has forgotten both by the time that the network is back.
    for (const auto& session : {sink_session, src_session})
        (void)call.sfu.control_post("sessions/" + session + "/lose", "{}");
    call.sfu.remove_faults();
    call.wait_for("another session", [&] {
        return !call.sink_session().empty() && call.sink_session() != sink_session;
    });
    call.expect_recovered();
    fail_unless(call.src_session() != src_session);
    ck_assert_uint_ge(call.picture().seen().discontinuities, 1);
    fail_unless_equals_int(int(call.picture().seen().backward), 0);
}
GST_END_TEST

// As after a lid was shut: all timers are due at once, and the service has forgotten us.
GST_START_TEST(system_that_slept_comes_back)
{
    Call call;
    const std::string sink_session = call.sink_session();
    const std::string src_session = call.src_session();
    const std::string pid = std::to_string(getpid());
    const OwnedString script{
        g_strdup_printf("kill -STOP %s; sleep 9; kill -CONT %s", pid.c_str(), pid.c_str())};
    const char* argv[] = {"/bin/sh", "-c", script.get(), nullptr};
    const gint64 begin = g_get_monotonic_time();
    fail_unless(g_spawn_async(nullptr, const_cast<gchar**>(argv), nullptr, G_SPAWN_DEFAULT, nullptr,
                              nullptr, nullptr, nullptr));
    call.wait_for("waking up", [&] { return g_get_monotonic_time() - begin > 9 * G_USEC_PER_SEC; });
    for (const auto& session : {sink_session, src_session})
        (void)call.sfu.control_post("sessions/" + session + "/lose", "{}");
    call.wait_for("other sessions", [&] {
        return !call.sink_session().empty() && call.sink_session() != sink_session &&
               !call.src_session().empty() && call.src_session() != src_session;
    });
    call.expect_recovered();
    ck_assert_uint_le(call.sink_reconnects(), 2);
    ck_assert_uint_le(call.src_reconnects(), 2);
}
GST_END_TEST

int main(int argc, char** argv)
{
    gst_check_init(&argc, &argv);
    Suite* s = suite_create("recovery-network");
    TCase* tc = tcase_create("rows");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, media_path_that_is_interrupted_for_too_long_is_replaced);
    tcase_add_test(tc, silence_of_rtcp_replaces_the_session);
    tcase_add_test(tc, connected_without_data_is_replaced);
    tcase_add_test(tc, dtls_that_is_refused_is_tried_again);
    tcase_add_test(tc, certificate_that_is_not_the_promised_one_is_tried_again);
    tcase_add_test(tc, network_that_is_gone_for_long_is_waited_for);
    tcase_add_test(tc, system_that_slept_comes_back);
    suite_add_tcase(s, tc);
    return run_rows(s, "the network");
}

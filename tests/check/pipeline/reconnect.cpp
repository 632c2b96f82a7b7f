/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a reconnection costs: time without media, HTTP calls, and the running time of the streams.
#include <algorithm>

#include "tests/support/call.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

/// The viewer's session is replaced; us from the moment at which it is given up to the first right
/// picture of the new one.
gint64 receive_gap(Call& call)
{
    const std::string old = call.src_session();
    const auto lost = call.src_news.count_state("reconnecting");
    call.restart(*call.viewer, "src");
    const gint64 detected = g_get_monotonic_time();
    const auto seen = call.picture().seen();
    call.wait_for("another session", [&] {
        return call.src_news.count_state("reconnecting") > lost && !call.src_session().empty() &&
               call.src_session() != old;
    });
    call.wait_for("a picture of it",
                  [&] { return call.picture().seen().discontinuities > seen.discontinuities; });
    call.expect_content();
    // The pause is what lies between the last picture before and the first one after.
    return call.picture().seen().longest_pause - std::max<gint64>(0, detected - seen.last_arrival);
}

} // namespace

GST_START_TEST(receive_gap_of_a_reconnection_is_below_400_ms)
{
    // All but the jitterbuffer's wait, which is the user's to choose, should be done in 300 ms.
    Call call({.src = "latency=100"});
    std::vector<gint64> gaps;
    for (int i = 0; i < 5; ++i) {
        call.picture().restart_pauses();
        gaps.push_back(receive_gap(call));
    }
    std::sort(gaps.begin(), gaps.end());
    g_print("receive gap of five reconnections: %d %d %d %d %d ms\n", int(gaps[0] / 1000),
            int(gaps[1] / 1000), int(gaps[2] / 1000), int(gaps[3] / 1000), int(gaps[4] / 1000));
    // The median: one of five may meet a busy machine.
    ck_assert_int_lt(gaps[2] / 1000, 400);
}
GST_END_TEST

GST_START_TEST(reconnection_needs_no_more_calls_than_a_connection)
{
    Call call;
    const auto calls_of = [&](const std::string& session) {
        const auto all = call.sfu.requests();
        return std::count_if(all.begin(), all.end(),
                             [&](const SfuRequest& r) { return r.session == session; });
    };
    const std::string first = call.src_session();
    const auto at_first = calls_of(first);
    (void)call.sfu.control_post("sessions/" + first + "/lose", "{}");
    // Noticed by the silence of the tracks; asking for them says that the session is gone.
    call.wait_for("another session",
                  [&] { return !call.src_session().empty() && call.src_session() != first; });
    call.expect_recovered();
    g_print("calls: %d to connect, %d to connect again\n", int(at_first),
            int(calls_of(call.src_session())));
    ck_assert_int_le(calls_of(call.src_session()), at_first);
    const auto all = call.sfu.requests();
    fail_unless_equals_int(
        int(std::count_if(all.begin(), all.end(),
                          [](const SfuRequest& r) { return r.operation == "sessions/new"; })),
        3); // publisher, viewer, viewer again
}
GST_END_TEST

GST_START_TEST(running_time_goes_on_after_a_reconnection)
{
    // Far less than the time away, by which they would be late if they had stood still.
    constexpr GstClockTimeDiff kAlike = 1500 * GST_MSECOND;
    Call call;
    const auto picture = call.picture().seen();
    const auto sound = call.sound().seen();
    (void)call.sfu.control_post("sessions/" + call.src_session() + "/lose", "{}");
    const std::string old = call.src_session();
    call.wait_for("another session",
                  [&] { return !call.src_session().empty() && call.src_session() != old; });
    call.expect_recovered();
    const auto picture_after = call.picture().seen();
    const auto sound_after = call.sound().seen();
    g_print("lateness: picture %d then %d ms, sound %d then %d ms\n",
            int(picture.lateness / 1000000), int(picture_after.lateness / 1000000),
            int(sound.lateness / 1000000), int(sound_after.lateness / 1000000));
    // Both go on where the clock is.
    ck_assert_int_lt(std::abs(picture_after.lateness - picture.lateness), kAlike);
    ck_assert_int_lt(std::abs(sound_after.lateness - sound.lateness), kAlike);
    ck_assert_uint_ge(picture_after.gaps + sound_after.gaps, 1);
    ck_assert_uint_ge(picture_after.discontinuities, 1);
    ck_assert_uint_eq(picture_after.backward, 0);
    ck_assert_uint_eq(sound_after.backward, 0);
    ck_assert_uint_eq(picture_after.stream_starts, 1);
}
GST_END_TEST

static Suite* reconnect_suite()
{
    Suite* s = suite_create("reconnect");
    TCase* tc = tcase_create("general");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, receive_gap_of_a_reconnection_is_below_400_ms);
    tcase_add_test(tc, reconnection_needs_no_more_calls_than_a_connection);
    tcase_add_test(tc, running_time_goes_on_after_a_reconnection);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(reconnect)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// When a media server counts as gone although webrtcbin says "connected".
#include "gst/peer-watchdog.hpp"

#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::gst;
using Verdict = PeerWatchdog::Verdict;

namespace
{

constexpr TimePoint kStart{Microseconds{1'000'000}};
TimePoint at(int seconds)
{
    return kStart + std::chrono::seconds{seconds};
}

// Looks every second from @p begin to @p end, with packets leaving all the time; the first second
// that is not Alive, or -1.
int first_alarm(PeerWatchdog& dog, int begin, int end, std::optional<TimePoint> last_rtcp)
{
    for (int t = begin; t <= end; ++t) {
        if (dog.look({.now = at(t), .last_rtcp_in = last_rtcp, .last_rtp_out = at(t)}) !=
            Verdict::Alive)
            return t;
    }
    return -1;
}

} // namespace

GST_START_TEST(a_sender_that_gets_no_reports_any_more_is_silent_after_eight_seconds)
{
    PeerWatchdog dog;
    for (int t = 0; t <= 10; ++t)
        fail_unless(dog.look({.now = at(t), .last_rtcp_in = at(t), .last_rtp_out = at(t)}) ==
                    Verdict::Alive);
    fail_unless_equals_int(first_alarm(dog, 11, 60, at(10)), 18);
    // And is alive again with the next report.
    fail_unless(dog.look({.now = at(20), .last_rtcp_in = at(20), .last_rtp_out = at(20)}) ==
                Verdict::Alive);
}
GST_END_TEST

GST_START_TEST(a_server_that_never_reports_is_not_held_against_it)
{
    PeerWatchdog dog;
    fail_unless_equals_int(first_alarm(dog, 0, 120, std::nullopt), -1);
}
GST_END_TEST

GST_START_TEST(while_nothing_leaves_silence_means_nothing)
{
    PeerWatchdog dog;
    for (int t = 0; t <= 60; ++t)
        fail_unless(dog.look({.now = at(t), .last_rtcp_in = at(0), .last_rtp_out = at(0)}) ==
                    Verdict::Alive);
    // The clock begins with what leaves again, not with the last report.
    fail_unless_equals_int(first_alarm(dog, 61, 120, at(0)), 69);
}
GST_END_TEST

GST_START_TEST(packets_that_never_get_through_are_a_blocked_connection) // P3
{
    PeerWatchdog dog;
    TrafficSample sample{.rtp_packets_in = PeerWatchdog::kBlockedPackets, .receiving = true};
    Verdict verdict = Verdict::Alive;
    int t = 0;
    for (; verdict == Verdict::Alive && t < 60; ++t) {
        sample.now = at(t);
        verdict = dog.look(sample);
    }
    fail_unless(verdict == Verdict::Blocked);
    fail_unless_equals_int(t - 1, 5);

    for (auto harmless :
         {TrafficSample{.rtp_packets_in = 10, .receiving = true},
          TrafficSample{.rtp_packets_in = 5000, .receiving = false},
          TrafficSample{.rtp_packets_in = 5000, .any_rtp_through = true, .receiving = true}}) {
        dog.reset();
        for (int s = 0; s < 60; ++s) {
            harmless.now = at(s);
            fail_unless(dog.look(harmless) == Verdict::Alive);
        }
    }
}
GST_END_TEST

static Suite* peer_watchdog_suite()
{
    Suite* s = suite_create("peer-watchdog");
    TCase* tc = tcase_create("general");
    tcase_add_test(tc, a_sender_that_gets_no_reports_any_more_is_silent_after_eight_seconds);
    tcase_add_test(tc, a_server_that_never_reports_is_not_held_against_it);
    tcase_add_test(tc, while_nothing_leaves_silence_means_nothing);
    tcase_add_test(tc, packets_that_never_get_through_are_a_blocked_connection);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(peer_watchdog)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/backoff.hpp"

#include <vector>

#include "tests/support/check.hpp"
#include "tests/support/manual-executor.hpp"

using namespace cf;

namespace
{

std::vector<long> delays(BackoffOptions options, double random, int n)
{
    Backoff b{options, [random] { return random; }};
    std::vector<long> out;
    for (int i = 0; i < n; ++i)
        out.push_back(b.next().count());
    return out;
}

constexpr Milliseconds kSecond{1000};

} // namespace

GST_START_TEST(delays_double_up_to_the_maximum)
{
    const BackoffOptions o{.initial = Milliseconds{100}, .maximum = Milliseconds{1000}};
    fail_unless((delays(o, 0.0, 6) == std::vector<long>{100, 200, 400, 800, 1000, 1000}));
}
GST_END_TEST;

GST_START_TEST(jitter_only_shortens_and_by_its_share)
{
    const BackoffOptions o{
        .initial = Milliseconds{100}, .maximum = Milliseconds{1000}, .jitter = 0.5};
    fail_unless((delays(o, 0.5, 3) == std::vector<long>{75, 150, 300}));
    fail_unless((delays(o, 0.999999, 1) == std::vector<long>{50}));
}
GST_END_TEST;

GST_START_TEST(a_thousand_tries_do_not_overflow)
{
    const auto all = delays({}, 0.0, 2000);
    fail_unless_equals_int(all.back(), 30000);
}
GST_END_TEST;

GST_START_TEST(reset_starts_again)
{
    Backoff b{{.initial = Milliseconds{10}}, [] { return 0.0; }};
    (void)b.next();
    (void)b.next();
    fail_unless_equals_int(b.tries(), 2);
    b.reset();
    fail_unless_equals_int(b.tries(), 0);
    fail_unless_equals_int(b.next().count(), 10);
}
GST_END_TEST;

// ManualExecutor is what other tests trust for time; here it is tested itself.
GST_START_TEST(manual_time_runs_timers_in_order_each_at_its_moment)
{
    test::ManualExecutor x;
    std::vector<int> order;
    const TimePoint start = x.now();
    x.call_later(2 * kSecond, [&] { order.push_back(2); });
    x.call_later(kSecond, [&] {
        order.push_back(1);
        fail_unless(x.now() == start + kSecond);
        x.call_later(kSecond, [&] { order.push_back(3); }); // due with the other, but set later
    });
    x.post([&] { order.push_back(0); });
    fail_unless_equals_int(x.run_pending(), 1);
    fail_unless_equals_int(x.advance(kSecond - Milliseconds{1}), 0);
    fail_unless(x.next_timer() == Milliseconds{1});
    fail_unless_equals_int(x.advance(10 * kSecond), 3);
    fail_unless((order == std::vector<int>{0, 1, 2, 3}));
    fail_unless(x.idle());
}
GST_END_TEST;

GST_START_TEST(manual_timers_can_be_cancelled_from_timers)
{
    test::ManualExecutor x;
    int ran = 0;
    TimerId second = 0;
    x.call_later(kSecond, [&] { x.cancel(second); });
    second = x.call_later(kSecond, [&] { ++ran; });
    x.cancel(0);
    x.advance(5 * kSecond);
    fail_unless_equals_int(ran, 0);
}
GST_END_TEST;

GST_START_TEST(scoped_timer_fires_once_and_dies_with_its_scope)
{
    test::ManualExecutor x;
    int ran = 0;
    {
        ScopedTimer t{x};
        t.start(kSecond, [&] { ran += 100; });
        t.start(2 * kSecond, [&] { ++ran; }); // replaces
        x.advance(kSecond);
        fail_unless(t.active());
        x.advance(kSecond);
        fail_if(t.active());
        fail_unless_equals_int(ran, 1);
        t.start(kSecond, [&] { ++ran; });
    }
    x.advance(5 * kSecond);
    fail_unless_equals_int(ran, 1);
    fail_unless(x.idle());
}
GST_END_TEST;

static Suite* backoff_suite(void)
{
    Suite* s = suite_create("backoff");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, delays_double_up_to_the_maximum);
    tcase_add_test(tc, jitter_only_shortens_and_by_its_share);
    tcase_add_test(tc, a_thousand_tries_do_not_overflow);
    tcase_add_test(tc, reset_starts_again);
    tcase_add_test(tc, manual_time_runs_timers_in_order_each_at_its_moment);
    tcase_add_test(tc, manual_timers_can_be_cancelled_from_timers);
    tcase_add_test(tc, scoped_timer_fires_once_and_dies_with_its_scope);
    return s;
}

GST_CHECK_MAIN(backoff);

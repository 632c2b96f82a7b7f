/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/negotiation-queue.hpp"

#include "tests/support/check.hpp"

using namespace cf::calls;

namespace
{

const auto kAll = [](JobKind) { return true; };

std::string text(const std::vector<Job>& jobs)
{
    std::string out;
    for (const Job& job : jobs)
        out += std::string{out.empty() ? "" : ", "} + to_string(job.kind) + " " +
               std::to_string(job.slot);
    return out;
}

void expect_next(NegotiationQueue& queue, const char* expected,
                 const std::function<bool(JobKind)>& may_run = kAll)
{
    const std::string got = text(queue.take(may_run));
    ck_assert_str_eq(got.c_str(), expected);
}

} // namespace

GST_START_TEST(all_of_one_kind_go_together)
{
    NegotiationQueue queue;
    queue.push({JobKind::Publish, 1});
    queue.push({JobKind::Pull, 2});
    queue.push({JobKind::Publish, 3});
    queue.push({JobKind::Close, 4, "a"});
    queue.push({JobKind::Pull, 5});
    expect_next(queue, "publish 1, publish 3");
    expect_next(queue, "pull 2, pull 5");
    expect_next(queue, "close 4");
    expect_next(queue, "");
    ck_assert(queue.empty());
}
GST_END_TEST;

GST_START_TEST(at_most_64_go_in_one_call)
{
    NegotiationQueue queue;
    for (SlotId slot = 1; slot <= 150; ++slot)
        queue.push({JobKind::Pull, slot});
    ck_assert_uint_eq(queue.take(kAll).size(), 64);
    ck_assert_uint_eq(queue.take(kAll).size(), 64);
    const auto rest = queue.take(kAll);
    ck_assert_uint_eq(rest.size(), 22);
    ck_assert_uint_eq(rest.front().slot, 129); // in order
}
GST_END_TEST;

GST_START_TEST(the_same_job_waits_once)
{
    NegotiationQueue queue;
    queue.push({JobKind::Update, 1});
    queue.push({JobKind::Update, 1});
    queue.push({JobKind::Close, 0, "a"});
    queue.push({JobKind::Close, 0, "b"});
    queue.push({JobKind::Close, 0, "a"});
    expect_next(queue, "update 1");
    expect_next(queue, "close 0, close 0");
}
GST_END_TEST;

GST_START_TEST(kinds_that_may_not_run_are_passed_over)
{
    NegotiationQueue queue;
    queue.push({JobKind::Publish, 1});
    queue.push({JobKind::Pull, 2});
    expect_next(queue, "pull 2", [](JobKind kind) { return kind != JobKind::Publish; });
    expect_next(queue, "", [](JobKind) { return false; });
    expect_next(queue, "publish 1");
}
GST_END_TEST;

GST_START_TEST(pulls_that_failed_before_go_last_and_apart)
{
    NegotiationQueue queue;
    queue.push({JobKind::Repull, 1});
    queue.push({JobKind::Pull, 2});
    queue.push({JobKind::Close, 3, "a"});
    queue.push({JobKind::Repull, 4});
    expect_next(queue, "pull 2");
    expect_next(queue, "close 3");
    expect_next(queue, "pull again 1, pull again 4");
}
GST_END_TEST;

GST_START_TEST(solo_jobs_go_alone)
{
    NegotiationQueue queue;
    queue.push({JobKind::Pull, 1});
    queue.push({JobKind::Pull, 2, {}, true});
    queue.push({JobKind::Pull, 3});
    expect_next(queue, "pull 1, pull 3");
    queue.push({JobKind::Pull, 4});
    expect_next(queue, "pull 2");
    expect_next(queue, "pull 4");
}
GST_END_TEST;

GST_START_TEST(what_is_put_back_goes_first_and_in_order)
{
    NegotiationQueue queue;
    queue.push({JobKind::Publish, 9});
    queue.push_front({{JobKind::Pull, 1}, {JobKind::Pull, 2}});
    expect_next(queue, "pull 1, pull 2");
    expect_next(queue, "publish 9");
}
GST_END_TEST;

GST_START_TEST(remove_takes_everything_of_a_slot)
{
    NegotiationQueue queue;
    queue.push({JobKind::Pull, 1});
    queue.push({JobKind::Update, 1});
    queue.push({JobKind::Pull, 2});
    queue.remove(1);
    expect_next(queue, "pull 2");
    ck_assert(queue.empty());
}
GST_END_TEST;

static Suite* negotiation_queue_suite()
{
    Suite* s = suite_create("negotiation-queue");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, all_of_one_kind_go_together);
    tcase_add_test(tc, at_most_64_go_in_one_call);
    tcase_add_test(tc, the_same_job_waits_once);
    tcase_add_test(tc, kinds_that_may_not_run_are_passed_over);
    tcase_add_test(tc, pulls_that_failed_before_go_last_and_apart);
    tcase_add_test(tc, solo_jobs_go_alone);
    tcase_add_test(tc, what_is_put_back_goes_first_and_in_order);
    tcase_add_test(tc, remove_takes_everything_of_a_slot);
    return s;
}

GST_CHECK_MAIN(negotiation_queue);

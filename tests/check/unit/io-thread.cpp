/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/io-thread.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/support/check.hpp"
#include "tests/support/wait.hpp"

using namespace cf;

namespace
{

/// Something another thread does once, and the test waits for.
class Event
{
public:
    void set()
    {
        {
            const std::lock_guard l{mutex_};
            set_ = true;
        }
        changed_.notify_all();
    }
    [[nodiscard]] bool wait(Milliseconds patience = test::kPatience)
    {
        std::unique_lock l{mutex_};
        return changed_.wait_for(l, patience, [this] { return set_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

void drain(IoThread& io)
{
    auto ran = std::make_shared<Event>();
    io.post([ran] { ran->set(); });
    fail_unless(ran->wait());
}

constexpr Milliseconds kFarAway{std::chrono::hours{1}};

} // namespace

GST_START_TEST(one_thread_serves_all_handles)
{
    const auto a = IoThread::acquire();
    const auto b = IoThread::acquire();
    fail_unless(a == b);
    fail_if(a->is_current());
    std::atomic<bool> current = false;
    std::atomic<bool> default_context = false;
    a->post([&] {
        current = a->is_current();
        default_context = g_main_context_get_thread_default() == a->context();
    });
    drain(*b);
    fail_unless(current);
    fail_unless(default_context);
}
GST_END_TEST;

GST_START_TEST(tasks_run_in_the_order_they_were_posted)
{
    const auto io = IoThread::acquire();
    std::vector<int> order;
    for (int i = 0; i < 1000; ++i)
        io->post([&order, i] { order.push_back(i); });
    drain(*io);
    fail_unless_equals_int(static_cast<int>(order.size()), 1000);
    for (int i = 0; i < 1000; ++i)
        fail_unless_equals_int(order[static_cast<std::size_t>(i)], i);
}
GST_END_TEST;

GST_START_TEST(a_task_posted_from_a_task_runs_after_it)
{
    const auto io = IoThread::acquire();
    std::vector<int> order;
    Event done;
    io->post([&] {
        io->post([&] {
            order.push_back(2);
            done.set();
        });
        order.push_back(1);
    });
    fail_unless(done.wait());
    fail_unless((order == std::vector<int>{1, 2}));
}
GST_END_TEST;

GST_START_TEST(timers_run_in_the_order_they_are_due_and_not_early)
{
    const auto io = IoThread::acquire();
    std::vector<int> order;
    Event done;
    const TimePoint start = io->now();
    TimePoint last;
    io->call_later(Milliseconds{60}, [&] {
        order.push_back(3);
        last = io->now();
        done.set();
    });
    io->call_later(Milliseconds{20}, [&] { order.push_back(1); });
    io->call_later(Milliseconds{40}, [&] { order.push_back(2); });
    fail_unless(done.wait());
    fail_unless((order == std::vector<int>{1, 2, 3}));
    fail_unless(last - start >= Milliseconds{60});
}
GST_END_TEST;

GST_START_TEST(timers_due_together_run_in_the_order_they_were_set)
{
    const auto io = IoThread::acquire();
    std::vector<int> order;
    Event done;
    io->post([&] {
        for (int i = 0; i < 5; ++i)
            io->call_later(Milliseconds{0}, [&order, i] { order.push_back(i); });
        io->call_later(Milliseconds{0}, [&] { done.set(); });
    });
    fail_unless(done.wait());
    fail_unless((order == std::vector<int>{0, 1, 2, 3, 4}));
}
GST_END_TEST;

GST_START_TEST(a_timer_cancelled_on_the_thread_never_runs)
{
    const auto io = IoThread::acquire();
    std::atomic<int> ran = 0;
    io->post([&] {
        const TimerId due = io->call_later(Milliseconds{0}, [&] { ++ran; });
        const TimerId far = io->call_later(kFarAway, [&] { ++ran; });
        fail_unless(due != 0 && far != 0 && due != far);
        io->cancel(due); // it is due already
        io->cancel(far);
        io->cancel(far);
        io->cancel(0);
        io->cancel(far + 1000);
    });
    Event later;
    io->call_later(Milliseconds{20}, [&] { later.set(); });
    fail_unless(later.wait());
    fail_unless_equals_int(ran, 0);
}
GST_END_TEST;

GST_START_TEST(a_timer_may_cancel_itself_and_set_another)
{
    const auto io = IoThread::acquire();
    Event done;
    TimerId id = 0;
    io->post([&] {
        id = io->call_later(Milliseconds{1}, [&] {
            io->cancel(id);
            io->call_later(Milliseconds{1}, [&] { done.set(); });
        });
    });
    fail_unless(done.wait());
}
GST_END_TEST;

GST_START_TEST(what_a_cancelled_timer_owned_is_freed_at_once)
{
    const auto io = IoThread::acquire();
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = owned;
    const TimerId id = io->call_later(kFarAway, [owned = std::move(owned)] { (void)owned; });
    fail_if(watch.expired());
    io->cancel(id);
    fail_unless(watch.expired());
}
GST_END_TEST;

// A task's destructor may call back into the thread; no lock may be held then.
GST_START_TEST(what_a_timer_owned_may_post_when_it_is_freed)
{
    struct Poster {
        IoThread* io = nullptr;
        std::shared_ptr<Event> freed;
        ~Poster()
        {
            io->post([freed = freed] { freed->set(); });
        }
    };
    const auto io = IoThread::acquire();
    const auto freed = std::make_shared<Event>();
    auto poster = std::make_shared<Poster>();
    poster->io = io.get();
    poster->freed = freed;
    const TimerId id = io->call_later(kFarAway, [poster = std::move(poster)] { (void)poster; });
    io->cancel(id);
    fail_unless(freed->wait());
}
GST_END_TEST;

GST_START_TEST(sources_of_the_context_run_beside_tasks)
{
    const auto io = IoThread::acquire();
    Event ran;
    io->post([&] {
        auto source = Ref<GSource>::adopt(g_idle_source_new());
        g_source_set_callback(
            source.get(),
            [](gpointer data) -> gboolean {
                static_cast<Event*>(data)->set();
                return G_SOURCE_REMOVE;
            },
            &ran, nullptr);
        g_source_attach(source.get(), g_main_context_get_thread_default());
    });
    fail_unless(ran.wait());
}
GST_END_TEST;

GST_START_TEST(tasks_posted_before_the_last_handle_goes_are_run)
{
    auto io = IoThread::acquire();
    std::atomic<int> ran = 0;
    for (int i = 0; i < 100; ++i)
        io->post([&] { ++ran; });
    io.reset(); // joins
    fail_unless_equals_int(ran, 100);
}
GST_END_TEST;

GST_START_TEST(timers_still_waiting_are_dropped_with_the_last_handle)
{
    auto io = IoThread::acquire();
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = owned;
    std::atomic<bool> ran = false;
    io->call_later(kFarAway, [&ran, owned = std::move(owned)] { ran = true; });
    io.reset();
    fail_if(ran);
    fail_unless(watch.expired());
}
GST_END_TEST;

GST_START_TEST(the_last_handle_may_go_on_the_thread_itself)
{
    for (int round = 0; round < 50; ++round) {
        auto io = IoThread::acquire();
        const std::weak_ptr<IoThread> watch = io;
        auto freed = std::make_shared<Event>();
        struct OnFree {
            std::shared_ptr<Event> event;
            ~OnFree() { event->set(); }
        };
        // Dropped by the thread when it empties its list of timers: its very last act.
        auto last = std::make_shared<OnFree>();
        last->event = freed;
        io->call_later(kFarAway, [last = std::move(last)] { (void)last; });
        Event gate;
        IoThread* raw = io.get();
        raw->post([&gate, io = std::move(io)] { fail_unless(gate.wait()); });
        gate.set();
        fail_unless(freed->wait());
        fail_unless(watch.expired());
    }
}
GST_END_TEST;

GST_START_TEST(a_new_thread_starts_after_the_last_handle_went)
{
    for (int round = 0; round < 20; ++round) {
        const auto io = IoThread::acquire();
        drain(*io);
    }
}
GST_END_TEST;

GST_START_TEST(four_threads_may_use_it_at_once)
{
    constexpr int kRounds = 2000;
    const auto io = IoThread::acquire();
    int tasks = 0;  // I/O thread only
    int timers = 0; // likewise
    std::atomic<int> kept = 0;
    std::array<std::thread, 4> threads;
    for (std::size_t n = 0; n < threads.size(); ++n)
        threads[n] = std::thread([&] {
            const auto handle = IoThread::acquire();
            for (int i = 0; i < kRounds; ++i) {
                handle->post([&] { ++tasks; });
                const TimerId gone = handle->call_later(kFarAway, [&] { timers += 1000000; });
                if (i % 2 == 0) {
                    handle->call_later(Milliseconds{i % 5}, [&] { ++timers; });
                    ++kept;
                }
                handle->cancel(gone);
            }
        });
    for (auto& t : threads)
        t.join();
    Event done;
    io->call_later(Milliseconds{10}, [&] { done.set(); });
    fail_unless(done.wait());
    drain(*io);
    std::atomic<int> seen_tasks = 0;
    std::atomic<int> seen_timers = 0;
    io->post([&] {
        seen_tasks = tasks;
        seen_timers = timers;
    });
    drain(*io);
    fail_unless_equals_int(seen_tasks, kRounds * 4);
    fail_unless_equals_int(seen_timers, kept);
}
GST_END_TEST;

static Suite* io_thread_suite(void)
{
    Suite* s = suite_create("io-thread");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, one_thread_serves_all_handles);
    tcase_add_test(tc, tasks_run_in_the_order_they_were_posted);
    tcase_add_test(tc, a_task_posted_from_a_task_runs_after_it);
    tcase_add_test(tc, timers_run_in_the_order_they_are_due_and_not_early);
    tcase_add_test(tc, timers_due_together_run_in_the_order_they_were_set);
    tcase_add_test(tc, a_timer_cancelled_on_the_thread_never_runs);
    tcase_add_test(tc, a_timer_may_cancel_itself_and_set_another);
    tcase_add_test(tc, what_a_cancelled_timer_owned_is_freed_at_once);
    tcase_add_test(tc, what_a_timer_owned_may_post_when_it_is_freed);
    tcase_add_test(tc, sources_of_the_context_run_beside_tasks);
    tcase_add_test(tc, tasks_posted_before_the_last_handle_goes_are_run);
    tcase_add_test(tc, timers_still_waiting_are_dropped_with_the_last_handle);
    tcase_add_test(tc, the_last_handle_may_go_on_the_thread_itself);
    tcase_add_test(tc, a_new_thread_starts_after_the_last_handle_went);
    tcase_add_test(tc, four_threads_may_use_it_at_once);
    return s;
}

GST_CHECK_MAIN(io_thread);

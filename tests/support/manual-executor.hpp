/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ManualExecutor: an Executor whose time the test moves by hand. One thread: the test's.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <glib.h>

#include "lib/base/executor.hpp"

namespace cf::test
{

class ManualExecutor final : public Executor
{
public:
    void post(Task task) override { tasks_.push_back(std::move(task)); }
    TimerId call_later(Milliseconds delay, Task task) override
    {
        const TimerId id = ++last_timer_;
        timers_.emplace(std::pair{now_ + delay, id}, std::move(task));
        return id;
    }
    void cancel(TimerId id) override
    {
        for (auto it = timers_.begin(); it != timers_.end(); ++it) {
            if (it->first.second == id) {
                const auto dropped = timers_.extract(it); // its destructor may call us again
                return;
            }
        }
    }
    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] bool is_current() const override { return true; }

    /// Runs what is due now, and what that posts, until nothing is. Returns how many tasks ran.
    std::size_t run_pending()
    {
        std::size_t ran = 0;
        while (auto task = pop_due()) {
            (*task)();
            // A task that posts itself for ever is a defect of what is tested.
            g_assert_cmpuint(++ran, <, 100000);
        }
        return ran;
    }

    /// Moves time on by @p by, running each timer at its own moment. Returns how many tasks ran.
    std::size_t advance(Milliseconds by)
    {
        const TimePoint end = now_ + by;
        std::size_t ran = run_pending();
        while (!timers_.empty() && timers_.begin()->first.first <= end) {
            now_ = timers_.begin()->first.first;
            ran += run_pending();
        }
        now_ = end;
        return ran;
    }

    /// Moves time on by @p by at once, as a system that slept does: what was due meanwhile runs
    /// then, late.
    std::size_t jump(Milliseconds by)
    {
        now_ += by;
        return run_pending();
    }

    /// How long until the next timer; nothing when none is set.
    [[nodiscard]] std::optional<Milliseconds> next_timer() const
    {
        if (timers_.empty())
            return std::nullopt;
        return std::chrono::ceil<Milliseconds>(timers_.begin()->first.first - now_);
    }
    [[nodiscard]] std::size_t timer_count() const { return timers_.size(); }

    /// Whether neither a task nor a timer is left.
    [[nodiscard]] bool idle() const { return tasks_.empty() && timers_.empty(); }

private:
    // Posted tasks go before timers, as on the I/O thread.
    std::optional<Task> pop_due()
    {
        if (!tasks_.empty()) {
            Task task = std::move(tasks_.front());
            tasks_.pop_front();
            return task;
        }
        if (timers_.empty() || timers_.begin()->first.first > now_)
            return std::nullopt;
        return std::move(timers_.extract(timers_.begin()).mapped());
    }

    std::deque<Task> tasks_;
    std::map<std::pair<TimePoint, TimerId>, Task> timers_;
    TimePoint now_{Microseconds{1'000'000}}; // not 0: nobody may take "no time" for a time
    TimerId last_timer_ = 0;
};

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Executor: "run this on the I/O thread, now or later". The seam that lets everything above be
// tested with time that the test moves by hand (tests/support/manual-executor.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace cf
{

using Milliseconds = std::chrono::milliseconds;
using Microseconds = std::chrono::microseconds;

/// Monotonic time since an arbitrary start.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Microseconds>;

using TimerId = std::uint64_t; ///< 0 is never a timer

class Executor
{
public:
    using Task = std::function<void()>;

    virtual ~Executor() = default;

    /// Runs @p task on the executor's thread, after those posted before. Any thread.
    virtual void post(Task task) = 0;
    /// Runs @p task once, @p delay from now. Any thread.
    virtual TimerId call_later(Milliseconds delay, Task task) = 0;
    /// Takes a timer back; a no-op for 0, or when it has run. On the executor's own thread the
    /// task is certain not to run afterwards. Any thread.
    virtual void cancel(TimerId id) = 0;
    [[nodiscard]] virtual TimePoint now() const = 0;
    /// Whether the caller runs on the executor's thread. Any thread.
    [[nodiscard]] virtual bool is_current() const = 0;
};

/// A timer that is cancelled when it goes out of scope, or is set again. Executor thread only.
class ScopedTimer
{
public:
    explicit ScopedTimer(Executor& executor) : executor_(executor) {}
    ~ScopedTimer() { cancel(); }
    ScopedTimer(const ScopedTimer&) = delete;
    ScopedTimer& operator=(const ScopedTimer&) = delete;

    void start(Milliseconds delay, Executor::Task task)
    {
        cancel();
        id_ = executor_.call_later(delay, [this, task = std::move(task)] {
            id_ = 0;
            task();
        });
    }
    void cancel()
    {
        if (id_ != 0)
            executor_.cancel(id_);
        id_ = 0;
    }
    [[nodiscard]] bool active() const { return id_ != 0; }

private:
    Executor& executor_;
    TimerId id_ = 0;
};

} // namespace cf

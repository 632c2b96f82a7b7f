/* SPDX-License-Identifier: LGPL-2.1-or-later */
// IoThread: the one thread that owns libsoup, sessions, timers and retries, for all elements of
// the process.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <thread>

#include "lib/base/executor.hpp"
#include "lib/base/mutex.hpp"
#include "lib/base/ref.hpp"

namespace cf
{

/// The thread starts with the first handle and ends when the last is dropped. Tasks posted before
/// the last handle goes are run; timers still waiting are dropped. The last handle may be dropped
/// on the I/O thread itself (a task that owned it): the thread then ends by itself.
class IoThread final : public Executor
{
public:
    /// The process's I/O thread, started if there is none. Any thread.
    [[nodiscard]] static std::shared_ptr<IoThread> acquire();

    ~IoThread() override;
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    void post(Task task) override;
    TimerId call_later(Milliseconds delay, Task task) override;
    void cancel(TimerId id) override;
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] bool is_current() const override;

    /// The context that libsoup runs in; it is the thread-default one there.
    [[nodiscard]] GMainContext* context() const;

private:
    struct Loop;
    IoThread();
    std::shared_ptr<Loop> loop_;
    std::thread thread_;
};

} // namespace cf

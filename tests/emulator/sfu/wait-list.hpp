/* SPDX-License-Identifier: LGPL-2.1-or-later */
// WaitList: operations that wait for the world to change (a peer connects, a packet arrives), each
// with a deadline.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "lib/base/executor.hpp"

namespace cf::emu
{

/// Main thread only.
class WaitList
{
public:
    explicit WaitList(Executor& executor) : executor_(executor) {}

    /// Calls @p done once: with true as soon as @p is_over says so (at once, if it does already),
    /// with false after @p timeout.
    void wait(Milliseconds timeout, std::function<bool()> is_over, std::function<void(bool)> done);
    /// Something changed: conditions are looked at again, from the main loop, not from in here.
    void poke();

private:
    struct Waiter {
        explicit Waiter(Executor& executor) : deadline(executor) {}
        std::function<bool()> is_over;
        std::function<void(bool)> done;
        ScopedTimer deadline;
    };
    void look();
    void finish(const std::shared_ptr<Waiter>& waiter, bool over);

    Executor& executor_;
    std::list<std::shared_ptr<Waiter>> waiters_;
    bool poked_ = false;
};

} // namespace cf::emu

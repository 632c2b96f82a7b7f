/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/wait-list.hpp"

#include <utility>
#include <vector>

namespace cf::emu
{

void WaitList::wait(Milliseconds timeout, std::function<bool()> is_over,
                    std::function<void(bool)> done)
{
    if (is_over())
        return done(true);
    auto waiter = std::make_shared<Waiter>(executor_);
    waiter->is_over = std::move(is_over);
    waiter->done = std::move(done);
    waiter->deadline.start(timeout, [this, w = std::weak_ptr(waiter)] {
        if (const auto waiting = w.lock())
            finish(waiting, waiting->is_over());
    });
    waiters_.push_back(std::move(waiter));
}

void WaitList::finish(const std::shared_ptr<Waiter>& waiter, bool over)
{
    waiter->deadline.cancel();
    waiters_.remove(waiter);
    const auto done = std::exchange(waiter->done, nullptr);
    if (done)
        done(over);
}

void WaitList::poke()
{
    if (waiters_.empty() || poked_)
        return;
    poked_ = true;
    executor_.post([this] {
        poked_ = false;
        look();
    });
}

void WaitList::look()
{
    // A copy: whoever is done may wait again at once.
    const std::vector<std::shared_ptr<Waiter>> now(waiters_.begin(), waiters_.end());
    for (const auto& waiter : now)
        if (waiter->done && waiter->is_over())
            finish(waiter, true);
}

} // namespace cf::emu

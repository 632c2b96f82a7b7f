/* SPDX-License-Identifier: LGPL-2.1-or-later */
// MainExecutor: cf::Executor on a GMainContext that somebody else runs. The emulator has one
// thread, so nothing here locks.
#pragma once

#include <map>

#include "lib/base/executor.hpp"
#include "lib/base/ref.hpp"

namespace cf::emu
{

/// Main thread only, other than its interface says. Dropping it takes all timers back.
class MainExecutor final : public Executor
{
public:
    /// @p context (transfer none): NULL for the default one.
    explicit MainExecutor(GMainContext* context);
    ~MainExecutor() override;
    MainExecutor(const MainExecutor&) = delete;
    MainExecutor& operator=(const MainExecutor&) = delete;

    void post(Task task) override { call_later(Milliseconds{0}, std::move(task)); }
    TimerId call_later(Milliseconds delay, Task task) override;
    void cancel(TimerId id) override;
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] bool is_current() const override { return true; }
    [[nodiscard]] GMainContext* context() const { return context_.get(); }

private:
    Ref<GMainContext> context_;
    std::map<TimerId, Ref<GSource>> timers_;
    TimerId next_ = 1;
};

} // namespace cf::emu

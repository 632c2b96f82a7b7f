/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/main-executor.hpp"

#include <utility>

namespace cf::emu
{

namespace
{

struct Call {
    MainExecutor* executor;
    TimerId id;
    Executor::Task task;
};

} // namespace

MainExecutor::MainExecutor(GMainContext* context)
    : context_(Ref<GMainContext>::retain(context != nullptr ? context : g_main_context_default()))
{
}

MainExecutor::~MainExecutor()
{
    for (const auto& [id, source] : timers_)
        g_source_destroy(source.get());
}

TimerId MainExecutor::call_later(Milliseconds delay, Task task)
{
    const TimerId id = next_++;
    auto source = Ref<GSource>::adopt(
        delay.count() <= 0 ? g_idle_source_new()
                           : g_timeout_source_new(static_cast<guint>(delay.count())));
    g_source_set_priority(source.get(), G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source.get(),
        [](gpointer data) -> gboolean {
            auto* call = static_cast<Call*>(data);
            // Forget the source before the task runs: the task may cancel its own id.
            call->executor->timers_.erase(call->id);
            call->task();
            return G_SOURCE_REMOVE;
        },
        new Call{this, id, std::move(task)},
        [](gpointer data) { delete static_cast<Call*>(data); });
    g_source_attach(source.get(), context_.get());
    timers_.emplace(id, std::move(source));
    return id;
}

void MainExecutor::cancel(TimerId id)
{
    auto node = timers_.extract(id);
    if (!node.empty())
        g_source_destroy(node.mapped().get());
}

TimePoint MainExecutor::now() const
{
    return TimePoint{Microseconds{g_get_monotonic_time()}};
}

} // namespace cf::emu

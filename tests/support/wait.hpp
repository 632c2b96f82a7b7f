/* SPDX-License-Identifier: LGPL-2.1-or-later */
// wait_until(): the one way in which tests wait: for a condition, with a deadline.
#pragma once

#include <functional>

#include <glib.h>

#include "lib/base/executor.hpp"

namespace cf::test
{

/// How long a test waits for something that should happen at once; generous, because sanitizers
/// on a busy machine are slow. A test that passes never waits that long.
inline constexpr Milliseconds kPatience{45000};

/// Iterates the default main context until @p condition holds; false when it still does not after
/// @p patience. The condition is looked at after each source that ran and at least every 5 ms, as
/// other threads may make it true without waking the context (those that can, should call
/// g_main_context_wakeup(nullptr)). What it reads must be safe to read on the test's thread.
[[nodiscard]] inline bool wait_until(const std::function<bool()>& condition,
                                     Milliseconds patience = kPatience)
{
    const gint64 deadline = g_get_monotonic_time() + Microseconds{patience}.count();
    static GSourceFuncs funcs = {
        nullptr, nullptr, [](GSource*, GSourceFunc, gpointer) -> gboolean { return TRUE; },
        nullptr, nullptr, nullptr};
    GSource* tick = g_source_new(&funcs, sizeof(GSource));
    g_source_attach(tick, nullptr);
    // Whoever changes a source of a context that nobody owns wakes it, ourselves included: the loop
    // would spin.
    const bool owner = g_main_context_acquire(nullptr) != FALSE;
    bool holds = condition();
    while (!holds && g_get_monotonic_time() < deadline) {
        g_source_set_ready_time(tick, g_get_monotonic_time() + 5000);
        g_main_context_iteration(nullptr, TRUE);
        g_source_set_ready_time(tick, -1);
        holds = condition();
    }
    if (owner)
        g_main_context_release(nullptr);
    g_source_destroy(tick);
    g_source_unref(tick);
    return holds;
}

} // namespace cf::test

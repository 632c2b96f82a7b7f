/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/background-work.hpp"

#include <condition_variable>
#include <memory>
#include <utility>

#include <glib.h>

#include "lib/base/mutex.hpp"

namespace cf::gst
{

namespace
{

struct Count {
    Mutex mu; // guards running
    std::condition_variable_any idle;
    unsigned running CF_GUARDED_BY(mu) = 0;
};

Count& count()
{
    // Never destroyed: a thread may still be at work while the process exits.
    static auto* const instance = new Count;
    return *instance;
}

gpointer run(gpointer data)
{
    {
        const std::unique_ptr<std::function<void()>> work{
            static_cast<std::function<void()>*>(data)};
        (*work)();
    } // what the work held is gone before anybody hears that it is done
    Lock l{count().mu};
    --count().running;
    count().idle.notify_all();
    return nullptr;
}

} // namespace

void run_in_background(const char* name, std::function<void()> work)
{
    {
        Lock l{count().mu};
        ++count().running;
    }
    g_thread_unref(g_thread_new(name, run, new std::function<void()>{std::move(work)}));
}

bool wait_for_background_work(Milliseconds at_most)
{
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    Lock l{count().mu};
    while (count().running > 0) {
        if (count().idle.wait_until(count().mu, deadline) == std::cv_status::timeout)
            return count().running == 0;
    }
    return true;
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/background-work.hpp"

#include <condition_variable>
#include <memory>
#include <utility>
#include <vector>

#include <glib.h>

#include "lib/base/mutex.hpp"

namespace cf::gst
{

namespace
{

struct Threads {
    Mutex mu; // guards what follows
    std::condition_variable_any one_less;
    unsigned working CF_GUARDED_BY(mu) = 0;
    std::vector<GThread*> ending CF_GUARDED_BY(mu); // past their work; nobody has joined them
};

Threads& threads()
{
    // Never destroyed: a thread may still be at work while the process exits.
    static auto* const instance = new Threads;
    return *instance;
}

gpointer run(gpointer data)
{
    {
        const std::unique_ptr<std::function<void()>> work{
            static_cast<std::function<void()>*>(data)};
        (*work)();
    } // what the work held is gone before anybody hears that it is done
    Lock l{threads().mu};
    --threads().working;
    threads().ending.push_back(g_thread_ref(g_thread_self()));
    threads().one_less.notify_all();
    return nullptr;
}

// A thread whose work is done has still to clean up what libraries keep for it, OpenSSL for one.
void join_ending()
{
    std::vector<GThread*> ending;
    {
        Lock l{threads().mu};
        ending.swap(threads().ending);
    }
    for (GThread* thread : ending)
        g_thread_join(thread);
}

} // namespace

void run_in_background(const char* name, std::function<void()> work)
{
    join_ending();
    {
        Lock l{threads().mu};
        ++threads().working;
    }
    g_thread_unref(g_thread_new(name, run, new std::function<void()>{std::move(work)}));
}

bool wait_for_background_work(Milliseconds at_most)
{
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    bool idle = true;
    {
        Lock l{threads().mu};
        while (threads().working > 0) {
            if (threads().one_less.wait_until(threads().mu, deadline) == std::cv_status::timeout) {
                idle = threads().working == 0;
                break;
            }
        }
    }
    join_ending();
    return idle;
}

} // namespace cf::gst

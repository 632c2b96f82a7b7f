/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/io-thread.hpp"

#include <atomic>
#include <optional>
#include <utility>

namespace cf
{

namespace
{

TimePoint monotonic_now()
{
    return TimePoint{Microseconds{g_get_monotonic_time()}};
}

} // namespace

// What the thread itself holds on to, so that it can outlive the IoThread object for the moment
// between "the last handle was dropped on this very thread" and "the loop noticed".
//
// The hand-over is a deque of our own and a wake-up, not one idle source per task: GLib is not
// instrumented for ThreadSanitizer, which would see every g_source_attach as a race.
struct IoThread::Loop {
    Ref<GMainContext> context = Ref<GMainContext>::adopt(g_main_context_new());
    std::atomic<bool> quit = false;
    std::atomic<std::thread::id> thread_id = {};

    Mutex mutex; // guards tasks, timers and next_timer; nothing is taken after it
    std::deque<Task> tasks CF_GUARDED_BY(mutex);
    std::map<std::pair<TimePoint, TimerId>, Task> timers CF_GUARDED_BY(mutex);
    std::map<TimerId, TimePoint> due CF_GUARDED_BY(mutex);
    TimerId next_timer CF_GUARDED_BY(mutex) = 1;

    std::optional<Task> pop_task()
    {
        Lock l{mutex};
        if (tasks.empty())
            return std::nullopt;
        Task t = std::move(tasks.front());
        tasks.pop_front();
        return t;
    }

    std::optional<Task> pop_due_timer()
    {
        Lock l{mutex};
        if (timers.empty() || timers.begin()->first.first > monotonic_now())
            return std::nullopt;
        auto node = timers.extract(timers.begin());
        due.erase(node.key().second);
        return std::move(node.mapped());
    }

    // When the loop has to wake up by itself: now for tasks, the earliest timer, or never (-1).
    gint64 ready_time()
    {
        Lock l{mutex};
        if (!tasks.empty() || quit)
            return 0;
        if (timers.empty())
            return -1;
        return timers.begin()->first.first.time_since_epoch().count();
    }

    void run();
};

void IoThread::Loop::run()
{
    thread_id = std::this_thread::get_id();
    g_main_context_push_thread_default(context.get());

    // One source stands for all of our tasks and timers; libsoup's own sources run beside it.
    static GSourceFuncs funcs = {
        nullptr, nullptr, [](GSource*, GSourceFunc, gpointer) -> gboolean { return TRUE; },
        nullptr, nullptr, nullptr};
    auto waker = Ref<GSource>::adopt(g_source_new(&funcs, sizeof(GSource)));
    g_source_set_name(waker.get(), "cfcalls-timers");
    g_source_attach(waker.get(), context.get());

    while (true) {
        if (auto task = pop_task()) {
            (*task)();
            continue;
        }
        if (quit)
            break;
        if (auto task = pop_due_timer()) {
            (*task)();
            continue;
        }
        g_source_set_ready_time(waker.get(), ready_time());
        g_main_context_iteration(context.get(), TRUE);
    }

    g_source_destroy(waker.get());
    // Replies of cancelled requests are delivered as idle sources; let them free what they hold.
    while (g_main_context_iteration(context.get(), FALSE)) {
    }
    // Destroy dropped tasks outside the lock: they may own objects whose destructors post again.
    for (bool again = true; again;) {
        std::map<std::pair<TimePoint, TimerId>, Task> old_timers;
        std::deque<Task> old_tasks;
        {
            Lock l{mutex};
            old_timers.swap(timers);
            old_tasks.swap(tasks);
            due.clear();
        }
        again = !old_timers.empty() || !old_tasks.empty();
    }
    g_main_context_pop_thread_default(context.get());
}

IoThread::IoThread() : loop_(std::make_shared<Loop>())
{
    thread_ = std::thread([loop = loop_] {
#ifdef __linux__
        pthread_setname_np(pthread_self(), "cfcalls-io");
#endif
        loop->run();
    });
}

IoThread::~IoThread()
{
    loop_->quit = true;
    g_main_context_wakeup(loop_->context.get());
    if (thread_.get_id() == std::this_thread::get_id())
        thread_.detach();
    else
        thread_.join();
}

std::shared_ptr<IoThread> IoThread::acquire()
{
    static Mutex mutex;
    static std::weak_ptr<IoThread> instance;
    Lock l{mutex};
    auto io = instance.lock();
    if (!io) {
        io = std::shared_ptr<IoThread>(new IoThread());
        instance = io;
    }
    return io;
}

void IoThread::post(Task task)
{
    {
        Lock l{loop_->mutex};
        loop_->tasks.push_back(std::move(task));
    }
    g_main_context_wakeup(loop_->context.get());
}

TimerId IoThread::call_later(Milliseconds delay, Task task)
{
    TimerId id = 0;
    {
        Lock l{loop_->mutex};
        id = loop_->next_timer++;
        const TimePoint when = monotonic_now() + delay;
        loop_->timers.emplace(std::pair{when, id}, std::move(task));
        loop_->due.emplace(id, when);
    }
    g_main_context_wakeup(loop_->context.get());
    return id;
}

void IoThread::cancel(TimerId id)
{
    Task dropped; // destroyed after the lock is gone
    Lock l{loop_->mutex};
    auto it = loop_->due.find(id);
    if (it == loop_->due.end())
        return;
    auto node = loop_->timers.extract({it->second, id});
    dropped = std::move(node.mapped());
    loop_->due.erase(it);
}

TimePoint IoThread::now() const
{
    return monotonic_now();
}

bool IoThread::is_current() const
{
    return loop_->thread_id == std::this_thread::get_id();
}

GMainContext* IoThread::context() const
{
    return loop_->context.get();
}

} // namespace cf

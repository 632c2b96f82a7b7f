/* SPDX-License-Identifier: LGPL-2.1-or-later */
// A mutex that Clang's thread-safety analysis can check (-Wthread-safety). Rules of the house:
// a mutex names what it guards, is not recursive, and nothing foreign (signal, message, property,
// pad, promise, user callback) is called while one is held.
#pragma once

#include <mutex>

#if defined(__clang__)
#define CF_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define CF_THREAD_ANNOTATION(x)
#endif
#define CF_GUARDED_BY(mutex) CF_THREAD_ANNOTATION(guarded_by(mutex))
#define CF_REQUIRES(...) CF_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define CF_EXCLUDES(...) CF_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace cf
{

// std::mutex rather than GMutex: ThreadSanitizer does not see GLib's, which is a bare futex.
class CF_THREAD_ANNOTATION(capability("mutex")) Mutex
{
public:
    void lock() CF_THREAD_ANNOTATION(acquire_capability()) { m_.lock(); }
    void unlock() CF_THREAD_ANNOTATION(release_capability()) { m_.unlock(); }

private:
    std::mutex m_;
};

/// Holds a Mutex for a scope.
class CF_THREAD_ANNOTATION(scoped_lockable) Lock
{
public:
    explicit Lock(Mutex& m) CF_THREAD_ANNOTATION(acquire_capability(m)) : m_(m) { m_.lock(); }
    ~Lock() CF_THREAD_ANNOTATION(release_capability()) { m_.unlock(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

private:
    Mutex& m_;
};

} // namespace cf

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/mutex.hpp"

#include <array>
#include <thread>

#include "tests/support/check.hpp"

using namespace cf;

namespace
{

class Counter
{
public:
    void add()
    {
        Lock l{mutex_};
        ++value_;
    }
    int value()
    {
        Lock l{mutex_};
        return value_;
    }

private:
    Mutex mutex_;
    int value_ CF_GUARDED_BY(mutex_) = 0;
};

} // namespace

GST_START_TEST(lock_excludes_other_threads)
{
    constexpr int kRounds = 20000;
    Counter counter;
    std::array<std::thread, 4> threads;
    for (auto& t : threads)
        t = std::thread([&] {
            for (int i = 0; i < kRounds; ++i)
                counter.add();
        });
    for (auto& t : threads)
        t.join();
    fail_unless_equals_int(counter.value(), kRounds * static_cast<int>(threads.size()));
}
GST_END_TEST;

GST_START_TEST(lock_ends_with_its_scope)
{
    Mutex m;
    {
        Lock l{m};
    }
    Lock again{m}; // hangs if the first was kept
}
GST_END_TEST;

static Suite* mutex_suite(void)
{
    Suite* s = suite_create("mutex");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, lock_excludes_other_threads);
    tcase_add_test(tc, lock_ends_with_its_scope);
    return s;
}

GST_CHECK_MAIN(mutex);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/ref.hpp"

#include <csignal>
#include <cstring>
#include <utility>

#include "tests/support/check.hpp"

using namespace cf;

namespace
{

GObject* new_object()
{
    return G_OBJECT(g_object_new(G_TYPE_OBJECT, nullptr));
}

GObject* new_floating()
{
    return G_OBJECT(g_object_new(G_TYPE_INITIALLY_UNOWNED, nullptr));
}

guint count(GObject* object)
{
    return object->ref_count;
}

int g_freed = 0;
void count_free(gpointer p)
{
    ++g_freed;
    g_free(p);
}

} // namespace

GST_START_TEST(adopt_takes_over_the_reference)
{
    GObject* raw = new_object();
    gboolean alive = TRUE;
    g_object_weak_ref(
        raw, [](gpointer data, GObject*) { *static_cast<gboolean*>(data) = FALSE; }, &alive);
    {
        const auto r = Ref<GObject>::adopt(raw);
        fail_unless_equals_int(count(raw), 1);
    }
    fail_if(alive);
}
GST_END_TEST;

GST_START_TEST(retain_adds_a_reference)
{
    GObject* raw = new_object();
    {
        const auto r = Ref<GObject>::retain(raw);
        fail_unless_equals_int(count(raw), 2);
    }
    fail_unless_equals_int(count(raw), 1);
    g_object_unref(raw);
}
GST_END_TEST;

GST_START_TEST(sink_takes_a_floating_reference)
{
    GObject* raw = new_floating();
    const auto r = Ref<GObject>::sink(raw);
    fail_if(g_object_is_floating(raw));
    fail_unless_equals_int(count(raw), 1);
}
GST_END_TEST;

GST_START_TEST(adopting_a_floating_reference_aborts)
{
    const auto r = Ref<GObject>::adopt(new_floating());
}
GST_END_TEST;

GST_START_TEST(from_weak_gives_what_still_lives_floating_or_not)
{
    GWeakRef weak;
    auto* object = static_cast<GObject*>(g_object_new(G_TYPE_INITIALLY_UNOWNED, nullptr));
    g_weak_ref_init(&weak, object);
    {
        const auto held = Ref<GObject>::from_weak(&weak);
        fail_unless(held.get() == object);
        fail_unless(g_object_is_floating(object));
    }
    Ref<GObject>::sink(object).reset();
    fail_unless(!Ref<GObject>::from_weak(&weak));
    g_weak_ref_clear(&weak);
}
GST_END_TEST

GST_START_TEST(copies_count_and_moves_do_not)
{
    auto a = Ref<GObject>::adopt(new_object());
    Ref<GObject> b = a;
    fail_unless_equals_int(count(a.get()), 2);
    const Ref<GObject> c = std::move(b);
    fail_if(b);
    fail_unless_equals_int(count(a.get()), 2);
    fail_unless(a == c);
    const Ref<GObject>& same = a;
    a = same; // to itself
    fail_unless_equals_int(count(a.get()), 2);
}
GST_END_TEST;

GST_START_TEST(out_drops_what_was_held)
{
    auto r = Ref<GObject>::adopt(new_object());
    auto old = Ref<GObject>::retain(r.get());
    *r.out() = new_object();
    fail_unless_equals_int(count(old.get()), 1);
    fail_unless_equals_int(count(r.get()), 1);
    fail_if(r == old);
}
GST_END_TEST;

GST_START_TEST(release_gives_the_reference_away)
{
    auto r = Ref<GObject>::adopt(new_object());
    GObject* raw = r.release();
    fail_if(r);
    fail_unless_equals_int(count(raw), 1);
    g_object_unref(raw);
}
GST_END_TEST;

GST_START_TEST(null_is_a_value)
{
    Ref<GObject> none = nullptr;
    const Ref<GObject> copy = none;
    fail_if(copy || Ref<GObject>::adopt(nullptr) || Ref<GObject>::retain(nullptr) ||
            Ref<GObject>::sink(nullptr));
    none.reset();
    fail_unless(none.release() == nullptr);
}
GST_END_TEST;

// A reference whose last drop runs code that looks at the Ref again must find it empty.
GST_START_TEST(reset_is_safe_against_reentry)
{
    static Ref<GObject> slot;
    slot = Ref<GObject>::adopt(new_object());
    g_object_weak_ref(
        slot.get(), [](gpointer, GObject*) { slot.reset(); }, nullptr);
    slot.reset();
    fail_if(slot);
}
GST_END_TEST;

GST_START_TEST(boxed_types_use_their_own_functions)
{
    const auto bytes = Ref<GBytes>::adopt(g_bytes_new_static("abc", 3));
    const Ref<GBytes> copy = bytes;
    fail_unless(copy.get() == bytes.get());
    fail_unless_equals_int(g_bytes_get_size(copy.get()), 3);
}
GST_END_TEST;

GST_START_TEST(owned_frees_once)
{
    g_freed = 0;
    {
        Owned<char, count_free> a{g_strdup("x")};
        const Owned<char, count_free> b = std::move(a);
        fail_unless_equals_text(b.get(), "x");
        fail_unless_equals_int(g_freed, 0);
    }
    fail_unless_equals_int(g_freed, 1);
}
GST_END_TEST;

static Suite* ref_suite(void)
{
    Suite* s = suite_create("ref");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, adopt_takes_over_the_reference);
    tcase_add_test(tc, retain_adds_a_reference);
    tcase_add_test(tc, sink_takes_a_floating_reference);
    if (std::strcmp(g_getenv("CK_FORK") != nullptr ? g_getenv("CK_FORK") : "yes", "no") != 0)
        tcase_add_test_raise_signal(tc, adopting_a_floating_reference_aborts, SIGABRT);
    tcase_add_test(tc, from_weak_gives_what_still_lives_floating_or_not);
    tcase_add_test(tc, copies_count_and_moves_do_not);
    tcase_add_test(tc, out_drops_what_was_held);
    tcase_add_test(tc, release_gives_the_reference_away);
    tcase_add_test(tc, null_is_a_value);
    tcase_add_test(tc, reset_is_safe_against_reentry);
    tcase_add_test(tc, boxed_types_use_their_own_functions);
    tcase_add_test(tc, owned_frees_once);
    return s;
}

GST_CHECK_MAIN(ref);

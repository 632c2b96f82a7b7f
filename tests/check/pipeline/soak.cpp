/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Faults drawn at random, and tracks that come and go: at the end everything that is wanted plays,
// and nothing has piled up. CF_SOAK_SEED replays a run; CF_SOAK_SECONDS, CF_SOAK_RECONNECTS and
// CF_SOAK_CYCLES make it longer.
#include <algorithm>
#include <cinttypes>
#include <random>

#include <glib/gstdio.h>

#include "tests/support/call.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

unsigned from_environment(const char* name, unsigned fallback)
{
    const char* text = g_getenv(name);
    return text != nullptr ? unsigned(g_ascii_strtoull(text, nullptr, 10)) : fallback;
}

unsigned count_entries(const char* directory)
{
    unsigned count = 0;
    GDir* dir = g_dir_open(directory, 0, nullptr);
    fail_unless(dir != nullptr);
    while (g_dir_read_name(dir) != nullptr)
        ++count;
    g_dir_close(dir);
    return count;
}

long resident_kilobytes()
{
    gchar* text = nullptr;
    fail_unless(g_file_get_contents("/proc/self/statm", &text, nullptr, nullptr));
    const OwnedString owned{text};
    long pages = 0;
    fail_unless(std::sscanf(text, "%*d %ld", &pages) == 1);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/// What must be the same in the end as in the beginning.
struct Usage {
    unsigned threads = 0;
    unsigned descriptors = 0;
    unsigned elements = 0; ///< in both pipelines, at any depth
    long kilobytes = 0;
};

Usage usage(const Call& call)
{
    const auto any = [](GstElement*) { return true; };
    return {count_entries("/proc/self/task"), count_entries("/proc/self/fd"),
            call.publisher->count_elements(any) + call.viewer->count_elements(any),
            resident_kilobytes()};
}

void print(const char* when, const Usage& u)
{
    g_print("  %-22s %4u threads %4u descriptors %5u elements %7ld kB\n", when, u.threads,
            u.descriptors, u.elements, u.kilobytes);
}

/// Waits until what goes away in the background has gone, and compares.
void expect_usage(Call& call, const Usage& before, const char* when, long kilobytes_more)
{
    call.wait_for("everything to be as before", [&] {
        const Usage now = usage(call);
        return now.threads <= before.threads + 2 && now.descriptors <= before.descriptors + 2 &&
               now.elements <= before.elements;
    });
    const Usage now = usage(call);
    print(when, now);
    ck_assert_int_lt(now.kilobytes, before.kilobytes + kilobytes_more);
}

/// Whether the service knows the session, and it is up.
bool is_connected(const Call& call, const std::string& session)
{
    const auto root = call.sfu.control_get("state");
    JsonArray* sessions =
        json_object_get_array_member(json_node_get_object(root.get()), "sessions");
    for (guint i = 0; i < json_array_get_length(sessions); ++i) {
        JsonObject* o = json_array_get_object_element(sessions, i);
        if (session == json_object_get_string_member_with_default(o, "sessionId", "") &&
            g_str_equal(json_object_get_string_member_with_default(o, "state", ""), "connected"))
            return true;
    }
    return false;
}

std::string random_fault(std::mt19937& random, const std::string& session)
{
    static constexpr const char* kFaults[] = {
        R"("name":"status","status":503,"count":2)",
        R"("name":"status","status":429,"retry-after":1,"count":1)",
        R"("name":"status","status":406,"count":1)",
        R"("name":"status","status":425,"count":1)",
        R"("name":"session-lost","count":1)",
        R"("name":"drop-response","count":1)",
        R"("name":"refuse","count":2)",
        R"("name":"delay","ms":1500,"count":1)",
        R"("name":"item-error","count":1)",
        R"("name":"extra-keys","count":2)",
        R"("name":"no-ssrc","count":2)",
        R"("name":"loss","percent":10)",
        R"("name":"duplicate","percent":10)",
        R"("name":"reorder","percent":10)",
        R"("name":"latency","ms":80,"jitter":40)",
    };
    return "{" + std::string{kFaults[random() % std::size(kFaults)]} + R"(,"session":")" + session +
           "\"}";
}

/// One step of the chaos: a fault for one side, then a reason for it to speak to the service.
void step(Call& call, std::mt19937& random, bool& third)
{
    call.sfu.remove_faults();
    const std::string session = random() % 2 == 0 ? call.sink_session() : call.src_session();
    if (!session.empty())
        call.sfu.add_fault(random_fault(random, session));
    switch (random() % 5) {
    case 0:
    case 1:
        third ? call.remove_publication() : call.add_publication("third");
        third = !third;
        break;
    case 2:
        call.restart(*call.viewer, "src");
        break;
    case 3:
        if (is_connected(call, session))
            (void)call.sfu.control_post("sessions/" + session + "/lose", "{}");
        break;
    default:
        call.set_sink_pad("video_0", "mute", "true");
        call.set_sink_pad("video_0", "mute", "false");
    }
    // Long enough for something to come of it, short enough to meet it half-way.
    const gint64 until = g_get_monotonic_time() + gint64(random() % 2500) * 1000;
    if (is_connected(call, call.sink_session()))
        call.follow();
    call.wait_for("the next step", [&] { return g_get_monotonic_time() >= until; });
}

void recover(Call& call)
{
    call.sfu.remove_faults();
    // A viewer whose tracks are gone has nothing to connect for: first the publisher.
    call.wait_for("the publisher's session",
                  [&] { return is_connected(call, call.sink_session()); });
    call.expect_recovered();
}

/// New sessions on both sides: webrtcbin keeps four small elements for each section that was ever
/// used, until its session is replaced.
void renew(Call& call)
{
    const std::string sink = call.sink_session();
    const std::string src = call.src_session();
    call.restart(*call.publisher, "sink");
    call.restart(*call.viewer, "src");
    call.wait_for("new sessions", [&] {
        return !call.sink_session().empty() && call.sink_session() != sink &&
               !call.src_session().empty() && call.src_session() != src;
    });
    recover(call);
}

} // namespace

GST_START_TEST(random_faults_leave_nothing_behind)
{
    const unsigned seed = from_environment("CF_SOAK_SEED", g_random_int() % 1000000);
    const unsigned seconds = from_environment("CF_SOAK_SECONDS", 60);
    g_print("CF_SOAK_SEED=%u CF_SOAK_SECONDS=%u\n", seed, seconds);
    std::mt19937 random(seed);
    Call call;
    call.may_show_other_pictures = true;
    bool third = false;
    for (int i = 0; i < 4; ++i) // warms up pools and caches
        step(call, random, third);
    recover(call);
    if (std::exchange(third, false))
        call.remove_publication();
    renew(call);
    const Usage before = usage(call);
    print("after warming up", before);
    unsigned steps = 0;
    const gint64 end = g_get_monotonic_time() + gint64(seconds) * G_USEC_PER_SEC;
    for (; g_get_monotonic_time() < end; ++steps)
        step(call, random, third);
    recover(call);
    if (third)
        call.remove_publication();
    renew(call);
    g_print("  %u steps, %u and %u reconnections\n", steps, call.sink_reconnects(),
            call.src_reconnects());
    expect_usage(call, before, "in the end", 20000 + 200 * long(steps));
}
GST_END_TEST

GST_START_TEST(reconnections_leave_nothing_behind)
{
    const unsigned times = from_environment("CF_SOAK_RECONNECTS", 10);
    Call call;
    Usage before;
    for (unsigned i = 0; i < times + 3; ++i) {
        if (i == 3) {
            before = usage(call);
            print("after 3 reconnections", before);
        }
        const std::string old = call.src_session();
        call.restart(*call.viewer, "src");
        call.wait_for("another session",
                      [&] { return !call.src_session().empty() && call.src_session() != old; });
        call.expect_content();
    }
    g_print("  %u reconnections\n", call.src_reconnects());
    expect_usage(call, before, "in the end", 10000 + 50 * long(times));
}
GST_END_TEST

GST_START_TEST(added_and_removed_tracks_leave_no_thread_and_no_descriptor)
{
    const unsigned times = from_environment("CF_SOAK_CYCLES", 15);
    Call call;
    Usage before;
    for (unsigned i = 0; i < times + 3; ++i) {
        if (i == 3) {
            before = usage(call);
            print("after 3 cycles", before);
        }
        const std::string name = "cycle-" + std::to_string(i);
        call.add_publication(name);
        call.wait_for("the track", [&] { return call.sfu.published(name).packets > 0; });
        call.remove_publication();
        call.wait_for("its close", [&] { return call.sfu.published(name).status != "active"; });
    }
    g_print("  %u cycles, %u reconnections\n", times, call.sink_reconnects());
    Usage grown = before;
    grown.elements += 4 * times;
    expect_usage(call, grown, "in the end", 15000 + 300 * long(times));
    renew(call);
    expect_usage(call, before, "after a new session", 15000 + 300 * long(times));
}
GST_END_TEST

static Suite* soak_suite()
{
    Suite* s = suite_create("soak");
    TCase* tc = tcase_create("general");
    tcase_set_timeout(tc, 200 + from_environment("CF_SOAK_SECONDS", 60) +
                              4 * (from_environment("CF_SOAK_RECONNECTS", 10) +
                                   from_environment("CF_SOAK_CYCLES", 15)));
    tcase_add_test(tc, random_faults_leave_nothing_behind);
    tcase_add_test(tc, reconnections_leave_nothing_behind);
    tcase_add_test(tc, added_and_removed_tracks_leave_no_thread_and_no_descriptor);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(soak)

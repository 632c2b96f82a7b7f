/* SPDX-License-Identifier: LGPL-2.1-or-later */
// State cycling, with a server and without one: nothing hangs, nothing is left behind.
#include <filesystem>

#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

constexpr int kCycles = 10;
/// `close-timeout` (2 s by default) and what a busy machine adds.
constexpr Milliseconds kStopBound{3500};

unsigned count_entries(const char* folder)
{
    unsigned n = 0;
    for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(folder))
        ++n;
    return n;
}
unsigned count_descriptors()
{
    return count_entries("/proc/self/fd");
}
unsigned count_threads()
{
    return count_entries("/proc/self/task");
}

void point_at_nobody()
{
    // A port that was free a moment ago: nobody listens there, connecting is refused at once.
    auto socket = Ref<GSocket>::adopt(
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, nullptr));
    auto any = Ref<GSocketAddress>::adopt(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    fail_unless(g_socket_bind(socket.get(), any.get(), FALSE, nullptr));
    auto bound = Ref<GSocketAddress>::adopt(g_socket_get_local_address(socket.get(), nullptr));
    const guint port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound.get()));
    g_setenv("CALLS_APP_ID", "nobody", TRUE);
    g_setenv("CALLS_APP_SECRET", "nothing", TRUE);
    g_setenv("CALLS_API_BASE", ("http://127.0.0.1:" + std::to_string(port) + "/v1").c_str(), TRUE);
}

/// NULL-READY-PAUSED-PLAYING-NULL with @p in_playing run in between.
void cycle(Pipeline& p, const std::function<void()>& in_playing)
{
    fail_unless(p.set_state(GST_STATE_READY) != GST_STATE_CHANGE_FAILURE);
    fail_unless(p.set_state(GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE);
    fail_unless(p.set_state(GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
    in_playing();
    p.stop(kStopBound);
}

/// Cycles; threads and descriptors must be after the last cycle what they were after the third
/// (the first ones fill caches: resolver, thread pools, the DTLS certificate).
void cycle_and_count(Pipeline& p, const std::function<void()>& in_playing)
{
    unsigned descriptors = 0;
    unsigned threads = 0;
    for (int i = 0; i < kCycles; ++i) {
        cycle(p, in_playing);
        if (i == 2) {
            descriptors = count_descriptors();
            threads = count_threads();
        }
    }
    // Idle threads of GLib's pools come and go; those of one more session would be a dozen.
    fail_unless(
        wait_until([&] { return count_descriptors() <= descriptors + 2; }, Milliseconds{3000}),
        "descriptors grew from %u to %u", descriptors, count_descriptors());
    fail_unless(wait_until([&] { return count_threads() <= threads + 4; }, Milliseconds{3000}),
                "threads grew from %u to %u", threads, count_threads());
}

} // namespace

GST_START_TEST(the_sink_cycles_with_a_server)
{
    const EmulatorProcess sfu;
    Pipeline p("cfcallssink name=s videotestsrc is-live=true ! s.video_0 "
               "audiotestsrc is-live=true ! s.audio_0");
    cycle_and_count(p, [&] { (void)p.wait_published("video_0"); });
}
GST_END_TEST

GST_START_TEST(the_sink_cycles_with_a_server_without_waiting_for_anything)
{
    const EmulatorProcess sfu;
    Pipeline p("cfcallssink name=s videotestsrc is-live=true ! s.video_0 "
               "audiotestsrc is-live=true ! s.audio_0");
    cycle_and_count(p, [] {});
}
GST_END_TEST

GST_START_TEST(the_sink_cycles_without_a_server)
{
    point_at_nobody();
    Pipeline p("cfcallssink name=s videotestsrc is-live=true ! s.video_0 "
               "audiotestsrc is-live=true ! s.audio_0");
    cycle_and_count(p, [&] {
        (void)p.wait_message("a WARNING that says what is being retried", [](GstMessage* m) {
            return GST_MESSAGE_TYPE(m) == GST_MESSAGE_WARNING;
        });
    });
}
GST_END_TEST

GST_START_TEST(the_source_cycles_with_a_server)
{
    const EmulatorProcess sfu;
    Pipeline publisher("videotestsrc is-live=true ! cfcallssink");
    publisher.play();
    const std::string locator = publisher.wait_published("video_0");
    Pipeline p("cfcallssrc tracks=" + locator + " ! videoconvert ! fakesink sync=false");
    cycle_and_count(p, [&] {
        (void)p.wait_element_message("cfcalls-track", [](const GstStructure* s) {
            return g_strcmp0(gst_structure_get_string(s, "state"), "receiving") == 0;
        });
    });
    publisher.stop(kStopBound);
}
GST_END_TEST

GST_START_TEST(the_source_cycles_without_a_server)
{
    point_at_nobody();
    Pipeline p("cfcallssrc tracks=0123456789abcdef/cam ! videoconvert ! fakesink sync=false");
    cycle_and_count(p, [&] {
        (void)p.wait_message("a WARNING that says what is being retried", [](GstMessage* m) {
            return GST_MESSAGE_TYPE(m) == GST_MESSAGE_WARNING;
        });
    });
}
GST_END_TEST

static Suite* states_suite()
{
    Suite* s = suite_create("states");
    TCase* tc = tcase_create("cycling");
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, the_sink_cycles_with_a_server);
    tcase_add_test(tc, the_sink_cycles_with_a_server_without_waiting_for_anything);
    tcase_add_test(tc, the_sink_cycles_without_a_server);
    tcase_add_test(tc, the_source_cycles_with_a_server);
    tcase_add_test(tc, the_source_cycles_without_a_server);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(states)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// EOS in, clean goodbye out; nothing is left open at the SFU, however the pipeline ends.
#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

unsigned count_active(const EmulatorProcess& sfu)
{
    unsigned n = 0;
    for (const auto& t : sfu.tracks())
        n += t.status == "active" ? 1 : 0;
    return n;
}

const char* kLivePair = "cfcallssink name=s videotestsrc is-live=true name=v ! s.video_0 "
                        "audiotestsrc is-live=true name=a ! s.audio_0";

} // namespace

GST_START_TEST(eos_on_all_pads_closes_the_tracks_and_then_says_eos)
{
    const EmulatorProcess sfu;
    Pipeline p(kLivePair);
    p.play();
    p.wait_for("two active tracks", [&] { return count_active(sfu) == 2; });
    fail_unless(gst_element_send_event(p.get(), gst_event_new_eos()));
    const gint64 begin = g_get_monotonic_time();
    p.wait_eos();
    ck_assert_msg(g_get_monotonic_time() - begin < 3'000'000, "the goodbye took too long");
    // EOS came after the close call was answered: no waiting here.
    ck_assert_uint_eq(count_active(sfu), 0);
    p.stop();
}
GST_END_TEST

GST_START_TEST(eos_on_one_pad_closes_that_track_only)
{
    const EmulatorProcess sfu;
    Pipeline p(kLivePair);
    p.play();
    p.wait_for("two active tracks", [&] { return count_active(sfu) == 2; });
    auto a = p.element("a");
    fail_unless(gst_element_send_event(a.get(), gst_event_new_eos()));
    (void)p.wait_element_message("cfcalls-track", [](const GstStructure* s) {
        return g_strcmp0(gst_structure_get_string(s, "pad"), "audio_0") == 0 &&
               g_strcmp0(gst_structure_get_string(s, "state"), "closed") == 0;
    });
    p.wait_for("the audio track to be closed at the SFU", [&] { return count_active(sfu) == 1; });
    std::int64_t before = 0;
    for (const auto& t : sfu.tracks()) {
        if (t.status == "active") {
            ck_assert_str_eq(t.kind.c_str(), "video");
            before = t.packets;
        }
    }
    p.wait_for("the picture to go on", [&] {
        for (const auto& t : sfu.tracks())
            if (t.status == "active")
                return t.packets > before + 30;
        return false;
    });
    p.stop();
}
GST_END_TEST

GST_START_TEST(null_without_eos_leaves_nothing_open_at_the_sfu)
{
    const EmulatorProcess sfu;
    {
        Pipeline publisher(kLivePair);
        publisher.play();
        const std::string locator = publisher.wait_published("video_0");
        Pipeline viewer("cfcallssrc tracks=" + locator + " ! fakesink sync=false");
        viewer.play();
        (void)viewer.wait_element_message("cfcalls-track", [](const GstStructure* s) {
            return g_strcmp0(gst_structure_get_string(s, "state"), "receiving") == 0;
        });
        viewer.stop();
        publisher.stop();
    }
    ck_assert_uint_eq(count_active(sfu), 0);
}
GST_END_TEST

GST_START_TEST(null_while_a_request_is_in_flight_is_bounded)
{
    const EmulatorProcess sfu;
    sfu.add_fault(R"({"name":"delay","operation":"tracks/new","ms":8000})");
    Pipeline p(kLivePair);
    p.play();
    p.wait_for("tracks/new to be on its way", [&] { return sfu.struck("delay") >= 1; });
    p.stop(Milliseconds{3500}); // close-timeout is 2 s
}
GST_END_TEST

GST_START_TEST(null_is_bounded_when_the_server_has_died)
{
    EmulatorProcess sfu;
    Pipeline p(kLivePair);
    p.play();
    (void)p.wait_published("video_0");
    sfu.kill();
    p.stop(Milliseconds{3500});
}
GST_END_TEST

GST_START_TEST(eos_before_anything_was_published_still_ends)
{
    const EmulatorProcess sfu;
    Pipeline p("audiotestsrc is-live=true num-buffers=1 ! cfcallssink");
    p.play();
    p.wait_eos();
    p.stop();
    ck_assert_uint_eq(count_active(sfu), 0);
}
GST_END_TEST

static Suite* goodbye_suite()
{
    Suite* s = suite_create("goodbye");
    TCase* tc = tcase_create("eos");
    tcase_add_test(tc, eos_on_all_pads_closes_the_tracks_and_then_says_eos);
    tcase_add_test(tc, eos_on_one_pad_closes_that_track_only);
    tcase_add_test(tc, null_without_eos_leaves_nothing_open_at_the_sfu);
    tcase_add_test(tc, null_while_a_request_is_in_flight_is_bounded);
    tcase_add_test(tc, null_is_bounded_when_the_server_has_died);
    tcase_add_test(tc, eos_before_anything_was_published_still_ends);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(goodbye)

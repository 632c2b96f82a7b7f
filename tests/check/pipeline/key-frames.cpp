/* SPDX-License-Identifier: LGPL-2.1-or-later */
// A viewer who joins late sees a picture at once: its request for a key frame reaches the encoder.
#include <atomic>

#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

/// Publishes with @p encoder, which by itself would make a key frame once in 100 s, and joins late.
void late_viewer_gets_a_picture(const std::string& encoder)
{
    const EmulatorProcess sfu;
    Pipeline publisher("videotestsrc is-live=true ! video/x-raw,framerate=30/1 ! " + encoder +
                       " ! cfcallssink video_0::track-name=cam");
    publisher.play();
    const std::string locator = publisher.wait_published("video_0");
    publisher.wait_for("two seconds of video at the SFU",
                       [&] { return sfu.published("cam").packets_by_second.size() >= 3; });
    const auto before = sfu.published("cam").key_frames;

    Pipeline viewer("cfcallssrc tracks=" + locator +
                    " ! videoconvert ! video/x-raw,format=I420 ! fakesink name=out sync=false");
    auto out = viewer.element("out");
    auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(out.get(), "sink"));
    std::atomic<unsigned> frames = 0;
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo*, gpointer n) {
            ++*static_cast<std::atomic<unsigned>*>(n);
            return GST_PAD_PROBE_OK;
        },
        &frames, nullptr);
    viewer.play();
    viewer.wait_for("decoded frames", [&] { return frames >= 10; });
    ck_assert_msg(sfu.published("cam").key_frames > before,
                  "the viewer decodes, but no key frame was made for it");
    viewer.stop();
    publisher.stop();
}

} // namespace

GST_START_TEST(a_late_viewer_of_vp8_gets_a_key_frame)
{
    late_viewer_gets_a_picture("vp8enc deadline=1 keyframe-max-dist=3000");
}
GST_END_TEST

GST_START_TEST(a_late_viewer_of_vp9_gets_a_key_frame)
{
    late_viewer_gets_a_picture("vp9enc deadline=1 cpu-used=8 keyframe-max-dist=3000");
}
GST_END_TEST

GST_START_TEST(a_late_viewer_of_h264_gets_a_key_frame)
{
    late_viewer_gets_a_picture(
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=3000 bframes=0");
}
GST_END_TEST

GST_START_TEST(a_late_viewer_of_raw_input_gets_a_key_frame)
{
    late_viewer_gets_a_picture("identity");
}
GST_END_TEST

GST_START_TEST(the_force_keyframe_action_makes_one)
{
    const EmulatorProcess sfu;
    Pipeline p("videotestsrc is-live=true ! vp8enc deadline=1 keyframe-max-dist=3000 ! "
               "cfcallssink name=s video_0::track-name=cam");
    p.play();
    (void)p.wait_published("video_0");
    // The first ones (start, opening of the gate) are over when a second passed without one.
    std::int64_t before = -1;
    p.wait_for("a second without a key frame", [&] {
        const auto t = sfu.published("cam");
        if (t.packets_by_second.size() < 2)
            return false;
        const bool quiet = t.key_frames == before;
        before = t.key_frames;
        return quiet;
    });
    auto s = p.element("s");
    g_signal_emit_by_name(s.get(), "force-keyframe", nullptr);
    p.wait_for("one more key frame", [&] { return sfu.published("cam").key_frames > before; });
    p.stop();
}
GST_END_TEST

static Suite* key_frames_suite()
{
    Suite* s = suite_create("key-frames");
    TCase* tc = tcase_create("joining");
    tcase_add_test(tc, a_late_viewer_of_vp8_gets_a_key_frame);
    tcase_add_test(tc, a_late_viewer_of_vp9_gets_a_key_frame);
    tcase_add_test(tc, a_late_viewer_of_h264_gets_a_key_frame);
    tcase_add_test(tc, a_late_viewer_of_raw_input_gets_a_key_frame);
    tcase_add_test(tc, the_force_keyframe_action_makes_one);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(key_frames)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The lines that a newcomer pastes: nothing is set but the environment.
#include <atomic>

#include <gst/video/video.h>

#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

/// Counts the buffers that reach a sink element's pad, and keeps the caps. Any thread.
class BufferCounter
{
public:
    explicit BufferCounter(GstElement* sink)
        : pad_(Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink")))
    {
        id_ = gst_pad_add_probe(
            pad_.get(), GST_PAD_PROBE_TYPE_BUFFER,
            [](GstPad*, GstPadProbeInfo*, gpointer self) {
                ++static_cast<BufferCounter*>(self)->count_;
                return GST_PAD_PROBE_OK;
            },
            this, nullptr);
    }
    ~BufferCounter() { gst_pad_remove_probe(pad_.get(), id_); }
    BufferCounter(const BufferCounter&) = delete;
    BufferCounter& operator=(const BufferCounter&) = delete;

    [[nodiscard]] unsigned count() const { return count_; }
    [[nodiscard]] Ref<GstCaps> caps() const
    {
        return Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad_.get()));
    }

private:
    Ref<GstPad> pad_;
    gulong id_ = 0;
    std::atomic<unsigned> count_ = 0;
};

/// The colours of a smpte test picture's top bars, left to right, as 8-bit Y.
void fail_unless_shows_smpte_bars(GstSample* sample)
{
    GstVideoInfo info;
    fail_unless(gst_video_info_from_caps(&info, gst_sample_get_caps(sample)));
    GstVideoFrame frame;
    fail_unless(gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ));
    const int y = GST_VIDEO_FRAME_HEIGHT(&frame) / 3;
    int previous = 256;
    for (int bar = 0; bar < 7; ++bar) {
        const int x = (2 * bar + 1) * GST_VIDEO_FRAME_WIDTH(&frame) / 14;
        const auto* line = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                           y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
        // The seven bars go from light to dark: grey, yellow, cyan, green, magenta, red, blue.
        fail_unless(line[x] < previous, "bar %d is not darker than the one before: %d, %d", bar,
                    line[x], previous);
        previous = line[x];
    }
    fail_unless(previous < 60, "the last bar should be blue, its luma is %d", previous);
    gst_video_frame_unmap(&frame);
}

} // namespace

GST_START_TEST(test_picture_travels_with_nothing_set_but_the_environment)
{
    const EmulatorProcess sfu;
    Pipeline publisher("videotestsrc is-live=true ! cfcallssink");
    publisher.play();
    const std::string locator = publisher.wait_published("video_0");

    Pipeline viewer("cfcallssrc tracks=" + locator +
                    " ! videoconvert ! video/x-raw,format=I420 ! fakesink name=out sync=false "
                    "enable-last-sample=true");
    auto out = viewer.element("out");
    const BufferCounter frames(out.get());
    viewer.play();
    viewer.wait_for("thirty frames", [&] { return frames.count() >= 30; });

    GstSample* raw = nullptr;
    g_object_get(out.get(), "last-sample", &raw, nullptr);
    const auto sample = Ref<GstSample>::adopt(raw);
    fail_unless(sample.get() != nullptr);
    fail_unless_shows_smpte_bars(sample.get());

    viewer.stop();
    publisher.stop();
}
GST_END_TEST

GST_START_TEST(a_source_that_is_not_live_is_published_in_real_time)
{
    const EmulatorProcess sfu;
    // 90 frames at 30 frames/s: as a file would be, this is ready at once; it must take 3 s.
    Pipeline publisher("videotestsrc num-buffers=90 ! video/x-raw,framerate=30/1 ! cfcallssink");
    const gint64 begin = g_get_monotonic_time();
    publisher.play();
    publisher.wait_eos();
    const gint64 took = g_get_monotonic_time() - begin;
    fail_unless(took > 2'700'000, "3 s of video were gone after %" G_GINT64_FORMAT " ms",
                took / 1000);
    publisher.stop();
}
GST_END_TEST

GST_START_TEST(sound_and_picture_of_one_session_arrive_on_pads_of_their_own)
{
    const EmulatorProcess sfu;
    Pipeline publisher("cfcallssink name=s videotestsrc is-live=true ! s.video_0 "
                       "audiotestsrc is-live=true ! s.audio_0");
    publisher.play();
    // Either may be first.
    std::string video;
    std::string audio;
    while (video.empty() || audio.empty()) {
        auto m = publisher.wait_element_message("cfcalls-track", [](const GstStructure* s) {
            return g_strcmp0(gst_structure_get_string(s, "state"), "published") == 0;
        });
        const GstStructure* s = gst_message_get_structure(m.get());
        const std::string locator = std::string{gst_structure_get_string(s, "session-id")} + "/" +
                                    gst_structure_get_string(s, "track-name");
        (g_str_has_prefix(gst_structure_get_string(s, "pad"), "video") ? video : audio) = locator;
    }

    Pipeline viewer("cfcallssrc name=src tracks=\"" + video + "," + audio +
                    "\" src.video_0 ! videoconvert ! fakesink name=v sync=false "
                    "src.audio_0 ! audioconvert ! fakesink name=a sync=false");
    auto v = viewer.element("v");
    auto a = viewer.element("a");
    const BufferCounter frames(v.get());
    const BufferCounter sounds(a.get());
    viewer.play();
    viewer.wait_for("picture and sound",
                    [&] { return frames.count() >= 30 && sounds.count() >= 30; });
    const auto video_caps = frames.caps();
    fail_unless(gst_structure_has_name(gst_caps_get_structure(video_caps.get(), 0), "video/x-raw"));
    const auto audio_caps = sounds.caps();
    fail_unless(gst_structure_has_name(gst_caps_get_structure(audio_caps.get(), 0), "audio/x-raw"));
    viewer.stop();
    publisher.stop();
}
GST_END_TEST

GST_START_TEST(a_viewer_takes_what_it_likes_raw_encoded_or_rtp)
{
    const EmulatorProcess sfu;
    Pipeline publisher(
        "videotestsrc is-live=true ! vp8enc deadline=1 keyframe-max-dist=30 ! cfcallssink");
    publisher.play();
    const std::string locator = publisher.wait_published("video_0");

    for (const char* wanted : {"video/x-raw", "video/x-vp8", "application/x-rtp"}) {
        Pipeline viewer("cfcallssrc tracks=" + locator + " ! " + wanted +
                        " ! fakesink name=out sync=false");
        auto out = viewer.element("out");
        const BufferCounter arrived(out.get());
        viewer.play();
        viewer.wait_for(wanted, [&] { return arrived.count() >= 20; });
        const auto caps = arrived.caps();
        fail_unless(gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), wanted),
                    "asked for %s", wanted);
        viewer.stop();
    }
    publisher.stop();
}
GST_END_TEST

static Suite* launch_suite()
{
    Suite* s = suite_create("launch");
    TCase* tc = tcase_create("environment");
    tcase_add_test(tc, test_picture_travels_with_nothing_set_but_the_environment);
    tcase_add_test(tc, a_source_that_is_not_live_is_published_in_real_time);
    tcase_add_test(tc, sound_and_picture_of_one_session_arrive_on_pads_of_their_own);
    tcase_add_test(tc, a_viewer_takes_what_it_likes_raw_encoded_or_rtp);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(launch)

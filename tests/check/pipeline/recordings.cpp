/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The main job: a recording goes in at cfcallssink, comes out at cfcallssrc, and what came out is
// compared with what went in.
#include <glib/gstdio.h>

#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/media-compare.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

std::string recording(const char* name)
{
    const char* data = g_getenv("CF_TEST_DATA");
    fail_unless(data != nullptr, "CF_TEST_DATA must name the folder of the test data");
    return std::string{data} + "/media/" + name;
}

/// A file that goes when the test ends.
class TemporaryFile
{
public:
    TemporaryFile()
    {
        gchar* path = nullptr;
        const int fd = g_file_open_tmp("cfcalls-XXXXXX.mkv", &path, nullptr);
        fail_unless(fd >= 0);
        g_close(fd, nullptr);
        path_ = path;
        g_free(path);
    }
    ~TemporaryFile() { g_unlink(path_.c_str()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

bool is_encoder(GstElement* e)
{
    GstElementFactory* f = gst_element_get_factory(e);
    // dtlsenc and srtpenc call themselves encoders too; they are no media encoders.
    return f != nullptr &&
           gst_element_factory_list_is_type(f, GST_ELEMENT_FACTORY_TYPE_ENCODER |
                                                   GST_ELEMENT_FACTORY_TYPE_MEDIA_AUDIO |
                                                   GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO);
}

struct Locators {
    std::string video;
    std::string audio;
};

Locators wait_both_published(Pipeline& publisher)
{
    Locators l;
    while (l.video.empty() || l.audio.empty()) {
        auto m = publisher.wait_element_message("cfcalls-track", [](const GstStructure* s) {
            return g_strcmp0(gst_structure_get_string(s, "state"), "published") == 0;
        });
        const GstStructure* s = gst_message_get_structure(m.get());
        const std::string locator = std::string{gst_structure_get_string(s, "session-id")} + "/" +
                                    gst_structure_get_string(s, "track-name");
        (g_str_has_prefix(gst_structure_get_string(s, "pad"), "video") ? l.video : l.audio) =
            locator;
    }
    return l;
}

/// Publishes with @p publisher_line (its sink is called `sink`), records what a viewer gets, and
/// compares that with @p source.
void publish_record_and_compare(Pipeline& publisher, const std::string& source,
                                const std::string& recorder, const media::Limits& limits)
{
    const TemporaryFile received;
    publisher.play();
    const Locators l = wait_both_published(publisher);
    Pipeline viewer("cfcallssrc name=src tracks=\"" + l.video + "," + l.audio + "\" " + recorder +
                    " matroskamux name=mux ! filesink location=" + received.path());
    viewer.play();
    publisher.wait_eos(Milliseconds{40000});
    publisher.stop();
    fail_unless(gst_element_send_event(viewer.get(), gst_event_new_eos()));
    viewer.wait_eos();
    viewer.stop();

    auto sent = media::open_file(source);
    auto got = media::open_file(received.path());
    auto report = media::compare(*sent, *got);
    fail_unless(report.ok(), "%s", report.ok() ? "" : report.error().message.c_str());
    g_print("%s\n", media::to_text(*report).c_str());
    std::string complaints;
    for (const auto& c : media::judge(*report, limits))
        complaints += "\n  " + c;
    fail_unless(complaints.empty(), "what arrived is not what was sent:%s", complaints.c_str());
}

} // namespace

GST_START_TEST(street_mkv_passes_through_without_an_encoder_and_arrives_whole)
{
    const EmulatorProcess sfu;
    const std::string source = recording("street.mkv");
    Pipeline publisher("filesrc location=" + source +
                       " ! matroskademux name=d cfcallssink name=sink "
                       "d.video_0 ! queue ! h264parse ! sink.video_0 "
                       "d.audio_0 ! queue ! opusparse ! sink.audio_0");
    // Nobody makes key frames on demand here: the file has one every 2 s. Publishing begins with
    // the next one, and so does viewing.
    media::Limits limits;
    limits.head = 4.5;
    publish_record_and_compare(publisher, source,
                               "src.video_0 ! queue ! h264parse ! mux. "
                               "src.audio_0 ! queue ! opusparse ! mux.",
                               limits);
}
GST_END_TEST

GST_START_TEST(no_encoder_is_in_the_pipeline_when_the_input_is_encoded_already)
{
    const EmulatorProcess sfu;
    Pipeline publisher("filesrc location=" + recording("street.mkv") +
                       " ! matroskademux name=d cfcallssink name=sink "
                       "d.video_0 ! queue ! h264parse ! sink.video_0 "
                       "d.audio_0 ! queue ! opusparse ! sink.audio_0");
    publisher.play();
    (void)wait_both_published(publisher);
    fail_unless_equals_int(publisher.count_elements(is_encoder), 0);
    publisher.stop();

    // The same look does find encoders where there are some.
    Pipeline raw("cfcallssink name=sink videotestsrc is-live=true ! sink.video_0 "
                 "audiotestsrc is-live=true ! sink.audio_0");
    raw.play();
    (void)wait_both_published(raw);
    fail_unless_equals_int(raw.count_elements(is_encoder), 2);
    raw.stop();
}
GST_END_TEST

GST_START_TEST(street_mp4_arrives_whole_although_its_source_has_b_frames_and_aac)
{
    const EmulatorProcess sfu;
    const std::string source = recording("street.mp4");
    Pipeline publisher("filesrc location=" + source +
                       " ! qtdemux name=d cfcallssink name=sink "
                       "d.video_0 ! queue ! h264parse ! avdec_h264 ! sink.video_0 "
                       "d.audio_0 ! queue ! aacparse ! avdec_aac ! sink.audio_0");
    // Recorded as it came: re-encoding here would only cloud the comparison.
    publish_record_and_compare(publisher, source,
                               "src.video_0 ! video/x-vp8 ! queue ! mux. "
                               "src.audio_0 ! queue ! opusparse ! mux.",
                               media::Limits{});
}
GST_END_TEST

static Suite* recordings_suite()
{
    Suite* s = suite_create("recordings");
    TCase* tc = tcase_create("street");
    tcase_set_timeout(tc, 180);
    tcase_add_test(tc, street_mkv_passes_through_without_an_encoder_and_arrives_whole);
    tcase_add_test(tc, no_encoder_is_in_the_pipeline_when_the_input_is_encoded_already);
    tcase_add_test(tc, street_mp4_arrives_whole_although_its_source_has_b_frames_and_aac);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(recordings)

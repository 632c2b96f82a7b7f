/* SPDX-License-Identifier: LGPL-2.1-or-later */
// How fast media starts, as ratios to a bare webrtcbin pair with hand-fed SDP (bare-pair.hpp) that
// is measured in the same run, alternately, on the same machine:
//
//   publish: from PLAYING to the first RTP packet at the SFU
//   pull:    from PLAYING to the first decoded frame
//
// The bare pair has no HTTP, no SFU and no service to ask; what the elements need for theirs is
// what the ratio shows. Exits with 1 when publishing takes more than --limit times as long.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/benchmarks/bare-pair.hpp"
#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"

namespace
{

using namespace cf;
using bench::StartUp;
using test::EmulatorProcess;
using test::Pipeline;

constexpr Milliseconds kPatience{20000};

using Samples = std::vector<double>; // ms

double to_ms(Microseconds t)
{
    return static_cast<double>(t.count()) / 1000;
}

double median(Samples samples)
{
    std::sort(samples.begin(), samples.end());
    return samples[samples.size() / 2];
}

// When the first packet of the publication that started last arrived, counted from `start`
// (monotonic, us), ms; negative when none has.
double first_packet_after(const EmulatorProcess& sfu, gint64 start)
{
    const gint64 before = g_get_monotonic_time();
    const auto state = sfu.control_get("state");
    // The SFU's clock has its own zero. Its "now" was read half-way through the request, to within
    // the request's millisecond.
    const double now = static_cast<double>((before + g_get_monotonic_time()) / 2 - start) / 1000;
    JsonObject* root = json_node_get_object(state.get());
    const double sfu_now = json_object_get_double_member(root, "nowMs");
    JsonArray* sessions = json_object_get_array_member(root, "sessions");
    double first = -1;
    for (guint i = 0; i < json_array_get_length(sessions); ++i) {
        JsonArray* tracks =
            json_object_get_array_member(json_array_get_object_element(sessions, i), "tracks");
        for (guint k = 0; k < json_array_get_length(tracks); ++k) {
            const double at = now - sfu_now +
                              json_object_get_double_member_with_default(
                                  json_array_get_object_element(tracks, k), "firstPacketMs", -1e9);
            if (at > 0 && (first < 0 || at < first))
                first = at;
        }
    }
    return first;
}

std::string publisher_line()
{
    return std::string("cfcallssink name=out ") + bench::kEncodedSources +
           "audio. ! out.audio_0 video. ! out.video_0";
}

double measure_publish(const EmulatorProcess& sfu)
{
    Pipeline publisher(publisher_line());
    const gint64 start = g_get_monotonic_time();
    publisher.play();
    double first = -1;
    publisher.wait_for(
        "the first packet at the SFU",
        [&] {
            first = first_packet_after(sfu, start);
            return first >= 0;
        },
        kPatience);
    publisher.stop();
    return first;
}

// Both tracks, as the property `tracks` takes them, in whichever order they come.
std::string wait_both_published(Pipeline& publisher)
{
    std::string tracks;
    for (int i = 0; i < 2; ++i) {
        const auto message =
            publisher.wait_element_message("cfcalls-track", [](const GstStructure* s) {
                return g_strcmp0(gst_structure_get_string(s, "state"), "published") == 0;
            });
        const GstStructure* s = gst_message_get_structure(message.get());
        tracks += std::string(i > 0 ? "," : "") + gst_structure_get_string(s, "session-id") + "/" +
                  gst_structure_get_string(s, "track-name");
    }
    return tracks;
}

double measure_pull(const std::string& tracks)
{
    Pipeline viewer("cfcallssrc name=in tracks=\"" + tracks +
                    "\" in.video_0 ! video/x-raw ! fakesink name=frames sync=false async=false "
                    "in.audio_0 ! fakesink sync=false async=false");
    const auto sink = viewer.element("frames");
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink.get(), "sink"));
    std::atomic<gint64> arrived = 0;
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo*, gpointer data) { // streaming thread
            *static_cast<std::atomic<gint64>*>(data) = g_get_monotonic_time();
            return GST_PAD_PROBE_REMOVE;
        },
        &arrived, nullptr);
    const gint64 start = g_get_monotonic_time();
    viewer.play();
    viewer.wait_for(
        "the first frame", [&] { return arrived != 0; }, kPatience);
    viewer.stop();
    return static_cast<double>(arrived - start) / 1000;
}

StartUp measure_bare()
{
    const auto start_up = bench::run_bare_pair(kPatience);
    if (!start_up) {
        std::fprintf(stderr, "the bare pair did not connect\n");
        std::exit(2);
    }
    return *start_up;
}

// The spread tells how far the median can be trusted.
double print_row(const char* what, const Samples& bare, const Samples& element)
{
    const double ratio = median(element) / median(bare);
    std::printf("%-36s %6.0f ms (%.0f-%.0f) %6.0f ms (%.0f-%.0f) %6.2f\n", what, median(bare),
                *std::ranges::min_element(bare), *std::ranges::max_element(bare), median(element),
                *std::ranges::min_element(element), *std::ranges::max_element(element), ratio);
    return ratio;
}

int runs = 9;
double limit = 0;

START_TEST(media_starts_about_as_fast_as_between_bare_webrtcbins)
{
    bench::warm_up_certificate();
    const EmulatorProcess sfu;
    Samples bare_rtp;
    Samples bare_frame;
    Samples publish;
    Samples pull;
    for (int i = 0; i <= runs; ++i) { // the first of each loads plugins, and is not counted
        const StartUp bare = measure_bare();
        const double published = measure_publish(sfu);
        if (i == 0)
            continue;
        bare_rtp.push_back(to_ms(bare.first_rtp));
        bare_frame.push_back(to_ms(bare.first_frame));
        publish.push_back(published);
    }
    {
        Pipeline publisher(publisher_line());
        publisher.play();
        const std::string tracks = wait_both_published(publisher);
        for (int i = 0; i <= runs; ++i) {
            const double pulled = measure_pull(tracks);
            if (i > 0)
                pull.push_back(pulled);
        }
        publisher.stop();
    }

    std::printf("Start-up, medians of %d warm runs (fastest-slowest)\n", runs);
    std::printf("%-36s %-19s %-19s %s\n", "", "   bare webrtcbin", "   element", " ratio");
    const double ratio = print_row("publish: PLAYING to first RTP", bare_rtp, publish);
    print_row("pull: PLAYING to first frame", bare_frame, pull);
    fail_unless(limit <= 0 || ratio <= limit, "publishing takes %.2f times as long", ratio);
}
END_TEST

} // namespace

int main(int argc, char** argv)
{
    const GOptionEntry entries[] = {
        {"runs", 0, 0, G_OPTION_ARG_INT, &runs, "Measured runs of each (9)", "N"},
        {"limit", 0, 0, G_OPTION_ARG_DOUBLE, &limit, "Fail when publishing exceeds this ratio",
         "X"},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr},
    };
    const Owned<GOptionContext, g_option_context_free> context{g_option_context_new(nullptr)};
    g_option_context_add_main_entries(context.get(), entries, nullptr);
    g_option_context_add_group(context.get(), gst_init_get_option_group());
    if (!g_option_context_parse(context.get(), &argc, &argv, nullptr) || runs < 1) {
        std::fprintf(stderr, "start-up: wrong arguments; see --help\n");
        return 2;
    }

    // What is in tests/support reports failures as a test does, so this is one; in one process and
    // without a time limit.
    Suite* suite = suite_create("start-up");
    TCase* t = tcase_create("time");
    tcase_add_test(t, media_starts_about_as_fast_as_between_bare_webrtcbins);
    suite_add_tcase(suite, t);
    SRunner* runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

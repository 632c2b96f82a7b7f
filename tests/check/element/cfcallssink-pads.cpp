/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The pads of cfcallssink: named, requested, released, fed with something else.
#include <gst/check/gstharness.h>

#include "tests/support/element-fixture.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;
using cf::calls::Call;

namespace
{

constexpr const char* kVideo =
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! ";

Ref<GstPad> request(const Ref<GstElement>& sink, const char* name)
{
    return Ref<GstPad>::adopt(gst_element_request_pad_simple(sink.get(), name));
}

std::string text_of(gpointer object, const char* property)
{
    gchar* value = nullptr;
    g_object_get(object, property, &value, nullptr);
    const OwnedString owned(value);
    return value != nullptr ? value : "";
}

// A source that is added to a running pipeline and linked to a new pad of its sink.
struct LateSource {
    LateSource(Pipeline& pipeline, const Ref<GstElement>& sink, const char* pad_name) : sink_(sink)
    {
        bin = gst_parse_bin_from_description(
            "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! identity", TRUE,
            nullptr);
        gst_bin_add(GST_BIN(pipeline.get()), bin);
        pad = request(sink, pad_name);
        fail_unless(pad.get() != nullptr);
        src = Ref<GstPad>::adopt(gst_element_get_static_pad(bin, "src"));
        fail_unless_equals_int(gst_pad_link(src.get(), pad.get()), GST_PAD_LINK_OK);
        gst_element_sync_state_with_parent(bin);
    }
    // As an application does it: the source first.
    void take_away(Pipeline& pipeline)
    {
        gst_element_set_locked_state(bin, TRUE);
        gst_element_set_state(bin, GST_STATE_NULL);
        gst_pad_unlink(src.get(), pad.get());
        gst_element_release_request_pad(sink_.get(), pad.get());
        gst_bin_remove(GST_BIN(pipeline.get()), bin);
    }

    GstElement* bin = nullptr; // the pipeline's
    Ref<GstPad> pad;
    Ref<GstPad> src;

private:
    Ref<GstElement> sink_;
};

} // namespace

GST_START_TEST(requested_names_are_kept)
{
    FakeService service;
    const auto sink = Ref<GstElement>::sink(gst_element_factory_make("cfcallssink", nullptr));
    fail_unless_equals_text(GST_PAD_NAME(request(sink, "video_7").get()), "video_7");
    fail_unless_equals_text(GST_PAD_NAME(request(sink, "video_%u").get()), "video_0");
    fail_unless_equals_text(GST_PAD_NAME(request(sink, "video_%u").get()), "video_1");
    fail_unless_equals_text(GST_PAD_NAME(request(sink, "audio_%u").get()), "audio_0");
    fail_unless(!request(sink, "video_x"));
    fail_unless(!request(sink, "data_0"));
}
GST_END_TEST

GST_START_TEST(track_names_are_unlike_unless_set)
{
    FakeService service;
    const auto one = Ref<GstElement>::sink(gst_element_factory_make("cfcallssink", nullptr));
    const auto two = Ref<GstElement>::sink(gst_element_factory_make("cfcallssink", nullptr));
    const std::string a = text_of(request(one, "video_0").get(), "track-name");
    const std::string b = text_of(request(two, "video_0").get(), "track-name");
    fail_unless(a.starts_with("video_0-"));
    fail_if(a == b);
}
GST_END_TEST

GST_START_TEST(children_are_the_pads)
{
    FakeService service;
    const auto sink = Ref<GstElement>::sink(gst_element_factory_make("cfcallssink", nullptr));
    const auto pad = request(sink, "audio_3");
    GstChildProxy* proxy = GST_CHILD_PROXY(sink.get());
    fail_unless_equals_int(gst_child_proxy_get_children_count(proxy), 1);
    gst_child_proxy_set(proxy, "audio_3::track-name", "mic", "audio_3::opus-dtx", TRUE, nullptr);
    fail_unless_equals_text(text_of(pad.get(), "track-name"), "mic");
    const auto by_index = Ref<GObject>::adopt(gst_child_proxy_get_child_by_index(proxy, 0));
    fail_unless(by_index.get() == G_OBJECT(pad.get()));
    fail_unless(gst_child_proxy_get_child_by_index(proxy, 1) == nullptr);
    fail_unless(gst_child_proxy_get_child_by_name(proxy, "video_0") == nullptr);
}
GST_END_TEST

GST_START_TEST(launch_line_sets_a_pad_before_it_exists)
{
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink video_0::track-name=camera "
                           "video_0::max-bitrate=300000 ") +
               kVideo + "sink.video_0");
    p.play();
    const std::string locator = p.wait_published("video_0");
    fail_unless(locator.ends_with("/camera"));
    fail_unless_equals_int(p.count_elements([](GstElement* e) {
        gint bitrate = 0;
        if (g_object_class_find_property(G_OBJECT_GET_CLASS(e), "target-bitrate") != nullptr)
            g_object_get(e, "target-bitrate", &bitrate, nullptr);
        return bitrate == 300000;
    }),
                           1);
}
GST_END_TEST

GST_START_TEST(pads_come_and_go_in_every_state)
{
    FakeService service;
    const auto sink = Ref<GstElement>::sink(gst_element_factory_make("cfcallssink", nullptr));
    for (const GstState state :
         {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED,
          GST_STATE_READY, GST_STATE_NULL}) {
        fail_if(gst_element_set_state(sink.get(), state) == GST_STATE_CHANGE_FAILURE);
        for (const char* name : {"audio_%u", "video_%u"}) {
            const auto pad = request(sink, name);
            fail_unless(pad.get() != nullptr);
            fail_unless_equals_int(GST_PAD_IS_ACTIVE(pad.get()), state >= GST_STATE_PAUSED);
            gst_element_release_request_pad(sink.get(), pad.get());
            ASSERT_OBJECT_REFCOUNT(pad.get(), "pad", 1);
        }
    }
}
GST_END_TEST

GST_START_TEST(late_pad_is_published_and_a_released_one_closed)
{
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink ") + kVideo + "sink.video_0");
    p.play();
    (void)p.wait_published("video_0");
    const auto sink = p.element("sink");
    for (int i = 0; i < 3; ++i) {
        LateSource late(p, sink, "video_5");
        (void)p.wait_published("video_5");
        fail_unless_equals_int(service.open_tracks(), 2);
        late.take_away(p);
        (void)p.wait_message("the end of the late track", [](GstMessage* m) {
            return is_track_message(m, "video_5", "closed");
        });
        fail_unless_equals_int(service.open_tracks(), 1);
    }
    fail_unless_equals_int(service.calls_made(Call::NewSession), 1);
}
GST_END_TEST

GST_START_TEST(pad_released_before_its_track_is_published_leaves_nothing)
{
    FakeService service;
    service.on_io([&] { service.api->hold_next(Call::NewSession); });
    Pipeline p("cfcallssink name=sink");
    p.play();
    LateSource late(p, p.element("sink"), "video_0");
    late.take_away(p);
    service.on_io([&] { service.api->release(); });
    p.wait_for("the session", [&] {
        gint state = 0;
        g_object_get(p.element("sink").get(), "connection-state", &state, nullptr);
        return state > static_cast<gint>(calls::SessionState::Creating) ||
               service.on_io([&] { return !service.api->sessions().empty(); });
    });
    p.stop();
    fail_unless_equals_int(service.open_tracks(), 0);
}
GST_END_TEST

GST_START_TEST(two_pads_with_one_name_are_an_error)
{
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink video_0::track-name=x video_1::track-name=x ") +
               kVideo + "sink.video_0 " + kVideo + "sink.video_1");
    (void)p.set_state(GST_STATE_PLAYING);
    const BusReport report = p.wait_error();
    fail_unless(report.message.find("track-name") != std::string::npos);
    fail_unless_equals_int(report.code, GST_RESOURCE_ERROR_SETTINGS);
}
GST_END_TEST

GST_START_TEST(other_size_keeps_the_track_and_another_codec_replaces_it)
{
    FakeService service;
    Pipeline p("appsrc name=in is-live=true format=time do-timestamp=true ! sink.video_0 "
               "cfcallssink name=sink video_0::track-name=camera");
    p.play();
    const auto in = p.element("in");
    const auto push = [&](const char* caps, gsize size) {
        const auto c = Ref<GstCaps>::adopt(gst_caps_from_string(caps));
        const auto sample_buffer =
            Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, size, nullptr));
        gst_buffer_memset(sample_buffer.get(), 0, 0x80, size);
        const auto sample =
            Ref<GstSample>::adopt(gst_sample_new(sample_buffer.get(), c.get(), nullptr, nullptr));
        GstFlowReturn ret = GST_FLOW_OK;
        g_signal_emit_by_name(in.get(), "push-sample", sample.get(), &ret);
        fail_unless_equals_int(ret, GST_FLOW_OK);
    };
    push("video/x-raw,format=I420,width=160,height=120,framerate=30/1", 160 * 120 * 3 / 2);
    (void)p.wait_published("video_0");
    push("video/x-raw,format=I420,width=320,height=240,framerate=30/1", 320 * 240 * 3 / 2);
    push("video/x-raw,format=GRAY8,width=320,height=240,framerate=30/1", 320 * 240);
    fail_unless_equals_int(service.calls_made(Call::NewTracks), 1);

    GstHarness* h = gst_harness_new("vp8enc");
    gst_harness_set_src_caps_str(h, "video/x-raw,format=I420,width=160,height=120,framerate=30/1");
    GstBuffer* raw = gst_harness_create_buffer(h, 160 * 120 * 3 / 2);
    gst_buffer_memset(raw, 0, 0x80, 160 * 120 * 3 / 2);
    GST_BUFFER_PTS(raw) = 0;
    const auto encoded = Ref<GstBuffer>::adopt(gst_harness_push_and_pull(h, raw));
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(h->sinkpad));
    const auto sample =
        Ref<GstSample>::adopt(gst_sample_new(encoded.get(), caps.get(), nullptr, nullptr));
    GstFlowReturn ret = GST_FLOW_OK;
    g_signal_emit_by_name(in.get(), "push-sample", sample.get(), &ret);
    gst_harness_teardown(h);
    fail_unless_equals_int(ret, GST_FLOW_OK);
    (void)p.wait_message("the first track's end",
                         [](GstMessage* m) { return is_track_message(m, "video_0", "closed"); });
    fail_unless(p.wait_published("video_0").ends_with("/camera"));
    fail_unless_equals_int(service.open_tracks(), 1);
    fail_unless_equals_int(p.count_elements([](GstElement* e) {
        return g_str_has_prefix(GST_OBJECT_NAME(e), "vp8enc");
    }),
                           0);
}
GST_END_TEST

GST_START_TEST(end_of_a_pad_that_goes_ends_the_pipeline_with_the_others)
{
    FakeService service;
    Pipeline p("cfcallssink name=sink videotestsrc is-live=true num-buffers=40 ! "
               "video/x-raw,width=160,height=120,framerate=30/1 ! sink.video_0");
    p.play();
    LateSource late(p, p.element("sink"), "video_1");
    (void)p.wait_published("video_1");
    (void)p.wait_message("the end of the first track",
                         [](GstMessage* m) { return is_track_message(m, "video_0", "closed"); });
    late.take_away(p);
    p.wait_eos();
}
GST_END_TEST

static Suite* cfcallssink_pads_suite()
{
    Suite* s = suite_create("cfcallssink-pads");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, requested_names_are_kept);
    tcase_add_test(tc, track_names_are_unlike_unless_set);
    tcase_add_test(tc, children_are_the_pads);
    tcase_add_test(tc, launch_line_sets_a_pad_before_it_exists);
    tcase_add_test(tc, pads_come_and_go_in_every_state);
    tcase_add_test(tc, late_pad_is_published_and_a_released_one_closed);
    tcase_add_test(tc, pad_released_before_its_track_is_published_leaves_nothing);
    tcase_add_test(tc, two_pads_with_one_name_are_an_error);
    tcase_add_test(tc, other_size_keeps_the_track_and_another_codec_replaces_it);
    tcase_add_test(tc, end_of_a_pad_that_goes_ends_the_pipeline_with_the_others);
    return s;
}

GST_CHECK_MAIN(cfcallssink_pads)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// cfcallssink: from what is linked to what is published, with both seams faked.
#include "tests/support/element-fixture.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;
using cf::calls::Call;

namespace
{

constexpr const char* kVideo =
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! ";
constexpr const char* kAudio = "audiotestsrc is-live=true ! ";

std::string video_and_audio(const std::string& sink_properties = "")
{
    return std::string("cfcallssink name=sink ") + sink_properties + " " + kVideo +
           "sink.video_0 " + kAudio + "sink.audio_0";
}

template <typename T> T get(const Ref<GstElement>& object, const char* property)
{
    T value{};
    g_object_get(object.get(), property, &value, nullptr);
    return value;
}

std::string get_text(gpointer object, const char* property)
{
    gchar* value = nullptr;
    g_object_get(object, property, &value, nullptr);
    const OwnedString owned(value);
    return value != nullptr ? value : "";
}

std::string nick_of(gpointer object, const char* property)
{
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), property);
    gint value = 0;
    g_object_get(object, property, &value, nullptr);
    return g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, value)->value_nick;
}

Ref<GstPad> pad_of(const Ref<GstElement>& sink, const char* name)
{
    auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink.get(), name));
    fail_unless(pad.get() != nullptr);
    return pad;
}

} // namespace

GST_START_TEST(nothing_but_the_environment_is_needed)
{
    FakeService service;
    Pipeline p("videotestsrc ! cfcallssink name=sink");
    p.play();
    const std::string locator = p.wait_published("video_0");
    const auto sink = p.element("sink");
    fail_unless_equals_text(get_text(sink.get(), "session-id"),
                            locator.substr(0, locator.find('/')));
    fail_unless_equals_text(nick_of(sink.get(), "connection-state"), "connected");
    p.stop();
    fail_unless_equals_text(nick_of(sink.get(), "connection-state"), "closed");
    fail_unless_equals_text(get_text(sink.get(), "session-id"), "");
    fail_unless_equals_int(service.open_tracks(), 0);
}
GST_END_TEST

GST_START_TEST(all_pads_are_published_in_one_exchange)
{
    FakeService service;
    // A machine that is busy may need longer for the first frame than caps-timeout allows.
    Pipeline p(video_and_audio("caps-timeout=30000"));
    p.play();
    std::set<std::string> published;
    while (published.size() < 2) {
        auto m = p.wait_element_message("cfcalls-track", [](const GstStructure* s) {
            return g_str_equal(gst_structure_get_string(s, "state"), "published");
        });
        const GstStructure* s = gst_message_get_structure(m.get());
        published.insert(gst_structure_get_string(s, "pad"));
        fail_if(std::string(gst_structure_get_string(s, "track-name")).empty());
        fail_if(std::string(gst_structure_get_string(s, "session-id")).empty());
        fail_if(std::string(gst_structure_get_string(s, "mid")).empty());
    }
    fail_unless_equals_int(service.calls_made(Call::NewSession), 1);
    fail_unless_equals_int(service.calls_made(Call::NewTracks), 1);
    const auto tracks = service.on_io(
        [&] { return service.api->last<calls::NewTracksRequest>(Call::NewTracks).tracks.size(); });
    fail_unless_equals_int(tracks, 2);
}
GST_END_TEST

GST_START_TEST(pads_tell_what_became_of_them)
{
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink video_0::track-name=camera ") + kVideo +
               "sink.video_0");
    const auto sink = p.element("sink");
    const auto pad = pad_of(sink, "video_0");
    fail_unless_equals_text(nick_of(pad.get(), "track-state"), "none");
    fail_unless_equals_text(get_text(pad.get(), "track-name"), "camera");
    p.play();
    const std::string locator = p.wait_published("video_0");
    fail_unless_equals_text(locator.substr(locator.find('/') + 1), "camera");
    p.wait_for("the pad's state", [&] { return nick_of(pad.get(), "track-state") == "published"; });
    fail_unless_equals_text(get_text(pad.get(), "session-id"),
                            locator.substr(0, locator.find('/')));
    fail_if(get_text(pad.get(), "mid").empty());
    // Whoever pulls it knows it by this name.
    g_object_set(pad.get(), "track-name", "other", nullptr);
    fail_unless_equals_text(get_text(pad.get(), "track-name"), "camera");
}
GST_END_TEST

GST_START_TEST(locators_can_be_asked_for)
{
    FakeService service;
    Pipeline p(video_and_audio("video_0::track-name=camera audio_0::track-name=mic"));
    p.play();
    (void)p.wait_published("audio_0");
    const auto sink = p.element("sink");
    const auto count = [&](std::string* text) {
        GstStructure* s = nullptr;
        g_signal_emit_by_name(sink.get(), "get-track-locators", &s);
        const gst::OwnedStructure owned(s);
        const OwnedString printed(gst_structure_to_string(s));
        *text = printed.get();
        return gst_value_array_get_size(gst_structure_get_value(s, "tracks"));
    };
    std::string text;
    p.wait_for("both locators", [&] { return count(&text) == 2; });
    fail_unless(text.find("camera") != std::string::npos);
    fail_unless(text.find("mic") != std::string::npos);
}
GST_END_TEST

GST_START_TEST(signals_tell_the_life_of_a_track)
{
    struct Heard {
        std::atomic<unsigned> created = 0;
        std::atomic<unsigned> published = 0;
        std::atomic<unsigned> closed = 0;
        std::atomic<unsigned> encoders = 0;
        std::atomic<unsigned> payloaders = 0;
    } heard;
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink ") + kVideo + "sink.video_0");
    const auto sink = p.element("sink");
    g_signal_connect(sink.get(), "session-created",
                     G_CALLBACK(+[](GstElement*, const char* id, Heard* h) {
                         if (*id != '\0')
                             ++h->created;
                     }),
                     &heard);
    g_signal_connect(sink.get(), "track-published",
                     G_CALLBACK(+[](GstElement*, GstPad* pad, GstStructure* locator, Heard* h) {
                         if (g_str_equal(GST_PAD_NAME(pad), "video_0") &&
                             gst_structure_has_field(locator, "session-id") &&
                             gst_structure_has_field(locator, "track-name"))
                             ++h->published;
                     }),
                     &heard);
    g_signal_connect(sink.get(), "track-closed",
                     G_CALLBACK(+[](GstElement*, GstPad*, const char*, Heard* h) { ++h->closed; }),
                     &heard);
    g_signal_connect(
        sink.get(), "encoder-setup",
        G_CALLBACK(+[](GstElement*, const char*, const char* pad, GstElement* e, Heard* h) {
            if (g_str_equal(pad, "video_0") &&
                g_str_has_prefix(GST_OBJECT_NAME(gst_element_get_factory(e)), "vp8enc"))
                ++h->encoders;
            return FALSE;
        }),
        &heard);
    g_signal_connect(sink.get(), "payloader-setup",
                     G_CALLBACK(+[](GstElement*, const char*, const char*, GstElement*, Heard* h) {
                         ++h->payloaders;
                         return FALSE;
                     }),
                     &heard);
    p.play();
    (void)p.wait_published("video_0");
    p.wait_for("track-published", [&] { return heard.published == 1; });
    fail_unless_equals_int(heard.created.load(), 1);
    fail_unless_equals_int(heard.encoders.load(), 1);
    fail_unless_equals_int(heard.payloaders.load(), 1);
    gst_element_send_event(p.get(), gst_event_new_eos());
    p.wait_eos();
    fail_unless_equals_int(heard.closed.load(), 1);
}
GST_END_TEST

GST_START_TEST(encoder_that_the_application_sets_up_is_left_alone)
{
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink ") + kVideo + "sink.video_0");
    const auto sink = p.element("sink");
    g_signal_connect(
        sink.get(), "encoder-setup",
        G_CALLBACK(+[](GstElement*, const char*, const char*, GstElement* e, gpointer) {
            g_object_set(e, "keyframe-max-dist", 7, nullptr);
            return TRUE;
        }),
        nullptr);
    p.play();
    (void)p.wait_published("video_0");
    const unsigned found = p.count_elements([](GstElement* e) {
        gint distance = 0;
        if (g_object_class_find_property(G_OBJECT_GET_CLASS(e), "keyframe-max-dist") == nullptr)
            return false;
        g_object_get(e, "keyframe-max-dist", &distance, nullptr);
        return distance == 7;
    });
    fail_unless_equals_int(found, 1);
}
GST_END_TEST

GST_START_TEST(eos_closes_the_tracks_and_then_ends_the_pipeline)
{
    FakeService service;
    Pipeline p("videotestsrc num-buffers=60 is-live=true ! "
               "video/x-raw,width=160,height=120,framerate=30/1 ! cfcallssink name=sink");
    p.play();
    (void)p.wait_published("video_0");
    fail_unless_equals_int(service.open_tracks(), 1);
    p.wait_eos();
    fail_unless_equals_int(service.open_tracks(), 0);
    fail_unless_equals_text(nick_of(pad_of(p.element("sink"), "video_0").get(), "track-state"),
                            "closed");
}
GST_END_TEST

GST_START_TEST(eos_of_one_pad_closes_that_track_only)
{
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink ") + kAudio +
               "sink.audio_0 videotestsrc num-buffers=45 is-live=true ! "
               "video/x-raw,width=160,height=120,framerate=30/1 ! sink.video_0");
    p.play();
    (void)p.wait_published("video_0");
    (void)p.wait_message("the end of the video track",
                         [](GstMessage* m) { return is_track_message(m, "video_0", "closed"); });
    fail_unless_equals_int(service.open_tracks(), 1);
    fail_unless_equals_text(nick_of(pad_of(p.element("sink"), "audio_0").get(), "track-state"),
                            "published");
}
GST_END_TEST

GST_START_TEST(eos_comes_although_the_service_does_not_answer)
{
    FakeService service;
    Pipeline p("cfcallssink name=sink close-timeout=300 videotestsrc num-buffers=45 is-live=true ! "
               "video/x-raw,width=160,height=120,framerate=30/1 ! sink.video_0");
    p.play();
    (void)p.wait_published("video_0");
    service.on_io([&] { service.api->hold_next(Call::CloseTracks); });
    p.wait_eos();
    service.on_io([&] { service.api->release(); });
}
GST_END_TEST

GST_START_TEST(eos_can_be_sent_to_the_element)
{
    FakeService service;
    Pipeline p(video_and_audio());
    p.play();
    (void)p.wait_published("video_0");
    gst_element_send_event(p.element("sink").get(), gst_event_new_eos());
    p.wait_eos();
    fail_unless_equals_int(service.open_tracks(), 0);
}
GST_END_TEST

GST_START_TEST(stream_that_ends_before_it_begins_ends_the_pipeline)
{
    FakeService service;
    for (const char* source : {"fakesrc", "videotestsrc"}) {
        Pipeline p(std::string(source) + " num-buffers=0 ! cfcallssink0.video_0 "
                                         "cfcallssink name=cfcallssink0");
        p.play();
        p.wait_eos();
        fail_unless_equals_int(service.open_tracks(), 0);
    }
}
GST_END_TEST

GST_START_TEST(seek_back_after_the_end_publishes_again)
{
    FakeService service;
    Pipeline p("cfcallssink name=sink video_0::track-name=loop videotestsrc ! "
               "video/x-raw,width=160,height=120,framerate=30/1 ! sink.video_0");
    const auto seek = [&] {
        fail_unless(gst_element_seek(p.get(), 1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                     GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_SET, GST_SECOND));
    };
    fail_if(p.set_state(GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
    fail_unless_equals_int(gst_element_get_state(p.get(), nullptr, nullptr, 10 * GST_SECOND),
                           GST_STATE_CHANGE_SUCCESS);
    seek();
    gint64 position = -1;
    fail_unless(gst_element_query_position(p.get(), GST_FORMAT_TIME, &position));
    p.play();
    for (int round = 0; round < 3; ++round) {
        (void)p.wait_published("video_0");
        p.wait_eos();
        fail_unless_equals_int(service.open_tracks(), 0);
        seek();
    }
    fail_unless_equals_int(service.calls_made(Call::NewSession), 1);
}
GST_END_TEST

GST_START_TEST(lost_session_is_replaced_with_the_same_names)
{
    FakeService service;
    Pipeline p("cfcallssink name=sink retry-delay=10 video_0::track-name=camera "
               "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! sink.video_0");
    p.play();
    const std::string first = p.wait_published("video_0");
    service.on_io([&] {
        service.api->expire(service.api->sessions().front());
        service.peers.made.back()->set_transport(calls::TransportState::Failed, "gone");
    });
    std::string second;
    do
        second = p.wait_published("video_0");
    while (second == first);
    fail_unless_equals_text(second.substr(second.find('/') + 1), "camera");
    fail_if(p.warnings().empty(), "the loss came without a WARNING");
    guint reconnects = 0;
    GstStructure* stats = nullptr;
    g_object_get(p.element("sink").get(), "stats", &stats, nullptr);
    const gst::OwnedStructure owned(stats);
    fail_unless(gst_structure_get_uint(stats, "reconnects", &reconnects));
    fail_unless_equals_int(reconnects, 1);
    fail_unless(gst_structure_has_field(stats, "video_0"));
}
GST_END_TEST

GST_START_TEST(refused_credentials_are_one_error)
{
    FakeService service;
    service.on_io([&] { service.api->refuse_next(Call::NewSession, 401); });
    Pipeline p(video_and_audio());
    (void)p.set_state(GST_STATE_PLAYING);
    const BusReport report = p.wait_error();
    fail_unless_equals_text(report.domain, g_quark_to_string(GST_RESOURCE_ERROR));
    fail_unless_equals_int(report.code, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    fail_unless_equals_text(nick_of(p.element("sink").get(), "connection-state"), "failed");
}
GST_END_TEST

GST_START_TEST(refused_track_is_an_error_when_it_is_the_only_one)
{
    FakeService service;
    service.on_io([&] {
        service.api->fail_item(Call::NewTracks, "camera", "track_name_already_in_use", 1000);
    });
    Pipeline p("cfcallssink name=sink video_0::track-name=camera "
               "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! sink.video_0");
    (void)p.set_state(GST_STATE_PLAYING);
    const BusReport report = p.wait_error();
    fail_if(report.message.empty());
    fail_unless_equals_text(nick_of(pad_of(p.element("sink"), "video_0").get(), "track-state"),
                            "error");
}
GST_END_TEST

GST_START_TEST(force_keyframe_reaches_the_encoder)
{
    FakeService service;
    Pipeline p(video_and_audio());
    p.play();
    (void)p.wait_published("video_0");
    const auto requests = [&] {
        GstStructure* stats = nullptr;
        g_object_get(p.element("sink").get(), "stats", &stats, nullptr);
        const gst::OwnedStructure owned(stats);
        GstStructure* of_pad = nullptr;
        guint64 count = 0;
        fail_unless(gst_structure_get(stats, "video_0", GST_TYPE_STRUCTURE, &of_pad, nullptr));
        const gst::OwnedStructure owned_pad(of_pad);
        fail_unless(gst_structure_get_uint64(of_pad, "key-requests", &count));
        return count;
    };
    const guint64 before = requests();
    g_signal_emit_by_name(p.element("sink").get(), "force-keyframe", nullptr);
    fail_unless(requests() == before + 1);
    g_signal_emit_by_name(p.element("sink").get(), "force-keyframe",
                          pad_of(p.element("sink"), "audio_0").get());
    fail_unless(requests() == before + 1);
}
GST_END_TEST

GST_START_TEST(bitrate_changes_while_playing)
{
    FakeService service;
    Pipeline p(std::string("cfcallssink name=sink start-bitrate=500000 ") + kVideo +
               "sink.video_0");
    p.play();
    (void)p.wait_published("video_0");
    const auto target = [&](int wanted) {
        return p.count_elements([&](GstElement* e) {
            gint bitrate = 0;
            if (g_object_class_find_property(G_OBJECT_GET_CLASS(e), "target-bitrate") == nullptr)
                return false;
            g_object_get(e, "target-bitrate", &bitrate, nullptr);
            return bitrate == wanted;
        }) == 1;
    };
    fail_unless(target(500000));
    const auto pad = pad_of(p.element("sink"), "video_0");
    g_object_set(pad.get(), "bitrate", 800000, nullptr);
    fail_unless(target(800000));
    g_object_set(p.element("sink").get(), "max-bitrate", 600000, nullptr);
    fail_unless(target(600000));
}
GST_END_TEST

static Suite* cfcallssink_suite()
{
    Suite* s = suite_create("cfcallssink");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, nothing_but_the_environment_is_needed);
    tcase_add_test(tc, all_pads_are_published_in_one_exchange);
    tcase_add_test(tc, pads_tell_what_became_of_them);
    tcase_add_test(tc, locators_can_be_asked_for);
    tcase_add_test(tc, signals_tell_the_life_of_a_track);
    tcase_add_test(tc, encoder_that_the_application_sets_up_is_left_alone);
    tcase_add_test(tc, eos_closes_the_tracks_and_then_ends_the_pipeline);
    tcase_add_test(tc, eos_of_one_pad_closes_that_track_only);
    tcase_add_test(tc, eos_comes_although_the_service_does_not_answer);
    tcase_add_test(tc, eos_can_be_sent_to_the_element);
    tcase_add_test(tc, stream_that_ends_before_it_begins_ends_the_pipeline);
    tcase_add_test(tc, seek_back_after_the_end_publishes_again);
    tcase_add_test(tc, lost_session_is_replaced_with_the_same_names);
    tcase_add_test(tc, refused_credentials_are_one_error);
    tcase_add_test(tc, refused_track_is_an_error_when_it_is_the_only_one);
    tcase_add_test(tc, force_keyframe_reaches_the_encoder);
    tcase_add_test(tc, bitrate_changes_while_playing);
    return s;
}

GST_CHECK_MAIN(cfcallssink)

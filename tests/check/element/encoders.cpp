/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which encoder is chosen, how it is set up, and what is said when there is none.
#include "gst/encoders.hpp"

#include "tests/support/element-fixture.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::gst;
using namespace cf::test;
using cf::calls::MediaKind;

namespace
{

EncoderWish wish(const char* codecs, const char* pinned = "")
{
    return {.kind = MediaKind::Video,
            .codecs = Ref<GstCaps>::adopt(gst_caps_from_string(codecs)),
            .pinned = pinned};
}

// As on a machine where the package is not installed. Each test runs in a process of its own.
void uninstall(const char* factory)
{
    GstRegistry* registry = gst_registry_get();
    if (const auto feature =
            Ref<GstPluginFeature>::adopt(gst_registry_lookup_feature(registry, factory)))
        gst_registry_remove_feature(registry, feature.get());
}

template <typename T> T get(const Ref<GstElement>& element, const char* property)
{
    T value{};
    g_object_get(element.get(), property, &value, nullptr);
    return value;
}

// What is said of a stream with these caps; its source cannot be told beforehand that they will
// not do, as with a demuxer.
BusReport refusal(const std::string& pad, const char* caps)
{
    Pipeline p("appsrc name=in is-live=true format=time ! sink." + pad + " cfcallssink name=sink");
    (void)p.set_state(GST_STATE_PLAYING);
    const auto c = Ref<GstCaps>::adopt(gst_caps_from_string(caps));
    const auto buffer = Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, 100, nullptr));
    const auto sample =
        Ref<GstSample>::adopt(gst_sample_new(buffer.get(), c.get(), nullptr, nullptr));
    GstFlowReturn ret = GST_FLOW_OK;
    g_signal_emit_by_name(p.element("in").get(), "push-sample", sample.get(), &ret);
    return p.wait_error();
}

BusReport error_of(const std::string& line)
{
    Pipeline p(line);
    (void)p.set_state(GST_STATE_PLAYING);
    return p.wait_error();
}

} // namespace

GST_START_TEST(first_preferred_codec_wins)
{
    const std::pair<const char*, const char*> rows[] = {
        {"video/x-vp8; video/x-h264", "vp8enc"},
        {"video/x-h264; video/x-vp8", "x264enc"},
        {"video/x-vp9", "vp9enc"},
        {"video/x-theora; video/x-vp9", "vp9enc"},
    };
    for (const auto& [codecs, factory] : rows) {
        const auto choice = choose_encoder(wish(codecs));
        fail_unless(choice.ok());
        fail_unless_equals_text(choice->factory, factory);
        fail_unless(choice->known != nullptr);
        fail_unless(!choice->output);
    }
}
GST_END_TEST

GST_START_TEST(next_encoder_is_taken_when_the_first_is_not_installed)
{
    uninstall("x264enc");
    const auto choice = choose_encoder(wish("video/x-h264; video/x-vp8"));
    fail_unless(choice.ok());
    fail_unless_equals_text(choice->factory, "openh264enc");
    fail_unless_equals_text(choice->passed_over.front(), "x264enc: not installed");
    uninstall("openh264enc");
    const auto next = choose_encoder(wish("video/x-h264; video/x-vp8"));
    fail_unless(next.ok());
    fail_unless_equals_text(next->factory, "vp8enc");
}
GST_END_TEST

GST_START_TEST(constraint_of_the_preference_goes_to_the_output)
{
    const auto high = choose_encoder(wish("video/x-h264,profile=high"));
    fail_unless(high.ok());
    const OwnedString text(gst_caps_to_string(high->output.get()));
    fail_unless(strstr(text.get(), "high") != nullptr);
    const auto none = choose_encoder(wish("video/x-h264,profile=no-such-profile"));
    fail_if(none.ok());
    fail_unless(none.error().code == ErrorCode::Unsupported);
}
GST_END_TEST

GST_START_TEST(missing_encoder_names_its_package)
{
    uninstall("x264enc");
    uninstall("openh264enc");
    const auto choice = choose_encoder(wish("video/x-h264"));
    fail_if(choice.ok());
    fail_unless(choice.error().code == ErrorCode::MissingPlugin);
    fail_unless(choice.error().message.find("gstreamer1.0-plugins-ugly") != std::string::npos);
}
GST_END_TEST

GST_START_TEST(pinned_encoder_is_the_one_or_none)
{
    const auto open = choose_encoder(wish("video/x-vp8; video/x-h264", "openh264enc"));
    fail_unless(open.ok());
    fail_unless_equals_text(open->factory, "openh264enc");
    const auto wrong = choose_encoder(wish("video/x-vp8", "x264enc"));
    fail_if(wrong.ok());
    fail_unless(wrong.error().code == ErrorCode::InvalidArgument);
    const auto no_encoder = choose_encoder(wish("video/x-vp8", "rtpvp8depay"));
    fail_if(no_encoder.ok());
    fail_unless(no_encoder.error().code == ErrorCode::InvalidArgument);
    const auto unknown = choose_encoder(wish("video/x-vp8", "no-such-encoder"));
    fail_if(unknown.ok());
    fail_unless(unknown.error().code == ErrorCode::MissingPlugin);
}
GST_END_TEST

GST_START_TEST(every_known_encoder_is_set_up_for_low_delay)
{
    for (const KnownEncoder& known : known_encoders()) {
        const auto encoder =
            Ref<GstElement>::sink(gst_element_factory_make(known.factory, nullptr));
        fail_unless(encoder.get() != nullptr, "%s", known.factory);
        configure_encoder(encoder.get(), known, {});
        set_encoder_bitrate(encoder.get(), known, 640000);
        GObjectClass* klass = G_OBJECT_GET_CLASS(encoder.get());
        for (const EncoderSetting& s : known.settings)
            fail_unless(g_object_class_find_property(klass, s.property) != nullptr, "%s has no %s",
                        known.factory, s.property);
        GValue bitrate = G_VALUE_INIT;
        g_value_init(&bitrate, G_TYPE_INT64);
        g_object_get_property(G_OBJECT(encoder.get()), known.bitrate_property, &bitrate);
        fail_unless_equals_int(g_value_get_int64(&bitrate) * known.bitrate_unit, 640000);
        g_value_unset(&bitrate);
    }
    const auto vp8 = Ref<GstElement>::sink(gst_element_factory_make("vp8enc", nullptr));
    configure_encoder(vp8.get(), known_encoders()[1], {});
    fail_unless(get<gint64>(vp8, "deadline") == 1);
    fail_unless_equals_int(get<gint>(vp8, "keyframe-max-dist"), 600);
    fail_unless(get<guint64>(vp8, "min-force-key-unit-interval") == 300 * GST_MSECOND);
}
GST_END_TEST

GST_START_TEST(bitrate_is_kept_within_what_the_encoder_takes)
{
    const auto opus = Ref<GstElement>::sink(gst_element_factory_make("opusenc", nullptr));
    const KnownEncoder& known = known_encoders()[0];
    set_encoder_bitrate(opus.get(), known, 1);
    fail_unless_equals_int(get<gint>(opus, "bitrate"), 4000);
    set_encoder_bitrate(opus.get(), known, 900000000);
    fail_unless_equals_int(get<gint>(opus, "bitrate"), 650000);
}
GST_END_TEST

GST_START_TEST(element_tells_which_plugin_is_missing)
{
    FakeService service;
    uninstall("vp8enc");
    Pipeline p("videotestsrc is-live=true ! cfcallssink name=sink video-caps=video/x-vp8");
    (void)p.set_state(GST_STATE_PLAYING);
    (void)p.wait_message("the missing-plugin message", [](GstMessage* m) {
        const GstStructure* s = gst_message_get_structure(m);
        return GST_MESSAGE_TYPE(m) == GST_MESSAGE_ELEMENT &&
               gst_structure_has_name(s, "missing-plugin");
    });
    const BusReport report = p.wait_error();
    fail_unless_equals_text(report.domain, g_quark_to_string(GST_CORE_ERROR));
    fail_unless_equals_int(report.code, GST_CORE_ERROR_MISSING_PLUGIN);
    fail_unless(report.message.find("gstreamer1.0-plugins-good") != std::string::npos);
}
GST_END_TEST

GST_START_TEST(what_cannot_be_published_is_refused_with_a_way_out)
{
    FakeService service;
    const BusReport aac = refusal("audio_0", "audio/mpeg,mpegversion=4");
    fail_unless_equals_text(aac.domain, g_quark_to_string(GST_STREAM_ERROR));
    fail_unless_equals_int(aac.code, GST_STREAM_ERROR_WRONG_TYPE);
    fail_unless(aac.message.find("audio/mpeg") != std::string::npos);
    fail_unless(aac.message.find("Opus") != std::string::npos);
    fail_unless(aac.message.find("decodebin") != std::string::npos);
    const std::pair<const char*, const char*> rows[] = {
        {"video_0", "image/jpeg"},
        {"video_0", "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2"},
        {"audio_0", "application/x-rtp,media=(string)audio,encoding-name=(string)PCMA"},
        {"video_0", "application/x-rtp,media=(string)audio,encoding-name=(string)OPUS"},
        {"video_0", "application/x-rtp"},
    };
    for (const auto& [pad, caps] : rows) {
        const BusReport report = refusal(pad, caps);
        fail_unless_equals_int(report.code, GST_STREAM_ERROR_WRONG_TYPE);
        fail_unless_equals_text(report.source, "sink");
    }
}
GST_END_TEST

GST_START_TEST(data_without_caps_is_refused_with_a_way_out)
{
    FakeService service;
    const BusReport report = error_of("fakesrc sizetype=fixed sizemax=100 ! cfcallssink0.video_0 "
                                      "cfcallssink name=cfcallssink0");
    fail_unless_equals_text(report.source, "cfcallssink0");
    fail_unless(report.message.find("caps") != std::string::npos);
}
GST_END_TEST

static Suite* encoders_suite()
{
    Suite* s = suite_create("encoders");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, first_preferred_codec_wins);
    tcase_add_test(tc, next_encoder_is_taken_when_the_first_is_not_installed);
    tcase_add_test(tc, constraint_of_the_preference_goes_to_the_output);
    tcase_add_test(tc, missing_encoder_names_its_package);
    tcase_add_test(tc, pinned_encoder_is_the_one_or_none);
    tcase_add_test(tc, every_known_encoder_is_set_up_for_low_delay);
    tcase_add_test(tc, bitrate_is_kept_within_what_the_encoder_takes);
    tcase_add_test(tc, element_tells_which_plugin_is_missing);
    tcase_add_test(tc, what_cannot_be_published_is_refused_with_a_way_out);
    tcase_add_test(tc, data_without_caps_is_refused_with_a_way_out);
    return s;
}

GST_CHECK_MAIN(encoders)

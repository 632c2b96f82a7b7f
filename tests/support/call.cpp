/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/call.hpp"

#include <algorithm>

namespace cf::test
{

namespace
{

constexpr unsigned kRed = 0xff0000;
constexpr double kHertz = 440;
// A second of pictures and of sound.
constexpr unsigned kEnoughPictures = 15;
constexpr unsigned kEnoughSounds = 25;

// Short, so that what waits for them in earnest can be tested; backed-off delays as well.
constexpr const char* kQuick = " retry-delay=200 retry-max-delay=1000 disconnect-timeout=500 "
                               "connect-timeout=4000 close-timeout=2000 ";

std::string field(const GstStructure* s, const char* name)
{
    const char* value = gst_structure_get_string(s, name);
    return value != nullptr ? value : "";
}

std::string property(GstElement* element, const char* name)
{
    gchar* text = nullptr;
    g_object_get(element, name, &text, nullptr);
    const OwnedString owned{text};
    return text != nullptr ? text : "";
}

guint reconnects_of(GstElement* element)
{
    GstStructure* s = nullptr;
    g_object_get(element, "stats", &s, nullptr);
    const gst::OwnedStructure stats{s};
    guint count = 0;
    fail_unless(gst_structure_get_uint(s, "reconnects", &count));
    return count;
}

// By address: the same name alone would not show that it is the same pad.
std::string pads_of(GstElement* element)
{
    std::vector<std::string> all;
    GST_OBJECT_LOCK(element);
    for (GList* l = element->pads; l != nullptr; l = l->next) {
        const OwnedString text{g_strdup_printf("%s %p ", GST_PAD_NAME(l->data), l->data)};
        all.emplace_back(text.get());
    }
    GST_OBJECT_UNLOCK(element);
    std::sort(all.begin(), all.end());
    std::string out;
    for (const auto& one : all) {
        if (one.find("_1 ") == std::string::npos) // those come and go
            out += one;
    }
    return out;
}

std::string colour_source(unsigned rgb)
{
    return "videotestsrc is-live=true pattern=solid-color foreground-color=" +
           std::to_string(0xff000000U | rgb) +
           " ! capsfilter caps=video/x-raw,width=160,height=120,framerate=15/1";
}

constexpr const char* kPictureSink =
    "videoconvert ! video/x-raw,format=RGB ! fakesink async=false sync=false name=";

} // namespace

unsigned News::count_state(const std::string& state) const
{
    return unsigned(std::count(states.begin(), states.end(), state));
}

bool News::has_api_error(const std::string& text) const
{
    return std::find(api_errors.begin(), api_errors.end(), text) != api_errors.end();
}

bool News::has_track(const std::string& state, const std::string& error_code) const
{
    return std::any_of(tracks.begin(), tracks.end(), [&](const Track& t) {
        return t.state == state && t.error_code == error_code;
    });
}

void Call::note(News& news, GstMessage* message)
{
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT)
        return;
    const GstStructure* s = gst_message_get_structure(message);
    if (gst_structure_has_name(s, "cfcalls-state")) {
        news.states.push_back(field(s, "new"));
        if (gst_structure_has_field(s, "error-code"))
            news.reasons.push_back(field(s, "error-code"));
    } else if (gst_structure_has_name(s, "cfcalls-track")) {
        news.tracks.push_back(
            {field(s, "pad"), field(s, "track-name"), field(s, "state"), field(s, "error-code")});
    } else if (gst_structure_has_name(s, "cfcalls-api-error")) {
        guint status = 0;
        gboolean retried = FALSE;
        fail_unless(gst_structure_get_uint(s, "http-status", &status));
        fail_unless(gst_structure_get_boolean(s, "retryable", &retried));
        news.api_errors.push_back(field(s, "call") + " " + std::to_string(status) +
                                  (retried ? " retried" : " final"));
    }
}

Call::Call(Options options) : sfu(options.emulator)
{
    for (const auto& fault : options.faults)
        sfu.add_fault(fault);
    publisher = std::make_unique<Pipeline>(
        std::string{"cfcallssink name=sink video_0::track-name=cam audio_0::track-name=mic"} +
        kQuick + options.sink + " " + colour_source(kRed) +
        " ! sink.video_0 audiotestsrc is-live=true samplesperbuffer=960 freq=" +
        std::to_string(int(kHertz)) + " ! audio/x-raw,rate=48000,channels=1 ! sink.audio_0");
    publisher->observe([this](GstMessage* m) { note(sink_news, m); });
    publisher->play();
    wait_for("both tracks published",
             [this] { return is_published("video_0") && is_published("audio_0"); });
    play_viewer(options.src);
    pads_ = pads_now();
}

void Call::play_viewer(const std::string& settings)
{
    viewer = std::make_unique<Pipeline>(
        "cfcallssrc name=src tracks=\"" + locator("cam") + "?kind=video," + locator("mic") +
        "?kind=audio\"" + kQuick + "track-timeout=2000 " + settings + " src.video_0 ! " +
        kPictureSink +
        "picture src.audio_0 ! audioconvert ! audioresample ! "
        "audio/x-raw,format=S16LE,rate=48000,channels=1 ! fakesink async=false sync=false "
        "name=sound");
    viewer->observe([this](GstMessage* m) { note(src_news, m); });
    picture_ =
        std::make_unique<StreamWatch>(viewer->element("picture").get(), Content::colour(kRed));
    sound_ = std::make_unique<StreamWatch>(viewer->element("sound").get(), Content::tone(kHertz));
    viewer->play();
    expect_content();
}

Call::~Call()
{
    if (viewer)
        viewer->set_state(GST_STATE_NULL);
    publisher->set_state(GST_STATE_NULL);
}

std::string Call::sink_session() const
{
    return property(publisher->element("sink").get(), "session-id");
}
std::string Call::src_session() const
{
    return property(viewer->element("src").get(), "session-id");
}
guint Call::sink_reconnects() const
{
    return reconnects_of(publisher->element("sink").get());
}
guint Call::src_reconnects() const
{
    return reconnects_of(viewer->element("src").get());
}
std::string Call::locator(const std::string& track) const
{
    return sink_session() + "/" + track;
}

bool Call::is_published(const std::string& pad) const
{
    auto sink = publisher->element("sink");
    const auto p = Ref<GstPad>::adopt(gst_element_get_static_pad(sink.get(), pad.c_str()));
    gchar* state = nullptr;
    if (!p)
        return false;
    gst_child_proxy_get(GST_CHILD_PROXY(sink.get()), (pad + "::session-id").c_str(), &state,
                        nullptr);
    const OwnedString session{state};
    int value = 0;
    g_object_get(p.get(), "track-state", &value, nullptr);
    const auto* type = static_cast<GEnumClass*>(g_type_class_peek(G_PARAM_SPEC_VALUE_TYPE(
        g_object_class_find_property(G_OBJECT_GET_CLASS(p.get()), "track-state"))));
    const GEnumValue* nick = g_enum_get_value(const_cast<GEnumClass*>(type), value);
    return nick != nullptr && g_str_equal(nick->value_nick, "published") &&
           g_strcmp0(session.get(), sink_session().c_str()) == 0;
}

std::string Call::pads_now() const
{
    return pads_of(publisher->element("sink").get()) + pads_of(viewer->element("src").get());
}

void Call::wait_for(const char* what, const std::function<bool()>& condition, Milliseconds patience)
{
    publisher->wait_for(
        what,
        [&] {
            if (viewer)
                viewer->read_bus();
            sink_news.warnings = publisher->warnings();
            if (viewer)
                src_news.warnings = viewer->warnings();
            return condition();
        },
        patience);
}

void Call::follow()
{
    auto src = viewer->element("src");
    const struct {
        const char* pad;
        const char* track;
    } kShown[] = {{"video_0", "cam"}, {"audio_0", "mic"}};
    for (const auto& shown : kShown) {
        const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), shown.pad));
        fail_unless(pad.get() != nullptr, "the viewer has lost its pad %s", shown.pad);
        if (property(GST_ELEMENT(src.get()), "tracks").find(locator(shown.track)) !=
            std::string::npos)
            continue;
        const gst::OwnedStructure track{gst_structure_new("track", "session-id", G_TYPE_STRING,
                                                          sink_session().c_str(), "track-name",
                                                          G_TYPE_STRING, shown.track, nullptr)};
        gboolean taken = FALSE;
        g_signal_emit_by_name(src.get(), "update-track", pad.get(), track.get(), &taken);
        fail_unless(taken, "update-track was refused");
    }
}

void Call::expect_content()
{
    const auto before = std::pair{picture_->seen().right, sound_->seen().right};
    wait_for("the right picture and the right tone", [&] {
        const auto p = picture_->seen();
        const auto s = sound_->seen();
        return p.right >= before.first + kEnoughPictures && p.right_in_a_row >= kEnoughPictures &&
               s.right >= before.second + kEnoughSounds && s.right_in_a_row >= kEnoughSounds;
    });
}

void Call::expect_recovered()
{
    wait_for("both tracks published again", [this] {
        return !sink_session().empty() && is_published("video_0") && is_published("audio_0");
    });
    follow();
    expect_content();
    fail_unless_equals_text(pads_now(), pads_);
    for (const char* name : {"cam", "mic"})
        wait_for(name, [&] { // the old session is tidied up in the background
            const auto all = sfu.tracks();
            return std::all_of(all.begin(), all.end(), [&](const SfuTrack& t) {
                return t.name != name || t.location != "local" || t.status != "active" ||
                       t.session == sink_session();
            });
        });
    if (!may_show_other_pictures)
        fail_unless_equals_int(int(picture_->seen().wrong), 0);
    fail_unless(!picture_->seen().eos && !sound_->seen().eos, "a pad has ended");
    fail_unless_equals_int(int(picture_->seen().stream_starts), 1);
}

void Call::set_sink_pad(const char* pad, const char* property, const char* value)
{
    auto sink = publisher->element("sink");
    const auto p = Ref<GstPad>::adopt(gst_element_get_static_pad(sink.get(), pad));
    gst_util_set_object_arg(G_OBJECT(p.get()), property, value);
}

void Call::restart(Pipeline& pipeline, const char* element)
{
    gboolean taken = FALSE;
    g_signal_emit_by_name(pipeline.element(element).get(), "restart-session", &taken);
    fail_unless(taken);
}

void Call::add_publication(const std::string& name, unsigned rgb)
{
    auto sink = publisher->element("sink");
    GError* error = nullptr;
    GstElement* bin = gst_parse_bin_from_description(colour_source(rgb).c_str(), TRUE, &error);
    fail_unless(bin != nullptr && error == nullptr);
    gst_object_set_name(GST_OBJECT(bin), "more");
    gst_bin_add(GST_BIN(publisher->get()), bin);
    const auto pad = Ref<GstPad>::adopt(gst_element_request_pad_simple(sink.get(), "video_1"));
    g_object_set(pad.get(), "track-name", name.c_str(), nullptr);
    const auto out = Ref<GstPad>::adopt(gst_element_get_static_pad(bin, "src"));
    fail_unless_equals_int(gst_pad_link(out.get(), pad.get()), GST_PAD_LINK_OK);
    fail_unless(gst_element_sync_state_with_parent(bin));
}

void Call::remove_publication()
{
    auto bin = publisher->element("more");
    auto sink = publisher->element("sink");
    gst_element_set_state(bin.get(), GST_STATE_NULL);
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink.get(), "video_1"));
    gst_bin_remove(GST_BIN(publisher->get()), bin.get());
    gst_element_release_request_pad(sink.get(), pad.get());
}

void Call::add_pull(const std::string& where)
{
    const auto slash = where.find('/');
    const gst::OwnedStructure track{gst_structure_new(
        "track", "session-id", G_TYPE_STRING, where.substr(0, slash).c_str(), "track-name",
        G_TYPE_STRING, where.substr(slash + 1).c_str(), "kind", G_TYPE_STRING, "video", nullptr)};
    gboolean taken = FALSE;
    g_signal_emit_by_name(viewer->element("src").get(), "add-track", track.get(), &taken);
    fail_unless(taken, "add-track was refused");
}

void Call::expect_extra(unsigned rgb)
{
    if (!extra_) {
        auto src = viewer->element("src");
        Ref<GstPad> pad;
        wait_for("the pad of the third track", [&] {
            pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_1"));
            return pad.get() != nullptr;
        });
        GError* error = nullptr;
        GstElement* bin = gst_parse_bin_from_description(
            (std::string{kPictureSink} + "extra").c_str(), TRUE, &error);
        fail_unless(bin != nullptr && error == nullptr);
        gst_bin_add(GST_BIN(viewer->get()), bin);
        gst_element_sync_state_with_parent(bin);
        extra_ =
            std::make_unique<StreamWatch>(viewer->element("extra").get(), Content::colour(rgb));
        const auto in = Ref<GstPad>::adopt(gst_element_get_static_pad(bin, "sink"));
        fail_unless_equals_int(gst_pad_link(pad.get(), in.get()), GST_PAD_LINK_OK);
    }
    extra_->expect(Content::colour(rgb));
    wait_for("the right third picture",
             [&] { return extra_->seen().right_in_a_row >= kEnoughPictures; });
}

void Call::expect_viewer_kept_its_session(const std::string& session) const
{
    fail_unless_equals_text(src_session(), session);
    fail_unless_equals_int(int(src_reconnects()), 0);
    fail_unless_equals_int(int(src_news.count_state("reconnecting")), 0);
}

int run_rows(Suite* suite, const char* what)
{
    SRunner* runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int rows = srunner_ntests_run(runner);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    g_print("recovery from %s: %d rows, %d survived\n", what, rows, rows - failed);
    return failed == 0 ? 0 : 1;
}

} // namespace cf::test

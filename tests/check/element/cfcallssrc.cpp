/* SPDX-License-Identifier: LGPL-2.1-or-later */
// cfcallssrc: from what is asked for to what a pad gives, with both seams faked. The tests play the
// peer connection: they offer a slot and attach RTP to it, made in the same process.
#include "gst/gstcfcallsguard.h"
#include "gst/gstcfcallssrc.h"
#include "tests/support/element-fixture.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;
using cf::calls::Call;
using cf::calls::MediaKind;
using cf::gst::ReceivingSlot;

namespace
{

constexpr const char* kVp8 =
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! "
    "vp8enc deadline=1 keyframe-max-dist=15 ! rtpvp8pay pt=96";
constexpr const char* kVp9 =
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! "
    "vp9enc deadline=1 cpu-used=8 keyframe-max-dist=15 ! rtpvp9pay pt=98";
constexpr const char* kOpus = "audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=111";
constexpr const char* kVideoFormats =
    "application/x-rtp,media=(string)video,encoding-name=(string)VP8,clock-rate=(int)90000,"
    "payload=(int)96";
constexpr const char* kBothFormats =
    "application/x-rtp,media=(string)video,encoding-name=(string)VP8,clock-rate=(int)90000,"
    "payload=(int)96; application/x-rtp,media=(string)video,encoding-name=(string)VP9,"
    "clock-rate=(int)90000,payload=(int)98";
constexpr const char* kAudioFormats =
    "application/x-rtp,media=(string)audio,encoding-name=(string)OPUS,clock-rate=(int)48000,"
    "payload=(int)111";

// RTP inside the element, as a webrtcbin would give it: behind a guard that stays linked.
class Rtp
{
public:
    Rtp(const Ref<GstElement>& src, const char* launch)
    {
        GError* error = nullptr;
        bin_ = Ref<GstElement>::sink(gst_parse_bin_from_description(launch, TRUE, &error));
        fail_unless(bin_.get() != nullptr && error == nullptr, "%s", launch);
        guard_ = Ref<GstElement>::sink(gst::make_guard(nullptr));
        gst_bin_add_many(GST_BIN(src.get()), bin_.get(), guard_.get(), nullptr);
        fail_unless(gst_element_link(bin_.get(), guard_.get()));
        gst_element_sync_state_with_parent(guard_.get());
        gst_element_sync_state_with_parent(bin_.get());
        out_ = Ref<GstPad>::adopt(gst_element_get_static_pad(guard_.get(), "src"));
        gst_pad_add_probe(
            out_.get(), GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
            [](GstPad*, GstPadProbeInfo*, gpointer data) {
                ++**static_cast<std::shared_ptr<std::atomic<unsigned>>*>(data);
                return GST_PAD_PROBE_OK;
            },
            new std::shared_ptr<std::atomic<unsigned>>(count_),
            [](gpointer data) {
                delete static_cast<std::shared_ptr<std::atomic<unsigned>>*>(data);
            });
    }
    ~Rtp()
    {
        for (const auto& element : {bin_, guard_}) {
            gst_element_set_state(element.get(), GST_STATE_NULL);
            if (const auto parent =
                    Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(element.get()))))
                gst_bin_remove(GST_BIN(parent.get()), element.get());
        }
    }
    Rtp(const Rtp&) = delete;
    Rtp& operator=(const Rtp&) = delete;

    [[nodiscard]] GstPad* pad() const { return out_.get(); }
    [[nodiscard]] unsigned packets() const { return *count_; }

private:
    const std::shared_ptr<std::atomic<unsigned>> count_ =
        std::make_shared<std::atomic<unsigned>>(0);
    Ref<GstElement> bin_;
    Ref<GstElement> guard_;
    Ref<GstPad> out_;
};

struct Service : FakeService {
    Service()
    {
        gst_element_register(nullptr, "cfcallssrc", GST_RANK_NONE, GST_TYPE_CF_CALLS_SRC);
        on_io([this] {
            for (const char* name : {"cam", "mic", "screen"})
                api->add_publication("pub", name);
        });
    }
    // The slots that are asked for, in that order; they are numbered from 1.
    std::shared_ptr<ReceivingSlot> slot(gst::SlotId id)
    {
        std::shared_ptr<ReceivingSlot> found;
        fail_unless(wait_until([&] {
            found = slots ? slots->receiving(id) : nullptr;
            return found != nullptr;
        }));
        return found;
    }
    void offer(gst::SlotId id, MediaKind kind, const char* formats)
    {
        const auto s = slot(id);
        on_io([&] {
            const auto caps = Ref<GstCaps>::adopt(gst_caps_from_string(formats));
            s->offered(kind, "0", caps.get());
        });
    }
};

// What arrives at a sink; what is counted may outlive the counting.
class Seen
{
public:
    explicit Seen(const Ref<GstElement>& sink)
    {
        const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink.get(), "sink"));
        gst_pad_add_probe(
            pad.get(),
            GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
            [](GstPad*, GstPadProbeInfo* info, gpointer data) {
                (*static_cast<std::shared_ptr<Counts>*>(data))->note(info);
                return GST_PAD_PROBE_OK;
            },
            new std::shared_ptr<Counts>(counts_),
            [](gpointer data) { delete static_cast<std::shared_ptr<Counts>*>(data); });
    }
    [[nodiscard]] std::string caps_name() const
    {
        Lock l{counts_->mu};
        return counts_->caps;
    }

private:
    struct Counts {
        void note(GstPadProbeInfo* info);
        std::atomic<unsigned> buffers = 0;
        std::atomic<unsigned> discontinuities = 0;
        std::atomic<unsigned> stream_starts = 0;
        std::atomic<unsigned> eos = 0;
        std::atomic<unsigned> gaps = 0;
        Mutex mu; // guards caps
        std::string caps;
    };
    const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();

public:
    const std::atomic<unsigned>& buffers = counts_->buffers;
    const std::atomic<unsigned>& discontinuities = counts_->discontinuities;
    const std::atomic<unsigned>& stream_starts = counts_->stream_starts;
    const std::atomic<unsigned>& eos = counts_->eos;
    const std::atomic<unsigned>& gaps = counts_->gaps;
};

void Seen::Counts::note(GstPadProbeInfo* info)
{
    if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
        if (GST_BUFFER_IS_DISCONT(GST_PAD_PROBE_INFO_BUFFER(info)))
            ++discontinuities;
        ++buffers;
        return;
    }
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
        ++stream_starts;
        break;
    case GST_EVENT_EOS:
        ++eos;
        break;
    case GST_EVENT_GAP:
        ++gaps;
        break;
    case GST_EVENT_CAPS: {
        GstCaps* c = nullptr;
        gst_event_parse_caps(event, &c);
        Lock l{mu};
        caps = gst_structure_get_name(gst_caps_get_structure(c, 0));
        break;
    }
    default:
        break;
    }
}

std::vector<std::string> pad_names(const Ref<GstElement>& element)
{
    std::vector<std::string> names;
    const GList* pads = GST_ELEMENT(element.get())->srcpads;
    for (const GList* l = pads; l != nullptr; l = l->next)
        names.emplace_back(GST_PAD_NAME(l->data));
    return names;
}

std::string nick_of(gpointer object, const char* property)
{
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), property);
    gint value = 0;
    g_object_get(object, property, &value, nullptr);
    return g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, value)->value_nick;
}

std::string get_text(gpointer object, const char* property)
{
    gchar* value = nullptr;
    g_object_get(object, property, &value, nullptr);
    const OwnedString owned(value);
    return value != nullptr ? value : "";
}

} // namespace

GST_START_TEST(nothing_to_pull_and_lists_that_cannot_be_read_are_errors_before_any_call)
{
    Service service;
    for (const char* line :
         {"cfcallssrc", "cfcallssrc tracks=nonsense", "cfcallssrc tracks=pub/cam?kind=smell",
          "cfcallssrc tracks=\"pub/cam,pub/cam\""}) {
        Pipeline p(line);
        (void)p.set_state(GST_STATE_PLAYING);
        const auto error = p.wait_error();
        fail_unless(error.message.find("tracks") != std::string::npos, "%s", error.message.c_str());
        fail_unless_equals_int(error.code, GST_RESOURCE_ERROR_SETTINGS);
    }
    fail_unless_equals_int(service.calls_made(Call::NewSession), 0);
}
GST_END_TEST

GST_START_TEST(everything_can_be_read_of_an_element_that_nobody_owns_yet)
{
    Service service;
    GstElement* floating = gst_element_factory_make("cfcallssrc", nullptr);
    fail_unless(g_object_is_floating(floating));
    guint count = 0;
    const Owned<GParamSpec*, g_free> specs(
        g_object_class_list_properties(G_OBJECT_GET_CLASS(floating), &count));
    for (guint i = 0; i < count; ++i) {
        GValue value = G_VALUE_INIT;
        if ((specs.get()[i]->flags & G_PARAM_READABLE) == 0)
            continue;
        g_value_init(&value, specs.get()[i]->value_type);
        g_object_get_property(G_OBJECT(floating), specs.get()[i]->name, &value);
        g_value_unset(&value);
    }
    (void)Ref<GstElement>::sink(floating);
}
GST_END_TEST

GST_START_TEST(all_tracks_are_asked_for_in_one_call)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam,pub/mic?kind=audio");
    p.play();
    p.wait_for("the call", [&] { return service.calls_made(Call::Renegotiate) == 1; });
    fail_unless_equals_int(service.calls_made(Call::NewTracks), 1);
    const auto tracks = service.on_io(
        [&] { return service.api->last<calls::NewTracksRequest>(Call::NewTracks).tracks; });
    fail_unless_equals_int(tracks.size(), 2);
    fail_unless_equals_text(tracks[0].track_name, "cam");
    fail_unless(!tracks[0].kind);
    fail_unless_equals_text(tracks[1].track_name, "mic");
    fail_unless(tracks[1].kind == MediaKind::Audio);
    fail_unless_equals_text(get_text(p.element("src").get(), "tracks"),
                            "pub/cam,pub/mic?kind=audio");
}
GST_END_TEST

GST_START_TEST(pads_are_numbered_by_kind_in_the_order_of_the_list)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam?kind=video,pub/mic,pub/screen?kind=video");
    const auto src = p.element("src");
    std::atomic<unsigned> complete = 0;
    g_signal_connect(src.get(), "no-more-pads", G_CALLBACK(+[](GstElement*, gpointer data) {
                         ++*static_cast<std::atomic<unsigned>*>(data);
                     }),
                     &complete);
    p.play();
    // The other way round.
    service.offer(3, MediaKind::Video, kVideoFormats);
    service.offer(2, MediaKind::Audio, kAudioFormats);
    fail_unless_equals_int(complete.load(), 0);
    service.offer(1, MediaKind::Video, kVideoFormats);
    fail_unless_equals_int(complete.load(), 1);
    const auto name_of = [&](const char* pad) {
        const auto found = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), pad));
        fail_unless(found.get() != nullptr, "no %s", pad);
        return get_text(found.get(), "track-name");
    };
    fail_unless_equals_text(name_of("video_0"), "cam");
    fail_unless_equals_text(name_of("video_1"), "screen");
    fail_unless_equals_text(name_of("audio_0"), "mic");
    fail_unless_equals_int(gst_child_proxy_get_children_count(GST_CHILD_PROXY(src.get())), 3);
    // Offered again, with the next session: nothing new.
    service.offer(1, MediaKind::Video, kVideoFormats);
    fail_unless_equals_int(pad_names(src).size(), 3);
    p.stop();
    fail_unless_equals_int(pad_names(src).size(), 0);
}
GST_END_TEST

GST_START_TEST(what_is_linked_decides_what_comes)
{
    struct Case {
        const char* behind;
        const char* caps;
        const char* form;
    };
    for (const Case& c :
         {Case{"identity", "video/x-raw", "raw"}, Case{"videoconvert", "video/x-raw", "raw"},
          Case{"video/x-vp8", "video/x-vp8", "encoded"},
          Case{"application/x-rtp", "application/x-rtp", "rtp"},
          Case{"capsfilter caps=\"video/x-vp8;video/x-raw\"", "video/x-vp8", "encoded"},
          Case{"rtpvp8depay", "video/x-vp8", "rtp"}}) {
        Service service;
        Pipeline p(std::string("cfcallssrc name=src tracks=pub/cam ! ") + c.behind +
                   " ! fakesink name=out sync=false async=false");
        Seen seen(p.element("out"));
        p.play();
        const auto src = p.element("src");
        service.offer(1, MediaKind::Video, kVideoFormats);
        Rtp rtp(src, kVp8);
        service.slot(1)->attach(rtp.pad());
        p.wait_for(c.behind, [&] { return seen.buffers > 10; });
        fail_unless_equals_text(seen.caps_name(), c.caps);
        const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_0"));
        GstStructure* stats = nullptr;
        g_object_get(pad.get(), "stats", &stats, nullptr);
        const gst::OwnedStructure owned(stats);
        fail_unless_equals_text(gst_structure_get_string(stats, "form"), c.form);
        p.stop();
    }
}
GST_END_TEST

GST_START_TEST(a_pad_is_linked_only_to_what_its_track_can_be_given_as)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/mic ! videoconvert ! fakesink "
               "opusparse name=parse ! fakesink name=out async=false sync=false");
    const auto src = p.element("src");
    p.play();
    service.offer(1, MediaKind::Audio, kAudioFormats);
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "audio_0"));
    fail_if(gst_pad_is_linked(pad.get()), "audio went to a videoconvert");
    fail_unless(gst_element_link_pads(src.get(), "audio_0", p.element("parse").get(), "sink"));
}
GST_END_TEST

GST_START_TEST(an_unlinked_pad_takes_everything_and_gives_it_up_when_linked)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam fakesink name=out async=false sync=false");
    const auto src = p.element("src");
    const auto out = p.element("out");
    Seen seen(out);
    p.play();
    service.offer(1, MediaKind::Video, kVideoFormats);
    Rtp rtp(src, kVp8);
    service.slot(1)->attach(rtp.pad());
    p.wait_for("packets to be swallowed", [&] { return rtp.packets() > 30; });
    fail_unless_equals_int(seen.buffers.load(), 0);

    const auto raw = Ref<GstCaps>::adopt(gst_caps_from_string("video/x-raw"));
    fail_unless(gst_element_link_filtered(src.get(), out.get(), raw.get()));
    p.wait_for("pictures", [&] { return seen.buffers > 10; });
    fail_unless_equals_text(seen.caps_name(), "video/x-raw");
}
GST_END_TEST

GST_START_TEST(relinking_changes_the_form)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam capsfilter name=raw caps=video/x-raw ! "
               "fakesink name=out async=false sync=false "
               "capsfilter name=encoded caps=video/x-vp8 ! "
               "fakesink name=out2 async=false sync=false");
    const auto src = p.element("src");
    Seen raw(p.element("out"));
    Seen encoded(p.element("out2"));
    p.play();
    service.offer(1, MediaKind::Video, kVideoFormats);
    Rtp rtp(src, kVp8);
    service.slot(1)->attach(rtp.pad());
    fail_unless(gst_element_link_pads(src.get(), "video_0", p.element("raw").get(), "sink"));
    p.wait_for("pictures", [&] { return raw.buffers > 10; });
    gst_element_unlink(src.get(), p.element("raw").get());
    fail_unless(gst_element_link_pads(src.get(), "video_0", p.element("encoded").get(), "sink"));
    p.wait_for("frames", [&] { return encoded.buffers > 10; });
    fail_unless_equals_text(encoded.caps_name(), "video/x-vp8");
}
GST_END_TEST

GST_START_TEST(the_stream_goes_on_in_the_next_session)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam ! video/x-raw ! "
               "fakesink name=out async=false sync=false");
    const auto src = p.element("src");
    Seen seen(p.element("out"));
    p.play();
    service.offer(1, MediaKind::Video, kBothFormats);
    const auto slot = service.slot(1);
    {
        Rtp first(src, kVp8);
        slot->attach(first.pad());
        p.wait_for("pictures", [&] { return seen.buffers > 10; });
        service.on_io([&] { slot->detach(first.pad()); });
    }
    p.wait_for("gaps meanwhile", [&] { return seen.gaps > 1; });
    // Another session, and as it happens another codec.
    service.offer(1, MediaKind::Video, kBothFormats);
    const unsigned before = seen.buffers;
    const unsigned discontinuities = seen.discontinuities;
    Rtp second(src, kVp9);
    slot->attach(second.pad());
    p.wait_for("more pictures", [&] { return seen.buffers > before + 10; });
    fail_unless(seen.discontinuities > discontinuities);
    fail_unless_equals_int(seen.stream_starts.load(), 1);
    fail_unless_equals_int(seen.eos.load(), 0);
    fail_unless_equals_int(pad_names(src).size(), 1);
    // A detach that comes late is about the one before.
    Rtp third(src, kVp8);
    slot->attach(third.pad());
    slot->detach(second.pad());
    const unsigned later = seen.buffers;
    p.wait_for("still more pictures", [&] { return seen.buffers > later + 10; });
}
GST_END_TEST

GST_START_TEST(eos_ends_every_pad)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam,pub/mic src.video_0 ! video/x-vp8 ! fakesink "
               "name=v async=false sync=false src.audio_0 ! audio/x-raw ! fakesink name=a "
               "async=false sync=false");
    const auto src = p.element("src");
    Seen video(p.element("v"));
    p.play();
    service.offer(1, MediaKind::Video, kVideoFormats);
    service.offer(2, MediaKind::Audio, kAudioFormats); // on which nothing ever comes
    Rtp rtp(src, kVp8);
    service.slot(1)->attach(rtp.pad());
    p.wait_for("frames", [&] { return video.buffers > 10; });
    fail_unless(gst_element_send_event(p.get(), gst_event_new_eos()));
    p.wait_eos();
    fail_unless_equals_int(video.eos.load(), 1);
    p.stop();
    fail_unless_equals_int(service.open_tracks(), 0);
}
GST_END_TEST

GST_START_TEST(changing_the_list_pulls_and_closes_the_difference)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam,pub/mic src.video_0 ! video/x-vp8 ! fakesink "
               "name=v async=false sync=false src.audio_0 ! audio/x-raw ! fakesink name=a "
               "async=false sync=false");
    const auto src = p.element("src");
    Seen video(p.element("v"));
    Seen audio(p.element("a"));
    p.play();
    service.offer(1, MediaKind::Video, kVideoFormats);
    service.offer(2, MediaKind::Audio, kAudioFormats);
    Rtp vp8(src, kVp8);
    Rtp opus(src, kOpus);
    service.slot(1)->attach(vp8.pad());
    service.slot(2)->attach(opus.pad());
    p.wait_for("both", [&] { return video.buffers > 10 && audio.buffers > 10; });
    p.wait_for("two tracks", [&] { return service.open_tracks() == 2; });

    g_object_set(src.get(), "tracks", "pub/screen,pub/mic", nullptr);
    p.wait_for("the end of cam", [&] { return video.eos == 1 && pad_names(src).size() == 1; });
    fail_unless_equals_text(pad_names(src)[0], "audio_0");
    service.offer(3, MediaKind::Video, kVideoFormats);
    p.wait_for("the new pad", [&] { return pad_names(src).size() == 2; });
    p.wait_for("two tracks again", [&] {
        const auto open = service.on_io([&] { return service.api->open_tracks(); });
        return open.size() == 2 && std::none_of(open.begin(), open.end(), [](const auto& t) {
                   return t.publication.track_name == "cam";
               });
    });
    const unsigned before = audio.buffers;
    p.wait_for("mic all the while", [&] { return audio.buffers > before + 10; });
    fail_unless_equals_int(audio.eos.load(), 0);

    // What cannot be read changes nothing.
    g_object_set(src.get(), "tracks", "nonsense", nullptr);
    p.wait_for("a warning", [&] { return p.warnings().size() == 1; });
    fail_unless_equals_int(pad_names(src).size(), 2);
    g_object_set(src.get(), "tracks", "", nullptr);
    p.wait_for("nothing", [&] { return pad_names(src).empty() && service.open_tracks() == 0; });
}
GST_END_TEST

GST_START_TEST(a_missing_track_is_an_error_or_a_warning_as_is_wished)
{
    Service service;
    {
        Pipeline p("cfcallssrc tracks=pub/nobody retry-missing-track=false ! fakesink");
        p.play();
        const auto error = p.wait_error();
        fail_unless_equals_text(error.domain, "gst-resource-error-quark");
        fail_unless_equals_int(error.code, GST_RESOURCE_ERROR_NOT_FOUND);
        p.stop();
    }
    {
        // While others come it is only a warning.
        Pipeline p("cfcallssrc name=src tracks=pub/nobody,pub/cam retry-missing-track=false");
        p.play();
        p.wait_for("a warning", [&] { return p.warnings().size() == 1; });
        p.stop();
    }
    {
        // One sentence, however often it is asked for.
        Pipeline p("cfcallssrc name=src tracks=pub/nobody retry-delay=1 retry-max-delay=10");
        const auto asked = service.calls_made(Call::NewTracks);
        p.play();
        p.wait_for("many tries", [&] { return service.calls_made(Call::NewTracks) > asked + 3; });
        fail_unless_equals_int(p.warnings().size(), 1);
        service.on_io([&] { service.api->add_publication("pub", "nobody"); });
        p.wait_for("it to come", [&] { return service.open_tracks() == 1; });
        p.stop();
    }
}
GST_END_TEST

GST_START_TEST(pads_tell_how_it_stands_with_their_track)
{
    Service service;
    service.peers.behaviour.media_flows = false;
    Pipeline p("cfcallssrc name=src tracks=pub/cam");
    const auto src = p.element("src");
    p.play();
    service.offer(1, MediaKind::Video, kVideoFormats);
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_0"));
    fail_unless_equals_text(get_text(pad.get(), "session-id"), "pub");
    fail_unless_equals_text(nick_of(pad.get(), "track-state"), "pending");
    p.wait_for("a connection",
               [&] { return nick_of(src.get(), "connection-state") == "connected"; });
    fail_unless_equals_text(nick_of(pad.get(), "track-state"), "pending");
    service.on_io([&] { service.peers.made.back()->let_flow(1); });
    p.wait_for("media", [&] { return nick_of(pad.get(), "track-state") == "receiving"; });
    fail_if(get_text(pad.get(), "mid").empty());
}
GST_END_TEST

GST_START_TEST(state_changes_wait_for_nothing_and_leave_nothing)
{
    Service service;
    Pipeline p("cfcallssrc name=src tracks=pub/cam,pub/mic");
    const auto src = p.element("src");
    std::atomic<unsigned> pads_gone = 0;
    for (int i = 0; i < 10; ++i) {
        // Every other time the service says nothing at all.
        if (i % 2 == 1)
            service.on_io([&] { service.api->hold_next(Call::NewSession); });
        fail_unless(p.set_state(GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS);
        fail_unless(p.set_state(GST_STATE_PAUSED) == GST_STATE_CHANGE_NO_PREROLL);
        fail_unless(p.set_state(GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
        if (i % 2 == 0) {
            p.wait_for("both tracks", [&] { return service.open_tracks() == 2; });
            // Numbers are never used again.
            gst::SlotId first = 1;
            while (!service.slots->receiving(first))
                ++first;
            service.offer(first, MediaKind::Video, kVideoFormats);
            p.wait_for("the pad", [&] { return pad_names(src).size() == 1; });
            const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_0"));
            g_object_weak_ref(
                G_OBJECT(pad.get()),
                [](gpointer data, GObject*) { ++*static_cast<std::atomic<unsigned>*>(data); },
                &pads_gone);
            fail_unless(p.set_state(GST_STATE_PAUSED) == GST_STATE_CHANGE_NO_PREROLL);
        }
        p.stop(Milliseconds{3500});
        fail_unless_equals_int(pad_names(src).size(), 0);
        fail_unless_equals_int(GST_BIN(src.get())->numchildren, 0);
        service.on_io([&] { service.api->forget_faults(); });
    }
    fail_unless_equals_int(service.open_tracks(), 0);
    p.wait_for("the end of every pad", [&] { return pads_gone == 5; });
}
GST_END_TEST

static Suite* cfcallssrc_suite()
{
    Suite* s = suite_create("cfcallssrc");
    TCase* tc = tcase_create("asking");
    tcase_add_test(tc, nothing_to_pull_and_lists_that_cannot_be_read_are_errors_before_any_call);
    tcase_add_test(tc, everything_can_be_read_of_an_element_that_nobody_owns_yet);
    tcase_add_test(tc, all_tracks_are_asked_for_in_one_call);
    tcase_add_test(tc, changing_the_list_pulls_and_closes_the_difference);
    tcase_add_test(tc, a_missing_track_is_an_error_or_a_warning_as_is_wished);
    suite_add_tcase(s, tc);
    tc = tcase_create("giving");
    tcase_add_test(tc, pads_are_numbered_by_kind_in_the_order_of_the_list);
    tcase_add_test(tc, what_is_linked_decides_what_comes);
    tcase_add_test(tc, a_pad_is_linked_only_to_what_its_track_can_be_given_as);
    tcase_add_test(tc, an_unlinked_pad_takes_everything_and_gives_it_up_when_linked);
    tcase_add_test(tc, relinking_changes_the_form);
    tcase_add_test(tc, the_stream_goes_on_in_the_next_session);
    tcase_add_test(tc, eos_ends_every_pad);
    tcase_add_test(tc, pads_tell_how_it_stands_with_their_track);
    suite_add_tcase(s, tc);
    tc = tcase_create("states");
    tcase_add_test(tc, state_changes_wait_for_nothing_and_leave_nothing);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(cfcallssrc)

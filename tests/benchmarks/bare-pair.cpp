/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/benchmarks/bare-pair.hpp"

#include "tests/support/wait.hpp"

namespace cf::bench
{

const char* const kEncodedSources =
    "audiotestsrc is-live=true wave=ticks ! audio/x-raw,rate=48000,channels=2 ! opusenc ! "
    "identity name=audio "
    "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! "
    "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=3000 target-bitrate=500000 ! "
    "identity name=video ";

namespace
{

using gst::OwnedDescription;

// A moment set once, from any thread.
class Moment
{
public:
    void note(TimePoint start)
    {
        gint64 unset = -1;
        at_.compare_exchange_strong(unset,
                                    g_get_monotonic_time() - start.time_since_epoch().count());
    }
    [[nodiscard]] bool is_set() const { return at_ >= 0; }
    [[nodiscard]] Microseconds get() const { return Microseconds{at_}; }

private:
    std::atomic<gint64> at_ = -1;
};

class BarePair
{
public:
    BarePair();
    ~BarePair()
    {
        gst_element_set_state(sender_pipeline_.get(), GST_STATE_NULL);
        gst_element_set_state(receiver_pipeline_.get(), GST_STATE_NULL);
    }
    BarePair(const BarePair&) = delete;
    BarePair& operator=(const BarePair&) = delete;

    std::optional<StartUp> run(Milliseconds patience);

private:
    static Ref<GstElement> launch(const std::string& line);
    // The cures without which 200 ms of UPnP are measured, and loopback is not gathered at all.
    static void tune_ice(GstElement* webrtcbin);

    // webrtcbin's thread, all of these:
    static void on_negotiation_needed(GstElement*, gpointer self);
    static void on_offer(GstPromise* promise, gpointer self);
    static void on_answer(GstPromise* promise, gpointer self);
    static void on_candidate(GstElement* from, guint mline, gchar* candidate, gpointer self);
    // Streaming threads:
    static void on_rtpbin_pad(GstElement*, GstPad* pad, gpointer self);
    static void on_media_pad(GstElement*, GstPad* pad, gpointer self);
    static GstPadProbeReturn on_rtp(GstPad*, GstPadProbeInfo*, gpointer self);
    static GstPadProbeReturn on_frame(GstPad*, GstPadProbeInfo*, gpointer self);

    TimePoint start_{};
    Moment first_rtp_;
    Moment first_frame_;
    Ref<GstElement> sender_pipeline_;
    Ref<GstElement> sender_;
    Ref<GstElement> receiver_pipeline_;
    Ref<GstElement> receiver_;
};

Ref<GstElement> BarePair::launch(const std::string& line)
{
    GError* error = nullptr;
    auto pipeline = Ref<GstElement>::sink(
        gst_parse_launch_full(line.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error));
    if (!pipeline)
        g_error("%s", error->message);
    return pipeline;
}

void BarePair::tune_ice(GstElement* webrtcbin)
{
    Ref<GObject> ice;
    g_object_get(webrtcbin, "ice-agent", ice.out(), nullptr);
    Ref<GObject> agent;
    g_object_get(ice.get(), "agent", agent.out(), nullptr);
    g_object_set(agent.get(), "upnp", FALSE, "ice-tcp", FALSE, nullptr);
    gboolean added = FALSE;
    g_signal_emit_by_name(ice.get(), "add-local-ip-address", "127.0.0.1", &added);
}

BarePair::BarePair()
{
    sender_pipeline_ =
        launch(std::string("webrtcbin name=peer bundle-policy=max-bundle ") + kEncodedSources +
               "audio. ! rtpopuspay pt=111 ! peer. "
               "video. ! rtpvp8pay pt=120 picture-id-mode=15-bit ! peer. ");
    receiver_pipeline_ = Ref<GstElement>::sink(gst_pipeline_new("receiver"));
    receiver_ = Ref<GstElement>::sink(gst_element_factory_make("webrtcbin", nullptr));
    gst_util_set_object_arg(G_OBJECT(receiver_.get()), "bundle-policy", "max-bundle");
    gst_bin_add(GST_BIN(receiver_pipeline_.get()), receiver_.get());
    sender_ = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(sender_pipeline_.get()), "peer"));
    tune_ice(sender_.get());
    tune_ice(receiver_.get());
    g_signal_connect(sender_.get(), "on-negotiation-needed", G_CALLBACK(on_negotiation_needed),
                     this);
    g_signal_connect(sender_.get(), "on-ice-candidate", G_CALLBACK(on_candidate), this);
    g_signal_connect(receiver_.get(), "on-ice-candidate", G_CALLBACK(on_candidate), this);
    g_signal_connect(receiver_.get(), "pad-added", G_CALLBACK(on_media_pad), this);
    const auto rtpbin =
        Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(receiver_.get()), "rtpbin"));
    g_signal_connect(rtpbin.get(), "pad-added", G_CALLBACK(on_rtpbin_pad), this);
}

void BarePair::on_negotiation_needed(GstElement* webrtcbin, gpointer self)
{
    g_signal_emit_by_name(webrtcbin, "create-offer", nullptr,
                          gst_promise_new_with_change_func(on_offer, self, nullptr));
}

OwnedDescription take_description(GstPromise* promise, const char* field)
{
    const auto owned = Ref<GstPromise>::adopt(promise);
    GstWebRTCSessionDescription* description = nullptr;
    const GstStructure* reply = gst_promise_get_reply(promise);
    if (reply == nullptr || !gst_structure_get(reply, field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION,
                                               &description, nullptr))
        g_error("webrtcbin gave no %s", field);
    return OwnedDescription(description);
}

void set_description(GstElement* webrtcbin, const char* signal,
                     const GstWebRTCSessionDescription* description)
{
    g_signal_emit_by_name(webrtcbin, signal, description, nullptr);
}

void BarePair::on_offer(GstPromise* promise, gpointer self)
{
    auto* pair = static_cast<BarePair*>(self);
    const auto offer = take_description(promise, "offer");
    set_description(pair->sender_.get(), "set-local-description", offer.get());
    set_description(pair->receiver_.get(), "set-remote-description", offer.get());
    g_signal_emit_by_name(pair->receiver_.get(), "create-answer", nullptr,
                          gst_promise_new_with_change_func(on_answer, self, nullptr));
}

void BarePair::on_answer(GstPromise* promise, gpointer self)
{
    auto* pair = static_cast<BarePair*>(self);
    const auto answer = take_description(promise, "answer");
    set_description(pair->receiver_.get(), "set-local-description", answer.get());
    set_description(pair->sender_.get(), "set-remote-description", answer.get());
}

void BarePair::on_candidate(GstElement* from, guint mline, gchar* candidate, gpointer self)
{
    auto* pair = static_cast<BarePair*>(self);
    GstElement* to = from == pair->sender_.get() ? pair->receiver_.get() : pair->sender_.get();
    g_signal_emit_by_name(to, "add-ice-candidate", mline, candidate);
}

void BarePair::on_rtpbin_pad(GstElement*, GstPad* pad, gpointer self)
{
    if (g_str_has_prefix(GST_PAD_NAME(pad), "recv_rtp_sink"))
        gst_pad_add_probe(pad,
                          static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                       GST_PAD_PROBE_TYPE_BUFFER_LIST),
                          on_rtp, self, nullptr);
}

GstPadProbeReturn BarePair::on_rtp(GstPad*, GstPadProbeInfo*, gpointer self)
{
    auto* pair = static_cast<BarePair*>(self);
    pair->first_rtp_.note(pair->start_);
    return GST_PAD_PROBE_REMOVE;
}

void BarePair::on_media_pad(GstElement*, GstPad* pad, gpointer self)
{
    auto* pair = static_cast<BarePair*>(self);
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad));
    const char* media =
        caps ? gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "media") : nullptr;
    const bool video = g_strcmp0(media, "video") == 0;
    auto bin = Ref<GstElement>::sink(gst_parse_bin_from_description(
        video ? "rtpvp8depay ! vp8dec ! fakesink name=sink async=false sync=false"
              : "fakesink async=false sync=false",
        TRUE, nullptr));
    if (video) {
        const auto sink = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "sink"));
        const auto sink_pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink.get(), "sink"));
        gst_pad_add_probe(sink_pad.get(), GST_PAD_PROBE_TYPE_BUFFER, on_frame, self, nullptr);
    }
    gst_bin_add(GST_BIN(pair->receiver_pipeline_.get()), bin.get());
    const auto target = Ref<GstPad>::adopt(gst_element_get_static_pad(bin.get(), "sink"));
    gst_element_sync_state_with_parent(bin.get());
    gst_pad_link(pad, target.get());
}

GstPadProbeReturn BarePair::on_frame(GstPad*, GstPadProbeInfo*, gpointer self)
{
    auto* pair = static_cast<BarePair*>(self);
    pair->first_frame_.note(pair->start_);
    return GST_PAD_PROBE_REMOVE;
}

std::optional<StartUp> BarePair::run(Milliseconds patience)
{
    start_ = TimePoint{Microseconds{g_get_monotonic_time()}};
    gst_element_set_state(receiver_pipeline_.get(), GST_STATE_PLAYING);
    gst_element_set_state(sender_pipeline_.get(), GST_STATE_PLAYING);
    if (!test::wait_until([this] { return first_rtp_.is_set() && first_frame_.is_set(); },
                          patience))
        return std::nullopt;
    return StartUp{first_rtp_.get(), first_frame_.get()};
}

} // namespace

std::optional<StartUp> run_bare_pair(Milliseconds patience)
{
    BarePair pair;
    return pair.run(patience);
}

void warm_up_certificate()
{
    const auto dtls = Ref<GstElement>::sink(gst_element_factory_make("dtlsdec", nullptr));
    if (!dtls)
        return;
    OwnedString pem;
    gchar* text = nullptr;
    g_object_get(dtls.get(), "pem", &text, nullptr);
    pem.reset(text);
}

} // namespace cf::bench

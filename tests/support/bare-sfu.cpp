/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/bare-sfu.hpp"

#include <sstream>
#include <utility>

#include "gst/ice-tuning.hpp"
#include "tests/support/check.hpp"
#include "tests/support/wait.hpp"

namespace cf::test
{

BareSfu::BareSfu()
    : pipeline_(Ref<GstElement>::sink(gst_pipeline_new("sfu"))),
      webrtcbin_(Ref<GstElement>::sink(gst_element_factory_make("webrtcbin", nullptr)))
{
    fail_unless(webrtcbin_.get() != nullptr, "webrtcbin is not installed");
    gst_util_set_object_arg(G_OBJECT(webrtcbin_.get()), "bundle-policy", "max-bundle");
    gst::tune_ice(webrtcbin_.get(), true);
    g_signal_connect(webrtcbin_.get(), "pad-added", G_CALLBACK(on_pad_added), this);
    gst_bin_add(GST_BIN(pipeline_.get()), webrtcbin_.get());
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

BareSfu::~BareSfu()
{
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void BareSfu::vanish()
{
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void BareSfu::on_pad_added(GstElement* bin, GstPad* pad, gpointer data)
{
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
        return;
    auto* self = static_cast<BareSfu*>(data);
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "async", FALSE, "sync", FALSE, nullptr);
    gst_bin_add(GST_BIN(GST_OBJECT_PARENT(bin)), sink);
    gst_element_sync_state_with_parent(sink);
    const auto sink_pad = Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    gst_pad_add_probe(
        sink_pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad* p, GstPadProbeInfo*, gpointer d) {
            auto& arrivals = **static_cast<std::shared_ptr<Arrivals>*>(d);
            const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(p));
            Lock l{arrivals.mu};
            ++arrivals
                  .counts[gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "media")];
            return GST_PAD_PROBE_OK;
        },
        new std::shared_ptr<Arrivals>(self->arrivals_),
        [](gpointer d) { delete static_cast<std::shared_ptr<Arrivals>*>(d); });
    gst_pad_link(pad, sink_pad.get());
}

void BareSfu::set(const char* action, GstWebRTCSDPType type, const std::string& text)
{
    GstSDPMessage* message = nullptr;
    fail_unless(gst_sdp_message_new_from_text(text.c_str(), &message) == GST_SDP_OK,
                "cannot parse\n%s", text.c_str());
    const gst::OwnedDescription description{gst_webrtc_session_description_new(type, message)};
    const auto promise = Ref<GstPromise>::adopt(gst_promise_new());
    g_signal_emit_by_name(webrtcbin_.get(), action, description.get(), promise.get());
    fail_unless(gst_promise_wait(promise.get()) == GST_PROMISE_RESULT_REPLIED);
    const GstStructure* reply = gst_promise_get_reply(promise.get());
    if (reply != nullptr && gst_structure_has_field(reply, "error")) {
        const OwnedString said{gst_structure_to_string(reply)};
        ck_abort_msg("%s: %s\n%s", action, said.get(), text.c_str());
    }
}

// Creates and sets a local description, and gives it with the candidates in it.
std::string BareSfu::describe(const char* action)
{
    const bool is_offer = g_str_equal(action, "create-offer");
    const auto promise = Ref<GstPromise>::adopt(gst_promise_new());
    g_signal_emit_by_name(webrtcbin_.get(), action, nullptr, promise.get());
    fail_unless(gst_promise_wait(promise.get()) == GST_PROMISE_RESULT_REPLIED);
    GstWebRTCSessionDescription* made = nullptr;
    gst_structure_get(gst_promise_get_reply(promise.get()), is_offer ? "offer" : "answer",
                      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &made, nullptr);
    fail_unless(made != nullptr, "%s gave nothing", action);
    const gst::OwnedDescription description{made};
    const OwnedString text{gst_sdp_message_as_text(made->sdp)};
    set("set-local-description", made->type, text.get());
    if (std::exchange(gathered_, true))
        return text.get(); // the client knows the candidates, and webrtcbin does not repeat them

    std::string with_candidates;
    fail_unless(wait_until([&] {
        GstWebRTCSessionDescription* local = nullptr;
        g_object_get(webrtcbin_.get(), "local-description", &local, nullptr);
        const gst::OwnedDescription owned{local};
        const OwnedString now{gst_sdp_message_as_text(local->sdp)};
        with_candidates = now.get();
        return with_candidates.find("a=candidate") != std::string::npos;
    }));
    return with_candidates;
}

std::string BareSfu::answer(const std::string& offer)
{
    set("set-remote-description", GST_WEBRTC_SDP_TYPE_OFFER, offer);
    return describe("create-answer");
}

std::string BareSfu::offer()
{
    // webrtcbin writes port 0 and bundle-only for every m-line but the first; the SFU does not.
    std::string text = without_lines(describe("create-offer"), "a=bundle-only");
    text = replace_all(std::move(text), "m=audio 0 ", "m=audio 9 ");
    return replace_all(std::move(text), "m=video 0 ", "m=video 9 ");
}

void BareSfu::accept(const std::string& answer)
{
    set("set-remote-description", GST_WEBRTC_SDP_TYPE_ANSWER, answer);
}

void BareSfu::add_track(const std::string& launch, const std::string& mid)
{
    GError* error = nullptr;
    GstElement* bin = gst_parse_bin_from_description(launch.c_str(), TRUE, &error);
    fail_unless(bin != nullptr && error == nullptr, "%s", launch.c_str());
    gst_bin_add(GST_BIN(pipeline_.get()), bin);
    const auto sink =
        Ref<GstPad>::adopt(gst_element_request_pad_simple(webrtcbin_.get(), "sink_%u"));
    Ref<GstWebRTCRTPTransceiver> transceiver;
    g_object_get(sink.get(), "transceiver", transceiver.out(), nullptr);
    const auto caps = Ref<GstCaps>::adopt(
        gst_caps_new_simple("application/x-rtp", "a-mid", G_TYPE_STRING, mid.c_str(), "extmap-1",
                            G_TYPE_STRING, "urn:ietf:params:rtp-hdrext:sdes:mid", nullptr));
    g_object_set(transceiver.get(), "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY,
                 "codec-preferences", caps.get(), nullptr);
    const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(bin, "src"));
    fail_unless(gst_pad_link(src.get(), sink.get()) == GST_PAD_LINK_OK);
    gst_element_sync_state_with_parent(bin);
    fail_unless(wait_until([&] {
        return Ref<GstCaps>::adopt(gst_pad_get_current_caps(sink.get())).get() != nullptr;
    }));
}

unsigned BareSfu::packets(const std::string& media) const
{
    Lock l{arrivals_->mu};
    const auto it = arrivals_->counts.find(media);
    return it == arrivals_->counts.end() ? 0 : it->second;
}

std::string replace_all(std::string text, const std::string& from, const std::string& to)
{
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

std::string without_lines(const std::string& text, const std::string& prefix)
{
    std::istringstream in{text};
    std::string out;
    for (std::string line; std::getline(in, line);) {
        if (line.rfind(prefix, 0) != 0)
            out += line + "\n";
    }
    return out;
}

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The WebRtcPeer's answers to offers of the SFU.
#include <algorithm>
#include <utility>

#include "gst/dtls-certificate.hpp"
#include "gst/webrtc-peer.hpp"
#include "gst/webrtc-sdp.hpp"

namespace cf::gst
{

namespace
{

calls::MediaKind kind_of(const sdp::MediaSection& section)
{
    return section.kind() == "audio" ? calls::MediaKind::Audio : calls::MediaKind::Video;
}

unsigned mid_extension_of(const sdp::MediaSection& section)
{
    for (const auto& extension : section.extension_maps()) {
        if (extension.uri == kMidExtension)
            return extension.id;
    }
    return 0;
}

std::vector<unsigned> payload_types(GstCaps* caps)
{
    std::vector<unsigned> out;
    for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
        int payload_type = -1;
        if (gst_structure_get_int(gst_caps_get_structure(caps, i), "payload", &payload_type))
            out.push_back(unsigned(payload_type));
    }
    return out;
}

} // namespace

struct WebRtcPeer::AnswerExchange {
    calls::Done<calls::SessionDescription> done;
    bool touched = false; // webrtcbin has the offer, and would have to be rolled back
};

void WebRtcPeer::set_offer(std::string sdp, std::vector<calls::IncomingTrack> incoming,
                           calls::Done<calls::SessionDescription> done)
{
    auto exchange = std::make_shared<AnswerExchange>(AnswerExchange{std::move(done)});
    if (std::exchange(busy_, true)) {
        post([exchange](WebRtcPeer&) {
            exchange->done(Error{ErrorCode::State, "Two negotiations overlap.", "set_offer"});
        });
        return;
    }
    when_certificate_ready(context_->executor, [weak = weak_from_this(), sdp = std::move(sdp),
                                                incoming = std::move(incoming),
                                                exchange = std::move(exchange)] {
        const auto self = weak.lock();
        if (!self || self->closed_)
            return;
        if (auto status = self->apply_offer(sdp, incoming, exchange); !status)
            self->offer_failed(exchange, std::move(status.error()));
    });
}

Status WebRtcPeer::apply_offer(const std::string& sdp,
                               const std::vector<calls::IncomingTrack>& incoming,
                               const std::shared_ptr<AnswerExchange>& exchange)
{
    CF_TRY_LET(const auto offer, facade_.offer_from_wire(sdp));
    CF_TRY_LET(const auto remote, to_description(GST_WEBRTC_SDP_TYPE_OFFER, offer.text));
    // An m-line of ours whose offer was abandoned stays in webrtcbin, and asserts when somebody
    // else comes with its mid (P7).
    for (const auto& mid : offer.added) {
        if (sender_->is_uncommitted(mid))
            return Error{ErrorCode::State, "The media connection has to be made anew.",
                         "the SFU's offer uses a mid of an abandoned offer"};
    }
    learn_from(offer.description);
    for (const auto& mid : offer.closed)
        receiver_->release_mid(mid);
    read_sections(offer, *remote);
    prepare_transceivers(offer);
    // Before set-remote-description: packets may come as soon as webrtcbin knows the offer.
    for (const auto& track : incoming)
        assign(track, true);

    exchange->touched = true;
    request("set-remote-description", remote.get(), [this, exchange](PromiseReply reply) {
        if (!reply)
            return offer_failed(exchange, std::move(reply.error()));
        create_answer(exchange);
    });
    return ok_status();
}

void WebRtcPeer::read_sections(const sdp::IncomingDescription& offer,
                               const GstWebRTCSessionDescription& remote)
{
    for (const auto& section : offer.description.sections()) {
        const calls::Mid mid{section.mid()};
        auto formats = media_caps(remote.sdp, mid);
        if (!section.is_rtp() || !formats || !sdp::sends(offer.description.direction_of(section)))
            continue;
        Receiving& line = receiving_[mid];
        line.kind = kind_of(section);
        line.mid_extension = mid_extension_of(section);
        line.formats = std::move(formats);
        line.ssrcs.clear();
        for (const auto& [ssrc, owner] : offer.ssrc_to_mid) {
            if (owner == mid)
                line.ssrcs.push_back(ssrc);
        }
    }
}

// In m-line order: webrtcbin gives a new m-line the first free transceiver of its kind. A second
// one for a known m-line would become an m-line of its own in our next offer.
void WebRtcPeer::prepare_transceivers(const sdp::IncomingDescription& offer)
{
    for (const auto& section : offer.description.sections()) {
        const auto it = receiving_.find(calls::Mid{section.mid()});
        if (it == receiving_.end())
            continue;
        Receiving& line = it->second;
        const auto preferences = receiving_preferences(line.formats.get(), section);
        if (line.transceiver) {
            // A closed m-line may come back with another codec.
            g_object_set(line.transceiver.get(), "codec-preferences", preferences.get(), nullptr);
            continue;
        }
        g_signal_emit_by_name(webrtcbin_.get(), "add-transceiver",
                              GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, preferences.get(),
                              line.transceiver.out());
        // On audio, webrtcbin's jitterbuffer asks for packets that DTX never sent.
        const bool nack = context_->retransmission && line.kind == calls::MediaKind::Video;
        if (line.transceiver)
            g_object_set(line.transceiver.get(), "do-nack", gboolean{nack}, nullptr);
    }
}

void WebRtcPeer::assign(const calls::IncomingTrack& track, bool ssrcs_are_known)
{
    const auto slot = context_->slots->receiving(track.slot);
    const auto it = receiving_.find(track.mid);
    if (!slot || it == receiving_.end()) {
        post([id = track.slot](WebRtcPeer& self) {
            self.events_.on_slot_failed(
                id, Error{ErrorCode::Protocol,
                          "The service offered no media for a track that it accepted.",
                          "no usable m-line for a pulled track"});
        });
        return;
    }
    const Receiving& line = it->second;
    mids_[track.slot] = track.mid;
    slot->offered(line.kind, track.mid, line.formats.get());
    receiver_->assign({.mid = track.mid,
                       .slot = slot,
                       .mid_extension = line.mid_extension,
                       .payload_types = payload_types(line.formats.get()),
                       .ssrcs = line.ssrcs,
                       .ssrcs_are_known = ssrcs_are_known && !line.ssrcs.empty()});
}

bool WebRtcPeer::reuse(const std::vector<calls::IncomingTrack>& incoming)
{
    const bool known = std::all_of(incoming.begin(), incoming.end(), [&](const auto& track) {
        return receiving_.contains(track.mid) && context_->slots->receiving(track.slot);
    });
    if (known) {
        for (const auto& track : incoming)
            assign(track, false);
    }
    return known;
}

void WebRtcPeer::create_answer(const std::shared_ptr<AnswerExchange>& exchange)
{
    request("create-answer", nullptr, [this, exchange](PromiseReply reply) {
        auto status = [&]() -> Status {
            CF_TRY_LET(const auto structure, std::move(reply));
            CF_TRY_LET(const std::string text, description_text(structure.get(), "answer"));
            CF_TRY_LET(auto outgoing, facade_.answer_to_wire(text));
            CF_TRY_LET(const auto local,
                       to_description(GST_WEBRTC_SDP_TYPE_ANSWER, outgoing.local));
            request("set-local-description", local.get(),
                    [this, exchange, outgoing](PromiseReply set) {
                        if (!set)
                            return offer_failed(exchange, std::move(set.error()));
                        answer_made(exchange, outgoing);
                    });
            return ok_status();
        }();
        if (!status)
            offer_failed(exchange, std::move(status.error()));
    });
}

void WebRtcPeer::answer_made(const std::shared_ptr<AnswerExchange>& exchange,
                             const sdp::OutgoingDescription& answer)
{
    facade_.commit();
    busy_ = false;
    if (state_ == calls::TransportState::New)
        report(calls::TransportState::Connecting, "");
    exchange->done(calls::SessionDescription{calls::SdpType::Answer, answer.wire});
    const auto mids = mids_;
    for (const auto& [slot, mid] : mids) {
        if (closed_)
            return;
        if (std::find(answer.refused.begin(), answer.refused.end(), mid) != answer.refused.end())
            events_.on_slot_failed(
                slot, Error{ErrorCode::Unsupported,
                            "A track comes in a codec that is not accepted here; allow it with "
                            "video-codecs or audio-codecs.",
                            "m-line refused by webrtcbin"});
    }
}

void WebRtcPeer::offer_failed(const std::shared_ptr<AnswerExchange>& exchange, Error error)
{
    facade_.abandon();
    busy_ = false;
    exchange->done(error);
    // webrtcbin waits for an answer now and would refuse every later exchange.
    if (exchange->touched && !closed_)
        fail(error);
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: descriptions in and out, and the media plane that follows them.
#include <algorithm>
#include <utility>

#include "tests/emulator/sdp/parser.hpp"
#include "tests/emulator/sdp/writer.hpp"
#include "tests/emulator/sfu/media-parameters.hpp"
#include "tests/emulator/sfu/sdp-faults.hpp"
#include "tests/emulator/sfu/session.hpp"

namespace cf::emu
{

std::optional<Refusal> Session::take_offer(const calls::SessionDescription& offer,
                                           Negotiation& draft) const
{
    const auto parsed = sdp::parse(offer.sdp);
    if (!parsed)
        return refusals::unparsable_sdp(parsed.error().message);
    if (offer.type != calls::SdpType::Offer)
        return refusals::unusable_sdp("An offer is expected here, not an answer");
    if (const auto status = draft.apply_offer(*parsed); !status)
        return refusals::unusable_sdp(status.error().message);
    return std::nullopt;
}

std::optional<Refusal> Session::commit(Negotiation draft, const char* operation)
{
    if (const auto role = draft.client_role()) { // nothing if all that was offered is rejected
        RemoteParameters remote = remote_parameters(draft.established());
        if (context_.faults().strike("dtls-refusal", operation, id_))
            remote.fingerprints = {{"sha-256", context_.media().fingerprint()}}; // not the client's
        const auto status = transport_->set_remote(remote, local_role(*role));
        if (!status)
            return refusals::unusable_sdp(status.error().message);
    }
    negotiation_ = std::move(draft);
    set_state(state_ == SessionState::New ? SessionState::Negotiating : state_);
    return std::nullopt;
}

calls::SessionDescription Session::make_answer(const char* operation)
{
    sdp::Description answer = negotiation_.answer(context_.unix_time());
    apply_sdp_faults(answer, context_.faults(), operation, id_);
    const auto fault = context_.faults().strike("answer-as-offer", operation, id_);
    return {fault ? calls::SdpType::Offer : calls::SdpType::Answer, sdp::write(answer)};
}

calls::SessionDescription Session::make_offer(const char* operation)
{
    sdp::Description offer = negotiation_.make_offer(context_.unix_time());
    apply_sdp_faults(offer, context_.faults(), operation, id_);
    return {calls::SdpType::Offer, sdp::write(offer)};
}

void Session::sync_local(LocalTrack& track)
{
    const Line* line = negotiation_.find(track.mid);
    if (line == nullptr)
        return close_local(track);
    // A paused sender (inactive for a while) keeps its publication: it may come back.
    if (line->client_sends)
        track.publication = transport_->receive(receive_parameters(*line));
}

void Session::sync_remote(RemoteTrack& track)
{
    const Line* line = negotiation_.find(track.mid);
    if (line == nullptr || !line->pulling)
        return close_remote(track);
    track.subscription->set_paused(!line->client_receives);
    if (line->client_receives)
        track.subscription->set_parameters(send_parameters(*line));
}

void Session::sync_media()
{
    for (LocalTrack& track : local_)
        if (track.active)
            sync_local(track);
    if (const Line* line = negotiation_.application()) {
        SctpParameters sctp;
        sctp.remote_port = static_cast<std::uint16_t>(line->sctp_port);
        if (line->max_message_size)
            sctp.remote_max_message_size = *line->max_message_size;
        if (line->client_receives)
            channels_.start(sctp, line->made_by_sfu);
    }
    if (negotiation_.pending_offer())
        return; // what is pulled is not agreed upon yet
    for (RemoteTrack& track : remote_)
        if (track.active)
            sync_remote(track);
}

std::shared_ptr<Subscription> Session::prepare_sending(Line& line, const std::string& stream,
                                                       const std::string& track)
{
    auto subscription = transport_->send(line.mid, media_kind(line.kind));
    const bool rtx = std::any_of(line.codecs.begin(), line.codecs.end(),
                                 [](const sdp::Codec& c) { return c.is_rtx(); });
    line.msid = stream + " " + track;
    line.source = {subscription->ssrc(), rtx ? subscription->rtx_ssrc() : 0, subscription->cname(),
                   line.msid};
    return subscription;
}

void Session::close_local(LocalTrack& track)
{
    if (!track.active)
        return;
    track.active = false;
    if (for_adapter_)
        track.publication->close();
    if (local_by_mid(track.mid) == nullptr)
        transport_->stop_receiving(track.mid);
    context_.waits().poke();
}

void Session::close_remote(RemoteTrack& track)
{
    if (!track.active)
        return;
    track.active = false;
    track.subscription.reset();
    transport_->stop_sending(track.mid);
}

bool Session::close_mid(const std::string& mid)
{
    LocalTrack* local = local_by_mid(mid);
    RemoteTrack* remote = remote_by_mid(mid);
    if (local != nullptr)
        close_local(*local);
    if (remote != nullptr)
        close_remote(*remote);
    if (Line* line = negotiation_.find(mid)) {
        line->client_sends = line->client_receives = false;
        line->pulling = line->bidirectional = false;
        line->closed = true;
        line->source = {};
    }
    return local != nullptr || remote != nullptr;
}

LocalTrack* Session::local_by_mid(const std::string& mid)
{
    const auto it = std::find_if(local_.begin(), local_.end(),
                                 [&](const LocalTrack& t) { return t.active && t.mid == mid; });
    return it == local_.end() ? nullptr : &*it;
}

RemoteTrack* Session::remote_by_mid(const std::string& mid)
{
    const auto it = std::find_if(remote_.begin(), remote_.end(),
                                 [&](const RemoteTrack& t) { return t.active && t.mid == mid; });
    return it == remote_.end() ? nullptr : &*it;
}

// "#name" stands for the transceiver that carries the track of that name.
std::string Session::resolve_mid(const std::string& mid) const
{
    if (!mid.starts_with('#'))
        return mid;
    const LocalTrack* track = find_local(mid.substr(1));
    return track != nullptr ? track->mid : std::string{};
}

Outcome<calls::SessionDescription> Session::first_offer(const std::string& sdp)
{
    Negotiation draft = negotiation_;
    if (auto refusal = take_offer({calls::SdpType::Offer, sdp}, draft))
        return std::move(*refusal);
    if (auto refusal = commit(std::move(draft), "sessions/new"))
        return std::move(*refusal);
    calls::SessionDescription answer = make_answer("sessions/new");
    sync_media();
    return answer;
}

} // namespace cf::emu

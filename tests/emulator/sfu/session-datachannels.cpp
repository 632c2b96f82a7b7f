/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: the data channel endpoints.
#include <algorithm>
#include <utility>

#include "tests/emulator/sfu/session.hpp"

namespace cf::emu
{

namespace
{

// Problems of the set-up are reported as decoding_error even where the JSON is fine.
Refusal cannot_establish(const std::string& why)
{
    return {400, "decoding_error", why};
}

Refusal not_established()
{
    return {425, "session_error", "The DataChannel transport is not established"};
}

std::optional<Refusal> check_policy(const ChannelItem& item)
{
    if (item.name.empty())
        return refusals::invalid_params("dataChannels: dataChannelName is missing");
    if (item.max_retransmits && item.max_packet_life_time_ms)
        return refusals::invalid_params(
            "dataChannels: maxRetransmits and maxPacketLifeTime exclude each other");
    if (item.location == calls::Location::Remote && item.session_id.empty())
        return refusals::invalid_params("dataChannels: a remote channel needs sessionId");
    return std::nullopt;
}

} // namespace

std::optional<Refusal> Session::check_channels(const ChannelsRequest& request) const
{
    const auto& items = request.channels;
    if (state_ == SessionState::Gone)
        return refusals::session_gone();
    if (items.empty())
        return refusals::invalid_params("Expecting at least one DataChannel in the request");
    if (items.size() > context_.options().limits.tracks_per_call)
        return refusals::invalid_params("Expecting at most " +
                                        std::to_string(context_.options().limits.tracks_per_call) +
                                        " DataChannels in the request");
    return std::nullopt;
}

void Session::establish(const EstablishRequest& request, Reply<EstablishAnswer> reply)
{
    if (state_ == SessionState::Gone)
        return reply(refusals::session_gone());
    if (request.channel.name != kServerEvents ||
        request.channel.location != calls::Location::Remote)
        return reply(cannot_establish("Only the remote channel server-events can be established"));
    if (auto refusal = begin(true))
        return reply(std::move(*refusal));
    when_ready([self = shared_from_this(), offer = request.offer,
                reply = std::move(reply)](std::optional<Refusal> refusal) {
        self->end();
        if (refusal)
            return reply(std::move(*refusal));
        const auto& lines = self->negotiation_.lines();
        if (std::any_of(lines.begin(), lines.end(), [](const Line& l) {
                return l.kind == sdp::Kind::Application && !l.stopped;
            }))
            return reply(cannot_establish("The DataChannel transport is established already"));
        if (offer)
            self->establish_with_offer(*offer, reply);
        else
            self->establish_by_offering(reply);
    });
}

void Session::establish_by_offering(const Reply<EstablishAnswer>& reply)
{
    negotiation_.add_line({sdp::Kind::Application, {}, false});
    EstablishAnswer answer;
    answer.requires_immediate_renegotiation = true;
    answer.channel.location = calls::Location::Remote;
    answer.channel.name = kServerEvents;
    answer.channel.id = 0;
    answer.description = make_offer("datachannels/establish");
    reply(std::move(answer));
}

void Session::establish_with_offer(const calls::SessionDescription& offer,
                                   const Reply<EstablishAnswer>& reply)
{
    Negotiation draft = negotiation_;
    if (auto refusal = take_offer(offer, draft))
        return reply(std::move(*refusal));
    const auto& lines = draft.lines();
    if (std::none_of(lines.begin(), lines.end(),
                     [](const Line& l) { return l.kind == sdp::Kind::Application && !l.stopped; }))
        return reply(cannot_establish("The offer has no application section"));
    if (auto refusal = commit(std::move(draft), "datachannels/establish"))
        return reply(std::move(*refusal));
    EstablishAnswer answer;
    answer.channel.location = calls::Location::Remote;
    answer.channel.name = kServerEvents;
    answer.channel.id = 0;
    answer.description = make_answer("datachannels/establish");
    sync_media();
    reply(std::move(answer));
}

void Session::on_channels(ChannelsRequest request, const char* operation,
                          ChannelItem (SessionChannels::*act)(const ChannelItem&),
                          Reply<ChannelsAnswer> reply)
{
    if (auto refusal = begin(false))
        return reply(std::move(*refusal));
    when_ready([self = shared_from_this(), request = std::move(request), operation, act,
                reply = std::move(reply)](std::optional<Refusal> refusal) {
        self->end();
        if (!refusal && !self->channels_.started())
            refusal = not_established();
        if (refusal)
            return reply(std::move(*refusal));
        ChannelsAnswer answer;
        for (const ChannelItem& item : request.channels) {
            auto error = self->item_fault(operation, item.name, "");
            ChannelItem result = error ? item : (self->channels_.*act)(item);
            if (error)
                result.error = std::move(error);
            answer.channels.push_back(std::move(result));
        }
        reply(std::move(answer));
    });
}

void Session::new_channels(ChannelsRequest request, Reply<ChannelsAnswer> reply)
{
    if (auto refusal = check_channels(request))
        return reply(std::move(*refusal));
    std::size_t remote = 0;
    for (const ChannelItem& item : request.channels) {
        if (!item.has_location)
            return reply(refusals::bad_json("dataChannels: location is missing"));
        if (auto refusal = check_policy(item))
            return reply(std::move(*refusal));
        remote += item.location == calls::Location::Remote ? 1 : 0;
    }
    if (remote != 0 && remote != request.channels.size())
        return reply(refusals::invalid_params(
            "Pushing and pulling DataChannels in the same request is not supported"));
    on_channels(std::move(request), "datachannels/new",
                remote != 0 ? &SessionChannels::subscribe : &SessionChannels::publish,
                std::move(reply));
}

void Session::update_channels(ChannelsRequest request, Reply<ChannelsAnswer> reply)
{
    if (auto refusal = check_channels(request))
        return reply(std::move(*refusal));
    for (const ChannelItem& item : request.channels) {
        if (item.has_location && item.location != calls::Location::Remote)
            return reply(refusals::invalid_params("Only remote DataChannels can be updated"));
        if (item.name.empty() || item.session_id.empty())
            return reply(refusals::invalid_params(
                "dataChannels: sessionId and dataChannelName are needed for an update"));
    }
    on_channels(std::move(request), "datachannels/update", &SessionChannels::update,
                std::move(reply));
}

void Session::close_channels(ChannelsRequest request, Reply<ChannelsAnswer> reply)
{
    if (auto refusal = check_channels(request))
        return reply(std::move(*refusal));
    for (const ChannelItem& item : request.channels)
        if (!item.id)
            return reply(refusals::bad_json("dataChannels: id is missing"));
    on_channels(std::move(request), "datachannels/close", &SessionChannels::close,
                std::move(reply));
}

} // namespace cf::emu

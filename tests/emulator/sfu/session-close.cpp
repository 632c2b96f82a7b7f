/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: closing tracks, and changing what is behind them.
#include <utility>

#include "tests/emulator/sfu/session.hpp"

namespace cf::emu
{

std::vector<calls::Track> Session::close_items(const std::vector<calls::Mid>& mids)
{
    std::vector<calls::Track> items;
    for (const calls::Mid& mid : mids) {
        calls::Track item;
        item.mid = mid;
        item.error = item_fault("tracks/close", "", mid);
        if (!item.error && !close_mid(resolve_mid(mid)))
            item.error = item_errors::already_closed();
        items.push_back(std::move(item));
    }
    return items;
}

void Session::close_tracks(CloseTracks request, Reply<calls::CloseTracksAnswer> reply)
{
    const auto& mids = request.request.mids;
    if (state_ == SessionState::Gone)
        return reply(refusals::session_gone());
    if (!request.has_tracks || mids.empty())
        return reply(refusals::bad_json("tracks: at least one item is required"));
    if (!request.has_force)
        return reply(refusals::bad_json("force is missing"));
    for (const calls::Mid& mid : mids)
        if (mid.empty())
            return reply(refusals::bad_json("tracks: mid is missing or empty"));
    if (mids.size() > context_.options().limits.tracks_per_call)
        return reply(refusals::invalid_params(
            "Expecting at most " + std::to_string(context_.options().limits.tracks_per_call) +
            " tracks in the request"));
    if (!request.request.force && !request.request.offer)
        return reply(
            refusals::invalid_params("sessionDescription is required unless force is true"));
    if (auto refusal = begin(!request.request.force))
        return reply(std::move(*refusal));
    if (request.request.force) {
        end();
        calls::CloseTracksAnswer answer;
        answer.tracks = close_items(mids);
        for (const calls::Track& item : answer.tracks)
            if (Line* line = negotiation_.find(item.mid); line != nullptr && !item.error)
                line->force_closed = true;
        return reply(std::move(answer));
    }
    when_ready([self = shared_from_this(), request = std::move(request),
                reply = std::move(reply)](std::optional<Refusal> refusal) {
        self->end();
        if (refusal)
            return reply(std::move(*refusal));
        self->close_negotiated(request, reply);
    });
}

// By `tracks`, not by the SDP: browsers stop only the first of several transceivers.
void Session::close_negotiated(const CloseTracks& request,
                               const Reply<calls::CloseTracksAnswer>& reply)
{
    Negotiation draft = negotiation_;
    if (auto refusal = take_offer(*request.request.offer, draft))
        return reply(std::move(*refusal));
    if (auto refusal = commit(std::move(draft), "tracks/close"))
        return reply(std::move(*refusal));
    calls::CloseTracksAnswer answer;
    answer.tracks = close_items(request.request.mids);
    answer.description = make_answer("tracks/close");
    sync_media();
    reply(std::move(answer));
}

std::optional<calls::ItemError> Session::update_item(const calls::Track& item)
{
    if (auto error = item_fault("tracks/update", item.track_name, item.mid))
        return error;
    RemoteTrack* track = remote_by_mid(resolve_mid(item.mid));
    if (track == nullptr)
        return calls::ItemError{"update_track_error", "No track is being received on this mid"};
    const calls::TrackLocator wanted{item.session_id, item.track_name};
    const LocalTrack* source = context_.find_track(wanted);
    if (source == nullptr || !source->publication)
        return item_errors::not_found();
    if (source->kind != track->kind)
        return calls::ItemError{"update_track_error", "The tracks are of different kinds"};
    if (item.simulcast && source->publication->parameters().rids.empty())
        return item_errors::no_simulcast();
    if (track->source != wanted || track->subscription->source() != source->publication) {
        track->source = wanted;
        track->subscription->set_source(source->publication);
    }
    if (item.simulcast) {
        track->simulcast = item.simulcast;
        track->subscription->set_layer_policy(*item.simulcast);
    }
    return std::nullopt;
}

void Session::update_tracks(UpdateTracks request, Reply<calls::UpdateTracksAnswer> reply)
{
    const auto& tracks = request.request.tracks;
    if (state_ == SessionState::Gone)
        return reply(refusals::session_gone());
    if (tracks.empty())
        return reply(refusals::invalid_params("Expecting at least one track in the request"));
    if (tracks.size() > context_.options().limits.tracks_per_call)
        return reply(refusals::invalid_params(
            "Expecting at most " + std::to_string(context_.options().limits.tracks_per_call) +
            " tracks in the request"));
    for (std::size_t i = 0; i < tracks.size(); ++i) {
        if (!request.tracks[i].location)
            return reply(refusals::bad_json("tracks: location is missing"));
        if (tracks[i].location != calls::Location::Remote)
            return reply(refusals::invalid_params("Only remote tracks can be updated"));
        if (tracks[i].mid.empty() || tracks[i].session_id.empty() || tracks[i].track_name.empty())
            return reply(refusals::invalid_params(
                "tracks: mid, sessionId and trackName are needed for an update"));
    }
    if (auto refusal = begin(false))
        return reply(std::move(*refusal));
    when_ready([self = shared_from_this(), request = std::move(request),
                reply = std::move(reply)](std::optional<Refusal> refusal) {
        self->end();
        if (refusal)
            return reply(std::move(*refusal));
        calls::UpdateTracksAnswer answer;
        for (const calls::Track& item : request.request.tracks) {
            calls::Track result;
            result.location = calls::Location::Remote;
            result.mid = item.mid;
            result.session_id = item.session_id;
            result.track_name = item.track_name;
            result.error = self->update_item(item);
            answer.tracks.push_back(std::move(result));
        }
        reply(std::move(answer));
    });
}

} // namespace cf::emu

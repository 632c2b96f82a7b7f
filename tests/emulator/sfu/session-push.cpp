/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: publishing.
#include <algorithm>
#include <utility>

#include "tests/emulator/sdp/codecs.hpp"
#include "tests/emulator/sfu/media-parameters.hpp"
#include "tests/emulator/sfu/session.hpp"

namespace cf::emu
{

void Session::push(NewTracks request, const Reply<calls::NewTracksAnswer>& reply)
{
    end(); // from here on nothing waits
    for (const calls::Track& item : request.request.tracks)
        if (item.track_name.empty())
            return reply(refusals::invalid_params("tracks: trackName is missing"));
    if (request.request.offer)
        push_with_offer(request, reply);
    else
        push_without_offer(request, reply);
}

std::optional<calls::ItemError> Session::check_push(const calls::Track& item,
                                                    const Line* line) const
{
    if (line == nullptr)
        return item_errors::invalid("No media section has the mid of this track");
    if (line->kind == sdp::Kind::Application)
        return item_errors::invalid("The mid of this track is that of the data channels");
    if (line->codecs.empty())
        return item_errors::invalid("No codec of this media section is supported");
    if (!line->client_sends && !line->force_closed)
        return item_errors::invalid("The media section of this track does not send");
    if (context_.options().duplicate_names == DuplicateNames::Replace)
        return std::nullopt;
    for (const LocalTrack& t : local_)
        if (t.active && (t.name == item.track_name) != (t.mid == line->mid))
            return item_errors::repeated();
    return std::nullopt;
}

// The same name on the same mid again is a repeated push: clients do that after a failure.
void Session::publish(const std::string& name, const Line& line)
{
    for (LocalTrack& t : local_) {
        if (t.active && t.name == name && t.mid == line.mid)
            return;
        if (t.active && (t.name == name || t.mid == line.mid))
            close_local(t);
    }
    std::erase_if(local_, [&](const LocalTrack& t) { return !t.active && t.name == name; });
    LocalTrack track;
    track.name = name;
    track.mid = line.mid;
    track.kind = media_kind(line.kind);
    track.since = context_.executor().now();
    local_.push_back(std::move(track));
    forget_closed(local_, context_.options().limits.closed_tracks);
}

void Session::discover(calls::NewTracksAnswer& answer)
{
    for (const Line& line : negotiation_.lines()) {
        if (line.stopped || !line.client_sends || line.kind == sdp::Kind::Application ||
            local_by_mid(line.mid) != nullptr)
            continue;
        calls::Track track;
        track.mid = line.mid;
        track.track_name = context_.random_hex(32);
        if (context_.options().discovered_kind)
            track.kind = media_kind(line.kind);
        publish(track.track_name, line);
        answer.tracks.push_back(std::move(track));
    }
}

void Session::push_with_offer(const NewTracks& request, const Reply<calls::NewTracksAnswer>& reply)
{
    Negotiation draft = negotiation_;
    if (auto refusal = take_offer(*request.request.offer, draft))
        return reply(std::move(*refusal));
    if (auto refusal = commit(std::move(draft), "tracks/new"))
        return reply(std::move(*refusal));

    calls::NewTracksAnswer answer;
    for (const calls::Track& item : request.request.tracks) {
        calls::Track result;
        result.mid = resolve_mid(item.mid);
        result.track_name = item.track_name;
        Line* line = negotiation_.find(result.mid);
        result.error = item_fault("tracks/new", item.track_name, result.mid);
        if (!result.error)
            result.error = check_push(item, line);
        if (!result.error) {
            publish(item.track_name, *line);
            if (item.bidirectional_media_stream && line->client_receives && !line->bidirectional) {
                line->bidirectional = true;
                prepare_sending(*line, id_, context_.random_hex(32));
            }
        }
        answer.tracks.push_back(std::move(result));
    }
    if (request.request.auto_discover)
        discover(answer);
    answer.description = make_answer("tracks/new");
    sync_media();
    reply(std::move(answer));
}

// The SFU offers a section in which the client shall send. Live this works only for transceivers
// that go both ways; others end in a backend error.
void Session::push_without_offer(const NewTracks& request,
                                 const Reply<calls::NewTracksAnswer>& reply)
{
    calls::NewTracksAnswer answer;
    for (const calls::Track& item : request.request.tracks) {
        calls::Track result;
        result.track_name = item.track_name;
        result.error = item_fault("tracks/new", item.track_name, item.mid);
        if (!result.error && !item.kind)
            result.error = item_errors::invalid("kind is needed when the SFU makes the offer");
        if (!result.error && !item.bidirectional_media_stream)
            result.error = item_errors::backend();
        if (!result.error && find_local(item.track_name) != nullptr &&
            context_.options().duplicate_names == DuplicateNames::Refuse)
            result.error = item_errors::repeated();
        if (!result.error) {
            const sdp::Kind kind = sdp_kind(*item.kind);
            const std::size_t index = negotiation_.add_line(
                {kind, sdp::all_codecs(kind, context_.options().codecs), true});
            Line& line = negotiation_.lines()[index];
            line.pulling = false;
            prepare_sending(line, id_, context_.random_hex(32));
            publish(item.track_name, line);
            result.mid = line.mid;
            answer.requires_immediate_renegotiation = true;
        }
        answer.tracks.push_back(std::move(result));
    }
    if (answer.requires_immediate_renegotiation)
        answer.description = make_offer("tracks/new");
    reply(std::move(answer));
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/codec-values.hpp"
#include "lib/calls/codec.hpp"

namespace cf::calls
{

namespace
{

Error refusal(Error error)
{
    const bool wrong_value = error.code == ErrorCode::InvalidArgument;
    error.http_status = wrong_value ? 406 : 400;
    error.api_code = wrong_value ? "invalid_params" : "decoding_error";
    return error;
}

// Runs a reader over the body and dresses whatever error it gives as the service's refusal.
template <typename T, typename Read> Result<T> read_body(std::string_view body, Read read)
{
    auto document = json::JsonReader::parse(body);
    if (!document)
        return refusal(std::move(document.error()));
    if (auto object = document->expect_object(); !object)
        return refusal(std::move(object.error()));
    Result<T> value = read(*document);
    if (!value)
        return refusal(std::move(value.error()));
    return value;
}

Result<SessionDescription> required_description(const json::JsonReader& body)
{
    CF_TRY_LET(auto description, read_description(body, Strictness::Strict));
    if (!description)
        return body.error("sessionDescription is missing");
    return std::move(*description);
}

template <typename Request>
Status read_tracks(const json::JsonReader& body, ReadRequest<Request>& out)
{
    out.has_tracks = body.has("tracks");
    CF_TRY_LET(const auto items, body.find_array("tracks"));
    for (const json::JsonReader& item : items) {
        CF_TRY_LET(Track track, read_track(item, Strictness::Strict));
        out.request.tracks.push_back(std::move(track));
        out.tracks.push_back(
            {item.has("location"), item.has("mid"), item.has("sessionId"), item.has("trackName")});
    }
    return ok_status();
}

void write_answered_tracks(json::JsonWriter& w, const std::vector<Track>& tracks)
{
    auto array = w.array("tracks");
    for (const Track& track : tracks) {
        auto object = w.object();
        // The service prints the mid of a failed item too, as "".
        w.string("mid", track.mid);
        if (!track.session_id.empty())
            w.string("sessionId", track.session_id);
        if (!track.track_name.empty())
            w.string("trackName", track.track_name);
        if (track.kind)
            w.string("kind", to_string(*track.kind));
        if (track.simulcast)
            write_simulcast(w, *track.simulcast);
        if (track.error) {
            w.string("errorCode", track.error->code);
            w.string("errorDescription", track.error->description);
        }
    }
}

template <typename Answer> std::string write_tracks_answer(const Answer& answer)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        w.boolean("requiresImmediateRenegotiation", answer.requires_immediate_renegotiation);
        write_answered_tracks(w, answer.tracks);
        if (answer.description)
            write_description(w, *answer.description);
    }
    return w.take();
}

} // namespace

Result<NewSessionRequest> read_new_session_request(std::string_view body)
{
    // No body is the normal case, and some clients send white space or "{}".
    if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return NewSessionRequest{};
    return read_body<NewSessionRequest>(body, [](const auto& root) -> Result<NewSessionRequest> {
        NewSessionRequest out;
        CF_TRY_LET(out.offer, read_description(root, Strictness::Strict));
        return out;
    });
}

Result<ReadRequest<NewTracksRequest>> read_new_tracks_request(std::string_view body)
{
    using Read = ReadRequest<NewTracksRequest>;
    return read_body<Read>(body, [](const auto& root) -> Result<Read> {
        Read out;
        CF_TRY_LET(out.request.offer, read_description(root, Strictness::Strict));
        CF_TRY_LET(const auto discover, root.find_bool("autoDiscover"));
        out.has_auto_discover = discover.has_value();
        out.request.auto_discover = discover.value_or(false);
        CF_TRY(read_tracks(root, out));
        return out;
    });
}

Result<RenegotiateRequest> read_renegotiate_request(std::string_view body)
{
    return read_body<RenegotiateRequest>(body, [](const auto& root) -> Result<RenegotiateRequest> {
        RenegotiateRequest out;
        CF_TRY_LET(out.description, required_description(root));
        return out;
    });
}

Result<ReadRequest<CloseTracksRequest>> read_close_tracks_request(std::string_view body)
{
    using Read = ReadRequest<CloseTracksRequest>;
    return read_body<Read>(body, [](const auto& root) -> Result<Read> {
        Read out;
        out.has_tracks = root.has("tracks");
        CF_TRY_LET(const auto items, root.find_array("tracks"));
        for (const json::JsonReader& item : items) {
            CF_TRY(item.expect_object());
            CF_TRY_LET(const auto mid, item.find_string("mid"));
            TrackMembers members;
            members.mid = mid.has_value();
            out.request.mids.push_back(mid.value_or(""));
            out.tracks.push_back(members);
        }
        CF_TRY_LET(const auto force, root.find_bool("force"));
        out.has_force = force.has_value();
        out.request.force = force.value_or(false);
        CF_TRY_LET(out.request.offer, read_description(root, Strictness::Strict));
        return out;
    });
}

Result<ReadRequest<UpdateTracksRequest>> read_update_tracks_request(std::string_view body)
{
    using Read = ReadRequest<UpdateTracksRequest>;
    return read_body<Read>(body, [](const auto& root) -> Result<Read> {
        Read out;
        CF_TRY(read_tracks(root, out));
        return out;
    });
}

std::string write_answer(const NewSessionAnswer& answer)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        w.string("sessionId", answer.session_id);
        if (answer.description)
            write_description(w, *answer.description);
    }
    return w.take();
}

std::string write_answer(const NewTracksAnswer& answer)
{
    return write_tracks_answer(answer);
}

std::string write_answer(const RenegotiateAnswer& answer)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        if (answer.description)
            write_description(w, *answer.description);
    }
    return w.take();
}

std::string write_answer(const CloseTracksAnswer& answer)
{
    return write_tracks_answer(answer);
}

std::string write_answer(const UpdateTracksAnswer& answer)
{
    return write_tracks_answer(answer);
}

std::string write_answer(const SessionInfo& info)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        {
            auto tracks = w.array("tracks");
            for (const TrackState& state : info.tracks) {
                auto object = w.object();
                w.string("location", to_string(state.track.location));
                w.string("mid", state.track.mid);
                if (!state.track.session_id.empty())
                    w.string("sessionId", state.track.session_id);
                w.string("trackName", state.track.track_name);
                w.string("status", to_string(state.status));
            }
        }
        auto channels = w.array("dataChannels");
        for (const DataChannelState& state : info.data_channels) {
            auto object = w.object();
            w.string("location", to_string(state.location));
            if (!state.session_id.empty())
                w.string("sessionId", state.session_id);
            w.string("dataChannelName", state.name);
            if (state.id)
                w.integer("id", *state.id);
            w.string("status", to_string(state.status));
        }
    }
    return w.take();
}

std::string write_error(const ErrorBody& error)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        w.string("errorCode", error.code);
        if (!error.subcode.empty())
            w.string("errorSubcode", error.subcode);
        w.string("errorDescription", error.description);
    }
    return w.take();
}

} // namespace cf::calls

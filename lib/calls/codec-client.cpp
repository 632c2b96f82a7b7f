/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/codec-values.hpp"
#include "lib/calls/codec.hpp"

namespace cf::calls
{

namespace
{

constexpr json::EnumName<TrackStatus> kStatuses[] = {
    {"active", TrackStatus::Active},
    {"inactive", TrackStatus::Inactive},
    {"initializing", TrackStatus::Initializing},
    // The older schema's word for it.
    {"waiting", TrackStatus::Initializing},
};

void write_track(json::JsonWriter& w, const Track& track)
{
    auto object = w.object();
    w.string("location", to_string(track.location));
    if (!track.mid.empty())
        w.string("mid", track.mid);
    if (!track.session_id.empty())
        w.string("sessionId", track.session_id);
    if (!track.track_name.empty())
        w.string("trackName", track.track_name);
    if (track.bidirectional_media_stream)
        w.boolean("bidirectionalMediaStream", true);
    if (track.kind)
        w.string("kind", to_string(*track.kind));
    if (track.simulcast)
        write_simulcast(w, *track.simulcast);
}

void write_tracks(json::JsonWriter& w, const std::vector<Track>& tracks)
{
    auto array = w.array("tracks");
    for (const Track& track : tracks)
        write_track(w, track);
}

std::string text_member(const json::JsonReader& object, const char* name)
{
    auto text = object.find_string(name);
    return text && *text ? **text : std::string{};
}

Result<std::vector<Track>> read_tracks(const json::JsonReader& body)
{
    std::vector<Track> out;
    CF_TRY_LET(const auto items, body.find_array("tracks"));
    for (const json::JsonReader& item : items) {
        CF_TRY_LET(Track track, read_track(item, Strictness::Tolerant));
        ItemError error{text_member(item, "errorCode"), text_member(item, "errorDescription")};
        if (!error.code.empty())
            track.error = std::move(error);
        out.push_back(std::move(track));
    }
    return out;
}

// The three answers that have the same shape.
template <typename Answer> Result<Answer> read_tracks_answer(const json::JsonReader& body)
{
    CF_TRY(body.expect_object());
    Answer out;
    CF_TRY_LET(const auto renegotiate, body.find_bool("requiresImmediateRenegotiation"));
    out.requires_immediate_renegotiation = renegotiate.value_or(false);
    CF_TRY_LET(out.tracks, read_tracks(body));
    CF_TRY_LET(out.description, read_description(body, Strictness::Tolerant));
    return out;
}

TrackStatus read_status(const json::JsonReader& item)
{
    auto status = item.get_enum("status", kStatuses);
    return status ? *status : TrackStatus::Unknown;
}

Result<DataChannelState> read_data_channel(const json::JsonReader& item)
{
    CF_TRY(item.expect_object());
    DataChannelState out;
    auto location = item.get_enum("location", kLocations);
    out.location = location ? *location : Location::Local;
    CF_TRY_LET(const auto session_id, item.find_string("sessionId"));
    CF_TRY_LET(const auto name, item.find_string("dataChannelName"));
    CF_TRY_LET(const auto id, item.find_int("id", 0, 65535));
    out.session_id = session_id.value_or("");
    out.name = name.value_or("");
    if (id)
        out.id = static_cast<int>(*id);
    out.status = read_status(item);
    return out;
}

} // namespace

std::string write_request(const NewSessionRequest& request)
{
    if (!request.offer)
        return {};
    json::JsonWriter w;
    {
        auto root = w.object();
        write_description(w, *request.offer);
    }
    return w.take();
}

std::string write_request(const NewTracksRequest& request)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        if (request.offer)
            write_description(w, *request.offer);
        // Discovery names the tracks itself: `tracks` is then left out, not empty.
        if (!request.auto_discover || !request.tracks.empty())
            write_tracks(w, request.tracks);
        if (request.auto_discover)
            w.boolean("autoDiscover", true);
    }
    return w.take();
}

std::string write_request(const RenegotiateRequest& request)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        write_description(w, request.description);
    }
    return w.take();
}

std::string write_request(const CloseTracksRequest& request)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        {
            auto tracks = w.array("tracks");
            for (const Mid& mid : request.mids) {
                auto track = w.object();
                w.string("mid", mid);
            }
        }
        // Required since the schema of September 2026, also when false.
        w.boolean("force", request.force);
        if (request.offer)
            write_description(w, *request.offer);
    }
    return w.take();
}

std::string write_request(const UpdateTracksRequest& request)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        write_tracks(w, request.tracks);
    }
    return w.take();
}

ErrorBody read_error(const json::JsonReader& body)
{
    return {text_member(body, "errorCode"), text_member(body, "errorSubcode"),
            text_member(body, "errorDescription")};
}

Result<NewSessionAnswer> read_new_session_answer(const json::JsonReader& body)
{
    NewSessionAnswer out;
    CF_TRY_LET(out.session_id, body.get_string("sessionId"));
    // It becomes a segment of paths; these would climb out of it, and escaping leaves dots alone.
    if (out.session_id.empty() || out.session_id == "." || out.session_id == "..")
        return body.error("sessionId cannot be one");
    CF_TRY_LET(out.description, read_description(body, Strictness::Tolerant));
    return out;
}

Result<NewTracksAnswer> read_new_tracks_answer(const json::JsonReader& body)
{
    return read_tracks_answer<NewTracksAnswer>(body);
}

Result<RenegotiateAnswer> read_renegotiate_answer(const json::JsonReader& body)
{
    CF_TRY(body.expect_object());
    RenegotiateAnswer out;
    CF_TRY_LET(out.description, read_description(body, Strictness::Tolerant));
    return out;
}

Result<CloseTracksAnswer> read_close_tracks_answer(const json::JsonReader& body)
{
    return read_tracks_answer<CloseTracksAnswer>(body);
}

Result<UpdateTracksAnswer> read_update_tracks_answer(const json::JsonReader& body)
{
    return read_tracks_answer<UpdateTracksAnswer>(body);
}

Result<SessionInfo> read_session_info(const json::JsonReader& body)
{
    CF_TRY(body.expect_object());
    SessionInfo out;
    CF_TRY_LET(const auto tracks, body.find_array("tracks"));
    for (const json::JsonReader& item : tracks) {
        CF_TRY_LET(Track track, read_track(item, Strictness::Tolerant));
        out.tracks.push_back({std::move(track), read_status(item)});
    }
    CF_TRY_LET(const auto channels, body.find_array("dataChannels"));
    for (const json::JsonReader& item : channels) {
        CF_TRY_LET(DataChannelState channel, read_data_channel(item));
        out.data_channels.push_back(std::move(channel));
    }
    return out;
}

} // namespace cf::calls

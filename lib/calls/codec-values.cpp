/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/codec-values.hpp"

namespace cf::calls
{

namespace
{

// A name that the service invents later must not make its whole answer unreadable.
template <typename E, std::size_t N>
Result<std::optional<E>> read_enum(const json::JsonReader& object, const char* name,
                                   const json::EnumName<E> (&names)[N], Strictness strictness)
{
    CF_TRY_LET(const std::optional<json::JsonReader> value, object.find(name));
    if (!value)
        return std::optional<E>{};
    CF_TRY(value->as_string());
    auto known = value->as_enum(std::span<const json::EnumName<E>>{names});
    if (known)
        return std::optional<E>{*known};
    if (strictness == Strictness::Tolerant)
        return std::optional<E>{};
    Error error = std::move(known.error());
    error.code = ErrorCode::InvalidArgument;
    return error;
}

Result<Simulcast> read_simulcast(const json::JsonReader& object, Strictness strictness)
{
    Simulcast out;
    CF_TRY_LET(out.preferred_rid, object.find_string("preferredRid"));
    CF_TRY_LET(const auto ordering,
               read_enum(object, "priorityOrdering", kRidPolicies, strictness));
    CF_TRY_LET(const auto missing, read_enum(object, "ridNotAvailable", kRidPolicies, strictness));
    out.priority_ordering = ordering.value_or(RidPolicy::None);
    out.rid_not_available = missing.value_or(RidPolicy::None);
    return out;
}

} // namespace

void write_description(json::JsonWriter& w, const SessionDescription& description)
{
    auto object = w.object("sessionDescription");
    w.string("type", to_string(description.type));
    w.string("sdp", description.sdp);
}

Result<std::optional<SessionDescription>> read_description(const json::JsonReader& parent,
                                                           Strictness strictness)
{
    CF_TRY_LET(const std::optional<json::JsonReader> object,
               parent.find_object("sessionDescription"));
    if (!object)
        return std::optional<SessionDescription>{};
    if (strictness == Strictness::Tolerant) {
        // A server that prints an empty struct where it has no description.
        CF_TRY_LET(const auto type, object->find_string("type"));
        CF_TRY_LET(const auto sdp, object->find_string("sdp"));
        if (type.value_or("").empty() && sdp.value_or("").empty())
            return std::optional<SessionDescription>{};
    }
    SessionDescription out;
    CF_TRY_LET(out.type, object->get_enum("type", kSdpTypes));
    CF_TRY_LET(out.sdp, object->get_string("sdp"));
    return std::optional{std::move(out)};
}

void write_simulcast(json::JsonWriter& w, const Simulcast& simulcast)
{
    auto object = w.object("simulcast");
    w.optional_string("preferredRid", simulcast.preferred_rid);
    if (simulcast.priority_ordering != RidPolicy::None)
        w.string("priorityOrdering", to_string(simulcast.priority_ordering));
    if (simulcast.rid_not_available != RidPolicy::None)
        w.string("ridNotAvailable", to_string(simulcast.rid_not_available));
}

Result<Track> read_track(const json::JsonReader& item, Strictness strictness)
{
    CF_TRY(item.expect_object());
    Track out;
    CF_TRY_LET(const auto mid, item.find_string("mid"));
    CF_TRY_LET(const auto session_id, item.find_string("sessionId"));
    CF_TRY_LET(const auto track_name, item.find_string("trackName"));
    CF_TRY_LET(const auto bidirectional, item.find_bool("bidirectionalMediaStream"));
    CF_TRY_LET(out.kind, read_enum(item, "kind", kMediaKinds, strictness));
    CF_TRY_LET(const auto simulcast, item.find_object("simulcast"));
    if (simulcast) {
        CF_TRY_LET(out.simulcast, read_simulcast(*simulcast, strictness));
    }
    CF_TRY_LET(const auto location, read_enum(item, "location", kLocations, strictness));
    out.location = location.value_or(Location::Local);
    out.mid = mid.value_or("");
    out.session_id = session_id.value_or("");
    out.track_name = track_name.value_or("");
    out.bidirectional_media_stream = bidirectional.value_or(false);
    return out;
}

} // namespace cf::calls

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The JSON of the Calls API, both ways: the client writes requests and reads answers, the emulator
// reads requests and writes answers. Pure functions; any thread.
//
// Reading an answer is tolerant of what the service leaves out or adds, not of a member that has
// the wrong type: such a service is not the one we know. Reading a request is as strict as the
// service is.
#pragma once

#include <string>
#include <vector>

#include "lib/calls/types.hpp"
#include "lib/json/json-reader.hpp"

namespace cf::calls
{

// ---- The client's half ----

/// Empty if the request has no body.
[[nodiscard]] std::string write_request(const NewSessionRequest& request);
[[nodiscard]] std::string write_request(const NewTracksRequest& request);
[[nodiscard]] std::string write_request(const RenegotiateRequest& request);
[[nodiscard]] std::string write_request(const CloseTracksRequest& request);
[[nodiscard]] std::string write_request(const UpdateTracksRequest& request);

/// `errorCode` and its companions at the top level of an answer, of any HTTP status.
struct ErrorBody {
    std::string code;
    std::string subcode; ///< `errorSubcode`: undocumented, read by Cloudflare's own client
    std::string description;
};
/// Empty fields where @p body has none, or has something else there.
[[nodiscard]] ErrorBody read_error(const json::JsonReader& body);

// Errors are ErrorCode::Protocol with a message for developers: a path and what is wrong there.
[[nodiscard]] Result<NewSessionAnswer> read_new_session_answer(const json::JsonReader& body);
[[nodiscard]] Result<NewTracksAnswer> read_new_tracks_answer(const json::JsonReader& body);
[[nodiscard]] Result<RenegotiateAnswer> read_renegotiate_answer(const json::JsonReader& body);
[[nodiscard]] Result<CloseTracksAnswer> read_close_tracks_answer(const json::JsonReader& body);
[[nodiscard]] Result<UpdateTracksAnswer> read_update_tracks_answer(const json::JsonReader& body);
[[nodiscard]] Result<SessionInfo> read_session_info(const json::JsonReader& body);

// ---- The server's half ----

/// Which members of an item were there: the API's rules tell "absent" from "empty".
struct TrackMembers {
    bool location = false;
    bool mid = false;
    bool session_id = false;
    bool track_name = false;
};
/// A request and which of its members were there.
template <typename Request> struct ReadRequest {
    Request request;
    bool has_tracks = false;
    bool has_force = false;
    bool has_auto_discover = false;
    std::vector<TrackMembers> tracks; ///< one for each of request.tracks, where it has any
};

// An error carries what the service answers with: http_status 400 and api_code "decoding_error" for
// no JSON and wrong types, 406 and "invalid_params" for values that do not exist.
[[nodiscard]] Result<NewSessionRequest> read_new_session_request(std::string_view body);
[[nodiscard]] Result<ReadRequest<NewTracksRequest>> read_new_tracks_request(std::string_view body);
[[nodiscard]] Result<RenegotiateRequest> read_renegotiate_request(std::string_view body);
[[nodiscard]] Result<ReadRequest<CloseTracksRequest>>
read_close_tracks_request(std::string_view body);
[[nodiscard]] Result<ReadRequest<UpdateTracksRequest>>
read_update_tracks_request(std::string_view body);

[[nodiscard]] std::string write_answer(const NewSessionAnswer& answer);
[[nodiscard]] std::string write_answer(const NewTracksAnswer& answer);
[[nodiscard]] std::string write_answer(const RenegotiateAnswer& answer);
[[nodiscard]] std::string write_answer(const CloseTracksAnswer& answer);
[[nodiscard]] std::string write_answer(const UpdateTracksAnswer& answer);
[[nodiscard]] std::string write_answer(const SessionInfo& info);
[[nodiscard]] std::string write_error(const ErrorBody& error);

} // namespace cf::calls

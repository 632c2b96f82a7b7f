/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/errors.hpp"

#include <string_view>

#include "lib/base/redact.hpp"

namespace cf::calls
{

namespace
{

constexpr const char* kCheckCredentials =
    "The service refused the credentials: check app-id and app-token (or CALLS_APP_ID and "
    "CALLS_APP_SECRET).";
constexpr const char* kUnknownApp =
    "The service does not know the app: check app-id and api-base; an app that was just created "
    "takes a while to become known.";
constexpr const char* kNotConnected =
    "The session is not connected yet; check that UDP to the service is not blocked.";
constexpr const char* kSessionGone =
    "The session has expired at the service and has to be replaced by a new one.";
constexpr const char* kRateLimited =
    "The service is being asked too often; wait, or use fewer elements on one session.";
constexpr const char* kTooLarge =
    "The request is too large for the service: publish or pull fewer tracks with one element.";
constexpr const char* kBadRequest =
    "The service does not accept the request: check track names and session ids.";
constexpr const char* kBadSdp =
    "The service cannot use the session description: check that it supports the track's codec.";
constexpr const char* kConflict =
    "The service was still busy with another exchange of this session; try again.";
constexpr const char* kServer = "The service has a problem of its own; try again later.";
constexpr const char* kRedirect =
    "The server redirects instead of answering, as login pages do: set api-base to the address of "
    "the API itself.";
constexpr const char* kNotTheApi =
    "The server does not answer as the Calls API does: check api-base.";
constexpr const char* kNoSuchTrack =
    "The track does not exist or its publisher is not connected: check its session id and name.";
constexpr const char* kSilentTrack =
    "The track exists, but its publisher is not sending: check the publisher.";
constexpr const char* kNameTaken =
    "A track of this name is already published in this session: choose another track-name.";
constexpr const char* kNoLayers =
    "The track has no simulcast layers to choose from: leave preferred-rid unset.";
constexpr const char* kAlreadyClosed = "The track was already closed.";

struct StatusRange {
    unsigned first;
    unsigned last;
};
constexpr StatusRange kAny{0, 999};
constexpr StatusRange only(unsigned status)
{
    return {status, status};
}

enum class Level { Request, Item, Both };

struct Row {
    Level level;
    StatusRange status;    ///< of a request; an item has none
    std::string_view code; ///< `errorCode`; empty: any
    ErrorCode error;
    Reaction reaction;
    const char* message;
};

// The first row that matches counts. A status that says it all stands before the codes, a code
// before the status classes: codes were seen under several statuses.
constexpr Row kTable[] = {
    {Level::Request, only(401), "", ErrorCode::Unauthorized, Reaction::FailElement,
     kCheckCredentials},
    {Level::Request, only(403), "", ErrorCode::Unauthorized, Reaction::FailElement,
     kCheckCredentials},
    {Level::Request, kAny, "unauthorized", ErrorCode::Unauthorized, Reaction::FailElement,
     kCheckCredentials},
    {Level::Request, only(404), "", ErrorCode::NotFound, Reaction::FailElement, kUnknownApp},
    {Level::Request, kAny, "not_found", ErrorCode::NotFound, Reaction::FailElement, kUnknownApp},
    {Level::Request, only(410), "", ErrorCode::SessionGone, Reaction::ReplaceSession, kSessionGone},
    {Level::Request, only(425), "", ErrorCode::NotReady, Reaction::RetryLater, kNotConnected},
    {Level::Both, kAny, "session_error", ErrorCode::SessionGone, Reaction::ReplaceSession,
     kSessionGone},
    {Level::Request, only(429), "", ErrorCode::RateLimited, Reaction::RetryLater, kRateLimited},
    {Level::Request, only(413), "", ErrorCode::TooLarge, Reaction::FailTrack, kTooLarge},
    {Level::Both, kAny, "payload_too_large", ErrorCode::TooLarge, Reaction::FailTrack, kTooLarge},
    {Level::Both, kAny, "decoding_error", ErrorCode::InvalidArgument, Reaction::FailTrack,
     kBadRequest},
    {Level::Both, kAny, "invalid_params", ErrorCode::InvalidArgument, Reaction::FailTrack,
     kBadRequest},

    // 400: it cannot be parsed. Otherwise: it came in the wrong order, also with a sub-code or
    // with the sub-code in the code's place.
    {Level::Request, only(400), "invalid_session_description", ErrorCode::Sdp, Reaction::FailTrack,
     kBadSdp},
    {Level::Request, kAny, "invalid_session_description", ErrorCode::Conflict,
     Reaction::RetryRequest, kConflict},
    {Level::Request, kAny, "signaling_state_not_stable", ErrorCode::Conflict,
     Reaction::RetryRequest, kConflict},
    {Level::Request, kAny, "invalid_modification_have_local_offer", ErrorCode::Conflict,
     Reaction::RetryRequest, kConflict},
    {Level::Request, kAny, "invalid_modification_have_remote_offer", ErrorCode::Conflict,
     Reaction::RetryRequest, kConflict},
    {Level::Request, kAny, "invalid_modification_have_local_pranswer", ErrorCode::Conflict,
     Reaction::RetryRequest, kConflict},
    {Level::Request, kAny, "invalid_modification_have_remote_pranswer", ErrorCode::Conflict,
     Reaction::RetryRequest, kConflict},
    {Level::Item, kAny, "invalid_session_description", ErrorCode::Sdp, Reaction::FailTrack,
     kBadSdp},

    // Items; some may come for the whole request, too.
    {Level::Both, kAny, "not_found_track_error", ErrorCode::TrackNotFound, Reaction::RetryLater,
     kNoSuchTrack},
    {Level::Both, kAny, "empty_track_error", ErrorCode::TrackEmpty, Reaction::RetryLater,
     kSilentTrack},
    {Level::Both, kAny, "repeated_local_track_error", ErrorCode::InvalidArgument,
     Reaction::FailTrack, kNameTaken},
    {Level::Both, kAny, "update_track_error", ErrorCode::Unsupported, Reaction::FailTrack,
     kNoLayers},
    {Level::Both, kAny, "close_track_error", ErrorCode::TrackNotFound, Reaction::FailTrack,
     kAlreadyClosed},
    {Level::Both, kAny, "retryable_transient_error", ErrorCode::Server, Reaction::RetryLater,
     kServer},
    {Level::Both, kAny, "temporarily_unavailable_error", ErrorCode::Server, Reaction::RetryLater,
     kServer},
    {Level::Both, kAny, "transport_unavailable_error", ErrorCode::Server, Reaction::RetryLater,
     kServer},
    {Level::Both, kAny, "backend_error", ErrorCode::Server, Reaction::RetryLater, kServer},
    {Level::Both, kAny, "internal_error", ErrorCode::Server, Reaction::RetryLater, kServer},

    {Level::Request, {300, 399}, "", ErrorCode::InvalidArgument, Reaction::FailElement, kRedirect},
    {Level::Request, only(400), "", ErrorCode::InvalidArgument, Reaction::FailTrack, kBadRequest},
    {Level::Request, only(406), "", ErrorCode::Conflict, Reaction::RetryRequest, kConflict},
    {Level::Request, only(408), "", ErrorCode::Timeout, Reaction::RetryLater, kServer},
    {Level::Request, only(409), "", ErrorCode::Conflict, Reaction::RetryRequest, kConflict},
    {Level::Request, {400, 499}, "", ErrorCode::Protocol, Reaction::ReplaceSession, kNotTheApi},
    // 5xx, and codes that nobody has told us of yet.
    {Level::Both, kAny, "", ErrorCode::Server, Reaction::RetryLater, kServer},
};

const Row& find_row(Level level, unsigned status, std::string_view code)
{
    for (const Row& row : kTable) {
        if ((row.level == level || row.level == Level::Both) && status >= row.status.first &&
            status <= row.status.last && (row.code.empty() || row.code == code))
            return row;
    }
    g_assert_not_reached(); // the last row takes everything
}

// The table speaks of tracks/new. What the same answer means to the other calls:
Reaction reaction_of(Call call, Reaction reaction)
{
    switch (call) {
    case Call::NewSession:
        // There is no session to keep or to replace, and nothing in the request that is a track's.
        return reaction == Reaction::FailTrack || reaction == Reaction::FailElement
                   ? Reaction::FailElement
                   : Reaction::RetryLater;
    case Call::Renegotiate:
        // The service waits for this answer; until it has it, nothing else of the session can go
        // on.
        if (reaction == Reaction::RetryLater)
            return Reaction::RetryRequest;
        return reaction == Reaction::FailTrack ? Reaction::ReplaceSession : reaction;
    case Call::NewTracks:
    case Call::CloseTracks:
    case Call::UpdateTracks:
    case Call::GetSession:
        return reaction;
    }
    g_assert_not_reached();
}

Reaction reaction_to_unknown_outcome(Call call)
{
    switch (call) {
    case Call::NewSession:
        return Reaction::RetryLater; // a session that nobody uses expires
    case Call::NewTracks:
    case Call::Renegotiate:
        return Reaction::ReplaceSession; // the two ends may no longer agree on the SDP
    case Call::CloseTracks:
    case Call::UpdateTracks:
    case Call::GetSession:
        return Reaction::RetryRequest; // without SDP these may be said twice
    }
    g_assert_not_reached();
}

} // namespace

const char* to_string(Call call)
{
    switch (call) {
    case Call::NewSession:
        return "sessions/new";
    case Call::NewTracks:
        return "tracks/new";
    case Call::Renegotiate:
        return "renegotiate";
    case Call::CloseTracks:
        return "tracks/close";
    case Call::UpdateTracks:
        return "tracks/update";
    case Call::GetSession:
        return "session";
    }
    g_assert_not_reached();
}

const char* to_string(Reaction reaction)
{
    switch (reaction) {
    case Reaction::RetryRequest:
        return "retry-request";
    case Reaction::RetryLater:
        return "retry-later";
    case Reaction::ReplaceSession:
        return "replace-session";
    case Reaction::FailTrack:
        return "fail-track";
    case Reaction::FailElement:
        return "fail-element";
    }
    g_assert_not_reached();
}

Error refusal_error(Call call, const Refusal& refusal)
{
    const Row& row = find_row(Level::Request, refusal.status, refusal.body.code);
    Error error{row.error, row.message};
    error.debug = std::string{to_string(call)} + ": HTTP " + std::to_string(refusal.status);
    for (const std::string* part :
         {&refusal.body.code, &refusal.body.subcode, &refusal.body.description}) {
        if (!part->empty())
            error.debug += ", " + *part;
    }
    error.debug = redact(error.debug); // the description is the service's to choose
    error.http_status = refusal.status;
    error.api_code = refusal.body.code;
    error.retry_after = refusal.retry_after;
    return error;
}

Error item_error(const ItemError& item)
{
    const Row& row = find_row(Level::Item, 0, item.code);
    Error error{row.error, row.message};
    error.debug = redact(item.code + ": " + item.description);
    error.api_code = item.code;
    return error;
}

Reaction reaction_to(Call call, const Error& error)
{
    if (outcome_unknown(error))
        return reaction_to_unknown_outcome(call);
    if (error.unsent && (error.code == ErrorCode::Network || error.code == ErrorCode::Timeout))
        return reaction_of(call, Reaction::RetryLater);
    switch (error.code) {
    case ErrorCode::Tls:
        return Reaction::FailElement;
    case ErrorCode::TooLarge:
        if (error.http_status != 0)
            break; // the service found the request too large, not we the answer
        [[fallthrough]];
    case ErrorCode::Protocol:
        // The answer cannot be read. Where no SDP is at stake the session need not suffer.
        if (call == Call::CloseTracks || call == Call::UpdateTracks || call == Call::GetSession)
            return Reaction::FailTrack;
        return reaction_of(call, Reaction::ReplaceSession);
    default:
        break;
    }
    if (error.http_status == 0)
        return reaction_of(call, Reaction::FailTrack); // our own end refused
    // Cloudflare's own code takes 404 on a close for "everything is gone already".
    if (call == Call::CloseTracks && error.http_status == 404)
        return Reaction::ReplaceSession;
    return reaction_of(call, find_row(Level::Request, error.http_status, error.api_code).reaction);
}

Reaction reaction_to_item(const Error& error)
{
    return find_row(Level::Item, 0, error.api_code).reaction;
}

bool outcome_unknown(const Error& error)
{
    // 502 and 504 are a gateway's: what stands behind it may have done what was asked.
    if (error.unsent)
        return false;
    return error.code == ErrorCode::Timeout || error.code == ErrorCode::Network ||
           error.http_status == 502 || error.http_status == 504;
}

} // namespace cf::calls

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/result.hpp"

#include "lib/base/redact.hpp"

namespace cf
{

const char* to_string(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Cancelled:
        return "cancelled";
    case ErrorCode::InvalidArgument:
        return "invalid-argument";
    case ErrorCode::Unsupported:
        return "unsupported";
    case ErrorCode::MissingPlugin:
        return "missing-plugin";
    case ErrorCode::Unauthorized:
        return "unauthorized";
    case ErrorCode::NotFound:
        return "not-found";
    case ErrorCode::Conflict:
        return "conflict";
    case ErrorCode::NotReady:
        return "not-ready";
    case ErrorCode::SessionGone:
        return "session-gone";
    case ErrorCode::TrackNotFound:
        return "track-not-found";
    case ErrorCode::TrackEmpty:
        return "track-empty";
    case ErrorCode::TooLarge:
        return "too-large";
    case ErrorCode::RateLimited:
        return "rate-limited";
    case ErrorCode::Timeout:
        return "timeout";
    case ErrorCode::Network:
        return "network";
    case ErrorCode::Tls:
        return "tls";
    case ErrorCode::Protocol:
        return "protocol";
    case ErrorCode::Sdp:
        return "sdp";
    case ErrorCode::Server:
        return "server";
    case ErrorCode::Media:
        return "media";
    case ErrorCode::State:
        return "state";
    case ErrorCode::Internal:
        return "internal";
    }
    g_assert_not_reached();
}

Error from_gerror(ErrorCode code, GError* error, std::string message)
{
    Error out{code, std::move(message)};
    if (error != nullptr)
        out.debug = redact(error->message);
    g_clear_error(&error);
    return out;
}

} // namespace cf

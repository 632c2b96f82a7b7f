/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Error and Result: how a failure travels through this project.
//
// There are no exceptions (the build switches them off, so that none can be thrown through a GLib
// callback). Bad input and failures of the world are an Error; a mistake of ours is a g_assert.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <glib.h>

namespace cf
{

/// What kind of failure this is: what a program decides by. Text is for people.
enum class ErrorCode {
    Cancelled,       ///< the caller took the request back; never shown to the user
    InvalidArgument, ///< a setting or an argument is wrong; trying again cannot help
    Unsupported,     ///< valid, but this build or this machine cannot do it
    MissingPlugin,   ///< a GStreamer plugin is not installed; the message names the package
    Unauthorized,    ///< the service refused the credentials (HTTP 401, 403)
    NotFound,        ///< the app, session, track or object does not exist
    Conflict,        ///< the request came in the wrong order or overlapped another (HTTP 406, 409)
    NotReady,        ///< the session is not connected yet (HTTP 425); try again
    SessionGone,     ///< the session has expired (HTTP 410); replace it
    TrackNotFound,   ///< the publication is unknown or its publisher is not connected
    TrackEmpty,      ///< the publication exists, but no packet of it has arrived
    TooLarge,        ///< a body or a list is over a limit
    RateLimited,     ///< HTTP 429; see Error::retry_after
    Timeout,         ///< no answer in time
    Network,         ///< name resolution, connection, reset
    Tls,             ///< the certificate or the handshake was refused
    Protocol,        ///< the answer is not what the protocol promises (no JSON, wrong shape)
    Sdp,             ///< a session description cannot be used
    Server,          ///< HTTP 5xx or an internal error of the service
    Media,           ///< ICE, DTLS or RTP failed
    State,           ///< the operation is not possible in the present state
    Internal,        ///< a mistake of ours that we noticed
};

/// The name of @p code in lower case with dashes, as applications see it in message details.
const char* to_string(ErrorCode code);

/// One failure. `message` is one sentence for the user, with no id, URL or secret in it, and says
/// what to do where something can be done; `debug` is for the developer (method, path, status).
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    std::string debug = {};
    unsigned http_status = 0;  ///< 0: the failure did not come with an HTTP status
    std::string api_code = {}; ///< the service's own `errorCode`, empty if none
    std::optional<std::chrono::milliseconds> retry_after = {}; ///< what the service asked for
    /// The service cannot have seen the request: to repeat it is safe, whatever it was.
    bool unsent = false;
};

/// Takes `error` (transfer full) in. The one place where a GError enters the project.
Error from_gerror(ErrorCode code, GError* error, std::string message);

struct Unit {
};

/// A value or an Error.
template <typename T> class [[nodiscard]] Result
{
public:
    Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return v_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value()
    {
        g_assert(ok());
        return *std::get_if<0>(&v_);
    }
    const T& value() const
    {
        g_assert(ok());
        return *std::get_if<0>(&v_);
    }
    T&& take()
    {
        g_assert(ok());
        return std::move(*std::get_if<0>(&v_));
    }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }

    Error& error()
    {
        g_assert(!ok());
        return *std::get_if<1>(&v_);
    }
    const Error& error() const
    {
        g_assert(!ok());
        return *std::get_if<1>(&v_);
    }

private:
    std::variant<T, Error> v_;
};

/// Success without a value, or an Error.
using Status = Result<Unit>;
inline Status ok_status()
{
    return Status{Unit{}};
}

} // namespace cf

/// Leaves the function with the error of @p expr, if it has one.
#define CF_TRY(expr)                                                                               \
    do {                                                                                           \
        if (auto cf_try_result = (expr); !cf_try_result)                                           \
            return std::move(cf_try_result.error());                                               \
    } while (false)

#define CF_TRY_CAT2(a, b) a##b
#define CF_TRY_CAT(a, b) CF_TRY_CAT2(a, b)

/// `CF_TRY_LET(auto x, f());`: the value of f(), or leaves the function with its error.
#define CF_TRY_LET(decl, expr)                                                                     \
    auto CF_TRY_CAT(cf_try_let_, __LINE__) = (expr);                                               \
    if (!CF_TRY_CAT(cf_try_let_, __LINE__))                                                        \
        return std::move(CF_TRY_CAT(cf_try_let_, __LINE__).error());                               \
    decl = CF_TRY_CAT(cf_try_let_, __LINE__).take()

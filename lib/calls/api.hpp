/* SPDX-License-Identifier: LGPL-2.1-or-later */
// CallsApi: the seam at the network. HttpCallsApi speaks to the service; tests script answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "lib/calls/types.hpp"

namespace cf::calls
{

template <typename T> using Done = std::function<void(Result<T>)>;

using RequestId = std::uint64_t; ///< 0 is never a request

/// Every method may be called on the I/O thread only and returns at once; `done` runs there too,
/// exactly once, never from within the call itself, also after cancel() (ErrorCode::Cancelled).
/// An Error means that the whole call failed: HTTP status, transport, an answer of the wrong
/// shape, or a top-level `errorCode` (even under HTTP 200). Items that failed are in the answer.
class CallsApi
{
public:
    virtual ~CallsApi() = default;

    virtual RequestId new_session(NewSessionRequest request, Done<NewSessionAnswer> done) = 0;
    virtual RequestId new_tracks(const SessionId& session, NewTracksRequest request,
                                 Done<NewTracksAnswer> done) = 0;
    virtual RequestId renegotiate(const SessionId& session, RenegotiateRequest request,
                                  Done<RenegotiateAnswer> done) = 0;
    virtual RequestId close_tracks(const SessionId& session, CloseTracksRequest request,
                                   Done<CloseTracksAnswer> done) = 0;
    virtual RequestId update_tracks(const SessionId& session, UpdateTracksRequest request,
                                    Done<UpdateTracksAnswer> done) = 0;
    virtual RequestId get_session(const SessionId& session, Done<SessionInfo> done) = 0;

    /// Takes a request back; its `done` is called with ErrorCode::Cancelled. A no-op for 0 and for
    /// requests that are done.
    virtual void cancel(RequestId id) = 0;
};

} // namespace cf::calls

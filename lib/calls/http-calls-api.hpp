/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpCallsApi: the CallsApi that speaks to the service.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "lib/calls/api.hpp"
#include "lib/calls/credentials.hpp"
#include "lib/calls/errors.hpp"
#include "lib/http/http-client.hpp"
#include "lib/json/json-reader.hpp"

namespace cf::calls
{

/// How long the service may think. It waits by itself up to 5 s for a session to connect and about
/// 9 s for the first packets of a track that is pulled (calls-api 3.6.12), so what is less for a
/// pull would give up on answers that are on their way.
struct HttpCallsApiOptions {
    Milliseconds timeout{15000};
    Milliseconds least_pull_timeout{12000};
};

/// Sends each request once: what is repeated, and when, is decided by those who know what it would
/// do (Exchange, SessionCleanup). I/O thread only.
class HttpCallsApi final : public CallsApi
{
public:
    HttpCallsApi(std::shared_ptr<http::HttpClient> client, Credentials credentials,
                 HttpCallsApiOptions options = {});
    ~HttpCallsApi() override; ///< cancels nothing: each `done` still runs

    /// For all requests from now on.
    void set_credentials(Credentials credentials) { credentials_ = std::move(credentials); }

    RequestId new_session(NewSessionRequest request, Done<NewSessionAnswer> done) override;
    RequestId new_tracks(const SessionId& session, NewTracksRequest request,
                         Done<NewTracksAnswer> done) override;
    RequestId renegotiate(const SessionId& session, RenegotiateRequest request,
                          Done<RenegotiateAnswer> done) override;
    RequestId close_tracks(const SessionId& session, CloseTracksRequest request,
                           Done<CloseTracksAnswer> done) override;
    RequestId update_tracks(const SessionId& session, UpdateTracksRequest request,
                            Done<UpdateTracksAnswer> done) override;
    RequestId get_session(const SessionId& session, Done<SessionInfo> done) override;
    void cancel(RequestId id) override;

private:
    // Outlives us in the callbacks of what is under way.
    struct Jars;

    template <typename Answer>
    RequestId send(Call call, http::HttpRequest request,
                   Result<Answer> (*read)(const json::JsonReader&), Done<Answer> done);
    http::HttpRequest request_for(const SessionId& session, const char* method,
                                  std::initializer_list<const char*> path, std::string body) const;

    std::shared_ptr<http::HttpClient> client_;
    Credentials credentials_;
    HttpCallsApiOptions options_;
    std::shared_ptr<Jars> jars_;
};

} // namespace cf::calls

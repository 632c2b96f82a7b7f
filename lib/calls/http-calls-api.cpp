/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/http-calls-api.hpp"

#include <algorithm>

#include "lib/calls/codec.hpp"

namespace cf::calls
{

namespace
{

Error not_the_api(Call call, const http::HttpResponse& response, const std::string& what)
{
    const bool page = response.content_type == "text/html";
    Error error{ErrorCode::Protocol,
                page ? "The server answers with a web page, not as the Calls API: check api-base, "
                       "and whether a login is asked for."
                     : "The server does not answer as the Calls API does: check api-base."};
    error.debug =
        std::string{to_string(call)} + ": HTTP " + std::to_string(response.status) + ", " + what;
    error.http_status = response.status;
    return error;
}

template <typename Answer>
Result<Answer> read_response(Call call, const http::HttpResponse& response,
                             Result<Answer> (*read)(const json::JsonReader&))
{
    const bool success = response.status >= 200 && response.status < 300;
    auto document = json::JsonReader::parse(response.body);
    ErrorBody error = document ? read_error(*document) : ErrorBody{};
    // Under 200, too, the service may say no.
    if (!success || !error.code.empty())
        return refusal_error(call, {response.status, std::move(error), response.retry_after});
    if (!document)
        return not_the_api(call, response, document.error().message);
    Result<Answer> answer = read(*document);
    if (!answer)
        return not_the_api(call, response, answer.error().message);
    return answer;
}

} // namespace

// Cookies are kept per Calls session, as a proxy pins each to who made it. The jar has to be named
// before the session has its name: the first cookie comes with that very answer.
struct HttpCallsApi::Jars {
    static constexpr std::size_t kMax = 16; ///< sessions that may still be spoken to

    explicit Jars(std::shared_ptr<http::HttpClient> http_client) : client(std::move(http_client)) {}

    std::string make() { return "calls-session-" + std::to_string(++made); }
    void assign(const SessionId& session, const std::string& jar)
    {
        jars.emplace_back(session, jar);
        if (jars.size() > kMax) {
            client->forget_cookies(jars.front().second);
            jars.pop_front();
        }
    }
    [[nodiscard]] std::string find(const SessionId& session) const
    {
        const auto it = std::find_if(jars.begin(), jars.end(),
                                     [&](const auto& entry) { return entry.first == session; });
        return it != jars.end() ? it->second : std::string{};
    }

    std::shared_ptr<http::HttpClient> client;
    std::deque<std::pair<SessionId, std::string>> jars; ///< oldest first
    unsigned made = 0;
};

HttpCallsApi::HttpCallsApi(std::shared_ptr<http::HttpClient> client, Credentials credentials,
                           HttpCallsApiOptions options)
    : client_(std::move(client)), credentials_(std::move(credentials)), options_(options),
      jars_(std::make_shared<Jars>(client_))
{
}

HttpCallsApi::~HttpCallsApi() = default;

http::HttpRequest HttpCallsApi::request_for(const SessionId& session, const char* method,
                                            std::initializer_list<const char*> path,
                                            std::string body) const
{
    std::vector<std::string_view> segments{"sessions", session};
    segments.insert(segments.end(), path.begin(), path.end());
    http::HttpRequest out;
    out.method = method;
    out.url = credentials_.url(segments);
    out.headers = credentials_.headers();
    out.body = std::move(body);
    out.timeout = options_.timeout;
    out.cookie_jar = jars_->find(session);
    return out;
}

template <typename Answer>
RequestId HttpCallsApi::send(Call call, http::HttpRequest request,
                             Result<Answer> (*read)(const json::JsonReader&), Done<Answer> done)
{
    return client_->send(std::move(request),
                         [call, read, done = std::move(done)](Result<http::HttpResponse> response) {
                             if (response)
                                 done(read_response(call, *response, read));
                             else
                                 done(std::move(response.error()));
                         });
}

RequestId HttpCallsApi::new_session(NewSessionRequest request, Done<NewSessionAnswer> done)
{
    NameValueList query;
    if (request.third_party)
        query.emplace_back("thirdparty", "true");
    http::HttpRequest message;
    message.method = "POST";
    message.url = credentials_.url({"sessions", "new"}, query);
    message.headers = credentials_.headers();
    message.body = write_request(request);
    message.timeout = options_.timeout;
    message.cookie_jar = jars_->make();
    auto remember = [jars = jars_, jar = message.cookie_jar,
                     done = std::move(done)](Result<NewSessionAnswer> answer) {
        if (answer)
            jars->assign(answer->session_id, jar);
        else
            jars->client->forget_cookies(jar);
        done(std::move(answer));
    };
    return send<NewSessionAnswer>(Call::NewSession, std::move(message), read_new_session_answer,
                                  std::move(remember));
}

RequestId HttpCallsApi::new_tracks(const SessionId& session, NewTracksRequest request,
                                   Done<NewTracksAnswer> done)
{
    http::HttpRequest message =
        request_for(session, "POST", {"tracks", "new"}, write_request(request));
    const bool pulls =
        std::any_of(request.tracks.begin(), request.tracks.end(),
                    [](const Track& track) { return track.location == Location::Remote; });
    if (pulls)
        message.timeout = std::max(message.timeout, options_.least_pull_timeout);
    return send<NewTracksAnswer>(Call::NewTracks, std::move(message), read_new_tracks_answer,
                                 std::move(done));
}

RequestId HttpCallsApi::renegotiate(const SessionId& session, RenegotiateRequest request,
                                    Done<RenegotiateAnswer> done)
{
    return send<RenegotiateAnswer>(
        Call::Renegotiate, request_for(session, "PUT", {"renegotiate"}, write_request(request)),
        read_renegotiate_answer, std::move(done));
}

RequestId HttpCallsApi::close_tracks(const SessionId& session, CloseTracksRequest request,
                                     Done<CloseTracksAnswer> done)
{
    return send<CloseTracksAnswer>(
        Call::CloseTracks, request_for(session, "PUT", {"tracks", "close"}, write_request(request)),
        read_close_tracks_answer, std::move(done));
}

RequestId HttpCallsApi::update_tracks(const SessionId& session, UpdateTracksRequest request,
                                      Done<UpdateTracksAnswer> done)
{
    return send<UpdateTracksAnswer>(
        Call::UpdateTracks,
        request_for(session, "PUT", {"tracks", "update"}, write_request(request)),
        read_update_tracks_answer, std::move(done));
}

RequestId HttpCallsApi::get_session(const SessionId& session, Done<SessionInfo> done)
{
    return send<SessionInfo>(Call::GetSession, request_for(session, "GET", {}, {}),
                             read_session_info, std::move(done));
}

void HttpCallsApi::cancel(RequestId id)
{
    if (id != 0)
        client_->cancel(id);
}

} // namespace cf::calls

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/calls-routes.hpp"

#include <algorithm>
#include <utility>

#include "tests/emulator/api/adapter-codec.hpp"
#include "tests/emulator/api/answers.hpp"
#include "tests/emulator/api/channel-codec.hpp"
#include "tests/emulator/api/json-edit.hpp"
#include "tests/emulator/sdp/text.hpp"

namespace cf::emu
{

// One request on its way through.
struct CallsRoutes::Call {
    HttpRequest http;
    Respond respond;
    LogEntry log;
    std::string app;
    std::string session;
    std::string operation; ///< "sessions/new", "tracks/new", ... ; empty: no such endpoint
};

bool CallsRoutes::matches(std::string_view path)
{
    return path.starts_with("/v1/apps/") || path.starts_with("/apps/");
}

void CallsRoutes::handle(const HttpRequest& request, Respond respond)
{
    if (request.method == "OPTIONS")
        return respond(preflight(request));
    auto call = std::make_shared<Call>();
    call->http = request;
    call->respond = std::move(respond);
    call->log.start = sfu_.executor().now();
    call->log.method = request.method;
    call->log.path = request.path;
    call->log.query = request.query;
    call->log.request_body = request.body;

    std::string_view path = request.path;
    path.remove_prefix(path.starts_with("/v1/") ? sizeof("/v1/apps/") - 1 : sizeof("/apps/") - 1);
    call->app = unescape(sdp::take_until(path, '/'));
    std::string_view rest = path;
    if (sdp::take_until(path, '/') == "sessions") {
        const std::string session = unescape(sdp::take_until(path, '/'));
        if (session == "new" && path.empty()) {
            call->operation = "sessions/new";
        } else {
            call->session = session;
            call->operation = path.empty() ? "session" : std::string(path);
        }
    } else {
        call->operation = std::string(rest);
    }
    call->log.operation = call->operation;
    call->log.session = call->session;
    dispatch(call);
}

std::optional<Refusal> CallsRoutes::check_credentials(const HttpRequest& request,
                                                      const std::string& app) const
{
    if (app != sfu_.options().app_id)
        return refusals::unknown_app();
    if (request.authorization != "Bearer " + sfu_.options().app_secret)
        return refusals::unauthorized();
    return std::nullopt;
}

std::optional<Fault> CallsRoutes::strike(const CallPtr& call, const char* name)
{
    auto fault = sfu_.faults().strike(name, call->operation, call->session);
    if (fault)
        call->log.faults += (call->log.faults.empty() ? "" : " ") + fault->name;
    return fault;
}

void CallsRoutes::dispatch(const CallPtr& call)
{
    if (strike(call, "refuse")) {
        HttpAnswer nothing;
        nothing.drop = true;
        call->log.dropped = true;
        log_.add(std::move(call->log));
        return call->respond(std::move(nothing));
    }
    if (const auto fault = strike(call, "status"))
        return finish(call, fault_answer(*fault));
    if (const auto refusal = check_credentials(call->http, call->app))
        return refuse(call, *refusal);
    if (call->http.too_large)
        return refuse(call, refusals::too_large());
    if (call->operation == "sessions/new")
        return new_session(call);
    if (call->operation == "adapters/websocket/new" ||
        call->operation == "adapters/websocket/close")
        return dispatch_adapters(call);
    if (call->session.empty())
        return refuse(call, {404, "not_found", "There is no such endpoint"});
    const auto session = sfu_.find_session(call->session);
    if (!session)
        return refuse(call, refusals::session_gone());
    if (strike(call, "session-lost")) {
        session->lose();
        return refuse(call, refusals::session_gone());
    }
    if (!session->take_request())
        return refuse(call, refusals::rate_limited());
    dispatch_session(call, session);
}

template <typename Answer> Reply<Answer> CallsRoutes::replier(const CallPtr& call)
{
    return [this, call](Outcome<Answer> outcome) {
        if (outcome)
            finish(call, json_answer(200, write_answer(*outcome)));
        else
            refuse(call, outcome.refusal());
    };
}

template <typename Request>
bool CallsRoutes::read(const CallPtr& call, Result<Request> body, Request& out)
{
    if (body) {
        out = body.take();
        return true;
    }
    const Error& error = body.error();
    if (error.http_status == 400)
        refuse(call, refusals::bad_json(error.message));
    else
        refuse(call, {error.http_status, error.api_code, error.message});
    return false;
}

void CallsRoutes::dispatch_session(const CallPtr& call, const std::shared_ptr<Session>& session)
{
    const std::string& op = call->operation;
    const bool is_get = op == "session";
    const bool is_post =
        op == "tracks/new" || op == "datachannels/establish" || op == "datachannels/new";
    const bool is_put = op == "renegotiate" || op == "tracks/close" || op == "tracks/update" ||
                        op == "datachannels/update" || op == "datachannels/close";
    if (!is_get && !is_post && !is_put)
        return refuse(call, {404, "not_found", "There is no such endpoint"});
    if (call->http.method != (is_get ? "GET" : is_post ? "POST" : "PUT"))
        return refuse(call, {405, "not_found", "This endpoint has another method"});
    const std::string& body = call->http.body;
    if (is_get)
        return finish(call, json_answer(200, calls::write_answer(session->info())));
    if (op.starts_with("datachannels/"))
        return dispatch_channels(call, session);
    if (op == "tracks/new") {
        Session::NewTracks request;
        if (read(call, calls::read_new_tracks_request(body), request))
            session->new_tracks(std::move(request), replier<calls::NewTracksAnswer>(call));
    } else if (op == "renegotiate") {
        calls::RenegotiateRequest request;
        if (read(call, calls::read_renegotiate_request(body), request))
            session->renegotiate(request, replier<calls::RenegotiateAnswer>(call));
    } else if (op == "tracks/close") {
        Session::CloseTracks request;
        if (read(call, calls::read_close_tracks_request(body), request))
            session->close_tracks(std::move(request), replier<calls::CloseTracksAnswer>(call));
    } else {
        Session::UpdateTracks request;
        if (read(call, calls::read_update_tracks_request(body), request))
            session->update_tracks(std::move(request), replier<calls::UpdateTracksAnswer>(call));
    }
}

void CallsRoutes::dispatch_channels(const CallPtr& call, const std::shared_ptr<Session>& session)
{
    const std::string& op = call->operation;
    if (op == "datachannels/establish") {
        EstablishRequest request;
        if (read(call, read_establish_request(call->http.body), request))
            session->establish(request, replier<EstablishAnswer>(call));
        return;
    }
    ChannelsRequest request;
    if (!read(call, read_channels_request(call->http.body), request))
        return;
    auto reply = replier<ChannelsAnswer>(call);
    if (op == "datachannels/new")
        session->new_channels(std::move(request), std::move(reply));
    else if (op == "datachannels/update")
        session->update_channels(std::move(request), std::move(reply));
    else
        session->close_channels(std::move(request), std::move(reply));
}

void CallsRoutes::dispatch_adapters(const CallPtr& call)
{
    if (call->http.method != "POST")
        return refuse(call, {405, "not_found", "This endpoint has another method"});
    const bool is_new = call->operation == "adapters/websocket/new";
    const std::string& body = call->http.body;
    AdaptersRequest request;
    if (!read(call, is_new ? read_new_adapters(body) : read_close_adapters(body), request))
        return;
    Reply<AdaptersAnswer> reply = [this, call](Outcome<AdaptersAnswer> outcome) {
        if (!outcome)
            return refuse(call, outcome.refusal());
        const auto& items = outcome->items;
        const bool any = std::any_of(items.begin(), items.end(),
                                     [](const AdapterItem& item) { return !item.error; });
        finish(call, json_answer(any ? 200 : 503, write_answer(*outcome)));
    };
    if (is_new)
        adapters_.create(std::move(request), std::move(reply));
    else
        adapters_.close(request, reply);
}

void CallsRoutes::new_session(const CallPtr& call)
{
    if (call->http.method != "POST")
        return refuse(call, {405, "not_found", "This endpoint has another method"});
    calls::NewSessionRequest request;
    if (!read(call, calls::read_new_session_request(call->http.body), request))
        return;
    request.third_party = query_parameter(call->http.query, "thirdparty") == "true";
    auto outcome = sfu_.new_session(request);
    if (!outcome)
        return refuse(call, outcome.refusal());
    call->session = call->log.session = outcome->session_id;
    finish(call, json_answer(201, calls::write_answer(*outcome)));
}

void CallsRoutes::refuse(const CallPtr& call, const Refusal& refusal)
{
    HttpAnswer answer = refusal_answer(refusal);
    if (refusal.status == 429 && sfu_.options().retry_after)
        answer.headers.emplace_back("Retry-After", "1");
    finish(call, std::move(answer));
}

void CallsRoutes::edit_answer(const CallPtr& call, HttpAnswer& answer)
{
    if (const auto fault = strike(call, "rename-key"))
        answer.body = rename_members(answer.body, [&](const std::string& name) {
            return std::optional(name == fault->text("from") ? fault->text("to") : name);
        });
    if (const auto fault = strike(call, "drop-key"))
        answer.body = rename_members(answer.body, [&](const std::string& name) {
            return name == fault->text("key") ? std::nullopt : std::optional(name);
        });
    if (strike(call, "extra-keys"))
        answer.body = add_members(answer.body);
}

void CallsRoutes::finish(const CallPtr& call, HttpAnswer answer)
{
    add_cors(answer);
    if (strike(call, "no-json")) {
        answer.status = 200;
        answer.content_type = "text/html";
        answer.body = "<!DOCTYPE html><title>Sign in</title><p>Please sign in.";
    }
    edit_answer(call, answer);
    if (strike(call, "malformed-json"))
        answer.body.resize(answer.body.size() / 2);
    answer.drop = strike(call, "drop-response").has_value();
    const auto delay = strike(call, "delay");
    call->log.status = answer.status;
    call->log.dropped = answer.drop;
    call->log.response_body = answer.body;
    const auto send = [this, call, answer = std::move(answer)] {
        call->log.duration =
            std::chrono::duration_cast<Milliseconds>(sfu_.executor().now() - call->log.start);
        log_.add(std::move(call->log));
        call->respond(answer);
    };
    if (!delay)
        return send();
    const auto ms = static_cast<std::int64_t>(delay->number("ms", 1000));
    sfu_.executor().call_later(Milliseconds{std::clamp<std::int64_t>(ms, 0, 600000)}, send);
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/control-routes.hpp"

#include <utility>

#include "lib/json/json-reader.hpp"
#include "tests/emulator/api/answers.hpp"
#include "tests/emulator/sdp/text.hpp"

namespace cf::emu
{

namespace
{

constexpr std::string_view kPrefix = "/_emulator/";

HttpAnswer ok(std::string body = "{}")
{
    HttpAnswer answer = json_answer(200, std::move(body));
    answer.headers.emplace_back("Cache-Control", "no-store");
    return answer;
}

HttpAnswer refuse(unsigned status, const std::string& why)
{
    return refusal_answer({status, "control_error", why});
}

Result<Fault> read_fault(const std::string& body)
{
    CF_TRY_LET(const auto root, json::JsonReader::parse(body));
    CF_TRY_LET(const auto members, root.as_members());
    Fault fault;
    for (const auto& [name, value] : members) {
        if (name == "count") {
            CF_TRY_LET(const auto count, value.as_int(0, G_MAXUINT32));
            fault.remaining = static_cast<unsigned>(count);
            continue;
        }
        const std::string text = value.is_string() ? *value.as_string() : value.to_text();
        if (name == "name")
            fault.name = text;
        else if (name == "operation")
            fault.operation = text;
        else if (name == "session")
            fault.session = text;
        else
            fault.parameters[name] = text;
    }
    return fault;
}

} // namespace

bool ControlRoutes::matches(std::string_view path)
{
    return path.starts_with(kPrefix);
}

HttpAnswer ControlRoutes::handle(const HttpRequest& request, const StateContext& state)
{
    if (!from_own_page(request))
        return refuse(403, "Pages of other origins may not use this path");
    if (request.too_large)
        return refuse(413, "The request body is too large");
    const std::string_view what = std::string_view(request.path).substr(kPrefix.size());
    if (request.method == "GET" || request.method == "HEAD")
        return get(what, request, state);
    return change(what, request);
}

HttpAnswer ControlRoutes::get(std::string_view what, const HttpRequest& request,
                              const StateContext& state)
{
    if (what == "state")
        return ok(write_state(state));
    if (what == "faults")
        return ok(write_faults(sfu_));
    if (what == "log") {
        const auto after = sdp::number<std::uint64_t>(query_parameter(request.query, "after"));
        return ok(write_log(state, after.value_or(0), query_parameter(request.query, "session")));
    }
    if (what == "arrivals") {
        const auto session = sfu_.find_session(query_parameter(request.query, "session"));
        if (!session)
            return refuse(404, "There is no such session");
        const LocalTrack* track = session->find_local(query_parameter(request.query, "track"));
        if (track == nullptr || !track->publication)
            return refuse(404, "There is no such track");
        return ok(write_arrivals(*track->publication, state.epoch));
    }
    return refuse(404, "There is nothing under this path");
}

HttpAnswer ControlRoutes::change(std::string_view what, const HttpRequest& request)
{
    const bool post = request.method == "POST";
    if (what == "faults" && post)
        return add_fault(request.body);
    if (request.method == "DELETE" && (what == "faults" || what.starts_with("faults/")))
        return remove_faults(what.substr(what == "faults" ? 6 : 7));
    if (what == "reset" && post) {
        sfu_.reset();
        log_.clear();
        return ok();
    }
    if (what.starts_with("sessions/") && what.ends_with("/lose") && post) {
        what.remove_prefix(sizeof("sessions/") - 1);
        const auto session = sfu_.find_session(std::string(sdp::take_until(what, '/')));
        if (!session)
            return refuse(404, "There is no such session");
        session->lose();
        return ok();
    }
    return refuse(404, "There is nothing to change under this path");
}

HttpAnswer ControlRoutes::add_fault(const std::string& body)
{
    auto fault = read_fault(body);
    if (!fault)
        return refuse(400, fault.error().message);
    const auto id = sfu_.add_fault(fault.take());
    if (!id)
        return refuse(400, id.error().message);
    return ok("{\"id\":" + std::to_string(*id) + "}");
}

HttpAnswer ControlRoutes::remove_faults(std::string_view id)
{
    if (id.empty()) {
        sfu_.clear_faults();
        return ok();
    }
    const auto number = sdp::number<FaultId>(id);
    if (!number || !sfu_.remove_fault(*number))
        return refuse(404, "There is no such fault");
    return ok();
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/analytics-routes.hpp"

#include <utility>

#include "tests/emulator/api/answers.hpp"
#include "tests/emulator/api/graphql.hpp"
#include "tests/emulator/api/usage-query.hpp"

namespace cf::emu
{

namespace
{

std::string error_body(const std::string& message)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        w.null("data");
        auto errors = w.array("errors");
        auto error = w.object();
        w.string("message", message);
    }
    return w.take();
}

Error unknown_field(const std::string& name)
{
    return Error{ErrorCode::Protocol, "unknown field \"" + name + "\""};
}

Status write_account(json::JsonWriter& w, const graphql::Field& accounts, Sfu& sfu)
{
    auto account = w.object();
    for (const graphql::Field& set : accounts.selection) {
        if (set.name == "callsUsageAdaptiveGroups")
            CF_TRY(write_usage(w, set, sfu.usage(), sfu.options().app_id));
        else if (set.name == "callsTurnUsageAdaptiveGroups")
            CF_TRY(write_no_usage(w, set));
        else
            return unknown_field(set.name);
    }
    return ok_status();
}

} // namespace

bool AnalyticsRoutes::matches(std::string_view path)
{
    return path == "/client/v4/graphql";
}

void AnalyticsRoutes::handle(const HttpRequest& request, const Respond& respond)
{
    if (request.method == "OPTIONS")
        return respond(preflight(request));
    LogEntry entry;
    entry.start = sfu_.executor().now();
    entry.method = request.method;
    entry.path = request.path;
    entry.operation = "analytics";
    entry.request_body = request.body;
    HttpAnswer reply = answer(request);
    add_cors(reply);
    entry.response_body = reply.body;
    entry.status = reply.status;
    log_.add(std::move(entry));
    respond(std::move(reply));
}

HttpAnswer AnalyticsRoutes::answer(const HttpRequest& request)
{
    if (const auto fault = sfu_.faults().strike("status", "analytics", ""))
        return fault_answer(*fault);
    if (request.authorization != "Bearer " + options_.api_token)
        return json_answer(403, R"({"success":false,"errors":[{"code":10000,)"
                                R"("message":"Authentication error"}]})");
    if (request.method != "POST" || request.too_large)
        return json_answer(400, error_body("a query is expected in the body of a POST"));
    sfu_.sample_usage();
    auto result = run(request.body);
    // As GraphQL has it: the request was served, the answer says what is wrong with the query.
    return json_answer(200, result ? result.take() : error_body(result.error().message));
}

Result<std::string> AnalyticsRoutes::run(const std::string& body)
{
    CF_TRY_LET(const auto root, json::JsonReader::parse(body));
    CF_TRY_LET(const std::string query, root.get_string("query"));
    CF_TRY_LET(const auto variables, root.find_object("variables"));
    CF_TRY_LET(const auto fields, graphql::parse(query, variables ? &*variables : nullptr));
    json::JsonWriter w;
    {
        auto document = w.object();
        {
            auto data = w.object("data");
            for (const graphql::Field& viewer : fields) {
                if (viewer.name != "viewer")
                    return unknown_field(viewer.name);
                auto object = w.object(viewer.alias);
                for (const graphql::Field& accounts : viewer.selection) {
                    if (accounts.name != "accounts")
                        return unknown_field(accounts.name);
                    const graphql::Value* filter = accounts.argument("filter");
                    const graphql::Value* tag =
                        filter != nullptr ? filter->find("accountTag") : nullptr;
                    auto array = w.array(accounts.alias);
                    if (tag != nullptr && tag->text == options_.account)
                        CF_TRY(write_account(w, accounts, sfu_));
                }
            }
        }
        w.null("errors");
    }
    return w.take();
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What stands behind the seams in a real program: libsoup and webrtcbin.
#include "config.h"
#include "gst/element-session.hpp"
#include "lib/calls/http-calls-api.hpp"
#include "lib/http/history.hpp"

namespace cf::gst
{
namespace
{

GValue history_value(const http::HistoryEntry& entry)
{
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_STRUCTURE);
    const gint64 sent =
        std::chrono::duration_cast<Microseconds>(entry.time.time_since_epoch()).count();
    g_value_take_boxed(
        &value,
        gst_structure_new("call", "timestamp", G_TYPE_INT64, sent, "method", G_TYPE_STRING,
                          entry.method.c_str(), "path", G_TYPE_STRING, entry.path.c_str(), "status",
                          G_TYPE_UINT, entry.status, "error", G_TYPE_STRING, entry.error.c_str(),
                          "elapsed", G_TYPE_UINT64, static_cast<guint64>(entry.elapsed.count()),
                          "request", G_TYPE_STRING, entry.request_body.c_str(), "response",
                          G_TYPE_STRING, entry.response_body.c_str(), nullptr));
    return value;
}

OwnedStructure history_structure(const http::History& history)
{
    GValue calls = G_VALUE_INIT;
    g_value_init(&calls, GST_TYPE_ARRAY);
    for (const http::HistoryEntry& entry : history.snapshot()) {
        GValue value = history_value(entry);
        gst_value_array_append_and_take_value(&calls, &value);
    }
    OwnedStructure s(gst_structure_new_empty("cfcalls-api-history"));
    gst_structure_take_value(s.get(), "calls", &calls);
    return s;
}

Result<Backend::Api> make_http_api(std::shared_ptr<IoThread> io, const Settings& settings,
                                   const std::string& name)
{
    CF_TRY_LET(calls::Credentials credentials, resolve_credentials(settings));
    const auto history = std::make_shared<http::History>();
    auto client = std::make_shared<http::HttpClient>(
        std::move(io), http::HttpClientOptions{.user_agent = CF_PACKAGE "/" CF_VERSION,
                                               .log_name = name,
                                               .history = history});
    auto api = std::make_shared<calls::HttpCallsApi>(
        std::move(client), std::move(credentials),
        calls::HttpCallsApiOptions{.timeout = settings.timeout});
    return Backend::Api{.api = api,
                        .history = [history] { return history_structure(*history); },
                        .change_credentials = [api](const Settings& changed) -> Status {
                            CF_TRY_LET(auto resolved, resolve_credentials(changed));
                            api->set_credentials(std::move(resolved));
                            return ok_status();
                        }};
}

} // namespace

Backend default_backend()
{
    return {.make_api = make_http_api, .make_peers = make_webrtc_peer_factory};
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/emulator.hpp"

#include <utility>

#include "tests/emulator/api/answers.hpp"
#include "tests/emulator/api/page-routes.hpp"
#include "tests/emulator/media/socket-address.hpp"

namespace cf::emu
{

namespace
{

constexpr char kPageApi[] = "/_emulator/api/";

std::string url_host(const std::string& address)
{
    const auto parsed = SocketAddress::parse(address, 0);
    if (!parsed || parsed->is_wildcard())
        return parsed && parsed->family() == AF_INET6 ? "[::1]" : "127.0.0.1";
    return parsed->family() == AF_INET6 ? "[" + address + "]" : address;
}

} // namespace

Emulator::Emulator(std::unique_ptr<Sfu> sfu, const EmulatorOptions& options)
    : sfu_(std::move(sfu)), adapters_(*sfu_, sfu_->executor().context()),
      log_(sfu_->options().limits.log_entries, sfu_->options().limits.log_bytes),
      calls_(*sfu_, adapters_, log_), turn_(*sfu_, log_, options.turn),
      analytics_(*sfu_, log_, options.analytics), control_(*sfu_, log_),
      epoch_(sfu_->executor().now())
{
}

Result<std::unique_ptr<Emulator>> Emulator::create(const EmulatorOptions& options)
{
    GMainContext* context = g_main_context_get_thread_default();
    CF_TRY_LET(auto sfu, Sfu::create(options.sfu, options.media, context));
    std::unique_ptr<Emulator> emulator(new Emulator(std::move(sfu), options));
    HttpServer::Options http;
    http.address = options.http_address;
    http.port = options.http_port;
    http.max_body = options.sfu.limits.body_bytes;
    CF_TRY_LET(emulator->http_, HttpServer::create(http, [e = emulator.get()](const HttpRequest& r,
                                                                              Respond respond) {
                   e->on_request(r, respond);
               }));
    emulator->base_url_ = "http://" + url_host(options.http_address) + ":" +
                          std::to_string(emulator->http_->port()) + "/v1";
    return emulator;
}

// The page plays tracks as one more client; it need not know the app's secret for that.
void Emulator::on_page_request(const HttpRequest& request, const Respond& respond)
{
    if (!from_own_page(request))
        return respond(
            refusal_answer({403, "control_error", "Pages of other origins may not use this path"}));
    HttpRequest as_client = request;
    as_client.path =
        "/v1/apps/" + sfu_->options().app_id + "/" + request.path.substr(sizeof(kPageApi) - 1);
    as_client.authorization = "Bearer " + sfu_->options().app_secret;
    calls_.handle(as_client, respond);
}

void Emulator::on_request(const HttpRequest& request, const Respond& respond)
{
    if (CallsRoutes::matches(request.path))
        return calls_.handle(request, respond);
    if (TurnRoutes::matches(request.path))
        return turn_.handle(request, respond);
    if (AnalyticsRoutes::matches(request.path))
        return analytics_.handle(request, respond);
    if (is_page_path(request.path))
        return respond(page_answer(request));
    if (request.path.starts_with(kPageApi))
        return on_page_request(request, respond);
    if (ControlRoutes::matches(request.path))
        return respond(control_.handle(request, {*sfu_, adapters_, log_, base_url_, epoch_}));
    respond(refusal_answer({404, "not_found", "There is nothing under this path"}));
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/http-client.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "lib/base/log.hpp"
#include "lib/base/redact.hpp"
#include "lib/http/history.hpp"
#include "lib/http/http-exchange.hpp"
#include "lib/http/proxy.hpp"

namespace cf::http
{

namespace
{

// libsoup's own default of two would make the third of several sessions wait where HTTP/2 is not
// to be had.
constexpr int kMaxConnectionsPerHost = 8;
// Shorter than servers keep idle connections, so that it is us who close them: a request that goes
// out as the server hangs up is lost, and a lost POST may not be repeated.
constexpr int kIdleTimeoutSeconds = 30;

} // namespace

/// Everything behind the client; outlives it until the last exchange has ended.
/// I/O thread only, but for what says otherwise.
struct HttpClient::Core : std::enable_shared_from_this<HttpClient::Core> {
    Core(std::shared_ptr<IoThread> thread, HttpClientOptions opts)
        : io(std::move(thread)), options(std::move(opts))
    {
    }

    Status open();
    void start(RequestId id, HttpRequest request, TimePoint sent_at, Done done);
    void finished(RequestId id, Result<HttpResponse> result, const Done& done);
    void note(const HttpExchange& exchange, Result<HttpResponse>& result) const;
    void cancel(RequestId id);
    void close();

    const std::shared_ptr<IoThread> io;
    const HttpClientOptions options;
    std::atomic<RequestId> last_id = 0; // any thread
    std::shared_ptr<HttpSetup> setup;
    std::map<RequestId, std::shared_ptr<HttpExchange>> active;
};

Status HttpClient::Core::open()
{
    if (setup)
        return ok_status();
    auto fresh = std::make_shared<HttpSetup>(io);
    CF_TRY_LET(const ProxySettings proxy, proxy_settings(options.proxy, g_getenv));
    if (!options.ca_file.empty()) {
        CF_TRY_LET(TlsTrust trust, TlsTrust::from_file(options.ca_file));
        fresh->extra_trust = std::move(trust);
    }
    fresh->max_response_bytes = options.max_response_bytes;
    // The timeout is ours: libsoup's counts from the last byte.
    fresh->session = Ref<SoupSession>::adopt(soup_session_new_with_options(
        "user-agent", options.user_agent.c_str(), "timeout", 0, "idle-timeout", kIdleTimeoutSeconds,
        "max-conns-per-host", kMaxConnectionsPerHost, nullptr));
    fresh->proxy = make_proxy_resolver(proxy);
    soup_session_set_proxy_resolver(fresh->session.get(), fresh->proxy.get());
    setup = std::move(fresh);
    return ok_status();
}

void HttpClient::Core::start(RequestId id, HttpRequest request, TimePoint sent_at, Done done)
{
    if (auto status = open(); !status) {
        done(std::move(status.error()));
        return;
    }
    auto exchange = std::make_shared<HttpExchange>(
        setup, std::move(request), sent_at,
        [self = shared_from_this(), id, done = std::move(done)](Result<HttpResponse> result) {
            self->finished(id, std::move(result), done);
        });
    active.emplace(id, exchange);
    exchange->start();
}

void HttpClient::Core::finished(RequestId id, Result<HttpResponse> result, const Done& done)
{
    const auto node = active.extract(id);
    note(*node.mapped(), result);
    done(std::move(result));
}

void HttpClient::Core::note(const HttpExchange& exchange, Result<HttpResponse>& result) const
{
    const HttpRequest& request = exchange.request();
    const auto elapsed = std::chrono::round<Milliseconds>(io->now() - exchange.sent_at());
    const std::string line = request.method + ' ' + exchange.path();
    const char* name = options.log_name.c_str();
    if (result.ok()) {
        CF_DEBUG("http", name, "%s: %u in %lld ms", line.c_str(), result->status,
                 static_cast<long long>(elapsed.count()));
    } else {
        Error& error = result.error();
        CF_DEBUG("http", name, "%s: %s after %lld ms: %s", line.c_str(), to_string(error.code),
                 static_cast<long long>(elapsed.count()), error.debug.c_str());
        error.debug = error.debug.empty() ? line : line + ": " + error.debug;
    }
    CF_LOG("http", name, "%s: sent: %s", line.c_str(), redact(request.body).c_str());
    if (result.ok())
        CF_LOG("http", name, "%s: received: %s", line.c_str(), redact(result->body).c_str());
    if (options.history)
        options.history->add(HistoryEntry{
            .time = std::chrono::system_clock::now() - elapsed,
            .method = request.method,
            .path = exchange.path(),
            .status = result.ok() ? result->status : 0,
            .error = result.ok() ? "" : to_string(result.error().code),
            .elapsed = elapsed,
            .request_body = request.body,
            .response_body = result.ok() ? result->body : std::string{},
        });
}

void HttpClient::Core::cancel(RequestId id)
{
    if (const auto it = active.find(id); it != active.end())
        std::shared_ptr
        {
            it->second
            } -> fail(cancelled_error());
}

// `done` may send again through another client, but not through this one: it is gone.
void HttpClient::Core::close()
{
    while (!active.empty())
        cancel(active.begin()->first);
    setup.reset();
}

HttpClient::HttpClient(std::shared_ptr<IoThread> io, HttpClientOptions options)
    : io_(std::move(io)), core_(std::make_shared<Core>(io_, std::move(options)))
{
}

HttpClient::~HttpClient()
{
    io_->post([core = std::move(core_)] { core->close(); });
}

HttpClient::RequestId HttpClient::send(HttpRequest request, Done done)
{
    const RequestId id = ++core_->last_id;
    io_->post([core = core_, id, request = std::move(request), sent_at = io_->now(),
               done = std::move(done)]() mutable {
        core->start(id, std::move(request), sent_at, std::move(done));
    });
    return id;
}

void HttpClient::cancel(RequestId id)
{
    io_->post([core = core_, id] { core->cancel(id); });
}

void HttpClient::forget_cookies(const std::string& jar)
{
    io_->post([core = core_, jar] {
        if (core->setup)
            core->setup->cookies.forget(jar);
    });
}

} // namespace cf::http

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpExchange: one request and what became of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/io-thread.hpp"
#include "lib/http/cookie-store.hpp"
#include "lib/http/http-client.hpp"
#include "lib/http/http-errors.hpp"
#include "lib/http/soup-ref.hpp"
#include "lib/http/tls-trust.hpp"

namespace cf::http
{

/// What exchanges share. I/O thread only.
struct HttpSetup {
    explicit HttpSetup(std::shared_ptr<IoThread> io_thread) : io(std::move(io_thread)) {}
    ~HttpSetup(); ///< lets the session finish what it has to write, then drops it
    HttpSetup(const HttpSetup&) = delete;
    HttpSetup& operator=(const HttpSetup&) = delete;

    std::shared_ptr<IoThread> io;
    Ref<SoupSession> session;
    CookieStore cookies;
    std::optional<TlsTrust> extra_trust;
    std::size_t max_response_bytes = 0;
    Ref<GProxyResolver> proxy; ///< null: no proxy for any URL
};

/// I/O thread only. `done` runs exactly once: when the body is complete, or with the first failure,
/// whichever comes first. libsoup's own end may come later; until then the exchange keeps itself,
/// @p setup and the thread alive.
class HttpExchange : public std::enable_shared_from_this<HttpExchange>
{
public:
    using Done = std::function<void(Result<HttpResponse>)>;

    /// @p sent_at is when the caller asked for it; the timeout and the elapsed time count from
    /// there.
    HttpExchange(std::shared_ptr<HttpSetup> setup, HttpRequest request, TimePoint sent_at,
                 Done done);

    /// May call `done` at once if the request is unusable.
    void start();
    /// Ends it with @p error, unless it has ended.
    void fail(Error error);

    [[nodiscard]] const HttpRequest& request() const { return request_; }
    [[nodiscard]] TimePoint sent_at() const { return sent_at_; }
    /// Path and query, redacted.
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    [[nodiscard]] Status prepare();
    void connect_signals();
    [[nodiscard]] FailureContext context() const;
    void finish(Result<HttpResponse> result);

    void on_head(GAsyncResult* result);
    void read_more();
    void on_chunk(GAsyncResult* result);
    void complete();
    void close_stream();

    std::shared_ptr<HttpSetup> setup_; // and with it the thread
    HttpRequest request_;
    TimePoint sent_at_;
    Done done_;
    std::string path_;

    Ref<SoupMessage> message_;
    Ref<GCancellable> cancellable_ = Ref<GCancellable>::adopt(g_cancellable_new());
    Ref<GInputStream> stream_;
    TimerId timer_ = 0;
    HttpResponse response_;
    bool sent_ = false;
    bool has_status_ = false;
};

} // namespace cf::http

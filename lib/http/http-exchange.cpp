/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/http-exchange.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/base/redact.hpp"
#include "lib/http/proxy.hpp"
#include "lib/http/request-check.hpp"
#include "lib/http/retry-after.hpp"

namespace cf::http
{

namespace
{

constexpr gsize kChunk = 32 * 1024; // two TLS records

// The reference that libsoup's pending operation holds: taken back by the callback.
gpointer hold(std::shared_ptr<HttpExchange> exchange)
{
    return new std::shared_ptr<HttpExchange>(std::move(exchange));
}

std::shared_ptr<HttpExchange> take_back(gpointer data)
{
    const std::unique_ptr<std::shared_ptr<HttpExchange>> holder{
        static_cast<std::shared_ptr<HttpExchange>*>(data)};
    return std::move(*holder);
}

// For signals, which may still come when we are gone.
gpointer hold_weakly(const std::shared_ptr<HttpExchange>& exchange)
{
    return new std::weak_ptr<HttpExchange>(exchange);
}

std::shared_ptr<HttpExchange> peek(gpointer data)
{
    return static_cast<std::weak_ptr<HttpExchange>*>(data)->lock();
}

void drop_weak(gpointer data, GClosure*)
{
    delete static_cast<std::weak_ptr<HttpExchange>*>(data);
}

std::string field(SoupMessageHeaders* headers, const char* name)
{
    const char* value = soup_message_headers_get_one(headers, name);
    return value != nullptr ? value : "";
}

Headers copy_headers(SoupMessageHeaders* headers)
{
    Headers out;
    SoupMessageHeadersIter iter;
    const char* name = nullptr;
    const char* value = nullptr;
    soup_message_headers_iter_init(&iter, headers);
    while (soup_message_headers_iter_next(&iter, &name, &value))
        out.emplace_back(name, value);
    return out;
}

/// A session on its way out.
struct Retirement {
    std::shared_ptr<IoThread> io; // first, to go last
    Ref<SoupSession> session;
    int rounds = 3;
};

} // namespace

// A SoupSession must not go while one of its connections is not idle, which with HTTP/2 is so until
// the last RST_STREAM or GOAWAY is written: up to libsoup 3.4.2 the connection then calls into
// freed memory (GNOME/libsoup issue 361), and every version warns. Sources of low priority
// run when nothing is left to write; each round closes the connections that became idle.
HttpSetup::~HttpSetup()
{
    if (!session)
        return;
    const auto source = Ref<GSource>::adopt(g_idle_source_new());
    g_source_set_priority(source.get(), G_PRIORITY_LOW);
    g_source_set_callback(
        source.get(),
        [](gpointer data) -> gboolean {
            auto* retirement = static_cast<Retirement*>(data);
            soup_session_abort(retirement->session.get());
            return --retirement->rounds > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
        },
        new Retirement{io, std::move(session)},
        [](gpointer data) { delete static_cast<Retirement*>(data); });
    g_source_attach(source.get(), io->context());
}

HttpExchange::HttpExchange(std::shared_ptr<HttpSetup> setup, HttpRequest request, TimePoint sent_at,
                           Done done)
    : setup_(std::move(setup)), request_(std::move(request)), sent_at_(sent_at),
      done_(std::move(done))
{
}

void HttpExchange::start()
{
    if (auto status = prepare(); !status) {
        finish(std::move(status.error()));
        return;
    }
    const auto spent = std::chrono::floor<Milliseconds>(setup_->io->now() - sent_at_);
    timer_ = setup_->io->call_later(
        std::max(request_.timeout - spent, Milliseconds{0}), [weak = weak_from_this()] {
            if (auto self = weak.lock())
                self->fail(timeout_error(self->request_.timeout, self->sent_));
        });
    soup_session_send_async(
        setup_->session.get(), message_.get(), G_PRIORITY_DEFAULT, cancellable_.get(),
        [](GObject*, GAsyncResult* result, gpointer data) { take_back(data)->on_head(result); },
        hold(shared_from_this()));
}

Status HttpExchange::prepare()
{
    CF_TRY(check_request(request_));
    message_ =
        Ref<SoupMessage>::adopt(soup_message_new(request_.method.c_str(), request_.url.c_str()));
    if (!message_)
        return bad_url_error();
    GUri* uri = soup_message_get_uri(message_.get());
    const char* query = g_uri_get_query(uri);
    path_ =
        redact(g_uri_get_path(uri) + (query != nullptr ? std::string{"?"} + query : std::string{}));

    // An API does not redirect; a login page in front of one does, and would get our credentials.
    soup_message_add_flags(message_.get(), SOUP_MESSAGE_NO_REDIRECT);
    // libsoup opens a new connection for each request that is not idempotent, unless told that it
    // is (soup-connection-manager.c, need_new_connection). What libsoup repeats by itself goes by
    // the method alone, so this flag does not make it send a POST twice.
    soup_message_add_flags(message_.get(), SOUP_MESSAGE_IDEMPOTENT);

    SoupMessageHeaders* headers = soup_message_get_request_headers(message_.get());
    std::string cookies = setup_->cookies.cookies_for(request_.cookie_jar, uri);
    for (const auto& [name, value] : request_.headers) {
        if (g_ascii_strcasecmp(name.c_str(), "Cookie") == 0)
            cookies += (cookies.empty() ? "" : "; ") + value; // RFC 6265 5.4: one field only
        else
            soup_message_headers_append(headers, name.c_str(), value.c_str());
    }
    if (!cookies.empty())
        soup_message_headers_replace(headers, "Cookie", cookies.c_str());
    if (!request_.body.empty()) {
        const auto body =
            Ref<GBytes>::adopt(g_bytes_new(request_.body.data(), request_.body.size()));
        soup_message_set_request_body_from_bytes(message_.get(), request_.content_type.c_str(),
                                                 body.get());
    }
    connect_signals();
    return ok_status();
}

void HttpExchange::connect_signals()
{
    g_signal_connect_data(message_.get(), "starting", G_CALLBACK(+[](SoupMessage*, gpointer data) {
                              if (auto self = peek(data))
                                  self->sent_ = true;
                          }),
                          hold_weakly(shared_from_this()), drop_weak, GConnectFlags{});
    if (!setup_->extra_trust)
        return;
    g_signal_connect_data(message_.get(), "accept-certificate",
                          G_CALLBACK(+[](SoupMessage* message, GTlsCertificate* certificate,
                                         GTlsCertificateFlags, gpointer data) -> gboolean {
                              const auto self = peek(data);
                              return self && self->setup_->extra_trust->accepts(
                                                 certificate, soup_message_get_uri(message));
                          }),
                          hold_weakly(shared_from_this()), drop_weak, GConnectFlags{});
}

FailureContext HttpExchange::context() const
{
    return FailureContext{sent_, has_status_, uses_proxy(setup_->proxy.get(), request_.url),
                          soup_message_get_tls_peer_certificate_errors(message_.get())};
}

void HttpExchange::fail(Error error)
{
    if (!done_)
        return;
    const auto self = shared_from_this(); // `done` may drop us
    finish(std::move(error));
    g_cancellable_cancel(cancellable_.get());
}

void HttpExchange::finish(Result<HttpResponse> result)
{
    const Done done = std::exchange(done_, nullptr);
    if (!done)
        return;
    setup_->io->cancel(std::exchange(timer_, 0));
    done(std::move(result));
}

void HttpExchange::on_head(GAsyncResult* result)
{
    GError* problem = nullptr;
    stream_ =
        Ref<GInputStream>::adopt(soup_session_send_finish(setup_->session.get(), result, &problem));
    if (!stream_) {
        fail(to_error(problem, context()));
        return;
    }
    if (!done_) {
        close_stream();
        return;
    }
    has_status_ = true;
    response_.status = soup_message_get_status(message_.get());
    if (!sent_) {
        // A proxy that does not open the tunnel answers in the service's place.
        fail(proxy_refused_error(response_.status));
        close_stream();
        return;
    }
    SoupMessageHeaders* headers = soup_message_get_response_headers(message_.get());
    response_.headers = copy_headers(headers);
    const char* type = soup_message_headers_get_content_type(headers, nullptr);
    for (const char* c = type; c != nullptr && *c != '\0'; ++c)
        response_.content_type += g_ascii_tolower(*c);
    response_.retry_after = parse_retry_after(field(headers, "Retry-After"), field(headers, "Date"),
                                              std::chrono::system_clock::now());
    setup_->cookies.keep(request_.cookie_jar, message_.get());

    // Only a hint: the count while reading is what protects us.
    const goffset announced = soup_message_headers_get_content_length(headers);
    if (announced > 0 && static_cast<guint64>(announced) > setup_->max_response_bytes) {
        fail(too_large_error(setup_->max_response_bytes));
        close_stream();
        return;
    }
    read_more();
}

void HttpExchange::read_more()
{
    g_input_stream_read_bytes_async(
        stream_.get(), kChunk, G_PRIORITY_DEFAULT, cancellable_.get(),
        [](GObject*, GAsyncResult* result, gpointer data) { take_back(data)->on_chunk(result); },
        hold(shared_from_this()));
}

void HttpExchange::on_chunk(GAsyncResult* result)
{
    GError* problem = nullptr;
    const auto bytes =
        Ref<GBytes>::adopt(g_input_stream_read_bytes_finish(stream_.get(), result, &problem));
    if (!bytes) {
        fail(to_error(problem, context()));
        close_stream();
        return;
    }
    gsize size = 0;
    const void* data = g_bytes_get_data(bytes.get(), &size);
    if (done_ && size == 0) {
        complete();
    } else if (done_ && response_.body.size() + size > setup_->max_response_bytes) {
        fail(too_large_error(setup_->max_response_bytes));
        close_stream();
    } else if (done_) {
        response_.body.append(static_cast<const char*>(data), size);
        read_more();
    } else {
        close_stream();
    }
}

void HttpExchange::complete()
{
    close_stream(); // first: `done` may want the connection for its next request
    response_.elapsed = std::chrono::round<Milliseconds>(setup_->io->now() - sent_at_);
    const auto self = shared_from_this();
    finish(std::move(response_));
}

// Not left to the stream's destructor, which would wait for the network on this thread.
void HttpExchange::close_stream()
{
    g_input_stream_close_async(stream_.get(), G_PRIORITY_DEFAULT, nullptr, nullptr, nullptr);
}

} // namespace cf::http

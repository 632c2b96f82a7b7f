/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/http-server.hpp"

#include <array>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <utility>

#include "tests/support/wait.hpp"

namespace cf::test
{

namespace
{

Ref<GTlsCertificate> load_certificate(TestCertificate which)
{
    const char* name = nullptr;
    switch (which) {
    case TestCertificate::None:
        return nullptr;
    case TestCertificate::Good:
        name = "tls/server.pem";
        break;
    case TestCertificate::WrongHost:
        name = "tls/wrong-host.pem";
        break;
    case TestCertificate::Expired:
        name = "tls/expired.pem";
        break;
    }
    GError* problem = nullptr;
    auto certificate = Ref<GTlsCertificate>::adopt(
        g_tls_certificate_new_from_file(test_data(name).c_str(), &problem));
    g_assert_no_error(problem);
    return certificate;
}

void run_after(GMainContext* context, Milliseconds delay, std::function<void()> task)
{
    auto source = Ref<GSource>::adopt(g_timeout_source_new(static_cast<guint>(delay.count())));
    g_source_set_callback(
        source.get(),
        [](gpointer data) -> gboolean {
            (*static_cast<std::function<void()>*>(data))();
            return G_SOURCE_REMOVE;
        },
        new std::function<void()>(std::move(task)),
        [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
    g_source_attach(source.get(), context);
}

Ref<GSocket> bound_socket(unsigned& port)
{
    GError* problem = nullptr;
    auto socket = Ref<GSocket>::adopt(
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &problem));
    g_assert_no_error(problem);
    const auto loopback =
        Ref<GSocketAddress>::adopt(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    g_socket_bind(socket.get(), loopback.get(), FALSE, &problem);
    g_assert_no_error(problem);
    const auto bound =
        Ref<GSocketAddress>::adopt(g_socket_get_local_address(socket.get(), &problem));
    g_assert_no_error(problem);
    port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound.get()));
    return socket;
}

} // namespace

Answer no_answer()
{
    return Answer{.raw = {{"", Milliseconds{0}}}, .close_after_raw = false};
}

Answer dropped_connection()
{
    return Answer{.raw = {{"", Milliseconds{0}}}};
}

Answer half_body(const std::string& body)
{
    return Answer{.raw = {{"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                           std::to_string(body.size() * 2) + "\r\n\r\n" + body}}};
}

std::string test_data(const std::string& name)
{
    const char* folder = std::getenv("CF_TEST_DATA");
    g_assert_nonnull(folder);
    return std::string{folder} + '/' + name;
}

std::string test_ca_file()
{
    return test_data("tls/ca.pem");
}

void load_system_certificates()
{
    g_object_unref(g_tls_backend_get_default_database(g_tls_backend_get_default()));
}

std::string ServedRequest::header(std::string_view name) const
{
    std::string joined;
    for (const auto& [key, value] : headers) {
        if (g_ascii_strcasecmp(key.c_str(), std::string{name}.c_str()) == 0)
            joined += (joined.empty() ? "" : ", ") + value;
    }
    return joined;
}

/// Writes the steps of an answer, one after the other. Owns itself while it does.
struct HttpServer::RawRun : std::enable_shared_from_this<HttpServer::RawRun> {
    HttpServer* server = nullptr; // outlives the thread that we run on
    Ref<GIOStream> stream;
    std::deque<RawStep> steps;
    bool close_after = true;
    std::string buffer;
    std::shared_ptr<RawRun> self; // while GIO works for us

    void go()
    {
        if (steps.empty()) {
            if (close_after)
                finish();
            else
                wait_for_hang_up();
            return;
        }
        const Milliseconds pause = steps.front().pause;
        if (pause.count() == 0)
            write();
        else
            run_after(server->context_.get(), pause, [me = shared_from_this()] { me->write(); });
    }

    void write()
    {
        buffer = std::move(steps.front().bytes);
        steps.pop_front();
        self = shared_from_this();
        g_output_stream_write_all_async(
            g_io_stream_get_output_stream(stream.get()), buffer.data(), buffer.size(),
            G_PRIORITY_DEFAULT, server->stopping_.get(),
            [](GObject* object, GAsyncResult* result, gpointer data) {
                const auto me = std::move(static_cast<RawRun*>(data)->self);
                if (g_output_stream_write_all_finish(G_OUTPUT_STREAM(object), result, nullptr,
                                                     nullptr))
                    me->go();
                else
                    me->abandon();
            },
            this);
    }

    void wait_for_hang_up()
    {
        self = shared_from_this();
        buffer.resize(1);
        g_input_stream_read_async(
            g_io_stream_get_input_stream(stream.get()), buffer.data(), 1, G_PRIORITY_DEFAULT,
            server->stopping_.get(),
            [](GObject* object, GAsyncResult* result, gpointer data) {
                const auto me = std::move(static_cast<RawRun*>(data)->self);
                g_input_stream_read_finish(G_INPUT_STREAM(object), result, nullptr);
                me->abandon();
            },
            this);
    }

    void abandon()
    {
        server->note_abandoned();
        finish();
    }
    void finish() { g_io_stream_close(stream.get(), nullptr, nullptr); }
};

HttpServer::HttpServer(TestCertificate certificate)
    : scheme_(certificate == TestCertificate::None ? "http" : "https"),
      context_(Ref<GMainContext>::adopt(g_main_context_new()))
{
    thread_ = std::thread([this, certificate] { run(certificate); });
    std::unique_lock lock{mutex_};
    while (!ready_)
        changed_.wait(lock);
}

HttpServer::~HttpServer()
{
    stop_ = true;
    g_main_context_wakeup(context_.get());
    thread_.join();
}

void HttpServer::run(TestCertificate certificate)
{
    g_main_context_push_thread_default(context_.get());
    GError* problem = nullptr;
    auto server = Ref<SoupServer>::adopt(soup_server_new(nullptr, nullptr));
    SoupServerListenOptions options{};
    if (const auto shown = load_certificate(certificate)) {
        soup_server_set_tls_certificate(server.get(), shown.get());
        options = SOUP_SERVER_LISTEN_HTTPS;
    }
    const auto address =
        Ref<GSocketAddress>::adopt(g_inet_socket_address_new_from_string("127.0.0.1", 0));
    soup_server_listen(server.get(), address.get(), options, &problem);
    g_assert_no_error(problem);
    GSList* uris = soup_server_get_uris(server.get());
    const int port = g_uri_get_port(static_cast<GUri*>(uris->data));
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
    soup_server_add_handler(
        server.get(), nullptr,
        [](SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer data) {
            static_cast<HttpServer*>(data)->handle(message, path);
        },
        this, nullptr);
    {
        const std::lock_guard lock{mutex_};
        port_ = static_cast<unsigned>(port);
        ready_ = true;
    }
    changed_.notify_all();
    while (!stop_)
        g_main_context_iteration(context_.get(), TRUE);

    g_cancellable_cancel(stopping_.get());
    soup_server_disconnect(server.get());
    server.reset();
    while (g_main_context_iteration(context_.get(), FALSE)) {
    }
    g_main_context_pop_thread_default(context_.get());
}

void HttpServer::handle(SoupServerMessage* message, const char* path)
{
    ServedRequest request;
    request.method = soup_server_message_get_method(message);
    request.path = path;
    if (const char* query = g_uri_get_query(soup_server_message_get_uri(message)))
        request.path += std::string{"?"} + query;
    SoupMessageHeadersIter iter;
    const char* name = nullptr;
    const char* value = nullptr;
    soup_message_headers_iter_init(&iter, soup_server_message_get_request_headers(message));
    while (soup_message_headers_iter_next(&iter, &name, &value))
        request.headers.emplace_back(name, value);
    const SoupMessageBody* body = soup_server_message_get_request_body(message);
    request.body.assign(body->data != nullptr ? body->data : "",
                        static_cast<std::size_t>(body->length));
    GSocketAddress* client = soup_server_message_get_remote_address(message);
    request.client_port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(client));
    request.http2 = soup_server_message_get_http_version(message) == SOUP_HTTP_2_0;

    Answer answer{.status = 404, .body = "{}"};
    {
        const std::lock_guard lock{mutex_};
        auto& queue = next_[path];
        if (!queue.empty()) {
            answer = std::move(queue.front());
            queue.pop_front();
        } else if (const auto it = always_.find(path); it != always_.end()) {
            answer = it->second;
        }
        requests_.push_back(std::move(request));
    }
    changed_.notify_all();
    g_main_context_wakeup(nullptr); // for wait_until()

    if (!answer.raw.empty()) {
        give_raw(message, std::move(answer));
        return;
    }
    if (answer.delay.count() == 0) {
        give(message, std::move(answer));
        return;
    }
    soup_server_message_pause(message);
    run_after(context_.get(), answer.delay,
              [this, held = Ref<SoupServerMessage>::retain(message), answer] {
                  give(held.get(), answer);
                  soup_server_message_unpause(held.get());
              });
}

void HttpServer::give(SoupServerMessage* message, Answer answer)
{
    soup_server_message_set_status(message, answer.status, nullptr);
    SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
    for (const auto& [name, value] : answer.headers)
        soup_message_headers_append(headers, name.c_str(), value.c_str());
    soup_server_message_set_response(
        message, answer.content_type.empty() ? nullptr : answer.content_type.c_str(),
        SOUP_MEMORY_COPY, answer.body.data(), answer.body.size());
}

void HttpServer::give_raw(SoupServerMessage* message, Answer answer)
{
    auto run = std::make_shared<RawRun>();
    run->server = this;
    run->stream = Ref<GIOStream>::adopt(soup_server_message_steal_connection(message));
    run->steps = {std::make_move_iterator(answer.raw.begin()),
                  std::make_move_iterator(answer.raw.end())};
    run->close_after = answer.close_after_raw;
    run->go();
}

void HttpServer::note_abandoned()
{
    {
        const std::lock_guard lock{mutex_};
        ++abandoned_;
    }
    changed_.notify_all();
}

std::string HttpServer::url(const std::string& path) const
{
    return scheme_ + "://127.0.0.1:" + std::to_string(port_) + path;
}

void HttpServer::always(const std::string& path, Answer answer)
{
    const std::lock_guard lock{mutex_};
    always_[path] = std::move(answer);
}

void HttpServer::next(const std::string& path, Answer answer)
{
    const std::lock_guard lock{mutex_};
    next_[path].push_back(std::move(answer));
}

std::vector<ServedRequest> HttpServer::requests() const
{
    const std::lock_guard lock{mutex_};
    return requests_;
}

bool HttpServer::wait_for_requests(std::size_t count)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, kPatience, [&] { return requests_.size() >= count; });
}

bool HttpServer::wait_for_abandoned(std::size_t count)
{
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, kPatience, [&] { return abandoned_ >= count; });
}

std::size_t HttpServer::connections() const
{
    std::set<unsigned> ports;
    for (const auto& request : requests())
        ports.insert(request.client_port);
    return ports.size();
}

SilentPort::SilentPort() : socket_(bound_socket(port_))
{
    GError* problem = nullptr;
    g_socket_listen(socket_.get(), &problem); // the kernel accepts; we never look
    g_assert_no_error(problem);
}

GreetingPort::GreetingPort(std::string greeting)
    : greeting_(std::move(greeting)), socket_(bound_socket(port_))
{
    GError* problem = nullptr;
    g_socket_listen(socket_.get(), &problem);
    g_assert_no_error(problem);
    thread_ = std::thread([this] { run(); });
}

GreetingPort::~GreetingPort()
{
    g_cancellable_cancel(stopping_.get());
    thread_.join();
}

void GreetingPort::run() const
{
    const auto peer = Ref<GSocket>::adopt(g_socket_accept(socket_.get(), stopping_.get(), nullptr));
    if (!peer)
        return;
    std::array<char, 1024> ignored{};
    gssize read =
        g_socket_receive(peer.get(), ignored.data(), ignored.size(), stopping_.get(), nullptr);
    g_socket_send(peer.get(), greeting_.data(), greeting_.size(), stopping_.get(), nullptr);
    while (read > 0)
        read =
            g_socket_receive(peer.get(), ignored.data(), ignored.size(), stopping_.get(), nullptr);
}

unsigned closed_port()
{
    unsigned port = 0;
    const auto socket = bound_socket(port);
    return port;
}

} // namespace cf::test

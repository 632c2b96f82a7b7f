/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/http-server.hpp"

#include <libsoup/soup.h>

CF_REF_GOBJECT(SoupServer);
CF_REF_GOBJECT(SoupServerMessage);
CF_REF_GOBJECT(GIOStream);

namespace cf::emu
{

namespace
{

// Kept on the message while its body arrives.
struct Incoming {
    std::size_t limit;
    std::size_t seen = 0;
};
constexpr char kIncoming[] = "cf-emu-incoming";

void on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer data)
{
    auto* incoming = static_cast<Incoming*>(data);
    incoming->seen += g_bytes_get_size(chunk);
    if (incoming->seen <= incoming->limit)
        return;
    // The rest is read, so that the connection stays usable, but not kept.
    SoupMessageBody* body = soup_server_message_get_request_body(message);
    soup_message_body_set_accumulate(body, FALSE);
    soup_message_body_truncate(body);
}

std::string header(SoupServerMessage* message, const char* name)
{
    const char* value =
        soup_message_headers_get_one(soup_server_message_get_request_headers(message), name);
    return value != nullptr ? value : "";
}

HttpRequest to_request(SoupServerMessage* message)
{
    HttpRequest request;
    GUri* uri = soup_server_message_get_uri(message);
    request.method = soup_server_message_get_method(message);
    request.path = g_uri_get_path(uri);
    if (const char* query = g_uri_get_query(uri))
        request.query = query;
    request.authorization = header(message, "Authorization");
    request.origin = header(message, "Origin");
    request.requested_headers = header(message, "Access-Control-Request-Headers");
    request.host = header(message, "Host");
    const auto* incoming = static_cast<Incoming*>(g_object_get_data(G_OBJECT(message), kIncoming));
    request.too_large = incoming != nullptr && incoming->seen > incoming->limit;
    if (request.too_large)
        return request;
    auto body = Ref<GBytes>::adopt(
        soup_message_body_flatten(soup_server_message_get_request_body(message)));
    gsize size = 0;
    const void* data = g_bytes_get_data(body.get(), &size);
    if (data != nullptr)
        request.body.assign(static_cast<const char*>(data), size);
    return request;
}

void fill(SoupServerMessage* message, const HttpAnswer& answer)
{
    soup_server_message_set_status(message, answer.status, nullptr);
    SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
    for (const auto& [name, value] : answer.headers)
        soup_message_headers_append(headers, name.c_str(), value.c_str());
    if (!answer.body.empty())
        soup_server_message_set_response(message, answer.content_type.c_str(), SOUP_MEMORY_COPY,
                                         answer.body.data(), answer.body.size());
    else if (answer.status != 204)
        soup_message_headers_set_content_length(headers, 0);
}

// One request that is being worked on. The client may hang up meanwhile; libsoup must then not be
// told to go on with the message.
struct Exchange {
    explicit Exchange(SoupServerMessage* m) : message(Ref<SoupServerMessage>::retain(m))
    {
        for (const char* signal : {"finished", "disconnected"})
            g_signal_connect(m, signal, G_CALLBACK(on_gone), this);
    }
    ~Exchange() { g_signal_handlers_disconnect_by_data(message.get(), this); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    static void on_gone(SoupServerMessage*, gpointer self)
    {
        static_cast<Exchange*>(self)->gone = true;
    }
    void answer(const HttpAnswer& with)
    {
        if (gone)
            return;
        if (with.drop) {
            gone = true;
            auto stream =
                Ref<GIOStream>::adopt(soup_server_message_steal_connection(message.get()));
            g_io_stream_close(stream.get(), nullptr, nullptr);
            return;
        }
        fill(message.get(), with);
        soup_server_message_unpause(message.get());
    }

    Ref<SoupServerMessage> message;
    bool gone = false;
};

} // namespace

HttpServer::HttpServer(std::size_t max_body, HttpHandler handler)
    : max_body_(max_body), handler_(std::move(handler))
{
    server_ = soup_server_new("server-header", "cfcalls-emulator ", nullptr);
    soup_server_add_early_handler(server_, nullptr, &HttpServer::on_headers, this, nullptr);
    soup_server_add_handler(server_, nullptr, &HttpServer::on_request, this, nullptr);
}

HttpServer::~HttpServer()
{
    soup_server_disconnect(server_);
    g_object_unref(server_);
}

void HttpServer::on_headers(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                            gpointer data)
{
    auto* self = static_cast<HttpServer*>(data);
    auto* incoming = new Incoming{self->max_body_};
    g_object_set_data_full(G_OBJECT(message), kIncoming, incoming,
                           [](gpointer p) { delete static_cast<Incoming*>(p); });
    g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), incoming);
}

void HttpServer::on_request(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                            gpointer data)
{
    auto* self = static_cast<HttpServer*>(data);
    auto exchange = std::make_shared<Exchange>(message);
    soup_server_message_pause(message);
    self->handler_(to_request(message),
                   [exchange](const HttpAnswer& answer) { exchange->answer(answer); });
}

Result<std::unique_ptr<HttpServer>> HttpServer::create(const Options& options, HttpHandler handler)
{
    std::unique_ptr<HttpServer> server(new HttpServer(options.max_body, std::move(handler)));
    auto address = Ref<GSocketAddress>::adopt(
        g_inet_socket_address_new_from_string(options.address.c_str(), options.port));
    if (!address)
        return Error{ErrorCode::InvalidArgument,
                     "The address to listen on has to be a numeric IP address."};
    GError* error = nullptr;
    if (soup_server_listen(server->server_, address.get(), static_cast<SoupServerListenOptions>(0),
                           &error) == FALSE)
        return from_gerror(ErrorCode::Network, error,
                           "The HTTP port cannot be opened: choose another one with --port.");
    GSList* uris = soup_server_get_uris(server->server_);
    server->port_ = static_cast<std::uint16_t>(g_uri_get_port(static_cast<GUri*>(uris->data)));
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
    return server;
}

} // namespace cf::emu

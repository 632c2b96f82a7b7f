/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/adapters/websocket-client.hpp"

#include <utility>

CF_REF_GOBJECT(SoupMessage);

namespace cf::emu
{

namespace
{

// libsoup drops the connection at its limit, without a word; ours is told why.
constexpr guint64 kHardLimit = 1024 * 1024;

} // namespace

/// Shared with libsoup's callback, which comes even when the dialling was given up.
struct WebSocketClient::Dialling {
    WebSocketClient* client; ///< NULL: given up
    Ref<GCancellable> cancellable;
};

Ref<SoupSession> new_websocket_session()
{
    auto session = Ref<SoupSession>::adopt(
        soup_session_new_with_options("proxy-resolver", nullptr, "max-conns", 1000,
                                      "max-conns-per-host", 1000, "user-agent", nullptr, nullptr));
    soup_session_remove_feature_by_type(session.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
    return session;
}

WebSocketClient::WebSocketClient(SoupSession* session, Executor& executor)
    : session_(Ref<SoupSession>::retain(session)), timeout_(executor)
{
}

WebSocketClient::~WebSocketClient()
{
    close(SOUP_WEBSOCKET_CLOSE_NORMAL);
}

void WebSocketClient::dial(const std::string& url, Milliseconds timeout)
{
    auto callbacks = std::move(callbacks_);
    close(SOUP_WEBSOCKET_CLOSE_GOING_AWAY);
    callbacks_ = std::move(callbacks);
    dialling_ =
        std::make_shared<Dialling>(Dialling{this, Ref<GCancellable>::adopt(g_cancellable_new())});
    timeout_.start(timeout, [this] {
        g_cancellable_cancel(dialling_->cancellable.get());
        finish_dial(DialResult::TimedOut, nullptr);
    });
    const auto message = Ref<SoupMessage>::adopt(soup_message_new(SOUP_METHOD_GET, url.c_str()));
    if (!message) {
        timeout_.start(Milliseconds{0},
                       [this] { finish_dial(DialResult::HandshakeFailed, nullptr); });
        return;
    }
    soup_message_add_flags(message.get(), SOUP_MESSAGE_NO_REDIRECT);
    soup_session_websocket_connect_async(session_.get(), message.get(), nullptr, nullptr,
                                         G_PRIORITY_DEFAULT, dialling_->cancellable.get(),
                                         on_connected, new std::shared_ptr<Dialling>(dialling_));
}

void WebSocketClient::on_connected(GObject* session, GAsyncResult* result, gpointer data)
{
    const std::unique_ptr<std::shared_ptr<Dialling>> held(
        static_cast<std::shared_ptr<Dialling>*>(data));
    GError* error = nullptr;
    const auto connection = Ref<SoupWebsocketConnection>::adopt(
        soup_session_websocket_connect_finish(SOUP_SESSION(session), result, &error));
    g_clear_error(&error);
    if (WebSocketClient* client = (*held)->client)
        client->finish_dial(connection ? DialResult::Open : DialResult::HandshakeFailed,
                            connection.get());
}

void WebSocketClient::finish_dial(DialResult result, SoupWebsocketConnection* connection)
{
    timeout_.cancel();
    dialling_->client = nullptr;
    dialling_.reset();
    if (connection != nullptr) {
        connection_ = Ref<SoupWebsocketConnection>::retain(connection);
        soup_websocket_connection_set_max_incoming_payload_size(connection, kHardLimit);
        g_signal_connect(connection, "message", G_CALLBACK(on_message), this);
        g_signal_connect(connection, "closed", G_CALLBACK(on_closed), this);
    }
    // Copies: a callback may replace them all, or drop us.
    if (const auto dialled = callbacks_.dialled)
        dialled(result);
}

void WebSocketClient::on_message(SoupWebsocketConnection*, int type, GBytes* message, gpointer self)
{
    auto* client = static_cast<WebSocketClient*>(self);
    if (type != SOUP_WEBSOCKET_DATA_BINARY)
        return;
    gsize size = 0;
    const auto* data = static_cast<const std::uint8_t*>(g_bytes_get_data(message, &size));
    if (size > kMaxMessage) {
        const auto closed = client->callbacks_.closed;
        client->close(SOUP_WEBSOCKET_CLOSE_TOO_BIG);
        if (closed)
            closed();
        return;
    }
    if (const auto callback = client->callbacks_.message)
        callback({data, size});
}

void WebSocketClient::on_closed(SoupWebsocketConnection* from, gpointer self)
{
    auto* client = static_cast<WebSocketClient*>(self);
    g_signal_handlers_disconnect_by_data(from, self);
    client->connection_.reset();
    if (const auto closed = client->callbacks_.closed)
        closed();
}

bool WebSocketClient::open() const
{
    return connection_ &&
           soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN;
}

bool WebSocketClient::writable() const
{
    if (!open())
        return false;
    GOutputStream* stream = g_io_stream_get_output_stream(
        soup_websocket_connection_get_io_stream(connection_.get())); // transfer none
    return G_IS_POLLABLE_OUTPUT_STREAM(stream) == FALSE ||
           g_pollable_output_stream_is_writable(G_POLLABLE_OUTPUT_STREAM(stream)) != FALSE;
}

void WebSocketClient::send(std::span<const std::uint8_t> message)
{
    if (open())
        soup_websocket_connection_send_binary(connection_.get(), message.data(), message.size());
}

void WebSocketClient::close(unsigned short code)
{
    callbacks_ = {};
    timeout_.cancel();
    if (dialling_) {
        dialling_->client = nullptr;
        g_cancellable_cancel(dialling_->cancellable.get());
        dialling_.reset();
    }
    if (!connection_)
        return;
    SoupWebsocketConnection* connection = connection_.release();
    g_signal_handlers_disconnect_by_data(connection, this);
    if (soup_websocket_connection_get_state(connection) != SOUP_WEBSOCKET_STATE_OPEN) {
        g_object_unref(connection);
        return;
    }
    // It stays until the other side has answered, which libsoup waits a while for.
    g_signal_connect(connection, "closed", G_CALLBACK(g_object_unref), nullptr);
    soup_websocket_connection_close(connection, code, nullptr);
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// WebSocketClient: one WebSocket that we opened, from dialling to closing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <libsoup/soup.h>

#include "lib/base/executor.hpp"
#include "lib/base/ref.hpp"

CF_REF_GOBJECT(SoupSession);
CF_REF_GOBJECT(SoupWebsocketConnection);

namespace cf::emu
{

enum class DialResult { Open, HandshakeFailed, TimedOut };

/// An HTTP session for WebSockets: no proxy, no cookies, no compression.
[[nodiscard]] Ref<SoupSession> new_websocket_session();

/// Main thread only. Callbacks may drop the client.
class WebSocketClient
{
public:
    /// The largest message that is taken; a larger one closes the socket with 1009.
    static constexpr std::size_t kMaxMessage = 32 * 1024;

    struct Callbacks {
        std::function<void(DialResult)> dialled; ///< once
        std::function<void(std::span<const std::uint8_t>)> message;
        std::function<void()> closed; ///< by the other side, or broken
    };

    /// @p session (transfer none).
    WebSocketClient(SoupSession* session, Executor& executor);
    ~WebSocketClient(); ///< close()s
    WebSocketClient(const WebSocketClient&) = delete;
    WebSocketClient& operator=(const WebSocketClient&) = delete;

    /// What is called from now on; may be set again at any time.
    void set_callbacks(Callbacks callbacks) { callbacks_ = std::move(callbacks); }
    /// Opens a socket to @p url; what was open before is forgotten.
    void dial(const std::string& url, Milliseconds timeout);
    [[nodiscard]] bool open() const;
    /// Whether a message would leave at once. (libsoup itself would keep any number of them.)
    [[nodiscard]] bool writable() const;
    void send(std::span<const std::uint8_t> message);
    /// With this status; no callbacks afterwards.
    void close(unsigned short code);

private:
    struct Dialling;
    void finish_dial(DialResult result, SoupWebsocketConnection* connection);
    static void on_connected(GObject* session, GAsyncResult* result, gpointer data);
    static void on_message(SoupWebsocketConnection* from, int type, GBytes* message, gpointer self);
    static void on_closed(SoupWebsocketConnection* from, gpointer self);

    Ref<SoupSession> session_;
    ScopedTimer timeout_;
    Callbacks callbacks_;
    std::shared_ptr<Dialling> dialling_;
    Ref<SoupWebsocketConnection> connection_;
};

} // namespace cf::emu

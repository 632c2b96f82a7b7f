/* SPDX-License-Identifier: LGPL-2.1-or-later */
// AdapterApp: the application's end of WebSocket adapters: a WebSocket server on loopback, and the
// sound and pictures that go through it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <gst/gst.h>
#include <libsoup/soup.h>

#include "lib/base/ref.hpp"

namespace cf::test
{

using ByteVector = std::vector<std::uint8_t>;

/// Lives in the default main context.
class AdapterApp
{
public:
    AdapterApp();
    ~AdapterApp();
    AdapterApp(const AdapterApp&) = delete;
    AdapterApp& operator=(const AdapterApp&) = delete;

    /// ws://127.0.0.1:PORT@p path. "/ws" is taken; "/redirect" leads there; others are unknown.
    [[nodiscard]] std::string url(const std::string& path = "/ws") const;
    /// The newest socket.
    [[nodiscard]] SoupWebsocketConnection* socket() const { return sockets.back(); }
    void send(const ByteVector& message) const;
    /// A packet with nothing but this payload.
    void send_payload(const ByteVector& payload) const;
    void hang_up(unsigned short code = SOUP_WEBSOCKET_CLOSE_NORMAL) const;
    [[nodiscard]] bool is_open() const;
    /// Takes no new connections any more.
    void shut() const { soup_server_disconnect(server_); }

    std::vector<SoupWebsocketConnection*> sockets; ///< owned, oldest first
    std::vector<ByteVector> messages;              ///< of all sockets
    unsigned redirects = 0;

private:
    SoupServer* server_;
};

/// Sound as adapters carry it: s16le, 48 kHz, stereo; a sweep up on the left, down on the right.
[[nodiscard]] ByteVector sweep(double seconds);
/// How alike @p got, wherever in it, and @p sent are: the worse of both channels, 1 at best.
[[nodiscard]] double likeness(const ByteVector& sent, const ByteVector& got);
/// Pieces of @p size bytes; the last one may be shorter.
[[nodiscard]] std::vector<ByteVector> cut(const ByteVector& data, std::size_t size);
/// Everything in one.
[[nodiscard]] ByteVector joined(const std::vector<ByteVector>& pieces);

/// Runs @p elements to the end, with @p buffers of 20 ms each as input (of @p caps; none: the
/// elements have a source of their own).
[[nodiscard]] std::vector<ByteVector> run_elements(const std::string& elements,
                                                   const std::string& caps = {},
                                                   const std::vector<ByteVector>& buffers = {});
[[nodiscard]] std::vector<ByteVector> encode_opus(const ByteVector& pcm);
[[nodiscard]] ByteVector decode_opus(const std::vector<ByteVector>& packets);

/// Fails the test unless @p jpeg is a picture of 320 by 240 with videotestsrc's colour bars.
void expect_colour_bars(std::span<const std::uint8_t> jpeg);

} // namespace cf::test

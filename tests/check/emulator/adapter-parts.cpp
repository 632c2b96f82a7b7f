/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What WebSocket adapters are made of: packets, the buffer of sound, the socket.
#include <optional>
#include <string>

#include <gio/gio.h>

#include "tests/emulator/adapters/adapter-packet.hpp"
#include "tests/emulator/adapters/pcm-buffer.hpp"
#include "tests/emulator/adapters/websocket-client.hpp"
#include "tests/emulator/sfu/main-executor.hpp"
#include "tests/support/adapter-app.hpp"
#include "tests/support/check.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words
using cf::Milliseconds;
using cf::emu::AdapterPacket;
using cf::emu::DialResult;
using cf::emu::WebSocketClient;

AdapterPacket parsed(const ByteVector& message)
{
    const auto packet = AdapterPacket::parse(message);
    fail_unless(packet.has_value());
    return *packet;
}

GST_START_TEST(packets_are_proto3)
{
    AdapterPacket packet;
    fail_unless(packet.write().empty());
    const ByteVector payload(200, 7);
    packet.sequence = 1;
    packet.timestamp = 300;
    packet.payload = payload;
    const ByteVector expected = joined({{0x08, 1, 0x10, 0xAC, 0x02, 0x2A, 0xC8, 0x01}, payload});
    fail_unless(packet.write() == expected);
    const AdapterPacket back = parsed(expected);
    fail_unless(back.sequence == 1 && back.timestamp == 300 && back.payload.size() == 200);
    fail_unless(parsed({}).payload.empty());
    // Fields that nobody knows: a varint, eight bytes, a text, four bytes.
    const ByteVector more{0x18, 5,  0x21, 1, 2, 3, 4, 5,    6, 7, 8, 0x32,
                          1,    65, 0x3D, 1, 2, 3, 4, 0x2A, 2, 8, 9};
    fail_unless_equals_int(parsed(more).payload.size(), 2);
    for (const ByteVector& bad :
         {ByteVector{0x08}, ByteVector{0x2A, 5, 1}, ByteVector{0x2B}, ByteVector{0x00, 1},
          ByteVector{0x21, 1, 2}, ByteVector(11, 0xFF)})
        fail_if(AdapterPacket::parse(bad).has_value());
}
GST_END_TEST

GST_START_TEST(segments_end_with_silence)
{
    cf::emu::PcmBuffer buffer;
    ByteVector frame(4);
    fail_if(buffer.take(frame));
    buffer.append(ByteVector{1, 2, 3, 4, 5, 6});
    fail_unless(buffer.take(frame) && frame == (ByteVector{1, 2, 3, 4}));
    // Too little, and more may come.
    fail_if(buffer.take(frame) || buffer.drained());
    buffer.append(ByteVector{7});
    buffer.end_segment();
    buffer.append(ByteVector{8, 9, 10, 11});
    fail_unless_equals_int(buffer.size(), 7);
    fail_unless(buffer.take(frame) && frame == (ByteVector{5, 6, 7, 0}));
    fail_unless(buffer.take(frame) && frame == (ByteVector{8, 9, 10, 11}));
    buffer.end_segment();
    fail_unless(!buffer.take(frame) && buffer.drained() && buffer.size() == 0);
}
GST_END_TEST

// A server that takes the handshake and then reads nothing any more.
class StalledServer
{
public:
    StalledServer() : listener_(g_socket_listener_new())
    {
        port = g_socket_listener_add_any_inet_port(listener_, nullptr, nullptr);
        g_socket_listener_accept_async(listener_, nullptr, on_accept, this);
    }
    ~StalledServer()
    {
        g_clear_object(&connection_);
        g_object_unref(listener_);
    }
    StalledServer(const StalledServer&) = delete;
    StalledServer& operator=(const StalledServer&) = delete;

    int port = 0;

private:
    static void on_accept(GObject*, GAsyncResult* result, gpointer data)
    {
        auto* self = static_cast<StalledServer*>(data);
        self->connection_ =
            G_IO_STREAM(g_socket_listener_accept_finish(self->listener_, result, nullptr, nullptr));
        fail_unless(self->connection_ != nullptr);
        g_input_stream_read_async(g_io_stream_get_input_stream(self->connection_), self->request_,
                                  sizeof self->request_ - 1, G_PRIORITY_DEFAULT, nullptr, on_read,
                                  self);
    }
    static void on_read(GObject* stream, GAsyncResult* result, gpointer data)
    {
        auto* self = static_cast<StalledServer*>(data);
        fail_unless(g_input_stream_read_finish(G_INPUT_STREAM(stream), result, nullptr) > 0);
        // The request is small: it comes in one piece.
        const std::string request = self->request_;
        const std::string name = "Sec-WebSocket-Key: ";
        const auto at = request.find(name);
        fail_unless(at != std::string::npos, "%s", self->request_);
        const auto begin = at + name.size();
        const std::string key = request.substr(begin, request.find('\r', begin) - begin) +
                                "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 1.3
        guint8 digest[20];
        gsize size = sizeof digest;
        GChecksum* sha1 = g_checksum_new(G_CHECKSUM_SHA1);
        g_checksum_update(sha1, reinterpret_cast<const guchar*>(key.data()),
                          static_cast<gssize>(key.size()));
        g_checksum_get_digest(sha1, digest, &size);
        g_checksum_free(sha1);
        const cf::OwnedString accept{g_base64_encode(digest, size)};
        const std::string answer = std::string("HTTP/1.1 101 Switching Protocols\r\n"
                                               "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                               "Sec-WebSocket-Accept: ") +
                                   accept.get() + "\r\n\r\n";
        fail_unless(g_output_stream_write_all(g_io_stream_get_output_stream(self->connection_),
                                              answer.data(), answer.size(), nullptr, nullptr,
                                              nullptr));
    }

    GSocketListener* listener_;
    GIOStream* connection_ = nullptr;
    char request_[4096] = {};
};

GST_START_TEST(reader_that_stalls_is_noticed)
{
    StalledServer server;
    cf::emu::MainExecutor executor(nullptr);
    const auto session = cf::emu::new_websocket_session();
    WebSocketClient client(session.get(), executor);
    std::optional<DialResult> dialled;
    client.set_callbacks({[&](DialResult r) { dialled = r; }, nullptr, nullptr});
    client.dial("ws://127.0.0.1:" + std::to_string(server.port) + "/", Milliseconds{40000});
    fail_unless(wait_until([&] { return dialled.has_value(); }));
    fail_unless(*dialled == DialResult::Open && client.writable());
    // What the kernel takes is some megabytes.
    const ByteVector message(std::size_t{256} * 1024, 1);
    unsigned sent = 0;
    fail_unless(wait_until([&] {
        if (client.writable()) {
            client.send(message);
            ++sent;
        }
        return !client.writable() || sent > 400;
    }));
    fail_unless(sent <= 400);
    fail_unless(client.open());
}
GST_END_TEST

GST_START_TEST(dialling_can_be_given_up)
{
    GSocketListener* mute = g_socket_listener_new();
    const int port = g_socket_listener_add_any_inet_port(mute, nullptr, nullptr);
    const std::string url = "ws://127.0.0.1:" + std::to_string(port) + "/";
    cf::emu::MainExecutor executor(nullptr);
    const auto session = cf::emu::new_websocket_session();
    unsigned calls = 0;
    {
        WebSocketClient client(session.get(), executor);
        client.set_callbacks({[&](DialResult) { ++calls; }, nullptr, nullptr});
        client.dial(url, Milliseconds{40000});
    }
    std::optional<DialResult> dialled;
    WebSocketClient other(session.get(), executor);
    other.set_callbacks({[&](DialResult r) { dialled = r; }, nullptr, nullptr});
    other.dial(url, Milliseconds{100});
    fail_unless(wait_until([&] { return dialled.has_value(); }));
    fail_unless(*dialled == DialResult::TimedOut && calls == 0);
    g_object_unref(mute);
}
GST_END_TEST

Suite* adapter_parts_suite()
{
    Suite* s = suite_create("adapter_parts");
    TCase* t = tcase_create("parts");
    tcase_add_test(t, packets_are_proto3);
    tcase_add_test(t, segments_end_with_silence);
    tcase_add_test(t, reader_that_stalls_is_noticed);
    tcase_add_test(t, dialling_can_be_given_up);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(adapter_parts);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// UdpSocket: the media port. Reads and writes many datagrams a system call (recvmmsg, sendmmsg).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <glib.h>

#include "lib/base/ref.hpp"
#include "lib/base/result.hpp"
#include "tests/emulator/media/socket-address.hpp"

namespace cf::emu
{

/// Lives in one main context. What send() takes leaves before the context polls again.
class UdpSocket
{
public:
    using Receive = std::function<void(const SocketAddress&, std::span<std::uint8_t>)>;

    /// @p context (transfer none), NULL for the default one.
    [[nodiscard]] static Result<std::unique_ptr<UdpSocket>>
    open(const SocketAddress& address, GMainContext* context, Receive receive);
    ~UdpSocket();
    UdpSocket(const UdpSocket&) = delete;
    UdpSocket& operator=(const UdpSocket&) = delete;

    /// As bound, with the port that was chosen.
    [[nodiscard]] const SocketAddress& address() const { return address_; }
    void send(const SocketAddress& peer, std::span<const std::uint8_t> datagram);
    void flush();

    [[nodiscard]] std::uint64_t received() const { return received_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    /// Not sent: the socket's buffer was full, or the network refused.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

    /// Larger datagrams are cut, and then refused by whoever parses them.
    static constexpr std::size_t kMaxDatagram = 2048;

private:
    static constexpr std::size_t kBatch = 64;
    struct Slot {
        SocketAddress peer;
        std::size_t size = 0;
        std::array<std::uint8_t, kMaxDatagram> data;
    };
    using Slots = std::array<Slot, kBatch>;
    struct FlushSource;

    UdpSocket(int fd, Receive receive);
    void attach(GMainContext* context);
    void read();

    int fd_;
    Receive receive_;
    SocketAddress address_;
    Ref<GSource> read_source_;
    Ref<GSource> flush_source_;
    std::unique_ptr<Slots> in_;
    std::unique_ptr<Slots> out_;
    std::size_t queued_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t dropped_ = 0;
};

} // namespace cf::emu

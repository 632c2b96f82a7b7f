/* SPDX-License-Identifier: LGPL-2.1-or-later */
// UdpMediaServer: the MediaServer that MediaServer::create() makes.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/emulator/media/media-server.hpp"
#include "tests/emulator/media/session-transport.hpp"
#include "tests/emulator/media/udp-socket.hpp"

namespace cf::emu
{

class UdpMediaServer final : public MediaServer, private TransportHost
{
public:
    UdpMediaServer(const MediaOptions& options, GMainContext* context,
                   std::unique_ptr<DtlsContext> dtls);
    ~UdpMediaServer() override;
    [[nodiscard]] Status open(const SocketAddress& address);

    [[nodiscard]] const SocketAddress& address() const override { return socket_->address(); }
    [[nodiscard]] const std::string& fingerprint() const override { return dtls_->fingerprint(); }
    [[nodiscard]] std::shared_ptr<Transport> create_transport() override;
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] ServerStats stats() const override;
    [[nodiscard]] NetworkFaults& faults(FaultDirection direction) override;

private:
    // TransportHost
    void send(const SocketAddress& peer, std::span<std::uint8_t> datagram, TimePoint now) override;
    void bind(const SocketAddress& peer, SessionTransport& transport) override;
    void add_ufrag(const std::string& ufrag, SessionTransport& transport) override;
    void remove(SessionTransport& transport) override;

    void demultiplex(const SocketAddress& from, std::span<std::uint8_t> datagram, TimePoint now);
    void tick();
    void set_ticking(bool on);

    MediaOptions options_;
    Ref<GMainContext> context_;
    std::unique_ptr<DtlsContext> dtls_;
    std::unique_ptr<UdpSocket> socket_;
    NetworkFaults from_peer_;
    NetworkFaults to_peer_;
    Ref<GSource> timer_;

    std::vector<SessionTransport*> transports_; ///< NULL: dropped during a tick
    std::unordered_map<std::string, SessionTransport*> by_ufrag_;
    std::unordered_map<SocketAddress, SessionTransport*, SocketAddressHash> by_address_;
    std::size_t alive_ = 0;
    std::uint64_t unknown_ufrag_ = 0;
    std::uint64_t unknown_address_ = 0;
};

} // namespace cf::emu

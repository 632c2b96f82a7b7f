/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SecureChannel: ICE-lite, DTLS and SRTP of one peer. Datagrams come in on one side, plain RTP,
// RTCP and data-channel records on the other.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/emulator/media/dtls-connection.hpp"
#include "tests/emulator/media/ice-lite-agent.hpp"
#include "tests/emulator/media/srtp-session.hpp"
#include "tests/emulator/media/transport.hpp"

namespace cf::emu
{

class SecureChannel
{
public:
    struct Callbacks {
        std::function<void(const SocketAddress&, std::span<std::uint8_t>)> send; ///< one datagram
        std::function<void(const SocketAddress&)> bind; ///< the address is proven to be the peer's
        std::function<void(Bytes, TimePoint)> rtp;
        std::function<void(Bytes, TimePoint)> rtcp;
        std::function<void(Bytes, TimePoint)> data;
    };
    SecureChannel(const DtlsContext& context, Milliseconds consent_timeout, Callbacks callbacks);

    [[nodiscard]] const IceLiteAgent& ice() const { return ice_; }
    [[nodiscard]] Status set_remote(const RemoteParameters& remote, DtlsRole local_role,
                                    TimePoint now);
    void restart_ice() { ice_.restart(); }
    [[nodiscard]] std::optional<DtlsRole> dtls_role() const;
    [[nodiscard]] TransportState state() const { return state_; }
    /// Why the state is Failed, for the log.
    [[nodiscard]] const std::string& failure() const { return failure_; }

    void on_datagram(const SocketAddress& from, std::span<std::uint8_t> datagram, TimePoint now);
    void tick(TimePoint now);
    void close();

    /// Whether SRTP is up and there is an address to send to.
    [[nodiscard]] bool ready() const { return srtp_ && state_ == TransportState::Connected; }
    /// In place, see SrtpSession::protect_rtp(). No-op unless ready().
    void send_rtp(std::span<std::uint8_t> buffer, std::size_t size);
    void send_rtcp(std::span<std::uint8_t> buffer, std::size_t size);
    bool send_data(Bytes data);

    void fill(TransportStats& stats) const;
    [[nodiscard]] MalformedStats& malformed() { return malformed_; }

private:
    void on_stun(const SocketAddress& from, Bytes datagram, TimePoint now);
    void on_dtls(Bytes datagram, TimePoint now);
    void on_srtp(std::span<std::uint8_t> datagram, TimePoint now);
    void start_dtls();
    void alive(TimePoint now);
    void transmit(Bytes datagram);
    [[nodiscard]] bool terminal() const
    {
        return state_ == TransportState::Failed || state_ == TransportState::Closed;
    }

    const DtlsContext& context_;
    Milliseconds consent_timeout_;
    Callbacks callbacks_;
    IceLiteAgent ice_;
    TransportState state_ = TransportState::New;
    std::string failure_;

    SocketAddress peer_; ///< where we send; invalid before the first authenticated check
    std::optional<RemoteParameters> remote_;
    std::unique_ptr<DtlsConnection> dtls_;
    bool dtls_started_ = false;
    std::unique_ptr<SrtpSession> srtp_;
    /// DTLS that came before the HTTP request with the peer's description; replayed then.
    std::vector<std::vector<std::uint8_t>> early_;

    TimePoint now_{}; ///< of the event being handled
    TimePoint last_alive_{};
    std::optional<TimePoint> last_consent_;
    std::optional<TimePoint> first_connected_;
    std::uint64_t stun_requests_ = 0;
    std::uint64_t stun_errors_ = 0;
    MalformedStats malformed_;
};

} // namespace cf::emu

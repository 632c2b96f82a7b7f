/* SPDX-License-Identifier: LGPL-2.1-or-later */
// MediaPeer: the client side of the emulator's media plane, without a browser or webrtcbin: sends
// ICE checks, does DTLS, and exchanges whatever RTP and RTCP a test makes up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/emulator/media/dtls-connection.hpp"
#include "tests/emulator/media/media-server.hpp"
#include "tests/emulator/media/rtcp-writer.hpp"
#include "tests/emulator/media/udp-socket.hpp"

namespace cf::test
{

/// Lives in the default main context; progress happens while the test waits (tests/support/wait).
class MediaPeer
{
public:
    /// @p role: ours; the transport gets the other one.
    explicit MediaPeer(emu::DtlsRole role = emu::DtlsRole::Client);
    ~MediaPeer();

    [[nodiscard]] emu::RemoteParameters parameters() const;
    /// Gives our parameters to @p transport and connects to it; false if that takes too long.
    [[nodiscard]] bool connect(emu::MediaServer& server, emu::Transport& transport);
    /// The parts of connect(): checks and handshake without telling the transport who we are.
    void start(emu::MediaServer& server, const emu::Transport& transport);
    /// The same towards a transport in another process.
    struct Remote {
        emu::SocketAddress address;
        std::string ufrag;
        std::string pwd;
        std::string fingerprint; ///< sha-256
    };
    void start(const Remote& remote);
    [[nodiscard]] bool connected() const { return srtp_ != nullptr; }

    /// One Binding request; @p ufrag and @p pwd: those of the transport unless told otherwise.
    void send_check(bool use_candidate = true);
    void set_remote_credentials(std::string ufrag, std::string pwd);
    /// Code of the last error answer, 0 after a success answer, nothing before any.
    [[nodiscard]] std::optional<unsigned> last_stun_answer() const { return last_answer_; }
    [[nodiscard]] const std::optional<emu::SocketAddress>& mapped_address() const
    {
        return mapped_;
    }

    void send_rtp(std::vector<std::uint8_t> packet);
    void send_rtcp(const emu::RtcpWriter& packet);
    void send_rtcp_bytes(std::vector<std::uint8_t> packet);
    /// As it is, unprotected.
    void send_raw(const std::vector<std::uint8_t>& datagram);
    void close_dtls();

    /// What arrived, decrypted.
    std::vector<std::vector<std::uint8_t>> rtp;
    std::vector<std::vector<std::uint8_t>> rtcp;
    std::vector<std::vector<std::uint8_t>> data;
    std::string failure; ///< of DTLS
    bool dtls_closed = false;

    [[nodiscard]] const emu::SocketAddress& address() const { return socket_->address(); }
    [[nodiscard]] emu::DtlsConnection& dtls() { return *dtls_; }

private:
    void on_datagram(std::span<std::uint8_t> datagram);
    void on_stun(emu::Bytes datagram);

    emu::DtlsRole role_;
    std::string ufrag_ = "peerufrag";
    std::string pwd_ = "peerpasswordpeerpassword";
    std::string remote_ufrag_;
    std::string remote_pwd_;
    std::unique_ptr<emu::DtlsContext> context_;
    std::unique_ptr<emu::UdpSocket> socket_;
    std::unique_ptr<emu::DtlsConnection> dtls_;
    std::unique_ptr<emu::SrtpSession> srtp_;
    emu::SocketAddress server_;
    std::optional<unsigned> last_answer_;
    std::optional<emu::SocketAddress> mapped_;
    bool dtls_started_ = false;
    Ref<GSource> timer_;
};

/// One RTP packet; extensions in the one-byte form, ids 1...14.
struct RtpFields {
    std::uint8_t payload_type = 96;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0x1111;
    bool marker = false;
    std::vector<std::uint32_t> csrcs = {};
    std::vector<std::pair<std::uint8_t, std::vector<std::uint8_t>>> extensions = {};
    std::vector<std::uint8_t> payload = {};
    std::uint8_t padding = 0;
};
[[nodiscard]] std::vector<std::uint8_t> make_rtp(const RtpFields& fields);
[[nodiscard]] std::vector<std::uint8_t> text_bytes(const std::string& text);

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/media-peer.hpp"

#include <algorithm>
#include <array>

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/random.hpp"
#include "tests/emulator/media/stun-message.hpp"
#include "tests/support/wait.hpp"

namespace cf::test
{

using namespace emu;

namespace
{

Bytes bytes_of(const std::string& text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

constexpr guint kTickMs = 20;

} // namespace

MediaPeer::MediaPeer(DtlsRole role) : role_(role)
{
    auto context = DtlsContext::create({});
    g_assert(context.ok());
    context_ = context.take();
    auto socket = UdpSocket::open(
        *SocketAddress::parse("127.0.0.1", 0), nullptr,
        [this](const SocketAddress&, std::span<std::uint8_t> d) { on_datagram(d); });
    g_assert(socket.ok());
    socket_ = socket.take();
}

MediaPeer::~MediaPeer()
{
    if (timer_)
        g_source_destroy(timer_.get());
}

RemoteParameters MediaPeer::parameters() const
{
    return {ufrag_, pwd_, {{"sha-256", context_->fingerprint()}}};
}

void MediaPeer::set_remote_credentials(std::string ufrag, std::string pwd)
{
    remote_ufrag_ = std::move(ufrag);
    remote_pwd_ = std::move(pwd);
}

bool MediaPeer::connect(MediaServer& server, Transport& transport)
{
    const DtlsRole other = role_ == DtlsRole::Client ? DtlsRole::Server : DtlsRole::Client;
    if (!transport.set_remote(parameters(), other))
        return false;
    start(server, transport);
    return wait_until(
        [&] { return connected() && transport.state() == TransportState::Connected; });
}

void MediaPeer::start(MediaServer& server, const Transport& transport)
{
    start({server.address(), transport.local_ufrag(), transport.local_pwd(), server.fingerprint()});
}

void MediaPeer::start(const Remote& remote)
{
    server_ = remote.address;
    set_remote_credentials(remote.ufrag, remote.pwd);
    DtlsConnection::Callbacks callbacks;
    callbacks.send = [this](Bytes d) { socket_->send(server_, d); };
    callbacks.connected = [this](const SrtpKeys& keys) { srtp_ = SrtpSession::create(keys); };
    callbacks.data = [this](Bytes d) { data.emplace_back(d.begin(), d.end()); };
    callbacks.failed = [this](const std::string& reason) { failure = reason; };
    callbacks.closed = [this] { dtls_closed = true; };
    dtls_ = std::make_unique<DtlsConnection>(
        *context_, role_, std::vector<Fingerprint>{{"sha-256", remote.fingerprint}},
        std::move(callbacks));
    timer_ = Ref<GSource>::adopt(g_timeout_source_new(kTickMs));
    const GSourceFunc on_tick = [](gpointer self) -> gboolean {
        auto* peer = static_cast<MediaPeer*>(self);
        if (!peer->last_answer_)
            peer->send_check();
        if (peer->dtls_started_)
            peer->dtls_->tick();
        return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(timer_.get(), on_tick, this, nullptr);
    g_source_attach(timer_.get(), nullptr);
    send_check();
}

void MediaPeer::send_check(bool use_candidate)
{
    const std::array<std::uint8_t, 12> id = random_number<std::array<std::uint8_t, 12>>();
    StunWriter w(StunClass::Request, kStunBinding, id);
    w.add(stun_attribute::kUsername, bytes_of(remote_ufrag_ + ":" + ufrag_));
    const std::array<std::uint8_t, 4> priority{0x6E, 0x00, 0x01, 0xFF};
    w.add(stun_attribute::kPriority, priority);
    const std::array<std::uint8_t, 8> tie_breaker{1, 2, 3, 4, 5, 6, 7, 8};
    w.add(stun_attribute::kIceControlling, tie_breaker);
    if (use_candidate)
        w.add(stun_attribute::kUseCandidate, {});
    w.add_integrity(remote_pwd_);
    w.add_fingerprint();
    socket_->send(server_, w.take());
}

void MediaPeer::on_datagram(std::span<std::uint8_t> datagram)
{
    if (datagram.empty())
        return;
    if (datagram[0] <= 3) {
        on_stun(datagram);
        return;
    }
    if (datagram[0] >= 20 && datagram[0] <= 63) {
        dtls_started_ = true;
        dtls_->on_datagram(datagram);
        return;
    }
    if (!srtp_)
        return;
    const bool is_rtcp = datagram.size() > 1 && datagram[1] >= 192 && datagram[1] <= 223;
    const auto verdict = is_rtcp ? srtp_->unprotect_rtcp(datagram) : srtp_->unprotect_rtp(datagram);
    if (verdict == SrtpSession::Verdict::Good)
        (is_rtcp ? rtcp : rtp).emplace_back(datagram.begin(), datagram.end());
}

void MediaPeer::on_stun(Bytes datagram)
{
    const auto answer = StunMessage::parse(datagram);
    if (!answer)
        return;
    if (answer->message_class() == StunClass::Error) {
        const auto code = answer->find(stun_attribute::kErrorCode);
        last_answer_ = code && code->size() >= 4 ? (*code)[2] * 100U + (*code)[3] : 999U;
        return;
    }
    if (!answer->check_integrity(remote_pwd_))
        return;
    last_answer_ = 0;
    mapped_ = answer->xor_mapped_address();
    if (!std::exchange(dtls_started_, true))
        dtls_->start();
}

void MediaPeer::send_rtp(std::vector<std::uint8_t> packet)
{
    const std::size_t size = packet.size();
    packet.resize(size + SrtpSession::kTrailer);
    if (const auto n = srtp_->protect_rtp(packet, size))
        socket_->send(server_, std::span(packet).first(*n));
}

void MediaPeer::send_rtcp(const RtcpWriter& packet)
{
    send_rtcp_bytes(packet.data());
}

void MediaPeer::send_rtcp_bytes(std::vector<std::uint8_t> packet)
{
    const std::size_t size = packet.size();
    packet.resize(size + SrtpSession::kTrailer);
    if (const auto n = srtp_->protect_rtcp(packet, size))
        socket_->send(server_, std::span(packet).first(*n));
}

void MediaPeer::send_raw(const std::vector<std::uint8_t>& datagram)
{
    socket_->send(server_, datagram);
}

void MediaPeer::close_dtls()
{
    dtls_->close();
}

std::vector<std::uint8_t> make_rtp(const RtpFields& f)
{
    std::vector<std::uint8_t> p;
    append_u8(p, static_cast<std::uint8_t>(0x80 | (f.padding != 0 ? 0x20 : 0) |
                                           (f.extensions.empty() ? 0 : 0x10) | f.csrcs.size()));
    append_u8(p, static_cast<std::uint8_t>((f.marker ? 0x80 : 0) | f.payload_type));
    append_u16(p, f.sequence);
    append_u32(p, f.timestamp);
    append_u32(p, f.ssrc);
    for (const std::uint32_t csrc : f.csrcs)
        append_u32(p, csrc);
    if (!f.extensions.empty()) {
        const std::size_t at = p.size();
        append_u16(p, kOneByteExtensions);
        append_u16(p, 0);
        for (const auto& [id, value] : f.extensions) {
            append_u8(p, static_cast<std::uint8_t>(id << 4 | (value.size() - 1)));
            append_bytes(p, value);
        }
        while ((p.size() - at) % 4 != 0)
            append_u8(p, 0);
        write_u16(p, at + 2, static_cast<std::uint16_t>((p.size() - at) / 4 - 1));
    }
    append_bytes(p, f.payload);
    if (f.padding != 0) {
        p.resize(p.size() + f.padding);
        p.back() = f.padding;
    }
    return p;
}

std::vector<std::uint8_t> text_bytes(const std::string& text)
{
    return {text.begin(), text.end()};
}

} // namespace cf::test

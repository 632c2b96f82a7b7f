/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/secure-channel.hpp"

#include "lib/base/log.hpp"

namespace cf::emu
{

namespace
{

// A ClientHello that is split, and its retransmissions.
constexpr std::size_t kMaxEarly = 8;

// RFC 7983 7.
bool is_stun(std::uint8_t first)
{
    return first <= 3;
}
bool is_dtls(std::uint8_t first)
{
    return first >= 20 && first <= 63;
}
bool is_rtp(std::uint8_t first)
{
    return first >= 128 && first <= 191;
}
/// RFC 5761 4.
bool is_rtcp(Bytes datagram)
{
    return datagram.size() >= 2 && datagram[1] >= 192 && datagram[1] <= 223;
}

} // namespace

SecureChannel::SecureChannel(const DtlsContext& context, Milliseconds consent_timeout,
                             Callbacks callbacks)
    : context_(context), consent_timeout_(consent_timeout), callbacks_(std::move(callbacks))
{
}

std::optional<DtlsRole> SecureChannel::dtls_role() const
{
    return dtls_ ? std::optional(dtls_->role()) : std::nullopt;
}

Status SecureChannel::set_remote(const RemoteParameters& remote, DtlsRole local_role, TimePoint now)
{
    if (terminal())
        return Error{ErrorCode::State, "The connection is closed; start a new session."};
    if (dtls_ && dtls_->role() != local_role)
        return Error{ErrorCode::Sdp, "The DTLS role must stay what it was when the connection was "
                                     "set up; keep a=setup."};
    if (dtls_ && !dtls_->matches(remote.fingerprints))
        return Error{ErrorCode::Sdp, "The fingerprint must stay that of the certificate in use."};
    now_ = now;
    ice_.set_remote_ufrag(remote.ufrag);
    remote_ = remote;
    if (dtls_)
        return ok_status();

    DtlsConnection::Callbacks callbacks;
    callbacks.send = [this](Bytes datagram) { transmit(datagram); };
    callbacks.connected = [this](const SrtpKeys& keys) {
        srtp_ = SrtpSession::create(keys);
        state_ = srtp_ ? TransportState::Connected : TransportState::Failed;
        if (srtp_ && !first_connected_)
            first_connected_ = now_;
    };
    callbacks.data = [this](Bytes data) { callbacks_.data(data, now_); };
    callbacks.failed = [this](const std::string& reason) {
        failure_ = reason;
        state_ = TransportState::Failed;
        CF_WARNING("media", "dtls", "DTLS failed: %s", reason.c_str());
    };
    callbacks.closed = [this] { state_ = TransportState::Closed; };
    dtls_ = std::make_unique<DtlsConnection>(context_, local_role, remote.fingerprints,
                                             std::move(callbacks));
    state_ = TransportState::Checking;
    start_dtls();
    return ok_status();
}

void SecureChannel::start_dtls()
{
    if (!dtls_ || dtls_started_ || !peer_.valid())
        return;
    dtls_started_ = true;
    dtls_->start();
    for (const auto& datagram : std::exchange(early_, {}))
        dtls_->on_datagram(datagram);
}

void SecureChannel::on_datagram(const SocketAddress& from, std::span<std::uint8_t> datagram,
                                TimePoint now)
{
    if (terminal() || datagram.empty())
        return;
    now_ = now;
    const std::uint8_t first = datagram[0];
    if (is_stun(first))
        on_stun(from, datagram, now);
    else if (is_dtls(first))
        on_dtls(datagram, now);
    else if (is_rtp(first))
        on_srtp(datagram, now);
    else
        ++malformed_.unknown;
}

void SecureChannel::on_stun(const SocketAddress& from, Bytes datagram, TimePoint now)
{
    const auto message = StunMessage::parse(datagram);
    if (!message) {
        ++malformed_.stun;
        return;
    }
    // Binding indications are the keepalives of agents that have no consent checks (libnice). Only
    // a proven address gets here with one.
    if (message->message_class() == StunClass::Indication && from == peer_)
        alive(now);
    // A lite agent sends no requests, so nobody can have an answer for it.
    if (message->message_class() != StunClass::Request)
        return;
    ++stun_requests_;
    IceLiteAgent::Outcome outcome = ice_.on_request(*message, from);
    malformed_.stun += outcome.malformed ? 1 : 0;
    stun_errors_ += outcome.error != 0 ? 1 : 0;
    if (!outcome.answer.empty())
        callbacks_.send(from, outcome.answer);
    if (!outcome.authenticated)
        return;
    callbacks_.bind(from);
    // Every check on the pair in use says so; until one does, any proven address serves.
    if (outcome.nominated || !peer_.valid())
        peer_ = from;
    last_consent_ = now;
    alive(now);
    start_dtls();
}

void SecureChannel::alive(TimePoint now)
{
    last_alive_ = now;
    if (state_ == TransportState::Disconnected)
        state_ = TransportState::Connected;
}

void SecureChannel::on_dtls(Bytes datagram, TimePoint now)
{
    if (!dtls_) {
        if (early_.size() < kMaxEarly)
            early_.emplace_back(datagram.begin(), datagram.end());
        return;
    }
    if (dtls_->on_datagram(datagram))
        alive(now);
    else
        ++malformed_.dtls;
}

void SecureChannel::on_srtp(std::span<std::uint8_t> datagram, TimePoint now)
{
    // Media may overtake the end of the handshake; without keys it is of no use.
    if (!srtp_)
        return;
    const bool rtcp = is_rtcp(datagram);
    switch (rtcp ? srtp_->unprotect_rtcp(datagram) : srtp_->unprotect_rtp(datagram)) {
    case SrtpSession::Verdict::Good:
        break;
    case SrtpSession::Verdict::Replayed:
        ++malformed_.srtp_replay;
        return;
    case SrtpSession::Verdict::BadAuthentication:
        ++malformed_.srtp_auth;
        return;
    case SrtpSession::Verdict::Malformed:
        ++(rtcp ? malformed_.rtcp : malformed_.rtp);
        return;
    }
    alive(now);
    if (rtcp)
        callbacks_.rtcp(datagram, now);
    else
        callbacks_.rtp(datagram, now);
}

void SecureChannel::tick(TimePoint now)
{
    now_ = now;
    if (terminal())
        return;
    if (dtls_ && dtls_started_)
        dtls_->tick();
    if (state_ == TransportState::Connected && now - last_alive_ > consent_timeout_)
        state_ = TransportState::Disconnected;
}

void SecureChannel::close()
{
    if (dtls_ && !terminal())
        dtls_->close();
    if (state_ != TransportState::Failed)
        state_ = TransportState::Closed;
}

void SecureChannel::transmit(Bytes datagram)
{
    if (!peer_.valid())
        return;
    std::vector<std::uint8_t> copy(datagram.begin(), datagram.end());
    callbacks_.send(peer_, copy);
}

void SecureChannel::send_rtp(std::span<std::uint8_t> buffer, std::size_t size)
{
    if (!ready())
        return;
    if (const auto protected_size = srtp_->protect_rtp(buffer, size))
        callbacks_.send(peer_, buffer.first(*protected_size));
}

void SecureChannel::send_rtcp(std::span<std::uint8_t> buffer, std::size_t size)
{
    if (!ready())
        return;
    if (const auto protected_size = srtp_->protect_rtcp(buffer, size))
        callbacks_.send(peer_, buffer.first(*protected_size));
}

bool SecureChannel::send_data(Bytes data)
{
    return ready() && dtls_->send_data(data);
}

void SecureChannel::fill(TransportStats& stats) const
{
    stats.remote_address = peer_.to_string();
    stats.srtp_profile = srtp_ ? srtp_->profile().name : "";
    stats.stun_requests = stun_requests_;
    stats.stun_errors = stun_errors_;
    stats.connected = first_connected_;
    stats.last_consent = last_consent_;
    stats.malformed = malformed_;
}

} // namespace cf::emu

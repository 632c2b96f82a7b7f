/* SPDX-License-Identifier: LGPL-2.1-or-later */
// DtlsConnection: one DTLS association over somebody else's datagrams (RFC 5764, RFC 8842).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tests/emulator/media/dtls-context.hpp"
#include "tests/emulator/media/rtp-packet.hpp"
#include "tests/emulator/media/srtp-session.hpp"
#include "tests/emulator/media/transport.hpp"

namespace cf::emu
{

class DtlsConnection
{
public:
    struct Callbacks {
        std::function<void(Bytes)> send;                ///< one datagram
        std::function<void(const SrtpKeys&)> connected; ///< once
        std::function<void(Bytes)> data;                ///< one decrypted application record
        std::function<void(const std::string&)> failed; ///< once; the reason, for the log
        std::function<void()> closed;                   ///< once; the peer's close_notify
    };

    /// @p fingerprints: the certificate of the peer must match one of them.
    DtlsConnection(const DtlsContext& context, DtlsRole role, std::vector<Fingerprint> fingerprints,
                   Callbacks callbacks);
    ~DtlsConnection();
    DtlsConnection(const DtlsConnection&) = delete;
    DtlsConnection& operator=(const DtlsConnection&) = delete;

    /// Sends the ClientHello if we are the client.
    void start();
    /// False if @p datagram is not made of whole DTLS records.
    bool on_datagram(Bytes datagram);
    /// Retransmits what is due.
    void tick();
    /// One application record; false before the handshake is done.
    bool send_data(Bytes data);
    /// Sends close_notify.
    void close();

    [[nodiscard]] DtlsRole role() const { return role_; }
    [[nodiscard]] bool connected() const { return state_ == State::Connected; }
    /// Whether the certificate that the peer showed matches one of @p fingerprints.
    [[nodiscard]] bool matches(const std::vector<Fingerprint>& fingerprints) const;

    /// Sets the callback that compares certificates with fingerprints.
    static void install_verification(SSL_CTX* ctx);

private:
    enum class State { Handshaking, Connected, Failed, Closed };
    struct Bio;
    void handshake();
    void read();
    void finish_handshake();
    void fail(const std::string& reason);
    static int verify(X509_STORE_CTX* store, void*);

    DtlsRole role_;
    std::vector<Fingerprint> fingerprints_;
    Callbacks callbacks_;
    State state_ = State::Handshaking;
    bool mismatch_ = false;
    Bytes incoming_; ///< datagram being read by OpenSSL, valid during on_datagram()
    Owned<SSL, SSL_free> ssl_;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/dtls-connection.hpp"

#include <algorithm>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

namespace
{

// Fits every path that media fits, tunnels included; the default of other WebRTC stacks.
constexpr long kMtu = 1200;
constexpr std::size_t kRecordHeader = 13;
constexpr std::size_t kMaxRecord = 16384 + 256;

/// Whether @p datagram is a sequence of whole records with DTLS content types and versions.
bool whole_records(Bytes datagram)
{
    if (datagram.empty())
        return false;
    while (!datagram.empty()) {
        if (datagram.size() < kRecordHeader || datagram[0] < 20 || datagram[0] > 25 ||
            datagram[1] != 0xFE)
            return false;
        const std::size_t length = read_u16(datagram, 11);
        if (length > kMaxRecord || datagram.size() - kRecordHeader < length)
            return false;
        datagram = datagram.subspan(kRecordHeader + length);
    }
    return true;
}

std::string last_ssl_error()
{
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
    return reason != nullptr ? reason : "unknown error";
}

int connection_index()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

/// RFC 6347 4.2.4.1 starts at 1 s; on the links that WebRTC runs over that only delays the call
/// (RFC 9147 5.8.2 allows shorter values when the round trip is known to be).
unsigned next_timeout_us(SSL*, unsigned previous_us)
{
    return previous_us == 0 ? 200'000 : std::min(previous_us * 2, 4'000'000U);
}

} // namespace

/// OpenSSL's memory BIO glues datagrams together; this one keeps their borders.
struct DtlsConnection::Bio {
    static int write(BIO* bio, const char* data, int size)
    {
        auto* self = static_cast<DtlsConnection*>(BIO_get_data(bio));
        self->callbacks_.send(
            Bytes{reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
        return size;
    }
    static int read(BIO* bio, char* out, int size)
    {
        auto* self = static_cast<DtlsConnection*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        if (self->incoming_.empty()) {
            BIO_set_retry_read(bio);
            return -1;
        }
        const std::size_t n = std::min(self->incoming_.size(), static_cast<std::size_t>(size));
        std::memcpy(out, self->incoming_.data(), n);
        self->incoming_ = {};
        return static_cast<int>(n);
    }
    static long control(BIO*, int command, long, void*)
    {
        switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_DGRAM_QUERY_MTU:
        case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
            return kMtu;
        default:
            return 0;
        }
    }
    static BIO_METHOD* method()
    {
        static BIO_METHOD* m = [] {
            BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram");
            BIO_meth_set_write(made, write);
            BIO_meth_set_read(made, read);
            BIO_meth_set_ctrl(made, control);
            return made;
        }();
        return m;
    }
};

void DtlsConnection::install_verification(SSL_CTX* ctx)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(ctx, verify, nullptr);
}

int DtlsConnection::verify(X509_STORE_CTX* store, void*)
{
    // WebRTC's certificates are self-signed; what makes one good is its fingerprint in the SDP
    // (RFC 8827 6.5), so the chain is not looked at.
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* self = static_cast<DtlsConnection*>(SSL_get_ex_data(ssl, connection_index()));
    X509* certificate = X509_STORE_CTX_get0_cert(store);
    for (const Fingerprint& f : self->fingerprints_) {
        const std::string ours = certificate_fingerprint(certificate, f.algorithm);
        if (!ours.empty() && g_ascii_strcasecmp(ours.c_str(), f.value.c_str()) == 0)
            return 1;
    }
    self->mismatch_ = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

DtlsConnection::DtlsConnection(const DtlsContext& context, DtlsRole role,
                               std::vector<Fingerprint> fingerprints, Callbacks callbacks)
    : role_(role), fingerprints_(std::move(fingerprints)), callbacks_(std::move(callbacks)),
      ssl_(SSL_new(context.get()))
{
    SSL* ssl = ssl_.get();
    SSL_set_ex_data(ssl, connection_index(), this);
    BIO* bio = BIO_new(Bio::method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, kMtu);
    DTLS_set_link_mtu(ssl, kMtu);
    DTLS_set_timer_cb(ssl, next_timeout_us);
    if (role == DtlsRole::Client)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
}

DtlsConnection::~DtlsConnection() = default;

void DtlsConnection::start()
{
    if (role_ == DtlsRole::Client)
        handshake();
}

bool DtlsConnection::on_datagram(Bytes datagram)
{
    if (!whole_records(datagram))
        return false;
    if (state_ == State::Failed || state_ == State::Closed)
        return true;
    incoming_ = datagram;
    if (state_ == State::Handshaking)
        handshake();
    // The last flight of the handshake and the first data may share a datagram.
    if (state_ == State::Connected)
        read();
    incoming_ = {};
    return true;
}

void DtlsConnection::handshake()
{
    ERR_clear_error();
    const int r = SSL_do_handshake(ssl_.get());
    if (r == 1) {
        finish_handshake();
        return;
    }
    switch (SSL_get_error(ssl_.get(), r)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return;
    default:
        fail(mismatch_ ? "the certificate does not match the fingerprint in the SDP"
                       : last_ssl_error());
    }
}

void DtlsConnection::finish_handshake()
{
    const SRTP_PROTECTION_PROFILE* profile = SSL_get_selected_srtp_profile(ssl_.get());
    const SrtpProfile* known = profile != nullptr ? find_srtp_profile(profile->id) : nullptr;
    if (known == nullptr) {
        close();
        fail("no common SRTP profile");
        return;
    }
    // RFC 5764 4.2: client key, server key, client salt, server salt.
    std::vector<std::uint8_t> material(2 * (known->key_size + known->salt_size));
    constexpr char kLabel[] = "EXTRACTOR-dtls_srtp";
    if (SSL_export_keying_material(ssl_.get(), material.data(), material.size(), kLabel,
                                   sizeof kLabel - 1, nullptr, 0, 0) != 1) {
        fail("no keying material");
        return;
    }
    state_ = State::Connected;
    callbacks_.connected(SrtpKeys::split(*known, material, role_ == DtlsRole::Client));
}

void DtlsConnection::read()
{
    std::uint8_t record[kMaxRecord];
    while (state_ == State::Connected) {
        ERR_clear_error();
        const int n = SSL_read(ssl_.get(), record, sizeof record);
        if (n > 0) {
            callbacks_.data(Bytes{record, static_cast<std::size_t>(n)});
            continue;
        }
        switch (SSL_get_error(ssl_.get(), n)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return;
        case SSL_ERROR_ZERO_RETURN:
            state_ = State::Closed;
            callbacks_.closed();
            return;
        default:
            fail(last_ssl_error());
            return;
        }
    }
}

void DtlsConnection::tick()
{
    timeval left{};
    if (state_ != State::Handshaking || DTLSv1_get_timeout(ssl_.get(), &left) != 1 ||
        left.tv_sec != 0 || left.tv_usec != 0)
        return;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(ssl_.get()) < 0)
        fail("the handshake timed out");
}

bool DtlsConnection::send_data(Bytes data)
{
    if (state_ != State::Connected)
        return false;
    ERR_clear_error();
    return SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size())) > 0;
}

void DtlsConnection::close()
{
    if (state_ == State::Connected || state_ == State::Handshaking) {
        ERR_clear_error();
        // During the handshake OpenSSL refuses to shut down; the peer then learns by timeout.
        if (SSL_is_init_finished(ssl_.get()))
            SSL_shutdown(ssl_.get());
    }
    state_ = State::Closed;
}

bool DtlsConnection::matches(const std::vector<Fingerprint>& fingerprints) const
{
    X509* certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr)
        return true;
    return std::any_of(fingerprints.begin(), fingerprints.end(), [&](const Fingerprint& f) {
        const std::string ours = certificate_fingerprint(certificate, f.algorithm);
        return !ours.empty() && g_ascii_strcasecmp(ours.c_str(), f.value.c_str()) == 0;
    });
}

void DtlsConnection::fail(const std::string& reason)
{
    if (state_ == State::Failed)
        return;
    state_ = State::Failed;
    callbacks_.failed(reason);
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// DtlsContext: the certificate of this run and the settings that all DTLS connections share.
#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "lib/base/ref.hpp"
#include "lib/base/result.hpp"

namespace cf::emu
{

struct DtlsOptions {
    std::string certificate_file; ///< PEM with certificate and key; empty: a fresh ECDSA P-256 pair
    std::string srtp_profile;     ///< the only one offered, by OpenSSL's name; empty: all we know
};

class DtlsContext
{
public:
    [[nodiscard]] static Result<std::unique_ptr<DtlsContext>> create(const DtlsOptions& options);

    /// sha-256 of the certificate, upper-case hex with colons.
    [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
    [[nodiscard]] SSL_CTX* get() const { return ctx_.get(); }

private:
    DtlsContext() = default;
    Owned<SSL_CTX, SSL_CTX_free> ctx_;
    std::string fingerprint_;
};

/// Fingerprint of @p certificate with the hash @p algorithm ("sha-256"); empty if it is unknown or
/// too weak to prove anything.
[[nodiscard]] std::string certificate_fingerprint(X509* certificate, const std::string& algorithm);

} // namespace cf::emu

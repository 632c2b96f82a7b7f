/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/dtls-context.hpp"

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "tests/emulator/media/dtls-connection.hpp"

namespace cf::emu
{

namespace
{

// In the order of our preference: the real service was seen with the first.
constexpr const char* kAllProfiles = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM";

struct Identity {
    Owned<X509, X509_free> certificate;
    Owned<EVP_PKEY, EVP_PKEY_free> key;
};

Error media_error(std::string message)
{
    return Error{ErrorCode::Media, std::move(message)};
}

Result<Identity> generate_identity()
{
    Identity id;
    id.key.reset(EVP_EC_gen("P-256"));
    id.certificate.reset(X509_new());
    if (!id.key || !id.certificate)
        return media_error("The DTLS key could not be made; check the OpenSSL installation.");
    X509* x = id.certificate.get();
    std::uint64_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1);
    // A day back, so that clocks that are a little apart do not matter.
    X509_gmtime_adj(X509_getm_notBefore(x), -24L * 3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 30L * 24 * 3600);
    X509_NAME* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("cfcalls-emulator"), -1, -1,
                               0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, id.key.get());
    if (X509_sign(x, id.key.get(), EVP_sha256()) == 0)
        return media_error("The DTLS certificate could not be signed; check OpenSSL.");
    return id;
}

Result<Identity> load_identity(const std::string& file)
{
    Identity id;
    for (int pass = 0; pass < 2; ++pass) {
        Owned<BIO, BIO_free_all> bio(BIO_new_file(file.c_str(), "r"));
        if (!bio)
            return Error{ErrorCode::InvalidArgument,
                         "The certificate file cannot be read; check its name and permissions."};
        // Read twice from the start: the two blocks may come in either order.
        if (pass == 0)
            id.certificate.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        else
            id.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    }
    if (!id.certificate || !id.key)
        return Error{ErrorCode::InvalidArgument,
                     "The certificate file must hold a certificate and its private key as PEM."};
    if (X509_check_private_key(id.certificate.get(), id.key.get()) != 1)
        return Error{ErrorCode::InvalidArgument,
                     "The private key in the certificate file belongs to another certificate."};
    return id;
}

} // namespace

std::string certificate_fingerprint(X509* certificate, const std::string& algorithm)
{
    const EVP_MD* md = nullptr;
    if (g_ascii_strcasecmp(algorithm.c_str(), "sha-256") == 0)
        md = EVP_sha256();
    else if (g_ascii_strcasecmp(algorithm.c_str(), "sha-384") == 0)
        md = EVP_sha384();
    else if (g_ascii_strcasecmp(algorithm.c_str(), "sha-512") == 0)
        md = EVP_sha512();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (md == nullptr || X509_digest(certificate, md, digest, &size) != 1)
        return {};
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
        char pair[4];
        g_snprintf(pair, sizeof pair, i == 0 ? "%02X" : ":%02X", digest[i]);
        text += pair;
    }
    return text;
}

Result<std::unique_ptr<DtlsContext>> DtlsContext::create(const DtlsOptions& options)
{
    std::unique_ptr<DtlsContext> self(new DtlsContext);
    CF_TRY_LET(const Identity id, options.certificate_file.empty()
                                      ? generate_identity()
                                      : load_identity(options.certificate_file));
    self->fingerprint_ = certificate_fingerprint(id.certificate.get(), "sha-256");
    self->ctx_.reset(SSL_CTX_new(DTLS_method()));
    SSL_CTX* ctx = self->ctx_.get();
    // RFC 8827 6.5: DTLS 1.2, ECDHE with AEAD.
    if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate(ctx, id.certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, id.key.get()) != 1)
        return media_error("DTLS could not be set up with this certificate.");
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ctx, 1);
    DtlsConnection::install_verification(ctx);

    const std::string profiles = options.srtp_profile.empty() ? kAllProfiles : options.srtp_profile;
    // Unlike most of OpenSSL this one returns 0 for success.
    if (SSL_CTX_set_tlsext_use_srtp(ctx, profiles.c_str()) != 0)
        return Error{ErrorCode::InvalidArgument,
                     "The SRTP profile is unknown; use SRTP_AES128_CM_SHA1_80 or "
                     "SRTP_AEAD_AES_128_GCM."};
    return self;
}

} // namespace cf::emu

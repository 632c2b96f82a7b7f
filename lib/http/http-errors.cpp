/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/http-errors.hpp"

#include <utility>

namespace cf::http
{

namespace
{

constexpr const char* kProxyRefused =
    "Cannot reach the service: the proxy refused the connection; check the proxy property or the "
    "environment variable https_proxy";

// One sentence for the user by what was wrong with the certificate; the gravest first.
std::string certificate_message(GTlsCertificateFlags flags)
{
    const std::string refused = "The certificate of the service was refused: ";
    if ((flags & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
        return refused + "it belongs to another host; check the api-base property";
    if ((flags & (G_TLS_CERTIFICATE_EXPIRED | G_TLS_CERTIFICATE_NOT_ACTIVATED)) != 0)
        return refused + "it is not valid at this date; check the clock of this machine";
    if ((flags & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
        return refused + "its issuer is not trusted here; check the api-base property and that the "
                         "package ca-certificates is installed";
    return refused + "check the api-base property, the clock of this machine and that the package "
                     "ca-certificates is installed";
}

Error tls_error(GError* error, GTlsCertificateFlags flags)
{
    switch (error->code) {
    case G_TLS_ERROR_UNAVAILABLE:
        return no_tls_error(error);
    case G_TLS_ERROR_BAD_CERTIFICATE:
        return from_gerror(ErrorCode::Tls, error, certificate_message(flags));
    case G_TLS_ERROR_CERTIFICATE_REQUIRED:
        return from_gerror(ErrorCode::Tls, error,
                           "The service wants a client certificate, which is not supported; check "
                           "the api-base property");
    default:
        return from_gerror(ErrorCode::Tls, error,
                           "No secure connection to the service could be made: check that the "
                           "api-base property names a server that speaks HTTPS");
    }
}

// No connection, or one that broke.
Error connection_error(GError* error, const FailureContext& context)
{
    const char* message = "Cannot reach the service: no connection could be made; check the "
                          "network and the api-base property";
    if (context.has_status)
        message = "The connection to the service broke off in the middle of an answer: check the "
                  "network";
    else if (context.sent)
        message = "The service closed the connection without an answer: check the network and the "
                  "api-base property";
    else if (context.through_proxy)
        message = "Cannot reach the service through the proxy: check the network and the proxy "
                  "property or the environment variable https_proxy";
    else if (g_error_matches(error, G_RESOLVER_ERROR, error->code))
        message = "Cannot reach the service: its host name is not known; check the network and the "
                  "api-base property";
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        message = "Cannot reach the service: the connection was refused; check the api-base "
                  "property and that the service is running";
    return from_gerror(ErrorCode::Network, error, message);
}

Error io_error(GError* error, const FailureContext& context)
{
    switch (error->code) {
    case G_IO_ERROR_CANCELLED:
        g_error_free(error);
        return cancelled_error();
    case G_IO_ERROR_PROXY_FAILED:
    case G_IO_ERROR_PROXY_AUTH_FAILED:
    case G_IO_ERROR_PROXY_NEED_AUTH:
    case G_IO_ERROR_PROXY_NOT_ALLOWED:
        return from_gerror(ErrorCode::Network, error, kProxyRefused);
    case G_IO_ERROR_INVALID_DATA:
        return from_gerror(ErrorCode::Protocol, error,
                           "The answer of the service could not be read: check that the api-base "
                           "property names the API");
    default:
        return connection_error(error, context);
    }
}

} // namespace

Error to_error(GError* error, const FailureContext& context)
{
    Error out;
    // A connection that breaks after the handshake is no question of certificates.
    if (error->domain == G_TLS_ERROR && !context.sent)
        out = tls_error(error, context.certificate);
    else if (error->domain == SOUP_SESSION_ERROR)
        out = from_gerror(ErrorCode::Protocol, error,
                          "The answer of the service is not HTTP: check the api-base property");
    else if (error->domain == G_IO_ERROR)
        out = io_error(error, context);
    else
        out = connection_error(error, context);
    out.unsent = !context.sent;
    return out;
}

Error no_tls_error(GError* error)
{
    return from_gerror(ErrorCode::Unsupported, error,
                       "This machine cannot make secure connections: install the package "
                       "glib-networking");
}

Error cancelled_error()
{
    return Error{ErrorCode::Cancelled, "The request was cancelled"};
}

Error timeout_error(std::chrono::milliseconds timeout, bool sent)
{
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
    Error error{ErrorCode::Timeout,
                std::string{sent ? "The service did not answer within "
                                 : "No connection to the service could be made within "} +
                    std::to_string(seconds) + " s: check the network and the api-base property"};
    error.unsent = !sent;
    return error;
}

Error too_large_error(std::size_t limit)
{
    return Error{ErrorCode::TooLarge, "The answer of the service is larger than " +
                                          std::to_string(limit) +
                                          " bytes: check that the api-base property names the API"};
}

Error proxy_refused_error(unsigned status)
{
    Error error{ErrorCode::Network, kProxyRefused, "the proxy answered " + std::to_string(status)};
    error.unsent = true;
    return error;
}

} // namespace cf::http

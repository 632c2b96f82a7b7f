/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/tls-trust.hpp"

#include <utility>

#include "lib/http/http-errors.hpp"

namespace cf::http
{

Result<TlsTrust> TlsTrust::from_file(const std::string& path)
{
    GError* problem = nullptr;
    GTlsDatabase* database = g_tls_file_database_new(path.c_str(), &problem);
    if (database == nullptr) {
        if (g_error_matches(problem, G_TLS_ERROR, G_TLS_ERROR_UNAVAILABLE))
            return no_tls_error(problem);
        return from_gerror(ErrorCode::InvalidArgument, problem,
                           "The file of additional CA certificates cannot be used: check that it "
                           "exists, is readable and holds certificates in PEM form");
    }
    return TlsTrust{Ref<GTlsDatabase>::adopt(database)};
}

bool TlsTrust::accepts(GTlsCertificate* certificate, GUri* uri) const
{
    const int port = g_uri_get_port(uri);
    const auto identity = Ref<GSocketConnectable>::adopt(
        g_network_address_new(g_uri_get_host(uri), static_cast<guint16>(port > 0 ? port : 443)));
    Owned<GError, g_error_free> problem;
    GError* raw = nullptr;
    const GTlsCertificateFlags flags = g_tls_database_verify_chain(
        database_.get(), certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, identity.get(),
        nullptr, G_TLS_DATABASE_VERIFY_NONE, nullptr, &raw);
    problem.reset(raw);
    return flags == 0 && !problem;
}

} // namespace cf::http

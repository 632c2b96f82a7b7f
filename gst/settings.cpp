/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings.hpp"

#include "lib/base/ref.hpp"

namespace cf::gst
{
namespace
{

// webrtcbin takes "stun://host:port"; RFC 7064's "stun:host:port", which browsers and the service's
// own documents use, it refuses with no more than a line in its log.
Status check_stun_server(const std::string& server)
{
    if (server.empty())
        return ok_status();
    const auto uri = Ref<GUri>::adopt(g_uri_parse(server.c_str(), G_URI_FLAGS_NONE, nullptr));
    const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
    if (host == nullptr || *host == '\0' || !g_str_equal(g_uri_get_scheme(uri.get()), "stun")) {
        return Error{.code = ErrorCode::InvalidArgument,
                     .message = "The property stun-server must look like stun://host:port, or be "
                                "empty for none."};
    }
    return ok_status();
}

} // namespace

Result<calls::Credentials> resolve_credentials(const Settings& settings)
{
    calls::CredentialSettings c{.app_id = settings.app_id,
                                .app_token = settings.app_token,
                                .api_base = settings.api_base,
                                .headers = settings.headers,
                                .params = settings.api_extra_params,
                                .correlation_id = settings.correlation_id};
    if (!settings.auth_token.empty()) {
        if (!settings.app_token.empty()) {
            return Error{.code = ErrorCode::InvalidArgument,
                         .message = "The properties app-token and auth-token are both set: use "
                                    "app-token for the service, auth-token for a proxy."};
        }
        // A proxy that stands for the app takes a token of its own; otherwise it is the app's.
        if (settings.app_id.empty() && !settings.api_base.empty())
            c.headers.emplace_back("Authorization", "Bearer " + settings.auth_token.reveal());
        else
            c.app_token = settings.auth_token;
    }
    return calls::Credentials::resolve(std::move(c));
}

Status validate_settings(const Settings& settings)
{
    CF_TRY(resolve_credentials(settings));
    return check_stun_server(settings.stun_server);
}

bool wants_loopback(const Settings& settings)
{
    if (settings.loopback_candidates)
        return true;
    const auto credentials = resolve_credentials(settings);
    if (!credentials)
        return false;
    const std::string base = credentials->url({});
    const auto uri = Ref<GUri>::adopt(g_uri_parse(base.c_str(), G_URI_FLAGS_ENCODED, nullptr));
    const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
    if (host == nullptr)
        return false;
    if (g_ascii_strcasecmp(host, "localhost") == 0)
        return true;
    const auto address = Ref<GInetAddress>::adopt(g_inet_address_new_from_string(host));
    return address && g_inet_address_get_is_loopback(address.get());
}

} // namespace cf::gst

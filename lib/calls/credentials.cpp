/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/credentials.hpp"

#include <algorithm>

#include <gio/gio.h>

#include "lib/base/ref.hpp"

namespace cf::calls
{

namespace
{

Error setting_error(std::string message)
{
    return Error{ErrorCode::InvalidArgument, std::move(message)};
}

std::string trimmed(std::string_view text)
{
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos)
        return {};
    return std::string{text.substr(first, text.find_last_not_of(kSpace) - first + 1)};
}

// Printable ASCII without space: anything else in a token or an id came from a bad copy, and in a
// header it would be an injection.
bool is_plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// RFC 9110 5.6.2.
bool is_header_name(std::string_view name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return g_ascii_isalnum(c) ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    });
}

// RFC 9110 5.5: no control characters, and none that would end the line.
bool is_header_value(std::string_view value)
{
    return std::none_of(value.begin(), value.end(), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return (u < 0x20 && u != '\t') || u == 0x7f;
    });
}

bool is_loopback(const char* host)
{
    if (g_ascii_strcasecmp(host, "localhost") == 0)
        return true;
    const auto address = Ref<GInetAddress>::adopt(g_inet_address_new_from_string(host));
    return address && g_inet_address_get_is_loopback(address.get());
}

Result<std::string> checked_base(const std::string& base)
{
    GError* error = nullptr;
    const auto uri = Ref<GUri>::adopt(g_uri_parse(
        base.c_str(), static_cast<GUriFlags>(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED),
        &error));
    if (!uri || !is_plain(base))
        return from_gerror(ErrorCode::InvalidArgument, error,
                           "api-base is not a URL: use one such as "
                           "https://rtc.live.cloudflare.com/v1.");
    const std::string scheme = g_uri_get_scheme(uri.get()); // g_uri_parse gives lower case
    const char* host = g_uri_get_host(uri.get());
    if ((scheme != "https" && scheme != "http") || host == nullptr || *host == '\0')
        return setting_error("api-base must begin with https:// and name a host.");
    if (g_uri_get_userinfo(uri.get()) != nullptr)
        return setting_error("api-base must not carry a user name or password: use app-id and "
                             "app-token, or a header.");
    if (g_uri_get_query(uri.get()) != nullptr || g_uri_get_fragment(uri.get()) != nullptr)
        return setting_error("api-base must not have a query or a fragment: use api-extra-params "
                             "for query parameters.");
    if (scheme == "http" && !is_loopback(host))
        return setting_error("api-base must use https://: the app token would travel in clear. "
                             "http:// is only for this machine.");
    std::string out = base;
    while (!out.empty() && out.back() == '/')
        out.pop_back();
    return out;
}

Status check_headers(const NameValueList& headers, bool have_token)
{
    for (const auto& [name, value] : headers) {
        if (!is_header_name(name) || !is_header_value(value))
            return setting_error(
                "One of the extra HTTP headers has characters that are not allowed "
                "in a header.");
        if (have_token && g_ascii_strcasecmp(name.c_str(), "authorization") == 0)
            return setting_error("The extra HTTP headers must not contain Authorization, which is "
                                 "made from app-token: set one of the two.");
    }
    return ok_status();
}

Status check_params(const NameValueList& params)
{
    for (const auto& [name, value] : params) {
        if (name.empty() ||
            !g_utf8_validate(name.c_str(), static_cast<gssize>(name.size()), nullptr) ||
            !g_utf8_validate(value.c_str(), static_cast<gssize>(value.size()), nullptr))
            return setting_error("An extra query parameter needs a name, and must be UTF-8.");
    }
    return ok_status();
}

std::string escaped(std::string_view text)
{
    const std::string copy{text};
    const OwnedString out{g_uri_escape_string(copy.c_str(), nullptr, FALSE)};
    return out.get();
}

std::string from_environment(const Credentials::Environment& environment,
                             std::initializer_list<const char*> names)
{
    for (const char* name : names) {
        const char* value = environment(name);
        if (value != nullptr && *value != '\0')
            return trimmed(value);
    }
    return {};
}

} // namespace

Result<Credentials> Credentials::resolve(CredentialSettings settings)
{
    return resolve(std::move(settings), [](const char* name) { return g_getenv(name); });
}

Result<Credentials> Credentials::resolve(CredentialSettings settings,
                                         const Environment& environment)
{
    Credentials out;
    out.app_id_ = trimmed(settings.app_id);
    out.token_ = Secret{trimmed(settings.app_token.reveal())};
    std::string base = trimmed(settings.api_base);
    // The second names are those of the project's first drafts of the interface.
    if (out.app_id_.empty())
        out.app_id_ = from_environment(environment, {"CALLS_APP_ID", "CF_CALLS_APP_ID"});
    if (out.token_.empty())
        out.token_ =
            Secret{from_environment(environment, {"CALLS_APP_SECRET", "CF_CALLS_APP_TOKEN"})};
    if (base.empty())
        base = from_environment(environment, {"CALLS_API_BASE"});

    const bool proxy = out.app_id_.empty() && out.token_.empty() && !base.empty();
    if (!proxy && out.app_id_.empty())
        return setting_error("The app id is missing: set the property app-id or the environment "
                             "variable CALLS_APP_ID.");
    if (!proxy && out.token_.empty())
        return setting_error("The app token is missing: set the property app-token or the "
                             "environment variable CALLS_APP_SECRET.");
    if (!is_plain(out.app_id_) || out.app_id_.find('/') != std::string::npos)
        return setting_error("The app id has characters that no app id has: copy it again from "
                             "the dashboard.");
    if (!is_plain(out.token_.reveal()))
        return setting_error("The app token has characters that no token has: copy it again from "
                             "the dashboard.");
    CF_TRY_LET(out.base_, checked_base(base.empty() ? kDefaultApiBase : base));
    CF_TRY(check_headers(settings.headers, !proxy));
    CF_TRY(check_params(settings.params));
    out.headers_ = std::move(settings.headers);
    if (const std::string id = trimmed(settings.correlation_id); !id.empty())
        out.params_.emplace_back("correlationId", id);
    std::move(settings.params.begin(), settings.params.end(), std::back_inserter(out.params_));
    CF_TRY(check_params(out.params_));
    return out;
}

std::string Credentials::url(const std::vector<std::string_view>& segments,
                             const NameValueList& query) const
{
    std::string out = base_;
    if (!app_id_.empty())
        out += "/apps/" + escaped(app_id_);
    for (const std::string_view segment : segments)
        out += "/" + escaped(segment);
    char separator = '?';
    for (const NameValueList* list : {&query, &params_}) {
        for (const auto& [name, value] : *list) {
            out += separator + escaped(name) + "=" + escaped(value);
            separator = '&';
        }
    }
    return out;
}

NameValueList Credentials::headers() const
{
    NameValueList out;
    if (!token_.empty())
        out.emplace_back("Authorization", "Bearer " + token_.reveal());
    out.insert(out.end(), headers_.begin(), headers_.end());
    return out;
}

} // namespace cf::calls

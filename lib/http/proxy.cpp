/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/proxy.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace cf::http
{

namespace
{

std::string lookup(const EnvLookup& environment, std::initializer_list<const char*> names)
{
    for (const char* name : names) {
        const char* value = environment(name);
        if (value != nullptr && *value != '\0')
            return value;
    }
    return {};
}

// Schemes that GIO has a GProxy for. curl's "socks5h" (the proxy resolves names) is what GIO's
// "socks5" always does. "proxy:3128" is an HTTP proxy, as everywhere.
Result<std::string> proxy_url(const std::string& text, const char* where)
{
    if (text.empty())
        return std::string{};
    std::string url = text.find("://") == std::string::npos ? "http://" + text : text;
    if (url.starts_with("socks5h://"))
        url.replace(0, 7, "socks5");
    const auto uri = Ref<GUri>::adopt(g_uri_parse(url.c_str(), G_URI_FLAGS_HAS_PASSWORD, nullptr));
    constexpr std::array kSchemes{"http", "https", "socks", "socks4", "socks4a", "socks5"};
    if (!uri || url.find_first_of(" \t\r\n") != std::string::npos ||
        g_uri_get_host(uri.get()) == nullptr || *g_uri_get_host(uri.get()) == '\0' ||
        std::none_of(kSchemes.begin(), kSchemes.end(), [&](const char* scheme) {
            return g_ascii_strcasecmp(scheme, g_uri_get_scheme(uri.get())) == 0;
        }))
        return Error{ErrorCode::InvalidArgument,
                     std::string{"The proxy is not a usable URL: set "} + where +
                         " to something like http://host:port or socks5://host:port"};
    return url;
}

// no_proxy is a list with commas; people also write spaces. "*" alone means no proxy at all.
std::vector<std::string> split_hosts(const std::string& text)
{
    std::vector<std::string> hosts;
    std::string host;
    for (const char c : text + ',') {
        if (c != ',' && c != ' ' && c != '\t') {
            host += c;
            continue;
        }
        if (!host.empty())
            hosts.push_back(std::exchange(host, {}));
    }
    return hosts;
}

} // namespace

Result<ProxySettings> proxy_settings(const std::string& option, const EnvLookup& environment)
{
    ProxySettings settings;
    if (option == "none")
        return settings;
    if (!option.empty()) {
        CF_TRY_LET(settings.for_https, proxy_url(option, "the proxy property"));
        settings.for_http = settings.for_https;
        return settings;
    }
    settings.direct = split_hosts(lookup(environment, {"no_proxy", "NO_PROXY"}));
    if (std::find(settings.direct.begin(), settings.direct.end(), "*") != settings.direct.end())
        return ProxySettings{};
    const std::string all = lookup(environment, {"all_proxy", "ALL_PROXY"});
    std::string http = lookup(environment, {"http_proxy"});
    std::string https = lookup(environment, {"https_proxy", "HTTPS_PROXY"});
    CF_TRY_LET(settings.for_http, proxy_url(http.empty() ? all : http, "http_proxy"));
    CF_TRY_LET(settings.for_https, proxy_url(https.empty() ? all : https, "https_proxy"));
    for (const char* loopback : {"localhost", "127.0.0.0/8", "::1"})
        settings.direct.emplace_back(loopback);
    return settings;
}

Ref<GProxyResolver> make_proxy_resolver(const ProxySettings& settings)
{
    if (settings.for_http.empty() && settings.for_https.empty())
        return nullptr;
    std::vector<char*> direct;
    for (const auto& host : settings.direct)
        direct.push_back(const_cast<char*>(host.c_str())); // GLib copies them
    direct.push_back(nullptr);
    auto resolver = Ref<GProxyResolver>::adopt(g_simple_proxy_resolver_new(nullptr, direct.data()));
    auto* simple = G_SIMPLE_PROXY_RESOLVER(resolver.get());
    if (!settings.for_http.empty())
        g_simple_proxy_resolver_set_uri_proxy(simple, "http", settings.for_http.c_str());
    if (!settings.for_https.empty())
        g_simple_proxy_resolver_set_uri_proxy(simple, "https", settings.for_https.c_str());
    return resolver;
}

bool uses_proxy(GProxyResolver* resolver, const std::string& url)
{
    if (resolver == nullptr)
        return false;
    // Ours is a GSimpleProxyResolver, which answers from memory.
    const Owned<char*, g_strfreev> proxies{
        g_proxy_resolver_lookup(resolver, url.c_str(), nullptr, nullptr)};
    return proxies && proxies.get()[0] != nullptr &&
           std::string_view{proxies.get()[0]} != "direct://";
}

} // namespace cf::http

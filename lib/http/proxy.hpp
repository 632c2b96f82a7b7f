/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which proxy to use, decided here and not by the system's resolver: that would load libproxy (and
// with it, on some systems, a JavaScript engine) into the user's process.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/http/soup-ref.hpp"

namespace cf::http
{

struct ProxySettings {
    std::string for_http; ///< URL; empty: none
    std::string for_https;
    std::vector<std::string> direct; ///< hosts, ".domains", addresses and networks without proxy
    bool operator==(const ProxySettings&) const = default;
};

/// What an environment variable holds, or null.
using EnvLookup = std::function<const char*(const char* name)>;

/// Reads HttpClientOptions::proxy and, where that is empty, the environment: `http_proxy` (in lower
/// case only: a CGI program's HTTP_PROXY is the remote side's "Proxy:" field), `https_proxy`,
/// `all_proxy` and `no_proxy` (in either case). The environment's proxy is not used for loopback
/// addresses, which it could not reach. InvalidArgument for what is no URL of a proxy.
[[nodiscard]] Result<ProxySettings> proxy_settings(const std::string& option,
                                                   const EnvLookup& environment);

/// Null when no proxy is to be used.
[[nodiscard]] Ref<GProxyResolver> make_proxy_resolver(const ProxySettings& settings);
/// Whether @p resolver (nullable) sends requests for @p url through a proxy.
[[nodiscard]] bool uses_proxy(GProxyResolver* resolver, const std::string& url);

} // namespace cf::http

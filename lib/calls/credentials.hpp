/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Credentials: who we are to the service and where it is; the one place that knows.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/calls/secret.hpp"

namespace cf::calls
{

inline constexpr const char* kDefaultApiBase = "https://rtc.live.cloudflare.com/v1";

using NameValueList = std::vector<std::pair<std::string, std::string>>;

/// What the user set; empty members are looked up in the environment.
struct CredentialSettings {
    std::string app_id;   ///< else CALLS_APP_ID
    Secret app_token;     ///< else CALLS_APP_SECRET
    std::string api_base; ///< else CALLS_API_BASE, else kDefaultApiBase
    NameValueList headers;
    NameValueList params; ///< further query parameters of every call
    std::string correlation_id;
};

class Credentials
{
public:
    /// Null for what is not set.
    using Environment = std::function<const char*(const char* name)>;

    /// Checks everything before the first call is made. Surrounding white space is dropped, since
    /// it comes along whenever something is copied or read from a file.
    ///
    /// With an api_base and neither app id nor token, the base is taken for a proxy that adds both
    /// (such as partytracks' server): paths follow the base directly and nothing is said of an app.
    [[nodiscard]] static Result<Credentials> resolve(CredentialSettings settings,
                                                     const Environment& environment);
    /// With the process's environment.
    [[nodiscard]] static Result<Credentials> resolve(CredentialSettings settings);

    /// The address of a call: each of @p segments is escaped, @p query goes before what the user
    /// asked for.
    [[nodiscard]] std::string url(const std::vector<std::string_view>& segments,
                                  const NameValueList& query = {}) const;
    /// `Authorization`, if we have a token, and the user's own. Secret.
    [[nodiscard]] NameValueList headers() const;
    [[nodiscard]] bool is_proxy() const { return app_id_.empty(); }

private:
    Credentials() = default;

    std::string app_id_;
    Secret token_;
    std::string base_; ///< without a trailing slash
    NameValueList headers_;
    NameValueList params_;
};

} // namespace cf::calls

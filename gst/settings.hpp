/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Settings: what the user set, common to both elements. Plain values: a state change copies them
// once and works with the copy.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/executor.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct Settings {
    // Unset (nullopt) lets the environment speak: CALLS_APP_ID, CALLS_APP_SECRET, CALLS_API_BASE.
    std::optional<std::string> app_id;
    std::optional<std::string> app_token; ///< secret
    std::optional<std::string> api_base;
    std::optional<std::string> auth_token; ///< secret
    NamedValues headers;                   ///< values are secret
    NamedValues api_extra_params;
    std::string correlation_id;

    bool reconnect = true;
    Milliseconds retry_delay{1000};
    Milliseconds retry_max_delay{30000};
    int max_retries = -1;
    Milliseconds disconnect_timeout{7000};
    Milliseconds connect_timeout{20000};
    Milliseconds timeout{15000}; ///< of one API request
    Milliseconds close_timeout{2000};

    std::string stun_server = "stun://stun.cloudflare.com:3478";
    bool relay_only = false;
    bool loopback_candidates = false;
};

} // namespace cf::gst

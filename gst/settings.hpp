/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Settings: what the user set, common to both elements. Plain values: a state change copies them
// once and works with the copy.
#pragma once

#include <string>

#include "lib/base/executor.hpp"
#include "lib/base/result.hpp"
#include "lib/calls/credentials.hpp"

namespace cf::gst
{

inline constexpr const char* kDefaultStunServer = "stun://stun.cloudflare.com:3478";

/// The defaults here are those that the properties announce.
struct Settings {
    // Empty lets the environment speak: CALLS_APP_ID, CALLS_APP_SECRET, CALLS_API_BASE.
    std::string app_id;
    calls::Secret app_token;
    std::string api_base;
    calls::Secret auth_token;
    calls::NameValueList headers; ///< values are secret
    calls::NameValueList api_extra_params;
    std::string correlation_id;

    bool reconnect = true;
    Milliseconds retry_delay{1000};
    Milliseconds retry_max_delay{30000};
    int max_retries = -1;
    Milliseconds disconnect_timeout{7000};
    Milliseconds connect_timeout{20000};
    Milliseconds timeout{15000}; ///< of one API request
    Milliseconds close_timeout{2000};

    std::string stun_server = kDefaultStunServer;
    bool relay_only = false;
    bool loopback_candidates = false;
};

/// Who we are to the service, completed from the environment.
[[nodiscard]] Result<calls::Credentials> resolve_credentials(const Settings& settings);

/// Whether @p settings, completed from the environment, can work: one clear error if not. Touches
/// nothing but the environment.
[[nodiscard]] Status validate_settings(const Settings& settings);

/// Whether media is to use the loopback interface too: asked for, or implied by where the API is.
[[nodiscard]] bool wants_loopback(const Settings& settings);

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// TurnRoutes: TURN credentials, in both shapes that the service has had.
//
//     POST /v1/turn/keys/KEY/credentials/generate-ice-servers   201, iceServers is an array
//     POST /v1/turn/keys/KEY/credentials/generate               201, iceServers is an object
//     POST /v1/turn/keys/KEY/credentials/USERNAME/revoke        204
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/executor.hpp"
#include "tests/emulator/api/http-server.hpp"
#include "tests/emulator/api/request-log.hpp"
#include "tests/emulator/sfu/sfu.hpp"

namespace cf::emu
{

struct TurnOptions {
    std::string key_id = "local-turn-key";
    std::string key_token = "local-turn-token";
    /// The `turn:` and `turns:` URLs; empty: as many as the service gives, with this machine's
    /// address, where nobody listens unless the user has a TURN server there.
    std::vector<std::string> urls;
    /// Shared with a TURN server that derives credentials from it (coturn's static-auth-secret);
    /// empty: the credentials are random, 96 hex digits each, as the service's.
    std::string shared_secret;
    std::int64_t max_ttl_s = 48 * 3600; ///< "48 h"
    /// How many can be revoked; beyond it those that expire first are forgotten.
    std::size_t max_credentials = 10000;
};

/// A pair that was given out.
struct TurnCredential {
    TimePoint expires{};
    bool revoked = false;
};

/// Main thread only.
class TurnRoutes
{
public:
    TurnRoutes(Sfu& sfu, RequestLog& log, TurnOptions options)
        : sfu_(sfu), log_(log), options_(std::move(options))
    {
    }

    [[nodiscard]] static bool matches(std::string_view path);
    void handle(const HttpRequest& request, const Respond& respond);

    [[nodiscard]] const std::map<std::string, TurnCredential>& credentials() const
    {
        return credentials_;
    }
    void reset() { credentials_.clear(); }

private:
    [[nodiscard]] HttpAnswer answer(const HttpRequest& request, std::string& operation);
    [[nodiscard]] HttpAnswer generate(const std::string& body, bool as_array);
    [[nodiscard]] HttpAnswer revoke(const std::string& username);

    Sfu& sfu_;
    RequestLog& log_;
    TurnOptions options_;
    std::map<std::string, TurnCredential> credentials_;
};

} // namespace cf::emu

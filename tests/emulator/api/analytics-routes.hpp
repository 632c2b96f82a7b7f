/* SPDX-License-Identifier: LGPL-2.1-or-later */
// AnalyticsRoutes: `POST /client/v4/graphql`, answered from what was really forwarded.
//
// callsUsageAdaptiveGroups: the SFU's bytes, by session and time. callsTurnUsageAdaptiveGroups: no
// rows, since no media ever goes through a TURN server of ours.
#pragma once

#include <string>
#include <string_view>

#include "tests/emulator/api/http-server.hpp"
#include "tests/emulator/api/request-log.hpp"
#include "tests/emulator/sfu/sfu.hpp"

namespace cf::emu
{

struct AnalyticsOptions {
    std::string account = "local-account";
    std::string api_token = "local-api-token";
};

/// Main thread only.
class AnalyticsRoutes
{
public:
    AnalyticsRoutes(Sfu& sfu, RequestLog& log, AnalyticsOptions options)
        : sfu_(sfu), log_(log), options_(std::move(options))
    {
    }

    [[nodiscard]] static bool matches(std::string_view path);
    void handle(const HttpRequest& request, const Respond& respond);

private:
    [[nodiscard]] HttpAnswer answer(const HttpRequest& request);
    [[nodiscard]] Result<std::string> run(const std::string& body);

    Sfu& sfu_;
    RequestLog& log_;
    AnalyticsOptions options_;
};

} // namespace cf::emu

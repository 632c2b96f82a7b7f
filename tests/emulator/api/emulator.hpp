/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Emulator: the whole local SFU in one object: what the program runs, and what tests embed.
#pragma once

#include <memory>
#include <string>

#include "tests/emulator/api/analytics-routes.hpp"
#include "tests/emulator/api/calls-routes.hpp"
#include "tests/emulator/api/control-routes.hpp"
#include "tests/emulator/api/http-server.hpp"
#include "tests/emulator/api/request-log.hpp"
#include "tests/emulator/api/turn-routes.hpp"
#include "tests/emulator/sfu/sfu.hpp"

namespace cf::emu
{

struct EmulatorOptions {
    SfuOptions sfu;
    MediaOptions media;
    TurnOptions turn;
    AnalyticsOptions analytics;
    std::string http_address = "127.0.0.1"; ///< numeric
    std::uint16_t http_port = 0;            ///< 0: any free one
};

/// Serves in the thread-default main context of create()'s caller, from create() on.
class Emulator
{
public:
    [[nodiscard]] static Result<std::unique_ptr<Emulator>> create(const EmulatorOptions& options);

    /// "http://127.0.0.1:PORT/v1"
    [[nodiscard]] const std::string& base_url() const { return base_url_; }
    [[nodiscard]] Sfu& sfu() { return *sfu_; }

private:
    Emulator(std::unique_ptr<Sfu> sfu, const EmulatorOptions& options);
    void on_page_request(const HttpRequest& request, const Respond& respond);
    void on_request(const HttpRequest& request, const Respond& respond);

    std::unique_ptr<Sfu> sfu_;
    Adapters adapters_;
    RequestLog log_;
    CallsRoutes calls_;
    TurnRoutes turn_;
    AnalyticsRoutes analytics_;
    ControlRoutes control_;
    TimePoint epoch_;
    std::string base_url_;
    std::unique_ptr<HttpServer> http_; ///< last: its requests reach all of the above
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ControlRoutes: what is not Cloudflare's: looking inside, and making things go wrong.
//
//     GET    /_emulator/state              everything as JSON
//     GET    /_emulator/log                requests and answers; ?after=N&session=ID
//     GET    /_emulator/arrivals           ?session=ID&track=NAME: the last packets, with times
//     GET    /_emulator/faults             the faults, with how often each struck
//     POST   /_emulator/faults             {"name": ..., "operation"?, "session"?, "count"?, ...}
//     DELETE /_emulator/faults[/ID]        one, or all
//     POST   /_emulator/sessions/ID/lose   the session is gone (410)
//     POST   /_emulator/reset              no sessions, no faults, an empty log
#pragma once

#include <string>
#include <string_view>

#include "tests/emulator/api/http-server.hpp"
#include "tests/emulator/api/request-log.hpp"
#include "tests/emulator/api/state-writer.hpp"
#include "tests/emulator/sfu/sfu.hpp"

namespace cf::emu
{

/// Main thread only. Refuses requests that a web page of another origin makes.
class ControlRoutes
{
public:
    ControlRoutes(Sfu& sfu, RequestLog& log) : sfu_(sfu), log_(log) {}

    [[nodiscard]] static bool matches(std::string_view path);
    [[nodiscard]] HttpAnswer handle(const HttpRequest& request, const StateContext& state);

private:
    [[nodiscard]] HttpAnswer get(std::string_view what, const HttpRequest& request,
                                 const StateContext& state);
    [[nodiscard]] HttpAnswer change(std::string_view what, const HttpRequest& request);
    [[nodiscard]] HttpAnswer add_fault(const std::string& body);
    [[nodiscard]] HttpAnswer remove_faults(std::string_view id);

    Sfu& sfu_;
    RequestLog& log_;
};

} // namespace cf::emu

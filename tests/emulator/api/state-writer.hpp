/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The state of the SFU as JSON, for tests and for the page.
#pragma once

#include <string>

#include "tests/emulator/adapters/adapters.hpp"
#include "tests/emulator/api/request-log.hpp"
#include "tests/emulator/sfu/sfu.hpp"

namespace cf::emu
{

struct StateContext {
    Sfu& sfu;
    const Adapters& adapters;
    const RequestLog& log;
    std::string base_url;
    TimePoint epoch; ///< times in the state are milliseconds since then
};

/// Everything: `GET /_emulator/state`.
[[nodiscard]] std::string write_state(const StateContext& context);
/// `GET /_emulator/log`.
[[nodiscard]] std::string write_log(const StateContext& context, std::uint64_t after,
                                    const std::string& session);
/// `GET /_emulator/faults`.
[[nodiscard]] std::string write_faults(Sfu& sfu);
/// `GET /_emulator/arrivals`: when each of the last packets of a publication arrived.
[[nodiscard]] std::string write_arrivals(const Publication& publication, TimePoint epoch);

} // namespace cf::emu

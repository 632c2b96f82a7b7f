/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The command line of cfcalls-emulator.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.hpp"
#include "tests/emulator/api/emulator.hpp"

namespace cf::emu
{

struct CommandLine {
    EmulatorOptions options;
    std::vector<Fault> faults;
    std::string state_dir; ///< empty: none
    bool show_version = false;
    std::string manual; ///< to be printed instead of everything else; empty: not asked for
};

/// Reads the command line and the environment (CALLS_APP_ID, CALLS_APP_SECRET). Errors say
/// which option is wrong.
[[nodiscard]] Result<CommandLine> read_command_line(int argc, char** argv);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The text of `cfcalls-emulator --help`.
#pragma once

#include <string>
#include <vector>

namespace cf::emu
{

/// Under which heading an option stands, in the order of the manual.
enum class ManualSection {
    Place,
    Users,
    Timers,
    Limits,
    OpenPoints,
    Adapters,
    Turn,
    Faults,
    Other
};

struct ManualOption {
    ManualSection section = ManualSection::Other;
    const char* name = "";
    char letter = 0;             ///< 0: only the long form
    const char* value = nullptr; ///< what follows it; nullptr: nothing
    std::string help;
};

/// At most 80 columns wide.
[[nodiscard]] std::string write_manual(const std::vector<ManualOption>& options);

} // namespace cf::emu

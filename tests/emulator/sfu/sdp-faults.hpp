/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Faults in descriptions that go out. The SFU itself goes on as if it had sent the right one.
#pragma once

#include <string>

#include "tests/emulator/sdp/description.hpp"
#include "tests/emulator/sfu/faults.hpp"

namespace cf::emu
{

void apply_sdp_faults(sdp::Description& description, FaultRegistry& faults,
                      const std::string& operation, const std::string& session);

} // namespace cf::emu

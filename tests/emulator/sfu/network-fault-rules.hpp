/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Faults of the network: from the registry's list to the settings of the media plane.
#pragma once

#include <vector>

#include "tests/emulator/media/network-faults.hpp"
#include "tests/emulator/media/transport.hpp"
#include "tests/emulator/sfu/faults.hpp"

namespace cf::emu
{

/// What the standing faults of @p session ("": those of every session) add up to.
[[nodiscard]] FaultSettings network_settings(const std::vector<Fault>& faults,
                                             const std::string& session, FaultDirection direction);
/// Adds how often the datagrams of @p network were struck to the faults that did it.
void count_network_strikes(std::vector<Fault>& faults, const std::string& session,
                           FaultDirection direction, const FaultCounters& before,
                           const FaultCounters& now);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which simulcast layer a subscriber gets (calls-api 4.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/calls/types.hpp"

namespace cf::emu
{

struct LayerCandidate {
    std::size_t index = 0;
    std::string rid;
    bool flowing = false;
    std::uint64_t bits_per_second = 0;
};

/// The layer to forward, or nothing if the policy allows none. RIDs sort in ASCII order, "a" best.
/// @p budget_bps: what the subscriber can take; absent: unknown, so anything fits. The decision
/// prefers @p current over changing back and forth: a better layer must fit with room to spare.
[[nodiscard]] std::optional<std::size_t> select_layer(std::vector<LayerCandidate> layers,
                                                      const calls::Simulcast& policy,
                                                      std::optional<std::uint64_t> budget_bps,
                                                      std::optional<std::size_t> current);

} // namespace cf::emu

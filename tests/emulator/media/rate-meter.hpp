/* SPDX-License-Identifier: LGPL-2.1-or-later */
// RateMeter: packets and bytes in total, and per second over the last whole second.
#pragma once

#include "tests/emulator/media/media-stats.hpp"

namespace cf::emu
{

class RateMeter
{
public:
    void add(std::size_t bytes, TimePoint now);
    [[nodiscard]] RateStats stats(TimePoint now) const;
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    /// Ten slots of 100 ms make a second that moves in small steps.
    static constexpr std::size_t kSlots = 11;
    struct Slot {
        std::int64_t index = -1;
        std::uint32_t packets = 0;
        std::uint32_t bytes = 0;
    };
    Slot slots_[kSlots];
    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace cf::emu

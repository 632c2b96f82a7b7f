/* SPDX-License-Identifier: LGPL-2.1-or-later */
// NTP timestamps (32.32 fixed point since 1900) from our monotonic clock.
#pragma once

#include <cstdint>

#include "lib/base/executor.hpp"

namespace cf::emu
{

/// Wall-clock time of @p t. The wall clock is read once, so that steps of it do not tear streams
/// apart.
[[nodiscard]] std::uint64_t to_ntp(TimePoint t);

/// The middle 32 bits, as report blocks quote them.
[[nodiscard]] inline std::uint32_t ntp_middle(std::uint64_t ntp)
{
    return static_cast<std::uint32_t>(ntp >> 16);
}

/// @p time in units of @p clock_rate; days at any rate do not overflow.
[[nodiscard]] inline std::int64_t to_clock(Microseconds time, std::uint32_t clock_rate)
{
    const std::int64_t us = time.count();
    return us / 1'000'000 * clock_rate + us % 1'000'000 * clock_rate / 1'000'000;
}

/// A difference of NTP times (modulo wrap) in units of @p clock_rate.
[[nodiscard]] inline std::int64_t ntp_difference_to_clock(std::int64_t difference,
                                                          std::uint32_t clock_rate)
{
    // Split, so that hours at 90 kHz do not overflow 64 bits.
    const std::int64_t seconds = difference >> 32;
    const auto fraction = static_cast<std::uint64_t>(difference & 0xFFFFFFFF);
    return seconds * clock_rate + static_cast<std::int64_t>((fraction * clock_rate) >> 32);
}

} // namespace cf::emu

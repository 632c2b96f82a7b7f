/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/ntp-time.hpp"

namespace cf::emu
{

namespace
{

constexpr std::int64_t kSecondsFrom1900To1970 = 2'208'988'800;

Microseconds wall_minus_steady()
{
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Microseconds>(wall - steady);
}

} // namespace

std::uint64_t to_ntp(TimePoint t)
{
    static const Microseconds offset = wall_minus_steady();
    const std::int64_t us = (t.time_since_epoch() + offset).count();
    const std::int64_t seconds = us / 1'000'000 + kSecondsFrom1900To1970;
    const auto fraction = static_cast<std::uint64_t>(us % 1'000'000);
    return (static_cast<std::uint64_t>(seconds) << 32) | ((fraction << 32) / 1'000'000);
}

} // namespace cf::emu

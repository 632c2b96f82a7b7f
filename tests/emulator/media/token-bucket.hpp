/* SPDX-License-Identifier: LGPL-2.1-or-later */
// TokenBucket: lets bursts of half a second through, and a given rate over time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "lib/base/executor.hpp"

namespace cf::emu
{

class TokenBucket
{
public:
    /// Takes @p bytes out if they are there; @p bits_per_second is the rate from now on.
    [[nodiscard]] bool take(std::size_t bytes, std::uint64_t bits_per_second, TimePoint now)
    {
        const double rate = static_cast<double>(bits_per_second) / 8;
        const double full = rate / 2;
        if (!filled_)
            tokens_ = full;
        else
            tokens_ = std::min(
                full, tokens_ + rate * std::chrono::duration<double>(now - *filled_).count());
        filled_ = now;
        if (tokens_ < static_cast<double>(bytes))
            return false;
        tokens_ -= static_cast<double>(bytes);
        return true;
    }

private:
    double tokens_ = 0;
    std::optional<TimePoint> filled_;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/reception-statistics.hpp"

#include <algorithm>
#include <cmath>

#include "tests/emulator/media/ntp-time.hpp"

namespace cf::emu
{

void ReceptionStatistics::on_packet(std::int64_t extended, std::uint32_t timestamp,
                                    std::uint32_t clock_rate, TimePoint now)
{
    // RFC 3550 A.8, with the arrival time in units of the stream's clock; differences wrap as the
    // timestamps do.
    const std::int64_t arrival = to_clock(now.time_since_epoch(), clock_rate);
    const std::int64_t transit =
        static_cast<std::uint32_t>(static_cast<std::uint32_t>(arrival) - timestamp);
    if (!started_) {
        started_ = true;
        base_ = extended;
        highest_ = extended;
    } else {
        const auto d = static_cast<std::int32_t>(static_cast<std::uint32_t>(transit) -
                                                 static_cast<std::uint32_t>(last_transit_));
        jitter_ += (std::abs(static_cast<double>(d)) - jitter_) / 16.0;
    }
    last_transit_ = transit;
    ++received_;
    base_ = std::min(base_, extended);
    highest_ = std::max(highest_, extended);
}

std::int64_t ReceptionStatistics::lost() const
{
    return started_ ? highest_ - base_ + 1 - received_ : 0;
}

ReceptionStatistics::Report ReceptionStatistics::make_report()
{
    const std::int64_t expected = highest_ - base_ + 1;
    const std::int64_t expected_interval = expected - expected_prior_;
    const std::int64_t lost_interval = expected_interval - (received_ - received_prior_);
    expected_prior_ = expected;
    received_prior_ = received_;
    last_fraction_ = expected_interval <= 0 || lost_interval <= 0
                         ? 0
                         : static_cast<std::uint8_t>(std::min<std::int64_t>(
                               255, (lost_interval << 8) / expected_interval));
    Report r;
    r.fraction_lost = last_fraction_;
    r.cumulative_lost =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(lost(), -0x800000, 0x7FFFFF));
    r.highest = static_cast<std::uint32_t>(highest_);
    r.jitter = static_cast<std::uint32_t>(std::min(jitter_, 4294967295.0));
    return r;
}

} // namespace cf::emu

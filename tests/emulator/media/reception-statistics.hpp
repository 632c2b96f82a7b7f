/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ReceptionStatistics: loss and jitter of one received SSRC for receiver reports (RFC 3550 6.4.1,
// appendices A.1, A.3 and A.8).
#pragma once

#include <cstdint>

#include "lib/base/executor.hpp"

namespace cf::emu
{

class ReceptionStatistics
{
public:
    void on_packet(std::int64_t extended, std::uint32_t timestamp, std::uint32_t clock_rate,
                   TimePoint now);

    /// A lost packet came back by RTX: it counts as received (RFC 4588 does not say; this is what
    /// other SFUs report, so that loss means loss that the viewer sees).
    void on_repaired() { ++received_; }

    struct Report {
        std::uint8_t fraction_lost = 0;   ///< of 256, since the report before
        std::int32_t cumulative_lost = 0; ///< clamped to 24 bits
        std::uint32_t highest = 0;        ///< extended highest sequence number
        std::uint32_t jitter = 0;         ///< in timestamp units
    };
    /// The figures of the next report; starts its successor's interval.
    [[nodiscard]] Report make_report();

    [[nodiscard]] bool started() const { return started_; }
    [[nodiscard]] std::int64_t lost() const;
    [[nodiscard]] std::uint8_t last_fraction() const { return last_fraction_; }
    [[nodiscard]] double jitter() const { return jitter_; }

private:
    bool started_ = false;
    std::int64_t base_ = 0;
    std::int64_t highest_ = 0;
    std::int64_t received_ = 0;
    std::int64_t expected_prior_ = 0;
    std::int64_t received_prior_ = 0;
    std::uint8_t last_fraction_ = 0;
    double jitter_ = 0;
    std::int64_t last_transit_ = 0;
};

} // namespace cf::emu

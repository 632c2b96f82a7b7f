/* SPDX-License-Identifier: LGPL-2.1-or-later */
// BandwidthEstimator: what a subscriber can take, from its transport-wide feedback and REMB.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "lib/base/executor.hpp"
#include "tests/emulator/media/rtcp-reader.hpp"

namespace cf::emu
{

/// Tells from arrival times whether a queue builds up on the way (the trendline filter of
/// draft-ietf-rmcat-gcc 5.3 and of its successors in browsers).
class QueueDetector
{
public:
    enum class Usage { Normal, Over, Under };
    /// One packet, in the order of sending. Times in microseconds on either side's clock.
    void on_packet(std::int64_t sent_us, std::int64_t arrived_us);
    [[nodiscard]] Usage usage() const { return usage_; }

private:
    struct Group {
        std::int64_t first_sent = 0;
        std::int64_t last_sent = 0;
        std::int64_t last_arrived = 0;
    };
    void on_group(const Group& group);
    void judge(double trend_ms, std::int64_t step_us);

    std::optional<Group> current_;
    std::optional<Group> previous_;
    std::deque<std::pair<double, double>> samples_; ///< arrival ms, smoothed delay ms
    double accumulated_ms_ = 0;
    double smoothed_ms_ = 0;
    double threshold_ms_ = 12.5;
    double over_ms_ = 0;
    double last_trend_ = 0;
    unsigned groups_ = 0;
    Usage usage_ = Usage::Normal;
};

class BandwidthEstimator
{
public:
    /// A packet left with this transport-wide sequence number.
    void on_sent(std::uint16_t sequence, std::size_t bytes, TimePoint now);
    void on_feedback(const TransportCcMessage& message, TimePoint now);
    void on_remb(std::uint64_t bits_per_second, TimePoint now);

    /// Bits per second; nothing while no limit has shown: the first sign of congestion (or a REMB)
    /// makes one, so that a stream on a good network starts with its best layer.
    [[nodiscard]] std::optional<std::uint64_t> estimate(TimePoint now) const;

private:
    struct Sent {
        std::uint16_t sequence = 0;
        bool waiting = false;
        std::uint32_t bytes = 0;
        std::int64_t at_us = 0;
    };
    struct Acked {
        std::int64_t at_us = 0; ///< receiver's clock
        std::uint32_t bytes = 0;
    };
    void note_acked(std::int64_t arrived_us, std::uint32_t bytes);
    [[nodiscard]] std::uint64_t acked_bps() const;
    void decrease(std::uint64_t to_bps, TimePoint now);
    void increase(TimePoint now);

    std::vector<Sent> sent_; ///< made with the first packet, indexed by sequence number
    QueueDetector queue_;
    std::deque<Acked> acked_;
    std::int64_t reference_us_ = 0; ///< of the last message, without wraps
    std::optional<std::int32_t> last_reference_;
    unsigned window_total_ = 0;
    unsigned window_lost_ = 0;
    TimePoint window_start_{};
    std::optional<double> rate_bps_;
    TimePoint last_decrease_{};
    TimePoint last_update_{};
    std::uint64_t remb_bps_ = 0;
    std::optional<TimePoint> remb_at_;
};

/// One video subscription that competes for bandwidth.
struct BandwidthDemand {
    std::uint64_t bits_per_second = 0; ///< of its best layer
};
/// Shares @p available among @p demands with equal weight; what one does not need goes to the
/// others.
[[nodiscard]] std::vector<std::uint64_t>
share_bandwidth(std::uint64_t available, const std::vector<BandwidthDemand>& demands);

} // namespace cf::emu

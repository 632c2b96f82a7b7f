/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/bandwidth-estimator.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace cf::emu
{

namespace
{

// Packets sent within this time travel as one group (gcc 5.3).
constexpr std::int64_t kBurstUs = 5000;
constexpr std::size_t kWindow = 20;
constexpr double kSmoothing = 0.9;
constexpr double kGain = 4.0;
constexpr double kMaxThresholdMs = 600.0;
constexpr double kMinThresholdMs = 6.0;
constexpr double kOverUseMs = 10.0;

// Some seconds of anything that a subscriber gets.
constexpr std::size_t kSentHistory = 4096;
constexpr Milliseconds kLossWindow{1000};
constexpr std::int64_t kAckedWindowUs = 500'000;
constexpr double kDecrease = 0.85;
constexpr double kMinBps = 30'000;
constexpr double kMaxBps = 50'000'000;
// Careful after a decrease, bolder once that has held.
constexpr Milliseconds kCarefulTime{5000};
constexpr double kCarefulGrowth = 0.05;
constexpr double kBoldGrowth = 0.15;
// A second decrease within the time that the first needs to show would count the same queue twice.
constexpr Milliseconds kDecreasePause{300};
constexpr Milliseconds kRembLife{10000};

/// Slope of the least-squares line through @p samples.
double slope(const std::deque<std::pair<double, double>>& samples)
{
    double mean_x = 0;
    double mean_y = 0;
    for (const auto& [x, y] : samples) {
        mean_x += x;
        mean_y += y;
    }
    mean_x /= static_cast<double>(samples.size());
    mean_y /= static_cast<double>(samples.size());
    double numerator = 0;
    double denominator = 0;
    for (const auto& [x, y] : samples) {
        numerator += (x - mean_x) * (y - mean_y);
        denominator += (x - mean_x) * (x - mean_x);
    }
    return denominator > 0 ? numerator / denominator : 0;
}

} // namespace

// --- QueueDetector --------------------------------------------------------------------------

void QueueDetector::on_packet(std::int64_t sent_us, std::int64_t arrived_us)
{
    if (current_ && sent_us - current_->first_sent <= kBurstUs) {
        current_->last_sent = std::max(current_->last_sent, sent_us);
        current_->last_arrived = std::max(current_->last_arrived, arrived_us);
        return;
    }
    if (current_)
        on_group(*current_);
    current_ = Group{sent_us, sent_us, arrived_us};
}

void QueueDetector::on_group(const Group& group)
{
    const auto before = std::exchange(previous_, group);
    if (!before)
        return;
    const std::int64_t step_us = group.last_arrived - before->last_arrived;
    const auto variation = static_cast<double>(step_us - (group.last_sent - before->last_sent));
    accumulated_ms_ += variation / 1000.0;
    smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * accumulated_ms_;
    samples_.emplace_back(static_cast<double>(group.last_arrived) / 1000.0, smoothed_ms_);
    if (samples_.size() > kWindow)
        samples_.pop_front();
    groups_ = std::min(groups_ + 1, 60U);
    if (samples_.size() == kWindow)
        judge(slope(samples_) * groups_ * kGain, step_us);
}

void QueueDetector::judge(double trend_ms, std::int64_t step_us)
{
    const double step_ms = std::clamp(static_cast<double>(step_us) / 1000.0, 0.0, 100.0);
    if (trend_ms > threshold_ms_) {
        over_ms_ += step_ms;
        if (over_ms_ > kOverUseMs && trend_ms >= last_trend_) {
            usage_ = Usage::Over;
            over_ms_ = 0;
        }
    } else {
        over_ms_ = 0;
        usage_ = trend_ms < -threshold_ms_ ? Usage::Under : Usage::Normal;
    }
    last_trend_ = trend_ms;
    // The threshold follows the usual jitter (gcc 5.4), but not a single spike.
    const double distance = std::abs(trend_ms) - threshold_ms_;
    if (distance < 15.0) {
        const double gain = distance > 0 ? 0.0087 : 0.039;
        threshold_ms_ =
            std::clamp(threshold_ms_ + gain * distance * step_ms, kMinThresholdMs, kMaxThresholdMs);
    }
}

// --- BandwidthEstimator ---------------------------------------------------------------------

void BandwidthEstimator::on_sent(std::uint16_t sequence, std::size_t bytes, TimePoint now)
{
    if (sent_.empty())
        sent_.resize(kSentHistory);
    sent_[sequence % sent_.size()] = {sequence, true, static_cast<std::uint32_t>(bytes),
                                      now.time_since_epoch().count()};
}

void BandwidthEstimator::on_feedback(const TransportCcMessage& message, TimePoint now)
{
    // 24 bits that wrap; the nearest value to the last one is meant.
    if (last_reference_) {
        const auto step =
            static_cast<std::int32_t>(
                static_cast<std::uint32_t>(message.reference_time - *last_reference_) << 8) >>
            8;
        reference_us_ += std::int64_t{step} * 64'000;
    }
    last_reference_ = message.reference_time;
    if (sent_.empty())
        return;
    for (const TransportCcMessage::Status& status : message.statuses) {
        Sent& sent = sent_[status.sequence % sent_.size()];
        if (!sent.waiting || sent.sequence != status.sequence)
            continue;
        sent.waiting = false;
        ++window_total_;
        if (!status.received) {
            ++window_lost_;
            continue;
        }
        const std::int64_t arrived_us = reference_us_ + status.arrival_ticks * 250;
        note_acked(arrived_us, sent.bytes);
        queue_.on_packet(sent.at_us, arrived_us);
    }
    if (queue_.usage() == QueueDetector::Usage::Over)
        decrease(static_cast<std::uint64_t>(kDecrease * static_cast<double>(acked_bps())), now);
    if (now - window_start_ >= kLossWindow) {
        const double loss =
            window_total_ >= 20 ? static_cast<double>(window_lost_) / window_total_ : 0;
        // gcc 6: above a tenth the rate goes down, below a fiftieth it may grow.
        if (loss > 0.1)
            decrease(static_cast<std::uint64_t>((rate_bps_ ? *rate_bps_ : acked_bps()) *
                                                (1 - 0.5 * loss)),
                     now);
        window_start_ = now;
        window_total_ = 0;
        window_lost_ = 0;
    }
    if (queue_.usage() == QueueDetector::Usage::Normal)
        increase(now);
    last_update_ = now;
}

void BandwidthEstimator::note_acked(std::int64_t arrived_us, std::uint32_t bytes)
{
    acked_.push_back({arrived_us, bytes});
    while (acked_.back().at_us - acked_.front().at_us > kAckedWindowUs ||
           acked_.size() > kSentHistory)
        acked_.pop_front();
}

std::uint64_t BandwidthEstimator::acked_bps() const
{
    if (acked_.size() < 2)
        return 0;
    const std::int64_t span =
        std::max<std::int64_t>(acked_.back().at_us - acked_.front().at_us, 50'000);
    const std::uint64_t bytes =
        std::accumulate(acked_.begin(), acked_.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const Acked& a) { return sum + a.bytes; });
    return bytes * 8 * 1'000'000 / static_cast<std::uint64_t>(span);
}

void BandwidthEstimator::decrease(std::uint64_t to_bps, TimePoint now)
{
    if (last_decrease_ != TimePoint{} && now - last_decrease_ < kDecreasePause)
        return;
    const double target = std::max(static_cast<double>(to_bps), kMinBps);
    rate_bps_ = rate_bps_ ? std::min(*rate_bps_, target) : target;
    last_decrease_ = now;
}

void BandwidthEstimator::increase(TimePoint now)
{
    if (!rate_bps_)
        return;
    const auto since = std::chrono::duration_cast<Microseconds>(now - last_update_).count();
    const double seconds = std::min(static_cast<double>(since) / 1e6, 1.0);
    const double growth = now - last_decrease_ < kCarefulTime ? kCarefulGrowth : kBoldGrowth;
    rate_bps_ = std::min(*rate_bps_ * (1 + growth * seconds), kMaxBps);
}

void BandwidthEstimator::on_remb(std::uint64_t bits_per_second, TimePoint now)
{
    remb_bps_ = bits_per_second;
    remb_at_ = now;
}

std::optional<std::uint64_t> BandwidthEstimator::estimate(TimePoint now) const
{
    std::optional<std::uint64_t> all;
    if (rate_bps_)
        all = static_cast<std::uint64_t>(*rate_bps_);
    // An old REMB says nothing about now.
    if (remb_at_ && now - *remb_at_ < kRembLife)
        all = all ? std::min(*all, remb_bps_) : remb_bps_;
    return all;
}

std::vector<std::uint64_t> share_bandwidth(std::uint64_t available,
                                           const std::vector<BandwidthDemand>& demands)
{
    std::vector<std::uint64_t> shares(demands.size(), 0);
    std::vector<std::size_t> order(demands.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return demands[a].bits_per_second < demands[b].bits_per_second;
    });
    // The smallest demand first: what it leaves of its equal share is there for those after it.
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::uint64_t equal = available / (order.size() - i);
        const bool last = i + 1 == order.size();
        const std::uint64_t wanted = demands[order[i]].bits_per_second;
        shares[order[i]] = last ? available : std::min(wanted, equal);
        available -= shares[order[i]];
    }
    return shares;
}

} // namespace cf::emu

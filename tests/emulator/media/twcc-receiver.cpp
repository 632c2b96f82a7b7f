/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/twcc-receiver.hpp"

#include <algorithm>

namespace cf::emu
{

namespace
{

constexpr std::int64_t kTickUs = 250;
constexpr std::int64_t kReferenceUs = 64'000;
// A two-byte delta reaches 8.19 s; a longer silence starts a message of its own.
constexpr Milliseconds kMaxDelta{8000};

} // namespace

void TwccReceiver::on_packet(std::uint16_t transport_sequence, std::uint32_t media_ssrc,
                             TimePoint now)
{
    const std::int64_t extended = sequence_.extend(transport_sequence);
    // Already reported as lost or received: late news is no news to a congestion controller.
    if (next_base_ && extended < *next_base_)
        return;
    media_ssrc_ = media_ssrc;
    arrivals_.emplace(extended, now);
}

std::optional<TransportCcMessage> TwccReceiver::due(TimePoint now)
{
    if (arrivals_.empty() || now - last_sent_ < kInterval)
        return std::nullopt;
    TransportCcMessage message = build();
    // What did not fit follows at the next tick.
    if (arrivals_.empty())
        last_sent_ = now;
    return message;
}

TransportCcMessage TwccReceiver::build()
{
    TransportCcMessage m;
    m.media_ssrc = media_ssrc_;
    m.feedback_count = feedback_count_++;
    const std::int64_t first = arrivals_.begin()->first;
    // Numbers between the last message and the first arrival were lost; say so, within bounds.
    std::int64_t base = next_base_ ? *next_base_ : first;
    if (first - base >= static_cast<std::int64_t>(kMaxStatuses) / 2)
        base = first;
    const TimePoint start = arrivals_.begin()->second;
    const std::int64_t reference = start.time_since_epoch().count() / kReferenceUs;
    // 24 bits that wrap.
    m.reference_time = static_cast<std::int32_t>(static_cast<std::uint32_t>(reference) << 8) >> 8;

    TimePoint previous = start;
    std::int64_t next = base;
    while (!arrivals_.empty()) {
        const auto it = arrivals_.begin();
        const auto step = it->second > previous ? it->second - previous : previous - it->second;
        if (it->first - base >= static_cast<std::int64_t>(kMaxStatuses) || step > kMaxDelta)
            break;
        for (; next < it->first; ++next)
            m.statuses.push_back({static_cast<std::uint16_t>(next), false, 0});
        const std::int64_t ticks =
            (it->second.time_since_epoch().count() - reference * kReferenceUs) / kTickUs;
        m.statuses.push_back({static_cast<std::uint16_t>(next), true, ticks});
        ++next;
        previous = it->second;
        arrivals_.erase(it);
    }
    next_base_ = next;
    return m;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/stream-rewriter.hpp"

#include <algorithm>

#include "tests/emulator/media/ntp-time.hpp"

namespace cf::emu
{

void StreamRewriter::switch_source(std::int64_t sequence, std::uint32_t timestamp,
                                   std::uint32_t clock_rate, TimePoint now,
                                   std::optional<std::uint32_t> timestamp_offset)
{
    runs_.clear();
    runs_.push_back({sequence, std::int64_t{next_sequence_} - sequence});
    highest_ = sequence - 1;
    if (!started_) {
        timestamp_offset_ = last_timestamp_ - timestamp;
        return;
    }
    if (timestamp_offset) {
        timestamp_offset_ = *timestamp_offset;
        // The new source's first frame may be older than the last one sent. Time never goes back.
        const auto ahead =
            static_cast<std::int32_t>(timestamp + timestamp_offset_ - last_timestamp_);
        if (ahead > 0)
            return;
    }
    const auto elapsed = std::chrono::duration_cast<Microseconds>(now - last_sent_);
    const auto ticks =
        static_cast<std::uint32_t>(std::max<std::int64_t>(1, to_clock(elapsed, clock_rate)));
    timestamp_offset_ = last_timestamp_ + (timestamp_offset ? 1 : ticks) - timestamp;
}

std::optional<std::uint16_t> StreamRewriter::map_sequence(std::int64_t sequence) const
{
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
        if (sequence >= run->from)
            return static_cast<std::uint16_t>(sequence + run->offset);
    }
    return std::nullopt;
}

void StreamRewriter::sent(std::int64_t sequence, std::uint32_t timestamp, TimePoint now)
{
    started_ = true;
    if (sequence <= highest_)
        return;
    highest_ = sequence;
    next_sequence_ = static_cast<std::uint16_t>(sequence + runs_.back().offset + 1);
    last_timestamp_ = map_timestamp(timestamp);
    last_sent_ = now;
}

void StreamRewriter::drop(std::int64_t sequence)
{
    // Behind what was sent already, its number is spoken for: the receiver sees it lost.
    if (runs_.empty() || sequence <= highest_ || sequence < runs_.back().from)
        return;
    next_sequence_ = static_cast<std::uint16_t>(sequence + runs_.back().offset);
    runs_.push_back({sequence + 1, runs_.back().offset - 1});
    if (runs_.size() > kMaxRuns)
        runs_.pop_front();
    highest_ = sequence;
}

} // namespace cf::emu

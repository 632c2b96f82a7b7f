/* SPDX-License-Identifier: LGPL-2.1-or-later */
// StreamRewriter: one continuous run of sequence numbers and timestamps over changing sources.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "lib/base/executor.hpp"

namespace cf::emu
{

class StreamRewriter
{
public:
    StreamRewriter(std::uint16_t first_sequence, std::uint32_t first_timestamp)
        : next_sequence_(first_sequence), last_timestamp_(first_timestamp)
    {
    }

    /// The next packet comes from another source and starts at @p sequence (extended) and
    /// @p timestamp. @p timestamp_offset: what to add to the new source's timestamps, where the
    /// sender's clock tells; otherwise the time that passed since the last packet decides.
    void switch_source(std::int64_t sequence, std::uint32_t timestamp, std::uint32_t clock_rate,
                       TimePoint now, std::optional<std::uint32_t> timestamp_offset);
    /// The number @p sequence goes out with; nothing if it is from before the switch, or so old
    /// that it cannot be told.
    [[nodiscard]] std::optional<std::uint16_t> map_sequence(std::int64_t sequence) const;
    [[nodiscard]] std::uint32_t map_timestamp(std::uint32_t timestamp) const
    {
        return timestamp + timestamp_offset_;
    }
    /// Notes that @p sequence was sent with @p timestamp (of the source).
    void sent(std::int64_t sequence, std::uint32_t timestamp, TimePoint now);
    /// @p sequence is not sent: those after it move up, so that the receiver sees no gap.
    void drop(std::int64_t sequence);

    [[nodiscard]] std::uint32_t timestamp_offset() const { return timestamp_offset_; }
    [[nodiscard]] bool started() const { return started_; }

private:
    struct Run {
        std::int64_t from = 0; ///< first source number of the run
        std::int64_t offset = 0;
    };
    /// More drops than can lie within the reordering of any network.
    static constexpr std::size_t kMaxRuns = 64;

    bool started_ = false; ///< something was sent
    std::deque<Run> runs_;
    std::int64_t highest_ = 0; ///< source numbers
    std::uint16_t next_sequence_;
    std::uint32_t last_timestamp_; ///< as sent
    std::uint32_t timestamp_offset_ = 0;
    TimePoint last_sent_{};
};

} // namespace cf::emu

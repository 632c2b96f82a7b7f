/* SPDX-License-Identifier: LGPL-2.1-or-later */
// NackGenerator: which sequence numbers are missing, and when to ask for them (again).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "lib/base/executor.hpp"

namespace cf::emu
{

class NackGenerator
{
public:
    /// What @p extended turned out to be.
    enum class Arrival { New, Recovered, OldOrDuplicate };

    /// Notes the arrival of a packet; gaps behind the newest become missing.
    Arrival on_packet(std::int64_t extended, TimePoint now);
    /// Sequence numbers to ask for now; counts them as asked. @p rtt paces the repetitions.
    [[nodiscard]] std::vector<std::uint16_t> due(TimePoint now, Milliseconds rtt);
    /// Nothing older than @p extended is wanted any more (a key frame starts there).
    void forget_before(std::int64_t extended);
    void clear();
    /// The sender started over: the next packet is the first.
    void restart();

    [[nodiscard]] bool empty() const { return missing_.empty(); }
    [[nodiscard]] std::uint64_t asked() const { return asked_; }
    [[nodiscard]] std::uint64_t recovered() const { return recovered_; }
    [[nodiscard]] std::uint64_t given_up() const { return given_up_; }
    /// Time from the last NACK to the arrival of the packet asked for, smoothed; 0 before the
    /// first.
    [[nodiscard]] Milliseconds recovery_time() const { return recovery_time_; }

    /// Packets may overtake each other this much before a gap counts as loss.
    static constexpr Milliseconds kReorderTolerance{5};
    static constexpr unsigned kMaxTries = 10;
    static constexpr Milliseconds kMaxAge{1500};
    /// A larger jump is a new start of the sender, not a loss.
    static constexpr std::int64_t kMaxGap = 512;
    /// The oldest are given up beyond this.
    static constexpr std::size_t kMaxMissing = 1024;

private:
    struct Missing {
        TimePoint noticed;
        TimePoint next_try;
        TimePoint last_try;
        unsigned tries = 0;
    };
    std::map<std::int64_t, Missing> missing_;
    std::int64_t newest_ = 0;
    bool started_ = false;
    std::uint64_t asked_ = 0;
    std::uint64_t recovered_ = 0;
    std::uint64_t given_up_ = 0;
    Milliseconds recovery_time_{0};
};

} // namespace cf::emu

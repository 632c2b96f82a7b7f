/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/nack-generator.hpp"

#include <algorithm>

namespace cf::emu
{

NackGenerator::Arrival NackGenerator::on_packet(std::int64_t extended, TimePoint now)
{
    if (!started_) {
        started_ = true;
        newest_ = extended;
        return Arrival::New;
    }
    if (extended > newest_) {
        const std::int64_t gap = extended - newest_ - 1;
        if (gap > kMaxGap) {
            clear();
        } else {
            const TimePoint first_try = now + kReorderTolerance;
            for (std::int64_t s = newest_ + 1; s < extended; ++s)
                missing_.emplace_hint(missing_.end(), s, Missing{now, first_try, now});
            while (missing_.size() > kMaxMissing) {
                missing_.erase(missing_.begin());
                ++given_up_;
            }
        }
        newest_ = extended;
        return Arrival::New;
    }
    const auto it = missing_.find(extended);
    if (it == missing_.end())
        return Arrival::OldOrDuplicate;
    if (it->second.tries > 0) {
        ++recovered_;
        const auto took = std::chrono::duration_cast<Milliseconds>(now - it->second.last_try);
        // A packet that was only asked for once tells the round trip; later ones are ambiguous.
        if (it->second.tries == 1)
            recovery_time_ = recovery_time_.count() == 0 ? took : (recovery_time_ * 7 + took) / 8;
    }
    missing_.erase(it);
    return Arrival::Recovered;
}

std::vector<std::uint16_t> NackGenerator::due(TimePoint now, Milliseconds rtt)
{
    // Repeating faster than an answer can come only adds traffic to a link that already loses.
    const auto pause = std::max(rtt * 3 / 2, Milliseconds{20});
    std::vector<std::uint16_t> due;
    for (auto it = missing_.begin(); it != missing_.end();) {
        Missing& m = it->second;
        if (m.tries >= kMaxTries || now - m.noticed > kMaxAge) {
            // One last answer may still be under way; given up means: not asked again.
            ++given_up_;
            it = missing_.erase(it);
            continue;
        }
        if (m.next_try <= now) {
            due.push_back(static_cast<std::uint16_t>(it->first));
            ++m.tries;
            m.last_try = now;
            m.next_try = now + pause;
            ++asked_;
        }
        ++it;
    }
    return due;
}

void NackGenerator::forget_before(std::int64_t extended)
{
    const auto end = missing_.lower_bound(extended);
    given_up_ += static_cast<std::uint64_t>(std::distance(missing_.begin(), end));
    missing_.erase(missing_.begin(), end);
}

void NackGenerator::clear()
{
    given_up_ += missing_.size();
    missing_.clear();
}

void NackGenerator::restart()
{
    clear();
    started_ = false;
}

} // namespace cf::emu

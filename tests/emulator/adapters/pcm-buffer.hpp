/* SPDX-License-Identifier: LGPL-2.1-or-later */
// PcmBuffer: sound that came faster than it plays, in segments that each end with silence.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace cf::emu
{

class PcmBuffer
{
public:
    /// Continues the last segment, or begins one.
    void append(std::span<const std::uint8_t> data)
    {
        if (segments_.empty() || segments_.back().ended)
            segments_.emplace_back();
        auto& to = segments_.back().data;
        to.insert(to.end(), data.begin(), data.end());
        size_ += data.size();
    }
    /// What comes next does not continue what came last.
    void end_segment()
    {
        if (!segments_.empty())
            segments_.back().ended = true;
    }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Whether take() will give something more without more input.
    [[nodiscard]] bool drained() const
    {
        return std::all_of(segments_.begin(), segments_.end(),
                           [](const Segment& s) { return s.at == s.data.size(); });
    }

    /// Fills @p frame, at the end of a segment up with silence; false: there is not enough yet.
    [[nodiscard]] bool take(std::span<std::uint8_t> frame)
    {
        while (!segments_.empty()) {
            Segment& s = segments_.front();
            const std::size_t left = s.data.size() - s.at;
            if (left < frame.size() && !s.ended)
                return false;
            const std::size_t n = std::min(left, frame.size());
            const auto from = s.data.begin() + static_cast<std::ptrdiff_t>(s.at);
            std::copy_n(from, n, frame.begin());
            std::fill(frame.begin() + static_cast<std::ptrdiff_t>(n), frame.end(), 0);
            size_ -= n;
            s.at += n;
            if (s.at == s.data.size() && s.ended)
                segments_.pop_front();
            else
                s.compact();
            if (n > 0)
                return true;
        }
        return false;
    }

private:
    struct Segment {
        std::vector<std::uint8_t> data;
        std::size_t at = 0; ///< what is before it has been taken
        bool ended = false;

        void compact()
        {
            if (at < 64 * 1024 || at < data.size() / 2)
                return;
            data.erase(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(at));
            at = 0;
        }
    };
    std::deque<Segment> segments_;
    std::size_t size_ = 0;
};

} // namespace cf::emu

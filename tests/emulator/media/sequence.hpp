/* SPDX-License-Identifier: LGPL-2.1-or-later */
// 16-bit sequence numbers that wrap, counted on in 64 bits.
#pragma once

#include <cstdint>

namespace cf::emu
{

/// Whether @p a comes after @p b (RFC 1982).
inline bool sequence_newer(std::uint16_t a, std::uint16_t b)
{
    return a != b && static_cast<std::uint16_t>(a - b) < 0x8000;
}

/// Turns each wrapping number into the 64-bit one that is nearest to the highest seen.
class SequenceExtender
{
public:
    /// Extends @p sequence and remembers it if it is the newest.
    std::int64_t extend(std::uint16_t sequence)
    {
        const std::int64_t extended = peek(sequence);
        if (!started_ || extended > highest_)
            highest_ = extended;
        started_ = true;
        return extended;
    }
    /// Extends without remembering.
    [[nodiscard]] std::int64_t peek(std::uint16_t sequence) const
    {
        // The first gets a head start of one cycle, so that older ones stay positive.
        if (!started_)
            return std::int64_t{sequence} + 0x10000;
        const auto ahead = static_cast<std::int16_t>(
            static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(highest_)));
        return highest_ + ahead;
    }
    [[nodiscard]] bool started() const { return started_; }
    [[nodiscard]] std::int64_t highest() const { return highest_; }
    void reset() { started_ = false; }

private:
    std::int64_t highest_ = 0;
    bool started_ = false;
};

} // namespace cf::emu

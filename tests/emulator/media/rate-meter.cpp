/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/rate-meter.hpp"

namespace cf::emu
{

namespace
{

std::int64_t slot_index(TimePoint t)
{
    return t.time_since_epoch().count() / 100'000;
}

} // namespace

void RateMeter::add(std::size_t bytes, TimePoint now)
{
    const std::int64_t index = slot_index(now);
    Slot& slot = slots_[static_cast<std::size_t>(index) % kSlots];
    if (slot.index != index)
        slot = {index, 0, 0};
    ++slot.packets;
    slot.bytes += static_cast<std::uint32_t>(bytes);
    ++packets_;
    bytes_ += bytes;
}

RateStats RateMeter::stats(TimePoint now) const
{
    RateStats r;
    r.packets = packets_;
    r.bytes = bytes_;
    // The slot of this moment is still filling: the ten before it are the last whole second.
    const std::int64_t end = slot_index(now);
    std::uint64_t bytes = 0;
    for (const Slot& slot : slots_) {
        if (slot.index < end && slot.index >= end - 10) {
            r.packets_per_second += slot.packets;
            bytes += slot.bytes;
        }
    }
    r.bits_per_second = bytes * 8;
    return r;
}

} // namespace cf::emu

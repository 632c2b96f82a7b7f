/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/packet-cache.hpp"

namespace cf::emu
{

void PacketCache::store(std::uint16_t sequence, std::span<const std::uint8_t> packet,
                        const SendStamps& stamps, TimePoint now)
{
    // Only streams that are sent pay for their cache.
    if (slots_.empty())
        slots_.resize(capacity_);
    CachedPacket& slot = slots_[sequence % capacity_];
    slot.sequence = sequence;
    slot.sent = now;
    slot.resent = {};
    slot.resends = 0;
    slot.stamps = stamps;
    slot.data.assign(packet.begin(), packet.end());
}

CachedPacket* PacketCache::take_for_resend(std::uint16_t sequence, TimePoint now, Milliseconds rtt)
{
    if (slots_.empty())
        return nullptr;
    CachedPacket& slot = slots_[sequence % capacity_];
    if (slot.data.empty() || slot.sequence != sequence || now - slot.sent > kMaxAge)
        return nullptr;
    if (slot.resends > 0 && now - slot.resent < rtt)
        return nullptr;
    slot.resent = now;
    ++slot.resends;
    return &slot;
}

void PacketCache::clear()
{
    slots_.clear();
    slots_.shrink_to_fit();
}

} // namespace cf::emu

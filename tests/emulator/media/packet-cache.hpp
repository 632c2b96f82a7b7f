/* SPDX-License-Identifier: LGPL-2.1-or-later */
// PacketCache: the last packets of one sent stream, to send again when a NACK asks. Bounded in
// number and in age.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/base/executor.hpp"

namespace cf::emu
{

/// Where in a packet the fields stand that are filled in at the moment of sending; 0: absent.
struct SendStamps {
    std::uint16_t transport_cc_at = 0;  ///< two bytes
    std::uint16_t abs_send_time_at = 0; ///< three bytes
    std::uint16_t payload_at = 0;
};

struct CachedPacket {
    std::uint16_t sequence = 0;
    TimePoint sent{};
    TimePoint resent{};
    unsigned resends = 0;
    SendStamps stamps;
    std::vector<std::uint8_t> data;
};

class PacketCache
{
public:
    explicit PacketCache(std::size_t capacity) : capacity_(capacity) {}

    void store(std::uint16_t sequence, std::span<const std::uint8_t> packet,
               const SendStamps& stamps, TimePoint now);
    /// The packet if it is still here, not older than kMaxAge, and was not sent again within the
    /// last @p rtt (the peer has not had the time to see that). Counts as sent again.
    [[nodiscard]] CachedPacket* take_for_resend(std::uint16_t sequence, TimePoint now,
                                                Milliseconds rtt);
    void clear();

    /// Later than this no player waits for it.
    static constexpr Milliseconds kMaxAge{3000};

private:
    std::size_t capacity_;
    std::vector<CachedPacket> slots_; ///< grows to capacity_, indexed by sequence
};

} // namespace cf::emu

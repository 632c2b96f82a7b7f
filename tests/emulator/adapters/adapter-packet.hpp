/* SPDX-License-Identifier: LGPL-2.1-or-later */
// AdapterPacket: what the WebSocket adapters exchange with an application, in binary messages:
//
//     message Packet { uint32 sequenceNumber = 1; uint32 timestamp = 2; bytes payload = 5; }
//
// as proto3 writes it: fields that are zero are left out, so that the empty packet that ends a
// segment is an empty message.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cf::emu
{

struct AdapterPacket {
    std::uint32_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::span<const std::uint8_t> payload; ///< borrowed

    /// Nothing unless @p message is well-formed. Fields that nobody knows are skipped; of one that
    /// comes twice the last counts.
    [[nodiscard]] static std::optional<AdapterPacket> parse(std::span<const std::uint8_t> message);
    [[nodiscard]] std::vector<std::uint8_t> write() const;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ExtensionMap: which header extensions of a publication reach a subscriber, and under which ids.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/emulator/media/packet-cache.hpp"
#include "tests/emulator/media/rtp-packet.hpp"
#include "tests/emulator/media/rtp-parameters.hpp"

namespace cf::emu
{

class ExtensionMap
{
public:
    /// Copies what both sides negotiated, except what concerns one hop only: mid, rid,
    /// repaired-rid, transport-cc and abs-send-time.
    void build(const std::vector<HeaderExtension>& source, const SendParameters& target);

    /// Writes the extension block for @p packet at @p at in @p out: the subscriber's own mid and
    /// room for the stamps, then what is copied. Nothing is written if there is nothing to say.
    /// Gives the offset behind it, or nothing if @p out is too small.
    [[nodiscard]] std::optional<std::size_t> write(const RtpPacket& packet,
                                                   std::span<std::uint8_t> out, std::size_t at,
                                                   SendStamps& stamps) const;

private:
    std::array<std::uint8_t, 256> ids_{}; ///< source id -> target id; 0: dropped
    std::string mid_;
    std::uint8_t mid_id_ = 0;
    std::uint8_t transport_cc_id_ = 0;
    std::uint8_t abs_send_time_id_ = 0;
    bool mixed_ = false;
};

/// The rewritten header of one outgoing packet.
struct OutgoingHeader {
    std::uint8_t payload_type = 0;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
};

/// Builds in @p out the packet that @p header and @p extensions make of @p source: CSRCs, marker
/// and payload are kept, padding only if @p keep_padding. Gives the size, or nothing if @p out is
/// too small.
[[nodiscard]] std::optional<std::size_t>
build_packet(const RtpPacket& source, const OutgoingHeader& header, const ExtensionMap& extensions,
             bool keep_padding, std::span<std::uint8_t> out, SendStamps& stamps);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sctp/dcep.hpp"

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

namespace
{

constexpr std::uint8_t kAck = 0x02;
constexpr std::uint8_t kOpen = 0x03;
constexpr std::size_t kOpenHeader = 12;

// Longer than any name in use; a peer may open a thousand channels.
constexpr std::size_t kMaxName = 1024;

constexpr std::uint8_t kReliable = 0x00;
constexpr std::uint8_t kRetransmits = 0x01;
constexpr std::uint8_t kLifeTime = 0x02;
constexpr std::uint8_t kUnordered = 0x80;

std::uint16_t clamp16(std::uint32_t v)
{
    return static_cast<std::uint16_t>(v > 0xFFFF ? 0xFFFF : v);
}

std::span<const std::uint8_t> bytes(const std::string& text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text(std::span<const std::uint8_t> b)
{
    return {b.begin(), b.end()};
}

} // namespace

std::vector<std::uint8_t> write_dcep_open(const ChannelOptions& options)
{
    std::uint8_t type = kReliable;
    std::uint32_t reliability = 0;
    if (options.max_retransmits) {
        type = kRetransmits;
        reliability = *options.max_retransmits;
    } else if (options.max_packet_life_time_ms) {
        type = kLifeTime;
        reliability = *options.max_packet_life_time_ms;
    }
    std::vector<std::uint8_t> out;
    append_u8(out, kOpen);
    append_u8(out, static_cast<std::uint8_t>(type | (options.ordered ? 0 : kUnordered)));
    append_u16(out, 256); // RFC 8831 6.4: normal priority
    append_u32(out, reliability);
    append_u16(out, static_cast<std::uint16_t>(options.label.size()));
    append_u16(out, static_cast<std::uint16_t>(options.protocol.size()));
    append_bytes(out, bytes(options.label));
    append_bytes(out, bytes(options.protocol));
    return out;
}

std::vector<std::uint8_t> write_dcep_ack()
{
    return {kAck};
}

std::optional<DcepMessage> read_dcep(std::span<const std::uint8_t> data)
{
    DcepMessage m;
    if (data.size() == 1 && data[0] == kAck) {
        m.is_ack = true;
        return m;
    }
    if (data.size() < kOpenHeader || data[0] != kOpen)
        return std::nullopt;
    const std::size_t label = read_u16(data, 8);
    const std::size_t protocol = read_u16(data, 10);
    if (data.size() != kOpenHeader + label + protocol || label > kMaxName || protocol > kMaxName)
        return std::nullopt;
    const auto type = static_cast<std::uint8_t>(data[1] & ~kUnordered);
    const std::uint32_t reliability = read_u32(data, 4);
    if (type == kRetransmits)
        m.options.max_retransmits = clamp16(reliability);
    else if (type == kLifeTime)
        m.options.max_packet_life_time_ms = clamp16(reliability);
    else if (type != kReliable)
        return std::nullopt;
    m.options.ordered = (data[1] & kUnordered) == 0;
    m.options.negotiated = false;
    m.options.label = text(data.subspan(kOpenHeader, label));
    m.options.protocol = text(data.subspan(kOpenHeader + label, protocol));
    return m;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/rtcp-reader.hpp"

#include <algorithm>
#include <cstring>

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

namespace
{

constexpr std::size_t kReportBlock = 24;
constexpr std::size_t kSenderInfo = 24; ///< SSRC included

/// Sender and media SSRC stand in front of every feedback message.
constexpr std::size_t kFeedbackHeader = 8;

bool is(const RtcpPacket& packet, std::uint8_t type, std::uint8_t format)
{
    return packet.type == type && packet.count == format && packet.body.size() >= kFeedbackHeader;
}

} // namespace

std::optional<RtcpPacket> RtcpReader::next()
{
    if (rest_.empty() || malformed_)
        return std::nullopt;
    malformed_ = true;
    if (rest_.size() < 4 || (rest_[0] >> 6) != 2)
        return std::nullopt;
    const std::size_t length = std::size_t{4} * (read_u16(rest_, 2) + std::size_t{1});
    if (length > rest_.size())
        return std::nullopt;
    RtcpPacket p;
    p.count = rest_[0] & 0x1F;
    p.type = rest_[1];
    p.body = rest_.subspan(4, length - 4);
    if ((rest_[0] & 0x20) != 0) {
        // Only the last packet of a compound may be padded (RFC 3550 6.4.1).
        if (length != rest_.size() || p.body.empty() || p.body.back() == 0 ||
            p.body.back() > p.body.size())
            return std::nullopt;
        p.body = p.body.first(p.body.size() - p.body.back());
    }
    rest_ = rest_.subspan(length);
    malformed_ = false;
    return p;
}

std::optional<SenderReport> read_sender_report(const RtcpPacket& packet)
{
    const Bytes b = packet.body;
    if (packet.type != rtcp_type::kSenderReport || b.size() < kSenderInfo)
        return std::nullopt;
    return SenderReport{read_u32(b, 0), read_u64(b, 4), read_u32(b, 12), read_u32(b, 16),
                        read_u32(b, 20)};
}

std::optional<std::vector<ReportBlock>> read_report_blocks(const RtcpPacket& packet)
{
    std::size_t at = 0;
    if (packet.type == rtcp_type::kSenderReport)
        at = kSenderInfo;
    else if (packet.type == rtcp_type::kReceiverReport)
        at = 4;
    else
        return std::nullopt;
    const Bytes b = packet.body;
    if (b.size() < at + packet.count * kReportBlock)
        return std::nullopt;
    std::vector<ReportBlock> blocks;
    for (unsigned i = 0; i < packet.count; ++i, at += kReportBlock) {
        ReportBlock r;
        r.ssrc = read_u32(b, at);
        r.fraction_lost = b[at + 4];
        // 24 bits, signed: duplicates make it negative.
        const auto raw = static_cast<std::int32_t>(read_u24(b, at + 5));
        r.cumulative_lost = raw >= 0x800000 ? raw - 0x1000000 : raw;
        r.highest = read_u32(b, at + 8);
        r.jitter = read_u32(b, at + 12);
        r.last_sr = read_u32(b, at + 16);
        r.since_sr = read_u32(b, at + 20);
        blocks.push_back(r);
    }
    return blocks;
}

std::optional<NackMessage> read_nack(const RtcpPacket& packet)
{
    if (!is(packet, rtcp_type::kTransportFeedback, rtcp_format::kNack))
        return std::nullopt;
    const Bytes b = packet.body;
    NackMessage m;
    m.media_ssrc = read_u32(b, 4);
    for (std::size_t at = kFeedbackHeader; at + 4 <= b.size(); at += 4) {
        const std::uint16_t first = read_u16(b, at);
        const std::uint16_t mask = read_u16(b, at + 2);
        m.sequences.push_back(first);
        for (unsigned bit = 0; bit < 16; ++bit) {
            if ((mask >> bit & 1) != 0)
                m.sequences.push_back(static_cast<std::uint16_t>(first + bit + 1));
        }
    }
    if (m.sequences.empty())
        return std::nullopt;
    return m;
}

std::optional<std::uint32_t> read_pli(const RtcpPacket& packet)
{
    if (!is(packet, rtcp_type::kPayloadFeedback, rtcp_format::kPli))
        return std::nullopt;
    return read_u32(packet.body, 4);
}

std::optional<FirMessage> read_fir(const RtcpPacket& packet)
{
    if (!is(packet, rtcp_type::kPayloadFeedback, rtcp_format::kFir))
        return std::nullopt;
    const Bytes b = packet.body;
    FirMessage m;
    for (std::size_t at = kFeedbackHeader; at + 8 <= b.size(); at += 8)
        m.entries.push_back({read_u32(b, at), b[at + 4]});
    if (m.entries.empty())
        return std::nullopt;
    return m;
}

std::optional<RembMessage> read_remb(const RtcpPacket& packet)
{
    if (!is(packet, rtcp_type::kPayloadFeedback, rtcp_format::kApplication))
        return std::nullopt;
    const Bytes b = packet.body;
    if (b.size() < kFeedbackHeader + 8 || std::memcmp(b.data() + 8, "REMB", 4) != 0)
        return std::nullopt;
    const std::size_t count = b[12];
    if (b.size() < kFeedbackHeader + 8 + 4 * count)
        return std::nullopt;
    RembMessage m;
    const unsigned exponent = b[13] >> 2;
    const std::uint64_t mantissa = read_u24(b, 13) & 0x3FFFF;
    // The largest exponent would shift the mantissa out of 64 bits.
    m.bits_per_second = exponent > 45 ? UINT64_MAX >> 1 : mantissa << exponent;
    for (std::size_t i = 0; i < count; ++i)
        m.ssrcs.push_back(read_u32(b, 16 + 4 * i));
    return m;
}

namespace
{

/// Status symbols of a transport-wide feedback: 0 not received, 1 small delta, 2 large delta, 3
/// reserved. Nothing if the chunks end early or use the reserved one.
std::optional<std::vector<std::uint8_t>> read_symbols(Bytes b, std::size_t& at, std::size_t count)
{
    std::vector<std::uint8_t> symbols;
    symbols.reserve(count);
    while (symbols.size() < count) {
        if (at + 2 > b.size())
            return std::nullopt;
        const std::uint16_t chunk = read_u16(b, at);
        at += 2;
        const std::size_t room = count - symbols.size();
        if ((chunk & 0x8000) == 0) {
            const std::size_t run = std::min<std::size_t>(chunk & 0x1FFF, room);
            if (run == 0)
                return std::nullopt;
            symbols.insert(symbols.end(), run, static_cast<std::uint8_t>(chunk >> 13 & 3));
        } else if ((chunk & 0x4000) == 0) {
            for (std::size_t i = 0; i < std::min<std::size_t>(14, room); ++i)
                symbols.push_back(chunk >> (13 - i) & 1);
        } else {
            for (std::size_t i = 0; i < std::min<std::size_t>(7, room); ++i)
                symbols.push_back(chunk >> (12 - 2 * i) & 3);
        }
    }
    if (std::find(symbols.begin(), symbols.end(), 3) != symbols.end())
        return std::nullopt;
    return symbols;
}

} // namespace

std::optional<TransportCcMessage> read_transport_cc(const RtcpPacket& packet)
{
    const Bytes b = packet.body;
    if (!is(packet, rtcp_type::kTransportFeedback, rtcp_format::kTransportCc) || b.size() < 16)
        return std::nullopt;
    TransportCcMessage m;
    m.media_ssrc = read_u32(b, 4);
    const std::uint16_t base = read_u16(b, 8);
    const std::size_t count = read_u16(b, 10);
    const auto raw = static_cast<std::int32_t>(read_u24(b, 12));
    m.reference_time = raw >= 0x800000 ? raw - 0x1000000 : raw;
    m.feedback_count = b[15];
    std::size_t at = 16;
    const auto symbols = read_symbols(b, at, count);
    if (!symbols)
        return std::nullopt;
    m.statuses.reserve(count);
    std::int64_t arrival = 0;
    for (std::size_t i = 0; i < count; ++i) {
        TransportCcMessage::Status s;
        s.sequence = static_cast<std::uint16_t>(base + i);
        s.received = (*symbols)[i] != 0;
        if ((*symbols)[i] == 1) {
            if (at + 1 > b.size())
                return std::nullopt;
            arrival += b[at];
            at += 1;
        } else if ((*symbols)[i] == 2) {
            if (at + 2 > b.size())
                return std::nullopt;
            arrival += static_cast<std::int16_t>(read_u16(b, at));
            at += 2;
        }
        s.arrival_ticks = arrival;
        m.statuses.push_back(s);
    }
    return m;
}

std::optional<std::vector<std::uint32_t>> read_bye(const RtcpPacket& packet)
{
    if (packet.type != rtcp_type::kBye || packet.body.size() < std::size_t{4} * packet.count)
        return std::nullopt;
    std::vector<std::uint32_t> ssrcs;
    for (std::size_t i = 0; i < packet.count; ++i)
        ssrcs.push_back(read_u32(packet.body, 4 * i));
    return ssrcs;
}

} // namespace cf::emu

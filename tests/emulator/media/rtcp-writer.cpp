/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/rtcp-writer.hpp"

#include <algorithm>

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

std::size_t RtcpWriter::begin(std::uint8_t type, std::size_t count)
{
    g_assert(count < 32);
    const std::size_t at = data_.size();
    append_u8(data_, static_cast<std::uint8_t>(0x80 | count));
    append_u8(data_, type);
    append_u16(data_, 0);
    return at;
}

void RtcpWriter::finish(std::size_t at)
{
    while ((data_.size() - at) % 4 != 0)
        append_u8(data_, 0);
    write_u16(data_, at + 2, static_cast<std::uint16_t>((data_.size() - at) / 4 - 1));
}

void RtcpWriter::append_blocks(const std::vector<ReportBlock>& blocks)
{
    for (const ReportBlock& r : blocks) {
        append_u32(data_, r.ssrc);
        append_u32(data_, (std::uint32_t{r.fraction_lost} << 24) |
                              (static_cast<std::uint32_t>(r.cumulative_lost) & 0xFFFFFF));
        append_u32(data_, r.highest);
        append_u32(data_, r.jitter);
        append_u32(data_, r.last_sr);
        append_u32(data_, r.since_sr);
    }
}

void RtcpWriter::sender_report(const SenderReport& report, const std::vector<ReportBlock>& blocks)
{
    const std::size_t at = begin(rtcp_type::kSenderReport, blocks.size());
    append_u32(data_, report.ssrc);
    append_u64(data_, report.ntp);
    append_u32(data_, report.rtp_timestamp);
    append_u32(data_, report.packets);
    append_u32(data_, report.octets);
    append_blocks(blocks);
    finish(at);
}

void RtcpWriter::receiver_report(std::uint32_t sender_ssrc, const std::vector<ReportBlock>& blocks)
{
    const std::size_t at = begin(rtcp_type::kReceiverReport, blocks.size());
    append_u32(data_, sender_ssrc);
    append_blocks(blocks);
    finish(at);
}

void RtcpWriter::source_description(std::uint32_t ssrc, const std::string& cname)
{
    g_assert(cname.size() <= 255);
    const std::size_t at = begin(rtcp_type::kSourceDescription, 1);
    append_u32(data_, ssrc);
    append_u8(data_, 1);
    append_u8(data_, static_cast<std::uint8_t>(cname.size()));
    append_bytes(data_, {reinterpret_cast<const std::uint8_t*>(cname.data()), cname.size()});
    // The item list ends with at least one zero, before the padding to 32 bits.
    append_u8(data_, 0);
    finish(at);
}

void RtcpWriter::bye(const std::vector<std::uint32_t>& ssrcs)
{
    const std::size_t at = begin(rtcp_type::kBye, ssrcs.size());
    for (const std::uint32_t ssrc : ssrcs)
        append_u32(data_, ssrc);
    finish(at);
}

void RtcpWriter::nack(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                      const std::vector<std::uint16_t>& sequences)
{
    const std::size_t at = begin(rtcp_type::kTransportFeedback, rtcp_format::kNack);
    append_u32(data_, sender_ssrc);
    append_u32(data_, media_ssrc);
    for (std::size_t i = 0; i < sequences.size();) {
        const std::uint16_t first = sequences[i++];
        std::uint16_t mask = 0;
        for (; i < sequences.size(); ++i) {
            const auto ahead = static_cast<std::uint16_t>(sequences[i] - first);
            if (ahead == 0 || ahead > 16)
                break;
            mask = static_cast<std::uint16_t>(mask | 1U << (ahead - 1));
        }
        append_u16(data_, first);
        append_u16(data_, mask);
    }
    finish(at);
}

void RtcpWriter::pli(std::uint32_t sender_ssrc, std::uint32_t media_ssrc)
{
    const std::size_t at = begin(rtcp_type::kPayloadFeedback, rtcp_format::kPli);
    append_u32(data_, sender_ssrc);
    append_u32(data_, media_ssrc);
    finish(at);
}

void RtcpWriter::fir(std::uint32_t sender_ssrc, std::uint32_t media_ssrc, std::uint8_t sequence)
{
    const std::size_t at = begin(rtcp_type::kPayloadFeedback, rtcp_format::kFir);
    append_u32(data_, sender_ssrc);
    // RFC 5104 4.3.1.2: unused in the header, the target stands in the entry.
    append_u32(data_, 0);
    append_u32(data_, media_ssrc);
    append_u32(data_, std::uint32_t{sequence} << 24);
    finish(at);
}

void RtcpWriter::remb(std::uint32_t sender_ssrc, std::uint64_t bits_per_second,
                      const std::vector<std::uint32_t>& ssrcs)
{
    const std::size_t at = begin(rtcp_type::kPayloadFeedback, rtcp_format::kApplication);
    append_u32(data_, sender_ssrc);
    append_u32(data_, 0);
    append_bytes(data_, {reinterpret_cast<const std::uint8_t*>("REMB"), 4});
    unsigned exponent = 0;
    while (bits_per_second >> exponent > 0x3FFFF)
        ++exponent;
    const auto mantissa = static_cast<std::uint32_t>(bits_per_second >> exponent);
    append_u32(data_, static_cast<std::uint32_t>(ssrcs.size()) << 24 | exponent << 18 | mantissa);
    for (const std::uint32_t ssrc : ssrcs)
        append_u32(data_, ssrc);
    finish(at);
}

void RtcpWriter::transport_cc(std::uint32_t sender_ssrc, const TransportCcMessage& message)
{
    const auto& statuses = message.statuses;
    g_assert(!statuses.empty() && statuses.size() <= 0xFFFF);
    const std::size_t at = begin(rtcp_type::kTransportFeedback, rtcp_format::kTransportCc);
    append_u32(data_, sender_ssrc);
    append_u32(data_, message.media_ssrc);
    append_u16(data_, statuses.front().sequence);
    append_u16(data_, static_cast<std::uint16_t>(statuses.size()));
    append_u32(data_,
               static_cast<std::uint32_t>(message.reference_time) << 8 | message.feedback_count);

    std::vector<std::uint8_t> symbols;
    std::vector<std::uint8_t> deltas;
    std::int64_t previous = 0;
    for (const TransportCcMessage::Status& s : statuses) {
        if (!s.received) {
            symbols.push_back(0);
            continue;
        }
        const std::int64_t delta = s.arrival_ticks - previous;
        previous = s.arrival_ticks;
        if (delta >= 0 && delta <= 255) {
            symbols.push_back(1);
            append_u8(deltas, static_cast<std::uint8_t>(delta));
        } else {
            g_assert(delta >= INT16_MIN && delta <= INT16_MAX);
            symbols.push_back(2);
            append_u16(deltas, static_cast<std::uint16_t>(delta));
        }
    }
    // Runs of seven and more as run-length chunks, all else as two-bit vectors of seven.
    for (std::size_t i = 0; i < symbols.size();) {
        std::size_t run = 1;
        while (i + run < symbols.size() && symbols[i + run] == symbols[i] && run < 0x1FFF)
            ++run;
        if (run >= 7 || i + run == symbols.size()) {
            append_u16(data_, static_cast<std::uint16_t>(unsigned{symbols[i]} << 13 | run));
            i += run;
            continue;
        }
        std::uint16_t chunk = 0xC000;
        for (std::size_t k = 0; k < 7 && i < symbols.size(); ++k, ++i)
            chunk = static_cast<std::uint16_t>(chunk | unsigned{symbols[i]} << (12 - 2 * k));
        append_u16(data_, chunk);
    }
    append_bytes(data_, deltas);
    finish(at);
}

} // namespace cf::emu

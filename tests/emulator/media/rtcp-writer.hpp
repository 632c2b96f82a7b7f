/* SPDX-License-Identifier: LGPL-2.1-or-later */
// RtcpWriter: builds one compound RTCP packet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/emulator/media/rtcp-reader.hpp"

namespace cf::emu
{

class RtcpWriter
{
public:
    void sender_report(const SenderReport& report, const std::vector<ReportBlock>& blocks);
    /// At most 31 blocks a packet.
    void receiver_report(std::uint32_t sender_ssrc, const std::vector<ReportBlock>& blocks);
    /// @p cname: at most 255 bytes.
    void source_description(std::uint32_t ssrc, const std::string& cname);
    void bye(const std::vector<std::uint32_t>& ssrcs);
    /// @p sequences in ascending order (modulo wrap), not empty.
    void nack(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
              const std::vector<std::uint16_t>& sequences);
    void pli(std::uint32_t sender_ssrc, std::uint32_t media_ssrc);
    void fir(std::uint32_t sender_ssrc, std::uint32_t media_ssrc, std::uint8_t sequence);
    void remb(std::uint32_t sender_ssrc, std::uint64_t bits_per_second,
              const std::vector<std::uint32_t>& ssrcs);
    /// @p message's statuses have consecutive sequence numbers and are not empty; the first that
    /// was received lies at or after reference_time, and neighbours less than 8 s apart.
    void transport_cc(std::uint32_t sender_ssrc, const TransportCcMessage& message);

    [[nodiscard]] bool empty() const { return data_.empty(); }
    [[nodiscard]] std::size_t size() const { return data_.size(); }
    [[nodiscard]] const std::vector<std::uint8_t>& data() const { return data_; }

private:
    /// Header with a length that finish() fills in; gives the packet's offset.
    std::size_t begin(std::uint8_t type, std::size_t count);
    void finish(std::size_t at);
    void append_blocks(const std::vector<ReportBlock>& blocks);

    std::vector<std::uint8_t> data_;
};

} // namespace cf::emu

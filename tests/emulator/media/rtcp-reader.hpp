/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Reading RTCP: compound packets (RFC 3550 6), feedback (RFC 4585, 5104), transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01) and REMB (draft-alvestrand-rmcat-remb).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/emulator/media/rtp-packet.hpp"

namespace cf::emu
{

namespace rtcp_type
{
inline constexpr std::uint8_t kSenderReport = 200;
inline constexpr std::uint8_t kReceiverReport = 201;
inline constexpr std::uint8_t kSourceDescription = 202;
inline constexpr std::uint8_t kBye = 203;
inline constexpr std::uint8_t kTransportFeedback = 205;
inline constexpr std::uint8_t kPayloadFeedback = 206;
} // namespace rtcp_type

namespace rtcp_format
{
inline constexpr std::uint8_t kNack = 1;         ///< of kTransportFeedback
inline constexpr std::uint8_t kTransportCc = 15; ///< of kTransportFeedback
inline constexpr std::uint8_t kPli = 1;          ///< of kPayloadFeedback
inline constexpr std::uint8_t kFir = 4;          ///< of kPayloadFeedback
inline constexpr std::uint8_t kApplication = 15; ///< of kPayloadFeedback: REMB
} // namespace rtcp_format

/// One packet of a compound.
struct RtcpPacket {
    std::uint8_t type = 0;
    std::uint8_t count = 0; ///< reception report count, source count or feedback format
    Bytes body;             ///< after the four header bytes, without padding
};

/// Walks a compound packet.
class RtcpReader
{
public:
    explicit RtcpReader(Bytes data) : rest_(data) {}
    /// The next packet; nothing at the end or at the first that is broken.
    [[nodiscard]] std::optional<RtcpPacket> next();
    /// Whether something broken ended the walk.
    [[nodiscard]] bool malformed() const { return malformed_; }

private:
    Bytes rest_;
    bool malformed_ = false;
};

struct ReportBlock {
    std::uint32_t ssrc = 0;
    std::uint8_t fraction_lost = 0;
    std::int32_t cumulative_lost = 0;
    std::uint32_t highest = 0;
    std::uint32_t jitter = 0;
    std::uint32_t last_sr = 0;  ///< middle 32 bits of the NTP time of our report; 0: none yet
    std::uint32_t since_sr = 0; ///< units of 1/65536 s
};

struct SenderReport {
    std::uint32_t ssrc = 0;
    std::uint64_t ntp = 0;
    std::uint32_t rtp_timestamp = 0;
    std::uint32_t packets = 0;
    std::uint32_t octets = 0;
};

struct NackMessage {
    std::uint32_t media_ssrc = 0;
    std::vector<std::uint16_t> sequences;
};

struct FirMessage {
    struct Entry {
        std::uint32_t ssrc = 0;
        std::uint8_t sequence = 0;
    };
    std::vector<Entry> entries;
};

struct RembMessage {
    std::uint64_t bits_per_second = 0;
    std::vector<std::uint32_t> ssrcs;
};

struct TransportCcMessage {
    std::uint32_t media_ssrc = 0;
    std::uint8_t feedback_count = 0;
    std::int32_t reference_time = 0; ///< units of 64 ms, signed 24 bits
    struct Status {
        std::uint16_t sequence = 0;
        bool received = false;
        /// Arrival in units of 250 us after reference_time, if received.
        std::int64_t arrival_ticks = 0;
    };
    std::vector<Status> statuses;
};

// Each gives nothing if the body does not hold what its counts promise.
[[nodiscard]] std::optional<SenderReport> read_sender_report(const RtcpPacket& packet);
/// Of a sender or a receiver report.
[[nodiscard]] std::optional<std::vector<ReportBlock>> read_report_blocks(const RtcpPacket& packet);
[[nodiscard]] std::optional<NackMessage> read_nack(const RtcpPacket& packet);
/// Media SSRC of a PLI.
[[nodiscard]] std::optional<std::uint32_t> read_pli(const RtcpPacket& packet);
[[nodiscard]] std::optional<FirMessage> read_fir(const RtcpPacket& packet);
/// Also nothing if the application feedback is not a REMB.
[[nodiscard]] std::optional<RembMessage> read_remb(const RtcpPacket& packet);
[[nodiscard]] std::optional<TransportCcMessage> read_transport_cc(const RtcpPacket& packet);
[[nodiscard]] std::optional<std::vector<std::uint32_t>> read_bye(const RtcpPacket& packet);

} // namespace cf::emu

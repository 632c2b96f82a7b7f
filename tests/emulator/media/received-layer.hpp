/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ReceivedLayer: what is known about one stream of a publication (one simulcast layer, or the only
// one): its SSRCs, statistics, missing packets, sender reports, pending key frame request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/emulator/media/media-stats.hpp"
#include "tests/emulator/media/nack-generator.hpp"
#include "tests/emulator/media/rate-meter.hpp"
#include "tests/emulator/media/reception-statistics.hpp"
#include "tests/emulator/media/sequence.hpp"

namespace cf::emu
{

/// The last sender report of a stream.
struct SenderReportInfo {
    std::uint64_t ntp = 0; ///< 32.32 fixed point, the peer's clock
    std::uint32_t rtp_timestamp = 0;
    TimePoint arrival{};
};

/// A key frame that somebody waits for.
struct KeyFrameRequest {
    bool wanted = false;
    bool fir = false;
    unsigned tries = 0;
    TimePoint last_sent{};
    std::uint8_t fir_sequence = 0;

    /// At most two requests a second go upstream, however many subscribers ask.
    static constexpr Milliseconds kDebounce{500};
    /// Then the peer does not answer; a new request starts over.
    static constexpr unsigned kMaxTries = 10;
    static constexpr Milliseconds kPause{5000};
};

struct ReceivedLayer {
    std::string rid;
    std::optional<std::uint32_t> ssrc;
    std::optional<std::uint32_t> rtx_ssrc;
    std::optional<std::uint32_t> previous_ssrc; ///< stragglers of it are not a change back
    std::uint8_t payload_type = 0;
    std::uint32_t clock_rate = 90000;

    SequenceExtender sequence;
    /// RFC 3550 A.1: a number far off the last ones counts only if its successor follows.
    std::optional<std::uint16_t> expected_after_jump;
    ReceptionStatistics reception;
    NackGenerator nack;
    RateMeter rate;
    std::optional<SenderReportInfo> sender_report;
    KeyFrameRequest key_frame_request;

    std::uint64_t media_packets = 0;
    std::uint64_t padding_packets = 0;
    std::uint64_t duplicate_packets = 0;
    std::uint64_t key_frames = 0;
    std::uint64_t plis_sent = 0;
    std::uint64_t sender_reports = 0;
    std::uint32_t key_frame_timestamp = 0; ///< of the newest key frame, valid if key_frames > 0
    std::uint32_t newest_timestamp = 0;
    TimePoint newest_arrival{};
    TimePoint first_packet{};
    TimePoint last_packet{};

    /// Whether packets came within the last @p silence.
    [[nodiscard]] bool flowing(TimePoint now, Milliseconds silence) const
    {
        return rate.packets() > 0 && now - last_packet <= silence;
    }
};

} // namespace cf::emu

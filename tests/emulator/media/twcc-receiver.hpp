/* SPDX-License-Identifier: LGPL-2.1-or-later */
// TwccReceiver: arrival times of all packets of a transport, reported back
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "lib/base/executor.hpp"
#include "tests/emulator/media/rtcp-reader.hpp"
#include "tests/emulator/media/sequence.hpp"

namespace cf::emu
{

class TwccReceiver
{
public:
    void on_packet(std::uint16_t transport_sequence, std::uint32_t media_ssrc, TimePoint now);
    /// The next feedback message if one is due.
    [[nodiscard]] std::optional<TransportCcMessage> due(TimePoint now);

    /// Often enough for a controller that reacts within a round trip, rare enough not to matter.
    static constexpr Milliseconds kInterval{80};
    /// Keeps a message within one datagram.
    static constexpr std::size_t kMaxStatuses = 400;

private:
    [[nodiscard]] TransportCcMessage build();

    std::map<std::int64_t, TimePoint> arrivals_; ///< not yet reported
    SequenceExtender sequence_;
    std::optional<std::int64_t> next_base_; ///< first number the next message speaks about
    std::uint32_t media_ssrc_ = 0;
    std::uint8_t feedback_count_ = 0;
    TimePoint last_sent_{};
};

} // namespace cf::emu

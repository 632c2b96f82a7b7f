/* SPDX-License-Identifier: LGPL-2.1-or-later */
// PeerWatchdog: notices a media server that has gone, or that is not let through, while every state
// of webrtcbin says "connected". Pure: it is given what was counted and the time.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/base/executor.hpp"

namespace cf::gst
{

/// What passed webrtcbin's socket so far, decrypted or not.
struct TrafficSample {
    TimePoint now;
    std::optional<TimePoint> last_rtcp_in;
    std::optional<TimePoint> last_rtp_out;
    std::uint64_t rtp_packets_in = 0;
    bool any_rtp_through = false; ///< a packet has come out of webrtcbin
    bool receiving = false;       ///< some track is expected
};

/// While packets leave, a server that is alive answers with reports every second or so; only when
/// it has done so before may its silence be held against it. While nothing leaves, silence says
/// nothing, and ICE's own checks have to notice (libnice: 48 s, or 30 s from GStreamer 1.24).
class PeerWatchdog
{
public:
    enum class Verdict {
        Alive,
        Silent,  ///< no report for kSilence although packets leave; may come back
        Blocked, ///< packets arrive, but none gets through (P3); will not come back
    };
    /// Session waits `disconnect-timeout` (7 s) on top before it gives up the connection.
    static constexpr Milliseconds kSilence{8000};
    /// A pause in what leaves that is longer than this begins a new observation.
    static constexpr Milliseconds kPause{2000};
    static constexpr Milliseconds kBlockedTime{5000};
    static constexpr std::uint64_t kBlockedPackets = 200; ///< more than probing or a stray burst

    /// To be called about every second while connected.
    [[nodiscard]] Verdict look(const TrafficSample& sample);
    /// The connection is new, or has come back.
    void reset() { *this = PeerWatchdog{}; }

private:
    std::optional<TimePoint> sending_since_;
    std::optional<TimePoint> blocked_since_;
};

} // namespace cf::gst

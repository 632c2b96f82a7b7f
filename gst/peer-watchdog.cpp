/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/peer-watchdog.hpp"

#include <algorithm>

namespace cf::gst
{

PeerWatchdog::Verdict PeerWatchdog::look(const TrafficSample& s)
{
    if (s.receiving && !s.any_rtp_through && s.rtp_packets_in >= kBlockedPackets) {
        if (!blocked_since_)
            blocked_since_ = s.now;
        if (s.now - *blocked_since_ >= kBlockedTime)
            return Verdict::Blocked;
    } else {
        blocked_since_.reset();
    }

    if (!s.last_rtp_out || s.now - *s.last_rtp_out > kPause) {
        sending_since_.reset();
        return Verdict::Alive;
    }
    if (!sending_since_)
        sending_since_ = s.now;
    if (!s.last_rtcp_in)
        return Verdict::Alive;
    return s.now - std::max(*s.last_rtcp_in, *sending_since_) >= kSilence ? Verdict::Silent
                                                                          : Verdict::Alive;
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// BarePair: two webrtcbins that are handed each other's SDP and candidates directly: the least time
// in which media can start with webrtcbin, and so the yardstick for the elements.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "gst/gst-ref.hpp"
#include "lib/base/executor.hpp"

namespace cf::bench
{

/// Opus and VP8, encoded, live; each stream ends in an element named "audio" or "video".
extern const char* const kEncodedSources;

/// Moments of one start, counted from the moment before PLAYING was set.
struct StartUp {
    Microseconds first_rtp{-1};   ///< the first RTP packet has left the receiver's DTLS
    Microseconds first_frame{-1}; ///< the first picture has left the decoder
};

/// Starts a pair, waits for both moments and takes it down; nothing after @p patience.
std::optional<StartUp> run_bare_pair(Milliseconds patience);

/// Has the process's DTLS certificate made, which costs up to 0.4 s the first time.
void warm_up_certificate();

} // namespace cf::bench

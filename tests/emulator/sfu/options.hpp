/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Options: every timer, limit and open question of the SFU. The command line sets them; the
// guide (docs/guides/emulator.md) says what is known about each.
#pragma once

#include <string>

#include "lib/base/executor.hpp"
#include "tests/emulator/sdp/checks.hpp"
#include "tests/emulator/sdp/codecs.hpp"

namespace cf::emu
{

/// What to do with a second publication under a name that the session uses already.
enum class DuplicateNames { Refuse, Replace };

/// Which m= sections the SFU's own offers may use again.
enum class ReuseSections {
    Closed,  ///< stopped ones, and its own ones that were closed by an exchange of SDP
    Stopped, ///< only those that the client stopped (port 0)
    Never,
};

/// What an ingest adapter's track carries while its WebSocket brings nothing.
enum class IngestSilence {
    AfterAudio, ///< silence, but nothing at all before the first sound
    Always,
    Never,
};

struct Timers {
    Milliseconds connect_wait{5000};     ///< an operation that needs the transport waits this long
    Milliseconds packet_wait{8000};      ///< a pull waits this long for the first packet
    Milliseconds never_connected{30000}; ///< life of a session that never connects
    Milliseconds disconnected{30000};    ///< a session that lost its peer can come back
    Milliseconds channel_ack{30000};     ///< a channel with waitForAck is torn down after it
    Milliseconds silent_track{30000};    ///< a track without packets is collected
    Milliseconds adapter_connect{5000};  ///< for the WebSocket handshake of an adapter
    Milliseconds adapter_reconnect{15000}; ///< an egress adapter dials again for this long
    Milliseconds jpeg_interval{1000};      ///< between the pictures of an egress adapter
};

struct Limits {
    unsigned requests_per_second = 50; ///< per session; 0: no limit
    std::size_t tracks_per_call = 64;
    std::size_t sections_per_session = 512; ///< beyond it the session is gone (410)
    std::size_t sessions = 2000;
    std::size_t body_bytes = 1024 * 1024;
    std::size_t log_entries = 500;
    std::size_t log_bytes = 16 * 1024 * 1024;
    std::size_t name_bytes = 1024;   ///< of a track; longer ones are refused
    std::size_t closed_tracks = 128; ///< per session and direction, that inspection still shows
    std::size_t adapters = 64;
    std::size_t ingest_buffer_ms = 60000; ///< sound that waits to be played, per adapter
};

struct SfuOptions {
    std::string app_id = "local-app";
    std::string app_secret = "local-secret";
    /// Address in the ICE candidate; empty: the one that is listened on.
    std::string announce;
    Timers timers;
    Limits limits;
    sdp::CodecRules codecs;
    sdp::CheckRules sdp;
    DuplicateNames duplicate_names = DuplicateNames::Refuse;
    ReuseSections reuse_sections = ReuseSections::Closed;
    /// Offers for pulls list only the publication's codec, or every codec that the SFU knows.
    bool offer_all_codecs = false;
    /// Offers for pulls declare their SSRCs.
    bool offer_ssrc = true;
    /// Sections whose track was closed are rejected (port 0) instead of inactive.
    bool reject_closed = false;
    /// Items of an answer to autoDiscover say whether they are audio or video.
    bool discovered_kind = false;
    /// 429 answers carry Retry-After.
    bool retry_after = false;
    /// Adapters do not dial to this machine, as the service does not.
    bool refuse_localhost = false;
    IngestSilence ingest_silence = IngestSilence::AfterAudio;
    /// Timestamps of egress adapters count milliseconds, not 1/48000 s of sound and 1/90000 s of
    /// video.
    bool adapter_milliseconds = false;
    /// Closing an adapter that has ended is an error, as it was before September 2026.
    bool strict_adapter_close = false;
    unsigned jpeg_quality = 85;
};

} // namespace cf::emu

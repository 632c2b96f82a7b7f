/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What the media plane counted, as plain values: for the state API, the page and the tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/executor.hpp"
#include "tests/emulator/media/rtp-parameters.hpp"

namespace cf::emu
{

/// Counts since creation; rates over the last whole second.
struct RateStats {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0; ///< whole RTP packets, without SRTP tag, UDP and IP
    std::uint32_t packets_per_second = 0;
    std::uint64_t bits_per_second = 0;
};

/// One received stream of a publication.
struct LayerStats {
    std::string rid; ///< empty without simulcast
    std::uint32_t ssrc = 0;
    std::optional<std::uint32_t> rtx_ssrc;
    std::uint8_t payload_type = 0; ///< of the last packet, before RTX was undone: never RTX's own
    RateStats rate;
    std::uint64_t padding_packets = 0; ///< without payload
    std::uint64_t duplicate_packets = 0;
    std::uint64_t key_frames = 0; ///< audio: stays 0
    std::int64_t lost = 0;        ///< RFC 3550 cumulative; RTX repairs count as received
    double fraction_lost = 0;     ///< as in the last receiver report, 0...1
    double jitter_ms = 0;
    std::uint64_t nacks_sent = 0;     ///< sequence numbers asked for, repeats included
    std::uint64_t recovered = 0;      ///< packets that came back after a NACK, by RTX or plainly
    std::uint64_t given_up = 0;       ///< sequence numbers no longer asked for
    std::uint64_t plis_sent = 0;      ///< PLI and FIR together
    std::uint64_t sender_reports = 0; ///< received
    TimePoint first_packet{};
    TimePoint last_packet{};
};

struct PublicationStats {
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    std::string codec; ///< encoding name in use; empty before the first packet
    bool closed = false;
    std::vector<LayerStats> layers;
    /// Packets of each of the last (at most 60) whole seconds, all layers, newest last. Counts
    /// media packets only: neither RTX nor padding.
    std::vector<std::uint32_t> packets_by_second;
    std::size_t subscriptions = 0;
};

/// One packet as it arrived; for tests that measure gaps.
struct PacketRecord {
    TimePoint arrival{};
    std::uint32_t rtp_timestamp = 0;
    std::uint16_t sequence = 0;
    std::uint16_t size = 0; ///< bytes of the RTP packet
    std::uint8_t layer = 0; ///< index into PublicationStats::layers
    bool marker = false;
    bool key_frame = false; ///< first packet of one
    bool retransmitted = false;
};

struct SubscriptionStats {
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    std::uint32_t ssrc = 0;
    std::uint32_t rtx_ssrc = 0;
    bool has_source = false;
    bool waiting_for_key_frame = false;
    bool codec_missing = false; ///< the peer accepted no payload type for what is published
    std::string rid;            ///< layer being forwarded
    std::string target_rid;     ///< layer wanted; differs from rid until its next key frame
    RateStats rate;             ///< first transmissions only
    std::uint64_t retransmitted = 0;
    std::uint64_t padding_dropped = 0;
    std::uint64_t nacks_received = 0; ///< sequence numbers asked for
    std::uint64_t nacks_unserved = 0; ///< of these, no longer in the cache
    std::uint64_t plis_received = 0;  ///< PLI and FIR together
    std::uint64_t key_frames = 0;
    std::uint64_t layer_switches = 0;
    std::uint64_t sender_reports = 0;    ///< sent
    std::optional<double> rtt_ms;        ///< from the peer's receiver reports
    std::optional<double> fraction_lost; ///< as last reported by the peer, 0...1
    std::optional<std::int64_t> lost;    ///< as last reported
    std::optional<double> jitter_ms;     ///< as last reported
    TimePoint first_packet{};            ///< forwarded
    TimePoint last_packet{};
};

/// Inputs that were refused; a hostile or broken peer shows here, nowhere else.
struct MalformedStats {
    std::uint64_t stun = 0;
    std::uint64_t dtls = 0;
    std::uint64_t rtp = 0;
    std::uint64_t rtcp = 0;
    std::uint64_t srtp_auth = 0;    ///< authentication failed
    std::uint64_t srtp_replay = 0;  ///< replayed or too old
    std::uint64_t rtp_unmapped = 0; ///< belongs to no m-section
    std::uint64_t unknown = 0;      ///< first byte names no protocol (RFC 7983)
};

struct TransportStats {
    std::string remote_address; ///< "127.0.0.1:4711"; empty before nomination
    std::string srtp_profile;   ///< "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM" or empty
    std::uint64_t stun_requests = 0;
    std::uint64_t stun_errors = 0; ///< error answers sent: 400, 401, 420
    std::uint64_t datagrams_in = 0;
    std::uint64_t datagrams_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t twcc_sent = 0;     ///< feedback packets
    std::uint64_t twcc_received = 0; ///< feedback packets
    std::optional<std::uint64_t> remb_received_bps;
    std::optional<double> rtt_ms;
    std::optional<std::uint64_t> estimate_bps; ///< what this peer can receive, if known
    TimePoint created{};
    std::optional<TimePoint> connected;    ///< first time
    std::optional<TimePoint> last_consent; ///< last authenticated check
    MalformedStats malformed;
};

struct ServerStats {
    std::size_t transports = 0;
    std::uint64_t datagrams_in = 0;
    std::uint64_t datagrams_out = 0;
    std::uint64_t send_drops = 0;      ///< the socket's buffer was full
    std::uint64_t unknown_ufrag = 0;   ///< STUN for no session
    std::uint64_t unknown_address = 0; ///< anything else from an address without a session
};

} // namespace cf::emu

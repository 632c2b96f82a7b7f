/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Subscription: one m-section in the direction SFU -> peer. Turns packets of whatever publication
// is behind it into one continuous stream with the peer's own SSRC, payload types and ids.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/calls/types.hpp"
#include "tests/emulator/media/extension-map.hpp"
#include "tests/emulator/media/key-frame.hpp"
#include "tests/emulator/media/media-stats.hpp"
#include "tests/emulator/media/packet-cache.hpp"
#include "tests/emulator/media/rate-meter.hpp"
#include "tests/emulator/media/rtcp-writer.hpp"
#include "tests/emulator/media/rtp-parameters.hpp"
#include "tests/emulator/media/stream-rewriter.hpp"
#include "tests/emulator/media/token-bucket.hpp"
#include "tests/emulator/media/vp8-descriptor.hpp"

namespace cf::emu
{

class Publication;

/// How a subscription sends; implemented by the transport.
class RtpSink
{
public:
    virtual ~RtpSink() = default;
    /// Whether packets would leave now.
    [[nodiscard]] virtual bool ready() const = 0;
    /// Sends the first @p size bytes of @p buffer, which it may change, and which has room for the
    /// SRTP trailer behind them.
    virtual void send_rtp(std::span<std::uint8_t> buffer, std::size_t size,
                          const SendStamps& stamps, TimePoint now) = 0;
    virtual void send_rtcp(const RtcpWriter& packet) = 0;
};

/// Created by Transport::send() when the offer is written, because the offer names its SSRCs;
/// forwards once set_parameters() has said what the peer accepted, the transport is connected and
/// a publication is behind it (for video: from the next key frame on). Main thread only.
class Subscription
{
public:
    struct Options {
        std::string cname;
        bool forward_padding = false;
    };
    Subscription(RtpSink& sink, std::string mid, MediaKind kind, Options options);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    [[nodiscard]] const std::string& mid() const { return mid_; }
    [[nodiscard]] MediaKind kind() const { return kind_; }
    /// For a=ssrc and a=ssrc-group:FID.
    [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
    [[nodiscard]] std::uint32_t rtx_ssrc() const { return rtx_ssrc_; }
    /// For a=ssrc:... cname:...; the same for all subscriptions of a transport.
    [[nodiscard]] const std::string& cname() const { return options_.cname; }

    /// What was negotiated. May be called again after each renegotiation.
    void set_parameters(SendParameters parameters);
    /// Puts @p publication behind the section, in place of what was there; sequence numbers and
    /// timestamps go on. nullptr: nothing is forwarded.
    void set_source(std::shared_ptr<Publication> publication);
    [[nodiscard]] const std::shared_ptr<Publication>& source() const { return source_; }
    /// Which simulcast layer is wanted (calls-api 4.5). No preferred_rid, or an empty one: by
    /// bandwidth, best first. Layers sort in ASCII order, "a" best.
    void set_layer_policy(const calls::Simulcast& policy) { policy_ = policy; }
    [[nodiscard]] const calls::Simulcast& layer_policy() const { return policy_; }
    /// Stops forwarding without forgetting where the stream was; video goes on with a key frame.
    void set_paused(bool paused);

    [[nodiscard]] SubscriptionStats stats(TimePoint now) const;

    // For the transport.
    /// The section was stopped or the transport is going: nothing is sent any more.
    void close();
    void tick(TimePoint now);
    void on_report_block(const ReportBlock& block, TimePoint now);
    void on_nack(const std::vector<std::uint16_t>& sequences, TimePoint now);
    void on_key_frame_request(bool fir, TimePoint now);
    /// Whether it has layers to choose from.
    [[nodiscard]] bool is_adaptive() const;
    /// Bits per second of its best layer, or of its only one.
    [[nodiscard]] std::uint64_t wanted_bps(TimePoint now) const;
    /// What the peer can take for this subscription; nothing: unknown.
    void set_budget(std::optional<std::uint64_t> bits_per_second) { budget_ = bits_per_second; }

    // For the publication.
    /// One packet of layer @p layer; @p extended: its sequence number without wraps.
    void on_packet(std::size_t layer, const RtpPacket& packet, std::int64_t extended,
                   bool key_frame, TimePoint now);
    void on_source_updated();
    /// The numbers of @p layer start over.
    void on_layer_restarted(std::size_t layer);

private:
    struct Mapping {
        bool known = false;
        std::uint8_t payload_type = 0;
        std::optional<std::uint8_t> rtx_payload_type;
        PayloadFormat format = PayloadFormat::Other;
        bool nack = false;
        std::uint32_t clock_rate = 90000;
    };

    void build_mappings();
    bool enter_layer(std::size_t layer, const RtpPacket& packet, std::int64_t extended,
                     bool key_frame, TimePoint now);
    [[nodiscard]] std::optional<std::uint32_t> aligned_offset(std::size_t layer) const;
    void forward(const RtpPacket& packet, const Mapping& mapping, std::uint16_t sequence,
                 bool key_frame, TimePoint now);
    void resend(CachedPacket& cached, TimePoint now);
    void update_target(TimePoint now);
    void send_sender_report(TimePoint now);
    [[nodiscard]] std::optional<std::uint32_t> timestamp_at(TimePoint now) const;

    RtpSink* sink_;
    std::string mid_;
    MediaKind kind_;
    Options options_;
    std::uint32_t ssrc_;
    std::uint32_t rtx_ssrc_;
    std::uint16_t rtx_sequence_;

    std::optional<SendParameters> parameters_;
    std::shared_ptr<Publication> source_;
    calls::Simulcast policy_;
    bool paused_ = false;
    std::optional<std::uint64_t> budget_;

    std::array<Mapping, 128> mappings_; ///< by the source's payload type
    ExtensionMap extensions_;
    StreamRewriter rewriter_;
    Vp8Rewriter vp8_;
    PacketCache cache_;

    std::optional<std::size_t> current_layer_;
    std::optional<std::size_t> target_layer_;
    bool waiting_for_key_frame_ = true;
    bool fir_for_switch_ = false;
    std::uint32_t clock_rate_ = 90000;
    std::uint8_t last_payload_type_ = 0;
    std::uint32_t last_key_timestamp_ = 0;

    RateMeter rate_;
    TokenBucket resend_allowance_;
    std::uint64_t payload_octets_ = 0;
    TimePoint last_sender_report_{};
    SubscriptionStats counters_;
    Milliseconds rtt_{0};
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Publication: one m-section in the direction peer -> SFU, what arrives in it, and the feedback
// that keeps it arriving. Subscriptions hang on it.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/emulator/media/media-stats.hpp"
#include "tests/emulator/media/received-layer.hpp"
#include "tests/emulator/media/rtcp-reader.hpp"
#include "tests/emulator/media/rtp-packet.hpp"
#include "tests/emulator/media/rtp-parameters.hpp"

namespace cf::emu
{

class Subscription;

/// How a publication talks back to its peer; implemented by the transport.
class FeedbackSink
{
public:
    virtual ~FeedbackSink() = default;
    /// @p sender_ssrc: what the request comes from.
    virtual void send_key_frame_request(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                                        bool fir, std::uint8_t fir_sequence, bool reduced_size) = 0;
    virtual void send_nack(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                           const std::vector<std::uint16_t>& sequences, bool reduced_size) = 0;
    /// The offset of the peer's NTP clock, from all its sender reports; nothing before the first.
    [[nodiscard]] virtual std::optional<std::int64_t> peer_clock_offset() const = 0;
};

/// Created by Transport::receive(); lives as long as somebody holds it, but goes silent when its
/// section is stopped or its transport closed. Main thread only.
class Publication
{
public:
    explicit Publication(FeedbackSink& feedback);
    ~Publication();
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;

    [[nodiscard]] const std::string& mid() const { return parameters_.mid; }
    [[nodiscard]] MediaKind kind() const { return parameters_.kind; }
    [[nodiscard]] const ReceiveParameters& parameters() const { return parameters_; }

    /// Whether the section was stopped or the transport closed: nothing will arrive any more.
    [[nodiscard]] bool closed() const { return feedback_ == nullptr; }
    /// Whether media (not only padding) has arrived.
    [[nodiscard]] bool has_packets() const { return first_packet_.has_value(); }
    [[nodiscard]] std::optional<TimePoint> first_packet() const { return first_packet_; }
    [[nodiscard]] std::optional<TimePoint> last_packet() const { return last_packet_; }
    /// Codec of the last media packet; before the first, nothing.
    [[nodiscard]] const RtpCodec* active_codec() const;
    /// RIDs of the layers whose packets arrived, in order of arrival; { "" } without simulcast.
    [[nodiscard]] std::vector<std::string> active_rids() const;

    [[nodiscard]] PublicationStats stats(TimePoint now) const;
    /// The last packets that arrived, oldest first; at most kRecordCapacity.
    [[nodiscard]] std::vector<PacketRecord> records() const;
    static constexpr std::size_t kRecordCapacity = 4096;

    /// Asks the peer for a key frame of @p layer, unless one was asked for a moment ago; asks again
    /// until it comes. No-op for audio. @p fir: prefer FIR over PLI where both were negotiated.
    void request_key_frame(std::size_t layer, TimePoint now, bool fir = false);
    /// The same for every layer that is flowing.
    void request_key_frames(TimePoint now);

    // For the transport.
    void update(ReceiveParameters parameters);
    void close();
    /// The layer of @p rid ("" without simulcast), created when it is new.
    [[nodiscard]] std::size_t layer_for_rid(const std::string& rid);
    [[nodiscard]] ReceivedLayer& layer(std::size_t index) { return *layers_[index]; }
    [[nodiscard]] const ReceivedLayer& layer(std::size_t index) const { return *layers_[index]; }
    [[nodiscard]] std::size_t layer_count() const { return layers_.size(); }
    /// One packet of a layer, RTX undone. @p retransmitted: it came by RTX.
    void on_packet(std::size_t layer, const RtpPacket& packet, std::size_t wire_size,
                   bool retransmitted, TimePoint now);
    void on_sender_report(std::size_t layer, const SenderReport& report, TimePoint now);
    void tick(TimePoint now);
    /// What the next receiver report says, from feedback_ssrc(); starts the next interval.
    [[nodiscard]] std::vector<ReportBlock> make_report_blocks(TimePoint now);
    /// Where reports and requests about this publication come from.
    [[nodiscard]] std::uint32_t feedback_ssrc() const { return feedback_ssrc_; }
    /// See FeedbackSink; nothing when closed.
    [[nodiscard]] std::optional<std::int64_t> peer_clock_offset() const;
    /// Layers without packets for longer than this count as gone (calls-api 4.5, ridNotAvailable).
    static constexpr Milliseconds kLayerSilence{1500};

    // For subscriptions.
    void attach(Subscription& subscription);
    void detach(Subscription& subscription);
    [[nodiscard]] const std::vector<Subscription*>& subscriptions() const { return subscribers_; }

    /// Runs once, at the first media packet.
    std::function<void()> on_first_packet;

private:
    /// Whether @p packet continues its layer; false: drop it. Restarts the layer where the sender
    /// did.
    bool admit(std::size_t layer, const RtpPacket& packet, std::int64_t& extended, TimePoint now);
    void restart_layer(std::size_t layer, std::uint32_t ssrc);
    bool note_key_frame(ReceivedLayer& layer, const RtpPacket& packet, const RtpCodec& codec,
                        std::int64_t extended);
    void record(std::size_t layer, const RtpPacket& packet, std::size_t wire_size, bool key_frame,
                bool retransmitted, TimePoint now);
    void count_second(TimePoint now, bool packet);
    void send_due_nacks(ReceivedLayer& layer, TimePoint now);
    void send_due_key_frame_request(ReceivedLayer& layer, TimePoint now);
    [[nodiscard]] LayerStats layer_stats(const ReceivedLayer& layer, TimePoint now) const;

    FeedbackSink* feedback_;
    /// One of its own: GStreamer's rtpsession drops a key frame request that follows another from
    /// the same SSRC within two round trips, even if it is for another stream. Reports come from it
    /// too, because rtpsession ignores a FIR from an SSRC that it does not know.
    std::uint32_t feedback_ssrc_;
    ReceiveParameters parameters_;
    std::vector<std::unique_ptr<ReceivedLayer>> layers_;
    std::vector<Subscription*> subscribers_;
    std::optional<TimePoint> first_packet_;
    std::optional<TimePoint> last_packet_;
    std::optional<std::uint8_t> active_payload_type_;
    std::vector<PacketRecord> records_;
    std::size_t next_record_ = 0;
    std::deque<std::uint32_t> seconds_;
    std::optional<TimePoint> second_start_;
    std::uint32_t second_count_ = 0;
};

} // namespace cf::emu

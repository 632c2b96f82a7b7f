/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionTransport: the Transport that MediaServer makes. Joins the secure channel, the m-sections
// and RTCP.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/emulator/media/bandwidth-estimator.hpp"
#include "tests/emulator/media/rtp-demuxer.hpp"
#include "tests/emulator/media/secure-channel.hpp"
#include "tests/emulator/media/transport.hpp"
#include "tests/emulator/media/twcc-receiver.hpp"
#include "tests/emulator/sctp/sctp-association.hpp"

namespace cf::emu
{

class SessionTransport;

/// What a transport needs of its server.
class TransportHost
{
public:
    virtual ~TransportHost() = default;
    virtual void send(const SocketAddress& peer, std::span<std::uint8_t> datagram,
                      TimePoint now) = 0;
    /// Datagrams from @p peer belong to @p transport from now on.
    virtual void bind(const SocketAddress& peer, SessionTransport& transport) = 0;
    virtual void add_ufrag(const std::string& ufrag, SessionTransport& transport) = 0;
    virtual void remove(SessionTransport& transport) = 0;
    [[nodiscard]] virtual TimePoint now() const = 0;
};

class SessionTransport final : public Transport, private FeedbackSink, private RtpSink
{
public:
    struct Options {
        Milliseconds consent_timeout{};
        bool forward_padding = false;
    };
    SessionTransport(TransportHost& host, const DtlsContext& context, Options options);
    ~SessionTransport() override;

    [[nodiscard]] const std::string& local_ufrag() const override;
    [[nodiscard]] const std::string& local_pwd() const override;
    [[nodiscard]] Status set_remote(const RemoteParameters& remote, DtlsRole local_role) override;
    [[nodiscard]] std::optional<DtlsRole> dtls_role() const override;
    void restart_ice() override;
    [[nodiscard]] TransportState state() const override { return channel_.state(); }
    std::shared_ptr<Publication> receive(ReceiveParameters parameters) override;
    void stop_receiving(const std::string& mid) override;
    [[nodiscard]] std::shared_ptr<Publication> publication(const std::string& mid) const override;
    std::shared_ptr<Subscription> send(const std::string& mid, MediaKind kind) override;
    void stop_sending(const std::string& mid) override;
    [[nodiscard]] std::shared_ptr<Subscription> subscription(const std::string& mid) const override;
    [[nodiscard]] std::vector<std::shared_ptr<Publication>> publications() const override;
    [[nodiscard]] std::vector<std::shared_ptr<Subscription>> subscriptions() const override;
    DataChannels& start_data_channels(const SctpParameters& parameters) override;
    [[nodiscard]] DataChannels* data_channels() const override { return sctp_.get(); }
    void close() override;
    [[nodiscard]] TransportStats stats(TimePoint now) const override;
    [[nodiscard]] NetworkFaults& faults(FaultDirection direction) override;

    // For the server.
    void on_datagram(const SocketAddress& from, std::span<std::uint8_t> datagram, TimePoint now);
    void tick(TimePoint now);
    /// The server is going: the transport stays as an empty shell.
    void detach();

private:
    // FeedbackSink
    void send_key_frame_request(std::uint32_t sender_ssrc, std::uint32_t media_ssrc, bool fir,
                                std::uint8_t fir_sequence, bool reduced_size) override;
    void send_nack(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                   const std::vector<std::uint16_t>& sequences, bool reduced_size) override;
    [[nodiscard]] std::optional<std::int64_t> peer_clock_offset() const override;
    // RtpSink
    [[nodiscard]] bool ready() const override { return channel_.ready(); }
    void send_rtp(std::span<std::uint8_t> buffer, std::size_t size, const SendStamps& stamps,
                  TimePoint now) override;
    void send_rtcp(const RtcpWriter& packet) override;

    [[nodiscard]] SecureChannel::Callbacks channel_callbacks();
    void deliver(const SocketAddress& from, std::span<std::uint8_t> datagram, TimePoint now);
    void on_rtp(Bytes datagram, TimePoint now);
    void on_rtcp(Bytes datagram, TimePoint now);
    void on_rtcp_packet(const RtcpPacket& packet, TimePoint now);
    void on_sender_report(const RtcpPacket& packet, TimePoint now);
    void on_transport_feedback(const RtcpPacket& packet, TimePoint now);
    void on_payload_feedback(const RtcpPacket& packet, TimePoint now);
    [[nodiscard]] Subscription* subscription_of(std::uint32_t ssrc) const;
    void send_receiver_reports(TimePoint now);
    /// Feedback stands behind a report unless reduced size was negotiated (RFC 5506).
    [[nodiscard]] RtcpWriter begin_feedback(std::uint32_t sender_ssrc, bool reduced_size) const;
    [[nodiscard]] bool reduced_size() const;
    void notify_state();
    void close_sections();
    void tick_data_channels();
    /// Tells each subscription what it may take, in equal shares.
    void allocate_bandwidth(TimePoint now);

    TransportHost* host_;
    Options options_;
    std::string cname_;
    std::uint32_t feedback_ssrc_;
    NetworkFaults from_peer_;
    NetworkFaults to_peer_;
    SecureChannel channel_;
    RtpDemuxer demuxer_;
    std::map<std::string, std::shared_ptr<Subscription>> subscriptions_;
    std::unique_ptr<SctpAssociation> sctp_;
    TwccReceiver twcc_;
    std::uint16_t transport_sequence_ = 0;
    BandwidthEstimator estimator_;
    TimePoint last_allocation_{};

    TransportState notified_ = TransportState::New;
    std::optional<std::int64_t> clock_offset_;
    TimePoint last_receiver_report_{};
    bool report_soon_ = false; ///< a publication began: the peer learns who will speak about it
    TimePoint created_;
    TransportStats counters_;
};

} // namespace cf::emu

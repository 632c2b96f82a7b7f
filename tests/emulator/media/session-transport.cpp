/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/session-transport.hpp"

#include <algorithm>

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/codec-match.hpp"
#include "tests/emulator/media/ntp-time.hpp"
#include "tests/emulator/media/random.hpp"

namespace cf::emu
{

namespace
{

constexpr std::size_t kMaxRtcp = 1400;
constexpr Milliseconds kReportInterval{1000};
constexpr Milliseconds kAllocationInterval{200};

std::string random_cname()
{
    char text[17];
    g_snprintf(text, sizeof text, "%016" G_GINT64_MODIFIER "x", random_number<guint64>());
    return text;
}

} // namespace

const char* to_string(TransportState state)
{
    switch (state) {
    case TransportState::New:
        return "new";
    case TransportState::Checking:
        return "checking";
    case TransportState::Connected:
        return "connected";
    case TransportState::Disconnected:
        return "disconnected";
    case TransportState::Failed:
        return "failed";
    case TransportState::Closed:
        break;
    }
    return "closed";
}

SessionTransport::SessionTransport(TransportHost& host, const DtlsContext& context, Options options)
    : host_(&host), options_(options), cname_(random_cname()), feedback_ssrc_(random_ssrc()),
      from_peer_([this](const SocketAddress& from, std::span<std::uint8_t> datagram,
                        TimePoint now) { deliver(from, datagram, now); }),
      to_peer_([this](const SocketAddress& to, std::span<std::uint8_t> datagram, TimePoint now) {
          if (host_ != nullptr)
              host_->send(to, datagram, now);
      }),
      channel_(context, options.consent_timeout, channel_callbacks()), created_(host.now())
{
    host.add_ufrag(local_ufrag(), *this);
}

SessionTransport::~SessionTransport()
{
    on_state = nullptr;
    close();
    if (host_ != nullptr)
        host_->remove(*this);
}

SecureChannel::Callbacks SessionTransport::channel_callbacks()
{
    SecureChannel::Callbacks c;
    c.send = [this](const SocketAddress& to, std::span<std::uint8_t> datagram) {
        if (host_ == nullptr)
            return;
        ++counters_.datagrams_out;
        counters_.bytes_out += datagram.size();
        to_peer_.submit(to, datagram, host_->now());
    };
    c.bind = [this](const SocketAddress& peer) {
        if (host_ != nullptr)
            host_->bind(peer, *this);
    };
    c.rtp = [this](Bytes datagram, TimePoint now) { on_rtp(datagram, now); };
    c.rtcp = [this](Bytes datagram, TimePoint now) { on_rtcp(datagram, now); };
    c.data = [this](Bytes data, TimePoint) {
        // Before the application section is negotiated nobody is there to hear it.
        if (sctp_)
            sctp_->receive(data);
    };
    return c;
}

const std::string& SessionTransport::local_ufrag() const
{
    return channel_.ice().local().ufrag;
}

const std::string& SessionTransport::local_pwd() const
{
    return channel_.ice().local().pwd;
}

Status SessionTransport::set_remote(const RemoteParameters& remote, DtlsRole local_role)
{
    if (host_ == nullptr)
        return Error{ErrorCode::State, "The server is shutting down."};
    return channel_.set_remote(remote, local_role, host_->now());
}

std::optional<DtlsRole> SessionTransport::dtls_role() const
{
    return channel_.dtls_role();
}

void SessionTransport::restart_ice()
{
    channel_.restart_ice();
    if (host_ != nullptr)
        host_->add_ufrag(local_ufrag(), *this);
}

// --- m-sections -----------------------------------------------------------------------------

std::shared_ptr<Publication> SessionTransport::receive(ReceiveParameters parameters)
{
    auto known = publication(parameters.mid);
    if (known) {
        known->update(std::move(parameters));
        demuxer_.update();
        return known;
    }
    auto created = std::make_shared<Publication>(static_cast<FeedbackSink&>(*this));
    created->update(std::move(parameters));
    created->on_first_packet = [this, raw = created.get()] {
        report_soon_ = true;
        if (on_first_packet)
            on_first_packet(*raw);
    };
    // A transport that is closed gives publications that are closed too.
    if (host_ == nullptr || state() == TransportState::Closed)
        created->close();
    else
        demuxer_.add(created);
    return created;
}

void SessionTransport::stop_receiving(const std::string& mid)
{
    if (const auto known = publication(mid)) {
        known->on_first_packet = nullptr;
        known->close();
        demuxer_.remove(mid);
    }
}

std::shared_ptr<Publication> SessionTransport::publication(const std::string& mid) const
{
    for (const auto& p : demuxer_.sections()) {
        if (p->mid() == mid)
            return p;
    }
    return nullptr;
}

std::shared_ptr<Subscription> SessionTransport::send(const std::string& mid, MediaKind kind)
{
    auto& slot = subscriptions_[mid];
    if (!slot)
        slot =
            std::make_shared<Subscription>(static_cast<RtpSink&>(*this), mid, kind,
                                           Subscription::Options{cname_, options_.forward_padding});
    return slot;
}

void SessionTransport::stop_sending(const std::string& mid)
{
    const auto it = subscriptions_.find(mid);
    if (it == subscriptions_.end())
        return;
    it->second->close();
    subscriptions_.erase(it);
}

std::shared_ptr<Subscription> SessionTransport::subscription(const std::string& mid) const
{
    const auto it = subscriptions_.find(mid);
    return it != subscriptions_.end() ? it->second : nullptr;
}

std::vector<std::shared_ptr<Publication>> SessionTransport::publications() const
{
    return demuxer_.sections();
}

std::vector<std::shared_ptr<Subscription>> SessionTransport::subscriptions() const
{
    std::vector<std::shared_ptr<Subscription>> all;
    for (const auto& [mid, subscription] : subscriptions_)
        all.push_back(subscription);
    return all;
}

Subscription* SessionTransport::subscription_of(std::uint32_t ssrc) const
{
    for (const auto& [mid, subscription] : subscriptions_) {
        if (subscription->ssrc() == ssrc)
            return subscription.get();
    }
    return nullptr;
}

void SessionTransport::close_sections()
{
    for (const auto& p : demuxer_.sections()) {
        p->on_first_packet = nullptr;
        p->close();
    }
    demuxer_.clear();
    for (const auto& [mid, subscription] : subscriptions_)
        subscription->close();
    subscriptions_.clear();
}

DataChannels& SessionTransport::start_data_channels(const SctpParameters& parameters)
{
    if (!sctp_)
        sctp_ = std::make_unique<SctpAssociation>(
            parameters,
            [this](std::span<const std::uint8_t> packet) { channel_.send_data(packet); });
    return *sctp_;
}

void SessionTransport::tick_data_channels()
{
    if (!sctp_ || !channel_.ready())
        return;
    sctp_->start();
    sctp_->tick();
}

void SessionTransport::close()
{
    if (sctp_)
        sctp_->shut_down();
    channel_.close();
    close_sections();
}

void SessionTransport::detach()
{
    close();
    host_ = nullptr;
}

// --- events ---------------------------------------------------------------------------------

void SessionTransport::on_datagram(const SocketAddress& from, std::span<std::uint8_t> datagram,
                                   TimePoint now)
{
    from_peer_.submit(from, datagram, now);
}

void SessionTransport::deliver(const SocketAddress& from, std::span<std::uint8_t> datagram,
                               TimePoint now)
{
    ++counters_.datagrams_in;
    counters_.bytes_in += datagram.size();
    channel_.on_datagram(from, datagram, now);
    notify_state();
}

void SessionTransport::notify_state()
{
    const TransportState state = channel_.state();
    if (state == notified_)
        return;
    notified_ = state;
    if (on_state)
        on_state(state);
}

void SessionTransport::tick(TimePoint now)
{
    from_peer_.tick(now);
    to_peer_.tick(now);
    channel_.tick(now);
    notify_state();
    tick_data_channels();
    if (!channel_.ready())
        return;
    allocate_bandwidth(now);
    for (const auto& p : demuxer_.sections())
        p->tick(now);
    for (const auto& [mid, subscription] : subscriptions_)
        subscription->tick(now);
    while (const auto feedback = twcc_.due(now)) {
        RtcpWriter w = begin_feedback(feedback_ssrc_, reduced_size());
        w.transport_cc(feedback_ssrc_, *feedback);
        ++counters_.twcc_sent;
        send_rtcp(w);
    }
    if (now - last_receiver_report_ >= kReportInterval || std::exchange(report_soon_, false))
        send_receiver_reports(now);
}

void SessionTransport::on_rtp(Bytes datagram, TimePoint now)
{
    auto packet = RtpPacket::parse(datagram);
    if (!packet) {
        ++channel_.malformed().rtp;
        return;
    }
    // Before anything is dropped: the sender's controller counts every packet that arrived.
    if (const std::uint8_t id = demuxer_.extension_id(extension_uri::kTransportCc); id != 0) {
        if (const auto value = packet->find_extension(id); value && value->size() == 2)
            twcc_.on_packet(read_u16(*value, 0), packet->ssrc, now);
    }
    const auto route = demuxer_.route(*packet);
    const RtpCodec* codec =
        route ? find_codec(route->publication->parameters().codecs, packet->payload_type) : nullptr;
    if (codec == nullptr) {
        ++channel_.malformed().rtp_unmapped;
        return;
    }
    if (!codec->apt) {
        route->publication->on_packet(route->layer, *packet, datagram.size(), false, now);
        return;
    }
    // RFC 4588 4. An RTX packet without an original number is a padding probe.
    const auto& layer = route->publication->layer(route->layer);
    if (packet->payload.size() < 2 || !layer.ssrc)
        return;
    packet->payload_type = *codec->apt;
    packet->sequence = read_u16(packet->payload, 0);
    packet->payload = packet->payload.subspan(2);
    packet->ssrc = *layer.ssrc;
    route->publication->on_packet(route->layer, *packet, datagram.size(), true, now);
}

// --- sending --------------------------------------------------------------------------------

void SessionTransport::allocate_bandwidth(TimePoint now)
{
    if (now - last_allocation_ < kAllocationInterval)
        return;
    last_allocation_ = now;
    const auto estimate = estimator_.estimate(now);
    std::uint64_t taken = 0;
    std::vector<Subscription*> adaptive;
    std::vector<BandwidthDemand> demands;
    for (const auto& [mid, subscription] : subscriptions_) {
        subscription->set_budget(std::nullopt);
        const std::uint64_t wanted = subscription->wanted_bps(now);
        if (!subscription->is_adaptive()) {
            taken += wanted;
            continue;
        }
        adaptive.push_back(subscription.get());
        // More than it sends, because going up to a layer needs room to spare.
        demands.push_back({wanted * 5 / 4});
    }
    if (!estimate)
        return;
    const auto shares = share_bandwidth(*estimate - std::min(*estimate, taken), demands);
    for (std::size_t i = 0; i < adaptive.size(); ++i)
        adaptive[i]->set_budget(shares[i]);
}

bool SessionTransport::reduced_size() const
{
    const auto& sections = demuxer_.sections();
    return !sections.empty() && std::all_of(sections.begin(), sections.end(), [](const auto& s) {
        return s->parameters().reduced_size;
    });
}

RtcpWriter SessionTransport::begin_feedback(std::uint32_t sender_ssrc, bool reduced_size) const
{
    RtcpWriter w;
    if (!reduced_size) {
        w.receiver_report(sender_ssrc, {});
        w.source_description(sender_ssrc, cname_);
    }
    return w;
}

void SessionTransport::send_key_frame_request(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                                              bool fir, std::uint8_t fir_sequence,
                                              bool reduced_size)
{
    RtcpWriter w = begin_feedback(sender_ssrc, reduced_size);
    if (fir)
        w.fir(sender_ssrc, media_ssrc, fir_sequence);
    else
        w.pli(sender_ssrc, media_ssrc);
    send_rtcp(w);
}

void SessionTransport::send_nack(std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                                 const std::vector<std::uint16_t>& sequences, bool reduced_size)
{
    RtcpWriter w = begin_feedback(sender_ssrc, reduced_size);
    w.nack(sender_ssrc, media_ssrc, sequences);
    send_rtcp(w);
}

std::optional<std::int64_t> SessionTransport::peer_clock_offset() const
{
    return clock_offset_;
}

void SessionTransport::send_receiver_reports(TimePoint now)
{
    // RFC 3550 6.1: the reports come first, then the names of all who speak.
    RtcpWriter w;
    std::vector<std::uint32_t> speakers;
    auto flush = [&] {
        for (const std::uint32_t ssrc : std::exchange(speakers, {}))
            w.source_description(ssrc, cname_);
        if (!w.empty())
            send_rtcp(std::exchange(w, {}));
    };
    for (const auto& p : demuxer_.sections()) {
        const auto blocks = p->make_report_blocks(now);
        if (blocks.empty())
            continue;
        w.receiver_report(p->feedback_ssrc(), blocks);
        speakers.push_back(p->feedback_ssrc());
        if (w.size() + 32 * speakers.size() > kMaxRtcp / 2)
            flush();
    }
    flush();
    last_receiver_report_ = now;
}

void SessionTransport::send_rtp(std::span<std::uint8_t> buffer, std::size_t size,
                                const SendStamps& stamps, TimePoint now)
{
    if (stamps.transport_cc_at != 0) {
        estimator_.on_sent(transport_sequence_, size, now);
        write_u16(buffer, stamps.transport_cc_at, transport_sequence_++);
    }
    if (stamps.abs_send_time_at != 0)
        // 6.18 fixed point seconds: NTP's 32.32 without the high 26 and the low 14 bits.
        write_u24(buffer, stamps.abs_send_time_at,
                  static_cast<std::uint32_t>(to_ntp(now) >> 14) & 0xFFFFFF);
    channel_.send_rtp(buffer, size);
}

void SessionTransport::send_rtcp(const RtcpWriter& packet)
{
    std::array<std::uint8_t, kMaxRtcp + SrtpSession::kTrailer> buffer;
    if (packet.size() > kMaxRtcp)
        return;
    std::copy(packet.data().begin(), packet.data().end(), buffer.begin());
    channel_.send_rtcp(buffer, packet.size());
}

// --- figures --------------------------------------------------------------------------------

TransportStats SessionTransport::stats(TimePoint now) const
{
    TransportStats s = counters_;
    channel_.fill(s);
    s.created = created_;
    s.estimate_bps = estimator_.estimate(now);
    for (const auto& [mid, subscription] : subscriptions_) {
        if (const auto rtt = subscription->stats(now).rtt_ms)
            s.rtt_ms = rtt;
    }
    return s;
}

NetworkFaults& SessionTransport::faults(FaultDirection direction)
{
    return direction == FaultDirection::FromPeer ? from_peer_ : to_peer_;
}

} // namespace cf::emu

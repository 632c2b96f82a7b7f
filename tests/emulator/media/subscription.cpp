/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/subscription.hpp"

#include <algorithm>

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/codec-match.hpp"
#include "tests/emulator/media/layer-selector.hpp"
#include "tests/emulator/media/ntp-time.hpp"
#include "tests/emulator/media/publication.hpp"
#include "tests/emulator/media/random.hpp"
#include "tests/emulator/media/srtp-session.hpp"

namespace cf::emu
{

namespace
{

// Two seconds of 2.5 Mbit/s video, or five of audio.
constexpr std::size_t kVideoCache = 512;
constexpr std::size_t kAudioCache = 256;
constexpr std::size_t kMaxPacket = 1600;
constexpr std::size_t kBuffer = kMaxPacket + SrtpSession::kTrailer;
constexpr Milliseconds kReportInterval{1000};
// A NACK is small and what it asks for is not: a peer may not make us send without bound.
constexpr std::uint64_t kSpareResendBps = 1'000'000;
constexpr Milliseconds kMinResendPause{10};
// A publisher that sends no reports of its own still gets synchronised by arrival after this long.
constexpr Milliseconds kReportPatience{5000};

} // namespace

Subscription::Subscription(RtpSink& sink, std::string mid, MediaKind kind, Options options)
    : sink_(&sink), mid_(std::move(mid)), kind_(kind), options_(std::move(options)),
      ssrc_(random_ssrc()), rtx_ssrc_(random_ssrc()), rtx_sequence_(random_number<std::uint16_t>()),
      rewriter_(random_number<std::uint16_t>() & 0x7FFF, random_number<std::uint32_t>()),
      cache_(kind == MediaKind::Video ? kVideoCache : kAudioCache)
{
}

Subscription::~Subscription()
{
    close();
}

void Subscription::close()
{
    sink_ = nullptr;
    set_source(nullptr);
    cache_.clear();
}

void Subscription::set_parameters(SendParameters parameters)
{
    parameters_ = std::move(parameters);
    build_mappings();
}

void Subscription::set_source(std::shared_ptr<Publication> publication)
{
    if (publication == source_)
        return;
    if (source_)
        source_->detach(*this);
    source_ = std::move(publication);
    current_layer_.reset();
    target_layer_.reset();
    waiting_for_key_frame_ = true;
    vp8_.switch_source();
    if (source_)
        source_->attach(*this);
    build_mappings();
}

void Subscription::set_paused(bool paused)
{
    if (paused_ && !paused)
        waiting_for_key_frame_ = true;
    paused_ = paused;
}

void Subscription::on_source_updated()
{
    build_mappings();
}

void Subscription::build_mappings()
{
    mappings_.fill({});
    counters_.codec_missing = false;
    if (!source_ || !parameters_)
        return;
    extensions_.build(source_->parameters().extensions, *parameters_);
    for (const RtpCodec& codec : source_->parameters().codecs) {
        const RtpCodec* match = codec.apt ? nullptr : match_codec(parameters_->codecs, codec);
        if (match == nullptr)
            continue;
        Mapping& m = mappings_[codec.payload_type & 0x7F];
        m.known = true;
        m.payload_type = match->payload_type;
        if (const RtpCodec* rtx = find_rtx(parameters_->codecs, match->payload_type))
            m.rtx_payload_type = rtx->payload_type;
        m.format = payload_format(codec.name);
        m.nack = match->nack;
        m.clock_rate = codec.clock_rate;
    }
}

void Subscription::on_layer_restarted(std::size_t layer)
{
    if (layer == current_layer_)
        waiting_for_key_frame_ = true;
}

std::optional<std::uint32_t> Subscription::aligned_offset(std::size_t layer) const
{
    // Both layers carry the same picture at the same NTP time: go on where that says.
    if (!current_layer_ || *current_layer_ >= source_->layer_count())
        return std::nullopt;
    const ReceivedLayer& from = source_->layer(*current_layer_);
    const ReceivedLayer& to = source_->layer(layer);
    if (layer == *current_layer_ || !from.sender_report || !to.sender_report ||
        from.clock_rate != to.clock_rate)
        return std::nullopt;
    const std::int64_t apart = ntp_difference_to_clock(
        static_cast<std::int64_t>(to.sender_report->ntp - from.sender_report->ntp), to.clock_rate);
    const std::uint32_t sent_then = from.sender_report->rtp_timestamp +
                                    static_cast<std::uint32_t>(apart) +
                                    rewriter_.timestamp_offset();
    return sent_then - to.sender_report->rtp_timestamp;
}

bool Subscription::enter_layer(std::size_t layer, const RtpPacket& packet, std::int64_t extended,
                               bool key_frame, TimePoint now)
{
    if (!target_layer_)
        update_target(now);
    if (!target_layer_)
        return false;
    if (layer == current_layer_ && !waiting_for_key_frame_)
        return true;
    if (layer != *target_layer_ || !key_frame)
        return false;
    const Mapping& m = mappings_[packet.payload_type];
    rewriter_.switch_source(extended, packet.timestamp, m.clock_rate, now, aligned_offset(layer));
    if (current_layer_ && current_layer_ != layer) {
        ++counters_.layer_switches;
        vp8_.switch_source();
    }
    current_layer_ = layer;
    waiting_for_key_frame_ = false;
    return true;
}

void Subscription::on_packet(std::size_t layer, const RtpPacket& packet, std::int64_t extended,
                             bool key_frame, TimePoint now)
{
    if (sink_ == nullptr || !sink_->ready() || paused_ || !parameters_)
        return;
    const Mapping& mapping = mappings_[packet.payload_type];
    counters_.codec_missing = !mapping.known;
    if (!mapping.known || !enter_layer(layer, packet, extended, key_frame, now))
        return;
    if (packet.payload.empty() && !options_.forward_padding) {
        ++counters_.padding_dropped;
        rewriter_.drop(extended);
        return;
    }
    const auto sequence = rewriter_.map_sequence(extended);
    if (!sequence)
        return;
    forward(packet, mapping, *sequence, key_frame, now);
    rewriter_.sent(extended, packet.timestamp, now);
}

void Subscription::forward(const RtpPacket& packet, const Mapping& mapping, std::uint16_t sequence,
                           bool key_frame, TimePoint now)
{
    std::array<std::uint8_t, kBuffer> buffer;
    const OutgoingHeader header{mapping.payload_type, sequence,
                                rewriter_.map_timestamp(packet.timestamp), ssrc_};
    SendStamps stamps;
    const auto size = build_packet(packet, header, extensions_, options_.forward_padding,
                                   std::span(buffer).first(kMaxPacket), stamps);
    if (!size)
        return;
    if (mapping.format == PayloadFormat::Vp8)
        vp8_.rewrite(std::span(buffer).subspan(stamps.payload_at, packet.payload.size()));
    if (mapping.nack)
        cache_.store(sequence, std::span(buffer).first(*size), stamps, now);

    if (rate_.packets() == 0)
        counters_.first_packet = now;
    counters_.last_packet = now;
    rate_.add(*size, now);
    payload_octets_ += packet.payload.size();
    clock_rate_ = mapping.clock_rate;
    last_payload_type_ = packet.payload_type;
    if (key_frame && kind_ == MediaKind::Video &&
        (counters_.key_frames == 0 || last_key_timestamp_ != header.timestamp)) {
        ++counters_.key_frames;
        last_key_timestamp_ = header.timestamp;
    }
    sink_->send_rtp(buffer, *size, stamps, now);
}

void Subscription::on_nack(const std::vector<std::uint16_t>& sequences, TimePoint now)
{
    if (sink_ == nullptr || !sink_->ready())
        return;
    counters_.nacks_received += sequences.size();
    const std::uint64_t allowed = 2 * rate_.stats(now).bits_per_second + kSpareResendBps;
    for (const std::uint16_t sequence : sequences) {
        CachedPacket* cached =
            cache_.take_for_resend(sequence, now, std::max(rtt_, kMinResendPause));
        if (cached != nullptr && resend_allowance_.take(cached->data.size(), allowed, now))
            resend(*cached, now);
        else
            ++counters_.nacks_unserved;
    }
}

void Subscription::resend(CachedPacket& cached, TimePoint now)
{
    std::array<std::uint8_t, kBuffer + 2> buffer;
    const std::span<const std::uint8_t> data = cached.data;
    const Mapping& mapping = mappings_[last_payload_type_];
    std::size_t size = data.size();
    ++counters_.retransmitted;
    if (!mapping.rtx_payload_type) {
        std::copy(data.begin(), data.end(), buffer.begin());
    } else {
        // RFC 4588 4: the original sequence number goes in front of the payload.
        const auto head = static_cast<std::ptrdiff_t>(cached.stamps.payload_at);
        std::copy(data.begin(), data.begin() + head, buffer.begin());
        std::copy(data.begin() + head, data.end(), buffer.begin() + head + 2);
        write_u16(buffer, cached.stamps.payload_at, cached.sequence);
        buffer[1] = static_cast<std::uint8_t>((buffer[1] & 0x80) | *mapping.rtx_payload_type);
        write_u16(buffer, 2, rtx_sequence_++);
        write_u32(buffer, 8, rtx_ssrc_);
        size += 2;
    }
    sink_->send_rtp(buffer, size, cached.stamps, now);
}

void Subscription::on_key_frame_request(bool fir, TimePoint now)
{
    ++counters_.plis_received;
    if (source_ && (current_layer_ || target_layer_))
        source_->request_key_frame(current_layer_ ? *current_layer_ : *target_layer_, now, fir);
}

void Subscription::on_report_block(const ReportBlock& block, TimePoint now)
{
    counters_.fraction_lost = block.fraction_lost / 256.0;
    counters_.lost = block.cumulative_lost;
    counters_.jitter_ms = block.jitter * 1000.0 / clock_rate_;
    if (block.last_sr == 0)
        return;
    const std::uint32_t round_trip = ntp_middle(to_ntp(now)) - block.last_sr - block.since_sr;
    // Clocks that tick differently can make it slightly negative; more than 10 s is a wrong echo.
    if (round_trip > 10U << 16)
        return;
    counters_.rtt_ms = round_trip * 1000.0 / 65536.0;
    rtt_ = Milliseconds{static_cast<std::int64_t>(*counters_.rtt_ms)};
}

void Subscription::update_target(TimePoint now)
{
    if (!source_)
        return;
    std::vector<LayerCandidate> layers;
    for (std::size_t i = 0; i < source_->layer_count(); ++i) {
        const ReceivedLayer& l = source_->layer(i);
        // One stream that pauses (DTX, a still picture) is no layer that vanished.
        const bool only = source_->layer_count() == 1 && l.rate.packets() > 0;
        layers.push_back({i, l.rid, only || l.flowing(now, Publication::kLayerSilence),
                          l.rate.stats(now).bits_per_second});
    }
    calls::Simulcast policy = policy_;
    // Without simulcast at the publisher there is nothing to prefer.
    if (source_->parameters().rids.empty())
        policy = {};
    const auto target = select_layer(std::move(layers), policy, budget_, current_layer_);
    if (target == target_layer_)
        return;
    target_layer_ = target;
    if (!target) {
        // The policy forbids every other layer: the viewer keeps the last picture.
        current_layer_.reset();
        waiting_for_key_frame_ = true;
        return;
    }
    fir_for_switch_ = current_layer_.has_value() && current_layer_ != target;
}

void Subscription::tick(TimePoint now)
{
    if (sink_ == nullptr || !source_ || !parameters_ || !sink_->ready() || paused_)
        return;
    update_target(now);
    if (target_layer_ && (waiting_for_key_frame_ || current_layer_ != target_layer_))
        // The real service sends FIR for a layer change and PLI otherwise (calls-api 4.4).
        source_->request_key_frame(*target_layer_, now, fir_for_switch_);
    if (rate_.packets() > 0 && now - last_sender_report_ >= kReportInterval)
        send_sender_report(now);
}

bool Subscription::is_adaptive() const
{
    return source_ && source_->layer_count() > 1;
}

std::uint64_t Subscription::wanted_bps(TimePoint now) const
{
    std::uint64_t best = 0;
    for (std::size_t i = 0; source_ && i < source_->layer_count(); ++i)
        best = std::max(best, source_->layer(i).rate.stats(now).bits_per_second);
    return best;
}

std::optional<std::uint32_t> Subscription::timestamp_at(TimePoint now) const
{
    if (!source_ || !current_layer_)
        return std::nullopt;
    const ReceivedLayer& l = source_->layer(*current_layer_);
    const auto offset = source_->peer_clock_offset();
    if (l.sender_report && offset) {
        // All tracks of a publisher use the same clock offset, so what its reports say about
        // their relation stays true for the receiver, whatever the path did to each.
        const std::uint64_t peer_now = to_ntp(now) - static_cast<std::uint64_t>(*offset);
        const std::int64_t passed = ntp_difference_to_clock(
            static_cast<std::int64_t>(peer_now - l.sender_report->ntp), l.clock_rate);
        return rewriter_.map_timestamp(l.sender_report->rtp_timestamp +
                                       static_cast<std::uint32_t>(passed));
    }
    if (now - l.first_packet < kReportPatience)
        return std::nullopt;
    const auto since = std::chrono::duration_cast<Microseconds>(now - l.newest_arrival);
    return rewriter_.map_timestamp(l.newest_timestamp +
                                   static_cast<std::uint32_t>(to_clock(since, l.clock_rate)));
}

void Subscription::send_sender_report(TimePoint now)
{
    const auto timestamp = timestamp_at(now);
    if (!timestamp)
        return;
    last_sender_report_ = now;
    SenderReport report;
    report.ssrc = ssrc_;
    report.ntp = to_ntp(now);
    report.rtp_timestamp = *timestamp;
    report.packets = static_cast<std::uint32_t>(rate_.packets());
    report.octets = static_cast<std::uint32_t>(payload_octets_);
    RtcpWriter w;
    w.sender_report(report, {});
    w.source_description(ssrc_, options_.cname);
    ++counters_.sender_reports;
    sink_->send_rtcp(w);
}

SubscriptionStats Subscription::stats(TimePoint now) const
{
    SubscriptionStats s = counters_;
    s.mid = mid_;
    s.kind = kind_;
    s.ssrc = ssrc_;
    s.rtx_ssrc = rtx_ssrc_;
    s.has_source = source_ != nullptr;
    s.waiting_for_key_frame = source_ != nullptr && waiting_for_key_frame_;
    if (source_ && current_layer_)
        s.rid = source_->layer(*current_layer_).rid;
    if (source_ && target_layer_)
        s.target_rid = source_->layer(*target_layer_).rid;
    s.rate = rate_.stats(now);
    return s;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/publication.hpp"

#include <algorithm>
#include <cstdlib>

#include "tests/emulator/media/codec-match.hpp"
#include "tests/emulator/media/key-frame.hpp"
#include "tests/emulator/media/ntp-time.hpp"
#include "tests/emulator/media/random.hpp"
#include "tests/emulator/media/subscription.hpp"

namespace cf::emu
{

namespace
{

// RFC 3550 A.1, MAX_DROPOUT; also used backwards, because RTX brings packets back late.
constexpr std::int64_t kMaxJump = 3000;
constexpr std::size_t kMaxSeconds = 60;
// Until an answered NACK tells the real one.
constexpr Milliseconds kAssumedRtt{50};

} // namespace

Publication::Publication(FeedbackSink& feedback)
    : feedback_(&feedback), feedback_ssrc_(random_ssrc())
{
}

Publication::~Publication()
{
    close();
}

const RtpCodec* Publication::active_codec() const
{
    return active_payload_type_ ? find_codec(parameters_.codecs, *active_payload_type_) : nullptr;
}

std::vector<std::string> Publication::active_rids() const
{
    std::vector<std::string> rids;
    for (const auto& layer : layers_) {
        if (layer->media_packets > 0)
            rids.push_back(layer->rid);
    }
    return rids;
}

void Publication::update(ReceiveParameters parameters)
{
    parameters_ = std::move(parameters);
    for (Subscription* s : subscribers_)
        s->on_source_updated();
}

void Publication::close()
{
    feedback_ = nullptr;
}

std::optional<std::int64_t> Publication::peer_clock_offset() const
{
    return feedback_ != nullptr ? feedback_->peer_clock_offset() : std::nullopt;
}

std::size_t Publication::layer_for_rid(const std::string& rid)
{
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        if (layers_[i]->rid == rid)
            return i;
    }
    layers_.push_back(std::make_unique<ReceivedLayer>());
    layers_.back()->rid = rid;
    return layers_.size() - 1;
}

void Publication::restart_layer(std::size_t layer, std::uint32_t ssrc)
{
    ReceivedLayer& l = *layers_[layer];
    if (l.ssrc && *l.ssrc != ssrc)
        l.previous_ssrc = l.ssrc;
    l.ssrc = ssrc;
    l.sequence.reset();
    l.expected_after_jump.reset();
    l.reception = {};
    l.nack.restart();
    l.sender_report.reset();
    for (Subscription* s : subscribers_)
        s->on_layer_restarted(layer);
}

bool Publication::admit(std::size_t layer, const RtpPacket& packet, std::int64_t& extended,
                        TimePoint now)
{
    ReceivedLayer& l = *layers_[layer];
    if (l.previous_ssrc == packet.ssrc && l.flowing(now, kLayerSilence))
        return false;
    if (l.ssrc != packet.ssrc)
        restart_layer(layer, packet.ssrc);
    if (l.sequence.started()) {
        const std::int64_t jump = l.sequence.peek(packet.sequence) - l.sequence.highest();
        if (std::abs(jump) > kMaxJump) {
            const bool confirmed = l.expected_after_jump == packet.sequence;
            l.expected_after_jump = static_cast<std::uint16_t>(packet.sequence + 1);
            if (!confirmed)
                return false;
            restart_layer(layer, packet.ssrc);
        }
    }
    l.expected_after_jump.reset();
    extended = l.sequence.extend(packet.sequence);
    if (l.nack.on_packet(extended, now) == NackGenerator::Arrival::OldOrDuplicate) {
        ++l.duplicate_packets;
        return false;
    }
    return true;
}

bool Publication::note_key_frame(ReceivedLayer& layer, const RtpPacket& packet,
                                 const RtpCodec& codec, std::int64_t extended)
{
    if (kind() == MediaKind::Audio)
        return !packet.payload.empty();
    if (!starts_key_frame(payload_format(codec.name), packet.payload))
        return false;
    // Parameter sets and the picture they belong to are several starts of one key frame.
    if (layer.key_frames == 0 || layer.key_frame_timestamp != packet.timestamp) {
        ++layer.key_frames;
        layer.key_frame_timestamp = packet.timestamp;
        layer.key_frame_request = {false, false, 0, layer.key_frame_request.last_sent,
                                   layer.key_frame_request.fir_sequence};
        // Nothing in front of a key frame is needed to go on.
        layer.nack.forget_before(extended);
    }
    return true;
}

void Publication::on_packet(std::size_t layer, const RtpPacket& packet, std::size_t wire_size,
                            bool retransmitted, TimePoint now)
{
    if (closed())
        return;
    const RtpCodec* codec = find_codec(parameters_.codecs, packet.payload_type);
    std::int64_t extended = 0;
    if (codec == nullptr || !admit(layer, packet, extended, now))
        return;
    ReceivedLayer& l = *layers_[layer];
    l.payload_type = packet.payload_type;
    l.clock_rate = codec->clock_rate;
    if (l.rate.packets() == 0)
        l.first_packet = now;
    l.last_packet = now;
    l.rate.add(wire_size, now);
    // RTX packets come when they come: they say nothing about jitter.
    if (retransmitted)
        l.reception.on_repaired();
    else
        l.reception.on_packet(extended, packet.timestamp, codec->clock_rate, now);
    if (extended == l.sequence.highest()) {
        l.newest_timestamp = packet.timestamp;
        l.newest_arrival = now;
    }

    const bool media = !packet.payload.empty();
    const bool key_frame = media && note_key_frame(l, packet, *codec, extended);
    record(layer, packet, wire_size, key_frame && kind() == MediaKind::Video, retransmitted, now);
    if (media) {
        ++l.media_packets;
        active_payload_type_ = packet.payload_type;
        last_packet_ = now;
        count_second(now, true);
        if (!first_packet_) {
            first_packet_ = now;
            if (on_first_packet)
                on_first_packet();
        }
    } else {
        ++l.padding_packets;
    }
    for (Subscription* s : subscribers_)
        s->on_packet(layer, packet, extended, key_frame, now);
}

void Publication::on_sender_report(std::size_t layer, const SenderReport& report, TimePoint now)
{
    ReceivedLayer& l = *layers_[layer];
    l.sender_report = SenderReportInfo{report.ntp, report.rtp_timestamp, now};
    ++l.sender_reports;
}

void Publication::record(std::size_t layer, const RtpPacket& packet, std::size_t wire_size,
                         bool key_frame, bool retransmitted, TimePoint now)
{
    PacketRecord r;
    r.arrival = now;
    r.rtp_timestamp = packet.timestamp;
    r.sequence = packet.sequence;
    r.size = static_cast<std::uint16_t>(wire_size);
    r.layer = static_cast<std::uint8_t>(layer);
    r.marker = packet.marker;
    r.key_frame = key_frame;
    r.retransmitted = retransmitted;
    if (records_.size() < kRecordCapacity) {
        records_.push_back(r);
        return;
    }
    records_[next_record_] = r;
    next_record_ = (next_record_ + 1) % kRecordCapacity;
}

std::vector<PacketRecord> Publication::records() const
{
    std::vector<PacketRecord> out;
    out.reserve(records_.size());
    for (std::size_t i = 0; i < records_.size(); ++i)
        out.push_back(records_[(next_record_ + i) % records_.size()]);
    return out;
}

void Publication::count_second(TimePoint now, bool packet)
{
    using std::chrono::seconds;
    if (!second_start_) {
        if (!packet)
            return;
        second_start_ = now;
    }
    while (now - *second_start_ >= seconds{1}) {
        seconds_.push_back(second_count_);
        if (seconds_.size() > kMaxSeconds)
            seconds_.pop_front();
        second_count_ = 0;
        *second_start_ += seconds{1};
    }
    second_count_ += packet ? 1 : 0;
}

void Publication::request_key_frame(std::size_t layer, TimePoint now, bool fir)
{
    if (closed() || kind() != MediaKind::Video || layer >= layers_.size())
        return;
    KeyFrameRequest& r = layers_[layer]->key_frame_request;
    if (!r.wanted ||
        (r.tries >= KeyFrameRequest::kMaxTries && now - r.last_sent > KeyFrameRequest::kPause)) {
        r.wanted = true;
        r.tries = 0;
    }
    r.fir = r.fir || fir;
    send_due_key_frame_request(*layers_[layer], now);
}

void Publication::request_key_frames(TimePoint now)
{
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        if (layers_[i]->flowing(now, kLayerSilence))
            request_key_frame(i, now);
    }
}

void Publication::send_due_key_frame_request(ReceivedLayer& layer, TimePoint now)
{
    KeyFrameRequest& r = layer.key_frame_request;
    if (!r.wanted || !layer.ssrc || r.tries >= KeyFrameRequest::kMaxTries ||
        (r.last_sent != TimePoint{} && now - r.last_sent < KeyFrameRequest::kDebounce))
        return;
    const RtpCodec* codec = find_codec(parameters_.codecs, layer.payload_type);
    if (codec == nullptr || (!codec->pli && !codec->fir))
        return;
    const bool fir = codec->fir && (r.fir || !codec->pli);
    if (fir)
        ++r.fir_sequence;
    ++r.tries;
    r.last_sent = now;
    ++layer.plis_sent;
    feedback_->send_key_frame_request(feedback_ssrc_, *layer.ssrc, fir, r.fir_sequence,
                                      parameters_.reduced_size);
}

void Publication::send_due_nacks(ReceivedLayer& layer, TimePoint now)
{
    if (layer.nack.empty() || !layer.ssrc)
        return;
    const RtpCodec* codec = find_codec(parameters_.codecs, layer.payload_type);
    if (codec == nullptr || !codec->nack) {
        layer.nack.clear();
        return;
    }
    const Milliseconds measured = layer.nack.recovery_time();
    const auto sequences = layer.nack.due(now, measured.count() > 0 ? measured : kAssumedRtt);
    if (!sequences.empty())
        feedback_->send_nack(feedback_ssrc_, *layer.ssrc, sequences, parameters_.reduced_size);
}

void Publication::tick(TimePoint now)
{
    if (closed())
        return;
    count_second(now, false);
    for (const auto& layer : layers_) {
        send_due_nacks(*layer, now);
        send_due_key_frame_request(*layer, now);
    }
}

std::vector<ReportBlock> Publication::make_report_blocks(TimePoint now)
{
    std::vector<ReportBlock> blocks;
    for (const auto& layer : layers_) {
        if (!layer->ssrc || !layer->reception.started() || blocks.size() == 31)
            continue;
        const auto report = layer->reception.make_report();
        ReportBlock block;
        block.ssrc = *layer->ssrc;
        block.fraction_lost = report.fraction_lost;
        block.cumulative_lost = report.cumulative_lost;
        block.highest = report.highest;
        block.jitter = report.jitter;
        if (layer->sender_report) {
            const auto since =
                std::chrono::duration_cast<Microseconds>(now - layer->sender_report->arrival)
                    .count();
            block.last_sr = ntp_middle(layer->sender_report->ntp);
            block.since_sr = static_cast<std::uint32_t>(since * 65536 / 1'000'000);
        }
        blocks.push_back(block);
    }
    return blocks;
}

void Publication::attach(Subscription& subscription)
{
    subscribers_.push_back(&subscription);
}

void Publication::detach(Subscription& subscription)
{
    std::erase(subscribers_, &subscription);
}

LayerStats Publication::layer_stats(const ReceivedLayer& l, TimePoint now) const
{
    LayerStats s;
    s.rid = l.rid;
    s.ssrc = l.ssrc.value_or(0);
    s.rtx_ssrc = l.rtx_ssrc;
    s.payload_type = l.payload_type;
    s.rate = l.rate.stats(now);
    s.padding_packets = l.padding_packets;
    s.duplicate_packets = l.duplicate_packets;
    s.key_frames = l.key_frames;
    s.lost = l.reception.lost();
    s.fraction_lost = l.reception.last_fraction() / 256.0;
    s.jitter_ms = l.reception.jitter() * 1000.0 / l.clock_rate;
    s.nacks_sent = l.nack.asked();
    s.recovered = l.nack.recovered();
    s.given_up = l.nack.given_up();
    s.plis_sent = l.plis_sent;
    s.sender_reports = l.sender_reports;
    s.first_packet = l.first_packet;
    s.last_packet = l.last_packet;
    return s;
}

PublicationStats Publication::stats(TimePoint now) const
{
    PublicationStats s;
    s.mid = mid();
    s.kind = kind();
    if (const RtpCodec* codec = active_codec())
        s.codec = codec->name;
    s.closed = closed();
    for (const auto& layer : layers_)
        s.layers.push_back(layer_stats(*layer, now));
    s.packets_by_second.assign(seconds_.begin(), seconds_.end());
    s.subscriptions = subscribers_.size();
    return s;
}

} // namespace cf::emu

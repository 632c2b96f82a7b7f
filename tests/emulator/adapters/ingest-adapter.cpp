/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/adapters/ingest-adapter.hpp"

#include <array>
#include <utility>

#include "tests/emulator/adapters/adapter-packet.hpp"
#include "tests/emulator/media/random.hpp"

namespace cf::emu
{

namespace
{

constexpr std::uint8_t kOpusPayloadType = 111;
constexpr std::size_t kRtpHeader = 12;
// A main loop that was away for longer does not catch up: what it missed was not played.
constexpr Milliseconds kMaxLag{500};
constexpr Milliseconds kChunk{kPcmFrameMs};
constexpr Milliseconds kLinger{100};

ReceiveParameters opus_parameters()
{
    RtpCodec opus;
    opus.payload_type = kOpusPayloadType;
    opus.name = "opus";
    opus.clock_rate = kPcmRate;
    opus.channels = 2;
    opus.fmtp = "minptime=10;useinbandfec=1";
    ReceiveParameters parameters;
    parameters.kind = MediaKind::Audio;
    parameters.codecs = {opus};
    return parameters;
}

} // namespace

std::vector<std::string> IngestAdapter::elements()
{
    return {"appsrc", "opusenc", "appsink"};
}

IngestAdapter::IngestAdapter(SfuContext& sfu, std::unique_ptr<WebSocketClient> socket)
    : sfu_(sfu), socket_(std::move(socket)),
      publication_(std::make_shared<Publication>(static_cast<FeedbackSink&>(*this))),
      ticker_(sfu.executor()), ssrc_(random_ssrc()),
      sequence_(static_cast<std::uint16_t>(random_number<std::uint16_t>() & 0x7FFF)),
      first_timestamp_(random_number<std::uint32_t>())
{
    publication_->update(opus_parameters());
    publication_->on_first_packet = [this] { sfu_.waits().poke(); };
}

IngestAdapter::~IngestAdapter()
{
    publication_->on_first_packet = nullptr;
    publication_->close();
}

Result<std::unique_ptr<IngestAdapter>>
IngestAdapter::create(SfuContext& sfu, GMainContext* context,
                      std::unique_ptr<WebSocketClient> socket)
{
    std::unique_ptr<IngestAdapter> self(new IngestAdapter(sfu, std::move(socket)));
    CodecPipeline::Options options;
    options.elements = "opusenc bitrate=96000 frame-size=" + std::to_string(kPcmFrameMs);
    options.live = false;
    options.input = Ref<GstCaps>::adopt(gst_caps_new_simple(
        "audio/x-raw", "format", G_TYPE_STRING, "S16LE", "rate", G_TYPE_INT, int{kPcmRate},
        "channels", G_TYPE_INT, 2, "layout", G_TYPE_STRING, "interleaved", nullptr));
    CodecPipeline::Callbacks callbacks;
    callbacks.output = [a = self.get()](const CodecPipeline::Output& opus) { a->publish(opus); };
    callbacks.failed = [a = self.get()](const std::string&) { a->end(); };
    CF_TRY_LET(self->encoder_, CodecPipeline::create(options, context, std::move(callbacks)));
    self->socket_->set_callbacks(
        {nullptr, [a = self.get()](std::span<const std::uint8_t> m) { a->on_message(m); },
         [a = self.get()] { a->on_closed(); }});
    if (sfu.options().ingest_silence == IngestSilence::Always)
        self->begin_playing();
    else
        self->tick();
    return self;
}

void IngestAdapter::on_message(std::span<const std::uint8_t> message)
{
    const auto packet = AdapterPacket::parse(message);
    if (!packet) {
        socket_->close(SOUP_WEBSOCKET_CLOSE_BAD_DATA);
        return on_closed();
    }
    ++counters_.messages;
    // Whole frames only: half of one would swap the channels of everything behind it.
    const auto sound =
        packet->payload.first(packet->payload.size() - packet->payload.size() % kPcmFrameBytes);
    if (packet->payload.empty()) {
        buffer_.end_segment();
        return;
    }
    const std::size_t room = sfu_.options().limits.ingest_buffer_ms / kPcmFrameMs * kPcmChunk;
    if (buffer_.size() + sound.size() > room) {
        ++counters_.dropped;
        return;
    }
    counters_.bytes += packet->payload.size();
    buffer_.append(sound);
    begin_playing();
}

// What has come is played to its end; there is no way back to the endpoint.
void IngestAdapter::on_closed()
{
    buffer_.end_segment();
    if (buffer_.drained())
        end();
}

void IngestAdapter::begin_playing()
{
    if (std::exchange(playing_, true))
        return;
    next_chunk_ = sfu_.executor().now();
    tick();
}

void IngestAdapter::tick()
{
    const TimePoint now = sfu_.executor().now();
    if (now - next_chunk_ > kMaxLag)
        next_chunk_ = now;
    for (; next_chunk_ <= now; next_chunk_ += kChunk)
        if (playing_)
            play_chunk();
    publication_->tick(now);
    if (publication_->closed() || (!socket_->open() && buffer_.drained())) {
        // Later: our caller may be on_message(), and the encoder has the last chunk.
        ticker_.start(kLinger, [this] { end(); });
        return;
    }
    const auto left = std::chrono::duration_cast<Milliseconds>(next_chunk_ - now);
    ticker_.start(std::max(left, Milliseconds{1}), [this] { tick(); });
}

void IngestAdapter::play_chunk()
{
    std::array<std::uint8_t, kPcmChunk> chunk;
    const bool sound = buffer_.take(chunk);
    if (!sound)
        chunk.fill(0);
    const std::uint64_t number = chunks_++;
    if (!sound && sfu_.options().ingest_silence == IngestSilence::Never) {
        paused_ = true;
        return;
    }
    encoding_.push_back({static_cast<std::uint32_t>(number * kPcmChunk / kPcmFrameBytes),
                         std::exchange(paused_, false)});
    encoder_->push(chunk, number * kPcmFrameMs * GST_MSECOND, kPcmFrameMs * GST_MSECOND);
}

void IngestAdapter::publish(const CodecPipeline::Output& opus)
{
    // One packet for each chunk. The encoder's own times lag behind by what it looks ahead, and
    // after a pause the first of them would still belong to what was before it.
    if (encoding_.empty())
        return;
    const auto [timestamp, marker] = encoding_.front();
    encoding_.pop_front();
    RtpPacket packet;
    packet.payload_type = kOpusPayloadType;
    packet.marker = marker;
    packet.sequence = sequence_++;
    packet.timestamp = first_timestamp_ + timestamp;
    packet.ssrc = ssrc_;
    packet.payload = opus.data;
    publication_->on_packet(publication_->layer_for_rid(""), packet, kRtpHeader + opus.data.size(),
                            false, sfu_.executor().now());
}

void IngestAdapter::end()
{
    ticker_.cancel();
    if (const auto ended = std::exchange(on_end, nullptr))
        ended();
}

AdapterStats IngestAdapter::stats() const
{
    AdapterStats s = counters_;
    s.connected = socket_->open();
    s.waiting_ms = buffer_.size() / kPcmChunk * kPcmFrameMs;
    return s;
}

} // namespace cf::emu

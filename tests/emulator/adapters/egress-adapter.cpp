/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/adapters/egress-adapter.hpp"

#include <algorithm>
#include <utility>

#include "tests/emulator/adapters/adapter-packet.hpp"
#include "tests/emulator/media/key-frame.hpp"
#include "tests/emulator/sdp/text.hpp"

namespace cf::emu
{

namespace
{

constexpr Milliseconds kTick{50};
// While nobody takes it, so much sound waits, and only the newest picture.
constexpr std::size_t kSoundBacklog = 1000 / kPcmFrameMs;
constexpr std::size_t kVideoBacklog = 1;
constexpr Milliseconds kFirstPause{100};
constexpr Milliseconds kLongestPause{2000};
// Decoders that cannot ask for a key frame themselves are helped when no picture comes.
constexpr Milliseconds kPatience{3000};
constexpr unsigned kVideoRate = 90000;
// Of sound: smaller steps are the jitter of arrival, not gaps.
constexpr std::uint64_t kMaxStep = kPcmRate / 25;

constexpr char kAsks[] = "wait-for-keyframe=true request-keyframe=true";

struct Decoder {
    PayloadFormat format;
    std::vector<std::string> elements;
    const char* properties; ///< of the first element
};

const Decoder* find_decoder(const RtpCodec& codec, bool to_jpeg)
{
    static const auto* all = new std::vector<Decoder>{
        {PayloadFormat::Vp8, {"rtpvp8depay", "vp8dec"}, kAsks},
        {PayloadFormat::Vp9, {"rtpvp9depay", "vp9dec"}, kAsks},
        {PayloadFormat::H264, {"rtph264depay", "h264parse", "avdec_h264"}, kAsks},
        {PayloadFormat::H265, {"rtph265depay", "h265parse", "avdec_h265"}, ""},
        {PayloadFormat::Audio, {"rtpopusdepay", "opusdec"}, ""},
    };
    const PayloadFormat format = payload_format(codec.name);
    // G.711 is sound as well.
    const bool opus = g_ascii_strcasecmp(codec.name.c_str(), "opus") == 0;
    if (to_jpeg == (format == PayloadFormat::Audio) || (!to_jpeg && !opus))
        return nullptr;
    const auto it = std::find_if(all->begin(), all->end(),
                                 [&](const Decoder& d) { return d.format == format; });
    return it == all->end() ? nullptr : &*it;
}

std::string pipeline_text(const Decoder& decoder, unsigned jpeg_quality)
{
    std::string text = decoder.format == PayloadFormat::Audio
                           ? "rtpjitterbuffer latency=60 do-lost=true"
                           : "rtpjitterbuffer latency=100 do-lost=true";
    for (std::size_t i = 0; i < decoder.elements.size(); ++i)
        text += " ! " + decoder.elements[i] + (i == 0 ? std::string(" ") + decoder.properties : "");
    if (decoder.format == PayloadFormat::Audio)
        return text + " plc=true ! audioconvert ! audioresample ! "
                      "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
    // JPEG uses the full range of values, video seldom does.
    return text +
           " ! identity name=thin ! videoconvert ! video/x-raw,format=I420,colorimetry=1:4:0:0 ! "
           "jpegenc quality=" +
           std::to_string(jpeg_quality);
}

Ref<GstCaps> rtp_caps(const RtpCodec& codec, bool is_video)
{
    const std::string name = [&] {
        const OwnedString upper{g_ascii_strup(codec.name.c_str(), -1)};
        return std::string(upper.get());
    }();
    auto caps = Ref<GstCaps>::adopt(gst_caps_new_simple(
        "application/x-rtp", "media", G_TYPE_STRING, is_video ? "video" : "audio", "clock-rate",
        G_TYPE_INT, static_cast<int>(codec.clock_rate), "encoding-name", G_TYPE_STRING,
        name.c_str(), "payload", G_TYPE_INT, static_cast<int>(codec.payload_type), nullptr));
    if (!is_video)
        gst_caps_set_simple(caps.get(), "encoding-params", G_TYPE_STRING, "2", "sprop-stereo",
                            G_TYPE_STRING, "1", nullptr);
    // Parameter sets may come in the description alone.
    for (std::string_view parameter : sdp::split(codec.fmtp, ';')) {
        const std::string key(sdp::trim(sdp::take_until(parameter, '=')));
        const std::string value(sdp::trim(parameter));
        if (key.starts_with("sprop-") && !value.empty() && is_video &&
            g_utf8_validate(value.c_str(), -1, nullptr) != FALSE)
            gst_caps_set_simple(caps.get(), key.c_str(), G_TYPE_STRING, value.c_str(), nullptr);
    }
    return caps;
}

} // namespace

std::vector<std::string> EgressAdapter::elements(const RtpCodec& codec, bool to_jpeg)
{
    const Decoder* decoder = find_decoder(codec, to_jpeg);
    if (decoder == nullptr)
        return {};
    std::vector<std::string> list = decoder->elements;
    for (const char* name : {"appsrc", "rtpjitterbuffer", "appsink"})
        list.emplace_back(name);
    for (const char* name : to_jpeg
                                ? std::vector{"identity", "videoconvert", "capsfilter", "jpegenc"}
                                : std::vector{"audioconvert", "audioresample", "capsfilter"})
        list.emplace_back(name);
    return list;
}

EgressAdapter::EgressAdapter(SfuContext& sfu, const Publication& source, std::string endpoint,
                             std::unique_ptr<WebSocketClient> socket)
    : sfu_(sfu), endpoint_(std::move(endpoint)), is_video_(source.kind() == MediaKind::Video),
      socket_(std::move(socket)),
      subscription_(static_cast<RtpSink&>(*this), "adapter", source.kind(), {"adapter", false}),
      ticker_(sfu.executor()), redial_(sfu.executor())
{
}

EgressAdapter::~EgressAdapter()
{
    subscription_.close();
}

Result<std::unique_ptr<EgressAdapter>>
EgressAdapter::create(SfuContext& sfu, GMainContext* context, std::shared_ptr<Publication> source,
                      const std::string& endpoint, std::unique_ptr<WebSocketClient> socket)
{
    std::unique_ptr<EgressAdapter> self(
        new EgressAdapter(sfu, *source, endpoint, std::move(socket)));
    CF_TRY(self->start(context, std::move(source)));
    return self;
}

Status EgressAdapter::start(GMainContext* context, std::shared_ptr<Publication> source)
{
    const RtpCodec* active = source->active_codec();
    const Decoder* decoder = active != nullptr ? find_decoder(*active, is_video_) : nullptr;
    if (decoder == nullptr)
        return Error{ErrorCode::Unsupported, "The adapter cannot decode this codec."};
    // What comes out of the subscription keeps the numbers of the publication. Lost packets are
    // asked for at the publisher, not here.
    RtpCodec codec = *active;
    codec.nack = false;
    CodecPipeline::Options options;
    options.elements = pipeline_text(*decoder, sfu_.options().jpeg_quality);
    options.input = rtp_caps(codec, is_video_);
    // A source of just this rate must not lose every second picture to its own jitter.
    options.interval = sfu_.options().timers.jpeg_interval * 95 / 100;
    CodecPipeline::Callbacks callbacks;
    callbacks.output = [this](const CodecPipeline::Output& output) { on_decoded(output); };
    callbacks.key_frame_wanted = [this] {
        subscription_.on_key_frame_request(false, sfu_.executor().now());
    };
    callbacks.failed = [this](const std::string&) { end(); };
    CF_TRY_LET(decoder_, CodecPipeline::create(options, context, std::move(callbacks)));
    subscription_.set_parameters({"adapter", source->kind(), {codec}, {}, false, false});
    subscription_.set_source(std::move(source));
    listen();
    last_output_ = sfu_.executor().now();
    tick();
    return ok_status();
}

void EgressAdapter::send_rtp(std::span<std::uint8_t> buffer, std::size_t size, const SendStamps&,
                             TimePoint)
{
    decoder_->push(buffer.first(size));
}

// --- decoded, and on its way --------------------------------------------------------------------

std::uint32_t EgressAdapter::timestamp(std::uint64_t nanoseconds, std::size_t size)
{
    start_ = start_.value_or(nanoseconds);
    const std::uint64_t since = nanoseconds - std::min(*start_, nanoseconds);
    const bool in_ms = sfu_.options().adapter_milliseconds;
    if (is_video_)
        return static_cast<std::uint32_t>(
            gst_util_uint64_scale_round(since, in_ms ? 1000 : kVideoRate, GST_SECOND));
    // Sound is counted, so that frames that follow each other have times that do; a gap is seen.
    const std::uint64_t arrived = gst_util_uint64_scale_round(since, kPcmRate, GST_SECOND);
    std::uint64_t at = next_sample_.value_or(arrived);
    if (arrived > at + kMaxStep)
        at = arrived;
    next_sample_ = at + size / kPcmFrameBytes;
    return static_cast<std::uint32_t>(in_ms ? at * 1000 / kPcmRate : at);
}

void EgressAdapter::on_decoded(const CodecPipeline::Output& output)
{
    last_output_ = sfu_.executor().now();
    AdapterPacket packet;
    packet.sequence = ++sequence_;
    packet.timestamp = timestamp(output.nanoseconds.value_or(0), output.data.size());
    packet.payload = output.data;
    waiting_.push_back({packet.write(), output.data.size()});
    flush();
    while (waiting_.size() > (is_video_ ? kVideoBacklog : kSoundBacklog)) {
        waiting_.pop_front();
        ++counters_.dropped;
    }
}

void EgressAdapter::flush()
{
    for (; !waiting_.empty() && socket_->writable(); waiting_.pop_front()) {
        socket_->send(waiting_.front().message);
        ++counters_.messages;
        counters_.bytes += waiting_.front().payload;
    }
}

void EgressAdapter::tick()
{
    const TimePoint now = sfu_.executor().now();
    const auto& source = subscription_.source();
    if (!source || source->closed()) {
        ticker_.start(Milliseconds{0}, [this] { end(); });
        return;
    }
    subscription_.tick(now);
    if (is_video_ && now - last_output_ > kPatience)
        subscription_.on_key_frame_request(false, now);
    flush();
    ticker_.start(kTick, [this] { tick(); });
}

// --- the socket -----------------------------------------------------------------------------

void EgressAdapter::listen()
{
    // What the application says is not for us.
    socket_->set_callbacks(
        {[this](DialResult result) { on_dialled(result); }, nullptr, [this] { on_closed(); }});
}

void EgressAdapter::on_closed()
{
    lost_ = sfu_.executor().now();
    pause_ = kFirstPause;
    redial_.start(pause_, [this] { dial(); });
}

void EgressAdapter::dial()
{
    const Milliseconds window = sfu_.options().timers.adapter_reconnect;
    const auto left =
        window - std::chrono::duration_cast<Milliseconds>(sfu_.executor().now() - lost_);
    if (left.count() <= 0)
        return end();
    socket_->dial(endpoint_, std::min(left, sfu_.options().timers.adapter_connect));
}

void EgressAdapter::on_dialled(DialResult result)
{
    if (result == DialResult::Open) {
        ++counters_.reconnects;
        return flush();
    }
    pause_ = std::min(pause_ * 2, kLongestPause);
    redial_.start(pause_, [this] { dial(); });
}

void EgressAdapter::end()
{
    ticker_.cancel();
    redial_.cancel();
    if (const auto ended = std::exchange(on_end, nullptr))
        ended();
}

AdapterStats EgressAdapter::stats() const
{
    AdapterStats s = counters_;
    s.connected = socket_->open();
    return s;
}

} // namespace cf::emu

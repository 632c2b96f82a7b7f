/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/send-chain.hpp"

#include "gst/gst-error.hpp"
#include "gst/gstcfcallsguard.h"

namespace cf::gst
{
namespace
{

using calls::MediaKind;

constexpr unsigned kOpusMonoBitrate = 64000;
constexpr unsigned kOpusStereoBitrate = 96000;
// Of an Ethernet frame, what is left for RTP under IPv6, UDP, SRTP's tag, header extensions and a
// TURN channel, with room for a tunnel; browsers take the same.
constexpr guint kMtu = 1200;

Ref<GstCaps> caps_from(const char* text)
{
    return Ref<GstCaps>::adopt(gst_caps_from_string(text));
}

// How much may wait in front of the chain. A live source loses what is over; any other waits.
void configure_queue(GstElement* queue, const SendWish& wish, bool raw_video)
{
    const guint64 time = raw_video ? 300 * GST_MSECOND : wish.live ? GST_SECOND : 3 * GST_SECOND;
    g_object_set(queue, "max-size-bytes", 0U, "max-size-buffers", raw_video && !wish.live ? 5U : 0U,
                 "max-size-time", time, nullptr);
    gst_util_set_object_arg(G_OBJECT(queue), "leaky", wish.live ? "downstream" : "no");
}

int channels_of(const GstCaps* caps)
{
    const GstStructure* s = gst_caps_get_structure(caps, 0);
    // In RTP, where every Opus stream calls itself two channels (RFC 7587 4.1).
    if (const char* stereo = gst_structure_get_string(s, "sprop-stereo"))
        return g_str_equal(stereo, "1") ? 2 : 1;
    int channels = 1;
    (void)gst_structure_get_int(s, "channels", &channels);
    return channels;
}

const char* download_element(const char* memory)
{
    struct Row {
        const char* memory;
        const char* factory;
    };
    static constexpr Row kRows[] = {
        {"memory:GLMemory", "gldownload"}, {"memory:CUDAMemory", "cudadownload"},
        {"memory:VAMemory", "vapostproc"}, {"memory:VASurface", "vaapipostproc"},
        {"memory:NVMM", "nvvidconv"},      {"memory:D3D11Memory", "d3d11download"},
    };
    for (const Row& row : kRows) {
        if (g_str_equal(row.memory, memory))
            return row.factory;
    }
    return nullptr;
}

bool no_setup(GstElement*)
{
    return false;
}

} // namespace

Result<std::shared_ptr<SendChain>> SendChain::build(SlotId id, const SendWish& wish,
                                                    const SendInput& input, const GstCaps* caps,
                                                    SendChainEvents events)
{
    if (!events.setup_encoder)
        events.setup_encoder = no_setup;
    if (!events.setup_payloader)
        events.setup_payloader = no_setup;
    std::shared_ptr<SendChain> chain(new SendChain(id, wish, input, std::move(events)));
    CF_TRY(chain->assemble(caps));
    chain->attach_gate();
    return chain;
}

SendChain::SendChain(SlotId id, const SendWish& wish, const SendInput& input,
                     SendChainEvents events)
    : id_(id), wish_(wish), input_(input), events_(std::move(events)),
      bin_(Ref<GstBin>::sink(GST_BIN(gst_bin_new((wish.pad_name + "-chain").c_str())))),
      codec_(input.codec)
{
}

SendChain::~SendChain()
{
    gst_element_set_state(GST_ELEMENT(bin_.get()), GST_STATE_NULL);
}

Result<GstElement*> SendChain::append(const char* factory)
{
    CF_TRY_LET(auto made, make_element(factory, nullptr));
    GstElement* element = made.get();
    CF_TRY(append_element(std::move(made)));
    return element;
}

Status SendChain::append_element(Ref<GstElement> element)
{
    gst_bin_add(bin_.get(), element.get()); // takes a reference of its own: it is not floating
    if (last_ != nullptr && !gst_element_link(last_, element.get())) {
        return Error{.code = ErrorCode::Internal,
                     .message = "The elements that send a track could not be linked.",
                     .debug = std::string("link to ") + GST_OBJECT_NAME(element.get())};
    }
    if (first_ == nullptr)
        first_ = element.get();
    last_ = element.get();
    return ok_status();
}

Status SendChain::append_filter(Ref<GstCaps> caps)
{
    CF_TRY_LET(GstElement * filter, append("capsfilter"));
    g_object_set(filter, "caps", caps.get(), nullptr);
    return ok_status();
}

// Behind the clock nothing waits for the encoder: one that cannot keep up loses frames rather than
// fall behind the sound, further and further.
Status SendChain::append_frame_dropper()
{
    CF_TRY_LET(GstElement * dropper, append("queue"));
    g_object_set(dropper, "max-size-buffers", 2U, "max-size-bytes", 0U, "max-size-time",
                 G_GUINT64_CONSTANT(0), nullptr);
    gst_util_set_object_arg(G_OBJECT(dropper), "leaky", "downstream");
    return ok_status();
}

Status SendChain::assemble(const GstCaps* caps)
{
    const bool raw_video = wish_.kind == MediaKind::Video && input_.form == InputForm::Raw;
    CF_TRY_LET(GstElement * queue, append("queue"));
    configure_queue(queue, wish_, raw_video);
    CF_TRY(append("clocksync"));
    if (raw_video && !wish_.live)
        CF_TRY(append_frame_dropper());
    if (input_.form == InputForm::Raw)
        CF_TRY(add_encoding(caps));
    else
        stereo_ = wish_.opus_stereo && channels_of(caps) > 1;
    if (input_.form == InputForm::Rtp)
        CF_TRY(append(codec_->depayloader));
    if (codec_->parser != nullptr && (input_.form != InputForm::Raw || codec_->parsed_caps)) {
        CF_TRY(append(codec_->parser));
        if (codec_->parsed_caps != nullptr)
            CF_TRY(append_filter(caps_from(codec_->parsed_caps)));
    }
    CF_TRY(add_payloader(caps));
    // A webrtcbin that goes, or fails, must not stop the application's source.
    CF_TRY(append_element(Ref<GstElement>::sink(make_guard("guard"))));
    return close_ends();
}

Status SendChain::add_encoding(const GstCaps* caps)
{
    CF_TRY_LET(EncoderChoice choice, choose_encoder({.kind = wish_.kind,
                                                     .codecs = wish_.codecs,
                                                     .pinned = wish_.encoder,
                                                     .memory = input_.memory}));
    for (const std::string& reason : choice.passed_over)
        GST_INFO_OBJECT(bin_.get(), "passed over %s", reason.c_str());
    codec_ = choice.codec;
    known_encoder_ = choice.known;
    encoder_name_ = choice.factory;
    CF_TRY(add_conversion(caps, choice));
    CF_TRY_LET(encoder_, append(choice.factory.c_str()));
    filler_ = MuteFiller::attach(encoder_, wish_.kind);
    if (!events_.setup_encoder(encoder_) && known_encoder_ != nullptr)
        configure_encoder(encoder_, *known_encoder_,
                          {.dtx = wish_.opus_dtx, .fec = wish_.opus_fec});
    const unsigned of_codec = codec_->codec != Codec::Opus ? 0
                              : stereo_                    ? kOpusStereoBitrate
                                                           : kOpusMonoBitrate;
    set_bitrate(wish_.bitrate != 0 ? wish_.bitrate : of_codec);
    auto output = choice.output;
    if (!output && known_encoder_ != nullptr && known_encoder_->output_caps != nullptr)
        output = caps_from(known_encoder_->output_caps);
    if (!output)
        return ok_status();
    const OwnedString text(gst_caps_to_string(output.get()));
    encoded_as_ = text.get();
    return append_filter(std::move(output));
}

Status SendChain::add_conversion(const GstCaps* caps, const EncoderChoice& choice)
{
    if (wish_.kind == MediaKind::Audio) {
        stereo_ = wish_.opus_stereo && channels_of(caps) > 1;
        CF_TRY(append("audioconvert"));
        CF_TRY(append("audioresample"));
        return append_filter(caps_from(stereo_ ? "audio/x-raw,rate=48000,channels=2"
                                               : "audio/x-raw,rate=48000,channels=1"));
    }
    if (input_.memory != nullptr) {
        if (choice.takes_memory)
            return ok_status();
        const char* download = download_element(input_.memory);
        if (download == nullptr) {
            return Error{.code = ErrorCode::Unsupported,
                         .message = "No encoder takes video in this kind of memory: bring it to "
                                    "system memory before the sink.",
                         .debug = input_.memory};
        }
        CF_TRY(append(download));
    }
    if (input_.interlaced)
        CF_TRY(append("deinterlace"));
    CF_TRY(append("videoconvertscale"));
    if (known_encoder_ != nullptr && known_encoder_->even_size)
        return append_filter(caps_from("video/x-raw,width=[2,16384,2],height=[2,16384,2]"));
    return ok_status();
}

// What distinguishes this stream's description from others of the same codec.
std::string SendChain::variant(const GstCaps* caps) const
{
    if (codec_->codec == Codec::Opus)
        return std::string(wish_.opus_dtx ? "dtx" : "") + (stereo_ ? " stereo" : "");
    if (codec_->codec != Codec::H264)
        return {};
    if (input_.form == InputForm::Raw)
        return encoded_as_;
    const GstStructure* s = gst_caps_get_structure(caps, 0);
    const char* field = input_.form == InputForm::Rtp ? "profile-level-id" : "profile";
    const char* profile = gst_structure_get_string(s, field);
    return profile != nullptr ? profile : "";
}

Status SendChain::add_payloader(const GstCaps* caps)
{
    CF_TRY_LET(payloader_, append(codec_->payloader));
    GObject* p = G_OBJECT(payloader_);
    // Of our own choice, so that it stays the same when the session is replaced.
    const unsigned payload_type = wish_.payload_types
                                      ? wish_.payload_types->number_for(*codec_, variant(caps))
                                      : codec_->payload_types.front();
    g_object_set(p, "pt", payload_type, "ssrc", g_random_int_range(1, G_MAXINT32), "mtu", kMtu,
                 nullptr);
    switch (codec_->codec) {
    case Codec::Opus:
        g_object_set(p, "dtx", gboolean{wish_.opus_dtx}, nullptr);
        break;
    case Codec::H264:
        // Parameter sets with every key frame: whoever joins has not seen the earlier ones.
        g_object_set(p, "config-interval", -1, nullptr);
        gst_util_set_object_arg(p, "aggregate-mode", "zero-latency");
        break;
    case Codec::Vp8:
    case Codec::Vp9:
        gst_util_set_object_arg(p, "picture-id-mode", "15-bit");
        break;
    }
    events_.setup_payloader(payloader_);
    return ok_status();
}

Status SendChain::close_ends()
{
    const auto add = [this](const char* name, GstElement* element) {
        const auto target = Ref<GstPad>::adopt(gst_element_get_static_pad(element, name));
        GstPad* ghost = gst_ghost_pad_new(name, target.get());
        gst_pad_set_active(ghost, TRUE);
        return gst_element_add_pad(GST_ELEMENT(bin_.get()), ghost);
    };
    if (add("sink", first_) && add("src", last_))
        return ok_status();
    return Error{.code = ErrorCode::Internal,
                 .message = "The elements that send a track could not be put together."};
}

void SendChain::attach_gate()
{
    const bool as_it_is = input_.form != InputForm::Raw;
    // bin_ goes with this object, and the gate with both; nothing else holds these callbacks.
    gate_ = SendGate::attach(
        payloader_,
        {.video = codec_->kind == MediaKind::Video,
         .reordering_ends = as_it_is && codec_->codec == Codec::H264},
        {.on_caps = [this](GstCaps* caps) { on_rtp_caps(caps); },
         .on_eos = [this] { events_.on_eos(); },
         .on_unusable = [this](Error error) { events_.on_unusable(std::move(error)); }});
    if (!as_it_is || codec_->kind == MediaKind::Audio)
        return;
    // A live queue that overflows loses frames in the middle of a picture group.
    g_signal_connect_data(
        first_, "overrun", G_CALLBACK(+[](GstElement* queue, gpointer data) {
            const auto gate = static_cast<std::weak_ptr<SendGate>*>(data)->lock();
            gint leaky = 0;
            g_object_get(queue, "leaky", &leaky, nullptr);
            if (gate && leaky != 0)
                gate->require_key_frame();
        }),
        new std::weak_ptr<SendGate>(gate_),
        [](gpointer data, GClosure*) { delete static_cast<std::weak_ptr<SendGate>*>(data); },
        GConnectFlags(0));
}

void SendChain::on_rtp_caps(GstCaps* caps)
{
    const GstStructure* s = gst_caps_get_structure(caps, 0);
    // Before the first parameter sets the H.264 payloader does not know its profile yet.
    if (codec_->codec == Codec::H264 && !gst_structure_has_field(s, "profile-level-id"))
        return;
    auto kept = Ref<GstCaps>::adopt(gst_caps_copy(caps));
    gst_structure_filter_and_map_in_place(
        gst_caps_get_structure(kept.get(), 0),
        [](GQuark field, GValue*, gpointer) -> gboolean {
            // These belong to one peer connection.
            const char* name = g_quark_to_string(field);
            return !g_str_has_prefix(name, "extmap-") && !g_str_equal(name, "a-mid");
        },
        nullptr);
    const bool first = [&] {
        Lock lock(mu_);
        std::swap(rtp_caps_, kept);
        return !kept;
    }();
    if (first)
        events_.on_ready();
}

Ref<GstCaps> SendChain::rtp_caps() const
{
    Lock lock(mu_);
    return rtp_caps_;
}

Ref<GstCaps> SendChain::signalled_caps() const
{
    if (codec_->codec != Codec::Opus)
        return nullptr;
    auto caps =
        Ref<GstCaps>::adopt(gst_caps_new_simple("application/x-rtp", "minptime", G_TYPE_STRING,
                                                "10", "useinbandfec", G_TYPE_STRING, "1", nullptr));
    if (wish_.opus_dtx)
        gst_caps_set_simple(caps.get(), "usedtx", G_TYPE_STRING, "1", nullptr);
    if (stereo_)
        gst_caps_set_simple(caps.get(), "stereo", G_TYPE_STRING, "1", nullptr);
    return caps;
}

Ref<GstPad> SendChain::gate_src() const
{
    return Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(bin_.get()), "src"));
}

Ref<GstPad> SendChain::input_pad() const
{
    return Ref<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(bin_.get()), "sink"));
}

void SendChain::set_muted(bool muted, bool fill)
{
    const bool can_fill = filler_ != nullptr && fill;
    if (filler_)
        filler_->set_muted(muted && can_fill);
    gate_->set_muted(muted && !can_fill);
}

void SendChain::set_bitrate(unsigned bits_per_second)
{
    if (encoder_ != nullptr && known_encoder_ != nullptr && bits_per_second != 0)
        set_encoder_bitrate(encoder_, *known_encoder_, bits_per_second);
}

} // namespace cf::gst

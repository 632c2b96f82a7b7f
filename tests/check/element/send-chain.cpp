/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SendChain: what becomes of each kind of input.
#include "gst/send-chain.hpp"

#include <condition_variable>
#include <mutex>

#include <gst/rtp/rtp.h>

#include "tests/support/chain-fixture.hpp"

using namespace cf;
using namespace cf::gst;
using cf::calls::MediaKind;
using cf::test::ChainFixture;
using cf::test::wait_until;

namespace
{

const char kRawVideo[] = "video/x-raw,format=I420,width=160,height=120,framerate=30/1";
const std::string kVideo = std::string("videotestsrc is-live=true ! ") + kRawVideo;
const char kRawAudio[] = "audio/x-raw,format=S16LE,layout=interleaved,rate=44100,channels=2";
const std::string kAudio =
    std::string("audiotestsrc is-live=true samplesperbuffer=882 ! ") + kRawAudio;

SendWish video_wish(const char* codecs = "video/x-vp8")
{
    return {.kind = MediaKind::Video,
            .codecs = Ref<GstCaps>::adopt(gst_caps_from_string(codecs)),
            .live = true};
}

SendWish audio_wish()
{
    return {.kind = MediaKind::Audio,
            .codecs = Ref<GstCaps>::adopt(gst_caps_from_string("audio/x-opus")),
            .live = true};
}

template <typename T> T get(const Ref<GstElement>& element, const char* property)
{
    T value{};
    g_object_get(element.get(), property, &value, nullptr);
    return value;
}

// Whether the packet begins a VP8 key frame: RFC 7741 4.2 and 4.3, as rtpvp8pay writes it with a
// 15-bit picture id.
bool begins_vp8_key_frame(GstBuffer* packet)
{
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
    fail_unless(gst_rtp_buffer_map(packet, GST_MAP_READ, &rtp));
    const auto* payload = static_cast<const guint8*>(gst_rtp_buffer_get_payload(&rtp));
    fail_unless(gst_rtp_buffer_get_payload_len(&rtp) > 5);
    fail_unless((payload[0] & 0x80) != 0, "no extension octet");
    const bool start = (payload[0] & 0x10) != 0;
    const bool key = (payload[4] & 0x01) == 0;
    gst_rtp_buffer_unmap(&rtp);
    return start && key;
}

} // namespace

GST_START_TEST(raw_video_becomes_rtp_of_each_codec)
{
    struct Row {
        const char* codecs;
        const char* encoding_name;
        const char* payload;
        const char* encoder;
    };
    const Row rows[] = {{"video/x-vp8", "VP8", "120", "vp8enc"},
                        {"video/x-vp9", "VP9", "122", "vp9enc"},
                        {"video/x-h264", "H264", "125", "x264enc"}};
    for (const Row& row : rows) {
        ChainFixture f(kVideo, kRawVideo, video_wish(row.codecs));
        f.play();
        f.open_and_wait_for_packets(10);
        fail_unless_equals_text(f.caps_field("media"), "video");
        fail_unless_equals_text(f.caps_field("encoding-name"), row.encoding_name);
        fail_unless_equals_text(f.caps_field("payload"), row.payload);
        fail_unless_equals_text(f.caps_field("clock-rate"), "90000");
        fail_if(f.caps_field("ssrc").empty());
        fail_unless_equals_text(f.chain->encoder_name(), row.encoder);
        fail_unless(!f.chain->signalled_caps());
    }
}
GST_END_TEST

GST_START_TEST(raw_audio_becomes_opus_in_stereo)
{
    ChainFixture f(kAudio, kRawAudio, audio_wish());
    f.play();
    f.open_and_wait_for_packets(5);
    fail_unless_equals_text(f.caps_field("encoding-name"), "OPUS");
    fail_unless_equals_text(f.caps_field("payload"), "111");
    fail_unless_equals_text(f.caps_field("clock-rate"), "48000");
    fail_unless_equals_text(f.signalled("minptime"), "10");
    fail_unless_equals_text(f.signalled("useinbandfec"), "1");
    fail_unless_equals_text(f.signalled("stereo"), "1");
    fail_unless_equals_text(f.signalled("usedtx"), "");
    fail_unless_equals_int(get<gboolean>(f.find("opusenc"), "dtx"), FALSE);
}
GST_END_TEST

GST_START_TEST(mono_is_not_signalled_as_stereo)
{
    auto wish = audio_wish();
    wish.opus_stereo = false;
    ChainFixture f(kAudio, kRawAudio, wish);
    f.play();
    f.open_and_wait_for_packets(2);
    fail_unless_equals_text(f.signalled("stereo"), "");
    const auto pad =
        Ref<GstPad>::adopt(gst_element_get_static_pad(f.find("opusenc").get(), "sink"));
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad.get()));
    fail_unless_equals_text(ChainFixture::field_of(caps, "channels"), "1");
}
GST_END_TEST

GST_START_TEST(dtx_is_set_in_encoder_payloader_and_signalled)
{
    auto wish = audio_wish();
    wish.opus_dtx = true;
    wish.opus_fec = true;
    ChainFixture f(kAudio, kRawAudio, wish);
    f.play();
    f.wait_ready();
    fail_unless_equals_int(get<gboolean>(f.find("opusenc"), "dtx"), TRUE);
    fail_unless_equals_int(get<gboolean>(f.find("opusenc"), "inband-fec"), TRUE);
    fail_unless(get<gint>(f.find("opusenc"), "packet-loss-percentage") > 0);
    fail_unless_equals_int(get<gboolean>(f.find("rtpopuspay"), "dtx"), TRUE);
    fail_unless_equals_text(f.signalled("usedtx"), "1");
}
GST_END_TEST

GST_START_TEST(silence_with_dtx_is_nearly_no_packets)
{
    auto wish = audio_wish();
    wish.opus_dtx = true;
    ChainFixture f("audiotestsrc is-live=true wave=silence samplesperbuffer=960 ! "
                   "audio/x-raw,format=S16LE,rate=48000,channels=1",
                   "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1", wish);
    f.play();
    f.wait_ready();
    f.chain->set_gate(true);
    fail_unless(wait_until([&] { return f.frames_in >= 150; })); // three seconds
    fail_unless(f.packets < 30, "%u packets of 150 frames", f.packets.load());
}
GST_END_TEST

GST_START_TEST(encoded_input_is_sent_as_it_is)
{
    struct Row {
        const char* source;
        const char* caps;
        MediaKind kind;
        const char* encoding_name;
    };
    const Row rows[] = {
        {"videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! vp8enc deadline=1",
         "video/x-vp8", MediaKind::Video, "VP8"},
        {"videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! vp9enc deadline=1 "
         "lag-in-frames=0",
         "video/x-vp9", MediaKind::Video, "VP9"},
        {"videotestsrc is-live=true ! video/x-raw,width=160,height=120,format=I420 ! "
         "x264enc tune=zerolatency ! video/x-h264,stream-format=byte-stream",
         "video/x-h264,stream-format=byte-stream,alignment=au", MediaKind::Video, "H264"},
        {"videotestsrc is-live=true ! video/x-raw,width=160,height=120,format=I420 ! "
         "x264enc tune=zerolatency ! video/x-h264,stream-format=avc",
         "video/x-h264,stream-format=avc,alignment=au", MediaKind::Video, "H264"},
        {"audiotestsrc is-live=true ! opusenc", "audio/x-opus,channel-mapping-family=0",
         MediaKind::Audio, "OPUS"},
    };
    for (const Row& row : rows) {
        SendWish wish{.kind = row.kind, .live = true};
        ChainFixture f(row.source, row.caps, wish);
        f.play();
        f.open_and_wait_for_packets(5);
        fail_unless_equals_text(f.caps_field("encoding-name"), row.encoding_name);
        fail_unless_equals_text(f.chain->encoder_name(), "");
        for (const KnownEncoder& encoder : known_encoders())
            fail_unless_equals_int(f.count(encoder.factory), 0);
    }
}
GST_END_TEST

GST_START_TEST(rtp_input_is_sent_under_our_own_numbers)
{
    ChainFixture f("videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "
                   "vp8enc deadline=1 ! rtpvp8pay pt=99 ssrc=1234",
                   "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=99",
                   SendWish{.kind = MediaKind::Video, .live = true});
    f.play();
    f.open_and_wait_for_packets(5);
    fail_unless_equals_text(f.caps_field("payload"), "120");
    fail_if(f.caps_field("ssrc") == "1234");
    fail_unless_equals_int(f.count("vp8enc"), 0);
}
GST_END_TEST

GST_START_TEST(shut_gate_drops_packets_and_stops_nobody)
{
    ChainFixture f(kVideo, kRawVideo, video_wish());
    f.play();
    f.wait_ready();
    fail_unless(wait_until([&] { return f.frames_in >= 20; }));
    fail_unless_equals_int(f.packets.load(), 0);
    fail_unless(f.chain->counters().dropped > 0);
    f.open_and_wait_for_packets(1);
    f.chain->set_gate(false);
    // One packet can be past the gate already.
    const unsigned then = f.frames_in;
    fail_unless(wait_until([&] { return f.frames_in >= then + 3; }));
    const unsigned passed = f.packets;
    fail_unless(wait_until([&] { return f.frames_in >= then + 13; }));
    fail_unless_equals_int(f.packets.load(), passed);
}
GST_END_TEST

GST_START_TEST(opened_gate_begins_with_a_key_frame)
{
    ChainFixture f(kVideo, kRawVideo, video_wish());
    std::atomic<bool> first_is_key = false;
    f.on_packet = [&, seen = false](GstBuffer* packet) mutable {
        if (!std::exchange(seen, true))
            first_is_key = begins_vp8_key_frame(packet);
    };
    f.play();
    f.wait_ready();
    fail_unless(wait_until([&] { return f.frames_in >= 10; }));
    f.open_and_wait_for_packets(1);
    fail_unless(first_is_key);
}
GST_END_TEST

GST_START_TEST(encoded_input_begins_with_its_next_key_frame)
{
    // A source that does not hear of key frame requests: the gate waits for its next one.
    ChainFixture f("videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! "
                   "vp8enc deadline=1 keyframe-max-dist=20",
                   "video/x-vp8", SendWish{.kind = MediaKind::Video, .live = true});
    const auto in = f.chain->input_pad();
    gst_pad_add_probe(
        in.get(), GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
        [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_DROP; }, nullptr, nullptr);
    std::atomic<bool> first_is_key = false;
    f.on_packet = [&, seen = false](GstBuffer* packet) mutable {
        if (!std::exchange(seen, true))
            first_is_key = begins_vp8_key_frame(packet);
    };
    f.play();
    f.wait_ready();
    fail_unless(wait_until([&] { return f.frames_in >= 5; }));
    f.open_and_wait_for_packets(1);
    fail_unless(first_is_key);
}
GST_END_TEST

GST_START_TEST(request_for_a_key_frame_reaches_the_encoder)
{
    ChainFixture f(kVideo, kRawVideo, video_wish());
    std::atomic<unsigned> keys = 0;
    f.on_packet = [&](GstBuffer* packet) {
        if (begins_vp8_key_frame(packet))
            ++keys;
    };
    f.play();
    f.open_and_wait_for_packets(15);
    const unsigned before = keys;
    // As webrtcbin passes a PLI on.
    const auto gate_src = f.chain->gate_src();
    gst_pad_send_event(gate_src.get(),
                       gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                            gst_structure_new("GstForceKeyUnit", "all-headers",
                                                              G_TYPE_BOOLEAN, TRUE, nullptr)));
    fail_unless(wait_until([&] { return keys > before; }));
}
GST_END_TEST

GST_START_TEST(b_frames_are_refused_with_a_way_out)
{
    ChainFixture f("videotestsrc is-live=true ! "
                   "video/x-raw,format=I420,width=160,height=120,framerate=30/1 ! "
                   "x264enc bframes=2 b-adapt=false rc-lookahead=0 sync-lookahead=0 ! "
                   "video/x-h264,profile=main",
                   "video/x-h264,stream-format=avc,alignment=au",
                   SendWish{.kind = MediaKind::Video, .live = true});
    f.play();
    fail_unless(wait_until([&] { return f.unusable > 0; }));
    fail_unless(f.why_unusable.code == ErrorCode::Unsupported);
    fail_unless(f.why_unusable.message.find("B-frames") != std::string::npos);
    fail_unless(f.why_unusable.message.find("decode") != std::string::npos);
    f.stop();
    fail_unless_equals_int(f.unusable.load(), 1);
}
GST_END_TEST

GST_START_TEST(eos_is_told_and_goes_no_further)
{
    ChainFixture f("videotestsrc num-buffers=5 is-live=true ! "
                   "video/x-raw,width=160,height=120,framerate=30/1",
                   kRawVideo, video_wish());
    f.play();
    fail_unless(wait_until([&] { return f.eos > 0; }));
    f.stop();
    fail_unless_equals_int(f.eos.load(), 1);
    fail_unless_equals_int(f.eos_at_sink.load(), 0);
}
GST_END_TEST

GST_START_TEST(files_are_sent_in_real_time)
{
    auto wish = video_wish();
    wish.live = false;
    ChainFixture f("videotestsrc num-buffers=30 ! "
                   "video/x-raw,format=I420,width=160,height=120,framerate=30/1",
                   kRawVideo, wish);
    const gint64 begin = g_get_monotonic_time();
    f.play();
    fail_unless(wait_until([&] { return f.eos > 0; }));
    const gint64 took = g_get_monotonic_time() - begin;
    fail_unless(took > 900000, "one second of video took %" G_GINT64_FORMAT " us", took);
}
GST_END_TEST

GST_START_TEST(slow_encoder_loses_frames_and_not_the_time)
{
    auto wish = video_wish();
    wish.live = false;
    ChainFixture f("videotestsrc num-buffers=90 ! "
                   "video/x-raw,format=I420,width=160,height=120,framerate=30/1",
                   kRawVideo, wish);
    // Takes 150 ms for a frame: 13.5 s for all of them.
    const auto slow = [](GstPad*, GstPadProbeInfo*, gpointer) {
        std::mutex own;
        std::unique_lock lock(own);
        std::condition_variable nobody_tells;
        (void)nobody_tells.wait_for(lock, Milliseconds{150}, [] { return false; });
        return GST_PAD_PROBE_OK;
    };
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(f.find("vp8enc").get(), "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, slow, nullptr, nullptr);
    const gint64 begin = g_get_monotonic_time();
    f.play();
    fail_unless(wait_until([&] { return f.eos > 0; }));
    const gint64 took = g_get_monotonic_time() - begin;
    fail_unless(took < 8000000, "three seconds of video took %" G_GINT64_FORMAT " us", took);
}
GST_END_TEST

GST_START_TEST(only_a_live_queue_drops)
{
    for (const bool live : {true, false}) {
        auto wish = audio_wish();
        wish.live = live;
        ChainFixture f(kAudio, kRawAudio, wish);
        fail_unless_equals_int(get<gint>(f.find("queue"), "leaky"), live ? 2 : 0);
        fail_unless(get<guint64>(f.find("queue"), "max-size-time") > 0);
    }
}
GST_END_TEST

GST_START_TEST(odd_sizes_are_made_even_for_h264)
{
    ChainFixture f("videotestsrc is-live=true ! video/x-raw,width=161,height=121,framerate=30/1",
                   "video/x-raw,format=I420,width=161,height=121,framerate=30/1",
                   video_wish("video/x-h264"));
    f.play();
    f.open_and_wait_for_packets(2);
}
GST_END_TEST

GST_START_TEST(interlaced_video_is_deinterlaced)
{
    ChainFixture f("videotestsrc is-live=true ! "
                   "video/x-raw,format=I420,width=160,height=120,framerate=25/1,"
                   "interlace-mode=interleaved",
                   "video/x-raw,format=I420,width=160,height=120,framerate=25/1,"
                   "interlace-mode=interleaved",
                   video_wish());
    fail_unless_equals_int(f.count("deinterlace"), 1);
    f.play();
    f.open_and_wait_for_packets(2);
}
GST_END_TEST

GST_START_TEST(bitrate_is_set_in_the_unit_of_the_encoder)
{
    auto wish = video_wish();
    wish.bitrate = 700000;
    ChainFixture vp8(kVideo, kRawVideo, wish);
    fail_unless_equals_int(get<gint>(vp8.find("vp8enc"), "target-bitrate"), 700000);
    vp8.chain->set_bitrate(900000);
    fail_unless_equals_int(get<gint>(vp8.find("vp8enc"), "target-bitrate"), 900000);

    auto h264 = video_wish("video/x-h264");
    h264.bitrate = 700000;
    ChainFixture x264(kVideo, kRawVideo, h264);
    fail_unless_equals_int(get<guint>(x264.find("x264enc"), "bitrate"), 700);
}
GST_END_TEST

GST_START_TEST(what_is_behind_the_gate_may_vanish)
{
    ChainFixture f(kVideo, kRawVideo, video_wish());
    f.play();
    f.open_and_wait_for_packets(5);
    f.cut_off();
    const unsigned then = f.frames_in;
    fail_unless(wait_until([&] { return f.frames_in >= then + 20; }), "the source was stopped");
}
GST_END_TEST

GST_START_TEST(one_payload_type_means_one_configuration)
{
    const auto numbers = std::make_shared<PayloadTypes>();
    const auto number = [&](bool dtx) {
        auto wish = audio_wish();
        wish.opus_dtx = dtx;
        wish.payload_types = numbers;
        ChainFixture f(kAudio, kRawAudio, wish);
        return get<guint>(f.find("rtpopuspay"), "pt");
    };
    fail_unless_equals_int(number(false), 111);
    fail_unless_equals_int(number(true), 110);
    fail_unless_equals_int(number(false), 111);
    const CodecInfo& h264 = info_of(Codec::H264);
    fail_unless_equals_int(numbers->number_for(h264, "x264enc"), 125);
    fail_unless_equals_int(numbers->number_for(h264, "high"), 124);
    fail_unless_equals_int(numbers->number_for(info_of(Codec::Vp8), ""), 120);
    for (const char* more : {"a", "b", "c", "d"})
        fail_unless(numbers->number_for(h264, more) >= 96);
}
GST_END_TEST

GST_START_TEST(memory_that_no_encoder_takes_is_refused)
{
    ChainFixture f(kVideo,
                   "video/x-raw(memory:Unknown),format=I420,width=160,height=120,framerate=30/1",
                   video_wish());
    fail_unless(f.build_error.has_value());
    fail_unless(f.build_error->code == ErrorCode::Unsupported);
    fail_unless(f.build_error->message.find("system memory") != std::string::npos);
}
GST_END_TEST

static Suite* send_chain_suite()
{
    Suite* s = suite_create("send_chain");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, raw_video_becomes_rtp_of_each_codec);
    tcase_add_test(tc, raw_audio_becomes_opus_in_stereo);
    tcase_add_test(tc, mono_is_not_signalled_as_stereo);
    tcase_add_test(tc, dtx_is_set_in_encoder_payloader_and_signalled);
    tcase_add_test(tc, silence_with_dtx_is_nearly_no_packets);
    tcase_add_test(tc, encoded_input_is_sent_as_it_is);
    tcase_add_test(tc, rtp_input_is_sent_under_our_own_numbers);
    tcase_add_test(tc, shut_gate_drops_packets_and_stops_nobody);
    tcase_add_test(tc, opened_gate_begins_with_a_key_frame);
    tcase_add_test(tc, encoded_input_begins_with_its_next_key_frame);
    tcase_add_test(tc, request_for_a_key_frame_reaches_the_encoder);
    tcase_add_test(tc, b_frames_are_refused_with_a_way_out);
    tcase_add_test(tc, eos_is_told_and_goes_no_further);
    tcase_add_test(tc, files_are_sent_in_real_time);
    tcase_add_test(tc, slow_encoder_loses_frames_and_not_the_time);
    tcase_add_test(tc, only_a_live_queue_drops);
    tcase_add_test(tc, odd_sizes_are_made_even_for_h264);
    tcase_add_test(tc, interlaced_video_is_deinterlaced);
    tcase_add_test(tc, bitrate_is_set_in_the_unit_of_the_encoder);
    tcase_add_test(tc, what_is_behind_the_gate_may_vanish);
    tcase_add_test(tc, one_payload_type_means_one_configuration);
    tcase_add_test(tc, memory_that_no_encoder_takes_is_refused);
    return s;
}

GST_CHECK_MAIN(send_chain)

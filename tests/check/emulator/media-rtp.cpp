/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <array>
#include <random>

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/codec-match.hpp"
#include "tests/emulator/media/extension-map.hpp"
#include "tests/emulator/media/key-frame.hpp"
#include "tests/emulator/media/rtp-packet.hpp"
#include "tests/emulator/media/vp8-descriptor.hpp"
#include "tests/support/check.hpp"
#include "tests/support/media-peer.hpp"

using namespace cf::emu;
using cf::test::make_rtp;
using cf::test::RtpFields;
using cf::test::text_bytes;

namespace
{

using Buffer = std::vector<std::uint8_t>;

std::string as_text(const std::optional<Bytes>& b)
{
    return b ? std::string(b->begin(), b->end()) : "(absent)";
}

/// What a subscriber would get.
struct Built {
    Buffer data;
    SendStamps stamps;
    RtpPacket packet;
};
Built build(const Buffer& source, const std::vector<HeaderExtension>& ids,
            const SendParameters& target, bool keep_padding = false)
{
    ExtensionMap map;
    map.build(ids, target);
    Built b;
    b.data.resize(1500);
    const auto parsed = RtpPacket::parse(source);
    const auto size = build_packet(*parsed, {100, 77, 88, 99}, map, keep_padding, b.data, b.stamps);
    fail_unless(size.has_value());
    b.data.resize(*size);
    b.packet = *RtpPacket::parse(b.data);
    return b;
}

RtpCodec codec(std::uint8_t pt, const char* name, const char* fmtp = "", unsigned channels = 1)
{
    RtpCodec c;
    c.payload_type = pt;
    c.name = name;
    c.fmtp = fmtp;
    c.channels = channels;
    return c;
}

bool key(PayloadFormat format, const Buffer& payload)
{
    return starts_key_frame(format, payload);
}

} // namespace

GST_START_TEST(all_parts_of_a_packet_are_found)
{
    const Buffer data = make_rtp({.payload_type = 111,
                                  .sequence = 65535,
                                  .timestamp = 0xFFFFFFFF,
                                  .ssrc = 0xDEADBEEF,
                                  .marker = true,
                                  .csrcs = {1, 2},
                                  .extensions = {{3, text_bytes("mid")}, {14, text_bytes("z")}},
                                  .payload = text_bytes("payload"),
                                  .padding = 5});
    const auto p = RtpPacket::parse(data);
    fail_unless(p.has_value());
    fail_unless_equals_int(p->payload_type, 111);
    fail_unless_equals_int(p->sequence, 65535);
    fail_unless(p->timestamp == 0xFFFFFFFFU && p->ssrc == 0xDEADBEEFU && p->marker);
    fail_unless_equals_int(p->csrcs.size(), 8);
    fail_unless(as_text(p->find_extension(3)) == "mid");
    fail_unless(as_text(p->find_extension(14)) == "z");
    fail_unless(!p->find_extension(4));
    fail_unless(as_text(p->payload) == "payload");
    fail_unless_equals_int(p->padding, 5);
}
GST_END_TEST;

GST_START_TEST(two_byte_extensions_are_read)
{
    Buffer data = make_rtp({});
    data[0] |= 0x10;
    const Buffer block{0x10, 0x00, 0x00, 0x03, 200, 3, 'a', 'b', 'c', 0, 7, 0, 0, 9, 1, 'x'};
    data.insert(data.end(), block.begin(), block.end());
    const auto p = RtpPacket::parse(data);
    fail_unless(p.has_value());
    fail_unless(as_text(p->find_extension(200)) == "abc");
    fail_unless(as_text(p->find_extension(7)) == "");
    fail_unless(as_text(p->find_extension(9)) == "x");
}
GST_END_TEST;

GST_START_TEST(lengths_that_do_not_fit_are_refused)
{
    const Buffer good = make_rtp({.csrcs = {1}, .extensions = {{1, text_bytes("m")}}});
    for (std::size_t n = 0; n < good.size(); ++n)
        fail_unless(!RtpPacket::parse(Bytes(good).first(n)), "cut at %zu", n);
    Buffer version = good;
    version[0] = static_cast<std::uint8_t>(version[0] & 0x3F);
    fail_unless(!RtpPacket::parse(version));
    Buffer padded = make_rtp({.payload = {1, 2, 3, 0}});
    padded[0] |= 0x20;
    fail_unless(!RtpPacket::parse(padded));
    padded.back() = 5;
    fail_unless(!RtpPacket::parse(padded));
    padded.back() = 4;
    fail_unless(RtpPacket::parse(padded)->payload.empty());
}
GST_END_TEST;

GST_START_TEST(extension_elements_that_do_not_fit_end_the_walk)
{
    const Buffer overrun{0x12, 'a', 'b', 'c', 0x2F, 'd', 'e', 'f'};
    ExtensionReader one(kOneByteExtensions, overrun);
    fail_unless_equals_int(one.next()->id, 1);
    fail_unless(!one.next() && !one.next());
    const Buffer reserved{0xF0, 'a', 0x10, 'b'};
    fail_unless(!ExtensionReader(kOneByteExtensions, reserved).next());
    const Buffer zero_with_length{0x07, 0x10, 'b', 0};
    fail_unless_equals_int(ExtensionReader(kOneByteExtensions, zero_with_length).next()->id, 1);
    const Buffer two{5, 200, 1};
    fail_unless(!ExtensionReader(kTwoByteExtensions, two).next());
    fail_unless(!ExtensionReader(0x1234, overrun).next());
}
GST_END_TEST;

GST_START_TEST(noise_never_gets_out_of_bounds)
{
    std::mt19937 random(5);
    const PayloadFormat formats[] = {PayloadFormat::Vp8, PayloadFormat::Vp9, PayloadFormat::H264,
                                     PayloadFormat::H265, PayloadFormat::Av1};
    std::size_t parsed = 0;
    for (int round = 0; round < 20000; ++round) {
        Buffer noise(random() % 80);
        for (auto& b : noise)
            b = static_cast<std::uint8_t>(random());
        if (!noise.empty())
            noise[0] = static_cast<std::uint8_t>(0x80 | (noise[0] & 0x33));
        if (const auto p = RtpPacket::parse(noise)) {
            ++parsed;
            for (ExtensionReader reader(*p); reader.next();)
                continue;
        }
        for (const PayloadFormat f : formats)
            (void)starts_key_frame(f, noise);
        Vp8Rewriter rewriter;
        rewriter.rewrite(noise);
    }
    fail_unless(parsed > 100);
}
GST_END_TEST;

GST_START_TEST(a_forwarded_packet_keeps_what_is_the_publishers)
{
    const Buffer source = make_rtp({.payload_type = 120,
                                    .marker = true,
                                    .csrcs = {7, 8, 9},
                                    .payload = text_bytes("frame"),
                                    .padding = 9});
    const Built b = build(source, {}, {.mid = "0"});
    fail_unless_equals_int(b.packet.payload_type, 100);
    fail_unless_equals_int(b.packet.sequence, 77);
    fail_unless_equals_int(b.packet.timestamp, 88);
    fail_unless_equals_int(b.packet.ssrc, 99);
    fail_unless(b.packet.marker);
    fail_unless_equals_int(b.packet.csrcs.size(), 12);
    fail_unless_equals_int(b.packet.csrcs[3], 7);
    fail_unless(as_text(b.packet.payload) == "frame");
    fail_unless_equals_int(b.packet.padding, 0);
    fail_unless_equals_int(build(source, {}, {.mid = "0"}, true).packet.padding, 9);
}
GST_END_TEST;

GST_START_TEST(extension_ids_are_translated_and_hop_by_hop_ones_replaced)
{
    const char* kLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
    const char* kOther = "urn:example:other";
    const Buffer source = make_rtp({.extensions = {{1, text_bytes("pub-mid")},
                                                   {2, {0x83}},
                                                   {3, {0, 9}},
                                                   {4, text_bytes("rid")},
                                                   {5, text_bytes("q")}},
                                    .payload = text_bytes("x")});
    const std::vector<HeaderExtension> ids{{1, extension_uri::kMid},
                                           {2, kLevel},
                                           {3, extension_uri::kTransportCc},
                                           {4, extension_uri::kRid},
                                           {5, kOther}};
    SendParameters target;
    target.mid = "sub-mid";
    target.extensions = {{9, extension_uri::kMid},
                         {10, kLevel},
                         {11, extension_uri::kTransportCc},
                         {12, extension_uri::kAbsSendTime},
                         {13, extension_uri::kRid}};
    const Built b = build(source, ids, target);
    fail_unless(as_text(b.packet.find_extension(9)) == "sub-mid");
    fail_unless_equals_int((*b.packet.find_extension(10))[0], 0x83);
    fail_unless_equals_int(b.packet.find_extension(11)->size(), 2);
    fail_unless_equals_int(b.packet.find_extension(12)->size(), 3);
    fail_unless(!b.packet.find_extension(13));
    // The stamps point at the values.
    fail_unless(b.packet.find_extension(11)->data() == b.data.data() + b.stamps.transport_cc_at);
    fail_unless(b.packet.find_extension(12)->data() == b.data.data() + b.stamps.abs_send_time_at);
    fail_unless(b.packet.payload.data() == b.data.data() + b.stamps.payload_at);
    // Nothing else came along.
    int elements = 0;
    for (ExtensionReader reader(b.packet); reader.next();)
        ++elements;
    fail_unless_equals_int(elements, 4);
}
GST_END_TEST;

GST_START_TEST(long_elements_need_the_two_byte_form)
{
    Buffer source = make_rtp({});
    source[0] |= 0x10;
    append_u16(source, kTwoByteExtensions);
    append_u16(source, 6);
    append_u8(source, 40);
    append_u8(source, 20);
    source.resize(source.size() + 22, 0xAB);
    const std::vector<HeaderExtension> ids{{40, "urn:example:long"}};
    SendParameters target;
    target.mid = "0";
    target.extensions = {{3, "urn:example:long"}, {4, extension_uri::kMid}};
    const Built narrow = build(source, ids, target);
    fail_unless(!narrow.packet.find_extension(3));
    fail_unless(as_text(narrow.packet.find_extension(4)) == "0");
    target.mixed_extensions = true;
    const Built wide = build(source, ids, target);
    fail_unless_equals_int(wide.packet.extension_profile, kTwoByteExtensions);
    fail_unless_equals_int(wide.packet.find_extension(3)->size(), 20);
    fail_unless(as_text(wide.packet.find_extension(4)) == "0");
}
GST_END_TEST;

// Without its long form a dependency descriptor tells nothing, and makes decoders drop what they
// get.
GST_START_TEST(dependency_descriptors_need_the_two_byte_form)
{
    const Buffer source = make_rtp({.extensions = {{13, text_bytes("abc")}}});
    const std::vector<HeaderExtension> ids{{13, extension_uri::kDependencyDescriptor}};
    SendParameters target;
    target.extensions = {{7, extension_uri::kDependencyDescriptor}};
    fail_unless(!build(source, ids, target).packet.find_extension(7));
    target.mixed_extensions = true;
    const Built built = build(source, ids, target);
    fail_unless(as_text(built.packet.find_extension(7)) == "abc");
    fail_unless_equals_int(built.packet.extension_profile, kOneByteExtensions);
}
GST_END_TEST;

GST_START_TEST(a_packet_that_does_not_fit_is_not_built)
{
    const Buffer source = make_rtp({.payload = Buffer(200, 1)});
    ExtensionMap map;
    map.build({}, {.mid = "m", .extensions = {{1, extension_uri::kMid}}});
    SendStamps stamps;
    for (std::size_t n = 0; n < 220; ++n) {
        Buffer out(n);
        const auto size = build_packet(*RtpPacket::parse(source), {}, map, false, out, stamps);
        fail_unless(size.has_value() == (n == 220) || (size && *size <= n), "%zu", n);
    }
}
GST_END_TEST;

GST_START_TEST(codecs_match_by_what_a_decoder_needs)
{
    const std::vector<RtpCodec> offered{
        codec(96, "VP8"),
        codec(98, "VP9", "profile-id=2"),
        codec(99, "VP9", "profile-id=0"),
        codec(102, "H264", "packetization-mode=0;profile-level-id=42e01f"),
        codec(125, "h264", "profile-level-id=42e01f; packetization-mode=1"),
    };
    fail_unless_equals_int(match_codec(offered, codec(120, "vp8"))->payload_type, 96);
    fail_unless_equals_int(match_codec(offered, codec(1, "VP9"))->payload_type, 99);
    fail_unless_equals_int(
        match_codec(offered, codec(1, "H264", "packetization-mode=1;profile-level-id=640032"))
            ->payload_type,
        125);
    fail_unless_equals_int(match_codec(offered, codec(1, "H264"))->payload_type, 102);
    fail_unless(match_codec(offered, codec(1, "AV1")) == nullptr);
    RtpCodec mono = codec(111, "opus", "", 1);
    fail_unless(match_codec({codec(111, "opus", "", 2)}, mono) == nullptr);
    fail_unless(fmtp_value("a=1; B = 2 ;c", "b").value_or("") == "2");
    fail_unless(!fmtp_value("a=1;ab=2", "b"));
}
GST_END_TEST;

GST_START_TEST(vp8_key_frames_are_told_apart)
{
    fail_unless(key(PayloadFormat::Vp8, {0x10, 0x00, 1, 2}));
    fail_unless(!key(PayloadFormat::Vp8, {0x10, 0x01, 1, 2}));
    fail_unless(!key(PayloadFormat::Vp8, {0x00, 0x00, 1, 2}));
    fail_unless(!key(PayloadFormat::Vp8, {0x11, 0x00, 1, 2}));
    fail_unless(key(PayloadFormat::Vp8, {0x90, 0x80, 0x81, 0x02, 0x00}));
    fail_unless(key(PayloadFormat::Vp8, {0x90, 0xF0, 0x01, 5, 6, 0x00}));
    fail_unless(!key(PayloadFormat::Vp8, {0x90, 0x80, 0x81, 0x02}));
    fail_unless(!key(PayloadFormat::Vp8, {}));
}
GST_END_TEST;

GST_START_TEST(vp9_key_frames_are_told_apart)
{
    fail_unless(key(PayloadFormat::Vp9, {0x08, 0x00}));
    fail_unless(!key(PayloadFormat::Vp9, {0x48, 0x00}));
    fail_unless(!key(PayloadFormat::Vp9, {0x04, 0x00}));
    // Two-byte picture id, spatial layer 0, then 1.
    fail_unless(key(PayloadFormat::Vp9, {0xA8, 0x81, 0x02, 0x00}));
    fail_unless(!key(PayloadFormat::Vp9, {0xA8, 0x81, 0x02, 0x02}));
    fail_unless(!key(PayloadFormat::Vp9, {0xA8, 0x81}));
}
GST_END_TEST;

GST_START_TEST(h264_key_frames_are_told_apart)
{
    fail_unless(key(PayloadFormat::H264, {0x65, 1}));
    fail_unless(key(PayloadFormat::H264, {0x67, 1}));
    fail_unless(!key(PayloadFormat::H264, {0x61, 1}));
    fail_unless(!key(PayloadFormat::H264, {0x68, 1}));
    fail_unless(key(PayloadFormat::H264, {0x18, 0, 1, 0x09, 0, 2, 0x67, 1}));
    fail_unless(!key(PayloadFormat::H264, {0x18, 0, 1, 0x09, 0, 9, 0x67, 1}));
    fail_unless(key(PayloadFormat::H264, {0x7C, 0x85, 1}));
    fail_unless(!key(PayloadFormat::H264, {0x7C, 0x05, 1}));
    fail_unless(!key(PayloadFormat::H264, {0x7C, 0x81, 1}));
}
GST_END_TEST;

GST_START_TEST(h265_and_av1_key_frames_are_told_apart)
{
    fail_unless(key(PayloadFormat::H265, {19 << 1, 1, 0}));
    fail_unless(key(PayloadFormat::H265, {32 << 1, 1, 0}));
    fail_unless(!key(PayloadFormat::H265, {1 << 1, 1, 0}));
    fail_unless(key(PayloadFormat::H265, {49 << 1, 1, 0x80 | 19}));
    fail_unless(!key(PayloadFormat::H265, {49 << 1, 1, 19}));
    fail_unless(key(PayloadFormat::H265, {48 << 1, 1, 0, 2, 33 << 1, 1}));
    fail_unless(key(PayloadFormat::Av1, {0x18}));
    fail_unless(!key(PayloadFormat::Av1, {0x10}));
    fail_unless(key(PayloadFormat::Audio, {0}));
    fail_unless(payload_format("vp8") == PayloadFormat::Vp8);
    fail_unless(payload_format("x-unknown") == PayloadFormat::Other);
}
GST_END_TEST;

GST_START_TEST(vp8_numbers_run_on_over_a_switch)
{
    // X, I+L+K, 15-bit picture id, TL0PICIDX, KEYIDX.
    auto packet = [](unsigned picture, std::uint8_t tl0, std::uint8_t key_index) {
        return Buffer{0x90,
                      0xD0,
                      static_cast<std::uint8_t>(0x80 | picture >> 8),
                      static_cast<std::uint8_t>(picture),
                      tl0,
                      key_index,
                      0x00};
    };
    auto numbers = [](const Buffer& b) {
        const auto d = Vp8Descriptor::parse(b);
        return std::array<int, 3>{d->picture_id, d->tl0, d->key_index};
    };
    Vp8Rewriter rewriter;
    Buffer b = packet(0x7FFE, 255, 31);
    rewriter.rewrite(b);
    fail_unless((numbers(b) == std::array<int, 3>{0x7FFE, 255, 31}));
    b = packet(0x7FFF, 255, 31);
    rewriter.rewrite(b);

    rewriter.switch_source();
    b = packet(500, 10, 4);
    rewriter.rewrite(b);
    fail_unless((numbers(b) == std::array<int, 3>{0, 0, 0}));
    b = packet(501, 11, 4);
    rewriter.rewrite(b);
    fail_unless((numbers(b) == std::array<int, 3>{1, 1, 0}));
    // A straggler keeps its place, and does not turn the counter back.
    b = packet(500, 10, 4);
    rewriter.rewrite(b);
    fail_unless((numbers(b) == std::array<int, 3>{0, 0, 0}));
    rewriter.switch_source();
    b = packet(7, 7, 7);
    rewriter.rewrite(b);
    fail_unless((numbers(b) == std::array<int, 3>{2, 2, 1}));
}
GST_END_TEST;

static Suite* media_rtp_suite()
{
    Suite* s = suite_create("media_rtp");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, all_parts_of_a_packet_are_found);
    tcase_add_test(tc, two_byte_extensions_are_read);
    tcase_add_test(tc, lengths_that_do_not_fit_are_refused);
    tcase_add_test(tc, extension_elements_that_do_not_fit_end_the_walk);
    tcase_add_test(tc, noise_never_gets_out_of_bounds);
    tcase_add_test(tc, a_forwarded_packet_keeps_what_is_the_publishers);
    tcase_add_test(tc, extension_ids_are_translated_and_hop_by_hop_ones_replaced);
    tcase_add_test(tc, long_elements_need_the_two_byte_form);
    tcase_add_test(tc, dependency_descriptors_need_the_two_byte_form);
    tcase_add_test(tc, a_packet_that_does_not_fit_is_not_built);
    tcase_add_test(tc, codecs_match_by_what_a_decoder_needs);
    tcase_add_test(tc, vp8_key_frames_are_told_apart);
    tcase_add_test(tc, vp9_key_frames_are_told_apart);
    tcase_add_test(tc, h264_key_frames_are_told_apart);
    tcase_add_test(tc, h265_and_av1_key_frames_are_told_apart);
    tcase_add_test(tc, vp8_numbers_run_on_over_a_switch);
    return s;
}

GST_CHECK_MAIN(media_rtp);

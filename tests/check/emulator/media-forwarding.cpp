/* SPDX-License-Identifier: LGPL-2.1-or-later */
// From a publisher's packets to a subscriber's, and the feedback back, through real sockets.
#include <algorithm>
#include <map>
#include <memory>

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/media-server.hpp"
#include "tests/emulator/media/ntp-time.hpp"
#include "tests/support/check.hpp"
#include "tests/support/media-peer.hpp"
#include "tests/support/wait.hpp"

using namespace cf::emu;
using cf::Milliseconds;
using cf::test::make_rtp;
using cf::test::MediaPeer;
using cf::test::RtpFields;
using cf::test::text_bytes;
using cf::test::wait_until;

namespace
{

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint32_t kAudioSsrc = 0xA0;
constexpr std::uint32_t kVideoSsrc = 0xB0;
constexpr std::uint32_t kRtxSsrc = 0xB1;

RtpCodec make_codec(std::uint8_t pt, const char* name, std::uint32_t clock, unsigned channels = 1)
{
    RtpCodec c;
    c.payload_type = pt;
    c.name = name;
    c.clock_rate = clock;
    c.channels = channels;
    return c;
}

RtpCodec make_rtx(std::uint8_t pt, std::uint8_t apt)
{
    RtpCodec c = make_codec(pt, "rtx", 90000);
    c.apt = apt;
    return c;
}

RtpCodec make_vp8(std::uint8_t pt)
{
    RtpCodec c = make_codec(pt, "VP8", 90000);
    c.nack = c.pli = c.fir = c.transport_cc = true;
    return c;
}

/// VP8 payloads: a key frame's first packet, and another packet.
const Buffer kKey{0x10, 0x00, 1, 2, 3};
const Buffer kDelta{0x10, 0x01, 4, 5, 6};

/// A publishing and a subscribing peer, connected, with an audio and a video section each.
struct Room {
    std::unique_ptr<MediaServer> server;
    std::shared_ptr<Transport> up;
    std::shared_ptr<Transport> down;
    MediaPeer publisher;
    MediaPeer subscriber;
    std::shared_ptr<Publication> audio;
    std::shared_ptr<Publication> video;
    std::shared_ptr<Subscription> audio_out;
    std::shared_ptr<Subscription> video_out;

    explicit Room(const MediaOptions& options = {}, std::vector<std::string> rids = {})
    {
        server = MediaServer::create(options, nullptr).take();
        up = server->create_transport();
        down = server->create_transport();
        audio = up->receive(audio_in());
        video = up->receive(video_in(std::move(rids)));
        audio_out = down->send("7", MediaKind::Audio);
        video_out = down->send("8", MediaKind::Video);
        fail_unless(publisher.connect(*server, *up));
        fail_unless(subscriber.connect(*server, *down));
    }

    static ReceiveParameters audio_in()
    {
        ReceiveParameters p;
        p.mid = "a";
        p.kind = MediaKind::Audio;
        p.codecs = {make_codec(111, "opus", 48000, 2)};
        p.extensions = {{1, extension_uri::kMid}};
        p.sources = {{kAudioSsrc, std::nullopt}};
        return p;
    }
    static ReceiveParameters video_in(std::vector<std::string> rids)
    {
        ReceiveParameters p;
        p.mid = "v";
        p.kind = MediaKind::Video;
        p.codecs = {make_vp8(120), make_rtx(121, 120)};
        p.extensions = {{1, extension_uri::kMid},
                        {2, extension_uri::kRid},
                        {3, extension_uri::kRepairedRid},
                        {4, extension_uri::kTransportCc}};
        if (rids.empty())
            p.sources = {{kVideoSsrc, kRtxSsrc}};
        p.rids = std::move(rids);
        p.reduced_size = true;
        return p;
    }
    void subscribe()
    {
        SendParameters a;
        a.mid = "7";
        a.kind = MediaKind::Audio;
        a.codecs = {make_codec(96, "opus", 48000, 2)};
        a.extensions = {{9, extension_uri::kMid}};
        audio_out->set_parameters(a);
        audio_out->set_source(audio);
        SendParameters v;
        v.mid = "8";
        v.kind = MediaKind::Video;
        v.codecs = {make_vp8(97), make_rtx(98, 97)};
        v.extensions = {{9, extension_uri::kMid}, {10, extension_uri::kTransportCc}};
        video_out->set_parameters(v);
        video_out->set_source(video);
    }

    void send_audio(std::uint16_t sequence, std::uint32_t timestamp)
    {
        publisher.send_rtp(make_rtp({.payload_type = 111,
                                     .sequence = sequence,
                                     .timestamp = timestamp,
                                     .ssrc = kAudioSsrc,
                                     .payload = {1, 2, 3}}));
    }
    void send_video(std::uint16_t sequence, std::uint32_t timestamp, const Buffer& payload,
                    RtpFields fields = {})
    {
        fields.payload_type = 120;
        fields.sequence = sequence;
        fields.timestamp = timestamp;
        if (fields.ssrc == RtpFields{}.ssrc)
            fields.ssrc = kVideoSsrc;
        fields.payload = payload;
        publisher.send_rtp(make_rtp(fields));
    }
    /// Packets that the subscriber got from @p ssrc.
    [[nodiscard]] std::vector<RtpPacket> got(std::uint32_t ssrc) const
    {
        std::vector<RtpPacket> all;
        for (const Buffer& b : subscriber.rtp) {
            const auto p = RtpPacket::parse(b);
            if (p && p->ssrc == ssrc)
                all.push_back(*p);
        }
        return all;
    }
    [[nodiscard]] bool wait_for(std::uint32_t ssrc, std::size_t count) const
    {
        return wait_until([&] { return got(ssrc).size() >= count; });
    }
    /// Waits until what was sent so far has been handled, by sending something that is counted.
    void settle(MediaPeer& peer, Transport& transport)
    {
        const auto before = transport.stats(server->now()).malformed.unknown;
        peer.send_raw({200});
        fail_unless(wait_until(
            [&] { return transport.stats(server->now()).malformed.unknown == before + 1; }));
    }
    [[nodiscard]] SubscriptionStats out_stats() const { return video_out->stats(server->now()); }
    [[nodiscard]] LayerStats layer(std::size_t i = 0) const
    {
        return video->stats(server->now()).layers.at(i);
    }
};

/// RTCP packets of one kind that @p peer got, with what @p read makes of them.
template <typename Read> auto rtcp_of(const MediaPeer& peer, Read read)
{
    std::vector<typename decltype(read(RtcpPacket{}))::value_type> all;
    for (const Buffer& b : peer.rtcp) {
        for (RtcpReader reader(b); const auto p = reader.next();) {
            if (auto value = read(*p))
                all.push_back(*value);
        }
    }
    return all;
}

std::string text_of(const std::optional<Bytes>& b)
{
    return b ? std::string(b->begin(), b->end()) : "(absent)";
}

} // namespace

GST_START_TEST(audio_goes_through_at_once_with_the_subscribers_ids)
{
    Room room;
    room.subscribe();
    for (std::uint16_t i = 0; i < 5; ++i)
        room.send_audio(static_cast<std::uint16_t>(65533 + i), 1000 + i * 960U);
    fail_unless(room.wait_for(room.audio_out->ssrc(), 5));
    const auto got = room.got(room.audio_out->ssrc());
    for (std::size_t i = 0; i < 5; ++i) {
        fail_unless_equals_int(got[i].payload_type, 96);
        fail_unless_equals_int(static_cast<std::uint16_t>(got[i].sequence - got[0].sequence), i);
        fail_unless_equals_int(got[i].timestamp - got[0].timestamp, i * 960);
        fail_unless(text_of(got[i].find_extension(9)) == "7");
    }
    fail_unless_equals_int(room.audio->stats(room.server->now()).layers[0].rate.packets, 5);
}
GST_END_TEST;

GST_START_TEST(video_waits_for_a_key_frame_and_asks_for_one)
{
    Room room;
    room.send_video(1, 0, kDelta);
    room.settle(room.publisher, *room.up);
    room.subscribe();
    fail_unless(wait_until([&] { return !rtcp_of(room.publisher, read_pli).empty(); }));
    fail_unless(rtcp_of(room.publisher, read_pli).front() == kVideoSsrc);
    room.send_video(2, 3000, kDelta);
    room.settle(room.publisher, *room.up);
    fail_unless(room.out_stats().waiting_for_key_frame);
    room.send_video(3, 6000, kKey, {.marker = true});
    room.send_video(4, 9000, kDelta);
    fail_unless(room.wait_for(room.video_out->ssrc(), 2));
    const auto got = room.got(room.video_out->ssrc());
    fail_unless_equals_int(got.size(), 2);
    fail_unless(got[0].marker && !got[1].marker);
    fail_unless(std::equal(kKey.begin(), kKey.end(), got[0].payload.begin()));
    fail_unless_equals_int(got[1].timestamp - got[0].timestamp, 3000);
    fail_unless(!room.out_stats().waiting_for_key_frame);
    fail_unless_equals_int(room.out_stats().key_frames, 1);
}
GST_END_TEST;

GST_START_TEST(transport_sequence_numbers_count_over_all_streams_that_have_them)
{
    Room room;
    room.subscribe();
    room.send_video(1, 0, kKey);
    room.send_video(2, 0, kDelta);
    room.send_video(3, 0, kDelta);
    fail_unless(room.wait_for(room.video_out->ssrc(), 3));
    const auto got = room.got(room.video_out->ssrc());
    for (std::size_t i = 0; i < 3; ++i)
        fail_unless_equals_int(read_u16(*got[i].find_extension(10), 0), i);
}
GST_END_TEST;

GST_START_TEST(a_lost_packet_is_asked_for_and_taken_from_rtx)
{
    Room room;
    room.subscribe();
    room.send_video(10, 0, kKey);
    room.send_video(12, 0, kDelta);
    fail_unless(wait_until([&] { return !rtcp_of(room.publisher, read_nack).empty(); }));
    const NackMessage nack = rtcp_of(room.publisher, read_nack).front();
    fail_unless(nack.media_ssrc == kVideoSsrc);
    fail_unless(nack.sequences == std::vector<std::uint16_t>{11});
    Buffer payload{0, 11, 0x10, 0x01, 77};
    room.publisher.send_rtp(make_rtp({.payload_type = 121,
                                      .sequence = 500,
                                      .timestamp = 0,
                                      .ssrc = kRtxSsrc,
                                      .payload = payload}));
    fail_unless(room.wait_for(room.video_out->ssrc(), 3));
    auto got = room.got(room.video_out->ssrc());
    fail_unless_equals_int(static_cast<std::uint16_t>(got[2].sequence - got[0].sequence), 1);
    fail_unless_equals_int(got[2].payload.back(), 77);
    const LayerStats l = room.layer();
    fail_unless_equals_int(l.recovered, 1);
    fail_unless_equals_int(l.lost, 0);
    fail_unless(l.rtx_ssrc == kRtxSsrc);
    // The same again is a duplicate and goes nowhere.
    room.publisher.send_rtp(make_rtp({.payload_type = 121,
                                      .sequence = 501,
                                      .timestamp = 0,
                                      .ssrc = kRtxSsrc,
                                      .payload = payload}));
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(room.layer().duplicate_packets, 1);
    fail_unless_equals_int(room.got(room.video_out->ssrc()).size(), 3);
}
GST_END_TEST;

GST_START_TEST(an_empty_rtx_probe_is_no_loss_and_no_packet)
{
    Room room;
    room.subscribe();
    room.send_video(10, 0, kKey);
    fail_unless(room.wait_for(room.video_out->ssrc(), 1));
    room.publisher.send_rtp(
        make_rtp({.payload_type = 121, .sequence = 1, .ssrc = kRtxSsrc, .padding = 100}));
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(room.layer().rate.packets, 1);
    fail_unless_equals_int(room.up->stats(room.server->now()).malformed.rtp_unmapped, 0);
}
GST_END_TEST;

GST_START_TEST(a_subscribers_nack_is_answered_by_rtx)
{
    Room room;
    room.subscribe();
    room.send_video(10, 100, kKey, {.marker = true});
    room.send_video(11, 200, kDelta);
    fail_unless(room.wait_for(room.video_out->ssrc(), 2));
    const RtpPacket original = room.got(room.video_out->ssrc())[0];
    RtcpWriter w;
    w.nack(5, room.video_out->ssrc(), {original.sequence});
    room.subscriber.send_rtcp(w);
    fail_unless(room.wait_for(room.video_out->rtx_ssrc(), 1));
    const RtpPacket rtx = room.got(room.video_out->rtx_ssrc())[0];
    fail_unless_equals_int(rtx.payload_type, 98);
    fail_unless_equals_int(read_u16(rtx.payload, 0), original.sequence);
    fail_unless(std::equal(kKey.begin(), kKey.end(), rtx.payload.begin() + 2));
    fail_unless(rtx.marker && rtx.timestamp == original.timestamp);
    fail_unless(text_of(rtx.find_extension(9)) == "8");
    // It is a packet of its own to the bandwidth estimator.
    fail_unless_equals_int(read_u16(*rtx.find_extension(10), 0), 2);
    fail_unless_equals_int(room.out_stats().retransmitted, 1);

    RtcpWriter unknown;
    unknown.nack(5, room.video_out->ssrc(), {static_cast<std::uint16_t>(original.sequence - 9)});
    room.subscriber.send_rtcp(unknown);
    fail_unless(wait_until([&] { return room.out_stats().nacks_unserved == 1; }));
}
GST_END_TEST;

GST_START_TEST(without_rtx_the_packet_itself_is_sent_again)
{
    Room room;
    room.subscribe();
    SendParameters v;
    v.mid = "8";
    v.kind = MediaKind::Video;
    v.codecs = {make_vp8(97)};
    room.video_out->set_parameters(v);
    room.send_video(10, 100, kKey);
    fail_unless(room.wait_for(room.video_out->ssrc(), 1));
    RtcpWriter w;
    w.nack(5, room.video_out->ssrc(), {room.got(room.video_out->ssrc())[0].sequence});
    room.subscriber.send_rtcp(w);
    // Its replay protection drops it, but the counter tells.
    fail_unless(wait_until([&] { return room.out_stats().retransmitted == 1; }));
    fail_unless(room.got(room.video_out->rtx_ssrc()).empty());
}
GST_END_TEST;

GST_START_TEST(a_flood_of_nacks_is_not_served_without_bound)
{
    Room room;
    room.subscribe();
    Buffer large(1100, 1);
    large[0] = 0x10;
    large[1] = 0x00;
    std::vector<std::uint16_t> all;
    for (std::uint16_t i = 0; i < 200; ++i)
        room.send_video(i, i * 3000U, large);
    fail_unless(room.wait_for(room.video_out->ssrc(), 200));
    for (const RtpPacket& p : room.got(room.video_out->ssrc()))
        all.push_back(p.sequence);
    // 50 times 200 packets are asked for, some 11 MB.
    const gint64 start = g_get_monotonic_time();
    for (int round = 0; round < 50; ++round) {
        RtcpWriter w;
        w.nack(5, room.video_out->ssrc(), all);
        room.subscriber.send_rtcp(w);
        (void)wait_until([] { return false; }, Milliseconds{15});
    }
    fail_unless(wait_until([&] { return room.out_stats().nacks_received == 50 * 200; }));
    // Twice the stream's own 1.8 Mbit/s and one more are 520 packets a second.
    const double seconds = static_cast<double>(g_get_monotonic_time() - start) / 1e6;
    const auto resent = static_cast<double>(room.out_stats().retransmitted);
    fail_unless(resent >= 100 && resent < 600 * (seconds + 1), "%.0f in %.1f s", resent, seconds);
}
GST_END_TEST;

GST_START_TEST(a_peer_cannot_make_up_sources_without_end)
{
    Room room;
    for (std::uint32_t ssrc = 10000; ssrc < 11100; ++ssrc) {
        room.publisher.send_rtp(make_rtp({.payload_type = 120, .ssrc = ssrc, .payload = kDelta}));
        if (ssrc % 50 == 0)
            room.settle(room.publisher, *room.up);
    }
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(room.up->stats(room.server->now()).malformed.rtp, 1100 - 1024);
}
GST_END_TEST;

GST_START_TEST(key_frame_requests_are_passed_up_but_not_each)
{
    Room room;
    room.subscribe();
    room.send_video(1, 0, kKey);
    fail_unless(room.wait_for(room.video_out->ssrc(), 1));
    const auto before = rtcp_of(room.publisher, read_pli).size();
    for (int i = 0; i < 20; ++i) {
        RtcpWriter w;
        w.pli(5, room.video_out->ssrc());
        room.subscriber.send_rtcp(w);
    }
    fail_unless(wait_until([&] { return room.out_stats().plis_received == 20; }));
    fail_unless(wait_until([&] { return rtcp_of(room.publisher, read_pli).size() > before; }));
    fail_unless(rtcp_of(room.publisher, read_pli).size() <= before + 2);
    room.send_video(2, 3000, kKey);
    RtcpWriter fir;
    fir.fir(5, room.video_out->ssrc(), 1);
    room.subscriber.send_rtcp(fir);
    fail_unless(wait_until([&] { return !rtcp_of(room.publisher, read_fir).empty(); }));
    fail_unless(rtcp_of(room.publisher, read_fir).front().entries.front().ssrc == kVideoSsrc);
}
GST_END_TEST;

GST_START_TEST(padding_is_passed_on_or_dropped_by_option)
{
    for (const bool forward : {false, true}) {
        MediaOptions options;
        options.forward_padding = forward;
        Room room(options);
        room.subscribe();
        room.send_video(1, 0, kKey);
        room.send_video(2, 0, {}, {.padding = 200});
        room.send_video(3, 0, kDelta);
        const std::size_t expected = forward ? 3 : 2;
        fail_unless(room.wait_for(room.video_out->ssrc(), expected));
        room.settle(room.publisher, *room.up);
        const auto got = room.got(room.video_out->ssrc());
        fail_unless_equals_int(got.size(), expected);
        for (std::size_t i = 0; i < expected; ++i)
            fail_unless_equals_int(static_cast<std::uint16_t>(got[i].sequence - got[0].sequence),
                                   i);
        fail_unless_equals_int(got[1].padding, forward ? 200 : 0);
        fail_unless_equals_int(room.out_stats().padding_dropped, forward ? 0 : 1);
        fail_unless_equals_int(room.layer().padding_packets, 1);
    }
}
GST_END_TEST;

GST_START_TEST(sections_are_found_by_mid_before_anything_else)
{
    Room room;
    // An SSRC that was declared for video, but the MID says audio; and one nobody declared.
    room.publisher.send_rtp(make_rtp({.payload_type = 111,
                                      .ssrc = kVideoSsrc,
                                      .extensions = {{1, text_bytes("a")}},
                                      .payload = {1}}));
    room.publisher.send_rtp(make_rtp({.payload_type = 111,
                                      .ssrc = 0x77,
                                      .extensions = {{1, text_bytes("nobody")}},
                                      .payload = {1}}));
    room.settle(room.publisher, *room.up);
    fail_unless(room.audio->has_packets());
    fail_unless(!room.video->has_packets());
    fail_unless_equals_int(room.up->stats(room.server->now()).malformed.rtp_unmapped, 1);
    // Once latched, packets without MID follow; a new MID moves the source.
    room.publisher.send_rtp(
        make_rtp({.payload_type = 111, .sequence = 1, .ssrc = kVideoSsrc, .payload = {1}}));
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(room.audio->stats(room.server->now()).layers[0].rate.packets, 2);
    room.publisher.send_rtp(make_rtp({.payload_type = 120,
                                      .sequence = 2,
                                      .ssrc = kVideoSsrc,
                                      .extensions = {{1, text_bytes("v")}},
                                      .payload = kKey}));
    room.settle(room.publisher, *room.up);
    fail_unless(room.video->has_packets());
}
GST_END_TEST;

GST_START_TEST(the_payload_type_is_the_last_resort)
{
    Room room;
    room.publisher.send_rtp(make_rtp({.payload_type = 120, .ssrc = 0x5555, .payload = kKey}));
    room.settle(room.publisher, *room.up);
    fail_unless(room.video->has_packets());
    // Two sections with the same one: it tells nothing.
    ReceiveParameters second_video = Room::video_in({});
    second_video.mid = "w";
    second_video.sources.clear();
    auto second_publication = room.up->receive(second_video);
    room.publisher.send_rtp(make_rtp({.payload_type = 120, .ssrc = 0x6666, .payload = kKey}));
    room.settle(room.publisher, *room.up);
    fail_unless(!second_publication->has_packets());
    fail_unless_equals_int(room.up->stats(room.server->now()).malformed.rtp_unmapped, 1);
}
GST_END_TEST;

GST_START_TEST(layers_are_found_by_rid_and_repaired_rid)
{
    Room room({}, {"f", "h"});
    auto send = [&](std::uint32_t ssrc, const char* rid, std::uint16_t sequence) {
        room.send_video(sequence, 0, kKey,
                        {.ssrc = ssrc, .extensions = {{1, text_bytes("v")}, {2, text_bytes(rid)}}});
    };
    send(1, "f", 0);
    send(2, "h", 0);
    send(3, "unknown", 0);
    room.settle(room.publisher, *room.up);
    fail_unless((room.video->active_rids() == std::vector<std::string>{"f", "h"}));
    fail_unless_equals_int(room.up->stats(room.server->now()).malformed.rtp_unmapped, 1);
    room.publisher.send_rtp(make_rtp({.payload_type = 121,
                                      .ssrc = 4,
                                      .extensions = {{1, text_bytes("v")}, {3, text_bytes("h")}},
                                      .payload = {0, 1, 0x10, 0x00}}));
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(room.layer(1).rate.packets, 2);
    fail_unless(room.layer(1).rtx_ssrc == 4U);
}
GST_END_TEST;

GST_START_TEST(layers_switch_on_key_frames_into_one_stream)
{
    Room room({}, {"f", "h"});
    auto send = [&](std::size_t layer, std::uint16_t sequence, std::uint32_t timestamp,
                    const Buffer& payload) {
        room.send_video(
            sequence, timestamp, payload,
            {.ssrc = layer == 0 ? 1U : 2U,
             .extensions = {{1, text_bytes("v")}, {2, text_bytes(layer == 0 ? "f" : "h")}}});
    };
    cf::calls::Simulcast policy;
    policy.preferred_rid = "f";
    room.video_out->set_layer_policy(policy);
    room.subscribe();
    send(0, 100, 90000, kKey);
    send(1, 5000, 4000000, kKey);
    send(0, 101, 93000, kDelta);
    fail_unless(room.wait_for(room.video_out->ssrc(), 2));
    fail_unless(room.out_stats().rid == "f");
    const auto requests = room.layer(1).plis_sent;

    policy.preferred_rid = "h";
    room.video_out->set_layer_policy(policy);
    fail_unless(wait_until([&] { return room.layer(1).plis_sent > requests; }));
    // The real service asks by FIR for a layer change.
    fail_unless(wait_until([&] { return !rtcp_of(room.publisher, read_fir).empty(); }));
    send(0, 102, 96000, kDelta);
    send(1, 5001, 4003000, kDelta);
    send(1, 5002, 4006000, kKey);
    send(0, 103, 99000, kDelta);
    send(1, 5003, 4009000, kDelta);
    fail_unless(room.wait_for(room.video_out->ssrc(), 5));
    room.settle(room.publisher, *room.up);
    const auto got = room.got(room.video_out->ssrc());
    fail_unless_equals_int(got.size(), 5);
    for (std::size_t i = 1; i < got.size(); ++i) {
        fail_unless_equals_int(static_cast<std::uint16_t>(got[i].sequence - got[0].sequence), i);
        fail_unless(static_cast<std::int32_t>(got[i].timestamp - got[i - 1].timestamp) > 0);
    }
    fail_unless_equals_int(got[4].timestamp - got[3].timestamp, 3000);
    fail_unless(room.out_stats().rid == "h");
    fail_unless_equals_int(room.out_stats().layer_switches, 1);
}
GST_END_TEST;

GST_START_TEST(too_little_bandwidth_takes_the_layer_down_and_enough_takes_it_up)
{
    Room room({}, {"f", "h"});
    std::uint16_t sequence = 0;
    const gint64 start = g_get_monotonic_time();
    // About 800 and 80 kbit/s, by the clock, so that a slow machine sends as much.
    auto send_due = [&] {
        for (; sequence < (g_get_monotonic_time() - start) / 10000; ++sequence) {
            for (const bool full : {true, false}) {
                Buffer payload(full ? 950 : 50, 1);
                payload[0] = 0x10;
                payload[1] = sequence % 25 == 0 ? 0x00 : 0x01;
                room.send_video(
                    sequence, sequence * 900U, payload,
                    {.ssrc = full ? 1U : 2U,
                     .extensions = {{1, text_bytes("v")}, {2, text_bytes(full ? "f" : "h")}}});
            }
        }
    };
    auto wait_for_layer = [&](const char* rid) {
        return wait_until([&] {
            send_due();
            return room.out_stats().rid == rid;
        });
    };
    auto grant = [&](std::uint64_t bps) {
        RtcpWriter w;
        w.remb(5, bps, {room.video_out->ssrc()});
        room.subscriber.send_rtcp(w);
    };
    room.subscribe();
    fail_unless(wait_for_layer("f"));
    // The layers' rates have to be known before they can be compared.
    (void)wait_until([&] { return send_due(), false; }, Milliseconds{1200});
    grant(300'000);
    fail_unless(wait_for_layer("h"));
    fail_unless(room.down->stats(room.server->now()).estimate_bps.value_or(0) < 300'001);
    grant(3'000'000);
    fail_unless(wait_for_layer("f"));
}
GST_END_TEST;

GST_START_TEST(the_publication_behind_a_subscription_can_be_swapped)
{
    Room room;
    room.subscribe();
    room.send_video(100, 1000, kKey);
    fail_unless(room.wait_for(room.video_out->ssrc(), 1));
    ReceiveParameters other = Room::video_in({});
    other.mid = "w";
    other.sources = {{0xC0, std::nullopt}};
    auto second_publication = room.up->receive(other);
    room.video_out->set_source(second_publication);
    fail_unless(room.video->subscriptions().empty());
    room.send_video(101, 4000, kDelta);
    room.send_video(900, 77, kKey, {.ssrc = 0xC0});
    fail_unless(room.wait_for(room.video_out->ssrc(), 2));
    const auto got = room.got(room.video_out->ssrc());
    fail_unless_equals_int(static_cast<std::uint16_t>(got[1].sequence - got[0].sequence), 1);
    fail_unless(static_cast<std::int32_t>(got[1].timestamp - got[0].timestamp) > 0);
    room.video_out->set_source(nullptr);
    room.send_video(901, 3077, kDelta, {.ssrc = 0xC0});
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(room.got(room.video_out->ssrc()).size(), 2);
}
GST_END_TEST;

GST_START_TEST(a_publisher_that_starts_over_goes_on_for_the_subscriber)
{
    Room room;
    room.subscribe();
    for (std::uint16_t i = 0; i < 3; ++i)
        room.send_audio(static_cast<std::uint16_t>(1000 + i), i * 960U);
    // Far off: the first is taken for a stray, its successor proves a restart.
    room.send_audio(40000, 700000);
    room.send_audio(40001, 700960);
    room.send_audio(40002, 701920);
    fail_unless(room.wait_for(room.audio_out->ssrc(), 5));
    const auto got = room.got(room.audio_out->ssrc());
    for (std::size_t i = 0; i < 5; ++i)
        fail_unless_equals_int(static_cast<std::uint16_t>(got[i].sequence - got[0].sequence), i);
}
GST_END_TEST;

GST_START_TEST(a_codec_that_the_subscriber_lacks_is_told_and_not_sent)
{
    Room room;
    SendParameters v;
    v.mid = "8";
    v.kind = MediaKind::Video;
    v.codecs = {make_codec(97, "H264", 90000)};
    room.video_out->set_parameters(v);
    room.video_out->set_source(room.video);
    room.send_video(1, 0, kKey);
    fail_unless(wait_until([&] { return room.out_stats().codec_missing; }));
    fail_unless(room.got(room.video_out->ssrc()).empty());
}
GST_END_TEST;

GST_START_TEST(pausing_ends_with_a_key_frame)
{
    Room room;
    room.subscribe();
    room.send_video(1, 0, kKey);
    fail_unless(room.wait_for(room.video_out->ssrc(), 1));
    room.video_out->set_paused(true);
    room.send_video(2, 3000, kDelta);
    room.settle(room.publisher, *room.up);
    room.video_out->set_paused(false);
    room.send_video(3, 6000, kDelta);
    room.send_video(4, 9000, kKey);
    fail_unless(room.wait_for(room.video_out->ssrc(), 2));
    const auto got = room.got(room.video_out->ssrc());
    fail_unless_equals_int(got.size(), 2);
    fail_unless_equals_int(static_cast<std::uint16_t>(got[1].sequence - got[0].sequence), 1);
}
GST_END_TEST;

GST_START_TEST(sender_reports_keep_audio_and_video_together)
{
    Room room;
    room.subscribe();
    room.send_audio(1, 48000);
    room.send_video(1, 900000, kKey);
    // The publisher's clock is hours off; at its time T audio is at 48000 and video at 900000.
    const std::uint64_t t = std::uint64_t{1000} << 32;
    RtcpWriter w;
    w.sender_report({kAudioSsrc, t, 48000, 1, 3}, {});
    w.sender_report({kVideoSsrc, t, 900000, 1, 5}, {});
    room.publisher.send_rtcp(w);
    fail_unless(
        wait_until([&] { return rtcp_of(room.subscriber, read_sender_report).size() >= 2; }));
    std::map<std::uint32_t, SenderReport> reports;
    for (const SenderReport& r : rtcp_of(room.subscriber, read_sender_report))
        reports.emplace(r.ssrc, r);
    const SenderReport& a = reports.at(room.audio_out->ssrc());
    const SenderReport& v = reports.at(room.video_out->ssrc());
    // NTP times of the first packets, as the receiver works them out.
    const auto first_audio = room.got(room.audio_out->ssrc())[0].timestamp;
    const auto first_video = room.got(room.video_out->ssrc())[0].timestamp;
    const double audio_at = static_cast<double>(a.ntp >> 16) / 65536.0 -
                            static_cast<std::int32_t>(a.rtp_timestamp - first_audio) / 48000.0;
    const double video_at = static_cast<double>(v.ntp >> 16) / 65536.0 -
                            static_cast<std::int32_t>(v.rtp_timestamp - first_video) / 90000.0;
    fail_unless(std::abs(audio_at - video_at) < 0.001, "%f s apart", audio_at - video_at);
    fail_unless_equals_int(a.packets, 1);
    fail_unless_equals_int(a.octets, 3);
}
GST_END_TEST;

GST_START_TEST(round_trip_and_loss_come_from_the_subscribers_reports)
{
    Room room;
    room.subscribe();
    room.send_video(1, 900000, kKey);
    RtcpWriter w;
    w.sender_report({kVideoSsrc, std::uint64_t{1000} << 32, 900000, 1, 5}, {});
    room.publisher.send_rtcp(w);
    fail_unless(wait_until([&] { return !rtcp_of(room.subscriber, read_sender_report).empty(); }));
    const SenderReport sr = rtcp_of(room.subscriber, read_sender_report).front();
    RtcpWriter rr;
    rr.receiver_report(5, {{room.video_out->ssrc(), 64, 3, 1, 900, ntp_middle(sr.ntp), 0}});
    room.subscriber.send_rtcp(rr);
    fail_unless(wait_until([&] { return room.out_stats().rtt_ms.has_value(); }));
    const SubscriptionStats s = room.out_stats();
    fail_unless(*s.rtt_ms >= 0 && *s.rtt_ms < 5000);
    fail_unless(s.fraction_lost == 0.25);
    fail_unless(s.lost == 3);
    fail_unless(*s.jitter_ms == 10.0);
}
GST_END_TEST;

GST_START_TEST(receiver_reports_tell_the_publisher_its_loss)
{
    Room room;
    room.send_video(1, 0, kKey);
    room.send_video(4, 3000, kDelta);
    fail_unless(wait_until([&] {
        const auto all = rtcp_of(room.publisher, read_report_blocks);
        return std::any_of(all.begin(), all.end(), [](const auto& blocks) {
            return std::any_of(blocks.begin(), blocks.end(), [](const ReportBlock& b) {
                return b.ssrc == kVideoSsrc && b.highest == 0x10004 && b.cumulative_lost == 2;
            });
        });
    }));
}
GST_END_TEST;

GST_START_TEST(transport_feedback_reports_every_numbered_packet)
{
    Room room;
    for (std::uint16_t i = 0; i < 10; ++i)
        if (i != 4)
            room.send_video(i, i * 3000U, kDelta,
                            {.extensions = {{4, {0, static_cast<std::uint8_t>(i)}}}});
    std::map<std::uint16_t, bool> seen;
    fail_unless(wait_until([&] {
        for (const TransportCcMessage& m : rtcp_of(room.publisher, read_transport_cc))
            for (const auto& s : m.statuses)
                seen[s.sequence] = s.received;
        return seen.size() == 10;
    }));
    for (const auto& [sequence, received] : seen)
        fail_unless_equals_int(received, sequence != 4);
}
GST_END_TEST;

GST_START_TEST(feedback_is_compound_unless_reduced_size_was_negotiated)
{
    Room room;
    room.subscribe();
    room.send_video(1, 0, kKey);
    room.send_video(3, 0, kDelta);
    auto first_type_of_nack = [&](std::uint8_t& type) {
        for (const Buffer& b : room.publisher.rtcp) {
            bool has_nack = false;
            for (RtcpReader reader(b); const auto p = reader.next();)
                has_nack = has_nack || read_nack(*p).has_value();
            if (has_nack) {
                type = b[1];
                return true;
            }
        }
        return false;
    };
    std::uint8_t type = 0;
    fail_unless(wait_until([&] { return first_type_of_nack(type); }));
    fail_unless_equals_int(type, rtcp_type::kTransportFeedback);
    ReceiveParameters compound = Room::video_in({});
    compound.reduced_size = false;
    (void)room.up->receive(compound);
    room.publisher.rtcp.clear();
    room.send_video(5, 0, kDelta);
    fail_unless(wait_until([&] { return first_type_of_nack(type); }));
    fail_unless_equals_int(type, rtcp_type::kReceiverReport);
}
GST_END_TEST;

GST_START_TEST(records_and_seconds_tell_when_packets_came)
{
    Room room;
    int first_packets = 0;
    room.up->on_first_packet = [&](Publication& p) {
        fail_unless(&p == room.audio.get());
        ++first_packets;
    };
    for (std::uint16_t i = 0; i < 10; ++i)
        room.send_audio(i, i * 960U);
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(first_packets, 1);
    const auto records = room.audio->records();
    fail_unless_equals_int(records.size(), 10);
    for (std::size_t i = 0; i < records.size(); ++i) {
        fail_unless_equals_int(records[i].sequence, i);
        fail_unless_equals_int(records[i].rtp_timestamp, i * 960);
        fail_unless_equals_int(records[i].size, 15);
        fail_unless(i == 0 || records[i].arrival >= records[i - 1].arrival);
    }
    fail_unless(wait_until(
        [&] { return !room.audio->stats(room.server->now()).packets_by_second.empty(); }));
    fail_unless_equals_int(room.audio->stats(room.server->now()).packets_by_second[0], 10);
}
GST_END_TEST;

GST_START_TEST(a_stopped_section_forwards_nothing_and_its_mid_can_be_used_again)
{
    Room room;
    room.subscribe();
    room.send_audio(1, 0);
    fail_unless(room.wait_for(room.audio_out->ssrc(), 1));
    room.up->stop_receiving("a");
    fail_unless(room.audio->closed());
    room.send_audio(2, 960);
    room.settle(room.publisher, *room.up);
    fail_unless_equals_int(room.got(room.audio_out->ssrc()).size(), 1);
    auto again = room.up->receive(Room::audio_in());
    fail_unless(again != room.audio && !again->closed());
    room.audio_out->set_source(again);
    room.send_audio(3, 1920);
    fail_unless(room.wait_for(room.audio_out->ssrc(), 2));
    room.down->stop_sending("7");
    room.send_audio(4, 2880);
    room.settle(room.publisher, *room.up);
    fail_unless(room.down->subscription("7") == nullptr);
    fail_unless(again->subscriptions().empty());
}
GST_END_TEST;

GST_START_TEST(loss_both_ways_is_repaired)
{
    Room room;
    room.subscribe();
    room.send_video(0, 0, kKey);
    fail_unless(room.wait_for(room.video_out->ssrc(), 1));
    room.up->faults(FaultDirection::FromPeer).set({.loss = 0.1, .seed = 5});
    std::map<std::uint16_t, Buffer> sent;
    // The publisher answers NACKs, as any does.
    std::size_t answered = 0;
    std::uint16_t rtx_sequence = 0;
    auto answer = [&] {
        const auto nacks = rtcp_of(room.publisher, read_nack);
        for (; answered < nacks.size(); ++answered) {
            for (const std::uint16_t s : nacks[answered].sequences) {
                Buffer payload{static_cast<std::uint8_t>(s >> 8), static_cast<std::uint8_t>(s)};
                payload.insert(payload.end(), kDelta.begin(), kDelta.end());
                room.publisher.send_rtp(make_rtp({.payload_type = 121,
                                                  .sequence = rtx_sequence++,
                                                  .timestamp = s * 3000U,
                                                  .ssrc = kRtxSsrc,
                                                  .payload = payload}));
            }
        }
    };
    constexpr std::uint16_t kCount = 300;
    for (std::uint16_t s = 1; s < kCount; ++s) {
        room.send_video(s, s * 3000U, kDelta);
        if (s % 20 == 0)
            (void)wait_until([&] { return answer(), false; }, Milliseconds{30});
    }
    room.up->faults(FaultDirection::FromPeer).set({});
    room.send_video(kCount, kCount * 3000U, kDelta);
    fail_unless(wait_until(
        [&] { return answer(), room.got(room.video_out->ssrc()).size() == kCount + 1; }));
    fail_unless(room.layer().recovered > 10);
    fail_unless_equals_int(room.layer().lost, 0);
}
GST_END_TEST;

static Suite* media_forwarding_suite()
{
    Suite* s = suite_create("media_forwarding");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, audio_goes_through_at_once_with_the_subscribers_ids);
    tcase_add_test(tc, video_waits_for_a_key_frame_and_asks_for_one);
    tcase_add_test(tc, transport_sequence_numbers_count_over_all_streams_that_have_them);
    tcase_add_test(tc, a_lost_packet_is_asked_for_and_taken_from_rtx);
    tcase_add_test(tc, an_empty_rtx_probe_is_no_loss_and_no_packet);
    tcase_add_test(tc, a_subscribers_nack_is_answered_by_rtx);
    tcase_add_test(tc, without_rtx_the_packet_itself_is_sent_again);
    tcase_add_test(tc, a_flood_of_nacks_is_not_served_without_bound);
    tcase_add_test(tc, a_peer_cannot_make_up_sources_without_end);
    tcase_add_test(tc, key_frame_requests_are_passed_up_but_not_each);
    tcase_add_test(tc, padding_is_passed_on_or_dropped_by_option);
    tcase_add_test(tc, sections_are_found_by_mid_before_anything_else);
    tcase_add_test(tc, the_payload_type_is_the_last_resort);
    tcase_add_test(tc, layers_are_found_by_rid_and_repaired_rid);
    tcase_add_test(tc, layers_switch_on_key_frames_into_one_stream);
    tcase_add_test(tc, too_little_bandwidth_takes_the_layer_down_and_enough_takes_it_up);
    tcase_add_test(tc, the_publication_behind_a_subscription_can_be_swapped);
    tcase_add_test(tc, a_publisher_that_starts_over_goes_on_for_the_subscriber);
    tcase_add_test(tc, a_codec_that_the_subscriber_lacks_is_told_and_not_sent);
    tcase_add_test(tc, pausing_ends_with_a_key_frame);
    tcase_add_test(tc, sender_reports_keep_audio_and_video_together);
    tcase_add_test(tc, round_trip_and_loss_come_from_the_subscribers_reports);
    tcase_add_test(tc, receiver_reports_tell_the_publisher_its_loss);
    tcase_add_test(tc, transport_feedback_reports_every_numbered_packet);
    tcase_add_test(tc, feedback_is_compound_unless_reduced_size_was_negotiated);
    tcase_add_test(tc, records_and_seconds_tell_when_packets_came);
    tcase_add_test(tc, a_stopped_section_forwards_nothing_and_its_mid_can_be_used_again);
    tcase_add_test(tc, loss_both_ways_is_repaired);
    return s;
}

GST_CHECK_MAIN(media_forwarding);

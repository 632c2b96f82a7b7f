/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <random>
#include <vector>

#include "tests/emulator/media/rtcp-reader.hpp"
#include "tests/emulator/media/rtcp-writer.hpp"
#include "tests/emulator/media/twcc-receiver.hpp"
#include "tests/support/check.hpp"

using namespace cf::emu;
using cf::Microseconds;
using cf::Milliseconds;
using cf::TimePoint;

namespace
{

RtcpPacket only(const RtcpWriter& w)
{
    RtcpReader reader(w.data());
    const auto packet = reader.next();
    fail_unless(packet.has_value());
    fail_unless(!reader.next());
    fail_unless(!reader.malformed());
    return *packet;
}

TransportCcMessage through_the_wire(const TransportCcMessage& message, std::size_t* size = nullptr)
{
    RtcpWriter w;
    w.transport_cc(1, message);
    if (size != nullptr)
        *size = w.size();
    const auto read = read_transport_cc(only(w));
    fail_unless(read.has_value());
    return *read;
}

bool same(const TransportCcMessage& a, const TransportCcMessage& b)
{
    if (a.media_ssrc != b.media_ssrc || a.feedback_count != b.feedback_count ||
        a.reference_time != b.reference_time || a.statuses.size() != b.statuses.size())
        return false;
    for (std::size_t i = 0; i < a.statuses.size(); ++i) {
        const auto& x = a.statuses[i];
        const auto& y = b.statuses[i];
        if (x.sequence != y.sequence || x.received != y.received ||
            (x.received && x.arrival_ticks != y.arrival_ticks))
            return false;
    }
    return true;
}

TimePoint at_ms(std::int64_t ms)
{
    return TimePoint{Milliseconds{ms}};
}

} // namespace

GST_START_TEST(reports_survive_the_wire)
{
    RtcpWriter w;
    w.sender_report({7, 0x0123456789ABCDEF, 99, 10, 1000},
                    {{8, 128, -3, 0x10005, 77, 0xAABBCCDD, 65536}});
    w.source_description(7, "a-cname");
    RtcpReader reader(w.data());
    const auto sr = reader.next();
    const auto report = read_sender_report(*sr);
    fail_unless(report.has_value());
    fail_unless_equals_uint64(report->ntp, 0x0123456789ABCDEFULL);
    fail_unless_equals_int(report->ssrc, 7);
    fail_unless_equals_int(report->rtp_timestamp, 99);
    fail_unless_equals_int(report->packets, 10);
    fail_unless_equals_int(report->octets, 1000);
    const auto blocks = read_report_blocks(*sr);
    fail_unless(blocks && blocks->size() == 1);
    const ReportBlock& b = blocks->front();
    fail_unless_equals_int(b.ssrc, 8);
    fail_unless_equals_int(b.fraction_lost, 128);
    fail_unless_equals_int(b.cumulative_lost, -3);
    fail_unless_equals_int(b.highest, 0x10005);
    fail_unless_equals_int(b.jitter, 77);
    fail_unless(b.last_sr == 0xAABBCCDDU);
    fail_unless_equals_int(b.since_sr, 65536);
    const auto sdes = reader.next();
    fail_unless(sdes && sdes->type == rtcp_type::kSourceDescription);
    fail_unless(!reader.next() && !reader.malformed());
}
GST_END_TEST;

GST_START_TEST(nacks_survive_the_wire_over_the_wrap)
{
    const std::vector<std::uint16_t> lost{65530, 65531, 65535, 0, 9, 11, 300};
    RtcpWriter w;
    w.nack(1, 2, lost);
    const auto m = read_nack(only(w));
    fail_unless(m && m->media_ssrc == 2);
    fail_unless(m->sequences == lost);
}
GST_END_TEST;

GST_START_TEST(key_frame_requests_survive_the_wire)
{
    RtcpWriter pli;
    pli.pli(1, 0xFEEDBEEF);
    fail_unless(read_pli(only(pli)) == 0xFEEDBEEFU);
    RtcpWriter fir;
    fir.fir(1, 0xFEEDBEEF, 200);
    const auto m = read_fir(only(fir));
    fail_unless(m && m->entries.size() == 1);
    fail_unless(m->entries[0].ssrc == 0xFEEDBEEFU);
    fail_unless_equals_int(m->entries[0].sequence, 200);
}
GST_END_TEST;

GST_START_TEST(remb_survives_the_wire_to_its_precision)
{
    for (const std::uint64_t bps : {0ULL, 1ULL, 262143ULL, 2500000ULL, 10000000000ULL}) {
        RtcpWriter w;
        w.remb(1, bps, {5, 6});
        const auto m = read_remb(only(w));
        fail_unless(m && m->ssrcs == std::vector<std::uint32_t>({5, 6}));
        fail_unless(m->bits_per_second <= bps);
        fail_unless(bps - m->bits_per_second <= bps >> 17);
    }
}
GST_END_TEST;

GST_START_TEST(transport_feedback_bytes_are_those_of_the_draft)
{
    // Three received 0, 5 and 300 ticks after the reference time, one lost between.
    TransportCcMessage m;
    m.media_ssrc = 0x01020304;
    m.feedback_count = 9;
    m.reference_time = 0x000102;
    m.statuses = {{100, true, 0}, {101, false, 0}, {102, true, 5}, {103, true, 305}};
    RtcpWriter w;
    w.transport_cc(0x0A0B0C0D, m);
    const std::vector<std::uint8_t> expected{
        0x8F, 205,  0,    6,          // header: 7 words
        0x0A, 0x0B, 0x0C, 0x0D,       // sender
        0x01, 0x02, 0x03, 0x04,       // media source
        0,    100,  0,    4,          // base, count
        0x00, 0x01, 0x02, 9,          // reference time, feedback count
        0xD1, 0x80,                   // two-bit vector: 1 0 1 2 0 0 0
        0,    5,    0x01, 0x2C, 0, 0, // deltas 0, 5, 300, padding
    };
    fail_unless(w.data() == expected);
}
GST_END_TEST;

GST_START_TEST(any_transport_feedback_survives_the_wire)
{
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        TransportCcMessage m;
        m.media_ssrc = 3;
        m.feedback_count = static_cast<std::uint8_t>(round);
        m.reference_time = round % 2 == 0 ? -5 : 0x7FFFFF;
        const std::size_t count = 1 + random() % 380;
        const unsigned loss = random() % 100;
        std::int64_t ticks = random() % 256;
        for (std::size_t i = 0; i < count; ++i) {
            TransportCcMessage::Status s;
            s.sequence = static_cast<std::uint16_t>(65400 + i);
            s.received = i == 0 || random() % 100 >= loss;
            if (s.received) {
                // Some arrive before their predecessor.
                ticks += static_cast<std::int64_t>(random() % 400) - 60;
                s.arrival_ticks = ticks;
            }
            m.statuses.push_back(s);
        }
        m.statuses.front().arrival_ticks = 0;
        std::int64_t previous = 0;
        for (auto& s : m.statuses) {
            if (s.received && std::abs(s.arrival_ticks - previous) > 32000)
                s.arrival_ticks = previous;
            if (s.received)
                previous = s.arrival_ticks;
        }
        fail_unless(same(through_the_wire(m), m), "round %d", round);
    }
}
GST_END_TEST;

GST_START_TEST(long_runs_are_short_on_the_wire)
{
    TransportCcMessage m;
    m.statuses.push_back({0, true, 0});
    for (std::uint16_t i = 1; i < 399; ++i)
        m.statuses.push_back({i, false, 0});
    m.statuses.push_back({399, true, 10});
    std::size_t size = 0;
    fail_unless(same(through_the_wire(m, &size), m));
    fail_unless(size <= 32, "%zu bytes", size);
}
GST_END_TEST;

GST_START_TEST(receiver_reports_arrivals_and_losses_once)
{
    TwccReceiver receiver;
    fail_unless(!receiver.due(at_ms(1000)));
    for (const std::uint16_t s : {65534, 65535, 1})
        receiver.on_packet(s, 5, at_ms(1000 + (s == 1 ? 30 : s - 65534)));
    const auto one = receiver.due(at_ms(1100));
    fail_unless(one.has_value());
    fail_unless_equals_int(one->statuses.size(), 4);
    fail_unless_equals_int(one->statuses[0].sequence, 65534);
    fail_unless(one->statuses[1].received && !one->statuses[2].received);
    fail_unless_equals_int(one->statuses[3].arrival_ticks - one->statuses[0].arrival_ticks, 30 * 4);
    fail_unless(!receiver.due(at_ms(1200)));

    // The late one was reported lost already; the next message starts behind the last.
    receiver.on_packet(0, 5, at_ms(1210));
    receiver.on_packet(3, 5, at_ms(1220));
    const auto two = receiver.due(at_ms(1300));
    fail_unless(two.has_value());
    fail_unless_equals_int(two->statuses[0].sequence, 2);
    fail_unless(!two->statuses[0].received && two->statuses[1].received);
    fail_unless_equals_int(two->feedback_count, one->feedback_count + 1);
}
GST_END_TEST;

GST_START_TEST(receiver_waits_its_interval_and_splits_what_is_too_long)
{
    TwccReceiver receiver;
    receiver.on_packet(1, 5, at_ms(1000));
    fail_unless(receiver.due(at_ms(1001)).has_value());
    for (std::uint16_t s = 2; s < 1002; ++s)
        receiver.on_packet(s, 5, at_ms(1002));
    fail_unless(!receiver.due(at_ms(1010)));
    std::size_t reported = 0;
    while (const auto m = receiver.due(at_ms(1081))) {
        fail_unless(m->statuses.size() <= TwccReceiver::kMaxStatuses);
        (void)through_the_wire(*m);
        reported += m->statuses.size();
    }
    fail_unless_equals_int(reported, 1000);
    // A silence longer than a delta can say.
    receiver.on_packet(1002, 5, at_ms(2000));
    receiver.on_packet(1003, 5, at_ms(30000));
    fail_unless_equals_int(receiver.due(at_ms(30001))->statuses.size(), 1);
    fail_unless_equals_int(receiver.due(at_ms(30001))->statuses.size(), 1);
    fail_unless(!receiver.due(at_ms(30100)));
}
GST_END_TEST;

GST_START_TEST(broken_compounds_end_where_they_break)
{
    RtcpWriter w;
    w.pli(1, 2);
    w.nack(1, 2, {5});
    for (std::size_t n = 0; n < w.size(); ++n) {
        const std::vector<std::uint8_t> cut(w.data().begin(),
                                            w.data().begin() + static_cast<std::ptrdiff_t>(n));
        RtcpReader reader(cut);
        int whole = 0;
        while (reader.next())
            ++whole;
        fail_unless_equals_int(whole, n >= 12 ? 1 : 0);
        fail_unless_equals_int(reader.malformed(), n != 0 && n != 12);
    }
}
GST_END_TEST;

GST_START_TEST(counts_that_promise_too_much_are_refused)
{
    const std::vector<std::uint8_t> zeros(28, 0);
    fail_unless(!read_report_blocks({rtcp_type::kReceiverReport, 31, zeros}));
    fail_unless(!read_sender_report({rtcp_type::kSenderReport, 0, Bytes(zeros).first(20)}));
    fail_unless(!read_bye({rtcp_type::kBye, 31, zeros}));
    std::vector<std::uint8_t> remb(16, 0);
    remb[8] = 'R';
    remb[9] = 'E';
    remb[10] = 'M';
    remb[11] = 'B';
    remb[12] = 200;
    fail_unless(!read_remb({rtcp_type::kPayloadFeedback, rtcp_format::kApplication, remb}));
    remb[12] = 0;
    remb[13] = 0xFF;
    fail_unless(
        read_remb({rtcp_type::kPayloadFeedback, rtcp_format::kApplication, remb}).has_value());
    // 65535 statuses, but no chunk; a run of no length; the reserved symbol.
    std::vector<std::uint8_t> twcc(16, 0);
    twcc[10] = twcc[11] = 0xFF;
    const RtcpPacket packet{rtcp_type::kTransportFeedback, rtcp_format::kTransportCc, twcc};
    fail_unless(!read_transport_cc(packet));
    std::vector<std::uint8_t> chunk = twcc;
    chunk.resize(20, 0);
    fail_unless(!read_transport_cc({packet.type, packet.count, chunk}));
    chunk[10] = 0;
    chunk[11] = 1;
    chunk[16] = 0x60;
    chunk[17] = 0x01;
    fail_unless(!read_transport_cc({packet.type, packet.count, chunk}));
}
GST_END_TEST;

GST_START_TEST(noise_never_gets_out_of_bounds)
{
    std::mt19937 random(11);
    std::size_t understood = 0;
    for (int round = 0; round < 20000; ++round) {
        std::vector<std::uint8_t> noise(random() % 120);
        for (auto& b : noise)
            b = static_cast<std::uint8_t>(random());
        if (noise.size() >= 4) {
            noise[0] = static_cast<std::uint8_t>(0x80 | (noise[0] & 0x3F));
            noise[1] = static_cast<std::uint8_t>(200 + random() % 8);
            noise[2] = 0;
            noise[3] = static_cast<std::uint8_t>(random() % 30);
        }
        RtcpReader reader(noise);
        while (const auto p = reader.next()) {
            understood += read_sender_report(*p) ? 1 : 0;
            understood += read_report_blocks(*p) ? 1 : 0;
            understood += read_nack(*p) ? 1 : 0;
            understood += read_pli(*p) ? 1 : 0;
            understood += read_fir(*p) ? 1 : 0;
            understood += read_remb(*p) ? 1 : 0;
            understood += read_transport_cc(*p) ? 1 : 0;
            understood += read_bye(*p) ? 1 : 0;
        }
    }
    fail_unless(understood > 0);
}
GST_END_TEST;

static Suite* media_rtcp_suite()
{
    Suite* s = suite_create("media_rtcp");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, reports_survive_the_wire);
    tcase_add_test(tc, nacks_survive_the_wire_over_the_wrap);
    tcase_add_test(tc, key_frame_requests_survive_the_wire);
    tcase_add_test(tc, remb_survives_the_wire_to_its_precision);
    tcase_add_test(tc, transport_feedback_bytes_are_those_of_the_draft);
    tcase_add_test(tc, any_transport_feedback_survives_the_wire);
    tcase_add_test(tc, long_runs_are_short_on_the_wire);
    tcase_add_test(tc, receiver_reports_arrivals_and_losses_once);
    tcase_add_test(tc, receiver_waits_its_interval_and_splits_what_is_too_long);
    tcase_add_test(tc, broken_compounds_end_where_they_break);
    tcase_add_test(tc, counts_that_promise_too_much_are_refused);
    tcase_add_test(tc, noise_never_gets_out_of_bounds);
    return s;
}

GST_CHECK_MAIN(media_rtcp);

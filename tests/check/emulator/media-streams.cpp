/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The parts that a stream passes on its way: numbers, losses, caches, layers, bad networks.
#include <vector>

#include "tests/emulator/media/layer-selector.hpp"
#include "tests/emulator/media/nack-generator.hpp"
#include "tests/emulator/media/network-faults.hpp"
#include "tests/emulator/media/ntp-time.hpp"
#include "tests/emulator/media/packet-cache.hpp"
#include "tests/emulator/media/rate-meter.hpp"
#include "tests/emulator/media/reception-statistics.hpp"
#include "tests/emulator/media/sequence.hpp"
#include "tests/emulator/media/stream-rewriter.hpp"
#include "tests/support/check.hpp"

using namespace cf::emu;
using cf::Milliseconds;
using cf::TimePoint;
using cf::calls::RidPolicy;
using cf::calls::Simulcast;

namespace
{

using Numbers = std::vector<std::uint16_t>;

TimePoint at(std::int64_t ms)
{
    return TimePoint{Milliseconds{1'000'000 + ms}};
}

constexpr Milliseconds kRtt{40};

/// What select_layer() gives, as a rid; "-" for none.
std::string chosen(const std::vector<LayerCandidate>& layers, const Simulcast& policy,
                   std::optional<std::uint64_t> budget = std::nullopt,
                   std::optional<std::size_t> current = std::nullopt)
{
    const auto index = select_layer(layers, policy, budget, current);
    return index ? layers[*index].rid : "-";
}

const std::vector<LayerCandidate> kLayers{
    {0, "h", true, 300'000}, {1, "f", true, 1'200'000}, {2, "q", true, 100'000}};

std::vector<LayerCandidate> without(const char* rid)
{
    auto layers = kLayers;
    for (auto& l : layers)
        l.flowing = l.flowing && l.rid != rid;
    return layers;
}

/// Sends @p count datagrams of @p size bytes, one a millisecond, and gives their arrival times.
struct Link {
    std::vector<std::pair<int, std::int64_t>> arrived; ///< number, time
    NetworkFaults faults{[this](const SocketAddress&, std::span<std::uint8_t> d, TimePoint now) {
        arrived.emplace_back(d[0] << 8 | d[1],
                             std::chrono::duration_cast<Milliseconds>(now - at(0)).count());
    }};
    void run(int count, std::size_t size, int drain_ms = 2000)
    {
        const SocketAddress peer = *SocketAddress::parse("127.0.0.1", 9);
        for (int i = 0; i < count + drain_ms; ++i) {
            faults.tick(at(i));
            if (i >= count)
                continue;
            std::vector<std::uint8_t> d(size, 0);
            d[0] = static_cast<std::uint8_t>(i >> 8);
            d[1] = static_cast<std::uint8_t>(i);
            faults.submit(peer, d, at(i));
        }
    }
};

} // namespace

GST_START_TEST(sequence_numbers_count_on_over_the_wrap)
{
    SequenceExtender e;
    const std::int64_t start = e.extend(65534);
    fail_unless(e.extend(1) == start + 3);
    fail_unless(e.extend(65535) == start + 1);
    fail_unless(e.highest() == start + 3);
    fail_unless(e.extend(40000 % 65536) == start + 3 - (1 + 65536 - 40000));
    fail_unless(sequence_newer(2, 65535) && !sequence_newer(65535, 2) && !sequence_newer(2, 2));
}
GST_END_TEST;

GST_START_TEST(a_gap_is_asked_for_after_the_reorder_tolerance)
{
    NackGenerator n;
    (void)n.on_packet(10, at(0));
    fail_unless(n.on_packet(13, at(1)) == NackGenerator::Arrival::New);
    fail_unless(n.due(at(1), kRtt).empty());
    fail_unless(n.on_packet(11, at(2)) == NackGenerator::Arrival::Recovered);
    fail_unless((n.due(at(10), kRtt) == Numbers{12}));
    fail_unless(n.recovered() == 0);
    fail_unless(n.due(at(11), kRtt).empty());
}
GST_END_TEST;

GST_START_TEST(a_missing_packet_is_asked_for_again_at_the_pace_of_the_round_trip)
{
    NackGenerator n;
    (void)n.on_packet(1, at(0));
    (void)n.on_packet(3, at(0));
    unsigned asked = 0;
    std::int64_t last = 0;
    for (std::int64_t ms = 0; ms < 5000; ++ms) {
        if (n.due(at(ms), kRtt).empty())
            continue;
        fail_unless(asked == 0 || ms - last >= kRtt.count() * 3 / 2);
        last = ms;
        ++asked;
    }
    fail_unless_equals_int(asked, NackGenerator::kMaxTries);
    fail_unless(n.empty());
    fail_unless_equals_int(n.given_up(), 1);
}
GST_END_TEST;

GST_START_TEST(an_answered_nack_tells_the_round_trip)
{
    NackGenerator n;
    (void)n.on_packet(1, at(0));
    (void)n.on_packet(3, at(0));
    fail_unless_equals_int(n.due(at(10), kRtt).size(), 1);
    fail_unless(n.on_packet(2, at(35)) == NackGenerator::Arrival::Recovered);
    fail_unless_equals_int(n.recovery_time().count(), 25);
    fail_unless_equals_int(n.recovered(), 1);
    fail_unless(n.on_packet(2, at(36)) == NackGenerator::Arrival::OldOrDuplicate);
}
GST_END_TEST;

GST_START_TEST(a_key_frame_or_a_leap_ends_the_asking)
{
    NackGenerator n;
    (void)n.on_packet(1, at(0));
    (void)n.on_packet(5, at(0));
    n.forget_before(4);
    fail_unless((n.due(at(50), kRtt) == Numbers{4}));
    (void)n.on_packet(5 + 2 * NackGenerator::kMaxGap, at(60));
    fail_unless(n.empty());
    fail_unless(n.due(at(100), kRtt).empty());
}
GST_END_TEST;

GST_START_TEST(what_is_missing_is_bounded)
{
    NackGenerator n;
    for (std::int64_t s = 0; s < 100; ++s)
        (void)n.on_packet(s * NackGenerator::kMaxGap, at(s / 50));
    std::size_t asked = 0;
    for (std::int64_t ms = 0; ms < 20; ++ms)
        asked += n.due(at(10 + ms), kRtt).size();
    fail_unless_equals_int(asked, NackGenerator::kMaxMissing);
}
GST_END_TEST;

GST_START_TEST(loss_and_jitter_are_those_of_rfc3550)
{
    ReceptionStatistics r;
    // 100 packets at 50 a second, every tenth lost, no jitter.
    for (std::int64_t i = 0; i < 100; ++i)
        if (i % 10 != 5)
            r.on_packet(70000 + i, static_cast<std::uint32_t>(i * 960), 48000, at(i * 20));
    auto report = r.make_report();
    fail_unless_equals_int(report.fraction_lost, 25);
    fail_unless_equals_int(report.cumulative_lost, 10);
    fail_unless_equals_int(report.highest, 70099);
    fail_unless_equals_int(report.jitter, 0);
    // The next interval is its own; a repaired loss is none.
    r.on_packet(70101, 101 * 960, 48000, at(101 * 20));
    r.on_repaired();
    report = r.make_report();
    fail_unless_equals_int(report.fraction_lost, 0);
    fail_unless_equals_int(report.cumulative_lost, 10);
    // Arrivals that are 10 ms early and late by turns: jitter tends to 20 ms.
    for (std::int64_t i = 102; i < 400; ++i)
        r.on_packet(70000 + i, static_cast<std::uint32_t>(i * 960), 48000,
                    at(i * 20 + (i % 2 == 0 ? 10 : -10)));
    report = r.make_report();
    fail_unless(report.jitter > 900 && report.jitter <= 960, "%u", report.jitter);
}
GST_END_TEST;

GST_START_TEST(rates_are_those_of_the_last_second)
{
    RateMeter m;
    for (int i = 0; i < 200; ++i)
        m.add(100, at(i * 10));
    const RateStats s = m.stats(at(2000));
    fail_unless_equals_int(s.packets_per_second, 100);
    fail_unless_equals_int(s.bits_per_second, 80000);
    fail_unless_equals_int(s.packets, 200);
    fail_unless_equals_int(m.stats(at(5000)).packets_per_second, 0);
}
GST_END_TEST;

GST_START_TEST(the_cache_serves_what_is_young_and_not_twice_in_a_round_trip)
{
    PacketCache cache(64);
    const std::vector<std::uint8_t> data{1, 2, 3};
    fail_unless(cache.take_for_resend(5, at(0), kRtt) == nullptr);
    cache.store(5, data, {}, at(0));
    fail_unless(cache.take_for_resend(5, at(1), kRtt) != nullptr);
    fail_unless(cache.take_for_resend(5, at(20), kRtt) == nullptr);
    fail_unless(cache.take_for_resend(5, at(50), kRtt)->data == data);
    fail_unless(cache.take_for_resend(6, at(50), kRtt) == nullptr);
    cache.store(5 + 64, data, {}, at(60));
    fail_unless(cache.take_for_resend(5, at(200), kRtt) == nullptr);
    fail_unless(cache.take_for_resend(69, at(61) + PacketCache::kMaxAge, kRtt) == nullptr);
}
GST_END_TEST;

GST_START_TEST(a_stream_runs_on_over_a_change_of_source)
{
    StreamRewriter r(65534, 5000);
    r.switch_source(100, 90000, 90000, at(0), std::nullopt);
    fail_unless(r.map_sequence(100) == 65534);
    fail_unless_equals_int(r.map_timestamp(90000), 5000);
    r.sent(100, 90000, at(0));
    r.sent(101, 93000, at(33));
    // Lost on the way to us: stays a hole, and may still come.
    r.sent(103, 96000, at(66));
    fail_unless(r.map_sequence(102) == 0);
    fail_unless(r.map_sequence(103) == 1);
    // Another source, half a second later, with numbers of its own.
    r.switch_source(7000, 1234, 90000, at(566), std::nullopt);
    fail_unless(r.map_sequence(7000) == 2);
    fail_unless_equals_int(r.map_timestamp(1234), 5000 + 6000 + 45000);
    fail_unless(!r.map_sequence(6999));
}
GST_END_TEST;

GST_START_TEST(the_senders_clock_decides_where_it_can)
{
    StreamRewriter r(0, 0);
    r.switch_source(1, 1000, 90000, at(0), std::nullopt);
    r.sent(1, 1000, at(0));
    r.sent(2, 10000, at(100));
    r.switch_source(50, 70000, 90000, at(150), 10000U - 70000U + 3000U - 1000U);
    fail_unless_equals_int(r.map_timestamp(70000), 9000 + 3000);
    r.sent(50, 70000, at(150));
    // Time never goes back, whatever the clocks say.
    r.switch_source(90, 500, 90000, at(160), 0U - 500U);
    fail_unless_equals_int(r.map_timestamp(500), 12001);
}
GST_END_TEST;

GST_START_TEST(dropped_packets_leave_no_hole)
{
    StreamRewriter r(10, 0);
    r.switch_source(100, 0, 90000, at(0), std::nullopt);
    r.sent(100, 0, at(0));
    r.drop(101);
    r.drop(102);
    fail_unless(r.map_sequence(103) == 11);
    r.sent(103, 0, at(0));
    // 105 is dropped while 104 is still under way.
    r.drop(105);
    fail_unless(r.map_sequence(104) == 12);
    fail_unless(r.map_sequence(106) == 13);
    // Behind what was sent it is too late to close the gap.
    r.sent(106, 0, at(0));
    r.drop(104);
    fail_unless(r.map_sequence(107) == 14);
    // A switch right after a drop.
    r.drop(107);
    r.switch_source(9000, 0, 90000, at(0), std::nullopt);
    fail_unless(r.map_sequence(9000) == 14);
}
GST_END_TEST;

GST_START_TEST(endless_dropping_keeps_the_numbers_close)
{
    StreamRewriter r(0, 0);
    r.switch_source(1, 0, 90000, at(0), std::nullopt);
    std::uint16_t expected = 0;
    for (std::int64_t s = 1; s < 200000; ++s) {
        if (s % 3 != 1) {
            r.drop(s);
            continue;
        }
        fail_unless(r.map_sequence(s) == expected);
        ++expected;
        r.sent(s, 0, at(0));
    }
}
GST_END_TEST;

GST_START_TEST(the_default_policy_keeps_to_the_preferred_layer)
{
    Simulcast p;
    p.preferred_rid = "h";
    fail_unless(chosen(kLayers, p) == "h");
    fail_unless(chosen(kLayers, p, 10'000) == "h");
    fail_unless(chosen(without("h"), p) == "-");
    p.preferred_rid = "x";
    fail_unless(chosen(kLayers, p) == "-");
}
GST_END_TEST;

GST_START_TEST(asciibetical_policies_fall_back_in_order)
{
    Simulcast p;
    p.preferred_rid = "f";
    p.priority_ordering = RidPolicy::Asciibetical;
    fail_unless(chosen(kLayers, p, 2'000'000) == "f");
    fail_unless(chosen(kLayers, p, 500'000) == "h");
    fail_unless(chosen(kLayers, p, 150'000) == "q");
    fail_unless(chosen(kLayers, p, 1'000) == "q");
    fail_unless(chosen(without("f"), p) == "-");
    p.rid_not_available = RidPolicy::Asciibetical;
    fail_unless(chosen(without("f"), p) == "h");
    p.preferred_rid = "q";
    fail_unless(chosen(without("q"), p) == "h");
    // Better than preferred is never taken while there is something worse.
    p.preferred_rid = "h";
    fail_unless(chosen(without("h"), p, 5'000'000) == "q");
}
GST_END_TEST;

GST_START_TEST(no_preference_means_the_best_that_fits)
{
    Simulcast p;
    fail_unless(chosen(kLayers, p) == "f");
    p.preferred_rid = "";
    fail_unless(chosen(kLayers, p) == "f");
    fail_unless(chosen(kLayers, p, 400'000) == "h");
    fail_unless(chosen(without("f"), p) == "h");
    fail_unless(chosen({}, p) == "-");
}
GST_END_TEST;

GST_START_TEST(going_up_needs_room_to_spare)
{
    const Simulcast p;
    fail_unless(chosen(kLayers, p, 1'250'000, 0) == "h");
    fail_unless(chosen(kLayers, p, 1'250'000, 1) == "f");
    fail_unless(chosen(kLayers, p, 1'500'000, 0) == "f");
}
GST_END_TEST;

GST_START_TEST(without_faults_everything_passes_at_once)
{
    Link link;
    link.run(100, 100);
    fail_unless_equals_int(link.arrived.size(), 100);
    for (const auto& [number, time] : link.arrived)
        fail_unless_equals_int(number, time);
    fail_unless_equals_int(link.faults.counters().passed, 100);
}
GST_END_TEST;

GST_START_TEST(loss_duplication_and_reordering_strike_and_are_counted)
{
    Link link;
    link.faults.set({.loss = 0.1, .duplicate = 0.2, .reorder = 0.3});
    link.run(2000, 100);
    const FaultCounters& c = link.faults.counters();
    fail_unless(c.lost > 120 && c.lost < 280, "%d", static_cast<int>(c.lost));
    fail_unless(c.duplicated > 250 && c.duplicated < 470, "%d", static_cast<int>(c.duplicated));
    fail_unless(c.reordered > 400 && c.reordered < 680, "%d", static_cast<int>(c.reordered));
    fail_unless_equals_int(link.arrived.size(), 2000 - c.lost + c.duplicated);
    fail_unless_equals_int(c.passed, link.arrived.size());
    std::size_t overtaken = 0;
    for (std::size_t i = 1; i < link.arrived.size(); ++i)
        overtaken += link.arrived[i].first < link.arrived[i - 1].first ? 1 : 0;
    fail_unless(overtaken > 100);
}
GST_END_TEST;

GST_START_TEST(delay_holds_everything_back_in_order)
{
    Link link;
    link.faults.set({.delay = Milliseconds{80}, .jitter = Milliseconds{20}});
    link.run(200, 100);
    fail_unless_equals_int(link.arrived.size(), 200);
    for (std::size_t i = 0; i < 200; ++i) {
        fail_unless_equals_int(link.arrived[i].first, i);
        const auto held = link.arrived[i].second - static_cast<std::int64_t>(i);
        fail_unless(held >= 80 && held <= 121, "%d", static_cast<int>(held));
    }
}
GST_END_TEST;

GST_START_TEST(a_narrow_link_passes_its_rate_and_drops_what_waits_too_long)
{
    Link link;
    // 8 Mbit/s offered, 800 kbit/s taken, 200 ms of queue.
    link.faults.set({.bandwidth_bps = 800'000, .queue = Milliseconds{200}});
    link.run(1000, 1000);
    const auto n = static_cast<int>(link.arrived.size());
    fail_unless(n >= 110 && n <= 130, "%d", n);
    fail_unless_equals_int(link.faults.counters().queue_dropped, 1000 - n);
    for (const auto& [number, time] : link.arrived)
        fail_unless(time - number <= 215);
}
GST_END_TEST;

GST_START_TEST(a_blackhole_swallows_also_what_is_under_way)
{
    Link link;
    link.faults.set({.delay = Milliseconds{50}});
    link.run(10, 100, 0);
    link.faults.set({.blackhole = true});
    link.run(10, 100, 100);
    fail_unless_equals_int(link.arrived.size(), 0);
    fail_unless_equals_int(link.faults.counters().blackholed, 20);
}
GST_END_TEST;

GST_START_TEST(ntp_times_run_with_the_clock)
{
    const std::uint64_t a = to_ntp(at(0));
    const std::uint64_t b = to_ntp(at(1500));
    fail_unless_equals_int(ntp_difference_to_clock(static_cast<std::int64_t>(b - a), 48000), 72000);
    // The conversion floors, so one tick less is right too.
    const auto back = ntp_difference_to_clock(static_cast<std::int64_t>(a - b), 48000);
    fail_unless(back == -72000 || back == -72001);
    fail_unless_equals_int(ntp_difference_to_clock(std::int64_t{36000} << 32, 90000) / 90000,
                           36000);
}
GST_END_TEST;

static Suite* media_streams_suite()
{
    Suite* s = suite_create("media_streams");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, sequence_numbers_count_on_over_the_wrap);
    tcase_add_test(tc, a_gap_is_asked_for_after_the_reorder_tolerance);
    tcase_add_test(tc, a_missing_packet_is_asked_for_again_at_the_pace_of_the_round_trip);
    tcase_add_test(tc, an_answered_nack_tells_the_round_trip);
    tcase_add_test(tc, a_key_frame_or_a_leap_ends_the_asking);
    tcase_add_test(tc, what_is_missing_is_bounded);
    tcase_add_test(tc, loss_and_jitter_are_those_of_rfc3550);
    tcase_add_test(tc, rates_are_those_of_the_last_second);
    tcase_add_test(tc, the_cache_serves_what_is_young_and_not_twice_in_a_round_trip);
    tcase_add_test(tc, a_stream_runs_on_over_a_change_of_source);
    tcase_add_test(tc, the_senders_clock_decides_where_it_can);
    tcase_add_test(tc, dropped_packets_leave_no_hole);
    tcase_add_test(tc, endless_dropping_keeps_the_numbers_close);
    tcase_add_test(tc, the_default_policy_keeps_to_the_preferred_layer);
    tcase_add_test(tc, asciibetical_policies_fall_back_in_order);
    tcase_add_test(tc, no_preference_means_the_best_that_fits);
    tcase_add_test(tc, going_up_needs_room_to_spare);
    tcase_add_test(tc, without_faults_everything_passes_at_once);
    tcase_add_test(tc, loss_duplication_and_reordering_strike_and_are_counted);
    tcase_add_test(tc, delay_holds_everything_back_in_order);
    tcase_add_test(tc, a_narrow_link_passes_its_rate_and_drops_what_waits_too_long);
    tcase_add_test(tc, a_blackhole_swallows_also_what_is_under_way);
    tcase_add_test(tc, ntp_times_run_with_the_clock);
    return s;
}

GST_CHECK_MAIN(media_streams);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The estimate of what a subscriber can take, over a simulated link.
#include <random>

#include "tests/emulator/media/bandwidth-estimator.hpp"
#include "tests/emulator/media/network-faults.hpp"
#include "tests/emulator/media/twcc-receiver.hpp"
#include "tests/support/check.hpp"

using namespace cf::emu;
using cf::Microseconds;
using cf::Milliseconds;
using cf::TimePoint;

namespace
{

/// A sender of 30 frames a second, a link, and a receiver that reports back.
struct Path {
    BandwidthEstimator estimator;
    TwccReceiver receiver;
    TimePoint now{Milliseconds{1'000'000}};
    std::uint16_t sequence = 0;
    std::mt19937 random{9};
    Milliseconds jitter{0};
    NetworkFaults link{[this](const SocketAddress&, std::span<std::uint8_t> d, TimePoint at) {
        const Microseconds late{jitter.count() == 0 ? 0 : random() % (jitter.count() * 1000)};
        receiver.on_packet(static_cast<std::uint16_t>(d[0] << 8 | d[1]), 1, at + late);
    }};

    /// Runs for @p length at @p bps; stops early when @p until holds.
    void run(Milliseconds length, std::uint64_t bps, const std::function<bool()>& until = {})
    {
        const SocketAddress peer = *SocketAddress::parse("127.0.0.1", 9);
        const TimePoint end = now + length;
        for (std::int64_t ms = 0; now < end; ++ms) {
            if (ms % 33 == 0) {
                std::int64_t bytes = static_cast<std::int64_t>(bps / 8 / 30);
                for (; bytes > 0; bytes -= 1100) {
                    std::vector<std::uint8_t> d(
                        static_cast<std::size_t>(std::clamp<std::int64_t>(bytes, 50, 1100)), 0);
                    d[0] = static_cast<std::uint8_t>(sequence >> 8);
                    d[1] = static_cast<std::uint8_t>(sequence);
                    estimator.on_sent(sequence++, d.size(), now);
                    link.submit(peer, d, now);
                }
            }
            link.tick(now);
            if (const auto message = receiver.due(now))
                estimator.on_feedback(*message, now);
            now += Milliseconds{1};
            if (until && until())
                return;
        }
    }
    [[nodiscard]] std::uint64_t kbps() const { return estimator.estimate(now).value_or(0) / 1000; }
};

} // namespace

GST_START_TEST(a_good_network_has_no_limit)
{
    Path p;
    p.jitter = Milliseconds{8};
    p.run(Milliseconds{60000}, 2'500'000);
    fail_unless(!p.estimator.estimate(p.now), "%u kbit/s", static_cast<unsigned>(p.kbps()));
}
GST_END_TEST;

GST_START_TEST(a_narrow_link_is_noticed_before_it_drops_much)
{
    Path p;
    p.link.set({.bandwidth_bps = 700'000, .queue = Milliseconds{400}});
    p.run(Milliseconds{3000}, 1'200'000, [&] { return p.estimator.estimate(p.now).has_value(); });
    const unsigned kbps = static_cast<unsigned>(p.kbps());
    fail_unless(kbps > 350 && kbps < 750, "%u kbit/s", kbps);
    fail_unless(p.now - TimePoint{Milliseconds{1'000'000}} < Milliseconds{1500});
}
GST_END_TEST;

GST_START_TEST(following_the_estimate_finds_the_links_rate)
{
    Path p;
    p.link.set({.bandwidth_bps = 700'000, .queue = Milliseconds{400}});
    p.run(Milliseconds{2000}, 1'200'000);
    unsigned lowest = 10000;
    unsigned highest = 0;
    for (int i = 0; i < 300; ++i) {
        p.run(Milliseconds{100}, p.estimator.estimate(p.now).value_or(1'200'000));
        if (i < 50)
            continue;
        lowest = std::min(lowest, static_cast<unsigned>(p.kbps()));
        highest = std::max(highest, static_cast<unsigned>(p.kbps()));
    }
    fail_unless(lowest > 300 && highest < 1000, "%u to %u kbit/s", lowest, highest);
}
GST_END_TEST;

GST_START_TEST(it_grows_again_when_the_link_does)
{
    Path p;
    p.link.set({.bandwidth_bps = 500'000, .queue = Milliseconds{400}});
    p.run(Milliseconds{3000}, 1'200'000);
    fail_unless(p.kbps() > 0 && p.kbps() < 600);
    p.link.set({});
    // A lower layer is being sent meanwhile: far less than the estimate.
    p.run(Milliseconds{30000}, 200'000, [&] { return p.kbps() > 1500; });
    fail_unless(p.kbps() > 1500, "%u kbit/s", static_cast<unsigned>(p.kbps()));
}
GST_END_TEST;

GST_START_TEST(heavy_loss_lowers_it_and_light_loss_does_not)
{
    Path light;
    light.link.set({.loss = 0.04});
    light.run(Milliseconds{20000}, 1'000'000);
    fail_unless(!light.estimator.estimate(light.now));
    Path heavy;
    heavy.link.set({.loss = 0.25});
    heavy.run(Milliseconds{10000}, 1'000'000);
    fail_unless(heavy.kbps() > 0 && heavy.kbps() < 500, "%u kbit/s",
                static_cast<unsigned>(heavy.kbps()));
}
GST_END_TEST;

GST_START_TEST(remb_caps_it_while_it_is_fresh)
{
    Path p;
    p.estimator.on_remb(300'000, p.now);
    fail_unless(p.estimator.estimate(p.now) == 300'000U);
    p.run(Milliseconds{5000}, 1'000'000);
    fail_unless(p.estimator.estimate(p.now) == 300'000U);
    p.run(Milliseconds{6000}, 1'000'000);
    fail_unless(!p.estimator.estimate(p.now));
}
GST_END_TEST;

GST_START_TEST(feedback_about_what_was_never_sent_changes_nothing)
{
    BandwidthEstimator e;
    TransportCcMessage m;
    for (int round = 0; round < 100; ++round) {
        m.reference_time = round % 2 == 0 ? 0x7FFFFF : -0x800000;
        m.statuses.clear();
        for (std::uint16_t s = 0; s < 500; ++s)
            m.statuses.push_back({s, s % 2 == 0, s * 30000LL});
        e.on_feedback(m, TimePoint{Milliseconds{round * 100}});
    }
    fail_unless(!e.estimate(TimePoint{Milliseconds{20000}}));
}
GST_END_TEST;

GST_START_TEST(bandwidth_is_shared_equally_but_not_wasted)
{
    using Shares = std::vector<std::uint64_t>;
    fail_unless((share_bandwidth(900, {{1000}, {1000}, {1000}}) == Shares{300, 300, 300}));
    fail_unless((share_bandwidth(900, {{1000}, {100}, {1000}}) == Shares{400, 100, 400}));
    fail_unless((share_bandwidth(5000, {{1000}, {100}}) == Shares{4900, 100}));
    fail_unless((share_bandwidth(0, {{1000}, {100}}) == Shares{0, 0}));
    fail_unless(share_bandwidth(900, {}).empty());
}
GST_END_TEST;

static Suite* media_bandwidth_suite()
{
    Suite* s = suite_create("media_bandwidth");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, a_good_network_has_no_limit);
    tcase_add_test(tc, a_narrow_link_is_noticed_before_it_drops_much);
    tcase_add_test(tc, following_the_estimate_finds_the_links_rate);
    tcase_add_test(tc, it_grows_again_when_the_link_does);
    tcase_add_test(tc, heavy_loss_lowers_it_and_light_loss_does_not);
    tcase_add_test(tc, remb_caps_it_while_it_is_fresh);
    tcase_add_test(tc, feedback_about_what_was_never_sent_changes_nothing);
    tcase_add_test(tc, bandwidth_is_shared_equally_but_not_wasted);
    return s;
}

GST_CHECK_MAIN(media_bandwidth);

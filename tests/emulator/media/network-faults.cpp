/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/network-faults.hpp"

#include <algorithm>

namespace cf::emu
{

bool FaultSettings::any() const
{
    return loss > 0 || duplicate > 0 || reorder > 0 || delay.count() > 0 || jitter.count() > 0 ||
           bandwidth_bps > 0 || blackhole;
}

void NetworkFaults::set(const FaultSettings& settings)
{
    settings_ = settings;
    random_.seed(settings.seed);
}

bool NetworkFaults::strikes(double probability)
{
    return probability > 0 && std::uniform_real_distribution<double>{0, 1}(random_) < probability;
}

bool NetworkFaults::pass_bandwidth(std::size_t bytes, TimePoint& when)
{
    if (settings_.bandwidth_bps == 0)
        return true;
    const TimePoint start = std::max(link_free_, when);
    if (start - when > settings_.queue) {
        ++counters_.queue_dropped;
        return false;
    }
    const Microseconds takes{
        static_cast<std::int64_t>(std::uint64_t{bytes} * 8 * 1'000'000 / settings_.bandwidth_bps)};
    link_free_ = start + takes;
    when = link_free_;
    return true;
}

void NetworkFaults::hold(const SocketAddress& peer, std::span<std::uint8_t> datagram,
                         TimePoint when)
{
    ++counters_.delayed;
    waiting_.emplace(when, Waiting{peer, {datagram.begin(), datagram.end()}});
}

void NetworkFaults::submit(const SocketAddress& peer, std::span<std::uint8_t> datagram,
                           TimePoint now)
{
    if (!settings_.any() && waiting_.empty()) {
        ++counters_.passed;
        deliver_(peer, datagram, now);
        return;
    }
    if (settings_.blackhole) {
        ++counters_.blackholed;
        return;
    }
    if (strikes(settings_.loss)) {
        ++counters_.lost;
        return;
    }
    TimePoint due = now;
    if (!pass_bandwidth(datagram.size(), due))
        return;
    due += settings_.delay;
    if (settings_.jitter.count() > 0)
        due += Microseconds{std::uniform_int_distribution<std::int64_t>{
            0, Microseconds{settings_.jitter}.count()}(random_)};
    // A network with jitter alone does not reorder: that is a fault of its own.
    due = std::max(due, last_due_);
    last_due_ = due;
    const bool twice = strikes(settings_.duplicate);
    if (strikes(settings_.reorder)) {
        ++counters_.reordered;
        due += settings_.reorder_delay;
    }
    if (twice) {
        ++counters_.duplicated;
        hold(peer, datagram, due);
    }
    if (due <= now && waiting_.empty()) {
        ++counters_.passed;
        deliver_(peer, datagram, now);
        return;
    }
    hold(peer, datagram, due);
}

void NetworkFaults::tick(TimePoint now)
{
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
        auto node = waiting_.extract(waiting_.begin());
        Waiting& w = node.mapped();
        if (settings_.blackhole) {
            ++counters_.blackholed;
            continue;
        }
        ++counters_.passed;
        deliver_(w.peer, w.datagram, now);
    }
}

} // namespace cf::emu

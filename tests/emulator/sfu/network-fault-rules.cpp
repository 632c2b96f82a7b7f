/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/network-fault-rules.hpp"

#include <algorithm>
#include <cmath>

namespace cf::emu
{

namespace
{

bool concerns(const Fault& fault, const std::string& session, FaultDirection direction)
{
    const KnownFault* known = find_known_fault(fault.name);
    if (known == nullptr || known->place != FaultPlace::Network || fault.session != session ||
        fault.remaining == 0U)
        return false;
    const std::string wanted = fault.text("direction", "both");
    return wanted == "both" || wanted == (direction == FaultDirection::FromPeer ? "up" : "down");
}

double fraction(const Fault& fault, double fallback_percent)
{
    return std::clamp(fault.number("percent", fallback_percent) / 100.0, 0.0, 1.0);
}

Milliseconds milliseconds(const Fault& fault, const char* name, double fallback)
{
    return Milliseconds{std::llround(std::clamp(fault.number(name, fallback), 0.0, 60000.0))};
}

std::uint64_t strikes(const Fault& fault, const FaultCounters& before, const FaultCounters& now)
{
    if (fault.name == "loss")
        return now.lost - before.lost;
    if (fault.name == "blackhole")
        return now.blackholed - before.blackholed;
    if (fault.name == "duplicate")
        return now.duplicated - before.duplicated;
    if (fault.name == "reorder")
        return now.reordered - before.reordered;
    if (fault.name == "latency")
        return now.delayed - before.delayed;
    return now.queue_dropped - before.queue_dropped;
}

} // namespace

FaultSettings network_settings(const std::vector<Fault>& faults, const std::string& session,
                               FaultDirection direction)
{
    FaultSettings out;
    for (const Fault& fault : faults) {
        if (!concerns(fault, session, direction))
            continue;
        out.seed = static_cast<std::uint32_t>(fault.number("seed", out.seed));
        if (fault.name == "loss") {
            out.loss = fraction(fault, 5);
        } else if (fault.name == "blackhole") {
            out.blackhole = true;
        } else if (fault.name == "duplicate") {
            out.duplicate = fraction(fault, 5);
        } else if (fault.name == "reorder") {
            out.reorder = fraction(fault, 5);
            out.reorder_delay = milliseconds(fault, "ms", 20);
        } else if (fault.name == "latency") {
            out.delay = milliseconds(fault, "ms", 100);
            out.jitter = milliseconds(fault, "jitter", 0);
        } else if (fault.name == "bandwidth") {
            out.bandwidth_bps =
                static_cast<std::uint64_t>(std::max(fault.number("kbps", 500), 1.0) * 1000);
            out.queue = milliseconds(fault, "queue", 300);
        }
    }
    return out;
}

void count_network_strikes(std::vector<Fault>& faults, const std::string& session,
                           FaultDirection direction, const FaultCounters& before,
                           const FaultCounters& now)
{
    for (Fault& fault : faults)
        if (concerns(fault, session, direction))
            fault.struck += strikes(fault, before, now);
}

} // namespace cf::emu

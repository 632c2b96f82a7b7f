/* SPDX-License-Identifier: LGPL-2.1-or-later */
// NetworkFaults: a bad network between the socket and the peers, one direction of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <vector>

#include "lib/base/executor.hpp"
#include "tests/emulator/media/socket-address.hpp"

namespace cf::emu
{

/// What to do to datagrams; the default does nothing. Probabilities are 0...1.
struct FaultSettings {
    double loss = 0;
    double duplicate = 0;
    double reorder = 0;              ///< held back by reorder_delay, others overtake it
    Milliseconds reorder_delay{20};  ///< how long
    Milliseconds delay{0};           ///< of every datagram
    Milliseconds jitter{0};          ///< added to delay at random, keeps the order
    std::uint64_t bandwidth_bps = 0; ///< 0: unlimited. UDP payload bits
    Milliseconds queue{300};         ///< what waits longer than this for the bandwidth is dropped
    bool blackhole = false;          ///< nothing passes
    /// Seed of the random numbers, so that a test sees the same losses each time; applied when the
    /// settings are set.
    std::uint32_t seed = 1;

    [[nodiscard]] bool any() const;
};

/// How often each fault struck.
struct FaultCounters {
    std::uint64_t passed = 0;
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t delayed = 0;
    std::uint64_t queue_dropped = 0;
    std::uint64_t blackholed = 0;
};

/// One direction. Without faults a datagram goes straight through, uncopied. One thread.
class NetworkFaults
{
public:
    using Deliver = std::function<void(const SocketAddress&, std::span<std::uint8_t>, TimePoint)>;

    explicit NetworkFaults(Deliver deliver) : deliver_(std::move(deliver)) {}

    /// Datagrams already waiting keep their time. Counters go on.
    void set(const FaultSettings& settings);
    [[nodiscard]] const FaultSettings& settings() const { return settings_; }
    [[nodiscard]] const FaultCounters& counters() const { return counters_; }

    /// Takes one datagram; it may be changed by whoever it is delivered to.
    void submit(const SocketAddress& peer, std::span<std::uint8_t> datagram, TimePoint now);
    /// Delivers what is due. Called every few milliseconds.
    void tick(TimePoint now);

private:
    struct Waiting {
        SocketAddress peer;
        std::vector<std::uint8_t> datagram;
    };
    /// Transmission end of a datagram in the rate-limited queue, or nothing if it is full.
    bool pass_bandwidth(std::size_t bytes, TimePoint& when);
    bool strikes(double probability);
    void hold(const SocketAddress& peer, std::span<std::uint8_t> datagram, TimePoint when);

    Deliver deliver_;
    FaultSettings settings_;
    FaultCounters counters_;
    std::mt19937 random_{1};
    std::multimap<TimePoint, Waiting> waiting_;
    TimePoint link_free_{};
    TimePoint last_due_{};
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Usage: how many bytes each session moved in each minute; what the analytics are answered from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tests/emulator/media/transport.hpp"

namespace cf::emu
{

struct UsageBytes {
    std::uint64_t ingress = 0; ///< from the client to the SFU, whole datagrams
    std::uint64_t egress = 0;
};

/// Main thread only.
class Usage
{
public:
    using Minute = std::uint64_t; ///< Unix time of its beginning
    using Key = std::pair<Minute, std::string>;

    /// Counts what @p session has moved since the last call. Called about once a second, and when
    /// the session ends.
    void sample(const std::string& session, const TransportStats& stats, std::uint64_t unix_time);
    /// The session is over: no more samples.
    void forget(const std::string& session) { seen_.erase(session); }
    void clear();

    [[nodiscard]] const std::map<Key, UsageBytes>& rows() const { return rows_; }
    static constexpr std::size_t kMaxRows = 20000; ///< the oldest go first

private:
    std::map<Key, UsageBytes> rows_;
    std::map<std::string, UsageBytes> seen_;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// RequestLog: the last requests and what they were answered, for tests and for the timeline.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "lib/base/executor.hpp"
#include "lib/json/json-writer.hpp"

namespace cf::emu
{

struct LogEntry {
    std::uint64_t number = 0;
    TimePoint start{};
    Milliseconds duration{0};
    std::string method;
    std::string path;
    std::string query;
    std::string operation;
    std::string session;
    std::string request_body;
    std::string response_body;
    unsigned status = 0;
    bool dropped = false; ///< the answer was never sent
    std::string faults;   ///< that struck it, separated by spaces
};

/// Main thread only.
class RequestLog
{
public:
    /// At most @p capacity entries, and @p max_bytes of text in them; the oldest go first.
    RequestLog(std::size_t capacity, std::size_t max_bytes)
        : capacity_(capacity), max_bytes_(max_bytes)
    {
    }

    /// Bodies are kept without ICE passwords.
    void add(LogEntry entry);
    void clear();
    [[nodiscard]] std::uint64_t total() const { return total_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

    /// Writes `entries` with a number above @p after, of @p session if it is not empty.
    void write(json::JsonWriter& w, std::uint64_t after, const std::string& session,
               TimePoint epoch) const;

private:
    std::size_t capacity_;
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::uint64_t total_ = 0;
    std::uint64_t refused_ = 0;
    std::deque<LogEntry> entries_;
};

} // namespace cf::emu

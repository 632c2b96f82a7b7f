/* SPDX-License-Identifier: LGPL-2.1-or-later */
// History: the last calls that were made, for people who look for what went wrong.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/executor.hpp"
#include "lib/base/mutex.hpp"

namespace cf::http
{

/// One finished call. All text is valid UTF-8 and redacted.
struct HistoryEntry {
    std::chrono::system_clock::time_point time; ///< when it was sent
    std::string method;
    std::string path;    ///< with the query
    unsigned status = 0; ///< 0: there was no response
    std::string error;   ///< name of the ErrorCode if there was no response, else empty
    Milliseconds elapsed{0};
    std::string request_body;  ///< at most kMaxBody bytes
    std::string response_body; ///< likewise
};

/// A bounded list: the oldest entry goes when a new one needs its place. Any thread.
class History
{
public:
    static constexpr std::size_t kMaxEntries = 100;
    static constexpr std::size_t kMaxBody = 4096;

    /// Redacts and cuts @p entry before it keeps it.
    void add(HistoryEntry entry);
    /// Oldest first.
    [[nodiscard]] std::vector<HistoryEntry> snapshot() const;

private:
    mutable Mutex mutex_; // nothing is taken after it
    std::deque<HistoryEntry> entries_ CF_GUARDED_BY(mutex_);
};

} // namespace cf::http

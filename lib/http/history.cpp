/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/history.hpp"

#include <utility>

#include <glib.h>

#include "lib/base/redact.hpp"
#include "lib/base/ref.hpp"

namespace cf::http
{

namespace
{

constexpr std::string_view kEllipsis = "…";

// Redacts first: a secret that the cut goes through might no longer look like one.
std::string presentable(std::string_view text)
{
    const std::string clean = redact(text);
    const OwnedString valid{g_utf8_make_valid(clean.data(), static_cast<gssize>(clean.size()))};
    std::string out = valid.get();
    if (out.size() > History::kMaxBody) {
        const char* end = g_utf8_find_prev_char(out.data(), out.data() + History::kMaxBody -
                                                                kEllipsis.size() + 1);
        out.resize(static_cast<std::size_t>(end - out.data()));
        out += kEllipsis;
    }
    return out;
}

} // namespace

void History::add(HistoryEntry entry)
{
    entry.path = presentable(entry.path);
    entry.request_body = presentable(entry.request_body);
    entry.response_body = presentable(entry.response_body);
    HistoryEntry oldest; // destroyed after the lock is gone
    Lock l{mutex_};
    entries_.push_back(std::move(entry));
    if (entries_.size() > kMaxEntries) {
        oldest = std::move(entries_.front());
        entries_.pop_front();
    }
}

std::vector<HistoryEntry> History::snapshot() const
{
    Lock l{mutex_};
    return {entries_.begin(), entries_.end()};
}

} // namespace cf::http

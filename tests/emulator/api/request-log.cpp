/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/request-log.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace cf::emu
{

namespace
{

// As JSON where it is JSON, so that readers need not parse twice; else as text.
void write_body(json::JsonWriter& w, const char* name, const std::string& body)
{
    if (body.empty())
        return w.null(name);
    if (const auto parsed = json::JsonReader::parse(body))
        return w.value(name, *parsed);
    w.string(name, body);
}

// Descriptions travel inside JSON strings, where the end of a line is the two characters "\\r"; so
// the value of a=ice-pwd ends where its characters do (RFC 8839 5.4), not at a blank.
std::string without_ice_passwords(const std::string& body)
{
    static constexpr std::string_view kName = "a=ice-pwd:";
    std::string out;
    std::size_t from = 0;
    for (auto at = body.find(kName); at != std::string::npos; at = body.find(kName, from)) {
        std::size_t end = at + kName.size();
        const auto is_value = [&] {
            return end < body.size() && (g_ascii_isalnum(body[end]) || body[end] == '+' ||
                                         body[end] == '/' || body.substr(end, 2) == "\\/");
        };
        while (is_value())
            end += body[end] == '\\' ? 2 : 1;
        out.append(body, from, at + kName.size() - from).append("redacted");
        from = end;
    }
    return out.append(body, from);
}

// Endpoints of WebSocket adapters have no other place for a token than the URL's query.
std::string without_endpoint_queries(const std::string& body)
{
    static constexpr std::string_view kMember = "\"endpoint\"";
    std::string out;
    std::size_t from = 0;
    for (auto at = body.find(kMember); at != std::string::npos; at = body.find(kMember, from)) {
        const auto value = body.find('"', at + kMember.size());
        const auto end =
            std::min(value == std::string::npos ? value : body.find('"', value + 1), body.size());
        const auto query = std::min(body.find('?', at), end);
        out.append(body, from, query - from);
        if (query < end)
            out.append("?redacted");
        from = end;
    }
    return out.append(body, from);
}

std::string without_secrets(const std::string& body)
{
    return without_endpoint_queries(without_ice_passwords(body));
}

std::size_t bytes_of(const LogEntry& e)
{
    return e.path.size() + e.query.size() + e.request_body.size() + e.response_body.size();
}

} // namespace

void RequestLog::clear()
{
    entries_.clear();
    bytes_ = 0;
}

void RequestLog::add(LogEntry entry)
{
    entry.number = ++total_;
    if (entry.status >= 400)
        ++refused_;
    entry.request_body = without_secrets(entry.request_body);
    entry.response_body = without_secrets(entry.response_body);
    bytes_ += bytes_of(entry);
    entries_.push_back(std::move(entry));
    while (entries_.size() > capacity_ || (bytes_ > max_bytes_ && !entries_.empty())) {
        bytes_ -= bytes_of(entries_.front());
        entries_.pop_front();
    }
}

void RequestLog::write(json::JsonWriter& w, std::uint64_t after, const std::string& session,
                       TimePoint epoch) const
{
    auto array = w.array("entries");
    for (const LogEntry& e : entries_) {
        if (e.number <= after || (!session.empty() && e.session != session))
            continue;
        auto object = w.object();
        w.integer("number", e.number);
        w.number("atMs", static_cast<double>((e.start - epoch).count()) / 1000.0);
        w.integer("durationMs", e.duration.count());
        w.string("method", e.method);
        w.string("path", e.path);
        if (!e.query.empty())
            w.string("query", e.query);
        w.string("operation", e.operation);
        if (!e.session.empty())
            w.string("sessionId", e.session);
        w.integer("status", e.status);
        if (e.dropped)
            w.boolean("dropped", true);
        if (!e.faults.empty())
            w.string("faults", e.faults);
        write_body(w, "request", e.request_body);
        write_body(w, "response", e.response_body);
    }
}

} // namespace cf::emu

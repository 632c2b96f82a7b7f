/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/json-writer.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <glib.h>

#include "lib/base/ref.hpp"

namespace cf::json
{

JsonWriter& JsonWriter::element()
{
    if (named_) {
        named_ = false;
        return *this;
    }
    g_assert(levels_.empty() ? text_.empty() : levels_.back().close == ']');
    if (!levels_.empty() && std::exchange(levels_.back().has_items, true))
        text_ += ',';
    return *this;
}

JsonWriter& JsonWriter::member(std::string_view name)
{
    g_assert(!named_ && !levels_.empty() && levels_.back().close == '}');
    if (std::exchange(levels_.back().has_items, true))
        text_ += ',';
    put_string(name);
    text_ += ':';
    return *this;
}

JsonWriter::Scope JsonWriter::open(char bracket)
{
    text_ += bracket;
    levels_.push_back(Level{bracket == '{' ? '}' : ']'});
    return Scope{*this, levels_.size()};
}

void JsonWriter::close(std::size_t depth)
{
    g_assert(!named_ && levels_.size() == depth);
    text_ += levels_.back().close;
    levels_.pop_back();
}

std::string JsonWriter::take()
{
    g_assert(levels_.empty() && !text_.empty());
    return std::exchange(text_, {});
}

// RFC 8259 7: quotation mark, reverse solidus and U+0000 to U+001F must be escaped, nothing else.
void JsonWriter::put_string(std::string_view value)
{
    OwnedString repaired;
    if (!g_utf8_validate_len(value.data(), value.size(), nullptr)) {
        repaired.reset(g_utf8_make_valid(value.data(), static_cast<gssize>(value.size())));
        value = repaired.get();
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    text_ += '"';
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            text_ += '\\';
            text_ += c;
        } else if (c == '\n') {
            text_ += "\\n";
        } else if (c == '\r') {
            text_ += "\\r";
        } else if (c == '\t') {
            text_ += "\\t";
        } else if (byte < 0x20) {
            text_ += "\\u00";
            text_ += kHex[byte >> 4];
            text_ += kHex[byte & 0xf];
        } else {
            text_ += c;
        }
    }
    text_ += '"';
}

// std::to_chars, because printf() writes the decimal sign of the locale.
void JsonWriter::put_number(double value)
{
    if (!std::isfinite(value)) {
        put("null");
        return;
    }
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    put({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

} // namespace cf::json

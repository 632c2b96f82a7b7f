/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/line-block.hpp"

#include <algorithm>

#include <glib.h>

namespace cf::sdp
{

namespace
{

bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::string_view trim(std::string_view text)
{
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> pieces;
    std::size_t start = 0;
    for (std::size_t i = 0; i <= text.size(); i++) {
        const bool ends =
            i == text.size() || text[i] == separator || (separator == ' ' && text[i] == '\t');
        if (!ends)
            continue;
        if (auto piece = trim(text.substr(start, i - start)); !piece.empty())
            pieces.push_back(piece);
        start = i + 1;
    }
    return pieces;
}

std::string to_lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<unsigned> parse_number(std::string_view text, unsigned max)
{
    if (text.empty())
        return std::nullopt;
    unsigned long long number = 0;
    for (char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        number = number * 10 + static_cast<unsigned>(c - '0');
        if (number > max)
            return std::nullopt;
    }
    return static_cast<unsigned>(number);
}

std::string_view Line::name() const
{
    if (type != 'a')
        return {};
    return trim(std::string_view(value).substr(0, value.find(':')));
}

std::string_view Line::attribute_value() const
{
    const auto colon = value.find(':');
    if (type != 'a' || colon == std::string::npos)
        return {};
    return trim(std::string_view(value).substr(colon + 1));
}

Line make_attribute(std::string_view name, std::string_view value)
{
    std::string text(name);
    if (!value.empty())
        text.append(":").append(value);
    g_assert(text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    return Line{'a', std::move(text)};
}

bool LineBlock::has_attribute(std::string_view name) const
{
    return attribute(name).has_value();
}

std::optional<std::string_view> LineBlock::attribute(std::string_view name) const
{
    for (const auto& line : lines_)
        if (line.name() == name)
            return line.attribute_value();
    return std::nullopt;
}

std::vector<std::string_view> LineBlock::attributes(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const auto& line : lines_)
        if (line.name() == name)
            values.push_back(line.attribute_value());
    return values;
}

void LineBlock::set_attribute(std::string_view name, std::string_view value)
{
    // Made first: the arguments may point into the lines that change.
    Line wanted = make_attribute(name, value);
    const std::string key(wanted.name());
    bool done = false;
    std::vector<Line> kept;
    kept.reserve(lines_.size() + 1);
    for (auto& line : lines_) {
        if (line.name() != key) {
            kept.push_back(std::move(line));
        } else if (!done) {
            done = true;
            const bool same = line.attribute_value() == wanted.attribute_value();
            kept.push_back(same ? std::move(line) : wanted);
        }
    }
    if (!done)
        kept.push_back(std::move(wanted));
    lines_ = std::move(kept);
}

void LineBlock::add_attribute(std::string_view name, std::string_view value)
{
    Line wanted = make_attribute(name, value);
    auto last = std::find_if(lines_.rbegin(), lines_.rend(),
                             [&](const Line& line) { return line.name() == wanted.name(); });
    const auto place = last == lines_.rend() ? lines_.end() : last.base();
    lines_.insert(place, std::move(wanted));
}

std::size_t LineBlock::remove_attributes(std::string_view name)
{
    return remove_lines_if([key = std::string(name)](const Line& l) { return l.name() == key; });
}

std::size_t LineBlock::remove_lines_if(const std::function<bool(const Line&)>& condition)
{
    return std::erase_if(lines_, condition);
}

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/description.hpp"

#include <algorithm>

namespace cf::sdp
{

namespace
{

Error bad_line(std::size_t number, std::string_view what)
{
    return Error{ErrorCode::Sdp, "Line " + std::to_string(number) + " of the session description " +
                                     std::string(what) + "."};
}

Error too_large(std::string_view what)
{
    return Error{ErrorCode::TooLarge, "The session description has more than " + std::string(what) +
                                          ", which no real one has."};
}

/// Bytes from 0x80 on are left alone: `s=` and `i=` are free text in any encoding.
bool has_control_characters(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

/// Takes the next line, without its end, off the front of @p text.
std::string_view next_line(std::string_view& text)
{
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    return line;
}

std::optional<Error> line_problem(std::string_view line, std::size_t number, bool first)
{
    if (line.size() < 2 || line[1] != '=' || line[0] < 'a' || line[0] > 'z')
        return bad_line(number, "is not of the form type=value");
    if (has_control_characters(line))
        return bad_line(number, "contains a control character");
    if (first && (line[0] != 'v' || trim(line.substr(2)) != "0"))
        return bad_line(number, "must be v=0, the first line of every description");
    return std::nullopt;
}

void append_line(std::string& out, char type, std::string_view value)
{
    out += type;
    out.append("=").append(value).append("\r\n");
}

bool is_bundle(const Line& line)
{
    if (line.name() != "group")
        return false;
    const auto pieces = split(line.attribute_value());
    return !pieces.empty() && pieces.front() == "BUNDLE";
}

} // namespace

Result<Description> Description::parse(std::string_view text)
{
    if (text.size() > kMaxBytes)
        return too_large(std::to_string(kMaxBytes) + " bytes");
    Description out;
    std::size_t number = 0;
    bool first = true;
    while (!text.empty()) {
        const auto line = next_line(text);
        if (++number > kMaxLines)
            return too_large(std::to_string(kMaxLines) + " lines");
        if (trim(line).empty())
            continue;
        if (auto problem = line_problem(line, number, first))
            return std::move(*problem);
        first = false;
        const auto value = line.substr(2);
        if (line[0] == 'm') {
            if (out.sections_.size() == kMaxSections)
                return too_large(std::to_string(kMaxSections) + " media sections");
            auto section = MediaSection::parse(value);
            if (!section)
                return bad_line(number, section.error().message);
            out.sections_.push_back(section.take());
        } else {
            LineBlock& block = out.sections_.empty() ? out.session_ : out.sections_.back();
            block.lines().push_back(Line{line[0], std::string(value)});
        }
    }
    if (first)
        return Error{ErrorCode::Sdp, "The session description is empty."};
    return out;
}

std::string Description::to_string() const
{
    std::string out;
    for (const auto& line : session_.lines())
        append_line(out, line.type, line.value);
    for (const auto& section : sections_) {
        append_line(out, 'm', section.m_line());
        for (const auto& line : section.lines())
            append_line(out, line.type, line.value);
    }
    return out;
}

const MediaSection* Description::find(std::string_view mid) const
{
    auto it = std::find_if(sections_.begin(), sections_.end(), [&](const MediaSection& section) {
        return !mid.empty() && section.mid() == mid;
    });
    return it == sections_.end() ? nullptr : &*it;
}

MediaSection* Description::find(std::string_view mid)
{
    return const_cast<MediaSection*>(std::as_const(*this).find(mid));
}

std::optional<std::vector<Mid>> Description::bundle_group() const
{
    for (const auto& line : session_.lines()) {
        if (!is_bundle(line))
            continue;
        const auto pieces = split(line.attribute_value());
        return std::vector<Mid>(pieces.begin() + 1, pieces.end());
    }
    return std::nullopt;
}

void Description::set_bundle_group(const std::vector<Mid>& mids)
{
    if (bundle_group() == mids && !mids.empty())
        return;
    auto& lines = session_.lines();
    if (mids.empty()) {
        std::erase_if(lines, is_bundle);
        return;
    }
    std::string value = "BUNDLE";
    for (const auto& mid : mids)
        value.append(" ").append(mid);
    auto it = std::find_if(lines.begin(), lines.end(), is_bundle);
    if (it == lines.end())
        lines.push_back(make_attribute("group", value));
    else
        *it = make_attribute("group", value);
}

Direction Description::direction_of(const MediaSection& section) const
{
    if (const auto own = section.own_direction())
        return *own;
    return direction_in(session_).value_or(Direction::SendRecv);
}

std::vector<Fingerprint> Description::fingerprints_of(const MediaSection& section) const
{
    auto own = fingerprints_in(section);
    return own.empty() ? fingerprints_in(session_) : own;
}

} // namespace cf::sdp

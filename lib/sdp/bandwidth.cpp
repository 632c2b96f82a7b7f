/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/bandwidth.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace cf::sdp
{

namespace
{

constexpr std::uint64_t kBitsPerKilobit = 1000;
constexpr std::string_view kAs = "AS";
constexpr std::string_view kTias = "TIAS";

bool is_about(const Line& line, std::string_view type)
{
    const std::string_view value = line.value;
    return line.type == 'b' && trim(value.substr(0, value.find(':'))) == type;
}

std::optional<std::uint64_t> value_of(const MediaSection& section, std::string_view type)
{
    for (const auto& line : section.lines()) {
        const auto colon = line.value.find(':');
        if (!is_about(line, type) || colon == std::string::npos)
            continue;
        const auto text = trim(std::string_view(line.value).substr(colon + 1));
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc{} && end == text.data() + text.size())
            return number;
    }
    return std::nullopt;
}

/// RFC 8866 section 5: b= comes after i= and c= and before a=.
void set_value(MediaSection& section, std::string_view type, std::uint64_t value)
{
    if (value_of(section, type) == value &&
        std::count_if(section.lines().begin(), section.lines().end(),
                      [&](const Line& line) { return is_about(line, type); }) == 1)
        return;
    section.remove_lines_if([&](const Line& line) { return is_about(line, type); });
    auto& lines = section.lines();
    auto place = std::find_if(lines.begin(), lines.end(), [](const Line& line) {
        return line.type != 'i' && line.type != 'c' && line.type != 'b';
    });
    std::string text(type);
    text.append(":").append(std::to_string(value));
    lines.insert(place, Line{'b', std::move(text)});
}

} // namespace

std::optional<std::uint64_t> bandwidth(const MediaSection& section)
{
    if (const auto bits = value_of(section, kTias))
        return bits;
    const auto kilobits = value_of(section, kAs);
    if (!kilobits || *kilobits > UINT64_MAX / kBitsPerKilobit)
        return std::nullopt;
    return *kilobits * kBitsPerKilobit;
}

MediaSection set_bandwidth(MediaSection section, std::uint64_t bits_per_second)
{
    const auto whole = bits_per_second / kBitsPerKilobit;
    const auto kilobits = whole + (bits_per_second % kBitsPerKilobit != 0 ? 1 : 0);
    set_value(section, kAs, kilobits);
    set_value(section, kTias, bits_per_second);
    return section;
}

MediaSection remove_bandwidth(MediaSection section)
{
    section.remove_lines_if(
        [](const Line& line) { return is_about(line, kAs) || is_about(line, kTias); });
    return section;
}

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Small text helpers of the SDP parser and writer.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace cf::emu::sdp
{

/// The part before @p separator; @p text keeps what follows it (nothing, if it is not there).
inline std::string_view take_until(std::string_view& text, char separator)
{
    const auto at = text.find(separator);
    const std::string_view head = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return head;
}

inline std::string_view trim(std::string_view text)
{
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

/// The words of @p text between runs of @p separator.
inline std::vector<std::string_view> split(std::string_view text, char separator = ' ')
{
    std::vector<std::string_view> words;
    while (!text.empty())
        if (const auto word = take_until(text, separator); !word.empty())
            words.push_back(word);
    return words;
}

/// All of @p text as a decimal number; nothing if it is not one or does not fit.
template <typename T> std::optional<T> number(std::string_view text)
{
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

} // namespace cf::emu::sdp

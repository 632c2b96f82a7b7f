/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Lines of a session description, kept as they came. Everything above this file reads and edits
// lines in place, so that what nobody touched leaves byte for byte as it arrived.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cf::sdp
{

/// One line, `type=value`, without its line end.
struct Line {
    char type = 'a';
    std::string value;
    bool operator==(const Line&) const = default;

    /// An attribute's name: of `a=mid:0` it is "mid". Empty for lines that are no attribute.
    [[nodiscard]] std::string_view name() const;
    /// What follows the attribute's colon, trimmed; empty for a flag such as `a=rtcp-mux`.
    [[nodiscard]] std::string_view attribute_value() const;
};

/// `a=name:value`, or the flag `a=name` when @p value is empty.
[[nodiscard]] Line make_attribute(std::string_view name, std::string_view value = {});

/// An ordered list of lines: the session part of a description, or one media section. Attribute
/// names are compared with case, as RFC 8866 section 5.13 asks.
class LineBlock
{
public:
    [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
    [[nodiscard]] std::vector<Line>& lines() { return lines_; }
    bool operator==(const LineBlock&) const = default;

    [[nodiscard]] bool has_attribute(std::string_view name) const;
    /// The first attribute of that name; "" for a flag. The view lives until the next edit.
    [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
    /// The values of all attributes of that name, in order.
    [[nodiscard]] std::vector<std::string_view> attributes(std::string_view name) const;

    /// Gives the first attribute of that name this value and removes the others; appends one if
    /// there was none. A line that says so already keeps its bytes.
    void set_attribute(std::string_view name, std::string_view value = {});
    /// Adds an attribute behind the last one of that name, else at the end.
    void add_attribute(std::string_view name, std::string_view value = {});
    /// Removes all attributes of that name; how many there were.
    std::size_t remove_attributes(std::string_view name);
    std::size_t remove_lines_if(const std::function<bool(const Line&)>& condition);

private:
    std::vector<Line> lines_;
};

/// @p text without blanks and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// The pieces of @p text between @p separator, trimmed, empty ones left out. A separator of ' '
/// stands for any run of blanks and tabs.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator = ' ');
/// ASCII, without the locale.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
/// A decimal number of at most @p max, with nothing around it.
[[nodiscard]] std::optional<unsigned> parse_number(std::string_view text, unsigned max);

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What the sdp tests share: samples from tests/data/sdp and ways to damage them.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sdp/description.hpp"
#include "tests/support/check.hpp"

namespace cf::sdp
{

inline std::filesystem::path sample_folder()
{
    const char* data = std::getenv("CF_TEST_DATA");
    fail_unless(data != nullptr, "CF_TEST_DATA is not set");
    return std::filesystem::path(data) / "sdp";
}

inline std::string read_file(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    fail_unless(file.good(), "cannot open %s", path.c_str());
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The text of tests/data/sdp/NAME.sdp.
inline std::string sample(const std::string& name)
{
    return read_file(sample_folder() / (name + ".sdp"));
}

inline std::vector<std::filesystem::path> all_samples()
{
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(sample_folder()))
        if (entry.path().extension() == ".sdp")
            found.push_back(entry.path());
    fail_unless(found.size() >= 20, "only %zu samples", found.size());
    std::sort(found.begin(), found.end());
    return found;
}

inline Description parsed(std::string_view text)
{
    auto description = Description::parse(text);
    fail_unless(description.ok(), "%s", description ? "" : description.error().message.c_str());
    return description.take();
}

inline Description parsed_sample(const std::string& name)
{
    return parsed(sample(name));
}

inline std::size_t count_of(std::string_view text, std::string_view piece)
{
    std::size_t count = 0;
    for (auto at = text.find(piece); at != std::string_view::npos;
         at = text.find(piece, at + piece.size()))
        count++;
    return count;
}

inline bool contains(std::string_view text, std::string_view piece)
{
    return text.find(piece) != std::string_view::npos;
}

/// Every occurrence; there must be one, so that a sample that changed is noticed.
inline std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    fail_unless(contains(text, from), "the sample has no %s", std::string(from).c_str());
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

/// Without the lines that begin with @p start.
inline std::string without_lines(const std::string& text, std::string_view start)
{
    std::string out;
    bool removed = false;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const auto line = text.substr(at, end - at);
        if (line.starts_with(start))
            removed = true;
        else
            out += line;
        at = end;
    }
    fail_unless(removed, "the sample has no line %s", std::string(start).c_str());
    return out;
}

/// One section as text, its m-line first.
inline std::string section_text(const MediaSection& section)
{
    std::string out = "m=" + section.m_line() + "\r\n";
    for (const auto& line : section.lines())
        out += std::string(1, line.type) + "=" + line.value + "\r\n";
    return out;
}

/// Section @p index of @p text as a peer refuses it: port 0, and nothing said of it but, perhaps,
/// its mid; out of BUNDLE.
inline std::string with_bare_section(const std::string& text, std::size_t index, bool keep_mid)
{
    auto description = parsed(text);
    auto& section = description.sections().at(index);
    const Mid mid(section.mid());
    section.set_port(0);
    section.set_formats({"0"});
    section.lines() = {Line{'c', "IN IP4 0.0.0.0"}, Line{'a', "inactive"}};
    if (keep_mid)
        section.add_attribute("mid", mid);
    auto group = *description.bundle_group();
    std::erase(group, mid);
    description.set_bundle_group(group);
    return description.to_string();
}

inline void assert_text(std::string_view got, std::string_view want)
{
    fail_unless(got == want, "\n---- got\n%s\n---- want\n%s", std::string(got).c_str(),
                std::string(want).c_str());
}

#define assert_ok(result)                                                                          \
    fail_unless((result).ok(), "%s", (result).ok() ? "" : (result).error().message.c_str())

#define assert_error(result, wanted)                                                               \
    do {                                                                                           \
        fail_unless(!(result).ok(), "%s succeeded", #result);                                      \
        fail_unless_equals_string(cf::to_string((result).error().code), cf::to_string(wanted));    \
        fail_unless(!(result).error().message.empty());                                            \
    } while (false)

} // namespace cf::sdp

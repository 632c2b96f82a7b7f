/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/summary.hpp"

#include <algorithm>

namespace cf::sdp
{

namespace
{

constexpr std::size_t kMaxListed = 16;

/// "VP8+rtx, H264"
std::string codec_list(const MediaSection& section)
{
    const auto codecs = section.codecs();
    std::vector<std::string> names;
    for (const auto& codec : codecs) {
        if (codec.is("rtx"))
            continue;
        const bool repeated = std::any_of(codecs.begin(), codecs.end(), [&](const Codec& other) {
            return other.is("rtx") && other.apt == codec.payload_type;
        });
        auto name = codec.encoding_name + (repeated ? "+rtx" : "");
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(std::move(name));
    }
    std::string text;
    for (const auto& name : names)
        text.append(text.empty() ? "" : ", ").append(name);
    return text;
}

std::string section_summary(const Description& description, const MediaSection& section)
{
    std::string text(section.mid().empty() ? "-" : section.mid());
    text.append(" ").append(section.kind());
    if (section.is_rejected())
        return text + " rejected";
    if (!section.is_rtp())
        return text;
    text.append(" ").append(to_string(description.direction_of(section)));
    const auto codecs = codec_list(section);
    return codecs.empty() ? text : text + " " + codecs;
}

} // namespace

std::string summary(const Description& description)
{
    const auto& sections = description.sections();
    std::string text = description.is_ice_lite() ? "ice-lite, " : "";
    text += std::to_string(sections.size()) + (sections.size() == 1 ? " section" : " sections");
    for (std::size_t i = 0; i < std::min(sections.size(), kMaxListed); i++) {
        text += i == 0 ? ": " : " | ";
        text += section_summary(description, sections[i]);
    }
    if (sections.size() > kMaxListed)
        text += " | ...";
    return text;
}

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/rtp-repairs.hpp"

#include <algorithm>

namespace cf::sdp
{

namespace
{

/// RFC 8285 section 6: the answer turns an extension's direction round.
std::string answered_extension(const ExtensionMap& offered)
{
    std::string text = std::to_string(offered.id);
    if (offered.direction == "sendonly")
        text += "/recvonly";
    else if (offered.direction == "recvonly")
        text += "/sendonly";
    else if (!offered.direction.empty())
        text += "/" + offered.direction;
    return text + " " + offered.uri;
}

} // namespace

std::map<std::uint32_t, Mid> collect_ssrc_to_mid(const Description& description)
{
    std::map<std::uint32_t, Mid> found;
    for (const auto& section : description.sections())
        for (const auto ssrc : section.ssrcs())
            found.emplace(ssrc, section.mid());
    return found;
}

Description ensure_mid_extension(Description answer, const Description& offer)
{
    const auto count = std::min(answer.sections().size(), offer.sections().size());
    for (std::size_t i = 0; i < count; i++) {
        MediaSection& section = answer.sections()[i];
        if (!section.is_rtp() || section.port() == 0 ||
            answer.direction_of(section) == Direction::Inactive)
            continue;
        const auto offered = offer.sections()[i].extension_maps();
        const auto wanted = std::find_if(offered.begin(), offered.end(),
                                         [](const auto& map) { return map.uri == kMidExtension; });
        if (wanted == offered.end())
            continue;
        const auto answered = section.extension_maps();
        const bool taken =
            std::any_of(answered.begin(), answered.end(), [&](const ExtensionMap& map) {
                return map.uri == kMidExtension || map.id == wanted->id;
            });
        if (!taken)
            section.add_attribute("extmap", answered_extension(*wanted));
    }
    return answer;
}

} // namespace cf::sdp

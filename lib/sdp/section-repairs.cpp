/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/section-repairs.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace cf::sdp
{

namespace
{

constexpr std::array<std::string_view, 7> kTransportAttributes = {
    "ice-ufrag", "ice-pwd", "setup", "fingerprint", "candidate", "end-of-candidates", "ice-options",
};

bool is_one_of(std::string_view name, const auto& names)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The mids of the BUNDLE group and of @p more, in m-line order, so that the first section stays
/// the one that owns the transport.
std::vector<Mid> group_in_section_order(const Description& description, const std::set<Mid>& group)
{
    std::vector<Mid> order;
    for (const auto& section : description.sections())
        if (group.contains(std::string(section.mid())))
            order.emplace_back(section.mid());
    return order;
}

/// The transport of @p now around the media of @p view.
MediaSection open_form(const MediaSection& view, const MediaSection& now)
{
    MediaSection out = view;
    if (out.port() == 0)
        out.set_port(kDiscardPort);
    out.remove_attributes("bundle-only");
    if (now.ice_ufrag().empty())
        return out;
    out.remove_lines_if(
        [](const Line& line) { return is_one_of(line.name(), kTransportAttributes); });
    for (const auto& line : now.lines())
        if (is_one_of(line.name(), kTransportAttributes))
            out.lines().push_back(line);
    return out;
}

} // namespace

Status check_section_count(const Description& offer, const Description& answer)
{
    const auto& offered = offer.sections();
    const auto& answered = answer.sections();
    if (offered.size() != answered.size())
        return Error{ErrorCode::Sdp, "The answer has " + std::to_string(answered.size()) +
                                         " media sections and the offer has " +
                                         std::to_string(offered.size()) + "; start a new session."};
    for (std::size_t i = 0; i < offered.size(); i++)
        if (offered[i].kind() != answered[i].kind())
            return Error{ErrorCode::Sdp, "The answer has its media sections in another order "
                                         "than the offer; start a new session."};
    return ok_status();
}

Status check_mids_unchanged(const std::vector<Mid>& mids, const Description& description)
{
    const auto& sections = description.sections();
    if (sections.size() < mids.size())
        return Error{ErrorCode::Sdp, "The session description has " +
                                         std::to_string(sections.size()) +
                                         " media sections where " + std::to_string(mids.size()) +
                                         " are negotiated; start a new session."};
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < sections.size(); i++) {
        const auto mid = sections[i].mid();
        if (i < mids.size() && mid != mids[i])
            return Error{ErrorCode::Sdp, "The session description renames a media section that "
                                         "is negotiated already; start a new session."};
        if (mid.empty())
            return Error{ErrorCode::Sdp, "The session description has a media section without "
                                         "a=mid, which tracks are known by."};
        if (!seen.insert(mid).second)
            return Error{ErrorCode::Sdp,
                         "The session description gives two media sections the same mid."};
    }
    return ok_status();
}

Description fill_missing_mids(Description description, const std::vector<Mid>& mids)
{
    auto& sections = description.sections();
    for (std::size_t i = 0; i < std::min(sections.size(), mids.size()); i++)
        if (sections[i].mid().empty())
            sections[i].set_attribute("mid", mids[i]);
    return description;
}

Status check_first_section_takes_media(const Description& description)
{
    const auto& sections = description.sections();
    if (sections.empty() || sections.front().is_rtp())
        return ok_status();
    for (const auto& section : sections)
        if (section.is_rtp() && !section.is_rejected() &&
            sends(description.direction_of(section)) && section.ssrcs().empty())
            return Error{ErrorCode::Sdp, "The offer begins with a section that is no media and "
                                         "does not name the SSRCs of its tracks; pull the tracks "
                                         "in a session of their own."};
    return ok_status();
}

Description un_bundle_only(Description description)
{
    for (auto& section : description.sections()) {
        if (!section.is_bundle_only())
            continue;
        if (section.port() == 0)
            section.set_port(kDiscardPort);
        section.remove_attributes("bundle-only");
    }
    return description;
}

Description send_only(Description description)
{
    for (auto& section : description.sections())
        if (section.is_rtp() && !section.is_rejected() &&
            description.direction_of(section) == Direction::SendRecv)
            section.set_direction(Direction::SendOnly);
    return description;
}

Description ensure_bundle_group(Description description)
{
    const auto& sections = description.sections();
    if (description.bundle_group() || sections.size() < 2)
        return description;
    std::vector<Mid> all;
    for (const auto& section : sections) {
        if (section.mid().empty() || section.ice_ufrag() != sections.front().ice_ufrag())
            return description;
        all.emplace_back(section.mid());
    }
    description.set_bundle_group(all);
    return description;
}

Description restore_closed_sections(Description description,
                                    const std::vector<ClosedSection>& closed)
{
    const auto group = description.bundle_group();
    std::set<Mid> members;
    if (group)
        members.insert(group->begin(), group->end());
    bool joined = false;
    auto& sections = description.sections();
    for (const auto& one : closed) {
        if (one.index >= sections.size())
            continue;
        auto& section = sections[one.index];
        section = open_form(one.view, section);
        joined |= members.insert(std::string(section.mid())).second;
    }
    if (group && joined)
        description.set_bundle_group(group_in_section_order(description, members));
    return description;
}

Description mirror_closed_sections(Description description, const std::vector<ClosedMid>& closed)
{
    std::set<Mid> stopped;
    for (const auto& one : closed) {
        MediaSection* section = description.find(one.mid);
        if (section == nullptr)
            continue;
        if (section->is_rtp())
            section->set_direction(Direction::Inactive);
        if (one.closing != WireClosing::Stopped)
            continue;
        section->set_port(0);
        section->remove_attributes("bundle-only");
        stopped.insert(one.mid);
    }
    if (auto group = description.bundle_group(); group && !stopped.empty()) {
        std::erase_if(*group, [&](const Mid& mid) { return stopped.contains(mid); });
        description.set_bundle_group(*group);
    }
    return description;
}

MediaSection accepted_form(const MediaSection& offered)
{
    constexpr std::array<std::string_view, 6> kOfferersOwn = {
        "ssrc", "ssrc-group", "msid", "rid", "simulcast", "bundle-only",
    };
    MediaSection out = offered;
    out.remove_lines_if([&](const Line& line) {
        return is_one_of(line.name(), kOfferersOwn) || is_one_of(line.name(), kTransportAttributes);
    });
    if (out.is_rtp())
        out.set_direction(reversed(offered.direction()));
    if (out.port() == 0)
        out.set_port(kDiscardPort);
    return out;
}

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/facade-memory.hpp"

#include <algorithm>

namespace cf::sdp
{

namespace
{

/// Whether media flows either way between an offer's direction and its answer's.
bool flows(Direction offered, Direction answered)
{
    return (sends(offered) && receives(answered)) || (receives(offered) && sends(answered));
}

/// What the service may fill later is shown as sending from the start, because 1.22 could not turn
/// it round then (P20). A bare section has no codecs to show.
MediaSection first_view_of_closed(const MediaSection& offered)
{
    MediaSection view = offered;
    view.set_port(kDiscardPort);
    if (view.is_rtp())
        view.set_direction(view.codecs().empty() ? Direction::Inactive : Direction::SendOnly);
    return view;
}

} // namespace

SectionEvent NegotiatedSection::note_answer(const MediaSection& offered,
                                            Direction offered_direction,
                                            const MediaSection& answered,
                                            Direction answered_direction)
{
    const bool was_closed = closing.has_value();
    if (answered.port() == 0)
        closing = WireClosing::Stopped;
    else if (!was_closed && offered.is_rtp() && offered_direction != Direction::Inactive &&
             !flows(offered_direction, answered_direction))
        closing = WireClosing::Inactive;

    if (!closing)
        return remote_view ? SectionEvent::None : SectionEvent::Added;
    if (!remote_view)
        remote_view = accepted_form(offered);
    return was_closed ? SectionEvent::None : SectionEvent::Closed;
}

SectionEvent NegotiatedSection::note_offer(const MediaSection& offered, Direction direction)
{
    const bool was_closed = closing.has_value();
    const bool media = offered.is_rtp();
    if (offered.is_rejected() || (media && direction == Direction::Inactive)) {
        closing = offered.is_rejected() ? WireClosing::Stopped : WireClosing::Inactive;
        if (remote_view)
            return was_closed ? SectionEvent::None : SectionEvent::Closed;
        remote_view = first_view_of_closed(offered);
        return SectionEvent::AddedClosed;
    }
    if (!remote_view) {
        closing.reset();
        return SectionEvent::Added;
    }
    // Only what the service sends can be filled by it; a track of ours that we closed stays closed.
    const bool filled =
        !media || (sends(direction) && remote_view->direction() != Direction::RecvOnly);
    if (!was_closed || !filled)
        return SectionEvent::None;
    closing.reset();
    return SectionEvent::Reopened;
}

std::vector<Mid> FacadeMemory::mids() const
{
    std::vector<Mid> all;
    for (const auto& section : sections)
        all.push_back(section.mid);
    return all;
}

std::vector<ClosedMid> FacadeMemory::closed_mids() const
{
    std::vector<ClosedMid> all;
    for (const auto& section : sections)
        if (section.closing)
            all.push_back({section.mid, *section.closing});
    return all;
}

NegotiatedSection* FacadeMemory::find(std::string_view mid)
{
    auto it = std::find_if(sections.begin(), sections.end(),
                           [&](const NegotiatedSection& section) { return section.mid == mid; });
    return it == sections.end() ? nullptr : &*it;
}

std::vector<ClosedSection> FacadeMemory::hidden_sections() const
{
    std::vector<ClosedSection> hidden;
    for (std::size_t i = 0; i < sections.size(); i++)
        if (sections[i].closing && sections[i].remote_view)
            hidden.push_back({i, *sections[i].remote_view});
    return hidden;
}

Status FacadeMemory::close(const std::vector<Mid>& mids)
{
    for (const auto& mid : mids) {
        NegotiatedSection* section = find(mid);
        if (section == nullptr)
            return Error{ErrorCode::InvalidArgument,
                         "A track was to be closed that this session does not have."};
        if (!section->closing)
            section->closing = WireClosing::Inactive;
    }
    return ok_status();
}

Status FacadeMemory::reopen(const std::vector<Mid>& mids)
{
    for (const auto& mid : mids) {
        NegotiatedSection* section = find(mid);
        // RFC 3264 section 8.2 ends a section at port 0; what comes after is another one with
        // another mid, which webrtcbin cannot give it.
        if (section == nullptr || section->closing == WireClosing::Stopped)
            return Error{ErrorCode::InvalidArgument,
                         "A media section was to be used again that is gone for good; publish the "
                         "track on a new one."};
        section->closing.reset();
    }
    return ok_status();
}

Status FacadeMemory::learn_role_from_answer(const Description& answer)
{
    if (role)
        return ok_status();
    const auto& all = answer.sections();
    const auto live = std::find_if(all.begin(), all.end(),
                                   [](const MediaSection& section) { return section.port() != 0; });
    if (live == all.end())
        return Error{ErrorCode::Sdp, "The service refused every track of the offer; check that "
                                     "it supports the codecs."};
    // RFC 4145 section 4.1: an answer that says nothing is passive.
    const auto said = live->has_attribute("setup") ? live->setup() : SetupRole::Passive;
    if (said != SetupRole::Active && said != SetupRole::Passive)
        return Error{ErrorCode::Sdp, "The answer of the service does not say which end opens the "
                                     "DTLS connection; start a new session."};
    role = reversed(*said);
    return ok_status();
}

Status FacadeMemory::learn_fingerprint(const Description& description)
{
    std::optional<Fingerprint> said;
    for (const auto& section : description.sections()) {
        const auto all = description.fingerprints_of(section);
        if (!all.empty() && !said)
            said = all.front();
    }
    // RFC 8842 section 4: another fingerprint asks for a new DTLS association. webrtcbin cannot
    // make one, and ignoring it would hide who is at the other end.
    if (remote_fingerprint && said && *said != *remote_fingerprint)
        return Error{ErrorCode::Sdp, "The service changed its DTLS certificate in a running "
                                     "session; start a new session."};
    if (said)
        remote_fingerprint = said;
    return ok_status();
}

std::vector<Mid> FacadeMemory::note_refusals(const Description& answer)
{
    std::vector<Mid> refused;
    for (std::size_t i = 0; i < sections.size(); i++) {
        auto& section = sections[i];
        if (section.closing || answer.sections()[i].port() != 0)
            continue;
        section.closing = WireClosing::Stopped;
        section.remote_view.reset();
        refused.push_back(section.mid);
    }
    return refused;
}

void FacadeMemory::remember_views(const Description& description)
{
    const auto count = std::min(sections.size(), description.sections().size());
    for (std::size_t i = 0; i < count; i++) {
        if (sections[i].closing)
            continue;
        MediaSection view = description.sections()[i];
        // The view must mean the same inside another description.
        if (const auto direction = description.direction_of(view); view.direction() != direction)
            view.set_direction(direction);
        sections[i].remote_view = std::move(view);
    }
}

} // namespace cf::sdp

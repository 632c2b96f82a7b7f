/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/facade.hpp"

#include <algorithm>

#include "lib/sdp/rtp-repairs.hpp"
#include "lib/sdp/transport-repairs.hpp"

namespace cf::sdp
{

namespace
{

Error wrong_turn(std::string_view what)
{
    return Error{ErrorCode::State,
                 "A session description came out of turn: " + std::string(what) + "."};
}

Description to_wire(Description local, const FacadeMemory& memory)
{
    return mirror_closed_sections(strip_candidates(std::move(local)), memory.closed_mids());
}

/// Before the sections are looked at: everything is where it is looked for.
Description gather_attributes(Description description)
{
    description = session_ice_lite(std::move(description));
    description = spread_session_transport(std::move(description));
    return drop_undescribed_formats(std::move(description));
}

/// After they were looked at: no section is closed or bare any more.
Description hide_closed_sections(Description description, const FacadeMemory& memory)
{
    description = restore_closed_sections(std::move(description), memory.hidden_sections());
    description = complete_rejected_sections(std::move(description));
    description = keep_single_fingerprint_place(std::move(description));
    description = uppercase_fingerprint(std::move(description));
    return ensure_bundle_group(std::move(description));
}

/// The role in the first section that says one.
std::optional<SetupRole> role_said_in(const Description& description)
{
    for (const auto& section : description.sections())
        if (const auto role = section.setup())
            return role;
    return std::nullopt;
}

/// The role that webrtcbin gets to read in an offer of the service. Once the roles are fixed, the
/// offer must leave them open, whatever it says (P11): webrtcbin's answer is rewritten anyway.
SetupRole offered_role(const Description& offer, const FacadeMemory& memory)
{
    const auto said = role_said_in(offer).value_or(SetupRole::ActPass);
    return memory.role || said == SetupRole::HoldConn ? SetupRole::ActPass : said;
}

/// Our role after answering @p offer; where it leaves the choice, webrtcbin has made it.
SetupRole answered_role(const Description& offer, const Description& answer)
{
    auto role = role_said_in(offer).value_or(SetupRole::ActPass);
    if (role == SetupRole::Active || role == SetupRole::Passive)
        return reversed(role);
    role = role_said_in(answer).value_or(SetupRole::Active);
    return role == SetupRole::Passive ? role : SetupRole::Active;
}

/// Names rejected sections that came without a mid; true where that was done.
std::vector<bool> name_rejected_sections(Description& offer)
{
    std::vector<bool> made_up;
    for (auto& section : offer.sections()) {
        made_up.push_back(section.mid().empty() && section.is_rejected());
        if (!made_up.back())
            continue;
        std::string mid = "rejected" + std::to_string(made_up.size() - 1);
        while (offer.find(mid) != nullptr)
            mid += "-";
        section.set_attribute("mid", mid);
    }
    return made_up;
}

void report(SectionEvent event, const Mid& mid, IncomingDescription& out)
{
    if (event == SectionEvent::Added || event == SectionEvent::AddedClosed)
        out.added.push_back(mid);
    if (event == SectionEvent::Closed || event == SectionEvent::AddedClosed)
        out.closed.push_back(mid);
    if (event == SectionEvent::Reopened)
        out.reopened.push_back(mid);
}

} // namespace

Facade::Facade(FacadeOptions options) : options_(std::move(options)) {}

Result<OutgoingDescription> Facade::offer_to_wire(std::string_view text,
                                                  const OfferChanges& changes)
{
    if (step_ != Step::Idle)
        return wrong_turn("another exchange is under way");
    CF_TRY_LET(auto local, Description::parse(text));
    FacadeMemory next = committed_;
    CF_TRY(check_mids_unchanged(next.mids(), local));
    CF_TRY(next.close(changes.close));
    CF_TRY(next.reopen(changes.reopen));
    for (std::size_t i = next.sections.size(); i < local.sections().size(); i++)
        next.sections.push_back({Mid(local.sections()[i].mid())});

    local = set_setup_role(std::move(local), SetupRole::ActPass);
    if (!options_.allow_sendrecv)
        local = send_only(std::move(local));
    const auto wire = to_wire(un_bundle_only(local), next);

    OutgoingDescription out{local.to_string(), wire.to_string(), {}};
    pending_ = std::move(next);
    offer_ = std::move(local);
    step_ = Step::LocalOffer;
    return out;
}

Result<IncomingDescription> Facade::answer_from_wire(std::string_view text)
{
    if (step_ != Step::LocalOffer)
        return wrong_turn("there is no offer that this answer could belong to");
    const Description& offer = *offer_;
    CF_TRY_LET(auto answer, Description::parse(text));
    CF_TRY(check_section_count(offer, answer));
    FacadeMemory next = pending_;
    answer = fill_missing_mids(std::move(answer), next.mids());
    CF_TRY(check_mids_unchanged(next.mids(), answer));
    answer = gather_attributes(std::move(answer));
    CF_TRY(next.learn_role_from_answer(answer));

    IncomingDescription out;
    for (std::size_t i = 0; i < next.sections.size(); i++) {
        const auto& offered = offer.sections()[i];
        const auto& answered = answer.sections()[i];
        const auto event = next.sections[i].note_answer(offered, offer.direction_of(offered),
                                                        answered, answer.direction_of(answered));
        report(event, next.sections[i].mid, out);
    }
    answer = hide_closed_sections(std::move(answer), next);
    answer = set_setup_role(std::move(answer), reversed(*next.role));
    for (std::size_t i = 0; i < next.sections.size(); i++) {
        auto& section = answer.sections()[i];
        section = rewrite_h264_levels(std::move(section), offer.sections()[i]);
    }
    CF_TRY(finish_incoming(std::move(answer), next, out));
    pending_ = std::move(next);
    step_ = Step::RemoteAnswer;
    return out;
}

Result<IncomingDescription> Facade::offer_from_wire(std::string_view text)
{
    if (step_ != Step::Idle)
        return wrong_turn("another exchange is under way");
    CF_TRY_LET(auto offer, Description::parse(text));
    FacadeMemory next = committed_;
    offer = fill_missing_mids(std::move(offer), next.mids());
    const auto made_up = name_rejected_sections(offer);
    CF_TRY(check_mids_unchanged(next.mids(), offer));
    offer = gather_attributes(std::move(offer));

    IncomingDescription out;
    for (std::size_t i = 0; i < offer.sections().size(); i++) {
        const auto& offered = offer.sections()[i];
        if (i == next.sections.size())
            next.sections.push_back({Mid(offered.mid()), made_up[i]});
        const auto event = next.sections[i].note_offer(offered, offer.direction_of(offered));
        report(event, next.sections[i].mid, out);
    }
    offer = hide_closed_sections(std::move(offer), next);
    const auto role = offered_role(offer, next);
    offer = set_setup_role(std::move(offer), role);
    repair_offered_codecs(offer, next);
    CF_TRY(check_first_section_takes_media(offer));
    CF_TRY(finish_incoming(offer, next, out));
    pending_ = std::move(next);
    offer_ = std::move(offer);
    step_ = Step::RemoteOffer;
    return out;
}

Result<OutgoingDescription> Facade::answer_to_wire(std::string_view text)
{
    if (step_ != Step::RemoteOffer)
        return wrong_turn("there is no offer that this answer could belong to");
    const Description& offer = *offer_;
    CF_TRY_LET(auto local, Description::parse(text));
    CF_TRY(check_section_count(offer, local));
    FacadeMemory next = pending_;
    CF_TRY(check_mids_unchanged(next.mids(), local));
    if (!next.role)
        next.role = answered_role(offer, local);

    OutgoingDescription out;
    out.refused = next.note_refusals(local);
    local = complete_own_refusals(std::move(local));
    local = set_setup_role(std::move(local), *next.role);
    CF_TRY(check_transport(local));
    auto wire = to_wire(ensure_mid_extension(local, offer), next);
    for (std::size_t i = 0; i < next.sections.size(); i++)
        if (next.sections[i].mid_is_ours && next.sections[i].closing)
            wire.sections()[i].remove_attributes("mid");

    out.local = local.to_string();
    out.wire = wire.to_string();
    pending_ = std::move(next);
    step_ = Step::LocalAnswer;
    return out;
}

bool Facade::commit()
{
    if (step_ != Step::RemoteAnswer && step_ != Step::LocalAnswer)
        return false;
    committed_ = std::move(pending_);
    abandon();
    return true;
}

void Facade::abandon()
{
    pending_ = {};
    offer_.reset();
    step_ = Step::Idle;
}

bool Facade::close_mid(std::string_view mid)
{
    const std::vector<Mid> mids{Mid(mid)};
    const bool committed = committed_.close(mids).ok();
    const bool pending = pending_.close(mids).ok();
    return committed || pending;
}

bool Facade::is_closed(std::string_view mid) const
{
    const auto closed = committed_.closed_mids();
    return std::any_of(closed.begin(), closed.end(),
                       [&](const ClosedMid& one) { return one.mid == mid; });
}

Status Facade::finish_incoming(Description description, FacadeMemory& next,
                               IncomingDescription& out)
{
    CF_TRY(check_transport(description));
    CF_TRY(check_codecs_described(description));
    CF_TRY(next.learn_fingerprint(description));
    next.remember_views(description);
    out.ssrc_to_mid = collect_ssrc_to_mid(description);
    out.text = description.to_string();
    out.description = std::move(description);
    return ok_status();
}

void Facade::repair_offered_codecs(Description& offer, const FacadeMemory& next) const
{
    for (std::size_t i = 0; i < next.sections.size(); i++) {
        MediaSection& section = offer.sections()[i];
        const auto& memory = next.sections[i];
        if (memory.closing || !section.is_rtp() || !sends(offer.direction_of(section)))
            continue;
        const auto& wanted =
            section.kind() == "audio" ? options_.audio_codecs : options_.video_codecs;
        section = filter_and_order_codecs(std::move(section), wanted);
        if (memory.remote_view)
            section = rewrite_h264_levels(std::move(section), *memory.remote_view);
    }
}

} // namespace cf::sdp

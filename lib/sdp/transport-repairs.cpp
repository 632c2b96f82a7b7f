/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/transport-repairs.hpp"

#include <algorithm>
#include <array>

namespace cf::sdp
{

namespace
{

bool has_credentials(const LineBlock& block)
{
    return !block.attribute("ice-ufrag").value_or("").empty() &&
           !block.attribute("ice-pwd").value_or("").empty();
}

/// ufrag and pwd belong together: never one of them from elsewhere.
void copy_credentials(LineBlock& to, const LineBlock& from)
{
    to.set_attribute("ice-ufrag", std::string(*from.attribute("ice-ufrag")));
    to.set_attribute("ice-pwd", std::string(*from.attribute("ice-pwd")));
}

/// The first live section, else the first one, that has what is asked for: bundled sections share
/// one transport.
std::optional<MediaSection> donor(const Description& description, bool (*has)(const MediaSection&))
{
    const MediaSection* found = nullptr;
    for (const auto& section : description.sections()) {
        if (!has(section) || (found != nullptr && section.is_rejected()))
            continue;
        if (!section.is_rejected())
            return section;
        found = &section;
    }
    return found != nullptr ? std::optional(*found) : std::nullopt;
}

/// The one fingerprint line to keep of several.
std::optional<Fingerprint> preferred(const std::vector<Fingerprint>& fingerprints)
{
    for (const auto& fingerprint : fingerprints)
        if (fingerprint.algorithm == "sha-256")
            return fingerprint;
    return fingerprints.empty() ? std::nullopt : std::optional(fingerprints.front());
}

/// The text of that line as it stands, so that each repair changes one thing only.
std::string fingerprint_text(const LineBlock& block, const Fingerprint& wanted)
{
    for (auto value : block.attributes("fingerprint"))
        if (parse_fingerprint(value) == wanted)
            return std::string(value);
    return wanted.algorithm + " " + wanted.value;
}

std::optional<std::string> own_fingerprint_text(const LineBlock& block)
{
    const auto own = preferred(fingerprints_in(block));
    return own ? std::optional(fingerprint_text(block, *own)) : std::nullopt;
}

/// Of the first live section, else of the session, else of a rejected section.
std::optional<std::string> common_fingerprint_text(const Description& description)
{
    const auto of_session = own_fingerprint_text(description.session());
    std::optional<std::string> of_rejected;
    for (const auto& section : description.sections()) {
        const auto own = own_fingerprint_text(section);
        if (!section.is_rejected() && (own || of_session))
            return own ? own : of_session;
        if (!of_rejected)
            of_rejected = own;
    }
    return of_session ? of_session : of_rejected;
}

/// Whether all sections that take part have one and the same fingerprint.
bool one_fingerprint_for_all(const Description& description)
{
    std::optional<Fingerprint> common;
    for (const auto& section : description.sections()) {
        if (section.is_rejected())
            continue;
        const auto own = preferred(description.fingerprints_of(section));
        if (common && own && *own != *common)
            return false;
        if (!common)
            common = own;
    }
    return true;
}

} // namespace

Description spread_session_transport(Description description)
{
    LineBlock& session = description.session();
    const bool credentials = has_credentials(session);
    const std::string setup(session.attribute("setup").value_or(""));
    for (auto& section : description.sections()) {
        if (credentials && !has_credentials(section))
            copy_credentials(section, session);
        if (!setup.empty() && !section.has_attribute("setup"))
            section.add_attribute("setup", setup);
    }
    if (!description.sections().empty())
        for (auto name : {"setup", "ice-ufrag", "ice-pwd"})
            session.remove_attributes(name);
    return description;
}

Description complete_rejected_sections(Description description)
{
    auto has_setup = [](const MediaSection& section) { return section.has_attribute("setup"); };
    auto has_fingerprint = [](const MediaSection& section) {
        return !section.fingerprints().empty();
    };
    const auto ice =
        donor(description, [](const MediaSection& section) { return has_credentials(section); });
    const auto dtls = donor(description, has_setup);
    const auto certified = donor(description, has_fingerprint);
    // P2: never a second place for it.
    const auto fingerprint = certified && !own_fingerprint_text(description.session())
                                 ? own_fingerprint_text(*certified)
                                 : std::nullopt;
    for (auto& section : description.sections()) {
        if (ice && !has_credentials(section))
            copy_credentials(section, *ice);
        if (dtls && !has_setup(section))
            section.add_attribute("setup", *dtls->attribute("setup"));
        if (fingerprint && !has_fingerprint(section))
            section.add_attribute("fingerprint", *fingerprint);
    }
    return description;
}

Description complete_own_refusals(Description answer)
{
    constexpr std::array<std::string_view, 10> kOfferersOwn = {
        "ice-ufrag", "ice-pwd",   "ice-options",       "setup", "fingerprint",
        "ice-lite",  "candidate", "end-of-candidates", "ssrc",  "ssrc-group",
    };
    bool any = false;
    for (auto& section : answer.sections()) {
        if (section.port() != 0)
            continue;
        any = true;
        section.remove_lines_if([&](const Line& line) {
            return std::find(kOfferersOwn.begin(), kOfferersOwn.end(), line.name()) !=
                   kOfferersOwn.end();
        });
    }
    return any ? complete_rejected_sections(std::move(answer)) : answer;
}

Description keep_single_fingerprint_place(Description description)
{
    LineBlock& session = description.session();
    if (!one_fingerprint_for_all(description)) {
        for (auto& section : description.sections()) {
            const auto own = preferred(description.fingerprints_of(section));
            if (own)
                section.set_attribute("fingerprint", fingerprint_text(section, *own));
        }
        session.remove_attributes("fingerprint");
        return description;
    }
    const auto text = common_fingerprint_text(description);
    if (!text)
        return description;
    for (auto& section : description.sections())
        section.remove_attributes("fingerprint");
    session.set_attribute("fingerprint", *text);
    return description;
}

Description uppercase_fingerprint(Description description)
{
    auto repair = [](LineBlock& block) {
        for (auto& line : block.lines()) {
            if (line.name() != "fingerprint")
                continue;
            const auto fingerprint = parse_fingerprint(line.attribute_value());
            if (!fingerprint)
                continue;
            const auto wanted = fingerprint->algorithm + " " + fingerprint->value;
            if (line.attribute_value() != wanted)
                line = make_attribute("fingerprint", wanted);
        }
    };
    repair(description.session());
    for (auto& section : description.sections())
        repair(section);
    return description;
}

Description set_setup_role(Description description, SetupRole role)
{
    description.session().remove_attributes("setup");
    for (auto& section : description.sections())
        section.set_attribute("setup", to_string(role));
    return description;
}

Description session_ice_lite(Description description)
{
    std::size_t moved = 0;
    for (auto& section : description.sections())
        moved += section.remove_attributes("ice-lite");
    if (moved > 0 && !description.is_ice_lite())
        description.session().add_attribute("ice-lite");
    return description;
}

Description strip_candidates(Description description)
{
    constexpr std::array<std::string_view, 3> kNames = {"candidate", "end-of-candidates",
                                                        "remote-candidates"};
    auto is_candidate = [&](const Line& line) {
        return std::find(kNames.begin(), kNames.end(), line.name()) != kNames.end();
    };
    description.session().remove_lines_if(is_candidate);
    for (auto& section : description.sections())
        section.remove_lines_if(is_candidate);
    return description;
}

Status check_transport(const Description& description)
{
    for (const auto& section : description.sections()) {
        std::string_view missing;
        if (!has_credentials(section))
            missing = "ICE credentials";
        else if (!section.setup())
            missing = "DTLS role (a=setup)";
        else if (description.fingerprints_of(section).empty())
            missing = "DTLS fingerprint";
        if (!missing.empty())
            return Error{ErrorCode::Sdp, "The session description of the service has no usable " +
                                             std::string(missing) + "; start a new session."};
    }
    return ok_status();
}

} // namespace cf::sdp

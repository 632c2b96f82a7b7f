/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sdp/checks.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <glib.h>

#include "tests/emulator/media/rtp-parameters.hpp"

namespace cf::emu::sdp
{

namespace
{

Error bad(std::string why)
{
    return Error{ErrorCode::Sdp, std::move(why)};
}

std::string section_name(std::size_t index)
{
    return "m= section " + std::to_string(index);
}

Status check_mids(const Description& d)
{
    std::set<std::string> seen;
    for (std::size_t i = 0; i < d.sections.size(); ++i) {
        const Section& s = d.sections[i];
        if (s.mid.empty()) {
            if (s.rejected())
                continue;
            return bad(section_name(i) + " has no a=mid");
        }
        if (!seen.insert(s.mid).second)
            return bad("two sections have the mid \"" + s.mid + "\"");
    }
    return ok_status();
}

Status check_bundle(const Description& d)
{
    const auto live = std::count_if(d.sections.begin(), d.sections.end(),
                                    [](const Section& s) { return !s.rejected(); });
    if (live == 0)
        return ok_status();
    if (!d.has_bundle)
        return bad("a=group:BUNDLE is missing: everything goes over one transport");
    std::set<std::string> grouped;
    for (const std::string& mid : d.bundle) {
        if (!grouped.insert(mid).second)
            return bad("the BUNDLE group names the mid \"" + mid + "\" twice");
        if (d.find(mid) == nullptr)
            return bad("the BUNDLE group names the unknown mid \"" + mid + "\"");
    }
    for (const Section& s : d.sections)
        if (!s.rejected() && !d.bundled(s.mid))
            return bad("the section with mid \"" + s.mid + "\" is not in the BUNDLE group");
    return ok_status();
}

bool same_hex(const std::string& a, const std::string& b)
{
    return g_ascii_strcasecmp(a.c_str(), b.c_str()) == 0;
}

// RFC 8843 7.1: the tagged section carries the transport; others repeat it or say nothing.
Status check_transport(const Description& d, const Established& before, const CheckRules& rules)
{
    if (d.ice_lite && !rules.allow_ice_lite)
        return bad("a=ice-lite on both ends: nobody would do the connectivity checks");
    const Section* tagged = d.tagged();
    if (tagged == nullptr)
        return ok_status();
    const IceCredentials ice = d.ice_of(*tagged);
    if (ice.ufrag.empty() || ice.pwd.empty())
        return bad("a=ice-ufrag or a=ice-pwd is missing");
    if (!before.ice.ufrag.empty() && ice != before.ice && !rules.allow_ice_restart)
        return bad("the ICE credentials changed: ICE restart is not supported");
    const Fingerprint* fingerprint = d.fingerprint_of(*tagged);
    if (fingerprint == nullptr)
        return bad("a=fingerprint:sha-256 is missing");
    if (!before.fingerprint.empty() && !same_hex(fingerprint->value, before.fingerprint))
        return bad("the DTLS fingerprint changed");
    for (const Section& s : d.sections) {
        if (s.rejected())
            continue;
        if (!s.ice.ufrag.empty() && s.ice != ice)
            return bad("the bundled sections have different ICE credentials");
        for (const Fingerprint& f : s.fingerprints)
            if (f.algorithm == "sha-256" && !same_hex(f.value, fingerprint->value))
                return bad("the bundled sections have different fingerprints");
    }
    return ok_status();
}

Status check_rtp_section(const Section& s)
{
    if (s.kind == Kind::Application) {
        if (!s.sctp_port)
            return bad("a=sctp-port is missing in the section with mid \"" + s.mid + "\"");
        return ok_status();
    }
    if (!s.rtcp_mux)
        return bad("a=rtcp-mux is missing in the section with mid \"" + s.mid + "\"");
    for (const Codec& c : s.codecs)
        if (c.is_rtx() && (!c.apt() || s.codec(*c.apt()) == nullptr))
            return bad("rtx payload type " + std::to_string(c.payload_type) +
                       " has no valid apt in the section with mid \"" + s.mid + "\"");
    if (s.simulcast_send.empty())
        return ok_status();
    for (const std::string& name : s.simulcast_send)
        if (std::none_of(s.rids.begin(), s.rids.end(),
                         [&](const Rid& r) { return r.send && r.id == name; }))
            return bad("a=simulcast sends \"" + name + "\", which has no a=rid send line");
    if (s.extension_id(extension_uri::kRid) == 0)
        return bad("a=simulcast needs the rtp-stream-id header extension");
    return ok_status();
}

// RFC 8843 9.1 and 9.2: numbers mean the same everywhere in the bundle.
Status check_numbers(const Description& d)
{
    std::map<int, const Codec*> payload_types;
    std::map<int, const std::string*> extensions;
    for (const Section& s : d.sections) {
        if (s.rejected())
            continue;
        CF_TRY(check_rtp_section(s));
        for (const Codec& c : s.codecs) {
            const auto [it, fresh] = payload_types.emplace(c.payload_type, &c);
            const Codec& known = *it->second;
            if (!fresh && (!known.is(c.name.c_str()) || known.clock_rate != c.clock_rate ||
                           known.channels != c.channels || known.apt() != c.apt()))
                return bad("payload type " + std::to_string(c.payload_type) +
                           " means two codecs in one bundle");
        }
        for (const Extension& e : s.extensions) {
            const auto [it, fresh] = extensions.emplace(e.id, &e.uri);
            if (!fresh && *it->second != e.uri)
                return bad("a=extmap:" + std::to_string(e.id) +
                           " means two extensions in one bundle");
        }
    }
    return ok_status();
}

// RFC 3264 8.3.2: a payload type keeps its codec for as long as the section lives.
Status check_same_codecs(const Section& s, const Established::Line& line)
{
    for (const Codec& old : line.codecs)
        if (const Codec* now = s.codec(old.payload_type))
            if (!now->is(old.name.c_str()) || now->clock_rate != old.clock_rate)
                return bad("payload type " + std::to_string(old.payload_type) +
                           " changed its codec in the section with mid \"" + s.mid + "\"");
    return ok_status();
}

Status check_lines(const Description& offer, const Established& before)
{
    if (offer.sections.size() < before.lines.size())
        return bad("the offer has " + std::to_string(offer.sections.size()) +
                   " m= sections, fewer than the " + std::to_string(before.lines.size()) +
                   " negotiated before");
    for (std::size_t i = 0; i < before.lines.size(); ++i) {
        const Section& s = offer.sections[i];
        const Established::Line& line = before.lines[i];
        if (line.stopped)
            continue; // rejected again, or recycled under a new mid (RFC 8829 5.2.2)
        if (s.rejected() && s.mid.empty())
            continue;
        if (s.mid != line.mid)
            return bad(section_name(i) + " changed its mid from \"" + line.mid + "\" to \"" +
                       s.mid + "\"");
        if (s.kind != line.kind)
            return bad(section_name(i) + " changed its kind of media");
        if (!s.rejected())
            CF_TRY(check_same_codecs(s, line));
    }
    return ok_status();
}

Status check_offer_setup(const Description& offer, const Established& before)
{
    for (const Section& s : offer.sections) {
        if (s.rejected())
            continue;
        if (!s.setup && !offer.setup)
            return bad("a=setup is missing in the section with mid \"" + s.mid + "\"");
        const Setup setup = offer.setup_of(s);
        if (setup == Setup::ActPass)
            continue;
        // RFC 8829 5.2.1 wants actpass; a peer that can only be passive is taken, as seen live.
        if (setup == Setup::Passive && before.client_role.value_or(setup) == Setup::Passive)
            continue;
        return bad(std::string("a=setup:") + to_string(setup) +
                   " in an offer: it has to be actpass (RFC 8842 5.2)");
    }
    return ok_status();
}

Status check_answer_setup(const Description& answer, const Established& before)
{
    std::optional<Setup> role = before.client_role;
    for (const Section& s : answer.sections) {
        if (s.rejected())
            continue;
        const Setup setup = answer.setup_of(s);
        if (setup == Setup::ActPass)
            return bad("a=setup in an answer has to be active or passive");
        if (role && setup != *role)
            return bad(std::string("a=setup:") + to_string(setup) +
                       " flips the DTLS role, which is " + to_string(*role));
        role = setup;
    }
    return ok_status();
}

Status check_answered_section(const Section& answer, const Section& offer)
{
    const std::string where = " in the section with mid \"" + offer.mid + "\"";
    if (answer.kind != offer.kind)
        return bad("the kind of media changed" + where);
    if (answer.rejected())
        return ok_status();
    if (offer.rejected())
        return bad("a section that was offered with port 0 is answered as live" + where);
    if (answer.mid != offer.mid)
        return bad("the answer has the mid \"" + answer.mid + "\"" + where);
    if (offer.kind == Kind::Application)
        return ok_status();
    if ((sends(answer.direction) && !receives(offer.direction)) ||
        (receives(answer.direction) && !sends(offer.direction)))
        return bad(std::string(to_string(answer.direction)) + " cannot answer " +
                   to_string(offer.direction) + where);
    for (const Codec& c : answer.codecs) {
        const Codec* offered = offer.codec(c.payload_type);
        if (offered == nullptr || !offered->is(c.name.c_str()))
            return bad("payload type " + std::to_string(c.payload_type) + " was not offered" +
                       where);
    }
    if (answer.first_media_codec() == nullptr)
        return bad("no codec is left" + where);
    for (const Extension& e : answer.extensions)
        if (offer.extension_id(e.uri) != e.id)
            return bad("a=extmap:" + std::to_string(e.id) + " was not offered" + where);
    return ok_status();
}

} // namespace

Status check_offer(const Description& offer, const Established& before, const CheckRules& rules)
{
    if (offer.sections.empty())
        return bad("the offer has no m= section");
    CF_TRY(check_mids(offer));
    CF_TRY(check_lines(offer, before));
    CF_TRY(check_bundle(offer));
    const auto application = [](const Section& s) {
        return s.kind == Kind::Application && !s.rejected();
    };
    if (std::count_if(offer.sections.begin(), offer.sections.end(), application) > 1)
        return bad("more than one application section: there is one SCTP association");
    CF_TRY(check_transport(offer, before, rules));
    CF_TRY(check_offer_setup(offer, before));
    return check_numbers(offer);
}

Status check_answer(const Description& answer, const Description& offer, const Established& before,
                    const CheckRules& rules)
{
    if (answer.sections.size() != offer.sections.size())
        return bad("the answer has " + std::to_string(answer.sections.size()) +
                   " m= sections, the offer " + std::to_string(offer.sections.size()));
    CF_TRY(check_mids(answer));
    for (std::size_t i = 0; i < offer.sections.size(); ++i)
        CF_TRY(check_answered_section(answer.sections[i], offer.sections[i]));
    CF_TRY(check_bundle(answer));
    for (const std::string& mid : answer.bundle)
        if (!offer.bundled(mid))
            return bad("the BUNDLE group of the answer adds the mid \"" + mid + "\"");
    CF_TRY(check_transport(answer, before, rules));
    CF_TRY(check_answer_setup(answer, before));
    return check_numbers(answer);
}

} // namespace cf::emu::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/negotiation.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "tests/emulator/sctp/data-channels.hpp"
#include "tests/emulator/sfu/candidate.hpp"

namespace cf::emu
{

using sdp::Kind;
using sdp::Section;
using sdp::Setup;

namespace
{

std::vector<std::string> sent_rids(const Section& s)
{
    if (!s.simulcast_send.empty())
        return s.simulcast_send;
    std::vector<std::string> rids;
    for (const sdp::Rid& r : s.rids)
        if (r.send)
            rids.push_back(r.id);
    return rids;
}

void mark_stopped(Line& line)
{
    line.stopped = true;
    line.client_sends = line.client_receives = false;
    line.pulling = line.bidirectional = line.force_closed = false;
    line.closed = true;
    line.source = {};
}

const sdp::Codec* rtx_of(const std::vector<sdp::Codec>& codecs, const sdp::Codec& codec)
{
    for (const sdp::Codec& c : codecs)
        if (c.is_rtx() && c.apt() == codec.payload_type)
            return &c;
    return nullptr;
}

void fill_simulcast(const Line& line, Section& out)
{
    for (const std::string& rid : line.rids)
        out.rids.push_back({rid, false});
    out.simulcast_receive = line.rids;
}

} // namespace

Negotiation::Negotiation(LocalTransport local, Rules rules, std::uint64_t description_id)
    : local_(std::move(local)), rules_(rules), id_(description_id)
{
}

Line* Negotiation::find(const std::string& mid)
{
    const auto it = std::find_if(lines_.begin(), lines_.end(),
                                 [&](const Line& l) { return l.mid == mid && !l.stopped; });
    return it == lines_.end() ? nullptr : &*it;
}

const Line* Negotiation::application() const
{
    const auto it = std::find_if(lines_.begin(), lines_.end(), [](const Line& l) {
        return l.kind == Kind::Application && !l.stopped;
    });
    return it == lines_.end() ? nullptr : &*it;
}

sdp::Description Negotiation::frame(std::uint64_t unix_time)
{
    version_ = std::max(version_ + 1, unix_time);
    sdp::Description d;
    d.session_id = id_;
    d.session_version = version_;
    d.ice_lite = true;
    d.extmap_allow_mixed = true;
    d.has_bundle = true;
    d.fingerprints.push_back({"sha-256", local_.fingerprint});
    return d;
}

// Transport attributes, the group, and the candidate in the tagged section.
void Negotiation::finish(sdp::Description& d, Setup setup) const
{
    for (Section& s : d.sections) {
        if (s.rejected())
            continue;
        s.setup = setup;
        s.ice = local_.ice;
        d.bundle.push_back(s.mid);
    }
    if (d.bundle.empty()) {
        d.has_bundle = false;
        return;
    }
    for (Section& s : d.sections)
        if (s.mid == d.bundle.front() && !s.rejected()) {
            s.candidates.push_back(host_candidate(local_.address, local_.port));
            s.end_of_candidates = true;
        }
}

void Negotiation::remember_transport(const sdp::Description& remote, Setup client_role)
{
    const Section* tagged = remote.tagged();
    if (tagged == nullptr)
        return;
    before_.client_role = client_role;
    before_.ice = remote.ice_of(*tagged);
    if (const sdp::Fingerprint* f = remote.fingerprint_of(*tagged))
        before_.fingerprint = f->value;
}

void Negotiation::remember_lines()
{
    before_.lines.clear();
    for (const Line& l : lines_)
        before_.lines.push_back({l.mid, l.kind, l.stopped, l.codecs});
}

void Negotiation::apply_offered_section(std::size_t index, const Section& offered)
{
    if (index == lines_.size())
        lines_.emplace_back();
    Line& line = lines_[index];
    if (line.stopped && !offered.rejected())
        line = Line{}; // recycled (RFC 8829 5.2.2)
    line.kind = offered.kind;
    if (!offered.mid.empty())
        line.mid = offered.mid;
    line.payload_types = offered.payload_types;
    if (offered.rejected())
        return mark_stopped(line);
    line.client_sends = sdp::sends(offered.direction) && !line.force_closed;
    line.closed = line.closed && !line.client_sends;
    line.client_receives = sdp::receives(offered.direction);
    line.codecs = sdp::supported_codecs(offered, rules_.codecs);
    line.extensions = sdp::supported_extensions(offered, rules_.codecs);
    line.rids = line.client_sends ? sent_rids(offered) : std::vector<std::string>{};
    line.client_sources = offered.sources;
    line.reduced_size = offered.rtcp_rsize;
    line.sctp_port = offered.sctp_port.value_or(5000);
    line.max_message_size = offered.max_message_size;
}

Status Negotiation::apply_offer(const sdp::Description& offer)
{
    CF_TRY(sdp::check_offer(offer, before_, rules_.checks));
    for (std::size_t i = 0; i < offer.sections.size(); ++i)
        apply_offered_section(i, offer.sections[i]);
    for (Line& line : lines_)
        line.mixed_extensions = offer.extmap_allow_mixed;
    client_offer_ = offer;
    const Section* tagged = offer.tagged();
    const bool passive =
        tagged != nullptr && offer.setup_of(*tagged) == Setup::Passive && !before_.client_role;
    remember_transport(offer,
                       before_.client_role.value_or(passive ? Setup::Passive : Setup::Active));
    return ok_status();
}

Section Negotiation::answer_section(Line& line, const Section& offered) const
{
    Section s;
    s.kind = line.kind;
    s.mid = offered.mid;
    const bool no_codec = line.codecs.empty() && line.kind != Kind::Application;
    if (offered.rejected() || no_codec || (rules_.reject_closed && line.closed)) {
        mark_stopped(line);
        s.port = 0;
        s.payload_types.assign(offered.payload_types.begin(),
                               offered.payload_types.begin() +
                                   (offered.payload_types.empty() ? 0 : 1));
        return s;
    }
    if (line.kind == Kind::Application) {
        s.sctp_port = 5000;
        s.max_message_size = kMaxMessageSize;
        return s;
    }
    s.rtcp_mux = true;
    s.rtcp_rsize = offered.rtcp_rsize;
    s.codecs = line.codecs;
    for (const sdp::Codec& c : s.codecs)
        s.payload_types.push_back(c.payload_type);
    s.extensions = line.extensions;
    line.client_receives = line.client_receives && (line.pulling || line.bidirectional);
    s.direction = sdp::make_direction(line.client_receives, line.client_sends);
    if (line.client_sends)
        fill_simulcast(line, s);
    if (line.client_receives && rules_.ssrc && line.source.ssrc != 0) {
        s.sources.push_back(line.source);
        s.msid = line.msid;
    }
    return s;
}

sdp::Description Negotiation::answer(std::uint64_t unix_time)
{
    sdp::Description d = frame(unix_time);
    d.extmap_allow_mixed = client_offer_->extmap_allow_mixed;
    for (std::size_t i = 0; i < client_offer_->sections.size(); ++i)
        d.sections.push_back(answer_section(lines_[i], client_offer_->sections[i]));
    finish(d, before_.client_role == Setup::Passive ? Setup::Active : Setup::Passive);
    client_offer_.reset();
    remember_lines();
    return d;
}

std::string Negotiation::free_mid() const
{
    std::set<std::string> used;
    for (const Line& l : lines_)
        used.insert(l.mid);
    std::size_t n = lines_.size();
    while (used.count(std::to_string(n)) != 0)
        ++n;
    return std::to_string(n);
}

std::size_t Negotiation::add_line(const NewLine& wanted)
{
    const auto reusable = [&](const Line& l) {
        if (l.kind != wanted.kind || l.force_closed)
            return false;
        if (l.stopped)
            return rules_.reuse_stopped;
        return rules_.reuse_closed && l.closed && l.made_by_sfu && !l.client_sends && !l.pulling;
    };
    auto it = std::find_if(lines_.begin(), lines_.end(), reusable);
    const std::string mid = it == lines_.end() || it->stopped ? free_mid() : it->mid;
    if (it == lines_.end())
        it = lines_.emplace(lines_.end());
    *it = Line{};
    it->kind = wanted.kind;
    it->mid = mid;
    it->made_by_sfu = true;
    it->client_sends = it->bidirectional = wanted.receive;
    it->client_receives = true;
    it->pulling = true;
    it->reduced_size = true;
    if (wanted.kind == Kind::Application) {
        it->client_receives = false; // until the answer
        return static_cast<std::size_t>(it - lines_.begin());
    }

    sdp::NumberSpace numbers;
    for (const Line& l : lines_) {
        Section s;
        s.codecs = l.codecs;
        s.extensions = l.extensions;
        if (!l.stopped)
            numbers.learn(s);
    }
    for (const sdp::Codec& codec : wanted.codecs)
        if (!codec.is_rtx()) {
            it->codecs.push_back(numbers.place(codec));
            if (const sdp::Codec* rtx = rtx_of(wanted.codecs, codec))
                it->codecs.push_back(numbers.place_rtx(it->codecs.back(), rtx->payload_type));
        }
    for (const std::string& uri : sdp::all_extensions(wanted.kind, rules_.codecs))
        it->extensions.push_back({numbers.extension_id_for(uri), uri});
    return static_cast<std::size_t>(it - lines_.begin());
}

Section Negotiation::offer_section(const Line& line) const
{
    Section s;
    s.kind = line.kind;
    s.mid = line.mid;
    if (line.stopped || (rules_.reject_closed && line.closed)) {
        s.port = 0;
        s.payload_types.assign(line.payload_types.begin(),
                               line.payload_types.begin() + (line.payload_types.empty() ? 0 : 1));
        return s;
    }
    if (line.kind == Kind::Application) {
        s.sctp_port = 5000;
        s.max_message_size = kMaxMessageSize;
        return s;
    }
    s.rtcp_mux = s.rtcp_rsize = true;
    s.codecs = line.codecs;
    for (const sdp::Codec& c : s.codecs)
        s.payload_types.push_back(c.payload_type);
    s.extensions = line.extensions;
    const bool send = line.client_receives && (line.pulling || line.bidirectional);
    s.direction = sdp::make_direction(send, line.client_sends);
    if (line.client_sends)
        fill_simulcast(line, s);
    if (send && rules_.ssrc && line.source.ssrc != 0)
        s.sources.push_back(line.source);
    if (send)
        s.msid = line.msid;
    return s;
}

sdp::Description Negotiation::make_offer(std::uint64_t unix_time)
{
    sdp::Description d = frame(unix_time);
    for (const Line& l : lines_)
        d.sections.push_back(offer_section(l));
    finish(d, Setup::ActPass);
    pending_ = d;
    return d;
}

Status Negotiation::apply_answer(const sdp::Description& answer)
{
    CF_TRY(sdp::check_answer(answer, *pending_, before_, rules_.checks));
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        Line& line = lines_[i];
        const Section& s = answer.sections[i];
        line.mixed_extensions = answer.extmap_allow_mixed;
        if (s.rejected()) {
            mark_stopped(line);
            continue;
        }
        if (line.kind == Kind::Application) {
            line.client_receives = true;
            line.sctp_port = s.sctp_port.value_or(5000);
            line.max_message_size = s.max_message_size;
            continue;
        }
        line.client_sends = line.client_sends && sdp::sends(s.direction);
        line.client_receives = sdp::receives(s.direction);
        line.codecs = s.codecs;
        line.extensions = s.extensions;
        line.payload_types = s.payload_types;
        line.client_sources = s.sources;
        line.reduced_size = s.rtcp_rsize;
        if (!line.client_sends)
            line.rids.clear();
    }
    const Section* tagged = answer.tagged();
    remember_transport(answer, tagged != nullptr ? answer.setup_of(*tagged) : Setup::Active);
    pending_.reset();
    remember_lines();
    return ok_status();
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/rtp-demuxer.hpp"

#include <algorithm>

#include "tests/emulator/media/codec-match.hpp"

namespace cf::emu
{

namespace
{

const DeclaredSource* find_declared(const ReceiveParameters& p, std::uint32_t ssrc)
{
    for (const DeclaredSource& s : p.sources) {
        if (s.ssrc == ssrc || s.rtx_ssrc == ssrc)
            return &s;
    }
    return nullptr;
}

bool declares_rid(const ReceiveParameters& p, const std::string& rid)
{
    return std::find(p.rids.begin(), p.rids.end(), rid) != p.rids.end();
}

} // namespace

void RtpDemuxer::add(const std::shared_ptr<Publication>& publication)
{
    sections_.push_back(publication);
    update();
}

void RtpDemuxer::remove(const std::string& mid)
{
    std::erase_if(sections_, [&](const auto& s) { return s->mid() == mid; });
    update();
}

void RtpDemuxer::clear()
{
    sections_.clear();
    routes_.clear();
}

void RtpDemuxer::update()
{
    routes_.clear();
    mid_id_ = extension_id(extension_uri::kMid);
    rid_id_ = extension_id(extension_uri::kRid);
    repaired_rid_id_ = extension_id(extension_uri::kRepairedRid);
    // Browsers stop sending MID and RID once the first receiver report told them that we know the
    // SSRC, so what the layers learnt has to outlive a renegotiation.
    for (const auto& section : sections_) {
        for (std::size_t i = 0; i < section->layer_count(); ++i) {
            const ReceivedLayer& layer = section->layer(i);
            if (layer.ssrc)
                routes_[*layer.ssrc] = {section, i, false};
            if (layer.rtx_ssrc)
                routes_[*layer.rtx_ssrc] = {section, i, true};
        }
    }
}

std::uint8_t RtpDemuxer::extension_id(const char* uri) const
{
    // One id per URI within a bundle (RFC 8843 10.1), so the first section that has it decides.
    for (const auto& section : sections_) {
        for (const HeaderExtension& e : section->parameters().extensions) {
            if (e.uri == uri)
                return e.id;
        }
    }
    return 0;
}

std::string RtpDemuxer::text_extension(const RtpPacket& packet, std::uint8_t id) const
{
    if (id == 0)
        return {};
    const auto value = packet.find_extension(id);
    if (!value)
        return {};
    return {reinterpret_cast<const char*>(value->data()), value->size()};
}

std::optional<RtpRoute> RtpDemuxer::route(const RtpPacket& packet)
{
    const auto known = routes_.find(packet.ssrc);
    if (known == routes_.end())
        return learn(packet);
    // A sender may move an SSRC to another section; MID says so (RFC 8843 9.2).
    if (mid_id_ != 0) {
        const auto mid = packet.find_extension(mid_id_);
        const std::string& learnt = known->second.publication->mid();
        if (mid && (mid->size() != learnt.size() ||
                    !std::equal(mid->begin(), mid->end(), learnt.begin()))) {
            routes_.erase(known);
            return learn(packet);
        }
    }
    return known->second;
}

std::shared_ptr<Publication> RtpDemuxer::find_section(const RtpPacket& packet,
                                                      const std::string& rid) const
{
    const std::string mid = text_extension(packet, mid_id_);
    std::shared_ptr<Publication> found;
    auto only = [&](auto&& fits) {
        found = nullptr;
        for (const auto& s : sections_) {
            if (!fits(*s))
                continue;
            // Two that fit: this property does not tell.
            if (found)
                return found = nullptr, false;
            found = s;
        }
        return found != nullptr;
    };
    if (!mid.empty()) {
        // A MID that no section has is never overruled by anything weaker.
        only([&](const Publication& s) { return s.mid() == mid; });
        return found;
    }
    if (only([&](const Publication& s) {
            return find_declared(s.parameters(), packet.ssrc) != nullptr;
        }))
        return found;
    if (!rid.empty() &&
        only([&](const Publication& s) { return declares_rid(s.parameters(), rid); }))
        return found;
    only([&](const Publication& s) {
        return find_codec(s.parameters().codecs, packet.payload_type) != nullptr;
    });
    return found;
}

std::optional<std::size_t> RtpDemuxer::find_layer(Publication& publication, const RtpPacket& packet,
                                                  const std::string& rid, bool rtx)
{
    const ReceiveParameters& p = publication.parameters();
    if (!p.rids.empty()) {
        if (!rid.empty())
            return declares_rid(p, rid) ? std::optional(publication.layer_for_rid(rid))
                                        : std::nullopt;
    } else if (!rtx) {
        // Several sources without RIDs are simulcast of the time before RFC 8853: the first is it.
        const DeclaredSource* source = find_declared(p, packet.ssrc);
        if (source != nullptr && source != &p.sources.front())
            return std::nullopt;
        return publication.layer_for_rid("");
    }
    // RTX without a repaired RID: by the group it was declared in, or because there is one layer.
    const DeclaredSource* declared = find_declared(p, packet.ssrc);
    for (std::size_t i = 0; i < publication.layer_count(); ++i) {
        if (declared != nullptr && publication.layer(i).ssrc == declared->ssrc)
            return i;
    }
    if (rtx && publication.layer_count() == 1)
        return 0;
    return std::nullopt;
}

std::optional<RtpRoute> RtpDemuxer::learn(const RtpPacket& packet)
{
    const std::string repaired_rid = text_extension(packet, repaired_rid_id_);
    const std::string rid = repaired_rid.empty() ? text_extension(packet, rid_id_) : repaired_rid;
    const auto section = find_section(packet, rid);
    if (!section)
        return std::nullopt;
    const RtpCodec* codec = find_codec(section->parameters().codecs, packet.payload_type);
    if (codec == nullptr)
        return std::nullopt;
    const bool rtx = codec->apt.has_value();
    const auto layer = find_layer(*section, packet, rid, rtx);
    if (!layer)
        return std::nullopt;
    const RtpRoute route{section, *layer, rtx};
    if (rtx)
        section->layer(*layer).rtx_ssrc = packet.ssrc;
    if (routes_.size() >= kMaxSources)
        update();
    if (routes_.size() < kMaxSources)
        routes_[packet.ssrc] = route;
    return route;
}

std::optional<RtpRoute> RtpDemuxer::route_of_ssrc(std::uint32_t ssrc) const
{
    const auto known = routes_.find(ssrc);
    if (known == routes_.end())
        return std::nullopt;
    return known->second;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// RtpDemuxer: which m-section, layer and stream kind a packet belongs to (RFC 8843 9.2, RFC 8852).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/emulator/media/publication.hpp"
#include "tests/emulator/media/rtp-packet.hpp"

namespace cf::emu
{

struct RtpRoute {
    std::shared_ptr<Publication> publication;
    std::size_t layer = 0;
    bool rtx = false;
};

class RtpDemuxer
{
public:
    void add(const std::shared_ptr<Publication>& publication);
    void remove(const std::string& mid);
    /// The parameters of a section changed: what was learnt from declarations is learnt again.
    void update();
    void clear();

    /// Where @p packet belongs; nothing if nowhere. By MID, declared SSRC, RID or repaired RID, RTX
    /// apt, and payload type as the last resort; what is found is remembered for its SSRC.
    [[nodiscard]] std::optional<RtpRoute> route(const RtpPacket& packet);
    /// The route of an SSRC that was seen or declared, for RTCP.
    [[nodiscard]] std::optional<RtpRoute> route_of_ssrc(std::uint32_t ssrc) const;
    /// Id that the sections agreed on for @p uri; 0: none.
    [[nodiscard]] std::uint8_t extension_id(const char* uri) const;

    [[nodiscard]] const std::vector<std::shared_ptr<Publication>>& sections() const
    {
        return sections_;
    }

    /// A peer may not make us remember more sources than this.
    static constexpr std::size_t kMaxSources = 256;

private:
    [[nodiscard]] std::string text_extension(const RtpPacket& packet, std::uint8_t id) const;
    [[nodiscard]] std::shared_ptr<Publication> find_section(const RtpPacket& packet,
                                                            const std::string& rid) const;
    [[nodiscard]] std::optional<RtpRoute> learn(const RtpPacket& packet);
    [[nodiscard]] std::optional<std::size_t>
    find_layer(Publication& publication, const RtpPacket& packet, const std::string& rid, bool rtx);

    std::vector<std::shared_ptr<Publication>> sections_;
    std::unordered_map<std::uint32_t, RtpRoute> routes_;
    std::uint8_t mid_id_ = 0;
    std::uint8_t rid_id_ = 0;
    std::uint8_t repaired_rid_id_ = 0;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The emulator's RTP parser, and the packet that it builds from what it understood.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <glib.h>

#include "tests/emulator/media/extension-map.hpp"
#include "tests/emulator/media/key-frame.hpp"
#include "tests/emulator/media/vp8-descriptor.hpp"

namespace
{

cf::emu::ExtensionMap make_map(bool mixed)
{
    using namespace cf::emu;
    std::vector<HeaderExtension> source;
    SendParameters target;
    target.mid = "0";
    target.mixed_extensions = mixed;
    target.extensions = {{1, extension_uri::kMid},
                         {2, extension_uri::kTransportCc},
                         {3, extension_uri::kAbsSendTime}};
    for (std::uint8_t id = 4; id < 15; ++id) {
        source.push_back({id, std::to_string(id)});
        target.extensions.push_back({id, std::to_string(id)});
    }
    ExtensionMap map;
    map.build(source, target);
    return map;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace cf::emu;
    const auto packet = RtpPacket::parse({data, size});
    if (!packet)
        return 0;
    for (ExtensionReader reader(*packet); reader.next();)
        continue;
    for (const PayloadFormat f : {PayloadFormat::Vp8, PayloadFormat::Vp9, PayloadFormat::H264,
                                  PayloadFormat::H265, PayloadFormat::Av1, PayloadFormat::Other})
        (void)starts_key_frame(f, packet->payload);
    std::vector<std::uint8_t> payload(packet->payload.begin(), packet->payload.end());
    Vp8Rewriter rewriter;
    rewriter.rewrite(payload);
    rewriter.switch_source();
    rewriter.rewrite(payload);
    static const ExtensionMap maps[] = {make_map(false), make_map(true)};
    for (const ExtensionMap& map : maps) {
        std::array<std::uint8_t, 1600> out;
        SendStamps stamps;
        const auto built = build_packet(*packet, {96, 1, 2, 3}, map, true, out, stamps);
        if (!built)
            continue;
        const auto again = RtpPacket::parse(std::span(out).first(*built));
        g_assert(again);
        g_assert(again->payload.size() == packet->payload.size());
        g_assert(again->csrcs.size() == packet->csrcs.size());
        g_assert(again->find_extension(1)->size() == 1);
    }
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The packets that applications send to the emulator's WebSocket adapters.
#include "tests/emulator/adapters/adapter-packet.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <glib.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace cf::emu;
    const auto packet = AdapterPacket::parse({data, size});
    if (!packet)
        return 0;
    g_assert(packet->payload.size() <= size);
    // What we write, we read as it was.
    const auto own = packet->write();
    const auto back = AdapterPacket::parse(own);
    g_assert(back && back->sequence == packet->sequence && back->timestamp == packet->timestamp &&
             std::equal(back->payload.begin(), back->payload.end(), packet->payload.begin(),
                        packet->payload.end()));
    return 0;
}

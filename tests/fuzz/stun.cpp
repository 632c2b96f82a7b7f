/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The emulator's STUN parser and the answer it gives.
#include <cstddef>
#include <cstdint>

#include <glib.h>

#include "tests/emulator/media/ice-lite-agent.hpp"
#include "tests/emulator/media/stun-message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace cf::emu;
    const auto message = StunMessage::parse({data, size});
    if (!message)
        return 0;
    (void)message->check_integrity("VOkJxbRl1RmTxUk/WvJxBt");
    (void)message->unknown_required();
    (void)message->xor_mapped_address();
    (void)local_ufrag_of(*message);
    IceLiteAgent agent;
    const auto outcome = agent.on_request(*message, *SocketAddress::parse("::1", 1));
    // Nobody who does not know the password gets in, and what we say can be read.
    g_assert(!outcome.authenticated);
    g_assert(outcome.answer.empty() || StunMessage::parse(outcome.answer));
    return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/candidate.hpp"

#include <cstdint>

namespace cf::emu
{

namespace
{

// CRC-32 of IEEE 802.3, bit by bit: it runs over twenty characters, once per description.
std::uint32_t crc32(const std::string& text)
{
    std::uint32_t crc = 0xffffffff;
    for (const char c : text) {
        crc ^= static_cast<std::uint8_t>(c);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    }
    return ~crc;
}

} // namespace

sdp::Candidate host_candidate(const std::string& address, unsigned port)
{
    const bool v6 = address.find(':') != std::string::npos;
    const std::string foundation = std::to_string(crc32("host" + address + (v6 ? "udp6" : "udp4")));
    return {foundation, 2130706431, address, port};
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Random numbers that a peer cannot guess.
#pragma once

#include <cstdint>

#include <glib.h>
#include <openssl/rand.h>

namespace cf::emu
{

template <typename T> [[nodiscard]] T random_number()
{
    T value{};
    const int ok = RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value);
    g_assert(ok == 1);
    return value;
}

/// 0 is legal, but many a program takes it for "none".
[[nodiscard]] inline std::uint32_t random_ssrc()
{
    return random_number<std::uint32_t>() | 1;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Reading and writing network byte order at an offset. The caller has checked the length; the
// assertion is for mistakes of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <glib.h>

namespace cf::emu
{

inline std::uint16_t read_u16(std::span<const std::uint8_t> b, std::size_t at)
{
    g_assert(at + 2 <= b.size());
    return static_cast<std::uint16_t>((b[at] << 8) | b[at + 1]);
}
inline std::uint32_t read_u24(std::span<const std::uint8_t> b, std::size_t at)
{
    g_assert(at + 3 <= b.size());
    return (std::uint32_t{b[at]} << 16) | (std::uint32_t{b[at + 1]} << 8) | b[at + 2];
}
inline std::uint32_t read_u32(std::span<const std::uint8_t> b, std::size_t at)
{
    g_assert(at + 4 <= b.size());
    return (std::uint32_t{read_u16(b, at)} << 16) | read_u16(b, at + 2);
}
inline std::uint64_t read_u64(std::span<const std::uint8_t> b, std::size_t at)
{
    return (std::uint64_t{read_u32(b, at)} << 32) | read_u32(b, at + 4);
}

inline void write_u16(std::span<std::uint8_t> b, std::size_t at, std::uint16_t v)
{
    g_assert(at + 2 <= b.size());
    b[at] = static_cast<std::uint8_t>(v >> 8);
    b[at + 1] = static_cast<std::uint8_t>(v);
}
inline void write_u24(std::span<std::uint8_t> b, std::size_t at, std::uint32_t v)
{
    g_assert(at + 3 <= b.size());
    b[at] = static_cast<std::uint8_t>(v >> 16);
    write_u16(b, at + 1, static_cast<std::uint16_t>(v));
}
inline void write_u32(std::span<std::uint8_t> b, std::size_t at, std::uint32_t v)
{
    write_u16(b, at, static_cast<std::uint16_t>(v >> 16));
    write_u16(b, at + 2, static_cast<std::uint16_t>(v));
}

inline void append_u8(std::vector<std::uint8_t>& b, std::uint8_t v)
{
    b.push_back(v);
}
inline void append_u16(std::vector<std::uint8_t>& b, std::uint16_t v)
{
    b.push_back(static_cast<std::uint8_t>(v >> 8));
    b.push_back(static_cast<std::uint8_t>(v));
}
inline void append_u32(std::vector<std::uint8_t>& b, std::uint32_t v)
{
    append_u16(b, static_cast<std::uint16_t>(v >> 16));
    append_u16(b, static_cast<std::uint16_t>(v));
}
inline void append_u64(std::vector<std::uint8_t>& b, std::uint64_t v)
{
    append_u32(b, static_cast<std::uint32_t>(v >> 32));
    append_u32(b, static_cast<std::uint32_t>(v));
}
inline void append_bytes(std::vector<std::uint8_t>& b, std::span<const std::uint8_t> v)
{
    b.insert(b.end(), v.begin(), v.end());
}

} // namespace cf::emu

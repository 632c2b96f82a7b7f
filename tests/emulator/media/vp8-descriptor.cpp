/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/vp8-descriptor.hpp"

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/sequence.hpp"

namespace cf::emu
{

std::optional<Vp8Descriptor> Vp8Descriptor::parse(Bytes payload)
{
    if (payload.empty())
        return std::nullopt;
    Vp8Descriptor d;
    const std::uint8_t first = payload[0];
    d.start_of_partition = (first & 0x10) != 0;
    d.partition = first & 0x0F;
    std::size_t at = 1;
    if ((first & 0x80) != 0) {
        if (payload.size() < 2)
            return std::nullopt;
        const std::uint8_t bits = payload[1];
        at = 2;
        if ((bits & 0x80) != 0) {
            if (payload.size() < at + 1)
                return std::nullopt;
            d.picture_id_at = at;
            d.long_picture_id = (payload[at] & 0x80) != 0;
            if (d.long_picture_id && payload.size() < at + 2)
                return std::nullopt;
            d.picture_id = d.long_picture_id ? read_u16(payload, at) & 0x7FFF : payload[at] & 0x7F;
            at += d.long_picture_id ? 2 : 1;
        }
        if ((bits & 0x40) != 0) {
            if (payload.size() < at + 1)
                return std::nullopt;
            d.tl0_at = at;
            d.tl0 = payload[at++];
        }
        if ((bits & 0x30) != 0) {
            if (payload.size() < at + 1)
                return std::nullopt;
            d.key_index_at = at;
            d.has_key_index = (bits & 0x10) != 0;
            d.key_index = payload[at++] & 0x1F;
        }
    }
    if (payload.size() < at)
        return std::nullopt;
    d.size = at;
    return d;
}

void Vp8Rewriter::rewrite(std::span<std::uint8_t> payload)
{
    const auto d = Vp8Descriptor::parse(payload);
    if (!d)
        return;
    if (switching_) {
        switching_ = false;
        // The first source keeps its numbers; each later one continues where the last ended.
        if (started_) {
            picture_offset_ = static_cast<std::uint16_t>(last_picture_ + 1 - d->picture_id);
            tl0_offset_ = static_cast<std::uint8_t>(last_tl0_ + 1 - d->tl0);
            key_offset_ = static_cast<std::uint8_t>(last_key_ + 1 - d->key_index);
        } else {
            last_picture_ = d->picture_id;
            last_tl0_ = d->tl0;
            last_key_ = d->key_index;
        }
        started_ = true;
    }
    if (d->picture_id_at != 0) {
        const auto mask = static_cast<std::uint16_t>(d->long_picture_id ? 0x7FFF : 0x7F);
        const auto id = static_cast<std::uint16_t>((d->picture_id + picture_offset_) & mask);
        if (d->long_picture_id)
            write_u16(payload, d->picture_id_at, static_cast<std::uint16_t>(id | 0x8000));
        else
            payload[d->picture_id_at] = static_cast<std::uint8_t>(id);
        // Late packets must not turn the counter back: compare within the field's width.
        const auto ahead = static_cast<std::uint16_t>((id - last_picture_) & mask);
        if (ahead <= mask / 2)
            last_picture_ = id;
    }
    if (d->tl0_at != 0) {
        const auto tl0 = static_cast<std::uint8_t>(d->tl0 + tl0_offset_);
        payload[d->tl0_at] = tl0;
        if (static_cast<std::uint8_t>(tl0 - last_tl0_) < 0x80)
            last_tl0_ = tl0;
    }
    if (d->has_key_index) {
        const auto key = static_cast<std::uint8_t>((d->key_index + key_offset_) & 0x1F);
        payload[d->key_index_at] =
            static_cast<std::uint8_t>((payload[d->key_index_at] & 0xE0) | key);
        if (((key - last_key_) & 0x1F) < 0x10)
            last_key_ = key;
    }
}

} // namespace cf::emu

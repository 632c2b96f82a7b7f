/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Vp8Descriptor: the payload descriptor in front of VP8 data (RFC 7741 4.2), and where its running
// numbers stand, so that they can be rewritten when the layer changes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "tests/emulator/media/rtp-packet.hpp"

namespace cf::emu
{

struct Vp8Descriptor {
    bool start_of_partition = false;
    std::uint8_t partition = 0;
    std::size_t size = 0;          ///< of the descriptor
    std::size_t picture_id_at = 0; ///< offset; 0: absent
    bool long_picture_id = false;  ///< 15 bits, else 7
    std::uint16_t picture_id = 0;
    std::size_t tl0_at = 0; ///< offset of TL0PICIDX; 0: absent
    std::uint8_t tl0 = 0;
    std::size_t key_index_at = 0; ///< offset of the byte with TID, Y and KEYIDX; 0: absent
    std::uint8_t key_index = 0;   ///< KEYIDX, 5 bits; valid if has_key_index
    bool has_key_index = false;

    [[nodiscard]] static std::optional<Vp8Descriptor> parse(Bytes payload);
};

/// Keeps PictureID, TL0PICIDX and KEYIDX running on without a jump over changes of the source.
class Vp8Rewriter
{
public:
    /// The next packet is the first of another source.
    void switch_source() { switching_ = true; }
    /// Rewrites the descriptor at the start of @p payload in place.
    void rewrite(std::span<std::uint8_t> payload);

private:
    bool started_ = false;
    bool switching_ = true;
    std::uint16_t picture_offset_ = 0;
    std::uint8_t tl0_offset_ = 0;
    std::uint8_t key_offset_ = 0;
    std::uint16_t last_picture_ = 0;
    std::uint8_t last_tl0_ = 0;
    std::uint8_t last_key_ = 0;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// RtpPacket: one RTP packet taken apart (RFC 3550 5.1, RFC 8285). Borrows the bytes it was parsed
// from; its fields may be changed without touching them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace cf::emu
{

using Bytes = std::span<const std::uint8_t>;

/// Profile values of the header extension block.
inline constexpr std::uint16_t kOneByteExtensions = 0xBEDE;
/// 0x1000...0x100F: the low four bits are for the application.
inline constexpr std::uint16_t kTwoByteExtensions = 0x1000;

struct RtpPacket {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    Bytes csrcs; ///< four bytes each, network order
    std::uint16_t extension_profile = 0;
    Bytes extensions;         ///< body of the extension block, empty if there is none
    Bytes payload;            ///< without padding; empty for padding-only packets
    std::uint8_t padding = 0; ///< bytes of padding, its count byte included

    /// Nothing unless every length in @p data fits, the padding included.
    [[nodiscard]] static std::optional<RtpPacket> parse(Bytes data);

    /// Value of the extension element @p id; nothing if absent or the block is no RFC 8285 one.
    /// An element that is present but empty gives an empty span.
    [[nodiscard]] std::optional<Bytes> find_extension(std::uint8_t id) const;
    [[nodiscard]] bool has_known_extension_profile() const
    {
        return extension_profile == kOneByteExtensions ||
               (extension_profile & 0xFFF0) == kTwoByteExtensions;
    }
};

/// Walks the elements of an RFC 8285 block; stops at the first that does not fit.
class ExtensionReader
{
public:
    ExtensionReader(std::uint16_t profile, Bytes block) : profile_(profile), rest_(block) {}
    explicit ExtensionReader(const RtpPacket& packet)
        : ExtensionReader(packet.extension_profile, packet.extensions)
    {
    }

    struct Element {
        std::uint8_t id = 0;
        Bytes value;
    };
    /// The next element; nothing at the end.
    [[nodiscard]] std::optional<Element> next();

private:
    std::uint16_t profile_;
    Bytes rest_;
};

} // namespace cf::emu

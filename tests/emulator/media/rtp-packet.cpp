/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/rtp-packet.hpp"

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

namespace
{

constexpr std::size_t kFixedHeader = 12;

} // namespace

std::optional<RtpPacket> RtpPacket::parse(Bytes data)
{
    if (data.size() < kFixedHeader || (data[0] >> 6) != 2)
        return std::nullopt;
    RtpPacket p;
    const bool has_padding = (data[0] & 0x20) != 0;
    const bool has_extension = (data[0] & 0x10) != 0;
    const std::size_t csrc_bytes = std::size_t{4} * (data[0] & 0x0F);
    p.marker = (data[1] & 0x80) != 0;
    p.payload_type = data[1] & 0x7F;
    p.sequence = read_u16(data, 2);
    p.timestamp = read_u32(data, 4);
    p.ssrc = read_u32(data, 8);

    Bytes rest = data.subspan(kFixedHeader);
    if (rest.size() < csrc_bytes)
        return std::nullopt;
    p.csrcs = rest.first(csrc_bytes);
    rest = rest.subspan(csrc_bytes);

    if (has_extension) {
        if (rest.size() < 4)
            return std::nullopt;
        p.extension_profile = read_u16(rest, 0);
        const std::size_t length = std::size_t{4} * read_u16(rest, 2);
        rest = rest.subspan(4);
        if (rest.size() < length)
            return std::nullopt;
        p.extensions = rest.first(length);
        rest = rest.subspan(length);
    }
    if (has_padding) {
        // RFC 3550 5.1: the last byte counts itself, so 0 is as wrong as more than there is.
        if (rest.empty() || rest.back() == 0 || rest.back() > rest.size())
            return std::nullopt;
        p.padding = rest.back();
        rest = rest.first(rest.size() - p.padding);
    }
    p.payload = rest;
    return p;
}

std::optional<Bytes> RtpPacket::find_extension(std::uint8_t id) const
{
    ExtensionReader reader(*this);
    while (const auto element = reader.next()) {
        if (element->id == id)
            return element->value;
    }
    return std::nullopt;
}

std::optional<ExtensionReader::Element> ExtensionReader::next()
{
    const bool one_byte = profile_ == kOneByteExtensions;
    if (!one_byte && (profile_ & 0xFFF0) != kTwoByteExtensions)
        return std::nullopt;
    while (!rest_.empty()) {
        const std::uint8_t first = rest_[0];
        // A zero id is one byte of padding; in the one-byte form whatever its length bits say
        // (RFC 8285 4.2), which a hostile sender may set.
        if (one_byte ? (first >> 4) == 0 : first == 0) {
            rest_ = rest_.subspan(1);
            continue;
        }
        std::size_t header = 1;
        std::size_t length = 0;
        Element element;
        if (one_byte) {
            element.id = first >> 4;
            // 15 is reserved: stop reading there (RFC 8285 4.2).
            if (element.id == 15)
                break;
            length = std::size_t{first & 0x0FU} + 1;
        } else {
            if (rest_.size() < 2)
                break;
            element.id = first;
            header = 2;
            length = rest_[1];
        }
        if (rest_.size() < header + length)
            break;
        element.value = rest_.subspan(header, length);
        rest_ = rest_.subspan(header + length);
        return element;
    }
    rest_ = {};
    return std::nullopt;
}

} // namespace cf::emu

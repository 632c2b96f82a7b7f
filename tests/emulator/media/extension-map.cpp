/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/extension-map.hpp"

#include <algorithm>

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

namespace
{

constexpr std::size_t kFixedHeader = 12;

bool is_hop_by_hop(const std::string& uri)
{
    return uri == extension_uri::kMid || uri == extension_uri::kRid ||
           uri == extension_uri::kRepairedRid || uri == extension_uri::kTransportCc ||
           uri == extension_uri::kAbsSendTime;
}

/// Appends elements to a block in one of the two forms of RFC 8285.
class BlockWriter
{
public:
    BlockWriter(std::span<std::uint8_t> out, std::size_t at, bool two_byte)
        : out_(out), at_(at), two_byte_(two_byte)
    {
    }
    /// Offset of the value, or 0 if there is no room.
    std::size_t add(std::uint8_t id, std::size_t size)
    {
        const std::size_t header = two_byte_ ? 2 : 1;
        if (out_.size() - at_ < header + size)
            return 0;
        if (two_byte_) {
            out_[at_] = id;
            out_[at_ + 1] = static_cast<std::uint8_t>(size);
        } else {
            out_[at_] = static_cast<std::uint8_t>(id << 4 | (size - 1));
        }
        const std::size_t value_at = at_ + header;
        at_ = value_at + size;
        return value_at;
    }
    [[nodiscard]] std::size_t at() const { return at_; }

private:
    std::span<std::uint8_t> out_;
    std::size_t at_;
    bool two_byte_;
};

/// Its description of the layers (up to 50 bytes, with key frames) fits the two-byte form only, and
/// a decoder that knows the extension drops all frames until it has seen that.
bool needs_two_byte_form(const std::string& uri)
{
    return uri == extension_uri::kDependencyDescriptor;
}

bool fits_one_byte(std::uint8_t id, std::size_t size)
{
    return id <= 14 && size >= 1 && size <= 16;
}

} // namespace

void ExtensionMap::build(const std::vector<HeaderExtension>& source, const SendParameters& target)
{
    ids_.fill(0);
    mid_ = target.mid;
    mid_id_ = 0;
    transport_cc_id_ = 0;
    abs_send_time_id_ = 0;
    mixed_ = target.mixed_extensions;
    for (const HeaderExtension& e : target.extensions) {
        if (e.uri == extension_uri::kMid)
            mid_id_ = e.id;
        else if (e.uri == extension_uri::kTransportCc)
            transport_cc_id_ = e.id;
        else if (e.uri == extension_uri::kAbsSendTime)
            abs_send_time_id_ = e.id;
        if (is_hop_by_hop(e.uri) || (!mixed_ && needs_two_byte_form(e.uri)))
            continue;
        for (const HeaderExtension& s : source) {
            if (s.uri == e.uri)
                ids_[s.id] = e.id;
        }
    }
}

std::optional<std::size_t> ExtensionMap::write(const RtpPacket& packet, std::span<std::uint8_t> out,
                                               std::size_t at, SendStamps& stamps) const
{
    // First look: is there anything, and does it need the two-byte form?
    bool any = mid_id_ != 0 || transport_cc_id_ != 0 || abs_send_time_id_ != 0;
    bool two_byte = std::max({mid_id_, transport_cc_id_, abs_send_time_id_}) > 14 ||
                    (mid_id_ != 0 && !fits_one_byte(mid_id_, mid_.size()));
    for (ExtensionReader reader(packet); const auto e = reader.next();) {
        if (ids_[e->id] == 0)
            continue;
        const bool small = fits_one_byte(ids_[e->id], e->value.size());
        any = any || small || mixed_;
        two_byte = two_byte || (!small && mixed_);
    }
    if (!any)
        return at;
    if (out.size() < at + 4)
        return std::nullopt;
    BlockWriter block(out, at + 4, two_byte);
    auto stamp = [&](std::uint8_t id, std::size_t size, std::uint16_t& where) {
        if (id == 0)
            return true;
        const std::size_t value_at = block.add(id, size);
        if (value_at != 0)
            std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(value_at), size, std::uint8_t{0});
        where = static_cast<std::uint16_t>(value_at);
        return value_at != 0;
    };
    if (!stamp(transport_cc_id_, 2, stamps.transport_cc_at) ||
        !stamp(abs_send_time_id_, 3, stamps.abs_send_time_at))
        return std::nullopt;
    if (mid_id_ != 0) {
        const std::size_t value_at = block.add(mid_id_, mid_.size());
        if (value_at == 0)
            return std::nullopt;
        std::copy(mid_.begin(), mid_.end(), out.begin() + static_cast<std::ptrdiff_t>(value_at));
    }
    for (ExtensionReader reader(packet); const auto e = reader.next();) {
        const std::uint8_t id = ids_[e->id];
        if (id == 0 || (!two_byte && !fits_one_byte(id, e->value.size())))
            continue;
        const std::size_t value_at = block.add(id, e->value.size());
        if (value_at == 0)
            return std::nullopt;
        std::copy(e->value.begin(), e->value.end(),
                  out.begin() + static_cast<std::ptrdiff_t>(value_at));
    }
    std::size_t end = block.at();
    while ((end - at) % 4 != 0) {
        if (end == out.size())
            return std::nullopt;
        out[end++] = 0;
    }
    write_u16(out, at, two_byte ? kTwoByteExtensions : kOneByteExtensions);
    write_u16(out, at + 2, static_cast<std::uint16_t>((end - at) / 4 - 1));
    return end;
}

std::optional<std::size_t> build_packet(const RtpPacket& source, const OutgoingHeader& header,
                                        const ExtensionMap& extensions, bool keep_padding,
                                        std::span<std::uint8_t> out, SendStamps& stamps)
{
    const std::size_t padding = keep_padding ? source.padding : 0;
    if (out.size() < kFixedHeader + source.csrcs.size() + source.payload.size() + padding)
        return std::nullopt;
    out[1] = static_cast<std::uint8_t>((source.marker ? 0x80 : 0) | header.payload_type);
    write_u16(out, 2, header.sequence);
    write_u32(out, 4, header.timestamp);
    write_u32(out, 8, header.ssrc);
    std::copy(source.csrcs.begin(), source.csrcs.end(), out.begin() + kFixedHeader);
    const std::size_t extension_at = kFixedHeader + source.csrcs.size();
    const auto payload_at = extensions.write(source, out, extension_at, stamps);
    if (!payload_at || out.size() - *payload_at < source.payload.size() + padding)
        return std::nullopt;
    out[0] = static_cast<std::uint8_t>(0x80 | (padding != 0 ? 0x20 : 0) |
                                       (*payload_at != extension_at ? 0x10 : 0) |
                                       source.csrcs.size() / 4);
    stamps.payload_at = static_cast<std::uint16_t>(*payload_at);
    std::size_t end = *payload_at + source.payload.size();
    std::copy(source.payload.begin(), source.payload.end(),
              out.begin() + static_cast<std::ptrdiff_t>(*payload_at));
    if (padding != 0) {
        std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(end), padding, std::uint8_t{0});
        end += padding;
        out[end - 1] = source.padding;
    }
    return end;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/adapters/adapter-packet.hpp"

namespace cf::emu
{

namespace
{

constexpr std::uint64_t kSequenceField = 1;
constexpr std::uint64_t kTimestampField = 2;
constexpr std::uint64_t kPayloadField = 5;

enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

class Reader
{
public:
    explicit Reader(std::span<const std::uint8_t> data) : rest_(data) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::optional<std::uint64_t> varint()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const std::uint8_t byte = rest_.front();
            rest_ = rest_.subspan(1);
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80)
                return value;
        }
        return std::nullopt;
    }
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> bytes(std::uint64_t size)
    {
        if (size > rest_.size())
            return std::nullopt;
        const auto taken = rest_.first(static_cast<std::size_t>(size));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

private:
    std::span<const std::uint8_t> rest_;
};

void append_varint(std::vector<std::uint8_t>& to, std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        to.push_back(static_cast<std::uint8_t>(value | 0x80));
    to.push_back(static_cast<std::uint8_t>(value));
}

bool read_field(Reader& reader, AdapterPacket& packet)
{
    const auto tag = reader.varint();
    if (!tag || *tag >> 3 == 0)
        return false;
    const std::uint64_t field = *tag >> 3;
    switch (*tag & 7) {
    case kVarint: {
        const auto value = reader.varint();
        // proto3: a uint32 takes the low 32 bits of whatever was written.
        if (value && field == kSequenceField)
            packet.sequence = static_cast<std::uint32_t>(*value);
        if (value && field == kTimestampField)
            packet.timestamp = static_cast<std::uint32_t>(*value);
        return value.has_value();
    }
    case kLengthDelimited: {
        const auto size = reader.varint();
        const auto value = size ? reader.bytes(*size) : std::nullopt;
        if (value && field == kPayloadField)
            packet.payload = *value;
        return value.has_value();
    }
    case kFixed64:
        return reader.bytes(8).has_value();
    case kFixed32:
        return reader.bytes(4).has_value();
    default: // groups, which proto3 does not have
        return false;
    }
}

} // namespace

std::optional<AdapterPacket> AdapterPacket::parse(std::span<const std::uint8_t> message)
{
    AdapterPacket packet;
    Reader reader(message);
    while (!reader.at_end())
        if (!read_field(reader, packet))
            return std::nullopt;
    return packet;
}

std::vector<std::uint8_t> AdapterPacket::write() const
{
    std::vector<std::uint8_t> out;
    out.reserve(payload.size() + 18);
    if (sequence != 0) {
        append_varint(out, kSequenceField << 3 | kVarint);
        append_varint(out, sequence);
    }
    if (timestamp != 0) {
        append_varint(out, kTimestampField << 3 | kVarint);
        append_varint(out, timestamp);
    }
    if (!payload.empty()) {
        append_varint(out, kPayloadField << 3 | kLengthDelimited);
        append_varint(out, payload.size());
        out.insert(out.end(), payload.begin(), payload.end());
    }
    return out;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/stun-message.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <glib.h>

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

namespace
{

constexpr std::size_t kHeader = 20;
constexpr std::uint32_t kMagicCookie = 0x2112A442;
constexpr std::uint32_t kFingerprintXor = 0x5354554E;
constexpr std::size_t kIntegritySize = 20;
// More than any ICE agent sends; bounds the work a hostile packet can cause.
constexpr std::size_t kMaxAttributes = 32;

constexpr std::array<std::uint32_t, 256> make_crc_table()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit)
            c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    return table;
}
constexpr auto kCrcTable = make_crc_table();

std::uint32_t crc32(Bytes data)
{
    std::uint32_t c = 0xFFFFFFFFU;
    for (const std::uint8_t b : data)
        c = kCrcTable[(c ^ b) & 0xFF] ^ (c >> 8);
    return ~c;
}

using Mac = std::array<std::uint8_t, kIntegritySize>;

/// HMAC-SHA1 over @p message with the length field of its header replaced.
Mac make_mac(std::string_view key, Bytes message, std::uint16_t length)
{
    GHmac* hmac =
        g_hmac_new(G_CHECKSUM_SHA1, reinterpret_cast<const guchar*>(key.data()), key.size());
    const std::uint8_t length_bytes[2] = {static_cast<std::uint8_t>(length >> 8),
                                          static_cast<std::uint8_t>(length)};
    g_hmac_update(hmac, message.data(), 2);
    g_hmac_update(hmac, length_bytes, 2);
    g_hmac_update(hmac, message.data() + 4, static_cast<gssize>(message.size() - 4));
    Mac mac{};
    gsize size = mac.size();
    g_hmac_get_digest(hmac, mac.data(), &size);
    g_hmac_unref(hmac);
    return mac;
}

bool is_known(std::uint16_t type)
{
    switch (type) {
    case stun_attribute::kMappedAddress:
    case stun_attribute::kUsername:
    case stun_attribute::kMessageIntegrity:
    case stun_attribute::kErrorCode:
    case stun_attribute::kUnknownAttributes:
    case stun_attribute::kXorMappedAddress:
    case stun_attribute::kPriority:
    case stun_attribute::kUseCandidate:
        return true;
    default:
        return false;
    }
}

} // namespace

std::optional<StunMessage> StunMessage::parse(Bytes data)
{
    if (data.size() < kHeader || (data[0] & 0xC0) != 0)
        return std::nullopt;
    if (read_u16(data, 2) != data.size() - kHeader || data.size() % 4 != 0 ||
        read_u32(data, 4) != kMagicCookie)
        return std::nullopt;

    StunMessage m;
    m.data_ = data;
    const std::uint16_t type = read_u16(data, 0);
    m.class_ = static_cast<StunClass>(type & 0x0110);
    m.method_ = static_cast<std::uint16_t>((type & 0x000F) | ((type & 0x00E0) >> 1) |
                                           ((type & 0x3E00) >> 2));
    std::size_t at = kHeader;
    while (at < data.size()) {
        // FINGERPRINT must be the last one (RFC 5389 15.5).
        if (m.has_fingerprint_ || m.attributes_.size() >= kMaxAttributes || data.size() - at < 4)
            return std::nullopt;
        Attribute a;
        a.type = read_u16(data, at);
        const std::size_t length = read_u16(data, at + 2);
        const std::size_t padded = (length + 3) & ~std::size_t{3};
        if (data.size() - at - 4 < padded)
            return std::nullopt;
        a.value = data.subspan(at + 4, length);
        if (a.type == stun_attribute::kFingerprint) {
            if (length != 4 || read_u32(a.value, 0) != (crc32(data.first(at)) ^ kFingerprintXor))
                return std::nullopt;
            m.has_fingerprint_ = true;
        } else if (a.type == stun_attribute::kMessageIntegrity && !m.integrity_at_) {
            if (length != kIntegritySize)
                return std::nullopt;
            m.integrity_at_ = at;
        } else if (!m.integrity_at_) {
            m.attributes_.push_back(a);
        }
        at += 4 + padded;
    }
    return m;
}

std::optional<Bytes> StunMessage::find(std::uint16_t type) const
{
    for (const Attribute& a : attributes_) {
        if (a.type == type)
            return a.value;
    }
    return std::nullopt;
}

bool StunMessage::check_integrity(std::string_view key) const
{
    if (!integrity_at_)
        return false;
    const Bytes covered = data_.first(*integrity_at_);
    const Mac mac = make_mac(
        key, covered, static_cast<std::uint16_t>(*integrity_at_ - kHeader + 4 + kIntegritySize));
    // Every byte is looked at, so that the time says nothing about where they differ.
    unsigned difference = 0;
    for (std::size_t i = 0; i < mac.size(); ++i)
        difference |= static_cast<unsigned>(mac[i] ^ data_[*integrity_at_ + 4 + i]);
    return difference == 0;
}

std::vector<std::uint16_t> StunMessage::unknown_required() const
{
    std::vector<std::uint16_t> unknown;
    for (const Attribute& a : attributes_) {
        if (a.type < 0x8000 && !is_known(a.type))
            unknown.push_back(a.type);
    }
    return unknown;
}

std::optional<SocketAddress> StunMessage::xor_mapped_address() const
{
    const auto value = find(stun_attribute::kXorMappedAddress);
    if (!value || value->size() < 8)
        return std::nullopt;
    const auto port = static_cast<std::uint16_t>(read_u16(*value, 2) ^ (kMagicCookie >> 16));
    if ((*value)[1] == 0x01 && value->size() == 8) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        v4.sin_addr.s_addr = htonl(read_u32(*value, 4) ^ kMagicCookie);
        return SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
    }
    if ((*value)[1] == 0x02 && value->size() == 20) {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        for (std::size_t i = 0; i < 16; ++i)
            v6.sin6_addr.s6_addr[i] = (*value)[4 + i] ^ data_[4 + i];
        return SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
    }
    return std::nullopt;
}

StunWriter::StunWriter(StunClass message_class, std::uint16_t method, Bytes transaction_id)
{
    g_assert(transaction_id.size() == 12);
    const auto type =
        static_cast<std::uint16_t>(static_cast<std::uint16_t>(message_class) | (method & 0x000F) |
                                   ((method & 0x0070) << 1) | ((method & 0x0F80) << 2));
    append_u16(data_, type);
    append_u16(data_, 0);
    append_u32(data_, kMagicCookie);
    append_bytes(data_, transaction_id);
}

void StunWriter::set_length(std::size_t extra)
{
    write_u16(data_, 2, static_cast<std::uint16_t>(data_.size() - kHeader + extra));
}

void StunWriter::add(std::uint16_t type, Bytes value)
{
    append_u16(data_, type);
    append_u16(data_, static_cast<std::uint16_t>(value.size()));
    append_bytes(data_, value);
    data_.resize((data_.size() + 3) & ~std::size_t{3});
    set_length(0);
}

void StunWriter::add_xor_mapped_address(const SocketAddress& address)
{
    std::vector<std::uint8_t> value;
    append_u8(value, 0);
    append_u8(value, address.family() == AF_INET ? 0x01 : 0x02);
    append_u16(value, static_cast<std::uint16_t>(address.port() ^ (kMagicCookie >> 16)));
    if (address.family() == AF_INET) {
        append_u32(value, ntohl(address.v4().sin_addr.s_addr) ^ kMagicCookie);
    } else {
        for (std::size_t i = 0; i < 16; ++i)
            append_u8(value, address.v6().sin6_addr.s6_addr[i] ^ data_[4 + i]);
    }
    add(stun_attribute::kXorMappedAddress, value);
}

void StunWriter::add_error(unsigned code, std::string_view reason)
{
    std::vector<std::uint8_t> value;
    append_u16(value, 0);
    append_u8(value, static_cast<std::uint8_t>(code / 100));
    append_u8(value, static_cast<std::uint8_t>(code % 100));
    append_bytes(value, {reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size()});
    add(stun_attribute::kErrorCode, value);
}

void StunWriter::add_unknown_attributes(const std::vector<std::uint16_t>& types)
{
    std::vector<std::uint8_t> value;
    for (const std::uint16_t type : types)
        append_u16(value, type);
    add(stun_attribute::kUnknownAttributes, value);
}

void StunWriter::add_integrity(std::string_view key)
{
    const Mac mac = make_mac(
        key, data_, static_cast<std::uint16_t>(data_.size() - kHeader + 4 + kIntegritySize));
    add(stun_attribute::kMessageIntegrity, mac);
}

void StunWriter::add_fingerprint()
{
    set_length(8);
    const std::uint32_t crc = crc32(data_) ^ kFingerprintXor;
    std::vector<std::uint8_t> value;
    append_u32(value, crc);
    add(stun_attribute::kFingerprint, value);
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// STUN messages (RFC 5389/8489) as ICE uses them: taken apart, checked, written.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/emulator/media/rtp-packet.hpp"
#include "tests/emulator/media/socket-address.hpp"

namespace cf::emu
{

enum class StunClass : std::uint16_t {
    Request = 0x0000,
    Indication = 0x0010,
    Success = 0x0100,
    Error = 0x0110,
};

inline constexpr std::uint16_t kStunBinding = 0x0001;

namespace stun_attribute
{
inline constexpr std::uint16_t kMappedAddress = 0x0001;
inline constexpr std::uint16_t kUsername = 0x0006;
inline constexpr std::uint16_t kMessageIntegrity = 0x0008;
inline constexpr std::uint16_t kErrorCode = 0x0009;
inline constexpr std::uint16_t kUnknownAttributes = 0x000A;
inline constexpr std::uint16_t kXorMappedAddress = 0x0020;
inline constexpr std::uint16_t kPriority = 0x0024;
inline constexpr std::uint16_t kUseCandidate = 0x0025;
inline constexpr std::uint16_t kFingerprint = 0x8028;
inline constexpr std::uint16_t kIceControlled = 0x8029;
inline constexpr std::uint16_t kIceControlling = 0x802A;
} // namespace stun_attribute

/// Borrows the bytes it was parsed from.
class StunMessage
{
public:
    /// Nothing unless the header, the magic cookie and every attribute's length are right and a
    /// FINGERPRINT, if there is one, is the last attribute and matches.
    [[nodiscard]] static std::optional<StunMessage> parse(Bytes data);

    [[nodiscard]] StunClass message_class() const { return class_; }
    [[nodiscard]] std::uint16_t method() const { return method_; }
    [[nodiscard]] Bytes transaction_id() const { return data_.subspan(8, 12); }
    [[nodiscard]] bool has_fingerprint() const { return has_fingerprint_; }

    /// The first attribute of @p type, as RFC 5389 15 wants; those that follow MESSAGE-INTEGRITY
    /// are not protected and not found.
    [[nodiscard]] std::optional<Bytes> find(std::uint16_t type) const;
    [[nodiscard]] bool has_integrity() const { return integrity_at_.has_value(); }
    /// Whether MESSAGE-INTEGRITY is there and was made with @p key.
    [[nodiscard]] bool check_integrity(std::string_view key) const;
    /// Comprehension-required attributes (below 0x8000) that nobody here knows.
    [[nodiscard]] std::vector<std::uint16_t> unknown_required() const;
    /// XOR-MAPPED-ADDRESS, decoded.
    [[nodiscard]] std::optional<SocketAddress> xor_mapped_address() const;

private:
    struct Attribute {
        std::uint16_t type = 0;
        Bytes value;
    };
    StunClass class_ = StunClass::Request;
    std::uint16_t method_ = 0;
    Bytes data_;
    std::vector<Attribute> attributes_;
    std::optional<std::size_t> integrity_at_; ///< offset of the attribute's header
    bool has_fingerprint_ = false;
};

/// Builds one message. Attributes keep the order of the calls; integrity and fingerprint come last.
class StunWriter
{
public:
    /// @p transaction_id: 12 bytes.
    StunWriter(StunClass message_class, std::uint16_t method, Bytes transaction_id);

    void add(std::uint16_t type, Bytes value);
    void add_xor_mapped_address(const SocketAddress& address);
    /// @p code 300...699.
    void add_error(unsigned code, std::string_view reason);
    void add_unknown_attributes(const std::vector<std::uint16_t>& types);
    void add_integrity(std::string_view key);
    void add_fingerprint();
    [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(data_); }

private:
    /// RFC 5389 15.4: integrity and fingerprint are made over a header whose length already counts
    /// them.
    void set_length(std::size_t extra);
    std::vector<std::uint8_t> data_;
};

} // namespace cf::emu

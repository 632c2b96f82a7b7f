/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SocketAddress: an IPv4 or IPv6 address with port, as a value. (GSocketAddress is an object with a
// reference count: too much for one per datagram.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

namespace cf::emu
{

class SocketAddress
{
public:
    SocketAddress() { any_.v6 = {}; }
    /// @p text is a numeric IPv4 or IPv6 address, without brackets.
    [[nodiscard]] static std::optional<SocketAddress> parse(const std::string& text,
                                                            std::uint16_t port);
    /// Nothing for another family, or a length that does not fit it.
    [[nodiscard]] static std::optional<SocketAddress> from_native(const sockaddr* address,
                                                                  socklen_t length);

    [[nodiscard]] bool valid() const { return family() != AF_UNSPEC; }
    [[nodiscard]] int family() const { return any_.base.sa_family; }
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string host() const;      ///< "127.0.0.1", "::1"
    [[nodiscard]] std::string to_string() const; ///< "127.0.0.1:80", "[::1]:80"
    [[nodiscard]] bool is_wildcard() const;
    [[nodiscard]] bool is_loopback() const;

    [[nodiscard]] const sockaddr* native() const { return &any_.base; }
    [[nodiscard]] sockaddr* native() { return &any_.base; }
    [[nodiscard]] socklen_t native_size() const;
    [[nodiscard]] static constexpr socklen_t capacity() { return sizeof(sockaddr_in6); }

    [[nodiscard]] const sockaddr_in& v4() const { return any_.v4; }
    [[nodiscard]] const sockaddr_in6& v6() const { return any_.v6; }

    bool operator==(const SocketAddress& o) const;
    [[nodiscard]] std::size_t hash() const;

private:
    union {
        sockaddr base;
        sockaddr_in v4;
        sockaddr_in6 v6;
    } any_;
};

struct SocketAddressHash {
    std::size_t operator()(const SocketAddress& a) const { return a.hash(); }
};

} // namespace cf::emu

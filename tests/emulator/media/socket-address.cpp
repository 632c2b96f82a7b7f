/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/socket-address.hpp"

#include <cstring>
#include <functional>
#include <string_view>

#include <arpa/inet.h>

namespace cf::emu
{

std::optional<SocketAddress> SocketAddress::parse(const std::string& text, std::uint16_t port)
{
    SocketAddress a;
    if (inet_pton(AF_INET, text.c_str(), &a.any_.v4.sin_addr) == 1) {
        a.any_.v4.sin_family = AF_INET;
        a.any_.v4.sin_port = htons(port);
        return a;
    }
    a.any_.v6 = {};
    if (inet_pton(AF_INET6, text.c_str(), &a.any_.v6.sin6_addr) == 1) {
        a.any_.v6.sin6_family = AF_INET6;
        a.any_.v6.sin6_port = htons(port);
        return a;
    }
    return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::from_native(const sockaddr* address, socklen_t length)
{
    SocketAddress a;
    if (length >= sizeof(sockaddr_in) && address->sa_family == AF_INET)
        std::memcpy(&a.any_.v4, address, sizeof(sockaddr_in));
    else if (length >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6)
        std::memcpy(&a.any_.v6, address, sizeof(sockaddr_in6));
    else
        return std::nullopt;
    return a;
}

std::uint16_t SocketAddress::port() const
{
    if (family() == AF_INET)
        return ntohs(any_.v4.sin_port);
    return family() == AF_INET6 ? ntohs(any_.v6.sin6_port) : 0;
}

std::string SocketAddress::host() const
{
    char text[INET6_ADDRSTRLEN] = "";
    if (family() == AF_INET)
        inet_ntop(AF_INET, &any_.v4.sin_addr, text, sizeof text);
    else if (family() == AF_INET6)
        inet_ntop(AF_INET6, &any_.v6.sin6_addr, text, sizeof text);
    return text;
}

std::string SocketAddress::to_string() const
{
    if (!valid())
        return {};
    const std::string port_text = std::to_string(port());
    return family() == AF_INET ? host() + ":" + port_text : "[" + host() + "]:" + port_text;
}

bool SocketAddress::is_wildcard() const
{
    if (family() == AF_INET)
        return any_.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&any_.v6.sin6_addr);
}

bool SocketAddress::is_loopback() const
{
    if (family() == AF_INET)
        return (ntohl(any_.v4.sin_addr.s_addr) >> 24) == 127;
    return family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&any_.v6.sin6_addr);
}

socklen_t SocketAddress::native_size() const
{
    return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

bool SocketAddress::operator==(const SocketAddress& o) const
{
    if (family() != o.family())
        return false;
    if (family() == AF_INET)
        return any_.v4.sin_port == o.any_.v4.sin_port &&
               any_.v4.sin_addr.s_addr == o.any_.v4.sin_addr.s_addr;
    return any_.v6.sin6_port == o.any_.v6.sin6_port &&
           any_.v6.sin6_scope_id == o.any_.v6.sin6_scope_id &&
           std::memcmp(&any_.v6.sin6_addr, &o.any_.v6.sin6_addr, sizeof(in6_addr)) == 0;
}

std::size_t SocketAddress::hash() const
{
    if (family() == AF_INET)
        return std::hash<std::uint64_t>{}((std::uint64_t{any_.v4.sin_addr.s_addr} << 16) |
                                          any_.v4.sin_port);
    const std::string_view bytes(reinterpret_cast<const char*>(&any_.v6.sin6_addr),
                                 sizeof(in6_addr));
    return std::hash<std::string_view>{}(bytes)*31 + any_.v6.sin6_port;
}

} // namespace cf::emu

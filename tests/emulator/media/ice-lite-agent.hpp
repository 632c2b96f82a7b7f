/* SPDX-License-Identifier: LGPL-2.1-or-later */
// IceLiteAgent: the server side of connectivity checks (RFC 8445, lite implementation). Sends
// nothing of its own accord.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/emulator/media/socket-address.hpp"
#include "tests/emulator/media/stun-message.hpp"

namespace cf::emu
{

struct IceCredentials {
    std::string ufrag;
    std::string pwd; ///< secret
    [[nodiscard]] static IceCredentials generate();
};

class IceLiteAgent
{
public:
    IceLiteAgent() : local_(IceCredentials::generate()) {}

    [[nodiscard]] const IceCredentials& local() const { return local_; }
    /// Also the credentials before the last restart() are served until a check uses the new ones.
    [[nodiscard]] const std::optional<IceCredentials>& previous() const { return previous_; }
    void restart();
    /// The peer's ufrag is compared from now on; before, any is taken, because checks may overtake
    /// the HTTP request that carries it.
    void set_remote_ufrag(std::string ufrag) { remote_ufrag_ = std::move(ufrag); }

    struct Outcome {
        std::vector<std::uint8_t> answer; ///< empty: say nothing
        bool authenticated = false;       ///< the sender knows our password
        bool nominated = false;           ///< USE-CANDIDATE
        unsigned error = 0;               ///< code of the error answer, 0: none
        bool malformed = false;           ///< not a check at all
    };
    /// Answers a Binding request that came from @p from.
    [[nodiscard]] Outcome on_request(const StunMessage& request, const SocketAddress& from);

private:
    [[nodiscard]] const IceCredentials* match(std::string_view username) const;

    IceCredentials local_;
    std::optional<IceCredentials> previous_;
    std::optional<std::string> remote_ufrag_;
};

/// The local part of a USERNAME attribute, what the datagram is routed by; empty if there is none.
[[nodiscard]] std::string_view local_ufrag_of(const StunMessage& message);

} // namespace cf::emu

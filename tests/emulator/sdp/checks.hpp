/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a client's offer or answer must keep to, given what was negotiated before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"
#include "tests/emulator/sdp/description.hpp"

namespace cf::emu::sdp
{

/// What earlier exchanges fixed for good.
struct Established {
    struct Line {
        std::string mid;
        Kind kind = Kind::Audio;
        bool stopped = false; ///< port 0 in the last exchange: a new mid may take the section over
        std::vector<Codec> codecs;
    };
    std::vector<Line> lines;
    /// The client's DTLS role; nothing before the first exchange.
    std::optional<Setup> client_role;
    IceCredentials ice;
    std::string fingerprint;
};

/// Points that no source decides; see docs/guides/emulator.md.
struct CheckRules {
    bool allow_ice_restart = false;
    /// Whether the client may be ICE-lite itself (`thirdparty=true`).
    bool allow_ice_lite = false;
};

/// Errors have ErrorCode::Sdp. An offer never has fewer sections than before (RFC 8829 5.2.2),
/// keeps every mid and kind in place unless its section was stopped, bundles what is not rejected,
/// multiplexes RTCP, keeps ICE credentials, certificate and DTLS role, and gives a number one
/// meaning in the whole bundle.
[[nodiscard]] Status check_offer(const Description& offer, const Established& before,
                                 const CheckRules& rules);

/// The same for an answer to @p offer, which was ours.
[[nodiscard]] Status check_answer(const Description& answer, const Description& offer,
                                  const Established& before, const CheckRules& rules);

} // namespace cf::emu::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The SFU's one ICE candidate.
#pragma once

#include <string>

#include "tests/emulator/sdp/description.hpp"

namespace cf::emu
{

/// A host candidate with the highest priority (RFC 8445 5.1.2.1: type 126, local 65535, component
/// 1), and the foundation that the real service shows: the CRC-32 of type, address and network.
[[nodiscard]] sdp::Candidate host_candidate(const std::string& address, unsigned port);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Text of a session description -> Description.
#pragma once

#include <string_view>

#include "lib/base/result.hpp"
#include "tests/emulator/sdp/description.hpp"

namespace cf::emu::sdp
{

/// Longer descriptions are refused unread.
inline constexpr std::size_t kMaxSdpBytes = 512 * 1024;
/// More m= sections than any client can use; bounds what one description makes us allocate.
inline constexpr std::size_t kMaxSections = 1024;

/// Strict where a client's mistake would show only in production: the last line has to end in CRLF,
/// v=, o=, s=, t= have to come first and in this order (RFC 8866 5), numbers have to be in range.
/// Unknown attributes are skipped. Errors have ErrorCode::Sdp and name the line.
[[nodiscard]] Result<Description> parse(std::string_view text);

} // namespace cf::emu::sdp

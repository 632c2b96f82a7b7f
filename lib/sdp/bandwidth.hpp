/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Bandwidth lines of a section: `b=AS` in kbit/s (RFC 8866 section 5.8), `b=TIAS` in bit/s (RFC
// 3890).
#pragma once

#include <cstdint>
#include <optional>

#include "lib/sdp/media-section.hpp"

namespace cf::sdp
{

/// The limit in bit/s: of b=TIAS, else of b=AS; nothing if neither is there or readable.
[[nodiscard]] std::optional<std::uint64_t> bandwidth(const MediaSection& section);

/// Sets both lines, for peers that read only one of them: b=AS rounded up to whole kbit/s.
/// Bytes stay where they say so already. 0 is a valid limit.
[[nodiscard]] MediaSection set_bandwidth(MediaSection section, std::uint64_t bits_per_second);

/// Removes b=AS and b=TIAS; other b= lines (RS, RR, CT) stay.
[[nodiscard]] MediaSection remove_bandwidth(MediaSection section);

} // namespace cf::sdp

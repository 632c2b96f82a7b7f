/* SPDX-License-Identifier: LGPL-2.1-or-later */
// A description in one line for logs: no secret, address or fingerprint in it.
#pragma once

#include <string>

#include "lib/sdp/description.hpp"

namespace cf::sdp
{

/// Such as `ice-lite, 2 sections: 0 audio sendonly opus | 1 video sendonly VP8+rtx, H264`; a
/// rejected section says so. Cut off after 16 sections.
[[nodiscard]] std::string summary(const Description& description);

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The a= lines of a session description; used by the parser only.
#pragma once

#include <string_view>

#include "lib/base/result.hpp"
#include "tests/emulator/sdp/description.hpp"

namespace cf::emu::sdp
{

/// @p value is what follows "a=".
[[nodiscard]] Status read_session_attribute(std::string_view value, Description& out);
[[nodiscard]] Status read_media_attribute(std::string_view value, Section& out);
/// Checks that need the whole section: every payload type has a codec, rtx points at a listed one.
[[nodiscard]] Status finish_section(Section& section);

} // namespace cf::emu::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Description -> text, in the order of attributes that the real service prints.
#pragma once

#include <string>

#include "tests/emulator/sdp/description.hpp"

namespace cf::emu::sdp
{

[[nodiscard]] std::string write(const Description& description);

} // namespace cf::emu::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The page at "/": three files that are compiled into the program.
#pragma once

#include <string_view>

#include "tests/emulator/api/http-server.hpp"

namespace cf::emu
{

[[nodiscard]] bool is_page_path(std::string_view path);
[[nodiscard]] HttpAnswer page_answer(const HttpRequest& request);

} // namespace cf::emu

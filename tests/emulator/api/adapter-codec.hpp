/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The JSON of the WebSocket adapter endpoints, from the server's side.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.hpp"
#include "tests/emulator/adapters/adapter.hpp"

namespace cf::emu
{

/// Errors are decoding_error under 400.
[[nodiscard]] Result<AdaptersRequest> read_new_adapters(std::string_view body);
[[nodiscard]] Result<AdaptersRequest> read_close_adapters(std::string_view body);
[[nodiscard]] std::string write_answer(const AdaptersAnswer& answer);

} // namespace cf::emu

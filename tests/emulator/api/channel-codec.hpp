/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The JSON of the data channel endpoints.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.hpp"
#include "tests/emulator/sfu/channel-values.hpp"

namespace cf::emu
{

// Errors carry what the service answers with: http_status 400 and api_code "decoding_error".
[[nodiscard]] Result<EstablishRequest> read_establish_request(std::string_view body);
[[nodiscard]] Result<ChannelsRequest> read_channels_request(std::string_view body);

[[nodiscard]] std::string write_answer(const EstablishAnswer& answer);
[[nodiscard]] std::string write_answer(const ChannelsAnswer& answer);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Small answers and helpers that several groups of endpoints share.
#pragma once

#include <string>
#include <string_view>

#include "tests/emulator/api/http-server.hpp"
#include "tests/emulator/sfu/faults.hpp"
#include "tests/emulator/sfu/refusal.hpp"

namespace cf::emu
{

[[nodiscard]] HttpAnswer json_answer(unsigned status, std::string body);
[[nodiscard]] HttpAnswer refusal_answer(const Refusal& refusal);
/// What the fault "status" answers.
[[nodiscard]] HttpAnswer fault_answer(const Fault& fault);
/// The answer to OPTIONS.
[[nodiscard]] HttpAnswer preflight(const HttpRequest& request);
void add_cors(HttpAnswer& answer);

/// Whether a browser may use what is not Cloudflare's: any page may send requests here, but only
/// our own, opened under a numeric address or as localhost (not a name that was rebound), may be
/// heard.
[[nodiscard]] bool from_own_page(const HttpRequest& request);

/// Percent-decoded; empty if it is malformed.
[[nodiscard]] std::string unescape(std::string_view text);
/// The value of a query parameter, decoded; empty if it is not there.
[[nodiscard]] std::string query_parameter(const std::string& query, std::string_view name);

} // namespace cf::emu

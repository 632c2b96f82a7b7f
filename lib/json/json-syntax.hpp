/* SPDX-License-Identifier: LGPL-2.1-or-later */
// check_syntax(): what is JSON and what is not, before json-glib sees it. json-glib takes
// comments, trailing commas, `var x = {}` and other dialects, nests without limit (on the stack),
// and lets integers beyond 64 bits wrap around; each version differently.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/json/json-reader.hpp"

namespace cf::json
{

/// Checks @p text against RFC 8259 and the limits of JsonReader::parse(). Returns the text for
/// json-glib: without byte order mark, and with integers that do not fit std::int64_t written so
/// that they are read as floating point numbers.
[[nodiscard]] Result<std::string> check_syntax(std::string_view text, const JsonLimits& limits);

} // namespace cf::json

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The field `Retry-After` (RFC 9110 10.2.3).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "lib/base/executor.hpp"

namespace cf::http
{

/// Longer waits are cut to this; nobody waits for them anyway.
inline constexpr Milliseconds kLongestRetryAfter{std::chrono::hours{24}};

/// Reads either form, a number of seconds or a date. A date is measured from @p date, the `Date`
/// of the same response, so that this machine's clock does not matter; from @p now if that is
/// missing or unreadable. Dates gone by mean 0; nothing for a value that is neither form.
[[nodiscard]] std::optional<Milliseconds>
parse_retry_after(const std::string& value, const std::string& date,
                  std::chrono::system_clock::time_point now);

} // namespace cf::http

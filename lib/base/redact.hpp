/* SPDX-License-Identifier: LGPL-2.1-or-later */
// redact(): the one function through which text passes before a person or a log sees it.
#pragma once

#include <string>
#include <string_view>

namespace cf
{

/// Copies @p text with every secret in it replaced by "[redacted]": bearer tokens, `a=ice-pwd`
/// values, TURN `credential` and `username` members, cookies, `token`, `secret`, `password` and
/// `key` members and query parameters, and the user part of URLs. Idempotent; safe on text that is
/// cut off anywhere or is not UTF-8. Any thread.
[[nodiscard]] std::string redact(std::string_view text);

} // namespace cf

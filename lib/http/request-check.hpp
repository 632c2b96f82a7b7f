/* SPDX-License-Identifier: LGPL-2.1-or-later */
// check_request(): what must not reach libsoup, which takes it for a mistake of the program.
#pragma once

#include "lib/base/result.hpp"
#include "lib/http/http-client.hpp"

namespace cf::http
{

/// InvalidArgument if @p request is not one that HTTP can carry: URL, method, or a header field
/// with a line break in it, which would let whoever wrote the value add fields of their own.
[[nodiscard]] Status check_request(const HttpRequest& request);
[[nodiscard]] Error bad_url_error();

} // namespace cf::http

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// When is it right to send a request again? Pure functions; the waiting is the caller's.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/result.hpp"
#include "lib/http/http-client.hpp"

namespace cf::http
{

/// What happens if the service carries out the same request twice.
enum class Repeat {
    Harmless, ///< as once
    Harmful,  ///< it may have been carried out although we saw no answer: only repeat if it was not
};

/// What RFC 9110 9.2.2 says of @p method; a caller that knows more of its request says so itself.
[[nodiscard]] Repeat repeat_of_method(std::string_view method);

/// How long to wait before sending the request again that ended in @p result; nothing if to send
/// it again cannot help or could do harm. @p backoff is how long the caller would wait by itself
/// (Backoff::next()); a service that asks for more with `Retry-After` gets it, but one that asks
/// for more than @p longest gets no repetition. How often to try is the caller's to count.
///
/// Repeated are: 429, and 503 with `Retry-After` (the service says that it did nothing); failures
/// of the network before the request was sent; and, if a repetition is harmless, other 5xx (but
/// not 501 and 505, which will not change), failures of the network and timeouts.
[[nodiscard]] std::optional<Milliseconds> delay_before_retry(const Result<HttpResponse>& result,
                                                             Repeat repeat, Milliseconds backoff,
                                                             Milliseconds longest);

} // namespace cf::http

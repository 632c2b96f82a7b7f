/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/retry.hpp"

#include <algorithm>
#include <array>

namespace cf::http
{

namespace
{

bool response_allows(const HttpResponse& response, Repeat repeat)
{
    switch (response.status) {
    case 429:
        return true;
    case 501:
    case 505:
        return false;
    case 503:
        return response.retry_after.has_value() || repeat == Repeat::Harmless;
    default:
        return response.status >= 500 && repeat == Repeat::Harmless;
    }
}

bool error_allows(const Error& error, Repeat repeat)
{
    if (error.code != ErrorCode::Network && error.code != ErrorCode::Timeout)
        return false;
    return error.unsent || repeat == Repeat::Harmless;
}

} // namespace

Repeat repeat_of_method(std::string_view method)
{
    constexpr std::array kIdempotent{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};
    return std::find(kIdempotent.begin(), kIdempotent.end(), method) != kIdempotent.end()
               ? Repeat::Harmless
               : Repeat::Harmful;
}

std::optional<Milliseconds> delay_before_retry(const Result<HttpResponse>& result, Repeat repeat,
                                               Milliseconds backoff, Milliseconds longest)
{
    const bool allowed = result.ok() ? response_allows(result.value(), repeat)
                                     : error_allows(result.error(), repeat);
    if (!allowed)
        return std::nullopt;
    const auto asked = result.ok() ? result->retry_after : result.error().retry_after;
    if (asked && *asked > longest)
        return std::nullopt;
    return std::max(asked.value_or(Milliseconds{0}), backoff);
}

} // namespace cf::http

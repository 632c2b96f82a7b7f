/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/retry-after.hpp"

#include <algorithm>
#include <cstdint>

#include <libsoup/soup.h>

#include "lib/http/soup-ref.hpp"

namespace cf::http
{

namespace
{

std::optional<std::int64_t> unix_time(const std::string& http_date)
{
    const auto date = Ref<GDateTime>::adopt(soup_date_time_new_from_http_string(http_date.c_str()));
    if (!date)
        return std::nullopt;
    return g_date_time_to_unix(date.get());
}

Milliseconds bounded(std::int64_t seconds)
{
    const auto longest = std::chrono::duration_cast<std::chrono::seconds>(kLongestRetryAfter);
    return std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, longest.count())};
}

} // namespace

std::optional<Milliseconds> parse_retry_after(const std::string& value, const std::string& date,
                                              std::chrono::system_clock::time_point now)
{
    if (!value.empty() && value.find_first_not_of("0123456789") == std::string::npos)
        return bounded(value.size() > 9 ? INT64_MAX : g_ascii_strtoll(value.c_str(), nullptr, 10));
    const auto until = unix_time(value);
    if (!until)
        return std::nullopt;
    const auto from = unix_time(date).value_or(std::chrono::system_clock::to_time_t(now));
    return bounded(*until - from);
}

} // namespace cf::http

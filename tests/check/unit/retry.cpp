/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/retry.hpp"

#include <optional>
#include <string>

#include "lib/http/retry-after.hpp"
#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::http;

namespace
{

using Delay = std::optional<Milliseconds>;
constexpr Milliseconds kBackoff{500};
constexpr Milliseconds kLongest{60000};
constexpr Delay kNever;

Delay after_status(unsigned status, Repeat repeat, Delay retry_after = {})
{
    HttpResponse response;
    response.status = status;
    response.retry_after = retry_after;
    return delay_before_retry(response, repeat, kBackoff, kLongest);
}

Delay after_error(ErrorCode code, Repeat repeat, bool unsent = false)
{
    Error error{code, "m"};
    error.unsent = unsent;
    return delay_before_retry(error, repeat, kBackoff, kLongest);
}

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds{784111777}};

Delay parsed(const std::string& value, const std::string& date = "")
{
    return parse_retry_after(value, date, kNow);
}

} // namespace

GST_START_TEST(methods_are_idempotent_as_the_rfc_says)
{
    for (const char* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
        fail_unless(repeat_of_method(method) == Repeat::Harmless, "%s", method);
    for (const char* method : {"POST", "PATCH", "CONNECT", "get", ""})
        fail_unless(repeat_of_method(method) == Repeat::Harmful, "%s", method);
}
GST_END_TEST;

GST_START_TEST(success_and_refusals_are_final)
{
    for (const unsigned status : {200U, 201U, 204U, 301U, 400U, 401U, 403U, 404U, 406U, 409U, 410U,
                                  413U, 425U, 501U, 505U}) {
        fail_unless(after_status(status, Repeat::Harmless) == kNever, "%u", status);
        fail_unless(after_status(status, Repeat::Harmless, Milliseconds{1}) == kNever, "%u",
                    status);
    }
}
GST_END_TEST;

GST_START_TEST(too_many_requests_is_repeated_whatever_the_request)
{
    fail_unless(after_status(429, Repeat::Harmful) == kBackoff);
    fail_unless(after_status(429, Repeat::Harmful, Milliseconds{3000}) == Milliseconds{3000});
    fail_unless(after_status(429, Repeat::Harmful, Milliseconds{0}) == kBackoff);
}
GST_END_TEST;

GST_START_TEST(unavailable_with_retry_after_is_repeated_whatever_the_request)
{
    fail_unless(after_status(503, Repeat::Harmful) == kNever);
    fail_unless(after_status(503, Repeat::Harmless) == kBackoff);
    fail_unless(after_status(503, Repeat::Harmful, Milliseconds{2000}) == Milliseconds{2000});
}
GST_END_TEST;

GST_START_TEST(server_errors_are_repeated_if_that_does_no_harm)
{
    for (const unsigned status : {500U, 502U, 504U, 520U, 522U, 530U}) {
        fail_unless(after_status(status, Repeat::Harmless) == kBackoff, "%u", status);
        fail_unless(after_status(status, Repeat::Harmful) == kNever, "%u", status);
    }
}
GST_END_TEST;

GST_START_TEST(a_wait_that_is_too_long_is_not_waited)
{
    fail_unless(after_status(429, Repeat::Harmless, kLongest) == kLongest);
    fail_unless(after_status(429, Repeat::Harmless, kLongest + Milliseconds{1}) == kNever);
}
GST_END_TEST;

GST_START_TEST(failures_of_the_network_are_repeated_if_safe)
{
    for (const ErrorCode code : {ErrorCode::Network, ErrorCode::Timeout}) {
        fail_unless(after_error(code, Repeat::Harmless) == kBackoff);
        fail_unless(after_error(code, Repeat::Harmful) == kNever);
        fail_unless(after_error(code, Repeat::Harmful, true) == kBackoff);
    }
}
GST_END_TEST;

GST_START_TEST(other_failures_are_final)
{
    for (const ErrorCode code :
         {ErrorCode::Cancelled, ErrorCode::InvalidArgument, ErrorCode::Tls, ErrorCode::TooLarge,
          ErrorCode::Protocol, ErrorCode::Unsupported, ErrorCode::Internal})
        fail_unless(after_error(code, Repeat::Harmless, true) == kNever, "%s", to_string(code));
}
GST_END_TEST;

GST_START_TEST(retry_after_in_seconds)
{
    fail_unless(parsed("0") == Milliseconds{0});
    fail_unless(parsed("120") == Milliseconds{120000});
    fail_unless(parsed("007") == Milliseconds{7000});
    fail_unless(parsed("99999999") == kLongestRetryAfter);
    fail_unless(parsed("99999999999999999999999999") == kLongestRetryAfter);
}
GST_END_TEST;

GST_START_TEST(retry_after_as_a_date)
{
    const char* a_minute_later = "Sun, 06 Nov 1994 08:50:37 GMT";
    fail_unless(parsed(a_minute_later) == Milliseconds{60000});
    fail_unless(parsed("Sunday, 06-Nov-94 08:50:37 GMT") == Milliseconds{60000});
    fail_unless(parsed("Sun Nov  6 08:50:37 1994") == Milliseconds{60000});
    fail_unless(parsed("Sun, 06 Nov 1994 08:00:00 GMT") == Milliseconds{0}); // gone by
    fail_unless(parsed("Fri, 31 Dec 9999 23:59:59 GMT") == kLongestRetryAfter);
}
GST_END_TEST;

GST_START_TEST(retry_after_goes_by_the_clock_of_the_server)
{
    const char* until = "Sun, 06 Nov 1994 08:50:37 GMT";
    fail_unless(parsed(until, "Sun, 06 Nov 1994 08:50:27 GMT") == Milliseconds{10000});
    fail_unless(parsed(until, "no date") == Milliseconds{60000});
}
GST_END_TEST;

GST_START_TEST(retry_after_that_is_neither_says_nothing)
{
    for (const char* text :
         {"", " ", "soon", "-1", "1.5", "1 2", "5s", "Sun, 99 Nov 1994 99:99:99", "\xff\xfe"})
        fail_unless(parsed(text) == kNever, "%s", text);
}
GST_END_TEST;

static Suite* retry_suite(void)
{
    Suite* s = suite_create("retry");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, methods_are_idempotent_as_the_rfc_says);
    tcase_add_test(tc, success_and_refusals_are_final);
    tcase_add_test(tc, too_many_requests_is_repeated_whatever_the_request);
    tcase_add_test(tc, unavailable_with_retry_after_is_repeated_whatever_the_request);
    tcase_add_test(tc, server_errors_are_repeated_if_that_does_no_harm);
    tcase_add_test(tc, a_wait_that_is_too_long_is_not_waited);
    tcase_add_test(tc, failures_of_the_network_are_repeated_if_safe);
    tcase_add_test(tc, other_failures_are_final);
    tcase_add_test(tc, retry_after_in_seconds);
    tcase_add_test(tc, retry_after_as_a_date);
    tcase_add_test(tc, retry_after_goes_by_the_clock_of_the_server);
    tcase_add_test(tc, retry_after_that_is_neither_says_nothing);
    return s;
}

GST_CHECK_MAIN(retry);

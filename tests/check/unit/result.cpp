/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/result.hpp"

#include <memory>
#include <set>
#include <string>

#include <gio/gio.h>

#include "tests/support/check.hpp"

using namespace cf;

namespace
{

Result<int> positive(int n)
{
    if (n <= 0)
        return Error{ErrorCode::InvalidArgument, "not positive"};
    return n;
}

Result<std::string> twice(int n)
{
    CF_TRY_LET(const int a, positive(n));
    CF_TRY_LET(const int b, positive(n));
    return std::to_string(a + b);
}

Status both(int a, int b, int& reached)
{
    CF_TRY(positive(a));
    reached = 1;
    CF_TRY(positive(b));
    reached = 2;
    return ok_status();
}

} // namespace

GST_START_TEST(result_holds_value_or_error)
{
    auto good = positive(3);
    fail_unless(good.ok() && static_cast<bool>(good));
    fail_unless_equals_int(*good, 3);
    auto bad = positive(0);
    fail_if(bad.ok());
    fail_unless(bad.error().code == ErrorCode::InvalidArgument);
    fail_unless_equals_text(bad.error().message.c_str(), "not positive");
}
GST_END_TEST;

GST_START_TEST(result_carries_types_that_only_move)
{
    Result<std::unique_ptr<int>> r{std::make_unique<int>(7)};
    const std::unique_ptr<int> taken = r.take();
    fail_unless_equals_int(*taken, 7);
}
GST_END_TEST;

GST_START_TEST(result_of_an_error_type_keeps_them_apart)
{
    const Result<std::string> text{std::string{"text"}};
    fail_unless(text.ok());
    const Result<std::string> error{Error{ErrorCode::Network, "text"}};
    fail_if(error.ok());
}
GST_END_TEST;

GST_START_TEST(try_leaves_with_the_first_error)
{
    int reached = 0;
    fail_unless(both(1, 1, reached).ok());
    fail_unless_equals_int(reached, 2);
    reached = 0;
    fail_if(both(1, 0, reached).ok());
    fail_unless_equals_int(reached, 1);
    reached = 0;
    fail_if(both(0, 1, reached).ok());
    fail_unless_equals_int(reached, 0);
    fail_unless_equals_text(twice(4)->c_str(), "8");
    fail_unless(twice(-1).error().code == ErrorCode::InvalidArgument);
}
GST_END_TEST;

GST_START_TEST(gerror_enters_redacted_and_is_freed)
{
    GError* raw = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED,
                                      "GET https://user:hunter2@host/?token=abc failed");
    const Error e = from_gerror(ErrorCode::Network, raw, "Check the network");
    fail_unless(e.code == ErrorCode::Network);
    fail_unless_equals_text(e.message.c_str(), "Check the network");
    fail_unless(e.debug.find("hunter2") == std::string::npos);
    fail_unless(e.debug.find("abc") == std::string::npos);
    fail_unless(e.debug.find("failed") != std::string::npos);
    fail_unless(from_gerror(ErrorCode::Internal, nullptr, "m").debug.empty());
}
GST_END_TEST;

GST_START_TEST(every_code_has_a_name_of_its_own)
{
    std::set<std::string> names;
    constexpr int kLast = static_cast<int>(ErrorCode::Internal);
    for (int i = 0; i <= kLast; ++i) {
        const std::string name = to_string(static_cast<ErrorCode>(i));
        fail_if(name.empty());
        fail_unless(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos);
        fail_unless(names.insert(name).second, "%s is there twice", name.c_str());
    }
}
GST_END_TEST;

static Suite* result_suite(void)
{
    Suite* s = suite_create("result");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, result_holds_value_or_error);
    tcase_add_test(tc, result_carries_types_that_only_move);
    tcase_add_test(tc, result_of_an_error_type_keeps_them_apart);
    tcase_add_test(tc, try_leaves_with_the_first_error);
    tcase_add_test(tc, gerror_enters_redacted_and_is_freed);
    tcase_add_test(tc, every_code_has_a_name_of_its_own);
    return s;
}

GST_CHECK_MAIN(result);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/history.hpp"

#include <string>
#include <thread>

#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::http;

GST_START_TEST(the_oldest_call_makes_room)
{
    History h;
    for (unsigned i = 0; i < History::kMaxEntries + 5; ++i)
        h.add(HistoryEntry{.method = "PUT", .status = i});
    const auto entries = h.snapshot();
    fail_unless_equals_int(static_cast<int>(entries.size()),
                           static_cast<int>(History::kMaxEntries));
    fail_unless_equals_int(static_cast<int>(entries.front().status), 5);
    fail_unless_equals_int(static_cast<int>(entries.back().status),
                           static_cast<int>(History::kMaxEntries) + 4);
}
GST_END_TEST;

GST_START_TEST(secrets_do_not_get_in)
{
    History h;
    h.add(HistoryEntry{.path = "/x?token=SESAME",
                       .request_body = "a=ice-pwd:SESAME\r\n",
                       .response_body = R"({"credential":"SESAME"})"});
    const auto e = h.snapshot().at(0);
    for (const auto& text : {e.path, e.request_body, e.response_body})
        fail_unless(text.find("SESAME") == std::string::npos, "%s", text.c_str());
    fail_unless_equals_text(e.path.c_str(), "/x?token=[redacted]");
}
GST_END_TEST;

GST_START_TEST(long_bodies_are_cut_between_characters)
{
    History h;
    const std::string fits(History::kMaxBody, 'x');
    std::string euros;
    while (euros.size() <= History::kMaxBody)
        euros += "€";
    h.add(HistoryEntry{.request_body = fits, .response_body = euros});
    const auto e = h.snapshot().at(0);
    fail_unless(e.request_body == fits);
    fail_unless(e.response_body.size() <= History::kMaxBody);
    fail_unless(e.response_body.size() > History::kMaxBody - 4);
    fail_unless(g_utf8_validate(e.response_body.c_str(), -1, nullptr));
    fail_unless(e.response_body.ends_with("…"));
}
GST_END_TEST;

// The secret begins before the cut and ends behind it.
GST_START_TEST(the_cut_does_not_uncover_a_secret)
{
    History h;
    for (std::size_t lead = History::kMaxBody - 40; lead < History::kMaxBody; ++lead) {
        h.add(HistoryEntry{.response_body =
                               std::string(lead, ' ') + "\"credential\":\"SESAMESESAMESESAME\""});
        fail_unless(h.snapshot().back().response_body.find("SES") == std::string::npos);
    }
}
GST_END_TEST;

GST_START_TEST(bytes_become_text)
{
    History h;
    h.add(HistoryEntry{.response_body = std::string{"a\xff\0z", 4}});
    fail_unless_equals_text(h.snapshot().at(0).response_body.c_str(), "a\xef\xbf\xbd\xef\xbf\xbdz");
}
GST_END_TEST;

GST_START_TEST(writing_and_reading_may_overlap)
{
    History h;
    std::thread writer{[&] {
        for (int i = 0; i < 2000; ++i)
            h.add(HistoryEntry{.method = "GET", .request_body = "body"});
    }};
    for (int i = 0; i < 200; ++i) {
        for (const auto& e : h.snapshot())
            fail_unless_equals_text(e.request_body.c_str(), "body");
    }
    writer.join();
    fail_unless_equals_int(static_cast<int>(h.snapshot().size()),
                           static_cast<int>(History::kMaxEntries));
}
GST_END_TEST;

static Suite* history_suite(void)
{
    Suite* s = suite_create("history");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, the_oldest_call_makes_room);
    tcase_add_test(tc, secrets_do_not_get_in);
    tcase_add_test(tc, long_bodies_are_cut_between_characters);
    tcase_add_test(tc, the_cut_does_not_uncover_a_secret);
    tcase_add_test(tc, bytes_become_text);
    tcase_add_test(tc, writing_and_reading_may_overlap);
    return s;
}

GST_CHECK_MAIN(history);

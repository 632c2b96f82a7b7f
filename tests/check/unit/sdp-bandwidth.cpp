/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/bandwidth.hpp"
#include "tests/check/unit/sdp-samples.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

const std::string kHead = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n";

MediaSection with(const std::string& lines)
{
    return parsed("v=0\r\n" + kHead + lines + "a=mid:0\r\n").sections()[0];
}

void expect(const MediaSection& section, const std::string& lines)
{
    assert_text(section_text(section), kHead + lines + "a=mid:0\r\n");
}

} // namespace

GST_START_TEST(both_lines_are_set_behind_the_connection_line)
{
    expect(set_bandwidth(with(""), 2500000), "b=AS:2500\r\nb=TIAS:2500000\r\n");
    expect(set_bandwidth(with(""), 64001), "b=AS:65\r\nb=TIAS:64001\r\n");
    expect(set_bandwidth(with(""), 0), "b=AS:0\r\nb=TIAS:0\r\n");
}
GST_END_TEST;

GST_START_TEST(old_limits_are_replaced_and_others_stay)
{
    expect(set_bandwidth(with("b=AS:99\r\nb=RR:5\r\nb=TIAS:1\r\nb=AS:98\r\n"), 1000),
           "b=RR:5\r\nb=AS:1\r\nb=TIAS:1000\r\n");
    const auto same = with("b=TIAS: 1000\r\nb=AS:1 \r\n");
    fail_unless(set_bandwidth(same, 1000) == same);
}
GST_END_TEST;

GST_START_TEST(limits_can_be_removed)
{
    expect(remove_bandwidth(with("b=AS:99\r\nb=RS:0\r\nb=TIAS:1\r\n")), "b=RS:0\r\n");
    fail_unless(remove_bandwidth(with("")) == with(""));
}
GST_END_TEST;

GST_START_TEST(the_limit_is_read_from_either_line)
{
    fail_unless(bandwidth(with("b=AS:99\r\nb=TIAS:5\r\n")) == 5U);
    fail_unless(bandwidth(with("b=AS:99\r\n")) == 99000U);
    fail_unless(!bandwidth(with("")));
    for (auto bad : {"b=AS:x\r\n", "b=AS:\r\n", "b=AS\r\n", "b=AS:-1\r\n", "b=CT:5\r\n",
                     "b=AS:18446744073709551615\r\n", "a=AS:5\r\n"})
        fail_unless(!bandwidth(with(bad)), "%s", bad);
    fail_unless(bandwidth(with("b=TIAS:x\r\nb=AS:7\r\n")) == 7000U);
}
GST_END_TEST;

static Suite* sdp_bandwidth_suite()
{
    Suite* s = suite_create("sdp_bandwidth");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, both_lines_are_set_behind_the_connection_line);
    tcase_add_test(tc, old_limits_are_replaced_and_others_stay);
    tcase_add_test(tc, limits_can_be_removed);
    tcase_add_test(tc, the_limit_is_read_from_either_line);
    return s;
}

GST_CHECK_MAIN(sdp_bandwidth);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <chrono>

#include "lib/sdp/description.hpp"
#include "lib/sdp/summary.hpp"
#include "tests/check/unit/sdp-samples.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

const std::string kMinimal = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                             "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n";

void expect_error_names_line(std::string_view text, int line)
{
    const auto result = Description::parse(text);
    assert_error(result, ErrorCode::Sdp);
    const auto wanted = "Line " + std::to_string(line) + " ";
    fail_unless(result.error().message.starts_with(wanted), "%s", result.error().message.c_str());
}

} // namespace

GST_START_TEST(every_sample_comes_out_byte_for_byte)
{
    for (const auto& path : all_samples()) {
        const auto text = read_file(path);
        assert_text(parsed(text).to_string(), text);
    }
}
GST_END_TEST;

GST_START_TEST(odd_spacing_is_kept_where_nobody_edits)
{
    const std::string text = "v=0\r\ns= \r\na=group:BUNDLE  0\t1\r\nm=audio  9 UDP/TLS/RTP/SAVPF\t"
                             "111 \r\na=fmtp:111   minptime = 10 ; ;useinbandfec=1;\r\na=mid: 0\r\n"
                             "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na = x\r\na=mid :1\r\n";
    auto bad = Description::parse(text);
    assert_error(bad, ErrorCode::Sdp); // "a = x" has no type
    const auto description = parsed(replaced(text, "a = x", "a=x "));
    assert_text(description.to_string(), replaced(text, "a = x", "a=x "));
    assert_text(std::string(description.sections()[0].mid()), "0");
    assert_text(std::string(description.sections()[1].mid()), "1");
    fail_unless((*description.bundle_group() == std::vector<Mid>{"0", "1"}));
}
GST_END_TEST;

GST_START_TEST(line_ends_are_read_leniently_and_written_strictly)
{
    auto lf = replaced(kMinimal, "\r\n", "\n");
    assert_text(parsed(lf).to_string(), kMinimal);
    lf.pop_back();
    assert_text(parsed(lf).to_string(), kMinimal);
    assert_text(parsed(kMinimal.substr(0, kMinimal.size() - 2)).to_string(), kMinimal);
    assert_text(parsed(kMinimal.substr(0, kMinimal.size() - 1)).to_string(), kMinimal);
    assert_text(parsed("\r\n" + kMinimal + "\r\n\n").to_string(), kMinimal);
}
GST_END_TEST;

GST_START_TEST(free_text_may_have_any_encoding)
{
    const auto text = replaced(kMinimal, "s=-", "s=caf\xe9 \xc3\xa9");
    assert_text(parsed(text).to_string(), text);
}
GST_END_TEST;

GST_START_TEST(an_unreadable_line_is_named_by_number)
{
    expect_error_names_line("v=1\r\n", 1);
    expect_error_names_line("s=-\r\nv=0\r\n", 1);
    expect_error_names_line("v=0\r\nhello\r\n", 2);
    expect_error_names_line("v=0\r\n\r\n=x\r\n", 3);
    expect_error_names_line("v=0\r\nA=x\r\n", 2);
    expect_error_names_line("v=0\r\na=x\rb\r\n", 2);
    expect_error_names_line(std::string("v=0\r\na=x\0y\r\n", 12), 2);
    expect_error_names_line("v=0\r\nm=audio\r\n", 2);
    expect_error_names_line("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF\r\n", 2);
    expect_error_names_line("v=0\r\nm=audio 65536 UDP/TLS/RTP/SAVPF 0\r\n", 2);
    expect_error_names_line("v=0\r\nm=audio -1 UDP/TLS/RTP/SAVPF 0\r\n", 2);
    expect_error_names_line("v=0\r\nm=audio 9/x UDP/TLS/RTP/SAVPF 0\r\n", 2);
}
GST_END_TEST;

GST_START_TEST(an_error_does_not_repeat_the_line)
{
    const auto result = Description::parse("v=0\r\nhunter2\r\n");
    assert_error(result, ErrorCode::Sdp);
    fail_unless(!contains(result.error().message + result.error().debug, "hunter2"));
}
GST_END_TEST;

GST_START_TEST(nothing_at_all_is_an_error)
{
    assert_error(Description::parse(""), ErrorCode::Sdp);
    assert_error(Description::parse("\r\n\r\n"), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(limits_hold_exactly)
{
    std::string text = kMinimal;
    for (std::size_t i = 1; i < kMaxSections; i++)
        text += "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
    fail_unless_equals_uint64(parsed(text).sections().size(), kMaxSections);
    assert_error(Description::parse(text + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"),
                 ErrorCode::TooLarge);

    std::string lines = "v=0\n";
    for (std::size_t i = 1; i < kMaxLines; i++)
        lines += "a=x\n";
    assert_ok(Description::parse(lines));
    assert_error(Description::parse(lines + "a=x\n"), ErrorCode::TooLarge);

    const std::string big = "v=0\r\na=" + std::string(kMaxBytes - 7, 'x');
    fail_unless_equals_uint64(big.size(), kMaxBytes);
    assert_ok(Description::parse(big));
    assert_error(Description::parse(big + "x"), ErrorCode::TooLarge);

    std::string formats = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF";
    for (std::size_t i = 0; i < MediaSection::kMaxFormats; i++)
        formats += " 1";
    assert_ok(Description::parse(formats));
    assert_error(Description::parse(formats + " 1"), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(bundle_group_is_edited_in_place)
{
    auto description = parsed_sample("sfu-pull.offer");
    const auto before = description.to_string();
    fail_unless((*description.bundle_group() == std::vector<Mid>{"0", "1"}));
    description.set_bundle_group({"0", "1"});
    assert_text(description.to_string(), before);
    description.set_bundle_group({"1"});
    assert_text(description.to_string(),
                replaced(before, "a=group:BUNDLE 0 1", "a=group:BUNDLE 1"));
    description.set_bundle_group({});
    fail_unless(!description.bundle_group());
    assert_text(description.to_string(), without_lines(before, "a=group:"));
    description.set_bundle_group({"0", "1"});
    fail_unless((*description.bundle_group() == std::vector<Mid>{"0", "1"}));
}
GST_END_TEST;

GST_START_TEST(other_groups_are_no_bundle)
{
    auto description = parsed(replaced(kMinimal, "t=0 0\r\n", "t=0 0\r\na=group:LS 0\r\n"));
    fail_unless(!description.bundle_group());
    description.set_bundle_group({"0"});
    fail_unless(contains(description.to_string(), "a=group:LS 0\r\na=group:BUNDLE 0\r\n"));
}
GST_END_TEST;

GST_START_TEST(session_level_attributes_are_the_sections_defaults)
{
    const auto description = parsed("v=0\r\na=inactive\r\na=fingerprint:sha-256 AB:CD\r\n"
                                    "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nm=video 9 "
                                    "UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\na=fingerprint:sha-1 "
                                    "12:34\r\n");
    const auto& audio = description.sections()[0];
    const auto& video = description.sections()[1];
    fail_unless(description.direction_of(audio) == Direction::Inactive);
    fail_unless(description.direction_of(video) == Direction::RecvOnly);
    fail_unless(description.fingerprints_of(audio).at(0) == (Fingerprint{"sha-256", "AB:CD"}));
    fail_unless(description.fingerprints_of(video).at(0) == (Fingerprint{"sha-1", "12:34"}));
}
GST_END_TEST;

GST_START_TEST(find_goes_by_mid_and_never_by_none)
{
    auto description = parsed(kMinimal + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
    fail_unless(description.find("0") == &description.sections()[0]);
    fail_unless(description.find("") == nullptr);
    fail_unless(description.find("1") == nullptr);
}
GST_END_TEST;

GST_START_TEST(summary_is_one_line_without_secrets)
{
    auto description = parsed_sample("sfu-pull.offer");
    assert_text(summary(description),
                "ice-lite, 2 sections: 0 audio sendonly opus | 1 video sendonly VP8, H264+rtx");
    description.sections()[1].set_port(0);
    assert_text(summary(description),
                "ice-lite, 2 sections: 0 audio sendonly opus | 1 video rejected");
    assert_text(summary(parsed("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n")),
                "1 section: - application");
    std::string many = kMinimal;
    for (int i = 0; i < 20; i++)
        many += "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
    fail_unless_equals_uint64(count_of(summary(parsed(many)), " | "), 16);
}
GST_END_TEST;

static Suite* sdp_description_suite()
{
    Suite* s = suite_create("sdp_description");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, every_sample_comes_out_byte_for_byte);
    tcase_add_test(tc, odd_spacing_is_kept_where_nobody_edits);
    tcase_add_test(tc, line_ends_are_read_leniently_and_written_strictly);
    tcase_add_test(tc, free_text_may_have_any_encoding);
    tcase_add_test(tc, an_unreadable_line_is_named_by_number);
    tcase_add_test(tc, an_error_does_not_repeat_the_line);
    tcase_add_test(tc, nothing_at_all_is_an_error);
    tcase_add_test(tc, limits_hold_exactly);
    tcase_add_test(tc, bundle_group_is_edited_in_place);
    tcase_add_test(tc, other_groups_are_no_bundle);
    tcase_add_test(tc, session_level_attributes_are_the_sections_defaults);
    tcase_add_test(tc, find_goes_by_mid_and_never_by_none);
    tcase_add_test(tc, summary_is_one_line_without_secrets);
    return s;
}

GST_CHECK_MAIN(sdp_description);

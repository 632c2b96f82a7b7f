/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/codec-repairs.hpp"
#include "lib/sdp/h264-profile.hpp"
#include "tests/check/unit/sdp-samples.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

MediaSection browser_video()
{
    return parsed_sample("partytracks-push-audio-video.offer").sections().at(1);
}

CodecPreference wanted(const char* name, const char* parameters = "")
{
    return {name, FmtpParameters::parse(parameters)};
}

std::string formats(const MediaSection& section)
{
    std::string out;
    for (auto format : section.formats())
        out.append(out.empty() ? "" : " ").append(format);
    return out;
}

MediaSection h264(const std::string& profile_level_id)
{
    return parsed("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=rtpmap:102 H264/90000\r\n"
                  "a=fmtp:102 packetization-mode=1;profile-level-id=" +
                  profile_level_id + ";level-asymmetry-allowed=1\r\n")
        .sections()
        .at(0);
}

/// What remains of @p said when webrtcbin offered @p ours.
std::string rewritten(const char* said, const char* ours)
{
    const auto section = rewrite_h264_levels(h264(said), h264(ours));
    return std::string(*section.fmtp(102).get("profile-level-id"));
}

} // namespace

GST_START_TEST(P12_only_wanted_codecs_remain_best_first_with_their_rtx)
{
    const auto got =
        filter_and_order_codecs(browser_video(), {wanted("VP9"), wanted("h264"), wanted("VP8")});
    assert_text(formats(got),
                "98 99 100 101 102 103 104 107 108 109 114 115 116 117 39 40 96 97 118 119 120");
    fail_unless(!contains(section_text(got), "AV1"));
    fail_unless(!contains(section_text(got), ":45 ") && !contains(section_text(got), ":46 "));
}
GST_END_TEST;

GST_START_TEST(P12_the_wanted_codec_comes_first_where_webrtcbin_takes_only_that)
{
    const auto section = parsed_sample("sfu-pull.offer").sections()[1];
    assert_text(formats(section), "102 96 97");
    assert_text(formats(filter_and_order_codecs(section, {wanted("H264")})), "96 97");
}
GST_END_TEST;

GST_START_TEST(P12_parameters_choose_among_payload_types_with_their_defaults)
{
    const auto mode_0 =
        filter_and_order_codecs(browser_video(), {wanted("H264", "packetization-mode=0")});
    assert_text(formats(mode_0), "104 107 114 115 39 40 118 119 120");
    const auto profile =
        filter_and_order_codecs(browser_video(), {wanted("H264", "profile-level-id=42e034")});
    assert_text(formats(profile), "108 109 114 115 118 119 120");
    const auto vp9 = filter_and_order_codecs(browser_video(), {wanted("VP9", "profile-id=0")});
    assert_text(formats(vp9), "98 99 118 119 120");
    auto silent = browser_video();
    silent.set_fmtp(98, {});
    assert_text(formats(filter_and_order_codecs(silent, {wanted("VP9", "profile-id=0")})),
                "98 99 118 119 120");
}
GST_END_TEST;

GST_START_TEST(P12_nothing_acceptable_leaves_the_section_whole)
{
    fail_unless(filter_and_order_codecs(browser_video(), {wanted("H266")}) == browser_video());
    fail_unless(filter_and_order_codecs(browser_video(), {}) == browser_video());
}
GST_END_TEST;

GST_START_TEST(P12_a_level_never_rejects)
{
    assert_text(rewritten("42e034", "42e01f"), "42e01f");
    assert_text(rewritten("42E01F", "42e01f"), "42e01f");
    assert_text(rewritten("640c2a", "640c1f"), "640c1f");
    assert_text(rewritten("f4001f", "f40034"), "f40034");
}
GST_END_TEST;

GST_START_TEST(P12_a_profile_that_includes_ours_takes_ours)
{
    assert_text(rewritten("42001f", "42e01f"), "42e01f");
    assert_text(rewritten("4d0028", "42c01f"), "42c01f");
    assert_text(rewritten("64001f", "640c1f"), "640c1f");
    assert_text(rewritten("64001f", "4d001f"), "4d001f");
}
GST_END_TEST;

GST_START_TEST(P12_another_profile_stays_another)
{
    assert_text(rewritten("42e01f", "64001f"), "42e01f");
    assert_text(rewritten("4d001f", "42001f"), "4d001f");
    assert_text(rewritten("nonsense", "42e01f"), "nonsense");
}
GST_END_TEST;

GST_START_TEST(P12_level_rewriting_touches_nothing_else)
{
    const auto want = h264("42e01f");
    fail_unless(rewrite_h264_levels(want, want) == want);
    assert_text(section_text(rewrite_h264_levels(h264("42e034"), want)), section_text(want));
    const auto vp8 = parsed_sample("sfu-publish.answer").sections()[1];
    fail_unless(rewrite_h264_levels(vp8, want) == vp8);
    auto silent = want;
    silent.set_fmtp(102, {});
    fail_unless(rewrite_h264_levels(silent, want) == silent);
    fail_unless(rewrite_h264_levels(want, silent) == want);
}
GST_END_TEST;

GST_START_TEST(h264_profiles_are_told_apart)
{
    fail_unless(h264_profile("42e01f") == H264Profile::ConstrainedBaseline);
    fail_unless(h264_profile("42C01E") == H264Profile::ConstrainedBaseline);
    fail_unless(h264_profile("4d801f") == H264Profile::ConstrainedBaseline);
    fail_unless(h264_profile("42001f") == H264Profile::Baseline);
    fail_unless(h264_profile("58801f") == H264Profile::Baseline);
    fail_unless(h264_profile("4d001f") == H264Profile::Main);
    fail_unless(h264_profile("64001f") == H264Profile::High);
    fail_unless(h264_profile("640c1f") == H264Profile::ConstrainedHigh);
    for (auto bad : {"", "42e01", "42e01ff", "zzzzzz", "f4001f", "58001f", "-2e01f"})
        fail_unless(h264_profile(bad) == H264Profile::Unknown, "%s", bad);
    fail_unless(!h264_decodes(H264Profile::Unknown, H264Profile::Unknown));
    fail_unless(!h264_decodes(H264Profile::ConstrainedBaseline, H264Profile::Baseline));
}
GST_END_TEST;

GST_START_TEST(undescribed_payload_types_go_while_another_remains)
{
    auto offer = parsed_sample("sfu-pull.offer");
    const auto before = offer.to_string();
    offer.sections()[1].set_formats({"102", "35", "96", "97"});
    assert_text(drop_undescribed_formats(offer).to_string(), before);
    assert_ok(check_codecs_described(offer));
    offer.sections()[1].set_formats({"35"});
    fail_unless(drop_undescribed_formats(offer) == offer);
    assert_error(check_codecs_described(offer), ErrorCode::Sdp);
    offer.sections()[1].set_direction(Direction::Inactive);
    assert_ok(check_codecs_described(offer));
    const auto sctp = parsed("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n");
    assert_ok(check_codecs_described(sctp));
    fail_unless(drop_undescribed_formats(sctp) == sctp);
}
GST_END_TEST;

GST_START_TEST(preference_orders_without_removing)
{
    const auto got = prefer_codecs(browser_video(), {"AV1", "vp9"});
    assert_text(formats(got),
                "45 46 98 99 100 101 96 97 102 103 104 107 108 109 114 115 116 117 39 "
                "40 118 119 120");
    fail_unless(got.lines() == browser_video().lines());
    fail_unless(prefer_codecs(got, {"AV1", "vp9"}) == got);
    fail_unless(prefer_codecs(browser_video(), {"H266"}) == browser_video());
    auto undescribed = browser_video();
    undescribed.set_formats({"35", "96", "97", "98"});
    assert_text(formats(prefer_codecs(undescribed, {"VP9"})), "98 35 96 97");
}
GST_END_TEST;

static Suite* sdp_codec_repairs_suite()
{
    Suite* s = suite_create("sdp_codec_repairs");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, P12_only_wanted_codecs_remain_best_first_with_their_rtx);
    tcase_add_test(tc, P12_the_wanted_codec_comes_first_where_webrtcbin_takes_only_that);
    tcase_add_test(tc, P12_parameters_choose_among_payload_types_with_their_defaults);
    tcase_add_test(tc, P12_nothing_acceptable_leaves_the_section_whole);
    tcase_add_test(tc, P12_a_level_never_rejects);
    tcase_add_test(tc, P12_a_profile_that_includes_ours_takes_ours);
    tcase_add_test(tc, P12_another_profile_stays_another);
    tcase_add_test(tc, P12_level_rewriting_touches_nothing_else);
    tcase_add_test(tc, h264_profiles_are_told_apart);
    tcase_add_test(tc, undescribed_payload_types_go_while_another_remains);
    tcase_add_test(tc, preference_orders_without_removing);
    return s;
}

GST_CHECK_MAIN(sdp_codec_repairs);

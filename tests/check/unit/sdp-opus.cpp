/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/opus.hpp"
#include "tests/check/unit/sdp-samples.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

std::string with_dtx(const std::string& text, bool dtx = true, const std::vector<Mid>& mids = {})
{
    auto result = set_opus_dtx(text, dtx, mids);
    assert_ok(result);
    return result.take();
}

/// One audio section of the given lines.
std::string audio(const std::string& formats, const std::string& lines)
{
    return "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF " + formats + "\r\n" + lines;
}

std::string opus_with(const std::string& fmtp_lines)
{
    return audio("111", "a=rtpmap:111 opus/48000/2\r\n" + fmtp_lines + "a=mid:0\r\n");
}

MediaSection opus_section(const OpusParameters& parameters, const std::string& fmtp_lines)
{
    return set_opus_parameters(parsed(opus_with(fmtp_lines)).sections()[0], parameters);
}

std::string fmtp_of(const MediaSection& section)
{
    return section.fmtp(111).to_string();
}

} // namespace

GST_START_TEST(dtx_stands_beside_in_band_fec_exactly_once)
{
    for (auto name : {"partytracks-push-audio.offer", "sfu-publish.answer", "sfu-pull.offer",
                      "partytracks-pull.offer", "webrtcbin-1.22-publish.offer"}) {
        const auto text = sample(name);
        const auto got = with_dtx(text);
        fail_unless_equals_uint64(count_of(got, "usedtx=1"), 1);
        fail_unless_equals_uint64(count_of(got, "useinbandfec=1"), 1);
    }
    const auto text = sample("partytracks-push-audio.offer");
    assert_text(with_dtx(text), replaced(text, "minptime=10;useinbandfec=1",
                                         "minptime=10;useinbandfec=1;usedtx=1"));
}
GST_END_TEST;

GST_START_TEST(dtx_is_idempotent_over_all_samples)
{
    for (const auto& path : all_samples()) {
        const auto text = read_file(path);
        for (const bool dtx : {true, false}) {
            const auto once = with_dtx(text, dtx);
            assert_text(with_dtx(once, dtx), once);
        }
    }
}
GST_END_TEST;

GST_START_TEST(what_says_so_already_keeps_its_bytes)
{
    const auto text = opus_with("a=fmtp:111  usedtx = 1 ;; useinbandfec=1 ;minptime=10\r\n");
    assert_text(with_dtx(text), text);
    const auto none = sample("webrtcbin-1.22-pull-default.answer");
    const auto off = opus_with("a=fmtp:111   minptime=10 ; useinbandfec=1;\r\n");
    assert_text(with_dtx(off, false), off);
    assert_text(with_dtx(none, false), none);
}
GST_END_TEST;

GST_START_TEST(every_opus_payload_type_gets_dtx_and_no_other)
{
    const auto text =
        audio("111 0 112 110 9",
              "a=rtpmap:112 OPUS/48000/2\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n"
              "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n");
    const auto got = with_dtx(text);
    assert_text(got, audio("111 0 112 110 9",
                           "a=rtpmap:112 OPUS/48000/2\r\na=fmtp:112 useinbandfec=1;usedtx=1\r\n"
                           "a=rtpmap:111 opus/48000/2\r\n"
                           "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n"
                           "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n"));
}
GST_END_TEST;

GST_START_TEST(odd_spacing_order_and_case_survive)
{
    const auto got = with_dtx(opus_with("a=fmtp: 111   UseInbandFEC = 0 ;  minptime=10 ;\r\n"));
    assert_text(got, opus_with("a=fmtp:111 useinbandfec=1;minptime=10;usedtx=1\r\n"));
    assert_text(
        with_dtx(audio("111", "a=fmtp:111 usedtx=0\r\na=rtpmap:111\topus/48000/2\r\n")),
        audio("111", "a=fmtp:111 usedtx=1;useinbandfec=1\r\na=rtpmap:111\topus/48000/2\r\n"));
    assert_text(with_dtx(replaced(opus_with(""), "\r\n", "\n")),
                opus_with("a=fmtp:111 useinbandfec=1;usedtx=1\r\n"));
}
GST_END_TEST;

GST_START_TEST(doubled_parameters_and_lines_become_one)
{
    assert_text(with_dtx(opus_with("a=fmtp:111 usedtx=1;usedtx=0;useinbandfec=1;UseDTX=1\r\n")),
                opus_with("a=fmtp:111 usedtx=1;useinbandfec=1\r\n"));
    assert_text(with_dtx(opus_with("a=fmtp:111 minptime=10\r\na=fmtp:111 usedtx=0;stereo=1\r\n")),
                opus_with("a=fmtp:111 minptime=10;usedtx=1;stereo=1;useinbandfec=1\r\n"));
}
GST_END_TEST;

GST_START_TEST(dtx_is_chosen_per_section)
{
    const auto text = sample("sfu-pull-more.offer");
    const auto got = with_dtx(text, true, {"2"});
    const auto description = parsed(got);
    fail_unless(description.sections()[0] == parsed(text).sections()[0]);
    fail_unless(opus_parameters(description.sections()[2])->dtx == true);
    fail_unless(opus_parameters(description.sections()[0])->dtx == false);
    fail_unless_equals_uint64(count_of(with_dtx(text), "usedtx=1"), 2);
    assert_text(with_dtx(got, false, {"0"}), got);
    assert_error(set_opus_dtx(text, true, {"2", "7"}), ErrorCode::InvalidArgument);
    assert_error(set_opus_dtx("no description", true), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(dtx_can_be_switched_off)
{
    const auto text = sample("webrtcbin-1.22-publish.offer");
    const auto got = with_dtx(text, false);
    fail_unless(!contains(got, "usedtx"));
    assert_text(got, replaced(text, "usedtx=1;useinbandfec=1", "useinbandfec=1"));
    assert_text(with_dtx(opus_with("a=fmtp:111 usedtx=1\r\n"), false), opus_with(""));
}
GST_END_TEST;

GST_START_TEST(other_opus_parameters_are_set_and_removed)
{
    OpusParameters wanted;
    wanted.stereo = true;
    wanted.sprop_stereo = true;
    wanted.cbr = true;
    wanted.max_average_bitrate = 96000;
    wanted.max_playback_rate = 24000;
    wanted.min_ptime = 20;
    auto section = opus_section(wanted, "a=fmtp:111 minptime=10;useinbandfec=1\r\n");
    assert_text(fmtp_of(section), "minptime=20;useinbandfec=1;stereo=1;sprop-stereo=1;cbr=1;"
                                  "maxaveragebitrate=96000;maxplaybackrate=24000");
    const auto read = opus_parameters(section);
    fail_unless(read && *read->stereo && *read->sprop_stereo && *read->cbr && *read->inband_fec);
    fail_unless(!*read->dtx && read->max_average_bitrate == 96000);
    fail_unless(read->max_playback_rate == 24000 && read->min_ptime == 20);

    OpusParameters off;
    off.stereo = off.sprop_stereo = off.cbr = off.inband_fec = false;
    off.max_average_bitrate = off.max_playback_rate = off.min_ptime = 0;
    assert_text(fmtp_of(set_opus_parameters(section, off)), "");
    fail_unless(set_opus_parameters(section, {}) == section);
}
GST_END_TEST;

GST_START_TEST(packet_times_are_lines_of_the_section)
{
    OpusParameters wanted;
    wanted.ptime = 60;
    wanted.max_ptime = 120;
    auto section = opus_section(wanted, "a=ptime:20\r\n");
    fail_unless(section.attribute("ptime") == "60" && section.attribute("maxptime") == "120");
    fail_unless(opus_parameters(section)->ptime == 60);
    fail_unless(opus_parameters(section)->max_ptime == 120);
    wanted.ptime = wanted.max_ptime = 0;
    section = set_opus_parameters(section, wanted);
    fail_unless(!section.has_attribute("ptime") && !section.has_attribute("maxptime"));
    const auto other = parsed(audio("0", "a=ptime:20\r\n")).sections()[0];
    fail_unless(set_opus_parameters(other, wanted) == other);
}
GST_END_TEST;

GST_START_TEST(a_section_without_opus_has_no_opus_parameters)
{
    const auto video = parsed_sample("sfu-pull.offer").sections()[1];
    fail_unless(!opus_parameters(video));
    OpusParameters wanted;
    wanted.dtx = true;
    fail_unless(set_opus_parameters(video, wanted) == video);
    // A payload type that the m-line does not list is not in use.
    const auto stray = parsed(audio("0", "a=rtpmap:111 opus/48000/2\r\n")).sections()[0];
    fail_unless(set_opus_parameters(stray, wanted) == stray);
}
GST_END_TEST;

static Suite* sdp_opus_suite()
{
    Suite* s = suite_create("sdp_opus");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, dtx_stands_beside_in_band_fec_exactly_once);
    tcase_add_test(tc, dtx_is_idempotent_over_all_samples);
    tcase_add_test(tc, what_says_so_already_keeps_its_bytes);
    tcase_add_test(tc, every_opus_payload_type_gets_dtx_and_no_other);
    tcase_add_test(tc, odd_spacing_order_and_case_survive);
    tcase_add_test(tc, doubled_parameters_and_lines_become_one);
    tcase_add_test(tc, dtx_is_chosen_per_section);
    tcase_add_test(tc, dtx_can_be_switched_off);
    tcase_add_test(tc, other_opus_parameters_are_set_and_removed);
    tcase_add_test(tc, packet_times_are_lines_of_the_section);
    tcase_add_test(tc, a_section_without_opus_has_no_opus_parameters);
    return s;
}

GST_CHECK_MAIN(sdp_opus);

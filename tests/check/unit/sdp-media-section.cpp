/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/media-section.hpp"
#include "tests/check/unit/sdp-samples.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

MediaSection section_of(const std::string& m_line, const std::string& lines = {})
{
    return parsed("v=0\r\nm=" + m_line + "\r\n" + lines).sections().at(0);
}

MediaSection video_with(const std::string& lines)
{
    return section_of("video 9 UDP/TLS/RTP/SAVPF 96 97", lines);
}

std::string names(const std::vector<Codec>& codecs)
{
    std::string out;
    for (const auto& codec : codecs)
        out += std::to_string(codec.payload_type) + "=" + codec.encoding_name + " ";
    return out;
}

} // namespace

GST_START_TEST(m_line_is_read_and_edited_in_place)
{
    auto section = section_of("audio  47788/2 UDP/TLS/RTP/SAVPF 111  63");
    fail_unless(section.kind() == "audio" && section.port() == 47788);
    fail_unless(section.protocol() == "UDP/TLS/RTP/SAVPF" && section.is_rtp());
    fail_unless((section.formats() == std::vector<std::string_view>{"111", "63"}));
    section.set_port(47788);
    section.set_formats({"111", "63"});
    assert_text(section.m_line(), "audio  47788/2 UDP/TLS/RTP/SAVPF 111  63");
    section.set_port(0);
    assert_text(section.m_line(), "audio  0 UDP/TLS/RTP/SAVPF 111  63");
    section.set_formats({"63"});
    assert_text(section.m_line(), "audio 0 UDP/TLS/RTP/SAVPF 63");
    fail_unless(!section_of("application 9 UDP/DTLS/SCTP webrtc-datachannel").is_rtp());
}
GST_END_TEST;

GST_START_TEST(port_0_is_a_rejection_unless_bundle_only)
{
    fail_unless(section_of("audio 0 UDP/TLS/RTP/SAVPF 111").is_rejected());
    fail_unless(!section_of("audio 0 UDP/TLS/RTP/SAVPF 111", "a=bundle-only\r\n").is_rejected());
    fail_unless(!section_of("audio 9 UDP/TLS/RTP/SAVPF 111").is_rejected());
}
GST_END_TEST;

GST_START_TEST(direction_defaults_to_sendrecv_and_is_replaced_in_place)
{
    auto section = video_with("a=mid:0\r\n");
    fail_unless(section.direction() == Direction::SendRecv && !section.own_direction());
    section.set_direction(Direction::SendOnly);
    fail_unless(section.own_direction() == Direction::SendOnly);

    section = video_with("a=recvonly\r\na=mid:0\r\na=sendonly\r\n");
    section.set_direction(Direction::Inactive);
    assert_text(section_text(section),
                "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=inactive\r\na=mid:0\r\n");
}
GST_END_TEST;

GST_START_TEST(directions_and_roles_reverse)
{
    fail_unless(reversed(Direction::SendOnly) == Direction::RecvOnly);
    fail_unless(reversed(Direction::RecvOnly) == Direction::SendOnly);
    fail_unless(reversed(Direction::SendRecv) == Direction::SendRecv);
    fail_unless(reversed(Direction::Inactive) == Direction::Inactive);
    fail_unless(reversed(SetupRole::Active) == SetupRole::Passive);
    fail_unless(reversed(SetupRole::Passive) == SetupRole::Active);
    fail_unless(reversed(SetupRole::ActPass) == SetupRole::ActPass);
    fail_unless(sends(Direction::SendRecv) && receives(Direction::SendRecv));
    fail_unless(sends(Direction::SendOnly) && !receives(Direction::SendOnly));
    fail_unless(!sends(Direction::RecvOnly) && receives(Direction::RecvOnly));
    fail_unless(!sends(Direction::Inactive) && !receives(Direction::Inactive));
    for (auto role :
         {SetupRole::Active, SetupRole::Passive, SetupRole::ActPass, SetupRole::HoldConn})
        fail_unless(parse_setup_role(to_string(role)) == role);
    fail_unless(parse_setup_role(" ActPass ") == SetupRole::ActPass);
    fail_unless(!parse_setup_role("both"));
}
GST_END_TEST;

GST_START_TEST(transport_of_a_captured_answer_is_read)
{
    const auto description = parsed_sample("sfu-publish.answer");
    fail_unless(description.is_ice_lite());
    const auto& audio = description.sections().at(0);
    fail_unless(audio.ice_ufrag() == "RmVkoXyJPlnHsrBD");
    fail_unless(audio.ice_pwd() == "hTvMcrpCGZHmJRpYJLCVVhqnWQjGfNLE");
    fail_unless(audio.setup() == SetupRole::Passive);
    fail_unless(audio.fingerprints().empty());
    const auto fingerprints = description.fingerprints_of(audio);
    fail_unless_equals_uint64(fingerprints.size(), 1);
    assert_text(fingerprints[0].algorithm, "sha-256");
    fail_unless(fingerprints[0].value.starts_with("60:7C:E6:"));
    const auto candidates = audio.candidates();
    fail_unless_equals_uint64(candidates.size(), 2);
    fail_unless(candidates[0].address == "192.0.2.1" && candidates[0].port == 1473);
    fail_unless(candidates[0].transport == "udp" && candidates[0].type == "host");
    fail_unless(candidates[0].priority == 2130706431 && candidates[1].component == 2);
    fail_unless(description.sections().at(1).candidates().empty());
}
GST_END_TEST;

GST_START_TEST(fingerprints_are_normalised_and_checked)
{
    fail_unless(parse_fingerprint("SHA-256  ab:0f") == (Fingerprint{"sha-256", "AB:0F"}));
    for (auto bad : {"", "sha-256", "sha-256 AB:C", "sha-256 AB-CD", "sha-256 GG:00",
                     "sha-256 AB:CD:", "sha-256 AB CD", "sha-256 :AB"})
        fail_unless(!parse_fingerprint(bad), "%s", bad);
}
GST_END_TEST;

GST_START_TEST(codecs_come_in_m_line_order_with_all_that_is_said)
{
    const auto offer = parsed_sample("partytracks-push-audio-video.offer");
    const auto audio = offer.sections().at(0).codecs();
    assert_text(names(audio), "111=opus 63=red 9=G722 0=PCMU 8=PCMA 13=CN 110=telephone-event "
                              "126=telephone-event ");
    fail_unless(audio[0].clock_rate == 48000 && audio[0].channels == 2);
    fail_unless(audio[0].fmtp.get("useinbandfec") == "1" && audio[0].is("OPUS"));
    fail_unless(audio[1].fmtp.all().at(0) == (FmtpParameter{"111/111", "", false}));
    const auto& video = offer.sections().at(1);
    fail_unless_equals_uint64(video.codecs().size(), 23);
    const auto vp8 = video.codec(96);
    fail_unless(vp8 && vp8->rtcp_fb.size() == 5 && vp8->rtcp_fb.back() == "nack pli");
    fail_unless(video.codec(97)->apt == 96 && video.codec(103)->apt == 102);
    fail_unless(!video.codec(99)->fmtp.get("x") && !video.codec(1));
}
GST_END_TEST;

GST_START_TEST(codecs_survive_what_is_odd_or_wrong)
{
    const auto section = section_of(
        "audio 9 UDP/TLS/RTP/SAVPF 111 111 999 abc 112 0 113",
        "a=rtpmap:111  OPUS/48000/2 \r\na=rtpmap:111 other/8000\r\na=rtcp-fb:* nack\r\n"
        "a=rtcp-fb:111 transport-cc\r\na=rtpmap:112 broken\r\na=rtpmap:113 x/99999999999\r\n"
        "a=fmtp:111 minptime=10\r\na=fmtp:111 usedtx=1;minptime=20\r\na=fmtp\r\na=rtpmap:\r\n");
    const auto codecs = section.codecs();
    assert_text(names(codecs), "111=OPUS 0=PCMU ");
    fail_unless((codecs[0].rtcp_fb == std::vector<std::string>{"transport-cc", "nack"}));
    assert_text(codecs[0].fmtp.to_string(), "minptime=10;usedtx=1");
    fail_unless(section_of("application 9 UDP/DTLS/SCTP 0").codecs().empty());
}
GST_END_TEST;

GST_START_TEST(fmtp_parameters_keep_order_and_spelling)
{
    auto fmtp = FmtpParameters::parse(" a = 1 ;;B=2; c ;a=3;");
    assert_text(fmtp.to_string(), "a=1;B=2;c;a=3");
    fail_unless(fmtp.get("A") == "1" && fmtp.get("b") == "2" && fmtp.get("c") == "");
    fail_unless(!fmtp.get("d"));
    fmtp.set("a", "4");
    assert_text(fmtp.to_string(), "a=4;B=2;c");
    fmtp.set("d", "5");
    fmtp.remove("b");
    assert_text(fmtp.to_string(), "a=4;c;d=5");
    auto other = FmtpParameters::parse("A=9;e=6");
    fmtp.merge(other);
    assert_text(fmtp.to_string(), "a=4;c;d=5;e=6");
}
GST_END_TEST;

GST_START_TEST(set_fmtp_writes_one_line_at_the_right_place)
{
    const auto parameters = FmtpParameters::parse("x=1");
    auto section = video_with("a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n");
    section.set_fmtp(96, parameters);
    assert_text(section_text(section), "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
                                       "a=rtpmap:96 VP8/90000\r\na=fmtp:96 x=1\r\n"
                                       "a=rtpmap:97 rtx/90000\r\n");
    section = video_with("a=fmtp:97 apt=96\r\na=fmtp: 96 y=2\r\na=mid:0\r\na=fmtp:96 z=3\r\n");
    section.set_fmtp(96, parameters);
    assert_text(section_text(section), "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=fmtp:97 apt=96\r\n"
                                       "a=fmtp:96 x=1\r\na=mid:0\r\n");
    section = video_with("a=fmtp:96  x = 1;\r\n");
    section.set_fmtp(96, parameters);
    assert_text(section_text(section),
                "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=fmtp:96  x = 1;\r\n");
    section.set_fmtp(96, {});
    assert_text(section_text(section), "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n");
}
GST_END_TEST;

GST_START_TEST(a_payload_type_goes_with_its_lines_only)
{
    auto section = section_of(
        "audio 9 UDP/TLS/RTP/SAVPF 11 111 1",
        "a=rtpmap:11 A/8000\r\na=rtpmap:111 B/8000\r\na=fmtp:11 x\r\n"
        "a=fmtp:111 y\r\na=rtcp-fb:11 nack\r\na=rtcp-fb:* nack\r\na=ssrc:11 cname:c\r\n");
    section.remove_payload_type(11);
    assert_text(section_text(section), "m=audio 9 UDP/TLS/RTP/SAVPF 111 1\r\n"
                                       "a=rtpmap:111 B/8000\r\na=fmtp:111 y\r\n"
                                       "a=rtcp-fb:* nack\r\na=ssrc:11 cname:c\r\n");
}
GST_END_TEST;

GST_START_TEST(streams_and_simulcast_are_read)
{
    const auto offer = parsed_sample("partytracks-push-simulcast.offer");
    const auto& video = offer.sections().at(1);
    const auto rids = video.rids();
    fail_unless_equals_uint64(rids.size(), 3);
    fail_unless(rids[0].id == "a" && rids[0].send && rids[2].id == "c");
    const auto simulcast = video.simulcast();
    fail_unless(simulcast && simulcast->recv.empty());
    fail_unless((simulcast->send == std::vector<std::vector<std::string>>{{"a"}, {"b"}, {"c"}}));
    fail_unless_equals_uint64(video.msids().size(), 1);
    assert_text(video.msids()[0].stream, "-");

    const auto both = video_with("a=rid:x recv pt=96\r\na=rid:bad\r\na=rid:y both\r\n"
                                 "a=simulcast: recv ~x,y;z send h\r\n");
    fail_unless_equals_uint64(both.rids().size(), 1);
    fail_unless(!both.rids()[0].send && both.rids()[0].restrictions == "pt=96");
    fail_unless(
        (both.simulcast()->recv == std::vector<std::vector<std::string>>{{"~x", "y"}, {"z"}}));
    fail_unless((both.simulcast()->send == std::vector<std::vector<std::string>>{{"h"}}));
}
GST_END_TEST;

GST_START_TEST(ssrcs_and_groups_are_read)
{
    const auto offer = parsed_sample("sfu-pull.offer");
    const auto& video = offer.sections().at(1);
    fail_unless((video.ssrcs() == std::vector<std::uint32_t>{3135442617, 2884512200}));
    fail_unless_equals_uint64(video.ssrc_groups().size(), 1);
    assert_text(video.ssrc_groups()[0].semantics, "FID");
    const auto lines = video.ssrc_lines();
    fail_unless_equals_uint64(lines.size(), 4);
    fail_unless(lines[1].attribute == "msid" && lines[1].value == "s1 t2");
    const auto odd = video_with("a=ssrc:4294967296 cname:x\r\na=ssrc:7\r\na=ssrc-group:\r\n"
                                "a=ssrc-group:FID 7 x 8\r\na=ssrc:-1 a\r\n");
    fail_unless((odd.ssrcs() == std::vector<std::uint32_t>{7, 8}));
}
GST_END_TEST;

GST_START_TEST(extension_maps_are_read)
{
    const auto section = video_with("a=extmap:1 urn:a\r\na=extmap:2/recvonly urn:b  x  y\r\n"
                                    "a=extmap:3\r\na=extmap:z urn:c\r\n");
    const auto maps = section.extension_maps();
    fail_unless_equals_uint64(maps.size(), 2);
    fail_unless(maps[0].id == 1 && maps[0].uri == "urn:a" && maps[0].direction.empty());
    fail_unless(maps[1].id == 2 && maps[1].direction == "recvonly" && maps[1].uri == "urn:b");
    assert_text(maps[1].attributes, "x  y");
}
GST_END_TEST;

GST_START_TEST(attributes_are_edited_in_place)
{
    auto section = video_with("a=x:1\r\na=y\r\na=x:2\r\nb=x:3\r\n");
    section.set_attribute("x", "9");
    section.add_attribute("y", "8");
    section.add_attribute("z");
    assert_text(section_text(section), "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=x:9\r\na=y\r\n"
                                       "a=y:8\r\nb=x:3\r\na=z\r\n");
    fail_unless_equals_uint64(section.remove_attributes("y"), 2);
    fail_unless(section.attribute("z") == "" && !section.attribute("y"));
    section = video_with("a=x : 1\r\n");
    section.set_attribute("x", "1");
    assert_text(section_text(section), "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=x : 1\r\n");
    // The value may be a view into the very lines that change.
    section.set_attribute("y", *section.attribute("x"));
    fail_unless(section.attribute("y") == "1");
}
GST_END_TEST;

static Suite* sdp_media_section_suite()
{
    Suite* s = suite_create("sdp_media_section");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, m_line_is_read_and_edited_in_place);
    tcase_add_test(tc, port_0_is_a_rejection_unless_bundle_only);
    tcase_add_test(tc, direction_defaults_to_sendrecv_and_is_replaced_in_place);
    tcase_add_test(tc, directions_and_roles_reverse);
    tcase_add_test(tc, transport_of_a_captured_answer_is_read);
    tcase_add_test(tc, fingerprints_are_normalised_and_checked);
    tcase_add_test(tc, codecs_come_in_m_line_order_with_all_that_is_said);
    tcase_add_test(tc, codecs_survive_what_is_odd_or_wrong);
    tcase_add_test(tc, fmtp_parameters_keep_order_and_spelling);
    tcase_add_test(tc, set_fmtp_writes_one_line_at_the_right_place);
    tcase_add_test(tc, a_payload_type_goes_with_its_lines_only);
    tcase_add_test(tc, streams_and_simulcast_are_read);
    tcase_add_test(tc, ssrcs_and_groups_are_read);
    tcase_add_test(tc, extension_maps_are_read);
    tcase_add_test(tc, attributes_are_edited_in_place);
    return s;
}

GST_CHECK_MAIN(sdp_media_section);

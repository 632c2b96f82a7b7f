/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <string>

#include "tests/emulator/sdp/parser.hpp"
#include "tests/emulator/sdp/writer.hpp"
#include "tests/support/check.hpp"
#include "tests/support/offers.hpp"

namespace
{

using cf::emu::sdp::Description;
using cf::emu::sdp::parse;
using namespace cf::test; // NOLINT: a test speaks in these words

std::string plain()
{
    return Offer{{audio("0"), video("1")}}.text();
}

void expect_refused(const std::string& text, const char* why)
{
    const auto result = parse(text);
    fail_if(result.ok(), "accepted, although: %s", why);
    fail_unless(result.error().message.find(why) != std::string::npos, "%s is not about %s",
                result.error().message.c_str(), why);
}

Description parsed(const std::string& text)
{
    auto result = parse(text);
    fail_unless(result.ok(), "%s", result.ok() ? "" : result.error().message.c_str());
    return result.take();
}

GST_START_TEST(plain_offer_is_read)
{
    const Description d = parsed(plain());
    fail_unless_equals_int(d.sections.size(), 2);
    fail_unless_equals_string(d.sections[1].mid.c_str(), "1");
    fail_unless(d.sections[0].direction == cf::emu::sdp::Direction::SendOnly);
    fail_unless_equals_int(d.sections[1].codecs.size(), 2);
    fail_unless_equals_int(*d.sections[1].codecs[1].apt(), 96);
    fail_unless_equals_int(d.sections[1].codecs[0].feedback.size(), 2);
    fail_unless(d.bundled("0") && d.bundled("1"));
    fail_unless(d.tagged() == &d.sections[0]);
}
GST_END_TEST

// "the SDP must keep its final CRLF": two outside reports of the service.
GST_START_TEST(trimmed_text_is_refused)
{
    std::string text = plain();
    text.resize(text.size() - 2);
    expect_refused(text, "CRLF");
    text += "\n";
    expect_refused(text, "CRLF");
    expect_refused("", "empty");
}
GST_END_TEST

GST_START_TEST(bare_line_feeds_inside_are_read)
{
    std::string text = plain();
    for (auto at = text.find("\r\n"); at + 2 < text.size(); at = text.find("\r\n", at))
        text.erase(at, 1);
    fail_unless_equals_int(parsed(text).sections.size(), 2);
}
GST_END_TEST

GST_START_TEST(session_lines_out_of_order_are_refused)
{
    expect_refused(replaced(plain(), "v=0\r\n", ""), "expected v=");
    expect_refused(replaced(plain(), "s=-\r\n", ""), "expected s=");
    expect_refused(replaced(plain(), "t=0 0\r\n", ""), "t= is missing");
    expect_refused(replaced(plain(), "o=- 42 2", "o=- x 2"), "numbers");
    expect_refused(replaced(plain(), "a=mid:0", "nonsense"), "<type>=<value>");
}
GST_END_TEST

GST_START_TEST(bad_media_lines_are_refused)
{
    expect_refused(replaced(plain(), "m=audio 9", "m=audio 99999"), "port");
    expect_refused(replaced(plain(), "m=audio", "m=text"), "audio, video or application");
    expect_refused(replaced(plain(), "SAVPF 111", "SAVPF 111 111"), "twice");
    expect_refused(replaced(plain(), "SAVPF 111", "SAVPF 300"), "0 to 127");
    expect_refused(replaced(plain(), "UDP/TLS/RTP/SAVPF", "RTP/AVP"), "SAVPF");
    expect_refused(replaced(plain(), "SAVPF 111", "SAVPF 111 112"), "no a=rtpmap");
}
GST_END_TEST

GST_START_TEST(bad_attributes_are_refused)
{
    expect_refused(replaced(plain(), "a=setup:actpass", "a=setup:holdconn"), "a=setup");
    expect_refused(replaced(plain(), "ice-ufrag:abcd", "ice-ufrag:abc"), "ice-ufrag");
    expect_refused(replaced(plain(), "ice-pwd:0123456789abcdefghijkl", "ice-pwd:short"), "ice-pwd");
    expect_refused(replaced(plain(), "sha-256 AA:BB", "sha-256 AA"), "fingerprint");
    expect_refused(replaced(plain(), "a=extmap:4", "a=extmap:0"), "extmap");
    expect_refused(replaced(plain(), "opus/48000/2", "opus"), "rtpmap");
    expect_refused(replaced(plain(), "a=mid:0", "a=mid:0\r\na=mid:2"), "second a=mid");
    expect_refused(replaced(plain(), "a=mid:0", "a=rid:a sideways"), "rid");
    expect_refused(replaced(plain(), "a=mid:0", "a=simulcast:up a"), "simulcast");
    expect_refused(replaced(plain(), "a=mid:0", "a=ssrc:x cname:y"), "ssrc");
    expect_refused(replaced(plain(), "a=mid:0", "a=candidate:1 1 udp"), "candidate");
}
GST_END_TEST

GST_START_TEST(static_payload_types_need_no_rtpmap)
{
    OfferSection s = audio("0");
    s.formats = "0 8";
    s.codecs = "";
    const Description d = parsed(Offer{{s}}.text());
    fail_unless_equals_int(d.sections[0].codecs.size(), 2);
    fail_unless(d.sections[0].codecs[0].is("pcmu") && d.sections[0].codecs[1].is("PCMA"));
}
GST_END_TEST

GST_START_TEST(repair_sources_are_paired)
{
    OfferSection s = video("0");
    s.more = "a=ssrc-group:FID 10 20\r\na=ssrc:10 cname:x\r\na=ssrc:20 cname:x\r\n"
             "a=ssrc:10 msid:s t\r\n";
    const Description d = parsed(Offer{{s}}.text());
    fail_unless_equals_int(d.sections[0].sources.size(), 1);
    fail_unless_equals_int(d.sections[0].sources[0].ssrc, 10);
    fail_unless_equals_int(d.sections[0].sources[0].rtx_ssrc, 20);
    fail_unless_equals_string(d.sections[0].sources[0].msid.c_str(), "s t");
}
GST_END_TEST

GST_START_TEST(simulcast_is_read)
{
    OfferSection s = video("0");
    s.more = "a=rid:f send\r\na=rid:h send\r\na=rid:q send max-width=320\r\n"
             "a=simulcast:send f;~h;q\r\n";
    const Description d = parsed(Offer{{s}}.text());
    const std::vector<std::string> expected = {"f", "h", "q"};
    fail_unless(d.sections[0].simulcast_send == expected);
    fail_unless_equals_int(d.sections[0].rids.size(), 3);
}
GST_END_TEST

GST_START_TEST(bundle_only_sections_are_not_rejected)
{
    OfferSection s = video("1");
    s.port = 0;
    const Description rejected = parsed(Offer{{audio("0"), s}}.text());
    fail_unless(rejected.sections[1].rejected());
    s.more = "a=bundle-only\r\n";
    const Description riding = parsed(Offer{{audio("0"), s}}.text());
    fail_if(riding.sections[1].rejected());
}
GST_END_TEST

GST_START_TEST(what_is_written_reads_back)
{
    Description d = parsed(plain());
    d.ice_lite = true;
    d.sections[0].candidates.push_back({"1", 2130706431, "127.0.0.1", 1473});
    d.sections[0].end_of_candidates = true;
    const Description back = parsed(cf::emu::sdp::write(d));
    fail_unless(back.ice_lite && back.sections[0].end_of_candidates);
    // Printed for both components, as the service does.
    fail_unless_equals_int(back.sections[0].candidates.size(), 2);
    fail_unless_equals_int(back.sections[1].codecs.size(), 2);
    fail_unless_equals_string(back.sections[1].codecs[1].fmtp.c_str(), "apt=96");
    fail_unless(back.sections[0].ice == d.sections[0].ice);
}
GST_END_TEST

GST_START_TEST(no_cut_or_bit_flip_crashes_the_parser)
{
    OfferSection s = video("1");
    s.more = "a=rid:f send\r\na=simulcast:send f\r\na=ssrc-group:FID 10 20\r\n"
             "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=rtcp-fb:* nack\r\n";
    const std::string text = Offer{{audio("0"), s}}.text();
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto cut = parse(text.substr(0, i));
        fail_if(cut.ok() && cut->sections.size() > 2);
        for (const char c : {'\0', ' ', '9', ':', '\n'}) {
            std::string changed = text;
            changed[i] = c;
            const auto result = parse(changed);
            fail_if(result.ok() && result->sections.size() > 2);
        }
    }
}
GST_END_TEST

Suite* sdp_parser_suite()
{
    Suite* s = suite_create("sdp_parser");
    TCase* t = tcase_create("parse");
    tcase_add_test(t, plain_offer_is_read);
    tcase_add_test(t, trimmed_text_is_refused);
    tcase_add_test(t, bare_line_feeds_inside_are_read);
    tcase_add_test(t, session_lines_out_of_order_are_refused);
    tcase_add_test(t, bad_media_lines_are_refused);
    tcase_add_test(t, bad_attributes_are_refused);
    tcase_add_test(t, static_payload_types_need_no_rtpmap);
    tcase_add_test(t, repair_sources_are_paired);
    tcase_add_test(t, simulcast_is_read);
    tcase_add_test(t, bundle_only_sections_are_not_rejected);
    tcase_add_test(t, what_is_written_reads_back);
    tcase_add_test(t, no_cut_or_bit_flip_crashes_the_parser);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(sdp_parser);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <string>

#include "tests/emulator/sdp/parser.hpp"
#include "tests/emulator/sdp/writer.hpp"
#include "tests/emulator/sfu/candidate.hpp"
#include "tests/emulator/sfu/negotiation.hpp"
#include "tests/support/check.hpp"
#include "tests/support/offers.hpp"

namespace
{

using cf::Status;
using cf::emu::Line;
using cf::emu::Negotiation;
using namespace cf::emu::sdp; // NOLINT: a test speaks in these words
using namespace cf::test;     // NOLINT

constexpr std::uint64_t kNow = 1700000000;
const std::string kSfuFingerprint = replaced(kFingerprint, "AA:BB", "11:22");

Negotiation fresh(Negotiation::Rules rules = {})
{
    return {{{"ufragSfu", "passwordOfTheSfu0123456"}, kSfuFingerprint, "141.101.90.0", 1473},
            rules,
            1234};
}

Description parsed(const std::string& text)
{
    auto result = parse(text);
    fail_unless(result.ok(), "%s\n%s", result.ok() ? "" : result.error().message.c_str(),
                text.c_str());
    return result.take();
}

// Offer and answer; the answer as the client reads it.
Description exchange(Negotiation& n, const Offer& offer)
{
    const Status status = n.apply_offer(parsed(offer.text()));
    fail_unless(status.ok(), "%s", status.ok() ? "" : status.error().message.c_str());
    return parsed(write(n.answer(kNow)));
}

void expect_refused(Negotiation n, const Offer& offer, const char* why)
{
    const Status status = n.apply_offer(parsed(offer.text()));
    fail_if(status.ok(), "accepted, although: %s", why);
    fail_unless(status.error().message.find(why) != std::string::npos, "\"%s\" is not about \"%s\"",
                status.error().message.c_str(), why);
}

// What a client answers to @p offer: takes everything, receives what is sent.
std::string answer_to(const Description& offer, const std::string& setup = "active")
{
    Description a = offer;
    a.ice_lite = false;
    a.fingerprints = {{"sha-256", kFingerprint}};
    for (Section& s : a.sections) {
        if (s.rejected())
            continue;
        s.setup = setup == "active" ? Setup::Active : Setup::Passive;
        s.direction = reversed(s.direction);
        s.ice = {"abcd", "0123456789abcdefghijkl"};
        s.sources.clear();
        s.candidates.clear();
    }
    return write(a);
}

Codec vp8()
{
    return {96, "VP8", 90000, 1, "", {"nack"}};
}

GST_START_TEST(answer_has_the_captured_shape)
{
    Negotiation n = fresh();
    fail_unless(n.apply_offer(parsed(Offer{{audio("0"), video("1")}}.text())).ok());
    const std::string expected =
        "v=0\r\n"
        "o=- 1234 1700000000 IN IP4 0.0.0.0\r\n"
        "s=-\r\n"
        "t=0 0\r\n"
        "a=msid-semantic:WMS*\r\n"
        "a=fingerprint:sha-256 " +
        kSfuFingerprint +
        "\r\n"
        "a=ice-lite\r\n"
        "a=group:BUNDLE 0 1\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=setup:passive\r\n"
        "a=mid:0\r\n"
        "a=ice-ufrag:ufragSfu\r\n"
        "a=ice-pwd:passwordOfTheSfu0123456\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 minptime=10\r\n"
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=recvonly\r\n"
        "a=candidate:513273236 1 udp 2130706431 141.101.90.0 1473 typ host\r\n"
        "a=candidate:513273236 2 udp 2130706431 141.101.90.0 1473 typ host\r\n"
        "a=end-of-candidates\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
        "c=IN IP4 0.0.0.0\r\n"
        "a=setup:passive\r\n"
        "a=mid:1\r\n"
        "a=ice-ufrag:ufragSfu\r\n"
        "a=ice-pwd:passwordOfTheSfu0123456\r\n"
        "a=rtcp-mux\r\n"
        "a=rtpmap:96 VP8/90000\r\n"
        "a=rtcp-fb:96 nack\r\n"
        "a=rtcp-fb:96 nack pli\r\n"
        "a=rtpmap:97 rtx/90000\r\n"
        "a=fmtp:97 apt=96\r\n"
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
        "a=recvonly\r\n";
    const std::string answer = write(n.answer(kNow));
    fail_unless_equals_string(answer.c_str(), expected.c_str());
}
GST_END_TEST

// The one value that ties the emulator's candidate to the service's: a captured pair.
GST_START_TEST(candidate_foundation_is_that_of_the_service)
{
    const std::string foundation = cf::emu::host_candidate("141.101.90.0", 1473).foundation;
    fail_unless_equals_string(foundation.c_str(), "513273236");
}
GST_END_TEST

GST_START_TEST(version_only_grows)
{
    Negotiation n = fresh();
    const Offer offer{{audio("0")}};
    const auto before = exchange(n, offer).session_version;
    const auto after = exchange(n, offer).session_version;
    fail_unless_equals_uint64(before, kNow);
    fail_unless_equals_uint64(after, kNow + 1);
}
GST_END_TEST

GST_START_TEST(sections_never_get_fewer_or_change)
{
    Negotiation n = fresh();
    exchange(n, Offer{{audio("0"), video("1")}});
    expect_refused(n, Offer{{audio("0")}}, "fewer");
    expect_refused(n, Offer{{audio("0"), video("2")}}, "changed its mid");
    expect_refused(n, Offer{{video("1"), audio("0")}}, "changed its mid");
    OfferSection turned = video("1");
    turned.kind = "audio";
    turned.formats = "111";
    turned.codecs = kOpus;
    expect_refused(n, Offer{{audio("0"), turned}}, "kind of media");
    fail_unless(n.apply_offer(parsed(Offer{{audio("0"), video("1"), video("2")}}.text())).ok());
}
GST_END_TEST

GST_START_TEST(bad_structure_is_refused)
{
    const Negotiation n = fresh();
    expect_refused(n, Offer{{audio("0"), video("0")}}, "two sections have the mid");
    expect_refused(n, Offer{{audio("")}}, "no a=mid");
    Offer offer{{audio("0"), video("1")}};
    offer.bundle = false;
    expect_refused(n, offer, "BUNDLE is missing");
    offer.session_lines = "a=group:BUNDLE 0\r\n";
    expect_refused(n, offer, "not in the BUNDLE group");
    offer.session_lines = "a=group:BUNDLE 0 1 7\r\n";
    expect_refused(n, offer, "unknown mid");
    expect_refused(n, Offer{}, "no m= section");
}
GST_END_TEST

GST_START_TEST(bad_transport_is_refused)
{
    const Negotiation n = fresh();
    Offer offer{{audio("0")}};
    offer.ufrag = "";
    expect_refused(n, offer, "ice-ufrag");
    offer = {{audio("0")}};
    offer.fingerprint = "";
    expect_refused(n, offer, "fingerprint:sha-256 is missing");
    offer = {{audio("0")}};
    offer.session_lines = "a=ice-lite\r\n";
    expect_refused(n, offer, "ice-lite");
    offer = {{audio("0")}};
    offer.setup = "";
    expect_refused(n, offer, "a=setup is missing");
    Negotiation later = n;
    exchange(later, Offer{{audio("0")}});
    offer = {{audio("0")}};
    offer.ufrag = "other";
    expect_refused(later, offer, "ICE restart");
    offer = {{audio("0")}};
    offer.fingerprint = replaced(kFingerprint, "AA", "AB");
    expect_refused(later, offer, "fingerprint changed");
}
GST_END_TEST

GST_START_TEST(offers_have_to_be_actpass)
{
    Negotiation n = fresh();
    Offer offer{{audio("0")}};
    offer.setup = "active";
    expect_refused(n, offer, "actpass");
    exchange(n, Offer{{audio("0")}});
    expect_refused(n, offer, "actpass"); // webrtcbin's re-offer: its own role instead of actpass
    offer.setup = "passive";
    expect_refused(n, offer, "actpass");
}
GST_END_TEST

// Seen at the service: a peer that offers "passive" gets an active SFU.
GST_START_TEST(passive_offer_gets_active_answer)
{
    Negotiation n = fresh();
    Offer offer{{audio("0")}};
    offer.setup = "passive";
    const Description answer = exchange(n, offer);
    fail_unless(answer.sections[0].setup == Setup::Active);
    offer.setup = "actpass";
    fail_unless(exchange(n, offer).sections[0].setup == Setup::Active);
}
GST_END_TEST

GST_START_TEST(rtp_mistakes_are_refused)
{
    const Negotiation n = fresh();
    OfferSection s = video("0");
    s.codecs = replaced(kVp8, "apt=96", "apt=99");
    expect_refused(n, Offer{{s}}, "apt");
    s = video("0");
    s.more = "a=simulcast:send f\r\n";
    expect_refused(n, Offer{{s}}, "no a=rid send line");
    s.more = "a=rid:f send\r\na=simulcast:send f\r\n";
    expect_refused(n, Offer{{s}}, "rtp-stream-id");
    s = video("1");
    s.formats = "111";
    s.codecs = "a=rtpmap:111 VP8/90000\r\n";
    expect_refused(n, Offer{{audio("0"), s}}, "two codecs");
    s = video("1");
    s.more = "a=extmap:7 urn:x\r\n";
    OfferSection other = audio("0");
    other.more = "a=extmap:7 urn:y\r\n";
    expect_refused(n, Offer{{other, s}}, "two extensions");
    const std::string no_mux = replaced(Offer{{audio("0")}}.text(), "a=rtcp-mux\r\n", "");
    Negotiation copy = n;
    const Status status = copy.apply_offer(parsed(no_mux));
    fail_unless(!status.ok() && status.error().message.find("rtcp-mux") != std::string::npos);
}
GST_END_TEST

GST_START_TEST(payload_types_keep_their_codec)
{
    Negotiation n = fresh();
    exchange(n, Offer{{video("0")}});
    OfferSection s = video("0");
    s.codecs = "a=rtpmap:96 VP9/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
    expect_refused(n, Offer{{s}}, "changed its codec");
}
GST_END_TEST

GST_START_TEST(unsupported_codecs_are_left_out)
{
    Negotiation n = fresh();
    OfferSection s = audio("0");
    s.formats = "63 111 0 13";
    s.codecs = kOpus + "a=rtpmap:63 red/48000/2\r\na=rtpmap:13 CN/8000\r\n"
                       "a=rtcp-fb:111 transport-cc\r\na=rtcp-fb:111 x-unknown\r\n";
    const Description answer = exchange(n, Offer{{s}});
    const std::vector<int> expected = {111, 0};
    fail_unless(answer.sections[0].payload_types == expected);
    fail_unless_equals_int(answer.sections[0].codecs[0].feedback.size(), 1);
    s.formats = "63";
    s.codecs = "a=rtpmap:63 red/48000/2\r\n";
    const Description rejected = exchange(n, Offer{{audio("0"), [&] {
                                                        OfferSection r = s;
                                                        r.mid = "1";
                                                        return r;
                                                    }()}});
    fail_unless(rejected.sections[1].rejected());
    fail_if(rejected.bundled("1"));
}
GST_END_TEST

GST_START_TEST(every_codec_of_the_service_is_taken)
{
    Negotiation n = fresh();
    OfferSection a = audio("0");
    a.formats = "111 8 0";
    OfferSection v = video("1");
    v.formats = "96 97 98 102 104 105 106 45";
    v.codecs += "a=rtpmap:98 VP9/90000\r\na=rtpmap:102 H264/90000\r\n"
                "a=fmtp:102 packetization-mode=1;profile-level-id=42001f\r\n"
                "a=rtpmap:104 H265/90000\r\na=rtpmap:105 H264/90000\r\n"
                "a=fmtp:105 packetization-mode=1;profile-level-id=64001f\r\n"
                "a=rtpmap:106 ulpfec/90000\r\na=rtpmap:45 AV1/90000\r\n";
    const Description answer = exchange(n, Offer{{a, v}});
    // With the numbers and the order of the offer; the profile is echoed, whatever it is.
    const std::vector<int> audio_types = {111, 8, 0};
    const std::vector<int> video_types = {96, 97, 98, 102, 104, 105, 45};
    fail_unless(answer.sections[0].payload_types == audio_types);
    fail_unless(answer.sections[1].payload_types == video_types);
    fail_unless(answer.sections[1].codec(102)->fmtp.find("42001f") != std::string::npos);
    fail_unless(answer.sections[1].codec(105)->fmtp.find("64001f") != std::string::npos);
}
GST_END_TEST

// 125 for H.264 and 111 for Opus were captured; clients with these numbers need no mapping.
GST_START_TEST(offers_of_the_sfu_have_the_captured_numbers)
{
    Negotiation n = fresh();
    n.add_line({Kind::Audio, all_codecs(Kind::Audio, {}), true});
    n.add_line({Kind::Video, all_codecs(Kind::Video, {}), true});
    const Description offer = parsed(write(n.make_offer(kNow)));
    const std::vector<int> audio_types = {111, 0, 8};
    fail_unless(offer.sections[0].payload_types == audio_types);
    fail_unless_equals_string(offer.sections[0].codecs[0].fmtp.c_str(),
                              "minptime=10;useinbandfec=1");
    for (const int pt : {125, 37, 98, 36, 96, 35})
        fail_unless(offer.sections[1].codec(pt) != nullptr, "no payload type %d", pt);
    fail_unless_equals_int(*offer.sections[1].codec(37)->apt(), 125);
    fail_unless(offer.sections[0].rtcp_mux && offer.sections[0].rtcp_rsize);
    fail_unless(offer.bundled("0") && offer.bundled("1"));
    fail_unless(offer.sections[0].direction == Direction::SendRecv);
}
GST_END_TEST

// A captured answer (to an aiortc offer) dropped goog-remb; it is a switch here.
GST_START_TEST(remb_is_answered_only_on_request)
{
    OfferSection s = video("0");
    s.more = "a=rtcp-fb:96 goog-remb\r\n";
    Negotiation strict = fresh();
    fail_unless_equals_int(exchange(strict, Offer{{s}}).sections[0].codecs[0].feedback.size(), 2);
    Negotiation::Rules rules;
    rules.codecs.remb = true;
    Negotiation lax = fresh(rules);
    fail_unless_equals_int(exchange(lax, Offer{{s}}).sections[0].codecs[0].feedback.size(), 3);
}
GST_END_TEST

GST_START_TEST(simulcast_is_answered)
{
    Negotiation n = fresh();
    OfferSection s = video("0");
    s.more = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
             "a=rid:f send\r\na=rid:h send\r\na=simulcast:send f;h\r\n";
    const Description answer = exchange(n, Offer{{s}});
    const std::vector<std::string> expected = {"f", "h"};
    fail_unless(answer.sections[0].simulcast_receive == expected);
    fail_unless(answer.sections[0].rids.size() == 2 && !answer.sections[0].rids[0].send);
    fail_unless_equals_int(
        answer.sections[0].extension_id("urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"), 10);
}
GST_END_TEST

GST_START_TEST(stopped_section_leaves_the_bundle_and_may_be_recycled)
{
    Negotiation n = fresh();
    exchange(n, Offer{{audio("0"), video("1")}});
    OfferSection stopped = audio("0");
    stopped.port = 0;
    const Description answer = exchange(n, Offer{{stopped, video("1")}});
    fail_unless(answer.sections[0].rejected());
    fail_if(answer.bundled("0"));
    // The candidate moves to the section that now carries the transport.
    fail_unless(answer.sections[1].end_of_candidates);
    const Description recycled = exchange(n, Offer{{video("7"), video("1")}});
    fail_if(recycled.sections[0].rejected());
    fail_unless_equals_string(recycled.sections[0].mid.c_str(), "7");
}
GST_END_TEST

GST_START_TEST(pull_offer_has_usual_numbers_and_sources)
{
    Negotiation n = fresh();
    const auto all = all_codecs(Kind::Video, {});
    std::vector<Codec> codecs;
    std::copy_if(all.begin(), all.end(), std::back_inserter(codecs),
                 [](const Codec& c) { return c.is("H264") || c.apt() == 125; });
    const std::size_t index = n.add_line({Kind::Video, codecs, false});
    Line& line = n.lines()[index];
    line.source = {1000, 2000, "cname", "stream track"};
    line.msid = "stream track";
    const Description offer = parsed(write(n.make_offer(kNow)));
    const Section& s = offer.sections[0];
    fail_unless(s.setup == Setup::ActPass && s.direction == Direction::SendOnly);
    fail_unless_equals_int(s.payload_types[0], 125);
    fail_unless_equals_string(
        s.codecs[0].fmtp.c_str(),
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
    fail_unless_equals_int(*s.codecs[1].apt(), 125);
    fail_unless_equals_int(s.sources[0].ssrc, 1000);
    fail_unless_equals_int(s.sources[0].rtx_ssrc, 2000);
    fail_unless(offer.ice_lite && offer.extmap_allow_mixed);
    fail_unless(s.extension_id("urn:ietf:params:rtp-hdrext:sdes:mid") != 0);
}
GST_END_TEST

// In one bundle a number means one thing, whoever gave it out first.
GST_START_TEST(pull_offer_respects_the_clients_numbers)
{
    Negotiation n = fresh();
    OfferSection s = video("0");
    s.formats = "96 98 100";
    s.codecs = "a=rtpmap:96 VP9/90000\r\na=rtpmap:98 H264/90000\r\n"
               "a=fmtp:98 packetization-mode=1;profile-level-id=42c01f\r\n"
               "a=rtpmap:100 VP8/90000\r\n";
    exchange(n, Offer{{s}});
    n.add_line({Kind::Video, {vp8()}, false});
    n.add_line({Kind::Audio, {{111, "opus", 48000, 2, "", {}}}, false});
    const Description offer = parsed(write(n.make_offer(kNow)));
    fail_unless_equals_int(offer.sections[1].payload_types[0], 100);
    fail_unless_equals_int(offer.sections[2].payload_types[0], 111);
    fail_unless_equals_string(offer.sections[1].mid.c_str(), "1");
    fail_unless_equals_int(offer.sections[1].extension_id("urn:ietf:params:rtp-hdrext:sdes:mid"),
                           4);
    fail_unless(cf::emu::sdp::check_offer(offer, {}, {false, true}).ok());
}
GST_END_TEST

GST_START_TEST(answer_of_the_client_is_checked)
{
    Negotiation n = fresh();
    n.add_line({Kind::Video, {vp8()}, false});
    n.add_line({Kind::Video, {vp8()}, false});
    const Description offer = parsed(write(n.make_offer(kNow)));
    const std::string good = answer_to(offer);
    const auto expect = [&](const std::string& text, const char* why) {
        Negotiation copy = n;
        const Status status = copy.apply_answer(parsed(text));
        fail_if(status.ok(), "accepted, although: %s", why);
        fail_unless(status.error().message.find(why) != std::string::npos,
                    "\"%s\" is not about \"%s\"", status.error().message.c_str(), why);
        fail_unless(copy.pending_offer().has_value());
    };
    expect(replaced(good, "a=setup:active", "a=setup:actpass"), "active or passive");
    expect(replaced(good, "a=mid:0", "a=mid:9"), "mid");
    expect(replaced(good, "a=recvonly", "a=sendrecv"), "cannot answer");
    expect(replaced(replaced(good, "a=rtpmap:96", "a=rtpmap:77"), "SAVPF 96", "SAVPF 77"),
           "not offered");
    expect(good.substr(0, good.rfind("m=video")), "m= sections");
    Negotiation copy = n;
    fail_unless(copy.apply_answer(parsed(good)).ok());
    fail_if(copy.pending_offer().has_value());
    fail_unless(copy.client_role() == Setup::Active);
    // The role stays: a later "passive" would restart DTLS.
    copy.add_line({Kind::Video, {vp8()}, false});
    const Description second = parsed(write(copy.make_offer(kNow)));
    const Status flipped = copy.apply_answer(parsed(answer_to(second, "passive")));
    fail_unless(!flipped.ok() && flipped.error().message.find("flips") != std::string::npos);
}
GST_END_TEST

// Long header extensions may be sent to whoever says so, in an answer as in an offer.
GST_START_TEST(long_extensions_are_for_those_who_allow_them)
{
    for (const bool allowed : {false, true}) {
        Negotiation n = fresh();
        n.add_line({Kind::Video, {vp8()}, false});
        Description answer = parsed(answer_to(parsed(write(n.make_offer(kNow)))));
        answer.extmap_allow_mixed = allowed;
        fail_unless(n.apply_answer(answer).ok());
        fail_unless(n.lines()[0].mixed_extensions == allowed);
        Negotiation of_client = fresh();
        Offer offer{{video("0")}};
        offer.session_lines = allowed ? "a=extmap-allow-mixed\r\n" : "";
        exchange(of_client, offer);
        fail_unless(of_client.lines()[0].mixed_extensions == allowed);
    }
}
GST_END_TEST

GST_START_TEST(rejected_sections_of_an_answer_are_reused)
{
    Negotiation n = fresh();
    n.add_line({Kind::Video, {vp8()}, false});
    n.add_line({Kind::Audio, {{111, "opus", 48000, 2, "", {}}}, false});
    Description answer = parsed(answer_to(parsed(write(n.make_offer(kNow)))));
    answer.sections[0].port = 0;
    answer.bundle = {"1"};
    fail_unless(n.apply_answer(answer).ok());
    fail_unless(n.lines()[0].stopped);
    const std::size_t again = n.add_line({Kind::Video, {vp8()}, false});
    fail_unless_equals_int(again, 0);
    fail_if(n.lines()[0].mid == "0", "a recycled section gets a mid that is new");
}
GST_END_TEST

GST_START_TEST(force_closed_sections_stay_where_they_are)
{
    Negotiation n = fresh();
    n.add_line({Kind::Video, {vp8()}, false});
    const Description offer = parsed(write(n.make_offer(kNow)));
    fail_unless(n.apply_answer(parsed(answer_to(offer))).ok());
    Line& line = n.lines()[0];
    line.pulling = false;
    line.closed = line.force_closed = true;
    fail_unless_equals_int(n.add_line({Kind::Video, {vp8()}, false}), 1);
    n.lines()[0].force_closed = false; // a negotiated close
    n.lines()[0].pulling = false;
    fail_unless_equals_int(n.add_line({Kind::Video, {vp8()}, false}), 0);
    fail_unless_equals_string(n.lines()[0].mid.c_str(), "0");
}
GST_END_TEST

Suite* sdp_negotiation_suite()
{
    Suite* s = suite_create("sdp_negotiation");
    TCase* t = tcase_create("negotiation");
    tcase_add_test(t, answer_has_the_captured_shape);
    tcase_add_test(t, candidate_foundation_is_that_of_the_service);
    tcase_add_test(t, version_only_grows);
    tcase_add_test(t, sections_never_get_fewer_or_change);
    tcase_add_test(t, bad_structure_is_refused);
    tcase_add_test(t, bad_transport_is_refused);
    tcase_add_test(t, offers_have_to_be_actpass);
    tcase_add_test(t, passive_offer_gets_active_answer);
    tcase_add_test(t, rtp_mistakes_are_refused);
    tcase_add_test(t, payload_types_keep_their_codec);
    tcase_add_test(t, unsupported_codecs_are_left_out);
    tcase_add_test(t, every_codec_of_the_service_is_taken);
    tcase_add_test(t, offers_of_the_sfu_have_the_captured_numbers);
    tcase_add_test(t, remb_is_answered_only_on_request);
    tcase_add_test(t, simulcast_is_answered);
    tcase_add_test(t, stopped_section_leaves_the_bundle_and_may_be_recycled);
    tcase_add_test(t, pull_offer_has_usual_numbers_and_sources);
    tcase_add_test(t, pull_offer_respects_the_clients_numbers);
    tcase_add_test(t, answer_of_the_client_is_checked);
    tcase_add_test(t, long_extensions_are_for_those_who_allow_them);
    tcase_add_test(t, rejected_sections_of_an_answer_are_reused);
    tcase_add_test(t, force_closed_sections_stay_where_they_are);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(sdp_negotiation);

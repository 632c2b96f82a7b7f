/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The facade in use: every repair must have been built in.
#include "lib/sdp/facade.hpp"
#include "lib/sdp/rtp-repairs.hpp"
#include "tests/check/unit/sdp-exchanges.hpp"

using namespace cf;
using namespace cf::sdp;

GST_START_TEST(P1_an_answer_with_a_bare_refusal_is_made_whole)
{
    for (const bool keep_mid : {true, false}) {
        const auto in = answer_shown(with_bare_section(sample("sfu-publish.answer"), 1, keep_mid));
        const auto& video = in.description.sections()[1];
        fail_unless(video.ice_ufrag() == in.description.sections()[0].ice_ufrag());
        fail_unless(video.setup() == SetupRole::Passive && video.mid() == "m1");
        fail_unless((in.closed == std::vector<Mid>{"m1"}));
        fail_unless((in.added == std::vector<Mid>{"m0"}));
    }
}
GST_END_TEST;

GST_START_TEST(P1_an_offer_with_a_bare_section_is_made_whole)
{
    Facade facade;
    const auto in = received(facade, with_bare_section(sample("sfu-pull.offer"), 1, true));
    const auto& video = in.description.sections()[1];
    fail_unless(video.ice_ufrag() == in.description.sections()[0].ice_ufrag());
    fail_unless(video.setup() == SetupRole::ActPass);
    fail_unless((in.closed == std::vector<Mid>{"1"}));
}
GST_END_TEST;

GST_START_TEST(P1_a_bare_section_that_lost_its_name_is_known_by_its_place)
{
    Facade facade;
    pull(facade);
    const auto in = received(facade, with_bare_section(sample("sfu-pull.offer"), 1, false));
    fail_unless(in.description.sections()[1].mid() == "1");
    fail_unless((in.closed == std::vector<Mid>{"1"}));
}
GST_END_TEST;

GST_START_TEST(P1_webrtcbins_own_refusal_is_made_whole)
{
    Facade facade;
    (void)received(facade, sample("sfu-pull.offer"));
    const auto out = replied(facade, sample("webrtcbin-1.22-pull-refused.answer"));
    const auto local = parsed(out.local);
    fail_unless(local.sections()[1].port() == 0);
    fail_unless(local.sections()[1].fingerprints() == local.sections()[0].fingerprints());
    fail_unless(local.sections()[1].ice_ufrag() == local.sections()[0].ice_ufrag());
    fail_unless((out.refused == std::vector<Mid>{"1"}));
    const auto wire = parsed(out.wire);
    fail_unless(wire.sections()[1].port() == 0);
    fail_unless(wire.sections()[1].direction() == Direction::Inactive);
    fail_unless(facade.commit());
    fail_unless(facade.is_closed("1"));
}
GST_END_TEST;

GST_START_TEST(P1_an_answer_without_ice_is_an_error)
{
    assert_error(answer_result(without_lines(sample("sfu-publish.answer"), "a=ice-ufrag:")),
                 ErrorCode::Sdp);
    Facade facade;
    assert_error(facade.offer_from_wire(without_lines(sample("sfu-pull.offer"), "a=fingerprint:")),
                 ErrorCode::Sdp);
    // webrtcbin refuses everything: there is nothing that a session could stand on.
    const auto refused =
        replaced(replaced(sample("webrtcbin-1.22-pull-refused.answer"), "m=audio 9", "m=audio 0"),
                 "a=group:BUNDLE 0\r\n", "");
    (void)received(facade, sample("sfu-pull.offer"));
    assert_error(facade.answer_to_wire(refused), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(P2_P3_one_fingerprint_in_upper_case_reaches_webrtcbin)
{
    const auto want = sample("sfu-publish.answer");
    auto text = replaced(want, "sha-256 60:7C:E6", "sha-256 60:7c:e6");
    const auto start = text.find("a=fingerprint:");
    const auto line = text.substr(start, text.find('\n', start) + 1 - start);
    text = replaced(text, "a=setup:passive\r\n", line + "a=setup:passive\r\n");
    assert_text(answer_shown(text).text, want);
    Facade facade;
    const auto in = received(facade, replaced(sample("sfu-pull.offer"), "60:7C:E6", "60:7c:e6"));
    assert_text(in.text, sample("sfu-pull.offer"));
}
GST_END_TEST;

GST_START_TEST(P5_an_answer_with_fewer_sections_is_an_error)
{
    assert_error(answer_result(sample("partytracks-push-audio.answer")), ErrorCode::Sdp);
    Facade facade;
    (void)received(facade, sample("sfu-pull.offer"));
    assert_error(facade.answer_to_wire(sample("webrtcbin-1.22-sendrecv.offer")), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(P7_a_renamed_section_is_an_error)
{
    assert_error(answer_result(replaced(sample("sfu-publish.answer"), "a=mid:m1", "a=mid:x")),
                 ErrorCode::Sdp);
    Facade facade;
    pull(facade);
    assert_error(facade.offer_from_wire(
                     replaced(sample("sfu-pull-more.offer"), "a=mid:1\r\n", "a=mid:x\r\n")),
                 ErrorCode::Sdp);
    assert_error(facade.offer_to_wire(sample("webrtcbin-1.22-publish.offer")), ErrorCode::Sdp);
    (void)received(facade, sample("sfu-pull.offer"));
    assert_error(
        facade.answer_to_wire(replaced(sample("webrtcbin-1.22-pull.answer"), "a=mid:1", "a=mid:x")),
        ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(P11_D_a_reoffer_says_actpass_locally_and_on_the_wire)
{
    Facade facade;
    pull(facade);
    const auto text = sample("webrtcbin-1.22-publish-after-pull.offer");
    const auto out = offered(facade, text);
    assert_text(out.local, replaced(text, "a=setup:active\r\n", "a=setup:actpass\r\n"));
    fail_unless_equals_uint64(count_of(out.wire, "a=setup:actpass\r\n"), 3);
}
GST_END_TEST;

GST_START_TEST(P11_D_an_answer_keeps_the_established_role_locally_and_on_the_wire)
{
    Facade facade;
    publish_as_dtls_server(facade);
    fail_unless(facade.dtls_role() == SetupRole::Passive);
    (void)received(facade, sample("sfu-pull-after-publish.offer"));
    const auto text = sample("webrtcbin-1.22-passive-pull.answer");
    fail_unless(contains(text, "a=setup:active"), "the sample shows no fault");
    const auto out = replied(facade, text);
    assert_text(out.local, replaced(text, "a=setup:active\r\n", "a=setup:passive\r\n"));
    fail_unless_equals_uint64(count_of(out.wire, "a=setup:passive\r\n"), 2);
    fail_unless(facade.commit());
    fail_unless(facade.dtls_role() == SetupRole::Passive);
}
GST_END_TEST;

GST_START_TEST(P11_D_a_role_that_the_service_changes_is_put_right)
{
    Facade facade;
    pull(facade); // we are active
    auto in = received(
        facade, replaced(sample("sfu-pull-more.offer"), "a=setup:actpass", "a=setup:passive"));
    fail_unless_equals_uint64(count_of(in.text, "a=setup:actpass\r\n"), 3);
    facade.abandon();

    Facade publisher;
    publish(publisher);
    (void)offered(publisher, sample("webrtcbin-1.22-publish-more.offer"));
    in = answered(publisher,
                  replaced(sample("sfu-publish-more.answer"), "a=setup:passive", "a=setup:active"));
    fail_unless_equals_uint64(count_of(in.text, "a=setup:passive\r\n"), 3);
}
GST_END_TEST;

GST_START_TEST(P12_the_offered_codecs_are_filtered_and_ordered)
{
    FacadeOptions options;
    options.video_codecs = {{"H264", {}}, {"VP8", {}}};
    Facade facade(options);
    const auto in = received(facade, sample("sfu-pull.offer"));
    const auto codecs = in.description.sections()[1].codecs();
    fail_unless_equals_uint64(codecs.size(), 3);
    fail_unless(codecs[0].is("H264") && codecs[2].is("VP8"));
    fail_unless(in.description.sections()[0].codecs().at(0).is("opus"));

    // What the service receives is its own affair.
    options.audio_codecs = {{"opus", {}}};
    Facade publisher(options);
    publish_as_dtls_server(publisher);
    const auto offer = replaced(sample("sfu-pull-after-publish.offer"), "SAVPF 111", "SAVPF 0 111");
    fail_unless_equals_uint64(received(publisher, offer).description.sections()[0].codecs().size(),
                              2);
}
GST_END_TEST;

GST_START_TEST(P12_another_h264_level_in_an_answer_does_not_reject)
{
    Facade facade;
    publish(facade);
    (void)offered(facade, sample("webrtcbin-1.22-publish-more.offer"));
    const auto answer = sample("sfu-publish-more.answer");
    fail_unless(contains(answer, "profile-level-id=42e034"), "the sample shows no fault");
    const auto in = answered(facade, answer);
    assert_text(in.text, replaced(answer, "profile-level-id=42e034", "profile-level-id=42e01f"));
}
GST_END_TEST;

GST_START_TEST(P12_another_h264_level_in_a_reoffer_does_not_reject)
{
    Facade facade;
    pull(facade);
    const auto offer = sample("sfu-pull-more.offer");
    const auto in =
        received(facade, replaced(offer, "profile-level-id=42e01f", "profile-level-id=42e034"));
    assert_text(in.text, offer);
}
GST_END_TEST;

GST_START_TEST(P13_ice_lite_reaches_the_session_level)
{
    const auto moved = [](const std::string& text) {
        return replaced(without_lines(text, "a=ice-lite"), "a=rtcp-mux\r\n",
                        "a=ice-lite\r\na=rtcp-mux\r\n");
    };
    fail_unless(answer_shown(moved(sample("sfu-publish.answer"))).description.is_ice_lite());
    Facade facade;
    fail_unless(received(facade, moved(sample("sfu-pull.offer"))).description.is_ice_lite());
}
GST_END_TEST;

GST_START_TEST(P15_ssrcs_are_known_and_the_mid_extension_is_answered)
{
    Facade facade;
    const auto in = received(facade, sample("sfu-pull.offer"));
    fail_unless_equals_uint64(in.ssrc_to_mid.size(), 3);
    fail_unless(in.ssrc_to_mid.at(1562487391) == "0" && in.ssrc_to_mid.at(2884512200) == "1");
    const auto text = sample("webrtcbin-1.22-pull-default.answer");
    const auto out = replied(facade, text);
    assert_text(out.local, text);
    fail_unless_equals_uint64(count_of(out.wire, kMidExtension), 2);
}
GST_END_TEST;

GST_START_TEST(P16_sendrecv_is_offered_only_when_asked_for)
{
    const auto text = sample("webrtcbin-1.22-sendrecv.offer");
    Facade facade;
    const auto out = offered(facade, text);
    assert_text(out.wire, replaced(text, "a=sendrecv\r\n", "a=sendonly\r\n"));
    assert_text(out.local, out.wire);
    FacadeOptions options;
    options.allow_sendrecv = true;
    Facade both(options);
    assert_text(offered(both, text).wire, text);
}
GST_END_TEST;

GST_START_TEST(C_an_offer_that_would_crash_webrtcbin_is_an_error)
{
    auto text = without_lines(without_lines(sample("sfu-pull.offer"), "a=ssrc:"), "a=ssrc-group:");
    text = replaced(text, "m=audio 9",
                    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d"
                    "\r\nm=audio 9");
    Facade facade;
    assert_error(facade.offer_from_wire(text), ErrorCode::Sdp);
    const auto silent =
        without_lines(without_lines(sample("sfu-pull.offer"), "a=rtpmap:111"), "a=fmtp:111");
    assert_error(facade.offer_from_wire(silent), ErrorCode::Sdp);
    assert_error(answer_result(without_lines(sample("sfu-publish.answer"), "a=rtpmap:111")),
                 ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(undescribed_payload_types_do_not_reach_webrtcbin)
{
    Facade facade;
    const auto want = sample("sfu-pull.offer");
    assert_text(received(facade, replaced(want, "SAVPF 102", "SAVPF 35 102")).text, want);
}
GST_END_TEST;

GST_START_TEST(J_session_level_transport_reaches_the_sections)
{
    auto text = without_lines(sample("sfu-publish.answer"), "a=setup:");
    text = replaced(text, "a=ice-lite\r\n", "a=ice-lite\r\na=setup:active\r\n");
    Facade facade;
    publish(facade, text);
    fail_unless(facade.dtls_role() == SetupRole::Passive);
    const auto in = answer_shown(text);
    fail_unless(!in.description.session().has_attribute("setup"));
    fail_unless_equals_uint64(count_of(in.text, "a=setup:active\r\n"), 2);
}
GST_END_TEST;

GST_START_TEST(J_a_missing_bundle_group_is_put_back)
{
    const auto in = answer_shown(without_lines(sample("sfu-publish.answer"), "a=group:"));
    fail_unless((in.description.bundle_group() == std::vector<Mid>{"m0", "m1"}));
    Facade facade;
    const auto offer = received(facade, without_lines(sample("sfu-pull.offer"), "a=group:"));
    fail_unless((offer.description.bundle_group() == std::vector<Mid>{"0", "1"}));
}
GST_END_TEST;

GST_START_TEST(J_candidates_stay_at_home)
{
    const std::string line = "a=candidate:1 1 UDP 2015363327 192.0.2.7 40000 typ host\r\n";
    const auto with = [&](const std::string& text) {
        return replaced(text, "a=rtcp-mux\r\n", line + "a=rtcp-mux\r\na=end-of-candidates\r\n");
    };
    Facade facade;
    const auto out = offered(facade, with(sample("webrtcbin-1.22-publish.offer")));
    fail_unless(!contains(out.wire, "candidate"), "%s", out.wire.c_str());
    fail_unless_equals_uint64(count_of(out.local, line), 2);
    facade.abandon();
    (void)received(facade, sample("sfu-pull.offer"));
    fail_unless(
        !contains(replied(facade, with(sample("webrtcbin-1.22-pull.answer"))).wire, "candidate"));
}
GST_END_TEST;

static Suite* sdp_facade_repairs_suite()
{
    Suite* s = suite_create("sdp_facade_repairs");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, P1_an_answer_with_a_bare_refusal_is_made_whole);
    tcase_add_test(tc, P1_an_offer_with_a_bare_section_is_made_whole);
    tcase_add_test(tc, P1_a_bare_section_that_lost_its_name_is_known_by_its_place);
    tcase_add_test(tc, P1_webrtcbins_own_refusal_is_made_whole);
    tcase_add_test(tc, P1_an_answer_without_ice_is_an_error);
    tcase_add_test(tc, P2_P3_one_fingerprint_in_upper_case_reaches_webrtcbin);
    tcase_add_test(tc, P5_an_answer_with_fewer_sections_is_an_error);
    tcase_add_test(tc, P7_a_renamed_section_is_an_error);
    tcase_add_test(tc, P11_D_a_reoffer_says_actpass_locally_and_on_the_wire);
    tcase_add_test(tc, P11_D_an_answer_keeps_the_established_role_locally_and_on_the_wire);
    tcase_add_test(tc, P11_D_a_role_that_the_service_changes_is_put_right);
    tcase_add_test(tc, P12_the_offered_codecs_are_filtered_and_ordered);
    tcase_add_test(tc, P12_another_h264_level_in_an_answer_does_not_reject);
    tcase_add_test(tc, P12_another_h264_level_in_a_reoffer_does_not_reject);
    tcase_add_test(tc, P13_ice_lite_reaches_the_session_level);
    tcase_add_test(tc, P15_ssrcs_are_known_and_the_mid_extension_is_answered);
    tcase_add_test(tc, P16_sendrecv_is_offered_only_when_asked_for);
    tcase_add_test(tc, C_an_offer_that_would_crash_webrtcbin_is_an_error);
    tcase_add_test(tc, undescribed_payload_types_do_not_reach_webrtcbin);
    tcase_add_test(tc, J_session_level_transport_reaches_the_sections);
    tcase_add_test(tc, J_a_missing_bundle_group_is_put_back);
    tcase_add_test(tc, J_candidates_stay_at_home);
    return s;
}

GST_CHECK_MAIN(sdp_facade_repairs);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/rtp-repairs.hpp"
#include "lib/sdp/section-repairs.hpp"
#include "tests/check/unit/sdp-samples.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

const std::vector<Mid> kPublished = {"m0", "m1"};

std::vector<ClosedMid> closed(const Mid& mid, WireClosing closing)
{
    return {{mid, closing}};
}

} // namespace

GST_START_TEST(P5_an_answer_with_another_number_of_sections_is_refused)
{
    const auto offer = parsed_sample("webrtcbin-1.22-publish.offer");
    assert_ok(check_section_count(offer, parsed_sample("sfu-publish.answer")));
    assert_error(check_section_count(offer, parsed_sample("partytracks-push-audio.answer")),
                 ErrorCode::Sdp);
    assert_error(check_section_count(offer, parsed_sample("sfu-publish-more.answer")),
                 ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(P5_an_answer_in_another_order_is_refused)
{
    const auto offer = parsed_sample("webrtcbin-1.22-publish.offer");
    auto answer = parsed_sample("sfu-publish.answer");
    std::swap(answer.sections()[0], answer.sections()[1]);
    assert_error(check_section_count(offer, answer), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(P7_a_renamed_section_is_refused)
{
    const auto more = sample("sfu-publish-more.answer");
    assert_ok(check_mids_unchanged(kPublished, parsed(more)));
    assert_error(check_mids_unchanged(kPublished, parsed(replaced(more, "a=mid:m1", "a=mid:m9"))),
                 ErrorCode::Sdp);
    auto swapped = parsed(more);
    std::swap(swapped.sections()[0], swapped.sections()[1]);
    assert_error(check_mids_unchanged(kPublished, swapped), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(P7_missing_doubled_and_vanished_sections_are_refused)
{
    const auto more = sample("sfu-publish-more.answer");
    assert_error(check_mids_unchanged(kPublished, parsed(without_lines(more, "a=mid:m2"))),
                 ErrorCode::Sdp);
    assert_error(check_mids_unchanged(kPublished, parsed(replaced(more, "a=mid:m2", "a=mid:m0"))),
                 ErrorCode::Sdp);
    assert_error(check_mids_unchanged({"m0", "m1", "m2"}, parsed_sample("sfu-publish.answer")),
                 ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(P1_missing_mids_are_filled_in_by_index)
{
    const auto want = sample("sfu-publish.answer");
    const auto bare = with_bare_section(want, 1, false);
    const auto got = fill_missing_mids(parsed(bare), kPublished);
    fail_unless(got.sections()[1].mid() == "m1");
    assert_text(fill_missing_mids(parsed(want), {"x", "y"}).to_string(), want);
    fail_unless(fill_missing_mids(parsed(bare), {"m0"}).sections()[1].mid().empty());
}
GST_END_TEST;

GST_START_TEST(C_packets_that_nothing_can_take_are_refused)
{
    const std::string sctp = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n";
    auto text = replaced(sample("sfu-pull.offer"), "m=audio", sctp + "m=audio");
    assert_ok(check_first_section_takes_media(parsed(text)));
    text = without_lines(without_lines(text, "a=ssrc:"), "a=ssrc-group:");
    assert_error(check_first_section_takes_media(parsed(text)), ErrorCode::Sdp);
    assert_ok(check_first_section_takes_media(
        parsed(replaced(text, "a=sendonly\r\n", "a=recvonly\r\n"))));
    // With media first there is a section to guess.
    text = replaced(text, sctp, "") + sctp;
    assert_ok(check_first_section_takes_media(parsed(text)));
    assert_ok(check_first_section_takes_media(parsed("v=0\r\n")));
}
GST_END_TEST;

GST_START_TEST(P9_A_bundle_only_sections_get_a_port)
{
    const auto text = sample("webrtcbin-1.22-publish-more.offer");
    fail_unless_equals_uint64(count_of(text, "a=bundle-only\r\n"), 2);
    const auto got = un_bundle_only(parsed(text));
    assert_text(got.to_string(),
                replaced(without_lines(text, "a=bundle-only"), "m=video 0 ", "m=video 9 "));
}
GST_END_TEST;

GST_START_TEST(P9_A_a_rejected_section_stays_rejected)
{
    const auto text = with_bare_section(sample("webrtcbin-1.22-publish.offer"), 1, true);
    assert_text(un_bundle_only(parsed(text)).to_string(), text);
}
GST_END_TEST;

GST_START_TEST(P16_sendrecv_becomes_sendonly)
{
    const auto text = sample("webrtcbin-1.22-sendrecv.offer");
    assert_text(send_only(parsed(text)).to_string(),
                replaced(text, "a=sendrecv\r\n", "a=sendonly\r\n"));
    const auto silent = send_only(parsed(without_lines(text, "a=sendrecv")));
    fail_unless(silent.sections()[0].own_direction() == Direction::SendOnly);
    const auto recv = sample("webrtcbin-1.22-publish-after-pull.offer");
    assert_text(send_only(parsed(recv)).to_string(), recv);
}
GST_END_TEST;

GST_START_TEST(J_a_missing_bundle_group_is_added_when_sections_are_bundled)
{
    const auto text = sample("sfu-pull.offer");
    const auto got = ensure_bundle_group(parsed(without_lines(text, "a=group:")));
    fail_unless((got.bundle_group() == std::vector<Mid>{"0", "1"}));
    assert_text(ensure_bundle_group(parsed(text)).to_string(), text);
    auto apart = parsed(without_lines(text, "a=group:"));
    apart.sections()[1].set_attribute("ice-ufrag", "othe");
    fail_unless(!ensure_bundle_group(apart).bundle_group());
}
GST_END_TEST;

GST_START_TEST(C_P10_a_closed_first_section_is_shown_open)
{
    const auto before = parsed_sample("sfu-pull.offer");
    const auto now = with_bare_section(sample("sfu-pull-more.offer"), 0, true);
    const auto got = restore_closed_sections(parsed(now), {{0, before.sections()[0]}});
    const auto& shown = got.sections()[0];
    fail_unless(shown.port() == 9 && shown.direction() == Direction::SendOnly);
    fail_unless(shown.mid() == "0" && shown.codec(111) && shown.extension_maps().size() == 1);
    fail_unless((got.bundle_group() == std::vector<Mid>{"0", "1", "2"}));
}
GST_END_TEST;

GST_START_TEST(C_a_closed_section_keeps_the_transport_of_the_description)
{
    auto before = parsed_sample("sfu-pull.offer");
    before.sections()[1].set_attribute("ice-ufrag", "oldo");
    before.sections()[1].set_attribute("ice-pwd", "oldp");
    const auto now = replaced(sample("sfu-pull.offer"), "m=video 9", "m=video 0");
    const auto got = restore_closed_sections(parsed(now), {{1, before.sections()[1]}});
    fail_unless(got.sections()[1].ice_ufrag() == "RmVkoXyJPlnHsrBD");
    fail_unless_equals_uint64(got.sections()[1].attributes("ice-pwd").size(), 1);
    const auto bare = with_bare_section(sample("sfu-pull.offer"), 1, true);
    const auto kept = restore_closed_sections(parsed(bare), {{1, before.sections()[1]}});
    fail_unless(kept.sections()[1].ice_ufrag() == "oldo", "nothing better was said");
}
GST_END_TEST;

GST_START_TEST(C_an_inactive_section_gets_its_direction_back)
{
    const auto want = sample("sfu-pull.offer");
    auto now = parsed(want);
    now.sections()[1].set_direction(Direction::Inactive);
    const auto got =
        restore_closed_sections(now, {{1, parsed(want).sections()[1]}, {7, now.sections()[0]}});
    fail_unless(got.sections()[1].direction() == Direction::SendOnly);
    fail_unless(got.sections()[0] == now.sections()[0]);
    fail_unless(got.bundle_group() == now.bundle_group());
}
GST_END_TEST;

GST_START_TEST(P8_a_stopped_section_is_answered_with_port_0_outside_bundle)
{
    const auto text = sample("webrtcbin-1.22-pull.answer");
    const auto got = mirror_closed_sections(parsed(text), closed("1", WireClosing::Stopped));
    fail_unless(got.sections()[1].port() == 0);
    fail_unless(got.sections()[1].direction() == Direction::Inactive);
    fail_unless((got.bundle_group() == std::vector<Mid>{"0"}));
    fail_unless(got.sections()[0] == parsed(text).sections()[0]);
}
GST_END_TEST;

GST_START_TEST(C_an_inactive_section_is_answered_inactive_inside_bundle)
{
    const auto text = sample("webrtcbin-1.22-pull.answer");
    auto want = parsed(text);
    want.sections()[1].set_direction(Direction::Inactive);
    const auto got = mirror_closed_sections(parsed(text), closed("1", WireClosing::Inactive));
    assert_text(got.to_string(), want.to_string());
    assert_text(mirror_closed_sections(parsed(text), closed("7", WireClosing::Stopped)).to_string(),
                text);
}
GST_END_TEST;

GST_START_TEST(C_mirror_undoes_restore)
{
    auto offer = parsed_sample("sfu-pull.offer");
    const auto view = offer.sections()[1];
    offer.sections()[1].set_direction(Direction::Inactive);
    const auto shown = restore_closed_sections(offer, {{1, view}});
    const auto wire = mirror_closed_sections(shown, closed("1", WireClosing::Inactive));
    fail_unless(wire.direction_of(wire.sections()[1]) == Direction::Inactive);
    fail_unless(wire.bundle_group() == offer.bundle_group());
}
GST_END_TEST;

GST_START_TEST(C_the_accepted_form_of_an_offer_turns_round_and_forgets_the_offerer)
{
    const auto offer = un_bundle_only(parsed_sample("webrtcbin-1.22-publish.offer"));
    const auto got = accepted_form(offer.sections()[1]);
    fail_unless(got.port() == 9 && got.mid() == "m1");
    fail_unless(got.direction() == Direction::RecvOnly);
    fail_unless_equals_uint64(got.codecs().size(), 2);
    fail_unless(got.ssrcs().empty() && got.ice_ufrag().empty() && got.fingerprints().empty());
    fail_unless(!got.has_attribute("setup") && got.has_attribute("rtcp-mux"));
}
GST_END_TEST;

GST_START_TEST(P15_every_ssrc_knows_its_section)
{
    const auto map = collect_ssrc_to_mid(parsed_sample("sfu-pull-more.offer"));
    fail_unless_equals_uint64(map.size(), 4);
    fail_unless(map.at(1562487391) == "0" && map.at(3135442617) == "1");
    fail_unless(map.at(2884512200) == "1", "the RTX stream");
    fail_unless(map.at(404040404) == "2");
}
GST_END_TEST;

GST_START_TEST(P15_the_mid_extension_is_answered)
{
    const auto offer = parsed_sample("sfu-pull.offer");
    const auto text = sample("webrtcbin-1.22-pull-default.answer");
    fail_unless(!contains(text, "a=extmap:"), "the sample shows no fault");
    const auto got = ensure_mid_extension(parsed(text), offer);
    for (const auto& section : got.sections()) {
        fail_unless_equals_uint64(section.extension_maps().size(), 1);
        fail_unless(section.extension_maps()[0].id == 1);
        fail_unless(section.extension_maps()[0].uri == kMidExtension);
    }
    const auto good = sample("webrtcbin-1.22-pull.answer");
    assert_text(ensure_mid_extension(parsed(good), offer).to_string(), good);
}
GST_END_TEST;

GST_START_TEST(P15_the_mid_extension_is_not_answered_where_it_cannot_be)
{
    const auto offer = parsed_sample("sfu-pull.offer");
    auto answer = parsed_sample("webrtcbin-1.22-pull-default.answer");
    answer.sections()[0].set_direction(Direction::Inactive);
    answer.sections()[1].set_port(0);
    assert_text(ensure_mid_extension(answer, offer).to_string(), answer.to_string());
    answer = parsed_sample("webrtcbin-1.22-pull-default.answer");
    const auto none = parsed(without_lines(sample("sfu-pull.offer"), "a=extmap:1"));
    assert_text(ensure_mid_extension(answer, none).to_string(), answer.to_string());
    auto taken = answer;
    for (auto& section : taken.sections())
        section.add_attribute("extmap", "1 urn:other");
    assert_text(ensure_mid_extension(taken, offer).to_string(), taken.to_string());
    const auto directed =
        parsed(replaced(sample("sfu-pull.offer"), "a=extmap:1 ", "a=extmap:1/sendonly "));
    assert_text(ensure_mid_extension(answer, directed).sections()[0].extension_maps()[0].direction,
                "recvonly");
}
GST_END_TEST;

static Suite* sdp_section_repairs_suite()
{
    Suite* s = suite_create("sdp_section_repairs");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, P5_an_answer_with_another_number_of_sections_is_refused);
    tcase_add_test(tc, P5_an_answer_in_another_order_is_refused);
    tcase_add_test(tc, P7_a_renamed_section_is_refused);
    tcase_add_test(tc, P7_missing_doubled_and_vanished_sections_are_refused);
    tcase_add_test(tc, P1_missing_mids_are_filled_in_by_index);
    tcase_add_test(tc, C_packets_that_nothing_can_take_are_refused);
    tcase_add_test(tc, P9_A_bundle_only_sections_get_a_port);
    tcase_add_test(tc, P9_A_a_rejected_section_stays_rejected);
    tcase_add_test(tc, P16_sendrecv_becomes_sendonly);
    tcase_add_test(tc, J_a_missing_bundle_group_is_added_when_sections_are_bundled);
    tcase_add_test(tc, C_P10_a_closed_first_section_is_shown_open);
    tcase_add_test(tc, C_a_closed_section_keeps_the_transport_of_the_description);
    tcase_add_test(tc, C_an_inactive_section_gets_its_direction_back);
    tcase_add_test(tc, P8_a_stopped_section_is_answered_with_port_0_outside_bundle);
    tcase_add_test(tc, C_an_inactive_section_is_answered_inactive_inside_bundle);
    tcase_add_test(tc, C_mirror_undoes_restore);
    tcase_add_test(tc, C_the_accepted_form_of_an_offer_turns_round_and_forgets_the_offerer);
    tcase_add_test(tc, P15_every_ssrc_knows_its_section);
    tcase_add_test(tc, P15_the_mid_extension_is_answered);
    tcase_add_test(tc, P15_the_mid_extension_is_not_answered_where_it_cannot_be);
    return s;
}

GST_CHECK_MAIN(sdp_section_repairs);

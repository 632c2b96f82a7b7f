/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/transport-repairs.hpp"
#include "tests/check/unit/sdp-samples.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

constexpr const char* kOtherFingerprint = "a=fingerprint:sha-256 01:02\r\n";

std::string fingerprint_line(const std::string& text)
{
    const auto start = text.find("a=fingerprint:");
    return text.substr(start, text.find('\n', start) + 1 - start);
}

/// The captured answer with its fingerprint in the sections only.
std::string media_level_fingerprint()
{
    const auto text = sample("sfu-publish.answer");
    return replaced(without_lines(text, "a=fingerprint:"), "a=setup:passive\r\n",
                    fingerprint_line(text) + "a=setup:passive\r\n");
}

/// The captured answer with ICE and setup at session level.
std::string session_level_transport()
{
    auto text = sample("sfu-publish.answer");
    for (auto name : {"a=setup:", "a=ice-ufrag:", "a=ice-pwd:"})
        text = without_lines(text, name);
    return replaced(text, "a=ice-lite\r\n",
                    "a=ice-lite\r\na=setup:passive\r\na=ice-ufrag:ufra\r\na=ice-pwd:pwd\r\n");
}

void assert_unchanged(Description (*repair)(Description), const std::string& text)
{
    assert_text(repair(parsed(text)).to_string(), text);
}

void assert_idempotent(Description (*repair)(Description))
{
    for (const auto& path : all_samples()) {
        const auto once = repair(parsed(read_file(path)));
        assert_text(repair(once).to_string(), once.to_string());
    }
}

} // namespace

GST_START_TEST(J_session_level_transport_is_spread_into_sections)
{
    const auto got = spread_session_transport(parsed(session_level_transport()));
    for (const auto& section : got.sections()) {
        fail_unless(section.setup() == SetupRole::Passive);
        fail_unless(section.ice_ufrag() == "ufra" && section.ice_pwd() == "pwd");
    }
    for (auto name : {"setup", "ice-ufrag", "ice-pwd"})
        fail_unless(!got.session().has_attribute(name), "%s is still at session level", name);
    fail_unless(got.session().has_attribute("fingerprint"));
}
GST_END_TEST;

GST_START_TEST(J_a_section_keeps_what_it_has_of_its_own)
{
    auto text = replaced(session_level_transport(), "a=mid:m1\r\n",
                         "a=mid:m1\r\na=setup:active\r\na=ice-ufrag:own1\r\na=ice-pwd:ownp\r\n");
    const auto got = spread_session_transport(parsed(text));
    fail_unless(got.sections()[0].ice_ufrag() == "ufra");
    fail_unless(got.sections()[1].ice_ufrag() == "own1" && got.sections()[1].ice_pwd() == "ownp");
    fail_unless(got.sections()[1].setup() == SetupRole::Active);
    assert_unchanged(spread_session_transport, sample("sfu-publish.answer"));
}
GST_END_TEST;

GST_START_TEST(P1_a_bare_rejected_section_gets_the_live_transport)
{
    const auto text = with_bare_section(sample("sfu-publish.answer"), 1, true);
    assert_error(check_transport(parsed(text)), ErrorCode::Sdp);
    const auto got = complete_rejected_sections(parsed(text));
    assert_ok(check_transport(got));
    const auto& live = got.sections()[0];
    const auto& rejected = got.sections()[1];
    fail_unless(rejected.port() == 0);
    fail_unless(rejected.ice_ufrag() == live.ice_ufrag() && rejected.ice_pwd() == live.ice_pwd());
    fail_unless(rejected.setup() == SetupRole::Passive);
    fail_unless(rejected.fingerprints().empty(), "P2: a second place for the fingerprint");
    const auto both = replaced(text, "a=mid:m0\r\n", fingerprint_line(text) + "a=mid:m0\r\n");
    fail_unless(complete_rejected_sections(parsed(both)).sections()[1].fingerprints().empty());
}
GST_END_TEST;

GST_START_TEST(P1_the_donor_is_live_even_when_the_first_section_is_not)
{
    auto text = with_bare_section(media_level_fingerprint(), 0, true);
    const auto got = complete_rejected_sections(parsed(text));
    assert_ok(check_transport(got));
    fail_unless(got.sections()[0].ice_ufrag() == got.sections()[1].ice_ufrag());
    fail_unless(got.sections()[0].fingerprints() == got.sections()[1].fingerprints());

    // A rejected section that still has its old credentials is not preferred to a live one.
    text = replaced(sample("sfu-publish-more.answer"), "m=audio 9", "m=audio 0");
    auto description = parsed(text);
    description.sections()[0].set_attribute("ice-ufrag", "oldo");
    description.sections()[2].remove_attributes("ice-ufrag");
    description = complete_rejected_sections(std::move(description));
    fail_unless(description.sections()[2].ice_ufrag() == description.sections()[1].ice_ufrag());
}
GST_END_TEST;

GST_START_TEST(P1_ufrag_and_pwd_are_never_mixed)
{
    auto description = parsed_sample("sfu-publish.answer");
    description.sections()[1].set_attribute("ice-ufrag", "lone");
    description.sections()[1].remove_attributes("ice-pwd");
    const auto got = complete_rejected_sections(description);
    fail_unless(got.sections()[1].ice_ufrag() == got.sections()[0].ice_ufrag());
}
GST_END_TEST;

GST_START_TEST(P1_a_complete_description_is_left_alone)
{
    for (const auto& path : all_samples())
        if (!contains(path.string(), "refused"))
            assert_unchanged(complete_rejected_sections, read_file(path));
}
GST_END_TEST;

GST_START_TEST(P1_our_own_refusal_carries_our_own_transport)
{
    const auto text = sample("webrtcbin-1.22-pull-refused.answer");
    assert_error(check_transport(parsed(text)), ErrorCode::Sdp);
    const auto got = complete_own_refusals(parsed(text));
    assert_ok(check_transport(got));
    const auto& ours = got.sections()[0];
    const auto& refused = got.sections()[1];
    fail_unless(refused.ice_ufrag() == ours.ice_ufrag() && refused.ice_pwd() == ours.ice_pwd());
    fail_unless(refused.fingerprints() == ours.fingerprints());
    fail_unless(refused.setup() == SetupRole::Active);
    fail_unless(refused.ssrcs().empty(), "the SSRCs are the offerer's");
    assert_unchanged(complete_own_refusals, sample("webrtcbin-1.22-pull.answer"));
}
GST_END_TEST;

GST_START_TEST(P1_without_any_live_section_there_is_an_error)
{
    for (auto name : {"a=ice-ufrag:", "a=ice-pwd:", "a=setup:", "a=fingerprint:"}) {
        const auto text = without_lines(sample("sfu-publish.answer"), name);
        assert_error(check_transport(complete_rejected_sections(parsed(text))), ErrorCode::Sdp);
    }
    const auto odd = replaced(sample("sfu-publish.answer"), "sha-256 60:", "sha-256 XX:");
    assert_error(check_transport(parsed(odd)), ErrorCode::Sdp);
    assert_ok(check_transport(parsed_sample("sfu-publish.answer")));
}
GST_END_TEST;

GST_START_TEST(P2_a_fingerprint_in_both_places_moves_to_the_session)
{
    const auto once = sample("sfu-publish.answer");
    const auto both =
        replaced(once, "a=setup:passive\r\n", fingerprint_line(once) + "a=setup:passive\r\n");
    assert_text(keep_single_fingerprint_place(parsed(both)).to_string(), once);
    assert_unchanged(keep_single_fingerprint_place, once);
}
GST_END_TEST;

GST_START_TEST(P2_a_common_fingerprint_of_the_sections_moves_to_the_session)
{
    const auto got = keep_single_fingerprint_place(parsed(media_level_fingerprint()));
    fail_unless_equals_uint64(count_of(got.to_string(), "a=fingerprint:"), 1);
    fail_unless(got.session().has_attribute("fingerprint"));
    fail_unless(got.fingerprints_of(got.sections()[1]) ==
                parsed_sample("sfu-publish.answer").fingerprints_of(got.sections()[1]));
}
GST_END_TEST;

GST_START_TEST(P2_fingerprints_that_differ_stay_in_the_sections)
{
    const auto text = replaced(sample("sfu-publish.answer"), "a=mid:m1\r\n",
                               std::string("a=mid:m1\r\n") + kOtherFingerprint);
    const auto got = keep_single_fingerprint_place(parsed(text));
    fail_unless(!got.session().has_attribute("fingerprint"));
    fail_unless(got.sections()[0].fingerprints().at(0).value.starts_with("60:7C"));
    fail_unless(got.sections()[1].fingerprints().at(0).value == "01:02");
}
GST_END_TEST;

GST_START_TEST(P2_a_rejected_section_has_no_say)
{
    const auto text = replaced(replaced(sample("sfu-publish.answer"), "m=video 9", "m=video 0"),
                               "a=mid:m1\r\n", std::string("a=mid:m1\r\n") + kOtherFingerprint);
    const auto got = keep_single_fingerprint_place(parsed(text));
    assert_text(got.to_string(), replaced(sample("sfu-publish.answer"), "m=video 9", "m=video 0"));
}
GST_END_TEST;

GST_START_TEST(P2_of_several_algorithms_sha_256_is_kept)
{
    const auto once = sample("sfu-publish.answer");
    const auto text =
        replaced(once, "a=fingerprint:", "a=fingerprint:sha-1 AA:BB\r\na=fingerprint:");
    const auto got = keep_single_fingerprint_place(parsed(text));
    fail_unless_equals_uint64(count_of(got.to_string(), "a=fingerprint:"), 1);
    fail_unless(contains(got.to_string(), fingerprint_line(once)));
}
GST_END_TEST;

GST_START_TEST(P3_fingerprints_become_upper_case)
{
    const auto want = sample("sfu-publish.answer");
    const auto lower = replaced(want, "sha-256 60:7C:E6:B7:91:4D", "SHA-256 60:7c:e6:B7:91:4d");
    assert_text(uppercase_fingerprint(parsed(lower)).to_string(), want);
    const auto media = replaced(media_level_fingerprint(), "60:7C:E6", "60:7c:e6");
    assert_text(uppercase_fingerprint(parsed(media)).to_string(), media_level_fingerprint());
    assert_unchanged(uppercase_fingerprint, want);
}
GST_END_TEST;

GST_START_TEST(P11_D_an_offer_says_actpass_everywhere)
{
    const auto text = sample("webrtcbin-1.22-publish-after-pull.offer");
    fail_unless(contains(text, "a=setup:active\r\n"), "the sample shows no fault");
    const auto got = set_setup_role(parsed(text), SetupRole::ActPass);
    assert_text(got.to_string(), replaced(text, "a=setup:active\r\n", "a=setup:actpass\r\n"));
}
GST_END_TEST;

GST_START_TEST(P11_D_an_answer_says_the_established_role)
{
    const auto text = sample("webrtcbin-1.22-passive-pull.answer");
    fail_unless(contains(text, "a=setup:active\r\n"), "the sample shows no fault");
    const auto got = set_setup_role(parsed(text), SetupRole::Passive);
    assert_text(got.to_string(), replaced(text, "a=setup:active\r\n", "a=setup:passive\r\n"));
    const auto session = set_setup_role(parsed(session_level_transport()), SetupRole::Active);
    fail_unless(!session.session().has_attribute("setup"));
    fail_unless_equals_uint64(count_of(session.to_string(), "a=setup:active\r\n"), 2);
}
GST_END_TEST;

GST_START_TEST(P13_a_media_level_ice_lite_moves_to_the_session)
{
    const auto want = sample("sfu-pull.offer");
    const auto text = replaced(without_lines(want, "a=ice-lite"), "a=rtcp-mux\r\n",
                               "a=ice-lite\r\na=rtcp-mux\r\n");
    const auto got = session_ice_lite(parsed(text));
    fail_unless(got.is_ice_lite());
    fail_unless_equals_uint64(count_of(got.to_string(), "a=ice-lite\r\n"), 1);
    assert_unchanged(session_ice_lite, want);
    assert_unchanged(session_ice_lite, without_lines(want, "a=ice-lite"));
}
GST_END_TEST;

GST_START_TEST(J_candidates_go_and_nothing_claims_that_there_are_none)
{
    const auto text = sample("sfu-publish.answer");
    const auto want = without_lines(without_lines(text, "a=candidate:"), "a=end-of-candidates");
    assert_text(strip_candidates(parsed(text)).to_string(), want);
    const auto session = replaced(want, "a=ice-lite\r\n", "a=ice-lite\r\na=candidate:x\r\n");
    assert_text(strip_candidates(parsed(session)).to_string(), want);
}
GST_END_TEST;

GST_START_TEST(every_repair_is_idempotent)
{
    for (auto repair :
         {spread_session_transport, complete_rejected_sections, complete_own_refusals,
          keep_single_fingerprint_place, uppercase_fingerprint, session_ice_lite, strip_candidates})
        assert_idempotent(repair);
}
GST_END_TEST;

static Suite* sdp_transport_repairs_suite()
{
    Suite* s = suite_create("sdp_transport_repairs");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, J_session_level_transport_is_spread_into_sections);
    tcase_add_test(tc, J_a_section_keeps_what_it_has_of_its_own);
    tcase_add_test(tc, P1_a_bare_rejected_section_gets_the_live_transport);
    tcase_add_test(tc, P1_the_donor_is_live_even_when_the_first_section_is_not);
    tcase_add_test(tc, P1_ufrag_and_pwd_are_never_mixed);
    tcase_add_test(tc, P1_a_complete_description_is_left_alone);
    tcase_add_test(tc, P1_our_own_refusal_carries_our_own_transport);
    tcase_add_test(tc, P1_without_any_live_section_there_is_an_error);
    tcase_add_test(tc, P2_a_fingerprint_in_both_places_moves_to_the_session);
    tcase_add_test(tc, P2_a_common_fingerprint_of_the_sections_moves_to_the_session);
    tcase_add_test(tc, P2_fingerprints_that_differ_stay_in_the_sections);
    tcase_add_test(tc, P2_a_rejected_section_has_no_say);
    tcase_add_test(tc, P2_of_several_algorithms_sha_256_is_kept);
    tcase_add_test(tc, P3_fingerprints_become_upper_case);
    tcase_add_test(tc, P11_D_an_offer_says_actpass_everywhere);
    tcase_add_test(tc, P11_D_an_answer_says_the_established_role);
    tcase_add_test(tc, P13_a_media_level_ice_lite_moves_to_the_session);
    tcase_add_test(tc, J_candidates_go_and_nothing_claims_that_there_are_none);
    tcase_add_test(tc, every_repair_is_idempotent);
    return s;
}

GST_CHECK_MAIN(sdp_transport_repairs);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The life of an exchange. Repairs in use: sdp-facade-repairs.cpp; closing: sdp-facade-closing.cpp.
#include "lib/sdp/facade.hpp"
#include "tests/check/unit/sdp-exchanges.hpp"

using namespace cf;
using namespace cf::sdp;

GST_START_TEST(a_good_exchange_changes_only_what_it_must)
{
    Facade facade;
    const auto text = sample("webrtcbin-1.22-publish.offer");
    const auto out = offered(facade, text);
    assert_text(out.local, text);
    assert_text(out.wire,
                replaced(without_lines(text, "a=bundle-only"), "m=video 0 ", "m=video 9 "));
    const auto answer = sample("sfu-publish.answer");
    const auto in = answered(facade, answer);
    assert_text(in.text, answer);
    assert_text(in.description.to_string(), answer);
    fail_unless((in.added == std::vector<Mid>{"m0", "m1"}));
    fail_unless(in.closed.empty() && in.reopened.empty());
    fail_unless(facade.commit());
    fail_unless((facade.mids() == std::vector<Mid>{"m0", "m1"}));
    fail_unless(facade.dtls_role() == SetupRole::Active);
    fail_unless(facade.remote_fingerprint()->value.starts_with("60:7C:E6"));
}
GST_END_TEST;

GST_START_TEST(a_good_pull_changes_only_what_it_must)
{
    Facade facade;
    const auto offer = sample("sfu-pull.offer");
    const auto in = received(facade, offer);
    assert_text(in.text, offer);
    fail_unless((in.added == std::vector<Mid>{"0", "1"}));
    const auto answer = sample("webrtcbin-1.22-pull.answer");
    const auto out = replied(facade, answer);
    assert_text(out.local, answer);
    assert_text(out.wire, answer);
    fail_unless(out.refused.empty());
    fail_unless(facade.commit());
    fail_unless(facade.dtls_role() == SetupRole::Active);
}
GST_END_TEST;

GST_START_TEST(P11_the_first_exchange_decides_the_role)
{
    const auto answer = sample("sfu-publish.answer");
    for (const auto& [said, ours] :
         {std::pair{"a=setup:passive\r\n", SetupRole::Active},
          std::pair{"a=setup:active\r\n", SetupRole::Passive}, std::pair{"", SetupRole::Active}}) {
        Facade facade;
        publish(facade, replaced(answer, "a=setup:passive\r\n", said));
        fail_unless(facade.dtls_role() == ours);
    }
    assert_error(answer_result(replaced(answer, "a=setup:passive", "a=setup:actpass")),
                 ErrorCode::Sdp);
    assert_error(answer_result(replaced(answer, "a=setup:passive", "a=setup:x")), ErrorCode::Sdp);
    for (const auto& [said, ours] :
         {std::pair{"a=setup:passive\r\n", SetupRole::Active},
          std::pair{"a=setup:active\r\n", SetupRole::Passive}, std::pair{"", SetupRole::Active}}) {
        Facade facade;
        (void)received(facade, replaced(sample("sfu-pull.offer"), "a=setup:actpass\r\n", said));
        const auto out = replied(facade, sample("webrtcbin-1.22-pull.answer"));
        fail_unless(facade.commit());
        fail_unless(facade.dtls_role() == ours);
        fail_unless(parsed(out.local).sections()[1].setup() == ours);
    }
}
GST_END_TEST;

GST_START_TEST(another_certificate_in_a_running_session_is_an_error)
{
    Facade facade;
    pull(facade);
    const auto offer = sample("sfu-pull-more.offer");
    assert_error(facade.offer_from_wire(replaced(offer, "sha-256 60:7C", "sha-256 61:7C")),
                 ErrorCode::Sdp);
    assert_ok(facade.offer_from_wire(replaced(offer, "sha-256 60:7C", "SHA-256 60:7c")));
}
GST_END_TEST;

GST_START_TEST(an_abandoned_offer_leaves_no_trace)
{
    Facade facade;
    const auto text = sample("webrtcbin-1.22-publish.offer");
    const auto first = offered(facade, text);
    facade.abandon();
    fail_unless(facade.mids().empty() && !facade.dtls_role() && !facade.remote_fingerprint());
    fail_unless(!facade.in_exchange());
    fail_unless(!facade.close_mid("m0"));
    assert_text(offered(facade, text).wire, first.wire);
    (void)answered(facade, replaced(sample("sfu-publish.answer"), "setup:passive", "setup:active"));
    facade.abandon();
    fail_unless(facade.mids().empty() && !facade.dtls_role() && !facade.remote_fingerprint());
    // The other way round, and with other mids: nothing of the first is left.
    pull(facade);
    fail_unless((facade.mids() == std::vector<Mid>{"0", "1"}));
    fail_unless(facade.dtls_role() == SetupRole::Active);
}
GST_END_TEST;

GST_START_TEST(a_failed_answer_can_be_followed_by_a_better_one)
{
    Facade facade;
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    assert_error(facade.answer_from_wire("not SDP"), ErrorCode::Sdp);
    assert_error(facade.answer_from_wire(sample("partytracks-push-audio.answer")), ErrorCode::Sdp);
    assert_text(answered(facade, sample("sfu-publish.answer")).text, sample("sfu-publish.answer"));
}
GST_END_TEST;

GST_START_TEST(steps_out_of_turn_are_errors)
{
    Facade facade;
    const auto offer = sample("webrtcbin-1.22-publish.offer");
    const auto remote = sample("sfu-pull.offer");
    assert_error(facade.answer_from_wire(sample("sfu-publish.answer")), ErrorCode::State);
    assert_error(facade.answer_to_wire(sample("webrtcbin-1.22-pull.answer")), ErrorCode::State);
    fail_unless(!facade.commit(), "there is nothing to keep");
    (void)offered(facade, offer);
    fail_unless(!facade.commit() && facade.in_exchange(), "one step is missing");
    assert_error(facade.offer_to_wire(offer), ErrorCode::State);
    assert_error(facade.offer_from_wire(remote), ErrorCode::State);
    assert_error(facade.answer_to_wire(sample("webrtcbin-1.22-pull.answer")), ErrorCode::State);
    (void)answered(facade, sample("sfu-publish.answer"));
    assert_error(facade.answer_from_wire(sample("sfu-publish.answer")), ErrorCode::State);
    facade.abandon();
    (void)received(facade, remote);
    assert_error(facade.answer_from_wire(sample("sfu-publish.answer")), ErrorCode::State);
}
GST_END_TEST;

GST_START_TEST(what_is_no_description_is_an_error_in_every_step)
{
    Facade facade;
    assert_error(facade.offer_to_wire(""), ErrorCode::Sdp);
    assert_error(facade.offer_from_wire("v=0\r\nm=audio\r\n"), ErrorCode::Sdp);
    fail_unless(!facade.in_exchange());
    (void)received(facade, sample("sfu-pull.offer"));
    assert_error(facade.answer_to_wire("{}"), ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(what_is_repaired_needs_no_repair)
{
    for (const auto& path : all_samples()) {
        const auto text = read_file(path);
        Facade once;
        Facade twice;
        if (auto in = once.offer_from_wire(text))
            assert_text(received(twice, in->text).text, in->text);
        once.abandon();
        twice.abandon();
        const auto out = offered(once, text);
        assert_text(offered(twice, out.local).local, out.local);
        twice.abandon();
        assert_text(offered(twice, out.wire).wire, out.wire);
    }
}
GST_END_TEST;

GST_START_TEST(recorded_exchanges_of_a_browser_pass)
{
    for (auto name : {"push-audio", "push-audio-video", "push-simulcast"}) {
        Facade facade;
        (void)offered(facade, sample(std::string("partytracks-") + name + ".offer"));
        const auto in = answered(facade, sample(std::string("partytracks-") + name + ".answer"));
        fail_unless(in.closed.empty());
        fail_unless(facade.commit());
    }
    for (auto name : {"pull", "pull-after-push"}) {
        Facade facade;
        (void)received(facade, sample(std::string("partytracks-") + name + ".offer"));
        (void)replied(facade, sample(std::string("partytracks-") + name + ".answer"));
        fail_unless(facade.commit());
    }
}
GST_END_TEST;

static Suite* sdp_facade_suite()
{
    Suite* s = suite_create("sdp_facade");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, a_good_exchange_changes_only_what_it_must);
    tcase_add_test(tc, a_good_pull_changes_only_what_it_must);
    tcase_add_test(tc, P11_the_first_exchange_decides_the_role);
    tcase_add_test(tc, another_certificate_in_a_running_session_is_an_error);
    tcase_add_test(tc, an_abandoned_offer_leaves_no_trace);
    tcase_add_test(tc, a_failed_answer_can_be_followed_by_a_better_one);
    tcase_add_test(tc, steps_out_of_turn_are_errors);
    tcase_add_test(tc, what_is_no_description_is_an_error_in_every_step);
    tcase_add_test(tc, what_is_repaired_needs_no_repair);
    tcase_add_test(tc, recorded_exchanges_of_a_browser_pass);
    return s;
}

GST_CHECK_MAIN(sdp_facade);

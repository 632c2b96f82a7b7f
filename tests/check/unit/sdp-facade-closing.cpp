/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Sections that close and open again on the wire while webrtcbin sees them open.
#include "lib/sdp/facade.hpp"
#include "tests/check/unit/sdp-exchanges.hpp"

using namespace cf;
using namespace cf::sdp;

namespace
{

const std::string kPullAnswer = "webrtcbin-1.22-pull.answer";

/// A captured offer with section @p index made inactive.
std::string with_inactive(const std::string& text, std::size_t index)
{
    auto description = parsed(text);
    description.sections().at(index).set_direction(Direction::Inactive);
    return description.to_string();
}

MediaSection wire_section(const OutgoingDescription& out, std::size_t index)
{
    return parsed(out.wire).sections().at(index);
}

/// webrtcbin's answer to three sections.
std::string three_section_answer()
{
    auto answer = parsed_sample(kPullAnswer);
    auto third = answer.sections()[0];
    third.set_attribute("mid", "2");
    answer.sections().push_back(third);
    answer.set_bundle_group({"0", "1", "2"});
    return answer.to_string();
}

} // namespace

GST_START_TEST(C_P8_P10_a_pulled_track_that_stops_is_hidden_and_mirrored)
{
    Facade facade;
    pull(facade);
    const auto in = received(facade, with_bare_section(sample("sfu-pull-more.offer"), 0, true));
    fail_unless((in.closed == std::vector<Mid>{"0"}));
    fail_unless((in.added == std::vector<Mid>{"2"}));
    const auto& shown = in.description.sections()[0];
    fail_unless(shown.port() == 9 && shown.direction() == Direction::SendOnly);
    fail_unless(shown.codec(111).has_value());
    fail_unless((in.description.bundle_group() == std::vector<Mid>{"0", "1", "2"}));

    const auto text = three_section_answer();
    const auto out = replied(facade, text);
    assert_text(out.local, text);
    const auto wire = wire_section(out, 0);
    fail_unless(wire.port() == 0 && wire.direction() == Direction::Inactive);
    fail_unless((parsed(out.wire).bundle_group() == std::vector<Mid>{"1", "2"}));
    fail_unless(wire_section(out, 1).port() == 9);
    fail_unless(!facade.is_closed("0"), "before commit");
    fail_unless(facade.commit());
    fail_unless(facade.is_closed("0") && !facade.is_closed("1"));
}
GST_END_TEST;

GST_START_TEST(C_a_pulled_track_that_goes_inactive_is_hidden_and_mirrored)
{
    Facade facade;
    pull(facade);
    const auto offer = sample("sfu-pull.offer");
    const auto in = received(facade, with_inactive(offer, 1));
    fail_unless((in.closed == std::vector<Mid>{"1"}));
    fail_unless(in.description.sections()[1].direction() == Direction::SendOnly);
    const auto out = replied(facade, sample(kPullAnswer));
    const auto wire = wire_section(out, 1);
    fail_unless(wire.port() == 9 && wire.direction() == Direction::Inactive);
    fail_unless((parsed(out.wire).bundle_group() == std::vector<Mid>{"0", "1"}));
    assert_text(out.local, sample(kPullAnswer));
}
GST_END_TEST;

GST_START_TEST(C_a_closed_track_is_reported_once)
{
    Facade facade;
    pull(facade);
    const auto offer = with_inactive(sample("sfu-pull.offer"), 1);
    fail_unless_equals_uint64(received(facade, offer).closed.size(), 1);
    (void)replied(facade, sample(kPullAnswer));
    fail_unless(facade.commit());
    const auto again = received(facade, offer);
    fail_unless(again.closed.empty() && again.added.empty() && again.reopened.empty());
    fail_unless(again.description.sections()[1].direction() == Direction::SendOnly);
}
GST_END_TEST;

GST_START_TEST(C_a_section_that_is_filled_again_is_reopened)
{
    for (const bool stopped : {true, false}) {
        Facade facade;
        pull(facade);
        const auto offer = sample("sfu-pull.offer");
        (void)received(facade,
                       stopped ? with_bare_section(offer, 1, true) : with_inactive(offer, 1));
        (void)replied(facade, sample(kPullAnswer));
        fail_unless(facade.commit());
        const auto filled = replaced(offer, "3135442617", "3000000001");
        const auto in = received(facade, filled);
        assert_text(in.text, filled);
        fail_unless((in.reopened == std::vector<Mid>{"1"}));
        fail_unless(in.added.empty() && in.closed.empty());
        fail_unless(in.ssrc_to_mid.at(3000000001U) == "1");
        assert_text(replied(facade, sample(kPullAnswer)).wire, sample(kPullAnswer));
        fail_unless(facade.commit());
        fail_unless(!facade.is_closed("1"));
    }
}
GST_END_TEST;

GST_START_TEST(C_a_track_closed_by_force_is_inactive_from_then_on)
{
    Facade facade;
    pull(facade);
    fail_unless(facade.close_mid("1") && facade.is_closed("1"));
    fail_unless(!facade.close_mid("7"));
    const auto out = offered(facade, sample("webrtcbin-1.22-publish-after-pull.offer"));
    const auto wire = wire_section(out, 1);
    fail_unless(wire.direction() == Direction::Inactive && wire.port() == 9);
    fail_unless(parsed(out.local).sections()[1].direction() == Direction::RecvOnly);
    fail_unless(wire_section(out, 0).direction() == Direction::RecvOnly);
}
GST_END_TEST;

GST_START_TEST(C_a_section_closed_by_force_is_reopened_by_the_services_offer)
{
    Facade facade;
    pull(facade);
    fail_unless(facade.close_mid("1"));
    const auto in = received(facade, sample("sfu-pull.offer"));
    fail_unless((in.reopened == std::vector<Mid>{"1"}));
    fail_unless(wire_section(replied(facade, sample(kPullAnswer)), 1).direction() ==
                Direction::RecvOnly);
}
GST_END_TEST;

GST_START_TEST(C_a_published_track_that_we_close_stays_closed_in_the_services_offers)
{
    Facade facade;
    publish_as_dtls_server(facade);
    fail_unless(facade.close_mid("m0"));
    const auto in = received(facade, sample("sfu-pull-after-publish.offer"));
    fail_unless(in.reopened.empty() && in.closed.empty());
    fail_unless(in.description.sections()[0].direction() == Direction::RecvOnly);
    const auto out = replied(facade, sample("webrtcbin-1.22-passive-pull.answer"));
    fail_unless(wire_section(out, 0).direction() == Direction::Inactive);
    fail_unless(parsed(out.local).sections()[0].direction() == Direction::SendOnly);
    fail_unless(facade.commit());
    // Not even when the service would send on it too: 1.22 could not turn the section round.
    const auto both = received(
        facade, replaced(sample("sfu-pull-after-publish.offer"), "a=recvonly", "a=sendrecv"));
    fail_unless(both.reopened.empty() && facade.is_closed("m0"));
}
GST_END_TEST;

GST_START_TEST(C_an_offer_closes_and_a_later_one_reopens)
{
    Facade facade;
    publish(facade);
    const auto text = sample("webrtcbin-1.22-publish.offer");
    auto out = offered(facade, text, {{"m1"}, {}});
    assert_text(out.local, text);
    fail_unless(wire_section(out, 1).direction() == Direction::Inactive);
    fail_unless(wire_section(out, 1).port() == 9);
    auto in = answered(facade, with_inactive(sample("sfu-publish.answer"), 1));
    fail_unless(in.closed.empty(), "we did it ourselves");
    fail_unless(in.description.sections()[1].direction() == Direction::RecvOnly);
    fail_unless(facade.commit());
    fail_unless(facade.is_closed("m1"));

    out = offered(facade, text, {{}, {"m1"}});
    fail_unless(wire_section(out, 1).direction() == Direction::SendOnly);
    in = answered(facade, sample("sfu-publish.answer"));
    assert_text(in.text, sample("sfu-publish.answer"));
    fail_unless(facade.commit());
    fail_unless(!facade.is_closed("m1"));
}
GST_END_TEST;

GST_START_TEST(C_an_abandoned_close_leaves_the_track_open)
{
    Facade facade;
    publish(facade);
    const auto text = sample("webrtcbin-1.22-publish.offer");
    (void)offered(facade, text, {{"m1"}, {}});
    facade.abandon();
    fail_unless(!facade.is_closed("m1"));
    fail_unless(wire_section(offered(facade, text), 1).direction() == Direction::SendOnly);
}
GST_END_TEST;

GST_START_TEST(C_a_forced_close_survives_the_exchange_around_it)
{
    Facade facade;
    publish(facade);
    const auto text = sample("webrtcbin-1.22-publish.offer");
    (void)offered(facade, text);
    fail_unless(facade.close_mid("m1"));
    facade.abandon();
    fail_unless(facade.is_closed("m1"));

    Facade other;
    (void)offered(other, text);
    fail_unless(other.close_mid("m1"), "it is being negotiated");
    (void)answered(other, sample("sfu-publish.answer"));
    fail_unless(other.commit());
    fail_unless(other.is_closed("m1"));
}
GST_END_TEST;

GST_START_TEST(C_what_cannot_be_closed_or_reopened_is_an_error)
{
    Facade facade;
    publish(facade, with_bare_section(sample("sfu-publish.answer"), 1, true));
    const auto text = sample("webrtcbin-1.22-publish.offer");
    assert_error(facade.offer_to_wire(text, {{"m7"}, {}}), ErrorCode::InvalidArgument);
    assert_error(facade.offer_to_wire(text, {{}, {"m7"}}), ErrorCode::InvalidArgument);
    assert_error(facade.offer_to_wire(text, {{}, {"m1"}}), ErrorCode::InvalidArgument);
    fail_unless(!facade.in_exchange());
    assert_ok(facade.offer_to_wire(text, {{"m0"}, {"m0"}}));
}
GST_END_TEST;

GST_START_TEST(C_a_refused_track_is_hidden_and_stays_refused)
{
    Facade facade;
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    const auto in = answered(facade, with_bare_section(sample("sfu-publish.answer"), 1, true));
    const auto& shown = in.description.sections()[1];
    fail_unless(shown.port() == 9 && shown.direction() == Direction::RecvOnly);
    fail_unless(shown.codec(120) && shown.codec(96));
    fail_unless((in.description.bundle_group() == std::vector<Mid>{"m0", "m1"}));
    fail_unless(facade.commit());
    const auto out = offered(facade, sample("webrtcbin-1.22-publish-more.offer"));
    fail_unless(wire_section(out, 1).port() == 0);
    fail_unless(wire_section(out, 1).direction() == Direction::Inactive);
    fail_unless((parsed(out.wire).bundle_group() == std::vector<Mid>{"m0", "m2"}));
    fail_unless(parsed(out.local).sections()[1].direction() == Direction::SendOnly);
    const auto more =
        answered(facade, with_bare_section(sample("sfu-publish-more.answer"), 1, true));
    fail_unless((more.added == std::vector<Mid>{"m2"}) && more.closed.empty());
}
GST_END_TEST;

GST_START_TEST(C_an_answer_whose_direction_lets_nothing_flow_closes)
{
    for (auto direction : {Direction::Inactive, Direction::SendOnly}) {
        Facade facade;
        publish(facade);
        (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
        auto answer = parsed_sample("sfu-publish.answer");
        answer.sections()[1].set_direction(direction);
        const auto in = answered(facade, answer.to_string());
        fail_unless((in.closed == std::vector<Mid>{"m1"}));
        fail_unless(in.description.sections()[1].direction() == Direction::RecvOnly);
    }
    // sendrecv lets our media flow; webrtcbin takes it as it is.
    Facade facade;
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    const auto both = replaced(sample("sfu-publish.answer"), "a=recvonly", "a=sendrecv");
    const auto in = answered(facade, both);
    fail_unless(in.closed.empty());
    assert_text(in.text, both);
}
GST_END_TEST;

GST_START_TEST(C_everything_refused_is_an_error_at_first_and_a_close_later)
{
    auto all_bare = with_bare_section(sample("sfu-publish.answer"), 0, true);
    all_bare = with_bare_section(all_bare, 1, true);
    Facade facade;
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    assert_error(facade.answer_from_wire(all_bare), ErrorCode::Sdp);
    facade.abandon();
    publish(facade);
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    const auto in = answered(facade, all_bare);
    fail_unless((in.closed == std::vector<Mid>{"m0", "m1"}));
    fail_unless((in.description.bundle_group() == std::vector<Mid>{"m0", "m1"}));
}
GST_END_TEST;

GST_START_TEST(C_a_section_that_is_closed_from_the_start_can_be_filled_later)
{
    Facade facade;
    const auto offer = sample("sfu-pull.offer");
    const auto in = received(facade, with_inactive(offer, 1));
    fail_unless((in.added == std::vector<Mid>{"0", "1"}));
    fail_unless((in.closed == std::vector<Mid>{"1"}));
    fail_unless(in.description.sections()[1].direction() == Direction::SendOnly);
    const auto out = replied(facade, sample(kPullAnswer));
    fail_unless(wire_section(out, 1).direction() == Direction::Inactive);
    fail_unless(facade.commit());
    const auto filled = received(facade, offer);
    fail_unless((filled.reopened == std::vector<Mid>{"1"}) && filled.added.empty());
    assert_text(filled.text, offer);
}
GST_END_TEST;

GST_START_TEST(C_P1_a_nameless_bare_section_gets_a_mid_that_stays_here)
{
    Facade facade;
    const auto in = received(facade, with_bare_section(sample("sfu-pull.offer"), 1, false));
    const Mid made_up(in.description.sections()[1].mid());
    fail_unless(!made_up.empty());
    auto answer = parsed_sample(kPullAnswer);
    answer.sections()[1].set_attribute("mid", made_up);
    answer.set_bundle_group({"0", made_up});
    const auto out = replied(facade, answer.to_string());
    fail_unless(contains(out.local, "a=mid:" + made_up));
    fail_unless(!contains(out.wire, made_up), "%s", out.wire.c_str());
    fail_unless(facade.commit());
    const auto again = received(facade, with_bare_section(sample("sfu-pull.offer"), 1, false));
    fail_unless(again.description.sections()[1].mid() == made_up);
    facade.abandon();
    // An open section needs a name: tracks are known by it.
    Facade fresh;
    assert_error(fresh.offer_from_wire(without_lines(sample("sfu-pull.offer"), "a=mid:1")),
                 ErrorCode::Sdp);
}
GST_END_TEST;

GST_START_TEST(a_refused_section_may_be_offered_again)
{
    Facade facade;
    (void)received(facade, sample("sfu-pull.offer"));
    (void)replied(facade, sample("webrtcbin-1.22-pull-refused.answer"));
    fail_unless(facade.commit());
    const auto in = received(facade, sample("sfu-pull.offer"));
    fail_unless((in.added == std::vector<Mid>{"1"}));
    fail_unless(replied(facade, sample(kPullAnswer)).refused.empty());
    fail_unless(facade.commit());
    fail_unless(!facade.is_closed("1"));
}
GST_END_TEST;

static Suite* sdp_facade_closing_suite()
{
    Suite* s = suite_create("sdp_facade_closing");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, C_P8_P10_a_pulled_track_that_stops_is_hidden_and_mirrored);
    tcase_add_test(tc, C_a_pulled_track_that_goes_inactive_is_hidden_and_mirrored);
    tcase_add_test(tc, C_a_closed_track_is_reported_once);
    tcase_add_test(tc, C_a_section_that_is_filled_again_is_reopened);
    tcase_add_test(tc, C_a_track_closed_by_force_is_inactive_from_then_on);
    tcase_add_test(tc, C_a_section_closed_by_force_is_reopened_by_the_services_offer);
    tcase_add_test(tc, C_a_published_track_that_we_close_stays_closed_in_the_services_offers);
    tcase_add_test(tc, C_an_offer_closes_and_a_later_one_reopens);
    tcase_add_test(tc, C_an_abandoned_close_leaves_the_track_open);
    tcase_add_test(tc, C_a_forced_close_survives_the_exchange_around_it);
    tcase_add_test(tc, C_what_cannot_be_closed_or_reopened_is_an_error);
    tcase_add_test(tc, C_a_refused_track_is_hidden_and_stays_refused);
    tcase_add_test(tc, C_an_answer_whose_direction_lets_nothing_flow_closes);
    tcase_add_test(tc, C_everything_refused_is_an_error_at_first_and_a_close_later);
    tcase_add_test(tc, C_a_section_that_is_closed_from_the_start_can_be_filled_later);
    tcase_add_test(tc, C_P1_a_nameless_bare_section_gets_a_mid_that_stays_here);
    tcase_add_test(tc, a_refused_section_may_be_offered_again);
    return s;
}

GST_CHECK_MAIN(sdp_facade_closing);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// How a session comes up: states, what runs in parallel, how many round trips it takes.
#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

std::string states(const SessionRecorder& recorder)
{
    std::string out;
    for (const auto& entry : recorder.states)
        out += std::string{out.empty() ? "" : " "} + to_string(entry.state);
    return out;
}

void expect_states(const SessionRecorder& recorder, const char* expected)
{
    const std::string got = states(recorder);
    ck_assert_str_eq(got.c_str(), expected);
}

} // namespace

GST_START_TEST(publishing_goes_through_all_states)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.expect_state(SessionState::Creating);
    f.settle();
    expect_states(f.recorder, "creating negotiating connecting connected");
    ck_assert_uint_eq(f.recorder.created.size(), 1);
    ck_assert(f.session->session_id() == f.recorder.created[0]);
    const SlotInfo& info = f.slot(1).info;
    ck_assert(info.state == SlotState::Active);
    ck_assert(info.session_id == f.session->session_id());
    ck_assert_str_eq(info.track_name.c_str(), "track-1");
    ck_assert_str_eq(info.mid.c_str(), "m0");
}
GST_END_TEST;

GST_START_TEST(pulling_goes_through_all_states)
{
    SessionFixture f;
    f.start();
    f.pull(1);
    f.settle();
    expect_states(f.recorder, "creating negotiating connecting connected");
    const SlotInfo& info = f.slot(1).info;
    ck_assert(info.state == SlotState::Active);
    ck_assert_str_eq(info.session_id.c_str(), "publisher");
    ck_assert_str_eq(info.track_name.c_str(), "cam");
}
GST_END_TEST;

GST_START_TEST(any_number_of_tracks_is_published_in_two_round_trips)
{
    SessionFixture f;
    f.start();
    for (SlotId slot = 1; slot <= 10; ++slot)
        f.publish(slot);
    f.settle();
    ck_assert_uint_eq(f.api->seen().size(), 2);
    ck_assert(f.api->seen()[0].call == Call::NewSession);
    ck_assert(f.api->seen()[1].call == Call::NewTracks);
    ck_assert_uint_eq(f.peer().offers(), 1);
    ck_assert_uint_eq(f.open(), 10);
    for (SlotId slot = 1; slot <= 10; ++slot)
        f.expect_slot(slot, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(any_number_of_tracks_is_pulled_in_three_round_trips)
{
    SessionFixture f;
    f.start();
    for (SlotId slot = 1; slot <= 10; ++slot)
        f.pull(slot, slot % 2 == 0 ? "cam" : "mic");
    f.settle();
    ck_assert_uint_eq(f.api->seen().size(), 3);
    ck_assert(f.api->seen()[2].call == Call::Renegotiate);
    ck_assert_uint_eq(f.open(), 10);
    for (SlotId slot = 1; slot <= 10; ++slot)
        f.expect_slot(slot, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(first_offer_is_made_while_the_session_is)
{
    SessionFixture f;
    f.api->hold_next(Call::NewSession);
    f.start();
    f.publish(1);
    f.settle();
    ck_assert_uint_eq(f.peer().offers(), 1);
    ck_assert(f.peer().offer_open());
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 0);
    f.api->release();
    f.settle();
    ck_assert_uint_eq(f.peer().offers(), 1);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(slow_offer_does_not_hold_up_the_session)
{
    SessionFixture f;
    f.behaviour.latency = Milliseconds{500};
    f.start();
    f.publish(1);
    f.settle();
    ck_assert_uint_eq(f.recorder.created.size(), 1);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 0);
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(intents_before_start_go_in_the_first_exchange)
{
    SessionFixture f;
    f.make();
    f.publish(1);
    f.publish(2);
    f.settle();
    ck_assert(f.api->seen().empty());
    f.session->start();
    f.session->start(); // again does nothing
    f.settle();
    ck_assert_uint_eq(f.api->seen().size(), 2);
    ck_assert_uint_eq(f.open(), 2);
}
GST_END_TEST;

GST_START_TEST(without_intents_only_the_session_is_made)
{
    SessionFixture f;
    f.start();
    f.settle();
    ck_assert_uint_eq(f.api->seen().size(), 1);
    f.expect_state(SessionState::Negotiating);
    ck_assert_uint_eq(f.executor->timer_count(), 0); // nothing runs out meanwhile
    f.publish(1);
    f.settle();
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(third_party_is_asked_for)
{
    SessionFixture f;
    f.options.third_party = true;
    f.start();
    f.settle();
    ck_assert(f.api->last<NewSessionRequest>(Call::NewSession).third_party);
}
GST_END_TEST;

GST_START_TEST(second_publish_waits_until_connected)
{
    SessionFixture f;
    f.behaviour.connect_delay = Milliseconds{300};
    f.start();
    f.publish(1);
    f.settle();
    f.publish(2);
    f.publish(3);
    f.advance(299);
    f.expect_state(SessionState::Connecting);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
    f.advance(1);
    f.expect_state(SessionState::Connected);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 2); // both in one
    f.expect_slot(3, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(pulls_do_not_wait_for_the_transport)
{
    SessionFixture f;
    f.behaviour.connect_delay = Milliseconds{300};
    f.start();
    f.pull(1);
    f.settle();
    f.pull(2, "mic");
    f.settle();
    f.expect_state(SessionState::Connecting);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 2);
    ck_assert_uint_eq(f.open(), 2);
}
GST_END_TEST;

GST_START_TEST(publish_and_pull_are_never_mixed_in_one_call)
{
    SessionFixture f;
    f.start();
    f.pull(1);
    f.publish(2);
    f.pull(3, "mic");
    f.publish(4);
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 2); // the fake refuses mixtures
    ck_assert_uint_eq(f.open(), 4);
    for (SlotId slot = 1; slot <= 4; ++slot)
        f.expect_slot(slot, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(slot_is_active_only_when_media_flows)
{
    SessionFixture f;
    f.behaviour.media_flows = false;
    f.start();
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Pending);
    ck_assert_str_eq(f.slot(1).info.mid.c_str(), "m0"); // but its mid is known
    f.peer().let_flow(1);
    f.settle();
    f.expect_slot(1, SlotState::Active);
    const std::size_t events = f.recorder.slots[1].size();
    f.peer().let_flow(1);
    f.settle();
    ck_assert_uint_eq(f.recorder.slots[1].size(), events); // said once
}
GST_END_TEST;

GST_START_TEST(media_before_renegotiate_is_answered_counts_afterwards)
{
    SessionFixture f;
    f.api->hold_next(Call::Renegotiate);
    f.start();
    f.pull(1);
    f.settle();
    f.expect_state(SessionState::Connected); // the transport needs no /renegotiate of the fake
    ck_assert(!f.has_slot(1));
    f.api->release();
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.recorder.slots[1].size(), 1);
}
GST_END_TEST;

GST_START_TEST(more_than_64_tracks_take_several_calls)
{
    SessionFixture f;
    f.start();
    for (SlotId slot = 1; slot <= 130; ++slot)
        f.publish(slot);
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 3); // the fake watches the limit
    ck_assert_uint_eq(f.open(), 130);
}
GST_END_TEST;

GST_START_TEST(events_never_come_from_within_a_call)
{
    SessionFixture f;
    f.start();
    ck_assert(f.recorder.states.empty());
    f.publish(1);
    f.settle();
    const std::size_t before = f.recorder.slots[1].size();
    f.session->restart(Error{ErrorCode::Media, "x"});
    f.session->remove(1);
    f.session->publish({2, MediaKind::Audio, "x"});
    ck_assert_uint_eq(f.recorder.slots[1].size(), before);
    ck_assert(f.recorder.lost.empty());
    f.settle();
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
}
GST_END_TEST;

GST_START_TEST(missing_peer_connection_fails_at_once)
{
    SessionFixture f;
    f.make();
    f.peers.error = Error{ErrorCode::MissingPlugin, "Install gstreamer1.0-plugins-bad."};
    f.session->start();
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed && f.recorder.failed->code == ErrorCode::MissingPlugin);
    ck_assert(f.api->seen().empty());
    f.expect_slot(1, SlotState::Failed); // asked for when it was too late
}
GST_END_TEST;

GST_START_TEST(first_session_that_expires_unused_is_replaced)
{
    SessionFixture f;
    f.start();
    f.settle();
    f.api->expire(f.session->session_id());
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.recorder.created.size(), 2);
}
GST_END_TEST;

static Suite* session_connect_suite()
{
    Suite* s = suite_create("session-connect");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, publishing_goes_through_all_states);
    tcase_add_test(tc, pulling_goes_through_all_states);
    tcase_add_test(tc, any_number_of_tracks_is_published_in_two_round_trips);
    tcase_add_test(tc, any_number_of_tracks_is_pulled_in_three_round_trips);
    tcase_add_test(tc, first_offer_is_made_while_the_session_is);
    tcase_add_test(tc, slow_offer_does_not_hold_up_the_session);
    tcase_add_test(tc, intents_before_start_go_in_the_first_exchange);
    tcase_add_test(tc, without_intents_only_the_session_is_made);
    tcase_add_test(tc, third_party_is_asked_for);
    tcase_add_test(tc, second_publish_waits_until_connected);
    tcase_add_test(tc, pulls_do_not_wait_for_the_transport);
    tcase_add_test(tc, publish_and_pull_are_never_mixed_in_one_call);
    tcase_add_test(tc, slot_is_active_only_when_media_flows);
    tcase_add_test(tc, media_before_renegotiate_is_answered_counts_afterwards);
    tcase_add_test(tc, more_than_64_tracks_take_several_calls);
    tcase_add_test(tc, events_never_come_from_within_a_call);
    tcase_add_test(tc, missing_peer_connection_fails_at_once);
    tcase_add_test(tc, first_session_that_expires_unused_is_replaced);
    return s;
}

GST_CHECK_MAIN(session_connect);

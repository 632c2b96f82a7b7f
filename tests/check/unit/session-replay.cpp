/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What is replayed on a new session, and sessions that are replaced on request.
#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

// ---- what is replayed ----

GST_START_TEST(failed_and_removed_slots_are_not_replayed)
{
    SessionFixture f;
    f.api->fail_item(Call::NewTracks, "track-2", "invalid_params");
    f.start();
    f.publish(1);
    f.publish(2);
    f.publish(3);
    f.settle();
    f.session->remove(3);
    f.settle();
    f.peer().set_transport(TransportState::Failed);
    f.advance(1000);
    ck_assert_uint_eq(f.api->last<NewTracksRequest>(Call::NewTracks).tracks.size(), 1);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Failed);
}
GST_END_TEST;

GST_START_TEST(intents_made_while_away_go_with_the_replay)
{
    SessionFixture f;
    f.connect_publisher();
    f.peer().set_transport(TransportState::Failed);
    f.settle();
    f.publish(2);
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
    f.advance(1000);
    ck_assert_uint_eq(f.api->last<NewTracksRequest>(Call::NewTracks).tracks.size(), 2);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(intents_are_replayed_in_their_order)
{
    SessionFixture f;
    f.start();
    f.publish(7);
    f.publish(3);
    f.publish(5);
    f.settle();
    f.peer().set_transport(TransportState::Failed);
    f.advance(1000);
    const auto& tracks = f.api->last<NewTracksRequest>(Call::NewTracks).tracks;
    ck_assert_str_eq(tracks.at(0).track_name.c_str(), "track-7");
    ck_assert_str_eq(tracks.at(1).track_name.c_str(), "track-3");
    ck_assert_str_eq(tracks.at(2).track_name.c_str(), "track-5");
}
GST_END_TEST;

GST_START_TEST(session_lost_without_intents_is_not_replaced_for_nothing)
{
    SessionFixture f;
    f.connect_publisher();
    f.session->remove(1);
    f.settle();
    f.peer().set_transport(TransportState::Failed);
    f.advance(600000);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
    f.expect_state(SessionState::Reconnecting);
    f.publish(2);
    f.settle();
    f.expect_state(SessionState::Connected);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(steps_of_a_reconnection_are_not_shown)
{
    SessionFixture f;
    f.connect_publisher();
    f.recorder.states.erase(f.recorder.states.begin(), f.recorder.states.end() - 1);
    f.peer().set_transport(TransportState::Failed);
    f.advance(1000);
    ck_assert_uint_eq(f.recorder.states.size(), 3);
    ck_assert(f.recorder.states[1].state == SessionState::Reconnecting);
    ck_assert(f.recorder.states[2].state == SessionState::Connected);
}
GST_END_TEST;

// ---- restart() ----

GST_START_TEST(restart_replaces_the_session)
{
    SessionFixture f;
    f.connect_publisher();
    f.session->restart(Error{ErrorCode::Media, "No data arrives."});
    f.expect_state(SessionState::Reconnecting);
    f.settle(); // at once: nobody has to be spared
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Active);
    ck_assert_str_eq(f.slot(1).info.track_name.c_str(), "track-1");
    ck_assert_uint_eq(f.open(), 1); // nothing of the first session
}
GST_END_TEST;

GST_START_TEST(restart_cuts_a_waiting_time_short)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewSession, 503, "", Milliseconds{60000});
    f.start();
    f.publish(1);
    f.settle();
    f.session->restart(Error{ErrorCode::Media, "now"});
    f.settle();
    f.expect_state(SessionState::Connected);
    f.advance(120000);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 2);
}
GST_END_TEST;

GST_START_TEST(restart_revives_a_failed_session)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewSession, 401);
    f.start();
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Failed);
    f.session->restart(Error{ErrorCode::Unauthorized, "new token"});
    f.advance(1000);
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(restart_before_start_is_nothing)
{
    SessionFixture f;
    f.make();
    f.session->restart(Error{ErrorCode::Media, "x"});
    f.advance(60000);
    ck_assert(f.api->seen().empty());
    f.expect_state(SessionState::Idle);
}
GST_END_TEST;

static Suite* session_replay_suite()
{
    Suite* s = suite_create("session-replay");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, failed_and_removed_slots_are_not_replayed);
    tcase_add_test(tc, intents_made_while_away_go_with_the_replay);
    tcase_add_test(tc, intents_are_replayed_in_their_order);
    tcase_add_test(tc, session_lost_without_intents_is_not_replaced_for_nothing);
    tcase_add_test(tc, steps_of_a_reconnection_are_not_shown);
    tcase_add_test(tc, restart_replaces_the_session);
    tcase_add_test(tc, restart_cuts_a_waiting_time_short);
    tcase_add_test(tc, restart_revives_a_failed_session);
    tcase_add_test(tc, restart_before_start_is_nothing);
    return s;
}

GST_CHECK_MAIN(session_replay);

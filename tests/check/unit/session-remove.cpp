/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Taking one slot back, in every stage it can be in. Nothing of it stays open.
#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

GST_START_TEST(removed_publication_is_stopped_and_closed_by_force)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.publish(2);
    f.settle();
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.expect_slot(2, SlotState::Active);
    const auto& request = f.api->last<CloseTracksRequest>(Call::CloseTracks);
    ck_assert(request.force && !request.offer);
    ck_assert(request.mids == std::vector<Mid>{"m0"});
    ck_assert(f.peer().stopped().contains(1));
    ck_assert_uint_eq(f.open(), 1);
    f.session->remove(1); // gone: nothing happens
    f.session->remove(99);
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1);
}
GST_END_TEST;

GST_START_TEST(slots_removed_in_one_turn_are_closed_in_one_call)
{
    SessionFixture f;
    f.start();
    for (SlotId slot = 1; slot <= 5; ++slot)
        f.publish(slot);
    f.settle();
    for (SlotId slot = 1; slot <= 4; ++slot)
        f.session->remove(slot);
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1);
    ck_assert_uint_eq(f.api->last<CloseTracksRequest>(Call::CloseTracks).mids.size(), 4);
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(queued_slot_is_removed_without_a_word_to_the_service)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.pull(2);
    f.session->remove(1);
    f.session->remove(2);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.expect_slot(2, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 0);
}
GST_END_TEST;

GST_START_TEST(slot_removed_before_start_is_closed)
{
    SessionFixture f;
    f.make();
    f.publish(1);
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
}
GST_END_TEST;

GST_START_TEST(publication_removed_in_flight_is_closed_after_it)
{
    SessionFixture f;
    f.api->hold_next(Call::NewTracks);
    f.start();
    f.publish(1);
    f.publish(2);
    f.settle();
    f.session->remove(1);
    f.settle();
    ck_assert(!f.has_slot(1)); // nothing can be said yet
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 0);
    f.api->release();
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.expect_slot(2, SlotState::Active);
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(pull_removed_in_flight_is_answered_and_closed)
{
    SessionFixture f;
    f.api->hold_next(Call::NewTracks);
    f.start();
    f.pull(1);
    f.settle();
    f.session->remove(1);
    f.api->release();
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::Renegotiate), 1);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(pull_removed_during_renegotiate_is_closed_after_it)
{
    SessionFixture f;
    f.api->hold_next(Call::Renegotiate);
    f.start();
    f.pull(1);
    f.settle();
    f.session->remove(1);
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 0);
    f.api->release();
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(slot_removed_in_flight_that_fails_anyway_is_just_closed)
{
    SessionFixture f;
    f.api->hold_next(Call::NewTracks);
    f.start();
    f.pull(1, "never");
    f.settle();
    f.session->remove(1);
    f.api->release();
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.advance(60000);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
}
GST_END_TEST;

GST_START_TEST(slot_removed_while_it_waits_to_retry_is_just_closed)
{
    SessionFixture f;
    f.start();
    f.pull(1, "never");
    f.settle();
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.advance(60000);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
}
GST_END_TEST;

GST_START_TEST(slot_removed_while_reconnecting_is_just_closed)
{
    SessionFixture f;
    f.connect_publisher();
    f.publish(2);
    f.settle();
    f.peer().set_transport(TransportState::Failed);
    f.settle();
    f.expect_state(SessionState::Reconnecting);
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.advance(1000);
    f.expect_slot(2, SlotState::Active);
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(slot_removed_while_its_offer_is_made_is_closed)
{
    SessionFixture f;
    f.behaviour.latency = Milliseconds{100};
    f.start();
    f.publish(1);
    f.advance(50);
    f.session->remove(1);
    f.advance(1000);
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(already_closed_track_counts_as_closed)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->fail_item(Call::CloseTracks, "m0", "close_track_error");
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.advance(60000);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1);
}
GST_END_TEST;

GST_START_TEST(close_refused_for_a_moment_is_repeated)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->fail_item(Call::CloseTracks, "m0", "internal_error", 2);
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Active); // not Closed yet
    f.advance(250 + 500);
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 3);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_refused_again_and_again_is_left_to_the_service)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->fail_item(Call::CloseTracks, "m0", "internal_error", 4);
    f.session->remove(1);
    f.advance(60000);
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 4);
}
GST_END_TEST; // and the session's close tries once more: the fixture finds nothing open

GST_START_TEST(unresolved_close_is_repeated)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->edit_next<CloseTracksAnswer>(Call::CloseTracks,
                                        [](CloseTracksAnswer& answer) { answer.tracks.clear(); });
    f.session->remove(1);
    f.advance(250);
    f.expect_slot(1, SlotState::Closed); // the second time it "was already closed"
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 2);
}
GST_END_TEST;

GST_START_TEST(lost_close_is_repeated_at_once)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->lose_next(Call::CloseTracks);
    f.session->remove(1);
    f.advance(50);
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 2);
    ck_assert(f.recorder.lost.empty());
}
GST_END_TEST;

GST_START_TEST(slot_can_be_used_again_after_it_was_closed)
{
    SessionFixture f;
    f.connect_publisher();
    f.session->remove(1);
    f.settle();
    f.publish(1, "second life");
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert_str_eq(f.slot(1).info.track_name.c_str(), "second life");
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(slot_used_again_while_closing_is_closed_first)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->hold_next(Call::CloseTracks);
    f.session->remove(1);
    f.settle();
    f.publish(1, "again");
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
    f.api->release();
    f.settle();
    f.expect_slot(1, SlotState::Active);
    bool closed = false;
    for (const auto& entry : f.recorder.slots[1])
        closed = closed || entry.info.state == SlotState::Closed;
    ck_assert(closed);
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(slot_used_again_and_taken_back_stays_closed)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->hold_next(Call::CloseTracks);
    f.session->remove(1);
    f.settle();
    f.publish(1, "again");
    f.session->remove(1);
    f.api->release();
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
}
GST_END_TEST;

GST_START_TEST(publish_on_a_live_slot_replaces_the_track)
{
    SessionFixture f;
    f.connect_publisher();
    f.publish(1, "other");
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert_str_eq(f.slot(1).info.track_name.c_str(), "other");
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

static Suite* session_remove_suite()
{
    Suite* s = suite_create("session-remove");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, removed_publication_is_stopped_and_closed_by_force);
    tcase_add_test(tc, slots_removed_in_one_turn_are_closed_in_one_call);
    tcase_add_test(tc, queued_slot_is_removed_without_a_word_to_the_service);
    tcase_add_test(tc, slot_removed_before_start_is_closed);
    tcase_add_test(tc, publication_removed_in_flight_is_closed_after_it);
    tcase_add_test(tc, pull_removed_in_flight_is_answered_and_closed);
    tcase_add_test(tc, pull_removed_during_renegotiate_is_closed_after_it);
    tcase_add_test(tc, slot_removed_in_flight_that_fails_anyway_is_just_closed);
    tcase_add_test(tc, slot_removed_while_it_waits_to_retry_is_just_closed);
    tcase_add_test(tc, slot_removed_while_reconnecting_is_just_closed);
    tcase_add_test(tc, slot_removed_while_its_offer_is_made_is_closed);
    tcase_add_test(tc, already_closed_track_counts_as_closed);
    tcase_add_test(tc, close_refused_for_a_moment_is_repeated);
    tcase_add_test(tc, close_refused_again_and_again_is_left_to_the_service);
    tcase_add_test(tc, unresolved_close_is_repeated);
    tcase_add_test(tc, lost_close_is_repeated_at_once);
    tcase_add_test(tc, slot_can_be_used_again_after_it_was_closed);
    tcase_add_test(tc, slot_used_again_while_closing_is_closed_first);
    tcase_add_test(tc, slot_used_again_and_taken_back_stays_closed);
    tcase_add_test(tc, publish_on_a_live_slot_replaces_the_track);
    return s;
}

GST_CHECK_MAIN(session_remove);

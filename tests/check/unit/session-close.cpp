/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Taking back: one slot in every stage, the whole session at every step. Nothing stays open.
#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

struct Goodbye {
    explicit Goodbye(SessionFixture& f, unsigned timeout = 2000) : fixture(f)
    {
        f.recorder.expect_silence();
        f.session->close(Milliseconds{timeout}, [this] { ++done; });
        ck_assert_uint_eq(done, 0); // never from within
    }
    void expect_done() const
    {
        ck_assert_uint_eq(done, 1);
        fixture.expect_state(SessionState::Closed);
        for (const auto& peer : fixture.peers.made)
            ck_assert(peer->closed());
    }
    SessionFixture& fixture;
    unsigned done = 0;
};

} // namespace

// ---- remove() ----

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

// ---- close() ----

GST_START_TEST(close_takes_everything_in_one_call)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.publish(2);
    f.pull(3);
    f.settle();
    Goodbye goodbye{f};
    f.expect_state(SessionState::Closing);
    ck_assert(!f.peer().closed()); // only after the tracks
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1);
    ck_assert_uint_eq(f.open(), 0);
    ck_assert(f.executor->idle()); // no timer is left
}
GST_END_TEST;

GST_START_TEST(close_of_more_than_64_takes_several_calls)
{
    SessionFixture f;
    f.start();
    for (SlotId slot = 1; slot <= 100; ++slot)
        f.publish(slot);
    f.settle();
    Goodbye goodbye{f};
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_before_start_is_done)
{
    SessionFixture f;
    f.make();
    f.publish(1);
    Goodbye goodbye{f};
    f.settle();
    goodbye.expect_done();
    f.session->start(); // too late
    f.settle();
    f.expect_state(SessionState::Closed);
    ck_assert(f.api->seen().empty());
}
GST_END_TEST;

GST_START_TEST(close_while_the_session_is_made_is_done_at_once)
{
    SessionFixture f;
    f.api->hold_next(Call::NewSession);
    f.start();
    f.publish(1);
    f.settle();
    Goodbye goodbye{f};
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.api->pending(), 0); // the request was taken back
}
GST_END_TEST;

GST_START_TEST(close_while_publishing_closes_what_was_published)
{
    SessionFixture f;
    f.api->hold_next(Call::NewTracks);
    f.start();
    f.publish(1);
    f.settle();
    Goodbye goodbye{f};
    f.settle();
    ck_assert_uint_eq(goodbye.done, 0);
    f.api->release();
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_while_pulling_answers_and_closes)
{
    SessionFixture f;
    f.api->hold_next(Call::NewTracks);
    f.start();
    f.pull(1);
    f.settle();
    Goodbye goodbye{f};
    f.api->release();
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.api->count(Call::Renegotiate), 1);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_during_renegotiate_waits_for_it)
{
    SessionFixture f;
    f.api->hold_next(Call::Renegotiate);
    f.start();
    f.pull(1);
    f.settle();
    Goodbye goodbye{f};
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 0);
    f.api->release();
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_after_a_lost_publish_closes_its_mids)
{
    SessionFixture f;
    f.api->latency = Milliseconds{100};
    f.api->lose_next(Call::NewTracks);
    f.start();
    f.publish(1);
    f.advance(150);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
    Goodbye goodbye{f};
    f.advance(2000);
    goodbye.expect_done();
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_after_a_lost_pull_asks_what_is_open)
{
    SessionFixture f;
    f.api->latency = Milliseconds{100};
    f.api->lose_next(Call::NewTracks);
    f.start();
    f.pull(1);
    f.advance(150);
    Goodbye goodbye{f};
    f.advance(2000);
    goodbye.expect_done();
    ck_assert_uint_eq(f.api->count(Call::GetSession), 1);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_while_a_removal_is_under_way_waits_for_it)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.publish(2);
    f.settle();
    f.api->hold_next(Call::CloseTracks);
    f.session->remove(1);
    f.settle();
    Goodbye goodbye{f};
    f.api->release();
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.open(), 0);
    ck_assert(f.api->last<CloseTracksRequest>(Call::CloseTracks).mids ==
              std::vector<Mid>{"m1"}); // only what was left
}
GST_END_TEST;

GST_START_TEST(close_while_reconnecting_is_done_at_once)
{
    SessionFixture f;
    f.connect_publisher();
    f.peer().set_transport(TransportState::Failed);
    f.settle();
    f.expect_state(SessionState::Reconnecting);
    Goodbye goodbye{f};
    f.settle();
    goodbye.expect_done();
    f.advance(60000);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
}
GST_END_TEST;

GST_START_TEST(close_waits_for_tidying_up_after_a_lost_session)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->hold_next(Call::CloseTracks);
    f.peer().set_transport(TransportState::Failed);
    f.settle();
    Goodbye goodbye{f};
    f.settle();
    ck_assert_uint_eq(goodbye.done, 0);
    f.api->release();
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_after_failure_is_done)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewSession, 401);
    f.start();
    f.settle();
    f.expect_state(SessionState::Failed);
    Goodbye goodbye{f};
    f.settle();
    goodbye.expect_done();
}
GST_END_TEST;

GST_START_TEST(close_ends_in_time_whatever_the_service_does)
{
    constexpr Call kCalls[] = {Call::NewTracks, Call::Renegotiate, Call::CloseTracks};
    SessionFixture f;
    f.api->hold_next(kCalls[__i__]);
    f.start();
    f.pull(1);
    f.settle();
    Goodbye goodbye{f, 700};
    f.advance(699);
    ck_assert_uint_eq(goodbye.done, 0);
    f.advance(1);
    goodbye.expect_done();
    ck_assert_uint_eq(f.api->pending(), 0);
    f.advance(60000);
    ck_assert_uint_eq(goodbye.done, 1);
}
GST_END_TEST;

GST_START_TEST(close_ends_in_time_whatever_the_media_end_does)
{
    constexpr PeerOperation kOperations[] = {PeerOperation::CreateOffer, PeerOperation::SetAnswer,
                                             PeerOperation::SetOffer};
    SessionFixture f;
    f.start();
    f.peer().hang_next(kOperations[__i__]);
    if (kOperations[__i__] == PeerOperation::SetOffer)
        f.pull(1);
    else
        f.publish(1);
    f.settle();
    Goodbye goodbye{f, 700};
    f.advance(700);
    goodbye.expect_done();
}
GST_END_TEST;

GST_START_TEST(close_retries_within_its_time)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->refuse_next(Call::CloseTracks, 503);
    f.api->refuse_next(Call::CloseTracks, 503);
    Goodbye goodbye{f};
    f.advance(250 + 500);
    goodbye.expect_done();
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(close_does_not_insist_where_it_cannot_help)
{
    constexpr unsigned kStatuses[] = {401, 404, 410};
    SessionFixture f;
    f.connect_publisher();
    f.api->refuse_next(Call::CloseTracks, kStatuses[__i__]);
    Goodbye goodbye{f};
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1);
}
GST_END_TEST;

GST_START_TEST(close_twice_answers_both)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->hold_next(Call::CloseTracks);
    Goodbye goodbye{f, 5000};
    unsigned second = 0;
    f.session->close(Milliseconds{100}, [&second] { ++second; });
    f.advance(100); // the shorter time counts
    goodbye.expect_done();
    ck_assert_uint_eq(second, 1);
    f.session->close(Milliseconds{0}, [&second] { ++second; });
    f.settle();
    ck_assert_uint_eq(second, 2);
    ck_assert_uint_eq(goodbye.done, 1);
}
GST_END_TEST;

GST_START_TEST(close_goes_on_when_the_owner_lets_go)
{
    SessionFixture f;
    f.connect_publisher();
    f.recorder.expect_silence();
    unsigned done = 0;
    f.session->close(Milliseconds{2000}, [&done] { ++done; });
    f.session.reset();
    f.settle();
    ck_assert_uint_eq(done, 1);
    ck_assert_uint_eq(f.open(), 0);
    ck_assert(f.peer().closed());
    ck_assert(f.executor->idle());
}
GST_END_TEST;

GST_START_TEST(events_not_delivered_before_close_never_are)
{
    SessionFixture f;
    f.start(); // "creating" is on its way
    Goodbye goodbye{f};
    f.settle();
    ck_assert(f.recorder.states.empty());
}
GST_END_TEST;

GST_START_TEST(intents_after_close_are_ignored)
{
    SessionFixture f;
    f.connect_publisher();
    Goodbye goodbye{f};
    f.publish(2);
    f.pull(3);
    f.session->remove(1);
    f.session->update(3, {}, Simulcast{"a"});
    f.session->restart(Error{ErrorCode::Media, "x"});
    f.settle();
    goodbye.expect_done();
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
}
GST_END_TEST;

GST_START_TEST(dropped_session_leaves_no_timer_and_no_request)
{
    SessionFixture f;
    f.api->hold_next(Call::NewTracks);
    f.start();
    f.pull(1);
    f.settle();
    f.session.reset();
    ck_assert(f.peer().closed());
    ck_assert_uint_eq(f.api->pending(), 0);
    f.settle();
    ck_assert(f.executor->idle());
}
GST_END_TEST;

static Suite* session_close_suite()
{
    Suite* s = suite_create("session-close");
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
    tcase_add_test(tc, close_takes_everything_in_one_call);
    tcase_add_test(tc, close_of_more_than_64_takes_several_calls);
    tcase_add_test(tc, close_before_start_is_done);
    tcase_add_test(tc, close_while_the_session_is_made_is_done_at_once);
    tcase_add_test(tc, close_while_publishing_closes_what_was_published);
    tcase_add_test(tc, close_while_pulling_answers_and_closes);
    tcase_add_test(tc, close_during_renegotiate_waits_for_it);
    tcase_add_test(tc, close_after_a_lost_publish_closes_its_mids);
    tcase_add_test(tc, close_after_a_lost_pull_asks_what_is_open);
    tcase_add_test(tc, close_while_a_removal_is_under_way_waits_for_it);
    tcase_add_test(tc, close_while_reconnecting_is_done_at_once);
    tcase_add_test(tc, close_waits_for_tidying_up_after_a_lost_session);
    tcase_add_test(tc, close_after_failure_is_done);
    tcase_add_loop_test(tc, close_ends_in_time_whatever_the_service_does, 0, 3);
    tcase_add_loop_test(tc, close_ends_in_time_whatever_the_media_end_does, 0, 3);
    tcase_add_test(tc, close_retries_within_its_time);
    tcase_add_loop_test(tc, close_does_not_insist_where_it_cannot_help, 0, 3);
    tcase_add_test(tc, close_twice_answers_both);
    tcase_add_test(tc, close_goes_on_when_the_owner_lets_go);
    tcase_add_test(tc, events_not_delivered_before_close_never_are);
    tcase_add_test(tc, intents_after_close_are_ignored);
    tcase_add_test(tc, dropped_session_leaves_no_timer_and_no_request);
    return s;
}

GST_CHECK_MAIN(session_close);

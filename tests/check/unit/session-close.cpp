/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Closing the session at every step. Nothing stays open, and it ends in time.
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Losing a session and getting over it: what counts as lost, when the next try is, and
// when it is given up.
#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

/// Connected with one track each way, so that a replay has something to replay.
void connect_both(SessionFixture& f)
{
    f.start();
    f.publish(1);
    f.pull(2);
    f.settle();
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
}

/// After the first loss the next try is a second away (the fixture's random number is 0).
void expect_recovery(SessionFixture& f)
{
    f.expect_state(SessionState::Reconnecting);
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
    ck_assert(f.recorder.states.back().delay == Milliseconds{1000});
    f.expect_slot(1, SlotState::Pending);
    f.advance(999);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
    f.advance(1);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 2);
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
    ck_assert_str_eq(f.slot(1).info.track_name.c_str(), "track-1");
    ck_assert_str_eq(f.slot(2).info.track_name.c_str(), "cam");
    ck_assert(f.slot(1).info.session_id == f.recorder.created.back());
    ck_assert_uint_eq(f.open(), 2); // nothing of the first session
}

} // namespace

GST_START_TEST(failed_transport_is_a_loss)
{
    SessionFixture f;
    connect_both(f);
    f.peer().set_transport(TransportState::Failed, "ICE failed");
    f.settle();
    ck_assert(f.recorder.states.back().reason->code == ErrorCode::Media);
    ck_assert_str_eq(f.recorder.states.back().reason->message.c_str(), "ICE failed");
    ck_assert(f.peers.made[0]->closed());
    expect_recovery(f);
    ck_assert_uint_eq(f.peers.made.size(), 2);
}
GST_END_TEST;

GST_START_TEST(closed_transport_is_a_loss)
{
    SessionFixture f;
    connect_both(f);
    f.peer().set_transport(TransportState::Closed);
    f.settle();
    expect_recovery(f);
}
GST_END_TEST;

GST_START_TEST(disconnected_for_too_long_is_a_loss)
{
    SessionFixture f;
    connect_both(f);
    f.peer().set_transport(TransportState::Disconnected);
    f.advance(6999);
    f.expect_state(SessionState::Connected);
    f.advance(1);
    expect_recovery(f);
}
GST_END_TEST;

GST_START_TEST(disconnected_for_a_moment_is_nothing)
{
    SessionFixture f;
    connect_both(f);
    f.peer().set_transport(TransportState::Disconnected);
    f.advance(6000);
    f.peer().set_transport(TransportState::Connected);
    f.advance(60000);
    f.expect_state(SessionState::Connected);
    ck_assert(f.recorder.lost.empty());
}
GST_END_TEST;

GST_START_TEST(never_connected_is_a_loss)
{
    SessionFixture f;
    f.behaviour.connects = false;
    f.start();
    f.publish(1);
    f.advance(19999);
    f.expect_state(SessionState::Connecting);
    f.advance(1);
    f.expect_state(SessionState::Reconnecting);
    ck_assert(f.recorder.states.back().reason->code == ErrorCode::Media);
    f.peers.behaviour.connects = true;
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(expired_session_is_a_loss_and_is_not_tidied)
{
    SessionFixture f;
    connect_both(f);
    f.api->expire(f.session->session_id());
    f.pull(3, "mic");
    f.settle();
    ck_assert(f.recorder.states.back().reason->code == ErrorCode::SessionGone);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 0);
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    for (SlotId slot = 1; slot <= 3; ++slot)
        f.expect_slot(slot, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(lost_answer_to_the_first_publish_is_a_loss)
{
    SessionFixture f;
    f.api->lose_next(Call::NewTracks);
    f.start();
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Reconnecting);
    ck_assert_uint_eq(f.peer().abandoned(), 1);
    ck_assert_uint_eq(f.open(), 0); // what may have been published was closed
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(lost_answer_to_renegotiate_is_a_loss)
{
    SessionFixture f;
    connect_both(f);
    f.api->lose_next(Call::Renegotiate);
    f.pull(3, "mic");
    f.settle();
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    for (SlotId slot = 1; slot <= 3; ++slot)
        f.expect_slot(slot, SlotState::Active);
    ck_assert_uint_eq(f.open(), 3);
}
GST_END_TEST;

GST_START_TEST(lost_answer_while_media_flows_is_looked_into_first)
{
    SessionFixture f;
    connect_both(f);
    f.api->lose_next(Call::NewTracks, ErrorCode::Network); // it was carried out
    f.pull(3, "mic");
    f.settle();
    f.expect_state(SessionState::Connected);
    f.advance(499);
    f.expect_state(SessionState::Connected);
    f.advance(1);
    ck_assert_uint_gt(f.api->count(Call::GetSession), 0);
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    f.expect_slot(3, SlotState::Active);
    ck_assert_uint_eq(f.open(), 3);
}
GST_END_TEST;

GST_START_TEST(unreachable_api_does_not_interrupt_media)
{
    SessionFixture f;
    connect_both(f);
    const Error down{ErrorCode::Network, "The service cannot be reached."};
    f.api->fault_next(Call::NewTracks, {ApiFault::Kind::Refuse, down});
    for (int i = 0; i < 5; ++i)
        f.api->fault_next(Call::GetSession, {ApiFault::Kind::Refuse, down});
    f.pull(3, "mic");
    f.advance(500 + 1000 + 2000 + 4000 + 8000);
    ck_assert_uint_eq(f.api->count(Call::GetSession), 5);
    f.expect_state(SessionState::Connected);
    f.advance(10000); // now it answers, and shows nothing of ours
    ck_assert_uint_eq(f.api->count(Call::GetSession), 6);
    f.advance(1000);
    f.expect_slot(3, SlotState::Active);
    ck_assert(f.recorder.lost.empty());
    ck_assert_uint_eq(f.open(), 3);
}
GST_END_TEST;

GST_START_TEST(unusable_answer_after_having_been_connected_is_a_loss)
{
    SessionFixture f;
    connect_both(f);
    f.peer().fail_next(PeerOperation::SetOffer, Error{ErrorCode::Sdp, "No such codec."});
    f.pull(3, "mic");
    f.settle();
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    for (SlotId slot = 1; slot <= 3; ++slot)
        f.expect_slot(slot, SlotState::Active);
    ck_assert_uint_eq(f.open(), 3);
}
GST_END_TEST;

GST_START_TEST(track_that_costs_a_second_session_is_given_up)
{
    SessionFixture f;
    connect_both(f);
    const Error error{ErrorCode::Sdp, "No such codec."};
    f.peer().fail_next(PeerOperation::SetOffer, error);
    f.pull(3, "mic");
    f.settle();
    f.expect_slot(2, SlotState::Pending);
    // In the next session the suspect goes alone and last.
    f.api->hold_next(Call::NewSession);
    f.advance(1000);
    f.peer().fail_next(PeerOperation::SetOffer, error, 1);
    f.api->release();
    f.settle();
    f.expect_slot(3, SlotState::Failed);
    ck_assert(f.slot(3).reason->code == ErrorCode::Sdp);
    f.advance(2000);
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
    f.advance(120000);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 3);
    ck_assert_uint_eq(f.open(), 2);
}
GST_END_TEST;

GST_START_TEST(unusable_first_answer_fails_the_element)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.peer().fail_next(PeerOperation::SetAnswer, Error{ErrorCode::Sdp, "It cannot be parsed."});
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed->code == ErrorCode::Sdp);
    ck_assert_uint_eq(f.open(), 0);
    f.advance(120000);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
}
GST_END_TEST;

GST_START_TEST(answer_that_is_no_json_fails_the_element)
{
    SessionFixture f;
    f.api->fault_next(Call::NewSession,
                      {ApiFault::Kind::Refuse, Error{ErrorCode::Protocol, "Check api-base."}});
    f.start();
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed->code == ErrorCode::Protocol);
    ck_assert_uint_eq(f.peer().abandoned(), 0); // closed with its offer open
    ck_assert(f.peer().closed());
}
GST_END_TEST;

GST_START_TEST(media_end_that_hangs_is_a_loss)
{
    SessionFixture f;
    f.start();
    f.peer().hang_next(PeerOperation::SetAnswer);
    f.publish(1);
    f.advance(9999);
    ck_assert(f.recorder.lost.empty());
    f.advance(1);
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

// ---- when the next try is ----

GST_START_TEST(delays_between_tries_grow_up_to_the_maximum)
{
    SessionFixture f;
    for (int i = 0; i < 8; ++i)
        f.api->refuse_next(Call::NewSession, 503);
    f.start();
    f.publish(1);
    f.settle();
    std::size_t tries = 1;
    for (const unsigned delay : {1000U, 2000U, 4000U, 8000U, 16000U, 30000U, 30000U, 30000U}) {
        ck_assert_uint_eq(f.api->count(Call::NewSession), tries);
        ck_assert(f.recorder.states.back().delay == Milliseconds{delay});
        f.advance(delay - 1);
        ck_assert_uint_eq(f.api->count(Call::NewSession), tries);
        f.advance(1);
        ++tries;
    }
    f.expect_state(SessionState::Connected);
    ck_assert_uint_eq(f.recorder.api_errors.size(), 8);
    ck_assert(f.recorder.api_errors[0].will_retry);
    ck_assert_str_eq(f.recorder.api_errors[0].call.c_str(), "sessions/new");
}
GST_END_TEST;

GST_START_TEST(jitter_shortens_delays)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewSession, 503);
    f.session = Session::create(f.executor, f.api, f.peers.function(), f.options, f.recorder,
                                [] { return 0.5; });
    f.session->start();
    f.publish(1);
    f.settle();
    ck_assert(f.recorder.states.back().delay == Milliseconds{850}); // 1000 * (1 - 0.3 * 0.5)
}
GST_END_TEST;

GST_START_TEST(retry_after_is_honoured)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewSession, 429, "", Milliseconds{7000});
    f.start();
    f.publish(1);
    f.settle();
    ck_assert(f.recorder.states.back().delay == Milliseconds{7000});
    f.advance(6999);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
    f.advance(1);
    f.expect_state(SessionState::Connected);
}
GST_END_TEST;

GST_START_TEST(short_lived_connections_do_not_reset_the_delays)
{
    SessionFixture f;
    f.connect_publisher();
    for (const unsigned delay : {1000U, 2000U, 4000U, 8000U}) {
        f.advance(9000); // not long enough to count as good
        f.peer().set_transport(TransportState::Failed);
        f.settle();
        ck_assert(f.recorder.states.back().delay == Milliseconds{delay});
        f.advance(delay);
        f.expect_state(SessionState::Connected);
    }
    f.advance(10000);
    f.peer().set_transport(TransportState::Failed);
    f.settle(); // it was good: no time is lost, but for the random part
    f.expect_state(SessionState::Connected);
    ck_assert_uint_eq(f.recorder.lost.size(), 5);
}
GST_END_TEST;

// ---- when it is given up ----

GST_START_TEST(retries_in_a_row_are_limited)
{
    SessionFixture f;
    f.options.max_retries = 3;
    for (int i = 0; i < 10; ++i)
        f.api->refuse_next(Call::NewSession, 503);
    f.start();
    f.publish(1);
    f.advance(120000);
    f.expect_state(SessionState::Failed);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 4);
    ck_assert(f.recorder.failed->code == ErrorCode::Server);
    ck_assert(f.recorder.failed->debug.find("after 3 retries") != std::string::npos);
}
GST_END_TEST;

GST_START_TEST(being_connected_resets_the_count)
{
    SessionFixture f;
    f.options.max_retries = 2;
    f.connect_publisher();
    for (int i = 0; i < 6; ++i) {
        f.peer().set_transport(TransportState::Failed);
        f.advance(30000);
        f.expect_state(SessionState::Connected);
    }
}
GST_END_TEST;

GST_START_TEST(without_reconnect_the_first_loss_is_final)
{
    SessionFixture f;
    f.options.reconnect = false;
    f.connect_publisher();
    f.peer().set_transport(TransportState::Failed, "why");
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed->code == ErrorCode::Media);
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
    ck_assert_uint_eq(f.open(), 0);
    f.advance(120000);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
}
GST_END_TEST;

GST_START_TEST(unusable_answers_are_endured_three_times)
{
    SessionFixture f;
    f.connect_publisher();
    const Error error{ErrorCode::Protocol, "Check api-base."};
    for (int i = 0; i < 10; ++i)
        f.api->fault_next(Call::NewSession, {ApiFault::Kind::Refuse, error});
    f.peer().set_transport(TransportState::Failed);
    f.advance(120000);
    f.expect_state(SessionState::Failed);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1 + 3);
}
GST_END_TEST;

GST_START_TEST(sessions_that_expire_while_a_track_is_missing_do_not_count)
{
    SessionFixture f;
    f.options.max_retries = 1;
    f.start();
    f.pull(1, "later");
    for (int i = 0; i < 5; ++i) {
        f.advance(30000);
        f.api->expire(f.session->session_id());
        f.advance(10000); // the next try finds out
        ck_assert(!f.recorder.failed);
        ck_assert_uint_eq(f.recorder.lost.size(), i + 1);
        f.advance(1000);
    }
    for (const auto& entry : f.recorder.states)
        ck_assert(!entry.delay || entry.delay == Milliseconds{1000});
    f.api->add_publication("publisher", "later");
    f.advance(10000);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(expired_sessions_do_not_stop_the_pull_timeout)
{
    SessionFixture f;
    f.options.pull_timeout = Milliseconds{60000};
    f.start();
    f.pull(1, "never");
    f.advance(30000);
    f.api->expire(f.session->session_id());
    f.advance(29999);
    f.expect_slot(1, SlotState::Pending);
    f.advance(10000);
    f.expect_slot(1, SlotState::Failed);
}
GST_END_TEST;

static Suite* session_recovery_suite()
{
    Suite* s = suite_create("session-recovery");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, failed_transport_is_a_loss);
    tcase_add_test(tc, closed_transport_is_a_loss);
    tcase_add_test(tc, disconnected_for_too_long_is_a_loss);
    tcase_add_test(tc, disconnected_for_a_moment_is_nothing);
    tcase_add_test(tc, never_connected_is_a_loss);
    tcase_add_test(tc, expired_session_is_a_loss_and_is_not_tidied);
    tcase_add_test(tc, lost_answer_to_the_first_publish_is_a_loss);
    tcase_add_test(tc, lost_answer_to_renegotiate_is_a_loss);
    tcase_add_test(tc, lost_answer_while_media_flows_is_looked_into_first);
    tcase_add_test(tc, unreachable_api_does_not_interrupt_media);
    tcase_add_test(tc, unusable_answer_after_having_been_connected_is_a_loss);
    tcase_add_test(tc, track_that_costs_a_second_session_is_given_up);
    tcase_add_test(tc, unusable_first_answer_fails_the_element);
    tcase_add_test(tc, answer_that_is_no_json_fails_the_element);
    tcase_add_test(tc, media_end_that_hangs_is_a_loss);
    tcase_add_test(tc, delays_between_tries_grow_up_to_the_maximum);
    tcase_add_test(tc, jitter_shortens_delays);
    tcase_add_test(tc, retry_after_is_honoured);
    tcase_add_test(tc, short_lived_connections_do_not_reset_the_delays);
    tcase_add_test(tc, retries_in_a_row_are_limited);
    tcase_add_test(tc, being_connected_resets_the_count);
    tcase_add_test(tc, without_reconnect_the_first_loss_is_final);
    tcase_add_test(tc, unusable_answers_are_endured_three_times);
    tcase_add_test(tc, sessions_that_expire_while_a_track_is_missing_do_not_count);
    tcase_add_test(tc, expired_sessions_do_not_stop_the_pull_timeout);
    return s;
}

GST_CHECK_MAIN(session_recovery);

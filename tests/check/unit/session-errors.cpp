/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a session does when a request is refused as a whole: each row of the recovery table in
// docs/design/session.md that is not a loss.
#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

Error unreachable()
{
    Error error{ErrorCode::Network, "The service cannot be reached."};
    error.unsent = true;
    return error;
}

void refuse_unsent(SessionFixture& f, Call call, unsigned times)
{
    for (unsigned i = 0; i < times; ++i)
        f.api->fault_next(call, {ApiFault::Kind::Refuse, unreachable()});
}

} // namespace

// ---- nothing can work ----

GST_START_TEST(refused_credentials_fail_at_once)
{
    constexpr unsigned kStatuses[] = {401, 403, 404, 302};
    constexpr ErrorCode kCodes[] = {ErrorCode::Unauthorized, ErrorCode::Unauthorized,
                                    ErrorCode::NotFound, ErrorCode::InvalidArgument};
    SessionFixture f;
    f.api->refuse_next(Call::NewSession, kStatuses[__i__]);
    f.start();
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed && f.recorder.failed->code == kCodes[__i__]);
    ck_assert_uint_eq(f.recorder.failed->http_status, kStatuses[__i__]);
    ck_assert_uint_eq(f.recorder.api_errors.size(), 1);
    ck_assert(!f.recorder.api_errors[0].will_retry);
    f.advance(600000);
    ck_assert_uint_eq(f.api->seen().size(), 1);
}
GST_END_TEST;

GST_START_TEST(token_that_is_withdrawn_fails_the_element)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->refuse_next(Call::NewTracks, 401, "unauthorized");
    f.publish(2);
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed->code == ErrorCode::Unauthorized);
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
    ck_assert_uint_eq(f.open(), 0);
    ck_assert(f.peer().closed());
}
GST_END_TEST;

GST_START_TEST(refused_certificate_fails_at_once)
{
    SessionFixture f;
    f.api->fault_next(Call::NewSession,
                      {ApiFault::Kind::Refuse, Error{ErrorCode::Tls, "Check the clock."}});
    f.start();
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed->code == ErrorCode::Tls);
}
GST_END_TEST;

// ---- 406 and 409: repeated, keeping its place ----

GST_START_TEST(conflict_is_repeated_with_growing_delays)
{
    constexpr Call kCalls[] = {Call::NewTracks, Call::Renegotiate, Call::CloseTracks,
                               Call::UpdateTracks};
    const Call call = kCalls[__i__];
    SessionFixture f;
    f.connect_puller();
    const std::size_t before = f.api->count(call);
    for (int i = 0; i < 3; ++i)
        f.api->refuse_next(call, 406, "invalid_session_description");
    if (call == Call::CloseTracks)
        f.session->remove(1);
    else if (call == Call::UpdateTracks)
        f.session->update(1, {}, Simulcast{"q"});
    else
        f.pull(2, "mic");
    f.settle();
    ck_assert_uint_eq(f.api->count(call), before + 1);
    f.pull(3, "mic"); // waits its turn
    std::size_t tries = 1;
    for (const unsigned delay : {50U, 100U, 150U}) {
        f.advance(delay - 1);
        ck_assert_uint_eq(f.api->count(call), before + tries);
        f.advance(1);
        ++tries;
    }
    ck_assert(f.recorder.lost.empty());
    f.expect_slot(3, SlotState::Active);
    ck_assert_uint_eq(f.recorder.api_errors.size(), 3);
}
GST_END_TEST;

GST_START_TEST(conflict_without_end_costs_the_session)
{
    SessionFixture f;
    f.connect_puller();
    for (int i = 0; i < 4; ++i)
        f.api->refuse_next(Call::NewTracks, 406);
    f.pull(2, "mic");
    f.advance(300);
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(offer_of_ours_is_kept_while_its_request_is_repeated)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewTracks, 409);
    f.start();
    f.publish(1);
    f.settle();
    ck_assert(f.peer().offer_open());
    f.advance(50);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.peer().offers(), 1);
}
GST_END_TEST;

// ---- 425 ----

GST_START_TEST(not_ready_waits_until_connected)
{
    SessionFixture f;
    f.behaviour.connect_delay = Milliseconds{3000};
    f.start();
    f.publish(1);
    f.settle();
    f.api->refuse_next(Call::NewTracks, 425, "session_error");
    f.pull(2);
    f.settle();
    f.pull(3, "mic"); // everything waits now
    f.advance(2999);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 2);
    f.advance(1);
    f.expect_slot(2, SlotState::Active);
    f.expect_slot(3, SlotState::Active);
    ck_assert(f.recorder.lost.empty());
}
GST_END_TEST;

GST_START_TEST(not_ready_although_connected_is_tried_again)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->refuse_next(Call::NewTracks, 425, "session_error");
    f.pull(2);
    f.settle();
    ck_assert(!f.has_slot(2));
    f.advance(1000);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

// ---- 429 and 5xx: later, in the same session ----

GST_START_TEST(busy_service_is_asked_again_later_in_the_same_session)
{
    constexpr unsigned kStatuses[] = {429, 500, 503};
    SessionFixture f;
    f.connect_publisher();
    for (int i = 0; i < 3; ++i)
        f.api->refuse_next(Call::NewTracks, kStatuses[__i__]);
    f.publish(2);
    f.settle();
    std::size_t tries = 2;
    for (const unsigned delay : {1000U, 2000U, 4000U}) {
        ck_assert_uint_eq(f.api->count(Call::NewTracks), tries);
        f.advance(delay - 1);
        ck_assert_uint_eq(f.api->count(Call::NewTracks), tries);
        f.advance(1);
        ++tries;
    }
    f.expect_slot(2, SlotState::Active);
    f.expect_slot(1, SlotState::Active);
    ck_assert(f.recorder.lost.empty());
    ck_assert_uint_eq(f.peer().abandoned(), 3); // each try has an offer of its own
}
GST_END_TEST;

GST_START_TEST(rate_limit_pauses_the_whole_queue_for_as_long_as_asked)
{
    SessionFixture f;
    f.connect_puller();
    f.api->refuse_next(Call::NewTracks, 429, "", Milliseconds{9000});
    f.pull(2, "mic");
    f.settle();
    f.session->update(1, {}, Simulcast{"q"});
    f.pull(3, "mic");
    const std::size_t calls = f.api->seen().size();
    f.advance(8999);
    ck_assert_uint_eq(f.api->seen().size(), calls);
    f.advance(1);
    f.expect_slot(2, SlotState::Active);
    f.expect_slot(3, SlotState::Active);
    ck_assert_uint_eq(f.api->count(Call::UpdateTracks), 1);
}
GST_END_TEST;

GST_START_TEST(success_resets_the_pauses)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->refuse_next(Call::NewTracks, 503);
    f.publish(2);
    f.advance(1000);
    f.expect_slot(2, SlotState::Active);
    f.api->refuse_next(Call::NewTracks, 503);
    f.publish(3);
    f.advance(1000);
    f.expect_slot(3, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(session_that_never_connected_is_replaced_after_four_pauses)
{
    SessionFixture f;
    for (int i = 0; i < 5; ++i)
        f.api->refuse_next(Call::NewTracks, 503);
    f.start();
    f.publish(1);
    f.advance(1000 + 2000 + 4000 + 8000 - 1);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 1);
    f.advance(1);
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 2);
}
GST_END_TEST;

GST_START_TEST(limited_retries_give_up_the_track_but_not_the_media)
{
    SessionFixture f;
    f.options.max_retries = 2;
    f.connect_publisher();
    for (int i = 0; i < 10; ++i)
        f.api->refuse_next(Call::NewTracks, 503);
    f.publish(2);
    f.advance(60000);
    f.expect_slot(2, SlotState::Failed);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1 + 3);
    f.expect_slot(1, SlotState::Active);
    f.expect_state(SessionState::Connected);
}
GST_END_TEST;

GST_START_TEST(renegotiate_is_repeated_when_the_service_is_busy)
{
    SessionFixture f;
    f.api->refuse_next(Call::Renegotiate, 503, "", Milliseconds{2000});
    f.start();
    f.pull(1);
    f.settle();
    f.pull(2, "mic");
    f.advance(1999);
    ck_assert_uint_eq(f.api->count(Call::Renegotiate), 1);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1); // nothing overtakes it
    f.advance(1);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

// ---- requests that never left ----

GST_START_TEST(request_that_never_left_is_made_again_in_the_same_session)
{
    SessionFixture f;
    f.connect_publisher();
    refuse_unsent(f, Call::NewTracks, 3);
    f.pull(2);
    f.advance(1000 + 2000 + 4000);
    f.expect_slot(2, SlotState::Active);
    ck_assert(f.recorder.lost.empty());
    ck_assert_uint_eq(f.api->count(Call::GetSession), 0); // there was nothing to look for
}
GST_END_TEST;

GST_START_TEST(answer_to_an_offer_is_sent_for_as_long_as_it_takes)
{
    SessionFixture f;
    f.connect_puller();
    refuse_unsent(f, Call::Renegotiate, 6);
    f.pull(2, "mic");
    f.advance(500 + 1000 + 2000 + 4000 + 8000 + 10000 - 1);
    ck_assert_uint_eq(f.api->count(Call::Renegotiate), 1 + 6);
    f.advance(1);
    f.expect_slot(2, SlotState::Active);
    ck_assert(f.recorder.lost.empty());
}
GST_END_TEST;

GST_START_TEST(unreachable_service_is_tried_until_it_is_there)
{
    SessionFixture f;
    refuse_unsent(f, Call::NewSession, 4);
    f.start();
    f.publish(1);
    f.advance(1000 + 2000 + 4000 + 8000);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.recorder.lost.size(), 0); // there was none to lose
    for (const auto& error : f.recorder.api_errors)
        ck_assert(error.will_retry && error.error.code == ErrorCode::Network);
}
GST_END_TEST;

// ---- refusals that are one track's fault ----

GST_START_TEST(refused_batch_is_tried_track_by_track)
{
    constexpr unsigned kStatuses[] = {400, 406, 413};
    constexpr const char* kCodes[] = {"decoding_error", "invalid_params", "payload_too_large"};
    SessionFixture f;
    f.api->refuse_next(Call::NewTracks, kStatuses[__i__], kCodes[__i__]); // all three
    f.api->refuse_next(Call::NewTracks, kStatuses[__i__], kCodes[__i__]); // the first
    f.start();
    f.pull(1);
    f.pull(2);
    f.pull(3);
    f.settle();
    f.expect_slot(1, SlotState::Failed);
    ck_assert(f.slot(1).reason->api_code == kCodes[__i__]);
    f.expect_slot(2, SlotState::Active);
    f.expect_slot(3, SlotState::Active);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 4);
    ck_assert(f.recorder.lost.empty());
    ck_assert(f.recorder.api_errors.at(0).will_retry);
    ck_assert(!f.recorder.api_errors.at(1).will_retry);
}
GST_END_TEST;

GST_START_TEST(publications_that_fail_alone_leave_the_session_usable)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewTracks, 400, "invalid_session_description");
    f.start();
    f.publish(1);
    f.settle();
    f.expect_slot(1, SlotState::Failed);
    ck_assert(f.slot(1).reason->code == ErrorCode::Sdp);
    f.publish(2);
    f.settle();
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(failed_slot_can_be_tried_again)
{
    SessionFixture f;
    f.api->fail_item(Call::NewTracks, "taken", "repeated_local_track_error");
    f.start();
    f.publish(1, "taken");
    f.settle();
    f.expect_slot(1, SlotState::Failed);
    f.publish(1, "free");
    f.settle();
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(item_that_says_the_session_is_gone_costs_it)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->fail_item(Call::NewTracks, "cam", "session_error");
    f.pull(2);
    f.settle();
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(close_of_a_session_that_is_gone_costs_it)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.publish(2);
    f.settle();
    f.api->refuse_next(Call::CloseTracks, 404, "not_found");
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    f.expect_state(SessionState::Reconnecting);
    f.advance(1000);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(intent_removed_during_a_pause_is_not_tried_again)
{
    SessionFixture f;
    f.connect_publisher();
    f.api->refuse_next(Call::NewTracks, 503);
    f.publish(2);
    f.settle();
    f.session->remove(2);
    f.settle();
    f.expect_slot(2, SlotState::Closed);
    f.advance(60000);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 2);
}
GST_END_TEST;

static Suite* session_errors_suite()
{
    Suite* s = suite_create("session-errors");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_loop_test(tc, refused_credentials_fail_at_once, 0, 4);
    tcase_add_test(tc, token_that_is_withdrawn_fails_the_element);
    tcase_add_test(tc, refused_certificate_fails_at_once);
    tcase_add_loop_test(tc, conflict_is_repeated_with_growing_delays, 0, 4);
    tcase_add_test(tc, conflict_without_end_costs_the_session);
    tcase_add_test(tc, offer_of_ours_is_kept_while_its_request_is_repeated);
    tcase_add_test(tc, not_ready_waits_until_connected);
    tcase_add_test(tc, not_ready_although_connected_is_tried_again);
    tcase_add_loop_test(tc, busy_service_is_asked_again_later_in_the_same_session, 0, 3);
    tcase_add_test(tc, rate_limit_pauses_the_whole_queue_for_as_long_as_asked);
    tcase_add_test(tc, success_resets_the_pauses);
    tcase_add_test(tc, session_that_never_connected_is_replaced_after_four_pauses);
    tcase_add_test(tc, limited_retries_give_up_the_track_but_not_the_media);
    tcase_add_test(tc, renegotiate_is_repeated_when_the_service_is_busy);
    tcase_add_test(tc, request_that_never_left_is_made_again_in_the_same_session);
    tcase_add_test(tc, answer_to_an_offer_is_sent_for_as_long_as_it_takes);
    tcase_add_test(tc, unreachable_service_is_tried_until_it_is_there);
    tcase_add_loop_test(tc, refused_batch_is_tried_track_by_track, 0, 3);
    tcase_add_test(tc, publications_that_fail_alone_leave_the_session_usable);
    tcase_add_test(tc, failed_slot_can_be_tried_again);
    tcase_add_test(tc, item_that_says_the_session_is_gone_costs_it);
    tcase_add_test(tc, close_of_a_session_that_is_gone_costs_it);
    tcase_add_test(tc, intent_removed_during_a_pause_is_not_tried_again);
    return s;
}

GST_CHECK_MAIN(session_errors);

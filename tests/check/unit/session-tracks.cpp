/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Tracks one by one: items that fail, missing tracks, updates, what a strange answer does.
#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

std::size_t pulls_of(const SessionFixture& f, const char* name)
{
    std::size_t n = 0;
    for (const auto& seen : f.api->seen()) {
        if (seen.call != Call::NewTracks)
            continue;
        for (const Track& track : std::get<NewTracksRequest>(seen.request).tracks)
            n += track.track_name == name ? 1 : 0;
    }
    return n;
}

} // namespace

// ---- publishing ----

GST_START_TEST(failed_publication_does_not_disturb_the_others)
{
    SessionFixture f;
    f.api->fail_item(Call::NewTracks, "track-2", "repeated_local_track_error");
    f.start();
    f.publish(1);
    f.publish(2);
    f.publish(3);
    f.settle();
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Failed);
    ck_assert(f.slot(2).reason && f.slot(2).reason->api_code == "repeated_local_track_error");
    f.expect_slot(3, SlotState::Active);
    ck_assert(f.peer().stopped().contains(2)); // its section was negotiated, but sends nothing
    f.expect_state(SessionState::Connected);
    ck_assert(!f.recorder.failed);
}
GST_END_TEST;

GST_START_TEST(publication_refused_for_a_moment_is_tried_again_with_a_new_mid)
{
    SessionFixture f;
    f.api->fail_item(Call::NewTracks, "track-1", "retryable_transient_error", 2);
    f.start();
    f.publish(1);
    f.publish(2);
    f.settle();
    f.expect_slot(1, SlotState::Pending);
    ck_assert(f.slot(1).reason && f.slot(1).reason->code == ErrorCode::Server);
    f.advance(249);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
    f.advance(1);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 2);
    f.advance(500);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 3);
    f.expect_slot(1, SlotState::Active); // the fake refuses a mid that was used
    f.advance(60000);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 3);
}
GST_END_TEST;

GST_START_TEST(publication_refused_again_and_again_fails)
{
    SessionFixture f;
    f.api->fail_item(Call::NewTracks, "track-1", "internal_error", 1000);
    f.start();
    f.publish(1);
    f.publish(2);
    f.advance(120000);
    f.expect_slot(1, SlotState::Failed);
    f.expect_slot(2, SlotState::Active);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 6);
}
GST_END_TEST;

GST_START_TEST(publication_without_an_item_is_closed_and_tried_again)
{
    SessionFixture f;
    f.api->edit_next<NewTracksAnswer>(Call::NewTracks, [](NewTracksAnswer& answer) {
        answer.tracks.erase(answer.tracks.begin());
    });
    f.start();
    f.publish(1);
    f.publish(2);
    f.settle();
    f.expect_slot(1, SlotState::Pending);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1);
    ck_assert(f.api->last<CloseTracksRequest>(Call::CloseTracks).mids == std::vector<Mid>{"m0"});
    f.advance(250);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.open(), 2);
}
GST_END_TEST;

GST_START_TEST(all_publications_failing_abandons_the_offer)
{
    SessionFixture f;
    f.api->fail_item(Call::NewTracks, "track-1", "invalid_params");
    f.start();
    f.publish(1);
    f.settle();
    f.expect_slot(1, SlotState::Failed);
    ck_assert_uint_eq(f.peer().abandoned(), 1);
    f.publish(2); // nothing was described, so nothing has to connect first
    f.settle();
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(offer_instead_of_an_answer_is_answered_and_ours_made_again)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.api->counter_next();
    f.settle();
    ck_assert_uint_eq(f.peer().abandoned(), 1);
    ck_assert_uint_eq(f.api->count(Call::Renegotiate), 1);
    ck_assert(f.api->last<RenegotiateRequest>(Call::Renegotiate).description.type ==
              SdpType::Answer);
    f.expect_slot(1, SlotState::Pending);
    f.advance(250);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.open(), 1);
}
GST_END_TEST;

GST_START_TEST(accepted_offer_without_an_answer_is_no_calls_api)
{
    SessionFixture f;
    f.api->edit_next<NewTracksAnswer>(Call::NewTracks,
                                      [](NewTracksAnswer& answer) { answer.description.reset(); });
    f.start();
    f.publish(1);
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed->code == ErrorCode::Protocol);
    ck_assert_uint_eq(f.open(), 0); // what was accepted is closed
}
GST_END_TEST;

// ---- pulling ----

GST_START_TEST(missing_track_is_waited_for_with_growing_delays)
{
    SessionFixture f;
    f.start();
    f.pull(1, "later");
    f.settle();
    f.expect_slot(1, SlotState::Pending);
    ck_assert(f.slot(1).reason && f.slot(1).reason->code == ErrorCode::TrackNotFound);
    unsigned at = 0;
    std::size_t tries = 1;
    for (const unsigned delay : {250U, 500U, 1000U, 2000U, 4000U, 8000U, 10000U, 10000U}) {
        f.advance(delay - 1);
        ck_assert_uint_eq(pulls_of(f, "later"), tries);
        f.advance(1);
        ck_assert_uint_eq(pulls_of(f, "later"), ++tries);
        at += delay;
    }
    f.api->add_publication("publisher", "later");
    f.advance(10000);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(missing_track_does_not_hold_up_others)
{
    SessionFixture f;
    f.start();
    f.pull(1, "later");
    f.pull(2, "cam");
    f.settle();
    f.expect_slot(1, SlotState::Pending);
    f.expect_slot(2, SlotState::Active);
    f.api->hold_next(Call::NewTracks); // as the service does while it waits for packets
    f.advance(250);
    ck_assert_uint_eq(pulls_of(f, "later"), 2);
    f.pull(3, "mic");
    f.api->release();
    f.settle();
    f.expect_slot(3, SlotState::Active);
    // A pull that failed before and a fresh one never share a call.
    for (const auto& seen : f.api->seen()) {
        if (seen.call == Call::NewTracks && seen.when > f.api->seen()[1].when)
            ck_assert_uint_eq(std::get<NewTracksRequest>(seen.request).tracks.size(), 1);
    }
}
GST_END_TEST;

GST_START_TEST(silent_track_is_waited_for)
{
    SessionFixture f;
    f.api->fail_item(Call::NewTracks, "cam", "empty_track_error", 3);
    f.start();
    f.pull(1);
    f.settle();
    ck_assert(f.slot(1).reason->code == ErrorCode::TrackEmpty);
    f.advance(1750);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(missing_track_fails_after_pull_timeout)
{
    SessionFixture f;
    f.options.pull_timeout = Milliseconds{3000};
    f.start();
    f.pull(1, "never");
    f.advance(2999);
    f.expect_slot(1, SlotState::Pending);
    f.advance(1); // the last try is made when time runs out, not after it
    f.expect_slot(1, SlotState::Failed);
    ck_assert(f.slot(1).reason->code == ErrorCode::TrackNotFound);
    ck_assert_uint_eq(pulls_of(f, "never"), 5); // 0, 250, 750, 1750, 3000
    ck_assert(!f.recorder.failed);
}
GST_END_TEST;

GST_START_TEST(missing_track_fails_at_once_if_asked_to)
{
    SessionFixture f;
    f.options.retry_missing_track = false;
    f.start();
    f.pull(1, "never");
    f.pull(2);
    f.settle();
    f.expect_slot(1, SlotState::Failed);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(missing_track_for_the_whole_request_counts_for_each_item)
{
    SessionFixture f;
    f.api->refuse_next(Call::NewTracks, 406, "not_found_track_error");
    f.start();
    f.pull(1);
    f.pull(2, "mic");
    f.settle();
    f.expect_slot(1, SlotState::Pending);
    f.expect_slot(2, SlotState::Pending);
    f.advance(250);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(same_publication_can_be_pulled_into_two_slots)
{
    SessionFixture f;
    f.start();
    f.pull(1);
    f.pull(2);
    f.settle();
    ck_assert(f.slot(1).info.mid != f.slot(2).info.mid);
    f.expect_slot(1, SlotState::Active);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(pull_carries_kind_and_simulcast)
{
    SessionFixture f;
    f.start();
    f.session->pull({1,
                     {"publisher", "cam"},
                     MediaKind::Video,
                     Simulcast{"h", RidPolicy::Asciibetical, RidPolicy::None}});
    f.settle();
    const auto& request = f.api->last<NewTracksRequest>(Call::NewTracks);
    ck_assert(request.tracks[0].kind == MediaKind::Video);
    ck_assert(request.tracks[0].simulcast->preferred_rid == "h");
}
GST_END_TEST;

GST_START_TEST(tracks_nobody_asked_for_are_closed)
{
    SessionFixture f;
    f.api->edit_next<NewTracksAnswer>(Call::NewTracks, [](NewTracksAnswer& answer) {
        Track stray;
        stray.mid = "s9";
        stray.track_name = "stray";
        answer.tracks.push_back(stray);
    });
    f.start();
    f.pull(1);
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert(f.api->last<CloseTracksRequest>(Call::CloseTracks).mids == std::vector<Mid>{"s9"});
}
GST_END_TEST;

GST_START_TEST(pull_answered_with_an_answer_is_no_calls_api)
{
    SessionFixture f;
    f.api->edit_next<NewTracksAnswer>(Call::NewTracks, [](NewTracksAnswer& answer) {
        answer.description->type = SdpType::Answer;
    });
    f.start();
    f.pull(1);
    f.settle();
    f.expect_state(SessionState::Failed);
    ck_assert(f.recorder.failed->code == ErrorCode::Protocol);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(pull_without_an_offer_reuses_a_section)
{
    SessionFixture f;
    f.behaviour.reuses = true;
    f.connect_puller();
    f.api->skip_offer_next();
    f.pull(2, "mic");
    f.settle();
    f.expect_slot(2, SlotState::Active);
    ck_assert_uint_eq(f.api->count(Call::Renegotiate), 1); // of the first pull
    ck_assert_uint_eq(f.open(), 2);
}
GST_END_TEST;

GST_START_TEST(pull_that_lands_where_it_cannot_be_received_is_taken_back)
{
    SessionFixture f;
    f.connect_puller();
    f.api->skip_offer_next();
    f.pull(2, "mic");
    f.settle();
    f.expect_slot(2, SlotState::Pending);
    ck_assert(f.api->last<CloseTracksRequest>(Call::CloseTracks).mids == std::vector<Mid>{"s1"});
    ck_assert_uint_eq(f.open(), 1);
    f.advance(250);
    f.expect_slot(2, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(offers_without_end_cost_the_session)
{
    SessionFixture f;
    f.connect_puller();
    for (int i = 0; i < 10; ++i) {
        f.api->edit_next<RenegotiateAnswer>(Call::Renegotiate, [](RenegotiateAnswer& answer) {
            answer.description = SessionDescription{SdpType::Offer, "another\r\n"};
        });
    }
    // Only the first is expected by the fake: it says 406 to the next, which is repeated thrice.
    f.pull(2, "mic");
    f.advance(1000);
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
}
GST_END_TEST;

// ---- updates ----

GST_START_TEST(update_changes_the_layer_without_sdp)
{
    SessionFixture f;
    f.connect_puller();
    const std::size_t calls = f.api->seen().size();
    f.session->update(1, {}, Simulcast{"q"});
    f.settle();
    ck_assert_uint_eq(f.api->seen().size(), calls + 1);
    const auto& request = f.api->last<UpdateTracksRequest>(Call::UpdateTracks);
    ck_assert_str_eq(request.tracks.at(0).mid.c_str(), "s0");
    ck_assert_str_eq(request.tracks[0].track_name.c_str(), "cam");
    ck_assert(request.tracks[0].location == Location::Remote);
    ck_assert(request.tracks[0].simulcast->preferred_rid == "q");
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(update_can_change_the_publication_and_is_replayed)
{
    SessionFixture f;
    f.connect_puller();
    f.session->update(1, TrackLocator{"publisher", "mic"}, {});
    f.settle();
    ck_assert_str_eq(f.slot(1).info.track_name.c_str(), "mic");
    f.session->restart(Error{ErrorCode::Media, "x"});
    f.advance(1000);
    f.expect_slot(1, SlotState::Active);
    ck_assert_str_eq(f.api->last<NewTracksRequest>(Call::NewTracks).tracks[0].track_name.c_str(),
                     "mic");
}
GST_END_TEST;

GST_START_TEST(updates_of_one_turn_are_merged_and_only_the_last_counts)
{
    SessionFixture f;
    f.start();
    f.pull(1);
    f.pull(2, "mic");
    f.settle();
    f.session->update(1, {}, Simulcast{"f"});
    f.session->update(2, {}, Simulcast{"h"});
    f.session->update(1, {}, Simulcast{"q"});
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::UpdateTracks), 1);
    const auto& request = f.api->last<UpdateTracksRequest>(Call::UpdateTracks);
    ck_assert_uint_eq(request.tracks.size(), 2);
    ck_assert(request.tracks[0].simulcast->preferred_rid == "q");
}
GST_END_TEST;

GST_START_TEST(update_before_the_pull_goes_with_the_pull)
{
    SessionFixture f;
    f.start();
    f.pull(1);
    f.session->update(1, {}, Simulcast{"q"});
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::UpdateTracks), 0);
    ck_assert(f.api->last<NewTracksRequest>(Call::NewTracks).tracks[0].simulcast->preferred_rid ==
              "q");
}
GST_END_TEST;

GST_START_TEST(update_during_the_pull_follows_it)
{
    SessionFixture f;
    f.api->hold_next(Call::NewTracks);
    f.start();
    f.pull(1);
    f.settle();
    f.session->update(1, {}, Simulcast{"q"});
    f.api->release();
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::UpdateTracks), 1);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(update_of_a_missing_track_asks_for_the_new_one_at_once)
{
    SessionFixture f;
    f.start();
    f.pull(1, "never");
    f.advance(5000);
    f.expect_slot(1, SlotState::Pending);
    f.session->update(1, TrackLocator{"publisher", "cam"}, {});
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.api->count(Call::UpdateTracks), 0);
}
GST_END_TEST;

GST_START_TEST(refused_update_is_a_warning_only)
{
    SessionFixture f;
    f.connect_puller();
    f.api->fail_item(Call::UpdateTracks, "cam", "update_track_error");
    f.session->update(1, {}, Simulcast{"q"});
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert(f.slot(1).reason && f.slot(1).reason->code == ErrorCode::Unsupported);
    ck_assert_uint_eq(f.recorder.api_errors.size(), 1);
    ck_assert(!f.recorder.api_errors[0].will_retry);
    f.advance(60000);
    ck_assert_uint_eq(f.api->count(Call::UpdateTracks), 1);
}
GST_END_TEST;

GST_START_TEST(updates_of_what_is_not_pulled_are_ignored)
{
    SessionFixture f;
    f.connect_publisher();
    f.session->update(1, {}, Simulcast{"q"});
    f.session->update(99, {}, Simulcast{"q"});
    f.settle();
    ck_assert_uint_eq(f.api->count(Call::UpdateTracks), 0);
}
GST_END_TEST;

// ---- the media end ----

GST_START_TEST(slot_that_fails_at_our_end_is_closed_at_the_service)
{
    SessionFixture f;
    f.start();
    f.publish(1);
    f.publish(2);
    f.settle();
    f.peer().fail_slot(1, Error{ErrorCode::Media, "The encoder gave up."});
    f.settle();
    f.expect_slot(1, SlotState::Failed);
    f.expect_slot(2, SlotState::Active);
    ck_assert_uint_eq(f.open(), 1);
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1); // not again
}
GST_END_TEST;

GST_START_TEST(offer_that_cannot_be_made_fails_only_the_track_to_blame)
{
    SessionFixture f;
    f.make();
    f.session->start();
    f.publish(1);
    f.publish(2);
    const Error error{ErrorCode::Unsupported, "No payloader for this codec."};
    f.peer().fail_next(PeerOperation::CreateOffer, error); // both together
    f.peer().fail_next(PeerOperation::CreateOffer, error); // the first by itself
    f.settle();
    f.expect_slot(1, SlotState::Failed);
    f.expect_slot(2, SlotState::Active);
    ck_assert(f.slot(1).reason->code == ErrorCode::Unsupported);
}
GST_END_TEST;

static Suite* session_tracks_suite()
{
    Suite* s = suite_create("session-tracks");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, failed_publication_does_not_disturb_the_others);
    tcase_add_test(tc, publication_refused_for_a_moment_is_tried_again_with_a_new_mid);
    tcase_add_test(tc, publication_refused_again_and_again_fails);
    tcase_add_test(tc, publication_without_an_item_is_closed_and_tried_again);
    tcase_add_test(tc, all_publications_failing_abandons_the_offer);
    tcase_add_test(tc, offer_instead_of_an_answer_is_answered_and_ours_made_again);
    tcase_add_test(tc, accepted_offer_without_an_answer_is_no_calls_api);
    tcase_add_test(tc, missing_track_is_waited_for_with_growing_delays);
    tcase_add_test(tc, missing_track_does_not_hold_up_others);
    tcase_add_test(tc, silent_track_is_waited_for);
    tcase_add_test(tc, missing_track_fails_after_pull_timeout);
    tcase_add_test(tc, missing_track_fails_at_once_if_asked_to);
    tcase_add_test(tc, missing_track_for_the_whole_request_counts_for_each_item);
    tcase_add_test(tc, same_publication_can_be_pulled_into_two_slots);
    tcase_add_test(tc, pull_carries_kind_and_simulcast);
    tcase_add_test(tc, tracks_nobody_asked_for_are_closed);
    tcase_add_test(tc, pull_answered_with_an_answer_is_no_calls_api);
    tcase_add_test(tc, pull_without_an_offer_reuses_a_section);
    tcase_add_test(tc, pull_that_lands_where_it_cannot_be_received_is_taken_back);
    tcase_add_test(tc, offers_without_end_cost_the_session);
    tcase_add_test(tc, update_changes_the_layer_without_sdp);
    tcase_add_test(tc, update_can_change_the_publication_and_is_replayed);
    tcase_add_test(tc, updates_of_one_turn_are_merged_and_only_the_last_counts);
    tcase_add_test(tc, update_before_the_pull_goes_with_the_pull);
    tcase_add_test(tc, update_during_the_pull_follows_it);
    tcase_add_test(tc, update_of_a_missing_track_asks_for_the_new_one_at_once);
    tcase_add_test(tc, refused_update_is_a_warning_only);
    tcase_add_test(tc, updates_of_what_is_not_pulled_are_ignored);
    tcase_add_test(tc, slot_that_fails_at_our_end_is_closed_at_the_service);
    tcase_add_test(tc, offer_that_cannot_be_made_fails_only_the_track_to_blame);
    return s;
}

GST_CHECK_MAIN(session_tracks);

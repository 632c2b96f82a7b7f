/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: tracks that fall silent, connections that carry nothing, networks that are away for
// long, and time that jumps.
#include <algorithm>

#include "tests/support/session-fixture.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

const Error kSilent{ErrorCode::TrackEmpty, "A track has stopped sending."};

} // namespace

GST_START_TEST(silent_track_is_closed_and_pulled_into_the_same_slot)
{
    SessionFixture f;
    f.connect_puller();
    const Mid old = f.slot(1).info.mid;
    f.session->pull_again(1, kSilent);
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert(f.slot(1).info.mid != old);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 1);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 2);
    ck_assert_uint_eq(f.recorder.created.size(), 1);
    const auto& told = f.recorder.slots.at(1);
    ck_assert(std::any_of(told.begin(), told.end(), [](const auto& one) {
        return one.info.state == SlotState::Pending && one.reason &&
               one.reason->code == ErrorCode::TrackEmpty;
    }));
}
GST_END_TEST;

GST_START_TEST(silent_track_that_is_gone_is_waited_for)
{
    SessionFixture f;
    f.options.pull_timeout = Milliseconds{20000};
    f.connect_puller();
    f.api->fail_item(Call::NewTracks, "cam", "not_found_track_error", 4);
    f.session->pull_again(1, kSilent);
    f.advance(3000);
    f.expect_slot(1, SlotState::Pending);
    ck_assert(f.slot(1).reason->code == ErrorCode::TrackNotFound);
    f.advance(10000);
    f.expect_slot(1, SlotState::Active);
}
GST_END_TEST;

GST_START_TEST(silent_track_counts_towards_the_pull_timeout)
{
    SessionFixture f;
    f.options.pull_timeout = Milliseconds{5000};
    f.connect_puller();
    f.api->fail_item(Call::NewTracks, "cam", "empty_track_error", 100);
    f.session->pull_again(1, kSilent);
    f.advance(4999);
    f.expect_slot(1, SlotState::Pending);
    f.advance(1);
    f.expect_slot(1, SlotState::Failed);
    ck_assert(!f.recorder.failed);
}
GST_END_TEST;

GST_START_TEST(silent_track_that_is_taken_back_meanwhile_is_closed)
{
    SessionFixture f;
    f.connect_puller();
    f.session->pull_again(1, kSilent);
    f.session->remove(1);
    f.settle();
    f.expect_slot(1, SlotState::Closed);
    ck_assert_uint_eq(f.api->count(Call::NewTracks), 1);
    ck_assert_uint_eq(f.open(), 0);
}
GST_END_TEST;

GST_START_TEST(only_open_pulls_are_pulled_again)
{
    SessionFixture f;
    f.connect_publisher();
    f.session->pull_again(1, kSilent);
    f.session->pull_again(7, kSilent);
    f.settle();
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.api->count(Call::CloseTracks), 0);
}
GST_END_TEST;

GST_START_TEST(connection_without_media_is_replaced_if_the_service_sends)
{
    SessionFixture f;
    f.behaviour.media_flows = false;
    f.start();
    f.pull(1);
    f.advance(19999);
    f.expect_state(SessionState::Connected);
    ck_assert_uint_eq(f.recorder.lost.size(), 0);
    f.advance(1);
    ck_assert_uint_eq(f.api->count(Call::GetSession), 1);
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
    ck_assert(f.recorder.lost.front().second.code == ErrorCode::Media);
    ck_assert_uint_eq(f.recorder.created.size(), 2);
}
GST_END_TEST;

GST_START_TEST(connection_with_some_media_is_kept)
{
    SessionFixture f;
    f.connect_puller();
    f.peer().behaviour.media_flows = false;
    f.pull(2, "mic");
    f.advance(60000);
    f.expect_state(SessionState::Connected);
    f.expect_slot(2, SlotState::Pending);
    ck_assert_uint_eq(f.recorder.lost.size(), 0);
}
GST_END_TEST;

GST_START_TEST(ten_minutes_without_a_network_end_in_a_new_session)
{
    SessionFixture f;
    f.connect_publisher();
    f.advance(20000);
    f.peer().set_transport(TransportState::Failed);
    Error unreachable{ErrorCode::Network, "The service cannot be reached."};
    unreachable.unsent = true;
    f.api->chaos = [&](Call) { return ApiFault{ApiFault::Kind::Refuse, unreachable}; };
    f.advance(600000);
    f.expect_state(SessionState::Reconnecting);
    f.expect_slot(1, SlotState::Pending);
    ck_assert(!f.recorder.failed);
    // 1, 2, 4, 8, 16 and then every 30 s: asking in vain costs next to nothing.
    const auto tries = f.api->count(Call::NewSession);
    ck_assert_msg(tries >= 20 && tries <= 30, "%zu tries", tries);
    f.api->forget_faults();
    f.advance(30000);
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Active);
    ck_assert_str_eq(f.slot(1).info.track_name.c_str(), "track-1");
}
GST_END_TEST;

GST_START_TEST(jump_of_an_hour_is_one_reconnection)
{
    SessionFixture f;
    f.connect_publisher();
    f.advance(20000);
    f.peer().set_transport(TransportState::Disconnected);
    f.settle();
    f.api->expire(f.session->session_id());
    f.executor->jump(Milliseconds{3600000}); // everything is due at once
    f.advance(1000);
    f.expect_state(SessionState::Connected);
    f.expect_slot(1, SlotState::Active);
    ck_assert_uint_eq(f.recorder.lost.size(), 1);
    ck_assert_uint_eq(f.api->count(Call::NewSession), 2);
}
GST_END_TEST;

static Suite* session_silence_suite()
{
    Suite* s = suite_create("session-silence");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, silent_track_is_closed_and_pulled_into_the_same_slot);
    tcase_add_test(tc, silent_track_that_is_gone_is_waited_for);
    tcase_add_test(tc, silent_track_counts_towards_the_pull_timeout);
    tcase_add_test(tc, silent_track_that_is_taken_back_meanwhile_is_closed);
    tcase_add_test(tc, only_open_pulls_are_pulled_again);
    tcase_add_test(tc, connection_without_media_is_replaced_if_the_service_sends);
    tcase_add_test(tc, connection_with_some_media_is_kept);
    tcase_add_test(tc, ten_minutes_without_a_network_end_in_a_new_session);
    tcase_add_test(tc, jump_of_an_hour_is_one_reconnection);
    return s;
}

GST_CHECK_MAIN(session_silence);

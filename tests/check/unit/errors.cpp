/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/errors.hpp"

#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::calls;

namespace
{

Error refused(Call call, unsigned status, const char* code, const char* subcode = "")
{
    return refusal_error(call, {status, {code, subcode, "details"}, {}});
}

void expect(Call call, const Error& error, ErrorCode code, Reaction reaction)
{
    ck_assert_str_eq(to_string(error.code), to_string(code));
    ck_assert_str_eq(to_string(reaction_to(call, error)), to_string(reaction));
    ck_assert(!error.message.empty());
    ck_assert_msg(error.message.back() == '.', "not a sentence: %s", error.message.c_str());
}

struct RequestRow {
    unsigned status;
    const char* code;
    ErrorCode error;
    Reaction reaction; ///< of tracks/new
};
// calls-api 3.2 to 3.4, one row for each; the loops below go over all of them.
constexpr RequestRow kRequestRows[] = {
    {401, "unauthorized", ErrorCode::Unauthorized, Reaction::FailElement},
    {401, "", ErrorCode::Unauthorized, Reaction::FailElement},
    {403, "", ErrorCode::Unauthorized, Reaction::FailElement},
    {200, "unauthorized", ErrorCode::Unauthorized, Reaction::FailElement},
    {404, "not_found", ErrorCode::NotFound, Reaction::FailElement},
    {404, "", ErrorCode::NotFound, Reaction::FailElement},
    {400, "decoding_error", ErrorCode::InvalidArgument, Reaction::FailTrack},
    {406, "invalid_params", ErrorCode::InvalidArgument, Reaction::FailTrack},
    {400, "", ErrorCode::InvalidArgument, Reaction::FailTrack},
    {400, "invalid_session_description", ErrorCode::Sdp, Reaction::FailTrack},
    {406, "invalid_session_description", ErrorCode::Conflict, Reaction::RetryRequest},
    {406, "", ErrorCode::Conflict, Reaction::RetryRequest},
    {409, "", ErrorCode::Conflict, Reaction::RetryRequest},
    {406, "signaling_state_not_stable", ErrorCode::Conflict, Reaction::RetryRequest},
    {406, "invalid_modification_have_local_offer", ErrorCode::Conflict, Reaction::RetryRequest},
    {406, "invalid_modification_have_remote_offer", ErrorCode::Conflict, Reaction::RetryRequest},
    {406, "invalid_modification_have_local_pranswer", ErrorCode::Conflict, Reaction::RetryRequest},
    {406, "invalid_modification_have_remote_pranswer", ErrorCode::Conflict, Reaction::RetryRequest},
    {410, "session_error", ErrorCode::SessionGone, Reaction::ReplaceSession},
    {410, "", ErrorCode::SessionGone, Reaction::ReplaceSession},
    {200, "session_error", ErrorCode::SessionGone, Reaction::ReplaceSession},
    {425, "session_error", ErrorCode::NotReady, Reaction::RetryLater},
    {413, "payload_too_large", ErrorCode::TooLarge, Reaction::FailTrack},
    {413, "", ErrorCode::TooLarge, Reaction::FailTrack},
    {400, "payload_too_large", ErrorCode::TooLarge, Reaction::FailTrack},
    {429, "", ErrorCode::RateLimited, Reaction::RetryLater},
    {500, "internal_error", ErrorCode::Server, Reaction::RetryLater},
    {500, "backend_error", ErrorCode::Server, Reaction::RetryLater},
    {200, "internal_error", ErrorCode::Server, Reaction::RetryLater},
    {503, "", ErrorCode::Server, Reaction::RetryLater},
    {503, "retryable_transient_error", ErrorCode::Server, Reaction::RetryLater},
    {406, "retryable_transient_error", ErrorCode::Server, Reaction::RetryLater},
    {503, "temporarily_unavailable_error", ErrorCode::Server, Reaction::RetryLater},
    {503, "transport_unavailable_error", ErrorCode::Server, Reaction::RetryLater},
    {502, "", ErrorCode::Server, Reaction::ReplaceSession},
    {504, "", ErrorCode::Server, Reaction::ReplaceSession},
    {408, "", ErrorCode::Timeout, Reaction::ReplaceSession},
    {302, "", ErrorCode::InvalidArgument, Reaction::FailElement},
    {418, "", ErrorCode::Protocol, Reaction::ReplaceSession},
    {200, "word_of_next_year", ErrorCode::Server, Reaction::RetryLater},
    {406, "not_found_track_error", ErrorCode::TrackNotFound, Reaction::RetryLater},
    {406, "repeated_local_track_error", ErrorCode::InvalidArgument, Reaction::FailTrack},
};

} // namespace

GST_START_TEST(each_refusal_of_tracks_new_has_its_code_and_reaction)
{
    const RequestRow& row = kRequestRows[__i__];
    expect(Call::NewTracks, refused(Call::NewTracks, row.status, row.code), row.error,
           row.reaction);
}
GST_END_TEST;

GST_START_TEST(refusal_keeps_status_code_subcode_and_retry_after)
{
    const Error error = refusal_error(Call::Renegotiate,
                                      {406,
                                       {"invalid_session_description",
                                        "invalid_modification_have_local_offer", "Session is busy"},
                                       Milliseconds{1500}});
    ck_assert_uint_eq(error.http_status, 406);
    ck_assert_str_eq(error.api_code.c_str(), "invalid_session_description");
    ck_assert(error.retry_after == Milliseconds{1500});
    for (const char* part :
         {"renegotiate", "406", "invalid_modification_have_local_offer", "Session is busy"})
        ck_assert_msg(error.debug.find(part) != std::string::npos, "%s", error.debug.c_str());
}
GST_END_TEST;

GST_START_TEST(new_session_never_replaces_what_is_not_there)
{
    const RequestRow& row = kRequestRows[__i__];
    const Reaction reaction =
        reaction_to(Call::NewSession, refused(Call::NewSession, row.status, row.code));
    if (row.reaction == Reaction::FailTrack || row.reaction == Reaction::FailElement)
        ck_assert_str_eq(to_string(reaction), "fail-element");
    else
        ck_assert_str_eq(to_string(reaction), "retry-later");
}
GST_END_TEST;

GST_START_TEST(renegotiate_is_repeated_or_costs_the_session)
{
    const RequestRow& row = kRequestRows[__i__];
    const Reaction reaction =
        reaction_to(Call::Renegotiate, refused(Call::Renegotiate, row.status, row.code));
    // The service waits for the answer: nothing may go back to the queue, or fail one track only.
    ck_assert(reaction == Reaction::RetryRequest || reaction == Reaction::ReplaceSession ||
              (reaction == Reaction::FailElement && row.reaction == Reaction::FailElement));
}
GST_END_TEST;

GST_START_TEST(close_takes_404_for_a_session_that_is_gone)
{
    expect(Call::CloseTracks, refused(Call::CloseTracks, 404, "not_found"), ErrorCode::NotFound,
           Reaction::ReplaceSession);
}
GST_END_TEST;

GST_START_TEST(lost_answers_are_repeated_only_where_that_is_safe)
{
    for (const ErrorCode code : {ErrorCode::Timeout, ErrorCode::Network}) {
        const Error error{code, "x"};
        ck_assert(outcome_unknown(error));
        ck_assert(reaction_to(Call::NewSession, error) == Reaction::RetryLater);
        ck_assert(reaction_to(Call::NewTracks, error) == Reaction::ReplaceSession);
        ck_assert(reaction_to(Call::Renegotiate, error) == Reaction::ReplaceSession);
        ck_assert(reaction_to(Call::CloseTracks, error) == Reaction::RetryRequest);
        ck_assert(reaction_to(Call::UpdateTracks, error) == Reaction::RetryRequest);
        ck_assert(reaction_to(Call::GetSession, error) == Reaction::RetryRequest);
    }
    ck_assert(!outcome_unknown(refused(Call::NewTracks, 503, "")));
    ck_assert(!outcome_unknown(Error{ErrorCode::Tls, "x"}));
}
GST_END_TEST;

GST_START_TEST(requests_that_never_left_are_simply_made_again)
{
    for (const ErrorCode code : {ErrorCode::Timeout, ErrorCode::Network}) {
        Error error{code, "x"};
        error.unsent = true;
        ck_assert(!outcome_unknown(error));
        ck_assert(reaction_to(Call::NewSession, error) == Reaction::RetryLater);
        ck_assert(reaction_to(Call::NewTracks, error) == Reaction::RetryLater);
        ck_assert(reaction_to(Call::Renegotiate, error) == Reaction::RetryRequest);
        ck_assert(reaction_to(Call::CloseTracks, error) == Reaction::RetryLater);
    }
}
GST_END_TEST;

GST_START_TEST(errors_that_are_no_answer_have_a_reaction)
{
    ck_assert(reaction_to(Call::NewTracks, Error{ErrorCode::Tls, "x"}) == Reaction::FailElement);
    ck_assert(reaction_to(Call::NewTracks, Error{ErrorCode::Protocol, "x"}) ==
              Reaction::ReplaceSession);
    // An answer that is larger than we read is no answer either.
    ck_assert(reaction_to(Call::NewTracks, Error{ErrorCode::TooLarge, "x"}) ==
              Reaction::ReplaceSession);
    ck_assert(reaction_to(Call::CloseTracks, Error{ErrorCode::Protocol, "x"}) ==
              Reaction::FailTrack);
    ck_assert(reaction_to(Call::NewSession, Error{ErrorCode::Protocol, "x"}) ==
              Reaction::RetryLater);
    ck_assert(reaction_to(Call::NewSession, Error{ErrorCode::InvalidArgument, "x"}) ==
              Reaction::FailElement);
}
GST_END_TEST;

GST_START_TEST(each_item_error_has_its_code_and_reaction)
{
    struct Row {
        const char* code;
        ErrorCode error;
        Reaction reaction;
    };
    for (const Row& row : {
             Row{"not_found_track_error", ErrorCode::TrackNotFound, Reaction::RetryLater},
             Row{"empty_track_error", ErrorCode::TrackEmpty, Reaction::RetryLater},
             Row{"repeated_local_track_error", ErrorCode::InvalidArgument, Reaction::FailTrack},
             Row{"update_track_error", ErrorCode::Unsupported, Reaction::FailTrack},
             Row{"close_track_error", ErrorCode::TrackNotFound, Reaction::FailTrack},
             Row{"retryable_transient_error", ErrorCode::Server, Reaction::RetryLater},
             Row{"temporarily_unavailable_error", ErrorCode::Server, Reaction::RetryLater},
             Row{"transport_unavailable_error", ErrorCode::Server, Reaction::RetryLater},
             Row{"backend_error", ErrorCode::Server, Reaction::RetryLater},
             Row{"internal_error", ErrorCode::Server, Reaction::RetryLater},
             Row{"invalid_params", ErrorCode::InvalidArgument, Reaction::FailTrack},
             Row{"invalid_session_description", ErrorCode::Sdp, Reaction::FailTrack},
             Row{"session_error", ErrorCode::SessionGone, Reaction::ReplaceSession},
             Row{"track_error", ErrorCode::Server, Reaction::RetryLater},
         }) {
        const Error error = item_error({row.code, "why"});
        ck_assert_str_eq(to_string(error.code), to_string(row.error));
        ck_assert_str_eq(to_string(reaction_to_item(error)), to_string(row.reaction));
        ck_assert_str_eq(error.api_code.c_str(), row.code);
        ck_assert_uint_eq(error.http_status, 0);
        ck_assert(error.debug.find("why") != std::string::npos);
    }
}
GST_END_TEST;

GST_START_TEST(calls_are_named_as_in_the_path)
{
    ck_assert_str_eq(to_string(Call::NewSession), "sessions/new");
    ck_assert_str_eq(to_string(Call::NewTracks), "tracks/new");
    ck_assert_str_eq(to_string(Call::Renegotiate), "renegotiate");
    ck_assert_str_eq(to_string(Call::CloseTracks), "tracks/close");
    ck_assert_str_eq(to_string(Call::UpdateTracks), "tracks/update");
    ck_assert_str_eq(to_string(Call::GetSession), "session");
}
GST_END_TEST;

static Suite* errors_suite()
{
    Suite* s = suite_create("errors");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    constexpr int kRows = std::size(kRequestRows);
    tcase_add_loop_test(tc, each_refusal_of_tracks_new_has_its_code_and_reaction, 0, kRows);
    tcase_add_test(tc, refusal_keeps_status_code_subcode_and_retry_after);
    tcase_add_loop_test(tc, new_session_never_replaces_what_is_not_there, 0, kRows);
    tcase_add_loop_test(tc, renegotiate_is_repeated_or_costs_the_session, 0, kRows);
    tcase_add_test(tc, close_takes_404_for_a_session_that_is_gone);
    tcase_add_test(tc, lost_answers_are_repeated_only_where_that_is_safe);
    tcase_add_test(tc, requests_that_never_left_are_simply_made_again);
    tcase_add_test(tc, errors_that_are_no_answer_have_a_reaction);
    tcase_add_test(tc, each_item_error_has_its_code_and_reaction);
    tcase_add_test(tc, calls_are_named_as_in_the_path);
    return s;
}

GST_CHECK_MAIN(errors);

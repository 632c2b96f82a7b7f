/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/codec.hpp"

#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::calls;

namespace
{

json::JsonReader parse(const char* text)
{
    auto reader = json::JsonReader::parse(text);
    ck_assert_msg(reader.ok(), "the test's own JSON is wrong: %s", text);
    return reader.take();
}

void expect_text(const std::string& got, const char* expected)
{
    ck_assert_str_eq(got.c_str(), expected);
}

Track local(const char* mid, const char* name)
{
    Track track;
    track.location = Location::Local;
    track.mid = mid;
    track.track_name = name;
    return track;
}

Track remote(const char* session, const char* name)
{
    Track track;
    track.location = Location::Remote;
    track.session_id = session;
    track.track_name = name;
    return track;
}

const SessionDescription kOffer{SdpType::Offer, "v=0\r\n"};

} // namespace

// ---- calls-api 2.2 ----

GST_START_TEST(new_session_without_offer_has_no_body)
{
    expect_text(write_request(NewSessionRequest{}), "");
}
GST_END_TEST;

GST_START_TEST(new_session_with_offer_keeps_final_crlf)
{
    NewSessionRequest request;
    request.offer = kOffer;
    expect_text(write_request(request),
                R"({"sessionDescription":{"type":"offer","sdp":"v=0\r\n"}})");
    const auto back = read_new_session_request(write_request(request));
    ck_assert(back.ok() && back->offer && back->offer->sdp == "v=0\r\n");
}
GST_END_TEST;

GST_START_TEST(new_session_request_may_be_empty_in_every_way)
{
    for (const char* body : {"", "  \r\n", "{}", "{\"unknown\":1}"})
        ck_assert(read_new_session_request(body).ok() && !read_new_session_request(body)->offer);
}
GST_END_TEST;

GST_START_TEST(new_session_answer_needs_an_id)
{
    const auto good = read_new_session_answer(parse(R"({"sessionId":"abc","extra":[1]})"));
    ck_assert(good.ok());
    expect_text(good->session_id, "abc");
    ck_assert(!good->description);
    for (const char* body :
         {"{}", R"({"sessionId":""})", R"({"sessionId":7})", R"({"sessionId":null})", "[]",
          R"("abc")", R"({"sessionId":".."})", R"({"sessionId":"."})"}) {
        const auto bad = read_new_session_answer(parse(body));
        ck_assert_msg(!bad.ok(), "%s", body);
        ck_assert(bad.error().code == ErrorCode::Protocol);
    }
}
GST_END_TEST;

GST_START_TEST(new_session_answer_may_carry_an_answer)
{
    const auto answer = read_new_session_answer(
        parse(R"({"sessionId":"abc","sessionDescription":{"type":"answer","sdp":"v=0\r\n"}})"));
    ck_assert(answer.ok() && answer->description);
    ck_assert(answer->description->type == SdpType::Answer);
}
GST_END_TEST;

// ---- calls-api 2.3, (a) to (g) ----

GST_START_TEST(publish_with_offer_is_written_as_documented)
{
    NewTracksRequest request;
    request.offer = kOffer;
    request.tracks = {local("0", "mic"), local("1", "cam")};
    expect_text(write_request(request),
                R"({"sessionDescription":{"type":"offer","sdp":"v=0\r\n"},"tracks":[)"
                R"({"location":"local","mid":"0","trackName":"mic"},)"
                R"({"location":"local","mid":"1","trackName":"cam"}]})");
}
GST_END_TEST;

GST_START_TEST(discovery_leaves_tracks_out)
{
    NewTracksRequest request;
    request.offer = kOffer;
    request.auto_discover = true;
    const std::string text = write_request(request);
    expect_text(text, R"({"sessionDescription":{"type":"offer","sdp":"v=0\r\n"},)"
                      R"("autoDiscover":true})");
    const auto read = read_new_tracks_request(text);
    ck_assert(read.ok() && read->request.auto_discover && !read->has_tracks);
}
GST_END_TEST;

GST_START_TEST(publish_without_offer_asks_for_both_directions)
{
    NewTracksRequest request;
    request.tracks = {local("", "voice")};
    request.tracks[0].kind = MediaKind::Audio;
    request.tracks[0].bidirectional_media_stream = true;
    expect_text(write_request(request), R"({"tracks":[{"location":"local","trackName":"voice",)"
                                        R"("bidirectionalMediaStream":true,"kind":"audio"}]})");
}
GST_END_TEST;

GST_START_TEST(pull_with_simulcast_is_written_as_documented)
{
    NewTracksRequest request;
    request.tracks = {remote("PUB", "cam")};
    request.tracks[0].simulcast = Simulcast{"h", RidPolicy::Asciibetical, RidPolicy::Asciibetical};
    expect_text(write_request(request),
                R"({"tracks":[{"location":"remote","sessionId":"PUB","trackName":"cam",)"
                R"("simulcast":{"preferredRid":"h","priorityOrdering":"asciibetical",)"
                R"("ridNotAvailable":"asciibetical"}}]})");
}
GST_END_TEST;

GST_START_TEST(empty_preferred_rid_is_said_and_absent_one_is_not)
{
    NewTracksRequest request;
    request.tracks = {remote("P", "c"), remote("P", "d")};
    request.tracks[0].simulcast = Simulcast{""};
    request.tracks[1].simulcast = Simulcast{};
    expect_text(write_request(request),
                R"({"tracks":[{"location":"remote","sessionId":"P","trackName":"c",)"
                R"("simulcast":{"preferredRid":""}},{"location":"remote","sessionId":"P",)"
                R"("trackName":"d","simulcast":{}}]})");
}
GST_END_TEST;

GST_START_TEST(pull_into_a_named_transceiver_keeps_the_hash)
{
    NewTracksRequest request;
    request.tracks = {remote("PUB", "voice")};
    request.tracks[0].mid = "#mic-1";
    request.tracks[0].kind = MediaKind::Audio;
    const auto read = read_new_tracks_request(write_request(request));
    ck_assert(read.ok());
    expect_text(read->request.tracks.at(0).mid, "#mic-1");
    ck_assert(!read->request.offer);
}
GST_END_TEST;

GST_START_TEST(minimal_live_publish_answer_is_read)
{
    const auto answer =
        read_new_tracks_answer(parse(R"({"tracks":[{"mid":"0","trackName":"mic"}],)"
                                     R"("sessionDescription":{"type":"answer","sdp":"v=0\r\n"}})"));
    ck_assert(answer.ok());
    ck_assert(!answer->requires_immediate_renegotiation);
    ck_assert_uint_eq(answer->tracks.size(), 1);
    expect_text(answer->tracks[0].mid, "0");
    ck_assert(!answer->tracks[0].error);
    ck_assert(answer->description->type == SdpType::Answer);
}
GST_END_TEST;

GST_START_TEST(failed_pull_items_are_read_with_their_error)
{
    const auto answer = read_new_tracks_answer(
        parse(R"({"requiresImmediateRenegotiation":false,"tracks":[{"mid":"","sessionId":"PUB",)"
              R"("trackName":"cam","errorCode":"not_found_track_error","errorDescription":"no"},)"
              R"({"sessionId":"PUB","trackName":"mic","errorCode":"empty_track_error"}]})"));
    ck_assert(answer.ok());
    ck_assert(!answer->description);
    expect_text(answer->tracks.at(0).error->code, "not_found_track_error");
    expect_text(answer->tracks.at(0).error->description, "no");
    expect_text(answer->tracks.at(1).error->code, "empty_track_error");
}
GST_END_TEST;

GST_START_TEST(pull_answer_with_offer_is_read)
{
    const auto answer = read_new_tracks_answer(parse(
        R"({"requiresImmediateRenegotiation":true,"tracks":[{"sessionId":"PUB","trackName":"cam",)"
        R"("mid":"7","kind":"screen","simulcast":{"preferredRid":"h","priorityOrdering":"best"}}],)"
        R"("sessionDescription":{"type":"offer","sdp":"x"}})"));
    ck_assert(answer.ok());
    ck_assert(answer->requires_immediate_renegotiation);
    ck_assert(answer->description->type == SdpType::Offer);
    ck_assert(!answer->tracks[0].kind); // words of a later version of the API are skipped
    ck_assert(answer->tracks[0].simulcast->priority_ordering == RidPolicy::None);
}
GST_END_TEST;

GST_START_TEST(empty_or_null_description_is_none)
{
    for (const char* body : {R"({"sessionDescription":null})", R"({"sessionDescription":{}})",
                             R"({"sessionDescription":{"type":"","sdp":""}})", "{}"}) {
        const auto answer = read_new_tracks_answer(parse(body));
        ck_assert_msg(answer.ok() && !answer->description, "%s", body);
    }
}
GST_END_TEST;

GST_START_TEST(answers_of_the_wrong_shape_are_refused)
{
    for (const char* body :
         {"[]", "7", "null", R"({"tracks":{}})", R"({"tracks":[7]})", R"({"tracks":[{"mid":7}]})",
          R"({"requiresImmediateRenegotiation":"yes"})",
          R"({"sessionDescription":{"type":"pranswer","sdp":"x"}})",
          R"({"sessionDescription":{"type":"answer"}})", R"({"sessionDescription":"v=0"})"}) {
        const auto answer = read_new_tracks_answer(parse(body));
        ck_assert_msg(!answer.ok(), "%s", body);
        ck_assert(answer.error().code == ErrorCode::Protocol);
        ck_assert(!answer.error().message.empty());
    }
}
GST_END_TEST;

GST_START_TEST(tracks_answers_survive_the_round_trip)
{
    NewTracksAnswer answer;
    answer.requires_immediate_renegotiation = true;
    Track good = remote("PUB", "cam");
    good.mid = "7";
    good.simulcast = Simulcast{"h", RidPolicy::None, RidPolicy::Asciibetical};
    Track bad = remote("PUB", "mic");
    bad.error = ItemError{"empty_track_error", "No track data"};
    answer.tracks = {good, bad};
    answer.description = kOffer;
    const std::string text = write_answer(answer);
    expect_text(text, R"({"requiresImmediateRenegotiation":true,"tracks":[{"mid":"7",)"
                      R"("sessionId":"PUB","trackName":"cam","simulcast":{"preferredRid":"h",)"
                      R"("ridNotAvailable":"asciibetical"}},{"mid":"","sessionId":"PUB",)"
                      R"("trackName":"mic","errorCode":"empty_track_error",)"
                      R"("errorDescription":"No track data"}],)"
                      R"("sessionDescription":{"type":"offer","sdp":"v=0\r\n"}})");
    const auto back = read_new_tracks_answer(parse(text.c_str()));
    ck_assert(back.ok());
    ck_assert(back->tracks[0].simulcast == good.simulcast);
    expect_text(back->tracks[1].error->code, "empty_track_error");
}
GST_END_TEST;

GST_START_TEST(requests_keep_absent_apart_from_empty)
{
    const auto read = read_new_tracks_request(
        R"({"tracks":[{"location":"local","trackName":""},{"location":"remote","mid":""},{}]})");
    ck_assert(read.ok());
    ck_assert(read->has_tracks && !read->has_auto_discover);
    ck_assert_uint_eq(read->tracks.size(), 3);
    ck_assert(read->tracks[0].track_name && !read->tracks[0].mid);
    ck_assert(read->tracks[1].mid && !read->tracks[1].session_id);
    ck_assert(!read->tracks[2].location);
    ck_assert(!read_new_tracks_request("{}")->has_tracks);
    ck_assert(read_new_tracks_request(R"({"tracks":[]})")->has_tracks);
}
GST_END_TEST;

GST_START_TEST(bad_requests_carry_the_services_refusal)
{
    struct Row {
        const char* body;
        unsigned status;
        const char* code;
    };
    for (const Row& row : {
             Row{"", 400, "decoding_error"},
             Row{"{", 400, "decoding_error"},
             Row{"[]", 400, "decoding_error"},
             Row{R"({"tracks":"all"})", 400, "decoding_error"},
             Row{R"({"tracks":[{"mid":0}]})", 400, "decoding_error"},
             Row{R"({"autoDiscover":"true"})", 400, "decoding_error"},
             Row{R"({"sessionDescription":{"type":"offer"}})", 400, "decoding_error"},
             Row{R"({"tracks":[{"location":"here"}]})", 406, "invalid_params"},
             Row{R"({"tracks":[{"kind":"smell"}]})", 406, "invalid_params"},
             Row{R"({"tracks":[{"simulcast":{"priorityOrdering":"x"}}]})", 406, "invalid_params"},
             Row{R"({"tracks":[{"kind":7}]})", 400, "decoding_error"},
         }) {
        const auto read = read_new_tracks_request(row.body);
        ck_assert_msg(!read.ok(), "%s", row.body);
        ck_assert_msg(read.error().http_status == row.status, "%s", row.body);
        ck_assert_str_eq(read.error().api_code.c_str(), row.code);
    }
}
GST_END_TEST;

// ---- calls-api 2.4 to 2.7 ----

GST_START_TEST(renegotiate_goes_both_ways)
{
    const RenegotiateRequest request{{SdpType::Answer, "v=0\r\n"}};
    const std::string text = write_request(request);
    expect_text(text, R"({"sessionDescription":{"type":"answer","sdp":"v=0\r\n"}})");
    const auto read = read_renegotiate_request(text);
    ck_assert(read.ok() && read->description.type == SdpType::Answer);
    ck_assert(!read_renegotiate_request("{}").ok());
    expect_text(write_answer(RenegotiateAnswer{}), "{}");
    ck_assert(read_renegotiate_answer(parse("{}")).ok());
    ck_assert(!read_renegotiate_answer(parse("[]")).ok());
}
GST_END_TEST;

GST_START_TEST(forced_close_goes_both_ways)
{
    CloseTracksRequest request;
    request.mids = {"0", "1"};
    request.force = true;
    const std::string text = write_request(request);
    expect_text(text, R"({"tracks":[{"mid":"0"},{"mid":"1"}],"force":true})");
    const auto read = read_close_tracks_request(text);
    ck_assert(read.ok() && read->has_force && read->request.force);
    ck_assert_uint_eq(read->request.mids.size(), 2);

    const auto answer = read_close_tracks_answer(
        parse(R"({"requiresImmediateRenegotiation":false,"tracks":[{"mid":"0"},{"mid":"1",)"
              R"("errorCode":"close_track_error","errorDescription":"gone"}]})"));
    ck_assert(answer.ok() && !answer->tracks[0].error && answer->tracks[1].error);
    ck_assert(read_close_tracks_answer(parse(write_answer(*answer).c_str())).ok());
}
GST_END_TEST;

GST_START_TEST(negotiated_close_says_that_it_is_not_forced)
{
    CloseTracksRequest request;
    request.mids = {"7"};
    request.offer = kOffer;
    expect_text(write_request(request),
                R"({"tracks":[{"mid":"7"}],"force":false,)"
                R"("sessionDescription":{"type":"offer","sdp":"v=0\r\n"}})");
}
GST_END_TEST;

GST_START_TEST(close_request_shows_what_is_missing)
{
    const auto read = read_close_tracks_request(R"({"tracks":[{"mid":""},{}]})");
    ck_assert(read.ok() && read->has_tracks && !read->has_force);
    ck_assert(read->tracks[0].mid && !read->tracks[1].mid);
    ck_assert(!read_close_tracks_request("{}")->has_tracks);
    ck_assert(!read_close_tracks_request(R"({"tracks":[{"mid":3}]})").ok());
    ck_assert(!read_close_tracks_request(R"({"tracks":["3"]})").ok());
}
GST_END_TEST;

GST_START_TEST(update_goes_both_ways)
{
    UpdateTracksRequest request;
    request.tracks = {remote("PUB", "cam")};
    request.tracks[0].mid = "7";
    request.tracks[0].simulcast = Simulcast{"q"};
    const std::string text = write_request(request);
    expect_text(text, R"({"tracks":[{"location":"remote","mid":"7","sessionId":"PUB",)"
                      R"("trackName":"cam","simulcast":{"preferredRid":"q"}}]})");
    ck_assert(read_update_tracks_request(text).ok());
    UpdateTracksAnswer answer;
    answer.tracks = request.tracks;
    const auto back = read_update_tracks_answer(parse(write_answer(answer).c_str()));
    ck_assert(back.ok() && back->tracks.size() == 1);
}
GST_END_TEST;

GST_START_TEST(session_info_reads_old_and_new_statuses)
{
    const auto info = read_session_info(parse(
        R"({"tracks":[{"location":"local","mid":"2","trackName":"cam","status":"active"},)"
        R"({"location":"remote","mid":"7","sessionId":"PUB","trackName":"cam",)"
        R"("status":"inactive"},{"mid":"8","status":"waiting"},{"mid":"9","status":"new word"},)"
        R"({"mid":"10"}],"dataChannels":[{"location":"remote","sessionId":"PUB",)"
        R"("dataChannelName":"controls","id":2,"status":"initializing"}]})"));
    ck_assert(info.ok());
    ck_assert(info->tracks[0].status == TrackStatus::Active);
    ck_assert(info->tracks[1].track.location == Location::Remote);
    ck_assert(info->tracks[1].status == TrackStatus::Inactive);
    ck_assert(info->tracks[2].status == TrackStatus::Initializing);
    ck_assert(info->tracks[3].status == TrackStatus::Unknown);
    ck_assert(info->tracks[4].status == TrackStatus::Unknown);
    ck_assert_int_eq(info->data_channels.at(0).id.value_or(-1), 2);
    ck_assert(info->data_channels[0].status == TrackStatus::Initializing);

    const auto back = read_session_info(parse(write_answer(*info).c_str()));
    ck_assert(back.ok() && back->tracks.size() == 5);
    expect_text(back->data_channels[0].name, "controls");
}
GST_END_TEST;

GST_START_TEST(session_info_without_members_is_empty)
{
    const auto info = read_session_info(parse("{}"));
    ck_assert(info.ok() && info->tracks.empty() && info->data_channels.empty());
    ck_assert(!read_session_info(parse(R"({"dataChannels":[{"id":70000}]})")).ok());
}
GST_END_TEST;

// ---- calls-api 3.1 ----

GST_START_TEST(error_bodies_are_read_leniently)
{
    const ErrorBody full = read_error(parse(
        R"({"errorCode":"session_error","errorSubcode":"x","errorDescription":"Session is gone"})"));
    expect_text(full.code, "session_error");
    expect_text(full.subcode, "x");
    expect_text(full.description, "Session is gone");
    for (const char* body :
         {"{}", "[]", "7", "null", R"({"errorCode":7})", R"({"errorCode":null})"})
        expect_text(read_error(parse(body)).code, "");
    expect_text(write_error({"a", "", "b"}), R"({"errorCode":"a","errorDescription":"b"})");
    expect_text(write_error({"a", "s", "b"}),
                R"({"errorCode":"a","errorSubcode":"s","errorDescription":"b"})");
}
GST_END_TEST;

static Suite* codec_suite()
{
    Suite* s = suite_create("codec");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, new_session_without_offer_has_no_body);
    tcase_add_test(tc, new_session_with_offer_keeps_final_crlf);
    tcase_add_test(tc, new_session_request_may_be_empty_in_every_way);
    tcase_add_test(tc, new_session_answer_needs_an_id);
    tcase_add_test(tc, new_session_answer_may_carry_an_answer);
    tcase_add_test(tc, publish_with_offer_is_written_as_documented);
    tcase_add_test(tc, discovery_leaves_tracks_out);
    tcase_add_test(tc, publish_without_offer_asks_for_both_directions);
    tcase_add_test(tc, pull_with_simulcast_is_written_as_documented);
    tcase_add_test(tc, empty_preferred_rid_is_said_and_absent_one_is_not);
    tcase_add_test(tc, pull_into_a_named_transceiver_keeps_the_hash);
    tcase_add_test(tc, minimal_live_publish_answer_is_read);
    tcase_add_test(tc, failed_pull_items_are_read_with_their_error);
    tcase_add_test(tc, pull_answer_with_offer_is_read);
    tcase_add_test(tc, empty_or_null_description_is_none);
    tcase_add_test(tc, answers_of_the_wrong_shape_are_refused);
    tcase_add_test(tc, tracks_answers_survive_the_round_trip);
    tcase_add_test(tc, requests_keep_absent_apart_from_empty);
    tcase_add_test(tc, bad_requests_carry_the_services_refusal);
    tcase_add_test(tc, renegotiate_goes_both_ways);
    tcase_add_test(tc, forced_close_goes_both_ways);
    tcase_add_test(tc, negotiated_close_says_that_it_is_not_forced);
    tcase_add_test(tc, close_request_shows_what_is_missing);
    tcase_add_test(tc, update_goes_both_ways);
    tcase_add_test(tc, session_info_reads_old_and_new_statuses);
    tcase_add_test(tc, session_info_without_members_is_empty);
    tcase_add_test(tc, error_bodies_are_read_leniently);
    return s;
}

GST_CHECK_MAIN(codec);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpCallsApi against a real server: what goes over the wire, and what every kind of answer is
// made of.
#include "lib/calls/http-calls-api.hpp"

#include <mutex>

#include "lib/http/history.hpp"
#include "tests/support/check.hpp"
#include "tests/support/http-server.hpp"
#include "tests/support/wait.hpp"

using namespace cf;
using namespace cf::calls;
using namespace cf::test;

namespace
{

/// Where a `done` leaves its result for the test's thread.
template <typename T> class Outcome
{
public:
    [[nodiscard]] Done<T> done(std::weak_ptr<IoThread> io) const
    {
        return [state = state_, io](Result<T> result) {
            const auto thread = io.lock();
            {
                const std::lock_guard lock{state->mutex};
                g_assert(!state->result); // once
                g_assert(!thread || thread->is_current());
                state->result = std::move(result);
            }
            g_main_context_wakeup(nullptr);
        };
    }
    [[nodiscard]] bool arrived() const
    {
        const std::lock_guard lock{state_->mutex};
        return state_->result.has_value();
    }
    [[nodiscard]] Result<T> wait() const
    {
        g_assert(wait_until([this] { return arrived(); }));
        const std::lock_guard lock{state_->mutex};
        return *state_->result;
    }

private:
    struct State {
        std::mutex mutex;
        std::optional<Result<T>> result;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

struct Fixture {
    explicit Fixture(CredentialSettings settings = with_app(), HttpCallsApiOptions options = {})
    {
        http::HttpClientOptions client_options;
        client_options.proxy = "none";
        client_options.history = history;
        if (settings.api_base.empty())
            settings.api_base = server.url("/v1");
        auto credentials = Credentials::resolve(
            std::move(settings), [](const char*) { return static_cast<const char*>(nullptr); });
        ck_assert(credentials.ok());
        api = std::make_shared<HttpCallsApi>(std::make_shared<http::HttpClient>(io, client_options),
                                             credentials.take(), options);
    }
    static CredentialSettings with_app()
    {
        CredentialSettings out;
        out.app_id = "app";
        out.app_token = Secret{"the-token"};
        return out;
    }

    /// Runs @p call on the I/O thread, where alone it may run.
    template <typename T, typename Call> Outcome<T> begin(Call call)
    {
        Outcome<T> outcome;
        io->post([api = api, call, done = outcome.done(io)] { call(*api, done); });
        return outcome;
    }
    Result<NewSessionAnswer> new_session(NewSessionRequest request = {})
    {
        return begin<NewSessionAnswer>(
                   [request](HttpCallsApi& a, auto done) { a.new_session(request, done); })
            .wait();
    }
    Result<NewTracksAnswer> new_tracks(NewTracksRequest request = {},
                                       const std::string& session = "sid")
    {
        return begin<NewTracksAnswer>([request, session](HttpCallsApi& a, auto done) {
                   a.new_tracks(session, request, done);
               })
            .wait();
    }
    Result<NewTracksAnswer> new_tracks_answered_by(Answer answer)
    {
        server.next("/v1/apps/app/sessions/sid/tracks/new", std::move(answer));
        return new_tracks();
    }

    HttpServer server;
    std::shared_ptr<IoThread> io = IoThread::acquire();
    std::shared_ptr<http::History> history = std::make_shared<http::History>();
    std::shared_ptr<HttpCallsApi> api;
};

void expect_text(const std::string& got, const std::string& expected)
{
    ck_assert_str_eq(got.c_str(), expected.c_str());
}

Answer reply(unsigned status, const std::string& body)
{
    Answer out;
    out.status = status;
    out.body = body;
    return out;
}

} // namespace

GST_START_TEST(each_call_has_its_method_path_and_body)
{
    Fixture f;
    const std::string base = "/v1/apps/app/sessions";
    f.server.always(base + "/new", reply(201, R"({"sessionId":"sid"})"));
    for (const char* path : {"/tracks/new", "/renegotiate", "/tracks/close", "/tracks/update"})
        f.server.always(base + "/sid" + path, reply(200, "{}"));
    f.server.always(base + "/sid", reply(200, R"({"tracks":[{"mid":"1","status":"active"}]})"));

    const auto session = f.new_session();
    ck_assert(session.ok());
    expect_text(session->session_id, "sid");
    ck_assert(f.new_tracks().ok());
    ck_assert(f.begin<RenegotiateAnswer>([](HttpCallsApi& a, auto done) {
                   a.renegotiate("sid", {{SdpType::Answer, "v=0\r\n"}}, done);
               })
                  .wait()
                  .ok());
    ck_assert(f.begin<CloseTracksAnswer>([](HttpCallsApi& a, auto done) {
                   a.close_tracks("sid", {{"0"}, true, {}}, done);
               })
                  .wait()
                  .ok());
    ck_assert(f.begin<UpdateTracksAnswer>(
                   [](HttpCallsApi& a, auto done) { a.update_tracks("sid", {}, done); })
                  .wait()
                  .ok());
    const auto info =
        f.begin<SessionInfo>([](HttpCallsApi& a, auto done) { a.get_session("sid", done); }).wait();
    ck_assert(info.ok() && info->tracks.at(0).status == TrackStatus::Active);

    const auto seen = f.server.requests();
    ck_assert_uint_eq(seen.size(), 6);
    const char* expected[][3] = {
        {"POST", "/new", ""},
        {"POST", "/sid/tracks/new", R"({"tracks":[]})"},
        {"PUT", "/sid/renegotiate", R"({"sessionDescription":{"type":"answer","sdp":"v=0\r\n"}})"},
        {"PUT", "/sid/tracks/close", R"({"tracks":[{"mid":"0"}],"force":true})"},
        {"PUT", "/sid/tracks/update", R"({"tracks":[]})"},
        {"GET", "/sid", ""},
    };
    for (std::size_t i = 0; i < seen.size(); ++i) {
        expect_text(seen[i].method, expected[i][0]);
        expect_text(seen[i].path, base + expected[i][1]);
        expect_text(seen[i].body, expected[i][2]);
        expect_text(seen[i].header("authorization"), "Bearer the-token");
    }
    expect_text(seen[1].header("content-type"), "application/json");
    ck_assert_uint_eq(f.server.connections(), 1); // kept alive
}
GST_END_TEST;

GST_START_TEST(parameters_and_headers_go_with_every_call)
{
    CredentialSettings settings = Fixture::with_app();
    settings.correlation_id = "room 42";
    settings.params = {{"streamDebug", ""}};
    settings.headers = {{"X-Tenant", "7"}};
    Fixture f{std::move(settings)};
    f.server.always("/v1/apps/app/sessions/new", reply(201, R"({"sessionId":"sid"})"));
    f.server.always("/v1/apps/app/sessions/sid/tracks/new", reply(200, "{}"));
    NewSessionRequest request;
    request.third_party = true;
    ck_assert(f.new_session(request).ok());
    ck_assert(f.new_tracks().ok());
    const auto seen = f.server.requests();
    expect_text(seen.at(0).path, "/v1/apps/app/sessions/new?thirdparty=true"
                                 "&correlationId=room%2042&streamDebug=");
    expect_text(seen.at(1).path, "/v1/apps/app/sessions/sid/tracks/new"
                                 "?correlationId=room%2042&streamDebug=");
    for (const auto& one : seen)
        expect_text(one.header("x-tenant"), "7");
}
GST_END_TEST;

GST_START_TEST(session_ids_cannot_leave_their_segment)
{
    Fixture f;
    // The server knows paths with their escapes resolved, and without a query.
    f.server.always("/v1/apps/app/sessions/a/b?y#z%/ä/tracks/new", reply(200, "{}"));
    ck_assert(f.new_tracks({}, "a/b?y#z%/ä").ok());
}
GST_END_TEST;

GST_START_TEST(proxy_is_spoken_to_without_app_and_token)
{
    CredentialSettings settings;
    HttpServer server;
    settings.api_base = server.url("/partytracks");
    Fixture f{std::move(settings)};
    server.always("/partytracks/sessions/new", reply(201, R"({"sessionId":"sid"})"));
    ck_assert(f.new_session().ok());
    expect_text(server.requests().at(0).header("authorization"), "");
}
GST_END_TEST;

GST_START_TEST(cookies_stay_with_their_session)
{
    Fixture f;
    for (const char* id : {"one", "two"}) {
        Answer answer = reply(201, std::string{R"({"sessionId":")"} + id + R"("})");
        answer.headers = {{"Set-Cookie", std::string{"pin-"} + id + "=x; Path=/; HttpOnly"}};
        f.server.next("/v1/apps/app/sessions/new", std::move(answer));
        f.server.always(std::string{"/v1/apps/app/sessions/"} + id + "/tracks/new",
                        reply(200, "{}"));
    }
    ck_assert(f.new_session().ok());
    ck_assert(f.new_session().ok());
    ck_assert(f.new_tracks({}, "one").ok());
    ck_assert(f.new_tracks({}, "two").ok());
    const auto seen = f.server.requests();
    expect_text(seen.at(1).header("cookie"), ""); // a new session begins with an empty jar
    expect_text(seen.at(2).header("cookie"), "pin-one=x");
    expect_text(seen.at(3).header("cookie"), "pin-two=x");
}
GST_END_TEST;

GST_START_TEST(only_the_last_sessions_keep_their_cookies)
{
    Fixture f;
    for (int i = 0; i < 17; ++i) {
        Answer answer = reply(201, R"({"sessionId":"s)" + std::to_string(i) + R"("})");
        answer.headers = {{"Set-Cookie", "pin=" + std::to_string(i) + "; Path=/"}};
        f.server.next("/v1/apps/app/sessions/new", std::move(answer));
        ck_assert(f.new_session().ok());
    }
    ck_assert(!f.new_tracks({}, "s0").ok());
    ck_assert(!f.new_tracks({}, "s1").ok());
    const auto seen = f.server.requests();
    expect_text(seen.at(17).header("cookie"), "");
    expect_text(seen.at(18).header("cookie"), "pin=1");
}
GST_END_TEST;

// ---- answers that say no ----

GST_START_TEST(refusals_carry_status_code_and_retry_after)
{
    Fixture f;
    Answer answer = reply(429, R"({"errorCode":"slow_down","errorDescription":"please"})");
    answer.headers = {{"Retry-After", "7"}};
    const auto result = f.new_tracks_answered_by(std::move(answer));
    ck_assert(!result.ok());
    ck_assert(result.error().code == ErrorCode::RateLimited);
    ck_assert_uint_eq(result.error().http_status, 429);
    expect_text(result.error().api_code, "slow_down");
    ck_assert(result.error().retry_after == Milliseconds{7000});
}
GST_END_TEST;

GST_START_TEST(every_status_gives_its_error)
{
    struct Row {
        unsigned status;
        const char* body;
        ErrorCode code;
    };
    Fixture f;
    for (const Row& row : {
             Row{400, R"({"errorCode":"decoding_error"})", ErrorCode::InvalidArgument},
             Row{401, R"({"errorCode":"unauthorized"})", ErrorCode::Unauthorized},
             Row{401, "", ErrorCode::Unauthorized},
             Row{403, "<html>no</html>", ErrorCode::Unauthorized},
             Row{404, "", ErrorCode::NotFound},
             Row{406, R"({"errorCode":"invalid_session_description"})", ErrorCode::Conflict},
             Row{410, R"({"errorCode":"session_error"})", ErrorCode::SessionGone},
             Row{413, "", ErrorCode::TooLarge},
             Row{425, R"({"errorCode":"session_error"})", ErrorCode::NotReady},
             Row{500, "oops", ErrorCode::Server},
             Row{503, "", ErrorCode::Server},
             Row{302, "", ErrorCode::InvalidArgument},
         }) {
        const auto result = f.new_tracks_answered_by(reply(row.status, row.body));
        ck_assert(!result.ok());
        ck_assert_str_eq(to_string(result.error().code), to_string(row.code));
        ck_assert_uint_eq(result.error().http_status, row.status);
    }
}
GST_END_TEST;

GST_START_TEST(error_code_under_200_is_an_error)
{
    Fixture f;
    const auto result = f.new_tracks_answered_by(
        reply(200, R"({"errorCode":"session_error","errorDescription":"Session is gone"})"));
    ck_assert(!result.ok());
    ck_assert(result.error().code == ErrorCode::SessionGone);
    ck_assert_uint_eq(result.error().http_status, 200);
}
GST_END_TEST;

GST_START_TEST(item_errors_are_no_error_of_the_call)
{
    Fixture f;
    const auto result = f.new_tracks_answered_by(
        reply(200, R"({"tracks":[{"mid":"","errorCode":"empty_track_error"}]})"));
    ck_assert(result.ok());
    expect_text(result->tracks.at(0).error->code, "empty_track_error");
}
GST_END_TEST;

GST_START_TEST(answers_that_are_not_the_apis_are_protocol_errors)
{
    Fixture f;
    for (const char* body : {"", "hello", "{\"tracks\":", "[1,2]", "\"text\"", "null",
                             R"({"tracks":{}})", R"({"tracks":["x"]})"}) {
        const auto result = f.new_tracks_answered_by(reply(200, body));
        ck_assert_msg(!result.ok(), "%s", body);
        ck_assert(result.error().code == ErrorCode::Protocol);
        ck_assert(result.error().message.find("api-base") != std::string::npos);
    }
    Answer page = reply(200, "<!doctype html><title>Sign in</title>");
    page.content_type = "text/html; charset=utf-8";
    const auto login = f.new_tracks_answered_by(std::move(page));
    ck_assert(login.error().code == ErrorCode::Protocol);
    ck_assert(login.error().message.find("web page") != std::string::npos);
}
GST_END_TEST;

GST_START_TEST(json_of_any_content_type_is_read)
{
    Fixture f;
    for (const char* type : {"text/plain", "application/json; charset=utf-8"}) {
        Answer answer = reply(200, "{}");
        answer.content_type = type;
        ck_assert(f.new_tracks_answered_by(std::move(answer)).ok());
    }
}
GST_END_TEST;

GST_START_TEST(redirects_are_not_followed)
{
    Fixture f;
    HttpServer login;
    login.always("/login", reply(200, R"({"sessionId":"stolen"})"));
    Answer answer = reply(302, "");
    answer.headers = {{"Location", login.url("/login")}};
    f.server.next("/v1/apps/app/sessions/new", std::move(answer));
    const auto result = f.new_session();
    ck_assert(!result.ok());
    ck_assert(result.error().message.find("redirect") != std::string::npos);
    ck_assert(login.requests().empty());
}
GST_END_TEST;

// ---- answers that do not come ----

GST_START_TEST(unreachable_server_is_an_unsent_network_error)
{
    CredentialSettings settings = Fixture::with_app();
    settings.api_base = "http://127.0.0.1:" + std::to_string(closed_port());
    Fixture f{std::move(settings)};
    const auto result = f.new_session();
    ck_assert(!result.ok());
    ck_assert(result.error().code == ErrorCode::Network);
    ck_assert(result.error().unsent);
    ck_assert(reaction_to(Call::NewTracks, result.error()) == Reaction::RetryLater);
}
GST_END_TEST;

GST_START_TEST(broken_answer_is_an_outcome_unknown)
{
    Fixture f;
    for (const Answer& answer : {dropped_connection(), half_body(R"({"tracks":)")}) {
        const auto result = f.new_tracks_answered_by(answer);
        ck_assert(!result.ok());
        ck_assert(result.error().code == ErrorCode::Network);
        ck_assert(outcome_unknown(result.error()));
    }
}
GST_END_TEST;

GST_START_TEST(silence_is_a_timeout_and_pulls_have_more_patience)
{
    Fixture f{Fixture::with_app(), {Milliseconds{100}, Milliseconds{600}}};
    const gint64 start = g_get_monotonic_time();
    const auto publish = f.new_tracks_answered_by(no_answer());
    const gint64 middle = g_get_monotonic_time();
    ck_assert(!publish.ok() && publish.error().code == ErrorCode::Timeout);
    ck_assert(outcome_unknown(publish.error()));

    NewTracksRequest pull;
    pull.tracks.emplace_back();
    pull.tracks[0].location = Location::Remote;
    f.server.next("/v1/apps/app/sessions/sid/tracks/new", no_answer());
    const auto result = f.new_tracks(pull);
    ck_assert(!result.ok() && result.error().code == ErrorCode::Timeout);
    ck_assert_int_ge(g_get_monotonic_time() - middle, 600 * 1000);
    ck_assert_int_ge(middle - start, 100 * 1000);
}
GST_END_TEST;

GST_START_TEST(cancel_answers_with_cancelled)
{
    Fixture f;
    f.server.next("/v1/apps/app/sessions/sid/tracks/new", no_answer());
    Outcome<NewTracksAnswer> outcome;
    RequestId id = 0; // I/O thread only
    f.io->post([&] { id = f.api->new_tracks("sid", {}, outcome.done(f.io)); });
    ck_assert(f.server.wait_for_requests(1));
    ck_assert(!outcome.arrived());
    f.io->post([&] {
        f.api->cancel(id);
        f.api->cancel(id);
        f.api->cancel(0);
    });
    const auto result = outcome.wait();
    ck_assert(!result.ok() && result.error().code == ErrorCode::Cancelled);
}
GST_END_TEST;

GST_START_TEST(done_comes_although_the_api_is_dropped)
{
    Fixture f;
    Answer late = reply(200, "{}");
    late.delay = Milliseconds{50};
    f.server.next("/v1/apps/app/sessions/sid/tracks/new", std::move(late));
    const auto outcome =
        f.begin<NewTracksAnswer>([](HttpCallsApi& a, auto done) { a.new_tracks("sid", {}, done); });
    ck_assert(f.server.wait_for_requests(1));
    f.io->post([api = std::move(f.api)]() mutable { api.reset(); });
    (void)outcome.wait(); // an answer or Cancelled, but not never
}
GST_END_TEST;

GST_START_TEST(neither_history_nor_errors_show_the_token)
{
    Fixture f;
    const auto refused = f.new_tracks_answered_by(
        reply(401, R"({"errorCode":"unauthorized","errorDescription":"bad Bearer the-token"})"));
    ck_assert(!refused.ok());
    ck_assert(refused.error().message.find("the-token") == std::string::npos);
    ck_assert(refused.error().debug.find("the-token") == std::string::npos);
    const auto entries = f.history->snapshot();
    ck_assert_uint_eq(entries.size(), 1);
    for (const auto& entry : entries) {
        for (const std::string* text : {&entry.path, &entry.request_body, &entry.response_body})
            ck_assert(text->find("the-token") == std::string::npos);
    }
}
GST_END_TEST;

static Suite* http_calls_api_suite()
{
    Suite* s = suite_create("http-calls-api");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, each_call_has_its_method_path_and_body);
    tcase_add_test(tc, parameters_and_headers_go_with_every_call);
    tcase_add_test(tc, session_ids_cannot_leave_their_segment);
    tcase_add_test(tc, proxy_is_spoken_to_without_app_and_token);
    tcase_add_test(tc, cookies_stay_with_their_session);
    tcase_add_test(tc, only_the_last_sessions_keep_their_cookies);
    tcase_add_test(tc, refusals_carry_status_code_and_retry_after);
    tcase_add_test(tc, every_status_gives_its_error);
    tcase_add_test(tc, error_code_under_200_is_an_error);
    tcase_add_test(tc, item_errors_are_no_error_of_the_call);
    tcase_add_test(tc, answers_that_are_not_the_apis_are_protocol_errors);
    tcase_add_test(tc, json_of_any_content_type_is_read);
    tcase_add_test(tc, redirects_are_not_followed);
    tcase_add_test(tc, unreachable_server_is_an_unsent_network_error);
    tcase_add_test(tc, broken_answer_is_an_outcome_unknown);
    tcase_add_test(tc, silence_is_a_timeout_and_pulls_have_more_patience);
    tcase_add_test(tc, cancel_answers_with_cancelled);
    tcase_add_test(tc, done_comes_although_the_api_is_dropped);
    tcase_add_test(tc, neither_history_nor_errors_show_the_token);
    return s;
}

GST_CHECK_MAIN(http_calls_api);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Bad input, wrong settings, a service that answers badly: one clear error each, and nothing left
// behind.
#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

const char* kSink = "videotestsrc is-live=true ! cfcallssink name=e";

/// A sentence for people: not empty, no secret, no machine talk.
void fail_unless_readable(const BusReport& r)
{
    ck_assert_msg(!r.message.empty());
    for (const std::string& text : {r.message, r.debug}) {
        ck_assert_msg(text.find("test-secret") == std::string::npos, "a secret in: %s",
                      text.c_str());
        ck_assert_msg(text.find("Bearer") == std::string::npos, "a header in: %s", text.c_str());
    }
    ck_assert_msg(r.message.find('{') == std::string::npos, "JSON in: %s", r.message.c_str());
    ck_assert_msg(r.message.find("127.0.0.1") == std::string::npos, "an address in: %s",
                  r.message.c_str());
}

void fail_unless_names(const BusReport& r, const char* word)
{
    ck_assert_msg(r.message.find(word) != std::string::npos, "\"%s\" should name %s",
                  r.message.c_str(), word);
}

/// Plays @p line until its ERROR, goes to NULL, and gives the error.
BusReport error_of(const std::string& line)
{
    Pipeline p(line);
    (void)p.set_state(GST_STATE_PLAYING);
    BusReport r = p.wait_error();
    g_print("  %s\n    (%s)\n", r.message.c_str(), r.debug.c_str());
    p.stop(Milliseconds{3500});
    fail_unless_readable(r);
    return r;
}

void fail_unless_nothing_is_open(const EmulatorProcess& sfu)
{
    for (const auto& t : sfu.tracks())
        ck_assert_msg(t.status != "active", "track %s is still open", t.name.c_str());
}

constexpr const char* kResource = "gst-resource-error-quark";
constexpr const char* kStream = "gst-stream-error-quark";

} // namespace

GST_START_TEST(a_wrong_secret_is_not_authorized)
{
    const EmulatorProcess sfu;
    g_setenv("CALLS_APP_SECRET", "test-secret-but-wrong", TRUE);
    const BusReport r = error_of(kSink);
    ck_assert_str_eq(r.domain.c_str(), kResource);
    ck_assert_int_eq(r.code, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    fail_unless_names(r, "app-token");
}
GST_END_TEST

GST_START_TEST(an_unknown_app_is_not_found)
{
    const EmulatorProcess sfu;
    g_setenv("CALLS_APP_ID", "another-app", TRUE);
    const BusReport r = error_of(kSink);
    ck_assert_str_eq(r.domain.c_str(), kResource);
    fail_unless_names(r, "app-id");
}
GST_END_TEST

GST_START_TEST(http_403_is_not_authorized)
{
    const EmulatorProcess sfu;
    sfu.add_fault(R"({"name":"status","status":403,"operation":"sessions/new"})");
    const BusReport r = error_of(kSink);
    ck_assert_int_eq(r.code, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    ck_assert_uint_ge(sfu.struck("status"), 1);
}
GST_END_TEST

GST_START_TEST(missing_credentials_are_named_before_any_request)
{
    const EmulatorProcess sfu;
    g_unsetenv("CALLS_APP_SECRET");
    const BusReport r = error_of(kSink);
    ck_assert_int_eq(r.code, GST_RESOURCE_ERROR_SETTINGS);
    fail_unless_names(r, "app-token");
    g_unsetenv("CALLS_APP_ID");
    g_unsetenv("CALLS_API_BASE");
    fail_unless_names(error_of(kSink), "app-id");
    ck_assert_uint_eq(static_cast<unsigned>(sfu.requests().size()), 0);
}
GST_END_TEST

GST_START_TEST(plain_http_to_another_machine_is_refused_before_any_request)
{
    const EmulatorProcess sfu;
    const BusReport r = error_of(std::string{kSink} + " api-base=http://192.0.2.1/v1");
    ck_assert_int_eq(r.code, GST_RESOURCE_ERROR_SETTINGS);
    fail_unless_names(r, "https");
}
GST_END_TEST

GST_START_TEST(an_unreachable_server_is_a_warning_until_retries_are_used_up)
{
    EmulatorProcess sfu;
    sfu.kill();
    Pipeline p(std::string{kSink} + " max-retries=2 retry-delay=100");
    p.play();
    const BusReport r = p.wait_error();
    fail_unless_readable(r);
    ck_assert_str_eq(r.domain.c_str(), kResource);
    ck_assert_int_eq(r.code, GST_RESOURCE_ERROR_OPEN_READ_WRITE);
    ck_assert_uint_ge(static_cast<unsigned>(p.warnings().size()), 1);
    p.stop(Milliseconds{3500});
}
GST_END_TEST

GST_START_TEST(http_200_that_is_no_json_is_a_format_error)
{
    const EmulatorProcess sfu;
    sfu.add_fault(R"({"name":"no-json","operation":"sessions/new"})");
    const BusReport r = error_of(std::string{kSink} + " max-retries=1 retry-delay=100");
    ck_assert_str_eq(r.domain.c_str(), kStream);
    ck_assert_int_eq(r.code, GST_STREAM_ERROR_FORMAT);
    ck_assert_uint_ge(sfu.struck("no-json"), 1);
}
GST_END_TEST

GST_START_TEST(json_that_breaks_off_is_a_format_error)
{
    const EmulatorProcess sfu;
    sfu.add_fault(R"({"name":"malformed-json","operation":"tracks/new"})");
    const BusReport r = error_of(std::string{kSink} + " max-retries=1 retry-delay=100");
    ck_assert_int_eq(r.code, GST_STREAM_ERROR_FORMAT);
    ck_assert_uint_ge(sfu.struck("malformed-json"), 1);
    fail_unless_nothing_is_open(sfu);
}
GST_END_TEST

GST_START_TEST(an_answer_with_fewer_m_lines_is_an_error)
{
    const EmulatorProcess sfu;
    sfu.add_fault(R"({"name":"fewer-m-lines"})");
    const BusReport r =
        error_of("cfcallssink name=s max-retries=1 retry-delay=100 videotestsrc is-live=true ! "
                 "s.video_0 audiotestsrc is-live=true ! s.audio_0");
    ck_assert_int_eq(r.code, GST_STREAM_ERROR_FORMAT);
    ck_assert_uint_ge(sfu.struck("fewer-m-lines"), 1);
    fail_unless_nothing_is_open(sfu);
}
GST_END_TEST

GST_START_TEST(a_changed_mid_is_an_error_and_no_crash)
{
    const EmulatorProcess sfu;
    sfu.add_fault(R"({"name":"changed-mid"})");
    const BusReport r = error_of(std::string{kSink} + " max-retries=1 retry-delay=100");
    ck_assert_str_eq(r.domain.c_str(), kStream);
    ck_assert_uint_ge(sfu.struck("changed-mid"), 1);
}
GST_END_TEST

GST_START_TEST(a_wrong_fingerprint_fails_the_session_on_every_version)
{
    const EmulatorProcess sfu;
    sfu.add_fault(R"({"name":"wrong-fingerprint"})");
    const BusReport r = error_of(std::string{kSink} + " max-retries=1 retry-delay=100");
    fail_unless_names(r, "certificate");
    ck_assert_uint_ge(sfu.struck("wrong-fingerprint"), 1);
    for (const auto& t : sfu.tracks())
        ck_assert_int_eq(static_cast<int>(t.packets), 0);
}
GST_END_TEST

GST_START_TEST(a_track_that_does_not_exist_is_waited_for_or_is_an_error)
{
    const EmulatorProcess sfu;
    Pipeline publisher("videotestsrc is-live=true ! cfcallssink");
    publisher.play();
    std::string locator = publisher.wait_published("video_0");
    locator.replace(locator.find('/') + 1, std::string::npos, "nobody-publishes-this");

    const BusReport r =
        error_of("cfcallssrc retry-missing-track=false tracks=" + locator + " ! fakesink");
    ck_assert_str_eq(r.domain.c_str(), kResource);
    ck_assert_int_eq(r.code, GST_RESOURCE_ERROR_NOT_FOUND);

    Pipeline patient("cfcallssrc tracks=" + locator + " ! fakesink");
    patient.play();
    (void)patient.wait_message(
        "a WARNING", [](GstMessage* m) { return GST_MESSAGE_TYPE(m) == GST_MESSAGE_WARNING; });
    patient.stop(Milliseconds{3500});
    publisher.stop();
}
GST_END_TEST

GST_START_TEST(caps_that_nothing_takes_are_named)
{
    const EmulatorProcess sfu;
    // The link is possible, as the caps are not known yet; the caps event says what it really is.
    Pipeline p("appsrc name=app is-live=true format=time ! identity name=i ! cfcallssink name=e");
    (void)p.set_state(GST_STATE_PLAYING);
    auto identity = p.element("i");
    auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(identity.get(), "src"));
    // As a source that does not ask downstream would: the event goes out without a caps query.
    auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty_simple("video/x-wonder"));
    gst_pad_push_event(pad.get(), gst_event_new_stream_start("wonder"));
    gst_pad_push_event(pad.get(), gst_event_new_caps(caps.get()));
    const BusReport r = p.wait_error();
    p.stop(Milliseconds{3500});
    fail_unless_readable(r);
    ck_assert_str_eq(r.domain.c_str(), kStream);
    fail_unless_names(r, "video/x-wonder");
}
GST_END_TEST

GST_START_TEST(a_pinned_encoder_that_is_not_installed_is_named)
{
    const EmulatorProcess sfu;
    const BusReport r =
        error_of("videotestsrc is-live=true ! cfcallssink name=e video_0::encoder=no-such-encoder");
    fail_unless_names(r, "no-such-encoder");
}
GST_END_TEST

static Suite* errors_suite()
{
    Suite* s = suite_create("errors");
    TCase* tc = tcase_create("bad-input");
    tcase_add_test(tc, a_wrong_secret_is_not_authorized);
    tcase_add_test(tc, an_unknown_app_is_not_found);
    tcase_add_test(tc, http_403_is_not_authorized);
    tcase_add_test(tc, missing_credentials_are_named_before_any_request);
    tcase_add_test(tc, plain_http_to_another_machine_is_refused_before_any_request);
    tcase_add_test(tc, an_unreachable_server_is_a_warning_until_retries_are_used_up);
    tcase_add_test(tc, http_200_that_is_no_json_is_a_format_error);
    tcase_add_test(tc, json_that_breaks_off_is_a_format_error);
    tcase_add_test(tc, an_answer_with_fewer_m_lines_is_an_error);
    tcase_add_test(tc, a_changed_mid_is_an_error_and_no_crash);
    tcase_add_test(tc, a_wrong_fingerprint_fails_the_session_on_every_version);
    tcase_add_test(tc, a_track_that_does_not_exist_is_waited_for_or_is_an_error);
    tcase_add_test(tc, caps_that_nothing_takes_are_named);
    tcase_add_test(tc, a_pinned_encoder_that_is_not_installed_is_named);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(errors)

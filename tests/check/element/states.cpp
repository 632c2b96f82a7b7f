/* SPDX-License-Identifier: LGPL-2.1-or-later */
// State changes of cfcallssink: none waits for the network, each ends in time, and they can be
// repeated for ever.
#include "gst/background-work.hpp"
#include "gst/peer-context.hpp"
#include "tests/support/element-fixture.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;
using cf::calls::Call;

namespace
{

constexpr const char* kLine =
    "cfcallssink name=sink close-timeout=300 retry-delay=10 "
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! sink.video_0 "
    "audiotestsrc is-live=true ! sink.audio_0";

Error unreachable()
{
    return {.code = ErrorCode::Network, .message = "The service cannot be reached."};
}

// What the process makes once is not to be measured: the first NULL waits for the DTLS key.
struct TimedService : FakeService {
    TimedService()
    {
        gst::warm_up_certificate();
        fail_unless(gst::wait_for_background_work(kPatience));
    }
};

Milliseconds time_of(const std::function<void()>& task)
{
    const auto begin = std::chrono::steady_clock::now();
    task();
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
}

void cycle(Pipeline& p)
{
    for (const GstState state : {GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING,
                                 GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL}) {
        const auto took = time_of([&] { fail_if(p.set_state(state) == GST_STATE_CHANGE_FAILURE); });
        fail_unless(took < Milliseconds{3000}, "%s took %d ms", gst_element_state_get_name(state),
                    static_cast<int>(took.count()));
    }
}

} // namespace

GST_START_TEST(ten_rounds_with_a_reachable_service)
{
    TimedService service;
    Pipeline p(kLine);
    for (int round = 0; round < 10; ++round)
        cycle(p);
    fail_unless_equals_int(service.open_tracks(), 0);
    p.play();
    (void)p.wait_published("video_0");
}
GST_END_TEST

GST_START_TEST(ten_rounds_that_get_as_far_as_publishing)
{
    TimedService service;
    Pipeline p(kLine);
    for (int round = 0; round < 10; ++round) {
        p.play();
        (void)p.wait_published("video_0");
        p.stop(Milliseconds{2000});
        fail_unless_equals_int(service.open_tracks(), 0);
    }
    fail_unless_equals_int(service.calls_made(Call::NewSession), 10);
}
GST_END_TEST

GST_START_TEST(ten_rounds_with_an_unreachable_service)
{
    TimedService service;
    service.on_io([&] {
        service.api->chaos = [](Call) -> std::optional<ApiFault> {
            return ApiFault{.kind = ApiFault::Kind::Refuse, .error = unreachable()};
        };
    });
    Pipeline p(kLine);
    for (int round = 0; round < 10; ++round)
        cycle(p);
}
GST_END_TEST

GST_START_TEST(null_comes_in_time_while_a_request_hangs)
{
    for (const Call call : {Call::NewSession, Call::NewTracks}) {
        TimedService service;
        service.on_io([&] { service.api->hold_next(call); });
        Pipeline p(kLine);
        p.play();
        p.wait_for("the request",
                   [&] { return service.on_io([&] { return service.api->count(call); }) > 0; });
        p.stop(Milliseconds{300 + 1500});
        service.on_io([&] { service.api->release(); });
    }
}
GST_END_TEST

GST_START_TEST(null_comes_in_time_while_the_goodbye_hangs)
{
    TimedService service;
    Pipeline p(kLine);
    p.play();
    (void)p.wait_published("video_0");
    service.on_io([&] { service.api->hold_next(Call::CloseTracks); });
    p.stop(Milliseconds{300 + 1500});
    service.on_io([&] { service.api->release(); });
}
GST_END_TEST

GST_START_TEST(paused_is_reached_when_every_pad_has_caps)
{
    FakeService service;
    // Not live, so that the pipeline really waits for its sink.
    Pipeline p("cfcallssink name=sink caps-timeout=60000 videotestsrc ! sink.video_0 "
               "audiotestsrc ! sink.audio_0");
    fail_unless_equals_int(p.set_state(GST_STATE_PAUSED), GST_STATE_CHANGE_ASYNC);
    fail_unless_equals_int(gst_element_get_state(p.get(), nullptr, nullptr, 10 * GST_SECOND),
                           GST_STATE_CHANGE_SUCCESS);
}
GST_END_TEST

GST_START_TEST(silent_pad_holds_up_neither_paused_nor_the_others)
{
    FakeService service;
    Pipeline p("cfcallssink name=sink caps-timeout=100 "
               "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! sink.video_0 "
               "appsrc name=silent ! sink.audio_0");
    p.play();
    (void)p.wait_published("video_0");
    p.wait_for("the warning", [&] { return !p.warnings().empty(); });
    fail_unless(p.warnings().front().message.find("audio_0") != std::string::npos);
}
GST_END_TEST

GST_START_TEST(playing_may_be_paused_and_resumed)
{
    FakeService service;
    Pipeline p(kLine);
    p.play();
    (void)p.wait_published("video_0");
    for (int i = 0; i < 3; ++i) {
        fail_if(p.set_state(GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
        fail_if(p.set_state(GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE);
    }
    fail_unless_equals_int(service.calls_made(Call::NewSession), 1);
    fail_unless_equals_int(service.open_tracks(), 2);
}
GST_END_TEST

GST_START_TEST(element_without_pads_is_no_obstacle)
{
    FakeService service;
    Pipeline p("cfcallssink name=sink");
    fail_unless_equals_int(p.set_state(GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
    p.wait_for("a session", [&] { return service.calls_made(Call::NewSession) == 1; });
    p.stop();
}
GST_END_TEST

GST_START_TEST(element_goes_with_its_last_reference)
{
    FakeService service;
    for (const GstState state : {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED}) {
        auto sink = Ref<GstElement>::sink(gst_element_factory_make("cfcallssink", nullptr));
        gpointer alive = sink.get();
        g_object_add_weak_pointer(G_OBJECT(sink.get()), &alive);
        gst_element_set_state(sink.get(), state);
        auto pad = Ref<GstPad>::adopt(gst_element_request_pad_simple(sink.get(), "video_%u"));
        gst_element_release_request_pad(sink.get(), pad.get());
        gst_element_set_state(sink.get(), GST_STATE_NULL);
        ASSERT_OBJECT_REFCOUNT(pad.get(), "pad", 1);
        pad.reset();
        sink.reset();
        // A task on the I/O thread may hold it for a moment.
        fail_unless(wait_until([&] { return alive == nullptr; }));
    }
}
GST_END_TEST

static Suite* states_suite()
{
    Suite* s = suite_create("states");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, ten_rounds_with_a_reachable_service);
    tcase_add_test(tc, ten_rounds_that_get_as_far_as_publishing);
    tcase_add_test(tc, ten_rounds_with_an_unreachable_service);
    tcase_add_test(tc, null_comes_in_time_while_a_request_hangs);
    tcase_add_test(tc, null_comes_in_time_while_the_goodbye_hangs);
    tcase_add_test(tc, paused_is_reached_when_every_pad_has_caps);
    tcase_add_test(tc, silent_pad_holds_up_neither_paused_nor_the_others);
    tcase_add_test(tc, playing_may_be_paused_and_resumed);
    tcase_add_test(tc, element_without_pads_is_no_obstacle);
    tcase_add_test(tc, element_goes_with_its_last_reference);
    return s;
}

GST_CHECK_MAIN(states)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Changes while everything plays: muted, switched off, added, removed, swapped, stalled. The other
// tracks must not notice.
#include <algorithm>

#include "tests/support/call.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

std::size_t requests(const Call& call)
{
    return call.sfu.requests().size();
}

/// The times of the frames of a track at the SFU, in ticks of its clock, oldest first.
std::vector<std::uint32_t> frame_times(const Call& call, const char* track)
{
    const auto root =
        call.sfu.control_get("arrivals?session=" + call.sink_session() + "&track=" + track);
    JsonArray* packets = json_object_get_array_member(json_node_get_object(root.get()), "packets");
    std::vector<std::uint32_t> times;
    for (guint i = 0; i < json_array_get_length(packets); ++i) {
        JsonObject* packet = json_array_get_object_element(packets, i);
        const auto time = std::uint32_t(json_object_get_int_member(packet, "timestamp"));
        if (times.empty() || times.back() != time)
            times.push_back(time);
    }
    return times;
}

/// Between two packets of sound there is never more than one missing. (Pictures are encoded by a
/// machine that may be busy with other things, and then some are skipped before they are sent.)
void expect_no_gap(const std::vector<std::uint32_t>& times)
{
    constexpr std::uint32_t kFrame = 960; // 20 ms at 48 kHz
    fail_unless(times.size() > 50, "too few packets to say anything: %zu", times.size());
    for (std::size_t i = 1; i < times.size(); ++i) {
        const std::uint32_t step = times[i] - times[i - 1];
        fail_unless(step <= 2 * kFrame, "a gap of %u ms", step / 48);
    }
}

} // namespace

GST_START_TEST(mute_sends_black_and_silence_without_a_word_to_the_service)
{
    Call call;
    const auto before = requests(call);
    call.picture().expect(Content::colour(0));
    call.sound().expect(Content::silence());
    for (const char* pad : {"video_0", "audio_0"})
        call.set_sink_pad(pad, "mute", "true");
    call.wait_for("black and silence", [&] {
        return call.picture().seen().right_in_a_row >= 2 &&
               call.sound().seen().right_in_a_row >= 25;
    });
    // Two seconds show two or three pictures.
    const auto pictures = call.picture().seen().buffers;
    const auto sounds = call.sound().seen().buffers;
    call.wait_for("two seconds", [&] { return call.sound().seen().buffers >= sounds + 100; });
    ck_assert_uint_le(call.picture().seen().buffers - pictures, 4);

    const auto key_frames = call.sfu.published("cam").key_frames;
    call.picture().expect(Content::colour(0xff0000));
    call.sound().expect(Content::tone(440));
    for (const char* pad : {"video_0", "audio_0"})
        call.set_sink_pad(pad, "mute", "false");
    call.expect_content();
    ck_assert_int_gt(call.sfu.published("cam").key_frames, key_frames);
    ck_assert_uint_eq(requests(call), before);
}
GST_END_TEST

GST_START_TEST(mute_survives_a_reconnect)
{
    Call call;
    const std::string old = call.sink_session();
    call.picture().expect(Content::colour(0));
    call.set_sink_pad("video_0", "mute", "true");
    call.wait_for("black", [&] { return call.picture().seen().right_in_a_row >= 2; });
    call.restart(*call.publisher, "sink");
    call.wait_for("the track in another session", [&] {
        const auto all = call.sfu.tracks();
        return std::any_of(all.begin(), all.end(), [&](const SfuTrack& t) {
            return t.name == "cam" && t.location == "local" && t.session != old && t.packets > 0;
        });
    });
    call.follow();
    const auto wrong = call.picture().seen().wrong;
    const auto right = call.picture().seen().right;
    call.wait_for("black again", [&] { return call.picture().seen().right >= right + 3; });
    ck_assert_uint_eq(call.picture().seen().wrong, wrong);
    call.picture().expect(Content::colour(0xff0000));
    call.set_sink_pad("video_0", "mute", "false");
    call.expect_content();
}
GST_END_TEST

GST_START_TEST(mute_by_dropping_sends_nothing_and_goes_on_with_a_key_frame)
{
    Call call;
    const auto before = requests(call);
    call.set_sink_pad("video_0", "mute-mode", "drop");
    call.set_sink_pad("video_0", "mute", "true");
    call.wait_for("a second without a packet", [&] {
        const auto t = call.sfu.published("cam");
        return !t.packets_by_second.empty() && t.packets_by_second.back() == 0;
    });
    const auto muted = call.sfu.published("cam");
    call.set_sink_pad("video_0", "mute", "false");
    call.wait_for("packets", [&] { return call.sfu.published("cam").packets > muted.packets; });
    ck_assert_int_gt(call.sfu.published("cam").key_frames, muted.key_frames);
    ck_assert_uint_eq(requests(call), before);
    call.expect_content();
}
GST_END_TEST

GST_START_TEST(pad_that_is_switched_off_is_closed_and_comes_back_under_its_name)
{
    Call call;
    const std::string session = call.sink_session();
    call.set_sink_pad("video_0", "active", "false");
    call.wait_for("the close", [&] { return call.sfu.published("cam").status != "active"; });
    const auto sounds = call.sound().seen().right;
    call.wait_for("sound all the while", [&] { return call.sound().seen().right >= sounds + 50; });
    call.set_sink_pad("video_0", "active", "true");
    call.wait_for("the track", [&] {
        const auto all = call.sfu.tracks();
        return std::any_of(all.begin(), all.end(), [](const SfuTrack& t) {
            return t.name == "cam" && t.location == "local" && t.status == "active" &&
                   t.packets > 0;
        });
    });
    call.expect_recovered();
    fail_unless_equals_text(call.sink_session(), session);
    fail_unless_equals_int(int(call.sink_reconnects()), 0);
}
GST_END_TEST

GST_START_TEST(adding_and_removing_a_track_costs_the_others_no_more_than_a_frame)
{
    Call call;
    for (int i = 0; i < 3; ++i) {
        call.add_publication("more-" + std::to_string(i));
        call.wait_for("the added track",
                      [&] { return call.sfu.published("more-" + std::to_string(i)).packets > 5; });
        call.remove_publication();
        call.wait_for("its close", [&] {
            return call.sfu.published("more-" + std::to_string(i)).status != "active";
        });
        expect_no_gap(frame_times(call, "mic"));
    }
}
GST_END_TEST

GST_START_TEST(pulling_and_dropping_a_track_costs_the_others_nothing)
{
    Call call;
    const std::string session = call.src_session();
    call.add_publication("third");
    call.wait_for("the third track", [&] { return call.sfu.published("third").packets > 5; });
    const auto wrong = call.sound().seen().wrong;
    call.add_pull(call.locator("third"));
    call.expect_extra();
    auto src = call.viewer->element("src");
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_1"));
    gboolean taken = FALSE;
    g_signal_emit_by_name(src.get(), "remove-track", pad.get(), &taken);
    fail_unless(taken);
    call.wait_for("EOS of it", [&] { return call.extra().seen().eos; });
    call.wait_for("its pad to go", [&] {
        return Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_1")) == nullptr;
    });
    call.expect_content();
    ck_assert_uint_eq(call.sound().seen().wrong, wrong); // not one buffer was concealed
    ck_assert_uint_eq(call.picture().seen().wrong, 0);
    call.expect_viewer_kept_its_session(session);
}
GST_END_TEST

GST_START_TEST(track_behind_a_pad_can_be_swapped)
{
    Call call;
    const std::string session = call.src_session();
    call.add_publication("third");
    call.wait_for("the third track", [&] { return call.sfu.published("third").packets > 5; });
    auto src = call.viewer->element("src");
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_0"));
    const gst::OwnedStructure track{gst_structure_new("track", "session-id", G_TYPE_STRING,
                                                      call.sink_session().c_str(), "track-name",
                                                      G_TYPE_STRING, "third", nullptr)};
    gboolean taken = FALSE;
    g_signal_emit_by_name(src.get(), "update-track", pad.get(), track.get(), &taken);
    fail_unless(taken);
    call.picture().expect(Content::colour(0x0000ff));
    call.wait_for("the other picture", [&] { return call.picture().seen().right_in_a_row >= 15; });
    gchar* name = nullptr;
    g_object_get(pad.get(), "track-name", &name, nullptr);
    const OwnedString shown{name};
    fail_unless_equals_text(shown.get(), "third");
    const auto all = call.sfu.requests();
    fail_unless_equals_int(
        int(std::count_if(all.begin(), all.end(),
                          [](const SfuRequest& r) { return r.operation == "tracks/update"; })),
        1);
    call.expect_viewer_kept_its_session(session);
}
GST_END_TEST

GST_START_TEST(pad_that_is_unlinked_or_stalled_stops_no_other)
{
    Call call;
    call.add_publication("third");
    call.wait_for("the third track", [&] { return call.sfu.published("third").packets > 5; });
    call.add_pull(call.locator("third"));
    auto src = call.viewer->element("src");
    Ref<GstPad> pad;
    call.wait_for("its pad", [&] {
        pad = Ref<GstPad>::adopt(gst_element_get_static_pad(src.get(), "video_1"));
        return pad.get() != nullptr;
    });
    call.expect_content(); // with the third pad unlinked
    call.expect_extra();
    const gulong probe = gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
        [](GstPad*, GstPadProbeInfo*, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
    const auto stalled = call.extra().seen().buffers;
    for (int i = 0; i < 3; ++i)
        call.expect_content();
    ck_assert_uint_le(call.extra().seen().buffers, stalled + 1);
    gst_pad_remove_probe(pad.get(), probe);
    call.expect_extra();
}
GST_END_TEST

static Suite* live_changes_suite()
{
    Suite* s = suite_create("live-changes");
    TCase* tc = tcase_create("general");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, mute_sends_black_and_silence_without_a_word_to_the_service);
    tcase_add_test(tc, mute_survives_a_reconnect);
    tcase_add_test(tc, mute_by_dropping_sends_nothing_and_goes_on_with_a_key_frame);
    tcase_add_test(tc, pad_that_is_switched_off_is_closed_and_comes_back_under_its_name);
    tcase_add_test(tc, adding_and_removing_a_track_costs_the_others_no_more_than_a_frame);
    tcase_add_test(tc, pulling_and_dropping_a_track_costs_the_others_nothing);
    tcase_add_test(tc, track_behind_a_pad_can_be_swapped);
    tcase_add_test(tc, pad_that_is_unlinked_or_stalled_stops_no_other);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(live_changes)

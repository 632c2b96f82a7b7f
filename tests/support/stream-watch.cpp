/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/stream-watch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <vector>

namespace cf::test
{

namespace
{

constexpr double kRate = 48000;

bool is_colour(GstMapInfo& map, unsigned rgb)
{
    std::uint64_t sum[3] = {};
    const gsize pixels = map.size / 3;
    for (gsize i = 0; i < pixels * 3; ++i)
        sum[i % 3] += map.data[i];
    for (int c = 0; c < 3; ++c) {
        const int wanted = int(rgb >> (8 * (2 - c)) & 0xff);
        if (pixels == 0 || std::abs(int(sum[c] / pixels) - wanted) > 40)
            return false;
    }
    return true;
}

// Goertzel's algorithm: the share of the buffer's energy that is in the wanted frequency.
bool is_tone(GstMapInfo& map, double hertz)
{
    const auto* samples = reinterpret_cast<const gint16*>(map.data);
    const gsize count = map.size / sizeof(gint16);
    const double w = 2 * std::numbers::pi * hertz / kRate;
    double s1 = 0;
    double s2 = 0;
    double energy = 0;
    for (gsize i = 0; i < count; ++i) {
        const double s = samples[i] + 2 * std::cos(w) * s1 - s2;
        s2 = s1;
        s1 = s;
        energy += double(samples[i]) * samples[i];
    }
    const double power = s1 * s1 + s2 * s2 - 2 * std::cos(w) * s1 * s2;
    return count > 0 && energy / double(count) > 1000 && 2 * power / double(count) > 0.7 * energy;
}

bool is_silence(GstMapInfo& map)
{
    const auto* samples = reinterpret_cast<const gint16*>(map.data);
    const auto* end = samples + map.size / sizeof(gint16);
    return std::all_of(samples, end, [](gint16 s) { return std::abs(s) < 200; });
}

bool is_content(GstMapInfo& map, const Content& wanted)
{
    switch (wanted.kind) {
    case Content::Kind::Colour:
        return is_colour(map, wanted.rgb);
    case Content::Kind::Tone:
        return is_tone(map, wanted.hertz);
    case Content::Kind::Silence:
        break;
    }
    return is_silence(map);
}

} // namespace

StreamWatch::StreamWatch(GstElement* sink, Content wanted)
    : sink_(Ref<GstElement>::retain(sink)),
      pad_(Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"))), wanted_(wanted)
{
    gst_segment_init(&segment_, GST_FORMAT_TIME);
    probe_ = gst_pad_add_probe(
        pad_.get(),
        GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            return static_cast<StreamWatch*>(data)->on_data(info);
        },
        this, nullptr);
}

StreamWatch::~StreamWatch()
{
    gst_pad_remove_probe(pad_.get(), probe_);
}

StreamWatch::Seen StreamWatch::seen() const
{
    Lock lock(mu_);
    return seen_;
}

void StreamWatch::expect(Content wanted)
{
    Lock lock(mu_);
    wanted_ = wanted;
    seen_.right_in_a_row = 0;
}

void StreamWatch::restart_pauses()
{
    Lock lock(mu_);
    seen_.longest_pause = 0;
}

GstPadProbeReturn StreamWatch::on_data(GstPadProbeInfo* info)
{
    if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0)
        on_buffer(GST_PAD_PROBE_INFO_BUFFER(info));
    else
        on_event(GST_PAD_PROBE_INFO_EVENT(info));
    return GST_PAD_PROBE_OK;
}

void StreamWatch::on_buffer(GstBuffer* buffer)
{
    const Content wanted = [&] {
        Lock lock(mu_);
        return wanted_;
    }();
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
        return;
    const bool right = is_content(map, wanted);
    gst_buffer_unmap(buffer, &map);
    const GstClockTime now = gst_element_get_current_running_time(sink_.get());
    const gint64 monotonic = g_get_monotonic_time();

    Lock lock(mu_);
    ++seen_.buffers;
    ++(right ? seen_.right : seen_.wrong);
    seen_.right_in_a_row = right ? seen_.right_in_a_row + 1 : 0;
    // Of the first buffer it says nothing.
    if (GST_BUFFER_IS_DISCONT(buffer) && seen_.buffers > 1)
        ++seen_.discontinuities;
    if (last_pts_ && GST_BUFFER_PTS(buffer) < *last_pts_)
        ++seen_.backward;
    last_pts_ = GST_BUFFER_PTS(buffer);
    seen_.last_running_time =
        gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    seen_.lateness = GST_CLOCK_DIFF(seen_.last_running_time, now);
    if (seen_.last_arrival != 0)
        seen_.longest_pause = std::max(seen_.longest_pause, monotonic - seen_.last_arrival);
    seen_.last_arrival = monotonic;
}

void StreamWatch::on_event(GstEvent* event)
{
    Lock lock(mu_);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_GAP:
        ++seen_.gaps;
        break;
    case GST_EVENT_SEGMENT:
        ++seen_.segments;
        gst_event_copy_segment(event, &segment_);
        break;
    case GST_EVENT_STREAM_START:
        ++seen_.stream_starts;
        break;
    case GST_EVENT_EOS:
        seen_.eos = true;
        break;
    default:
        break;
    }
}

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// describe_file(): what a file holds, without decoding it.
#include <algorithm>
#include <list>

#include <gst/pbutils/pbutils.h>

#include "gst/gst-ref.hpp"
#include "lib/base/mutex.hpp"
#include "tests/support/media-compare-source.hpp"

namespace cf::media
{

namespace
{

constexpr GstClockTime kPatience = 20 * GST_SECOND;

// What one track's streaming thread counts.
struct Counter {
    Ref<GstCaps> caps;
    gsize bytes = 0;
    GstClockTime first = GST_CLOCK_TIME_NONE;
    GstClockTime last = 0;
};

struct Counters {
    Mutex mutex; // guards list; nothing is taken after it
    // A list: each probe keeps a pointer to its own counter, and writes it until the pipeline is
    // stopped, before anybody reads.
    std::list<Counter> list CF_GUARDED_BY(mutex);
    GstElement* pipeline = nullptr;
};

// Streaming thread.
GstPadProbeReturn on_data(GstPad* pad, GstPadProbeInfo* info, gpointer data)
{
    auto* counter = static_cast<Counter*>(data);
    if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0) {
        GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
        if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
            GstCaps* caps = nullptr;
            gst_event_parse_caps(event, &caps);
            counter->caps = Ref<GstCaps>::retain(caps);
        }
        return GST_PAD_PROBE_OK;
    }
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    counter->bytes += gst_buffer_get_size(buffer);
    const auto segment_event =
        Ref<GstEvent>::adopt(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    if (!segment_event || !GST_BUFFER_PTS_IS_VALID(buffer))
        return GST_PAD_PROBE_OK;
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(segment_event.get(), &segment);
    const GstClockTime time =
        gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (!GST_CLOCK_TIME_IS_VALID(time))
        return GST_PAD_PROBE_OK;
    if (!GST_CLOCK_TIME_IS_VALID(counter->first) || time < counter->first)
        counter->first = time;
    const GstClockTime length =
        GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
    counter->last = std::max(counter->last, time + length);
    return GST_PAD_PROBE_OK;
}

// Streaming thread.
void on_pad(GstElement*, GstPad* pad, gpointer data)
{
    auto* counters = static_cast<Counters*>(data);
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
    gst_bin_add(GST_BIN(counters->pipeline), sink);
    const auto target = Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    Counter* counter = nullptr;
    {
        Lock l{counters->mutex};
        counter = &counters->list.emplace_back();
    }
    counter->caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad));
    gst_pad_add_probe(target.get(),
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      on_data, counter, nullptr);
    gst_element_sync_state_with_parent(sink);
    gst_pad_link(pad, target.get());
}

TrackInfo describe(const Counter& counter)
{
    TrackInfo track;
    const GstStructure* s = gst_caps_get_structure(counter.caps.get(), 0);
    const OwnedString codec{gst_pb_utils_get_codec_description(counter.caps.get())};
    track.codec = codec ? codec.get() : gst_structure_get_name(s);
    track.is_video = g_str_has_prefix(gst_structure_get_name(s), "video/");
    gst_structure_get_int(s, "width", &track.size.width);
    gst_structure_get_int(s, "height", &track.size.height);
    gst_structure_get_int(s, "channels", &track.channels);
    if (GST_CLOCK_TIME_IS_VALID(counter.first)) {
        track.start = static_cast<double>(counter.first) / GST_SECOND;
        track.length = static_cast<double>(counter.last - counter.first) / GST_SECOND;
    }
    if (track.length > 0)
        track.bitrate = static_cast<double>(counter.bytes) * 8 / track.length;
    return track;
}

} // namespace

Result<std::vector<TrackInfo>> describe_file(const std::string& path)
{
    GError* error = nullptr;
    const auto pipeline = Ref<GstElement>::sink(gst_parse_launch_full(
        "filesrc name=file ! parsebin name=parse", nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error));
    if (!pipeline)
        return from_gerror(ErrorCode::MissingPlugin, error,
                           "Reading a recording needs gstreamer1.0-plugins-base.");
    Counters counters;
    counters.pipeline = pipeline.get();
    const auto file = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "file"));
    const auto parse =
        Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "parse"));
    g_object_set(file.get(), "location", path.c_str(), nullptr);
    g_signal_connect(parse.get(), "pad-added", G_CALLBACK(on_pad), &counters);
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline.get()));
    const auto message = Ref<GstMessage>::adopt(gst_bus_timed_pop_filtered(
        bus.get(), kPatience, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    if (!message || GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
        return Error{ErrorCode::InvalidArgument, "The recording '" + path + "' cannot be read."};

    std::vector<TrackInfo> tracks;
    Lock l{counters.mutex};
    for (const Counter& counter : counters.list) {
        if (counter.caps && counter.bytes > 0)
            tracks.push_back(describe(counter));
    }
    std::stable_sort(tracks.begin(), tracks.end(), [](const TrackInfo& a, const TrackInfo& b) {
        return a.is_video > b.is_video;
    });
    return tracks;
}

} // namespace cf::media

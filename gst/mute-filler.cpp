/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/mute-filler.hpp"

#include <utility>

#include <gst/audio/audio.h>
#include <gst/video/video.h>

namespace cf::gst
{

namespace
{

using WeakFiller = std::weak_ptr<MuteFiller>;

constexpr GstClockTime kPictureInterval = GST_SECOND;

struct MappedFrame {
    MappedFrame(const GstVideoInfo& info, GstBuffer* buffer, GstMapFlags flags)
        : ok(gst_video_frame_map(&frame, &info, buffer, flags))
    {
    }
    ~MappedFrame()
    {
        if (ok)
            gst_video_frame_unmap(&frame);
    }
    MappedFrame(const MappedFrame&) = delete;
    MappedFrame& operator=(const MappedFrame&) = delete;

    GstVideoFrame frame;
    const bool ok;
};

// A black picture in whatever format: two by two pixels of a format whose black is known, scaled.
// Null for memory that is no picture to us.
Ref<GstBuffer> make_black(const GstCaps* caps)
{
    GstVideoInfo to;
    GstVideoInfo from;
    const GstCapsFeatures* features = gst_caps_get_features(caps, 0);
    if (!gst_caps_features_is_equal(features, GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY) ||
        !gst_video_info_from_caps(&to, caps))
        return nullptr;
    gst_video_info_set_format(&from, GST_VIDEO_FORMAT_xRGB, 2, 2);
    from.fps_n = to.fps_n;
    from.fps_d = to.fps_d;
    const auto seed = Ref<GstBuffer>::adopt(
        gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&from), nullptr));
    gst_buffer_memset(seed.get(), 0, 0, GST_VIDEO_INFO_SIZE(&from));
    auto black =
        Ref<GstBuffer>::adopt(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&to), nullptr));
    GstVideoConverter* converter = gst_video_converter_new(&from, &to, nullptr);
    if (converter == nullptr)
        return nullptr;
    {
        const MappedFrame in(from, seed.get(), GST_MAP_READ);
        MappedFrame out(to, black.get(), GST_MAP_WRITE);
        if (in.ok && out.ok)
            gst_video_converter_frame(converter, &in.frame, &out.frame);
        else
            black.reset();
    }
    gst_video_converter_free(converter);
    return black;
}

} // namespace

std::shared_ptr<MuteFiller> MuteFiller::attach(GstElement* encoder, calls::MediaKind kind)
{
    std::shared_ptr<MuteFiller> self(new MuteFiller(encoder, kind));
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(encoder, "sink"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            const auto filler = static_cast<WeakFiller*>(data)->lock();
            return filler ? filler->on_buffer(info) : GST_PAD_PROBE_OK;
        },
        new WeakFiller(self), [](gpointer data) { delete static_cast<WeakFiller*>(data); });
    return self;
}

MuteFiller::MuteFiller(GstElement* encoder, calls::MediaKind kind)
    : encoder_(Ref<GstElement>::retain(encoder)), kind_(kind)
{
}

GstPadProbeReturn MuteFiller::on_buffer(GstPadProbeInfo* info)
{
    const bool muted = muted_;
    if (std::exchange(filling_, muted) != muted) {
        last_picture_ = GST_CLOCK_TIME_NONE;
        if (kind_ == calls::MediaKind::Video)
            request_key_frame(); // nothing of the one shows through in the other
    }
    if (!muted)
        return GST_PAD_PROBE_OK;
    return kind_ == calls::MediaKind::Video ? fill_video(info) : fill_audio(info);
}

// The encoder takes it with the picture that is about to enter: it has not got it yet.
void MuteFiller::request_key_frame()
{
    const auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(encoder_.get(), "src"));
    gst_pad_send_event(src.get(),
                       gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

GstPadProbeReturn MuteFiller::fill_video(GstPadProbeInfo* info)
{
    GstBuffer* frame = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime time = GST_BUFFER_PTS(frame);
    if (GST_CLOCK_TIME_IS_VALID(time) && GST_CLOCK_TIME_IS_VALID(last_picture_) &&
        time >= last_picture_ && time - last_picture_ < kPictureInterval)
        return GST_PAD_PROBE_DROP;
    last_picture_ = time;
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(encoder_.get(), "sink"));
    auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad.get()));
    if (!caps)
        return GST_PAD_PROBE_DROP;
    if (!black_caps_ || !gst_caps_is_equal(black_caps_.get(), caps.get())) {
        black_ = make_black(caps.get());
        black_caps_ = std::move(caps);
    }
    if (!black_)
        return GST_PAD_PROBE_DROP;
    GstBuffer* picture = gst_buffer_copy(black_.get()); // of the wrapper, not of the pixels
    gst_buffer_copy_into(picture, frame, GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
    gst_buffer_unref(frame);
    GST_PAD_PROBE_INFO_DATA(info) = picture;
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn MuteFiller::fill_audio(GstPadProbeInfo* info)
{
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(encoder_.get(), "sink"));
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad.get()));
    GstAudioInfo format;
    if (!caps || !gst_audio_info_from_caps(&format, caps.get()))
        return GST_PAD_PROBE_DROP;
    GstBuffer* sound = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = sound;
    GstMapInfo map;
    if (!gst_buffer_map(sound, &map, GST_MAP_WRITE))
        return GST_PAD_PROBE_DROP;
    gst_audio_format_info_fill_silence(format.finfo, map.data, map.size);
    gst_buffer_unmap(sound, &map);
    return GST_PAD_PROBE_OK;
}

} // namespace cf::gst

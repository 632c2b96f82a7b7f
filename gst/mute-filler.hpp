/* SPDX-License-Identifier: LGPL-2.1-or-later */
// MuteFiller: what a muted track of raw input sends in place of its media: black pictures, one a
// second, or silence. The track stays alive, and nothing is negotiated.
#pragma once

#include <atomic>
#include <memory>

#include "gst/gst-ref.hpp"
#include "lib/calls/types.hpp"

namespace cf::gst
{

/// Sits on the sink pad of an encoder, as a pad probe.
class MuteFiller : public std::enable_shared_from_this<MuteFiller>
{
public:
    static std::shared_ptr<MuteFiller> attach(GstElement* encoder, calls::MediaKind kind);
    MuteFiller(const MuteFiller&) = delete;
    MuteFiller& operator=(const MuteFiller&) = delete;

    /// Any thread. The first picture after muting, and the first one after un-muting, are key
    /// frames.
    void set_muted(bool muted) { muted_ = muted; }

private:
    MuteFiller(GstElement* encoder, calls::MediaKind kind);
    GstPadProbeReturn on_buffer(GstPadProbeInfo* info);
    GstPadProbeReturn fill_video(GstPadProbeInfo* info);
    GstPadProbeReturn fill_audio(GstPadProbeInfo* info);
    void request_key_frame();

    const Ref<GstElement> encoder_;
    const calls::MediaKind kind_;
    std::atomic<bool> muted_ = false;

    // Streaming thread only.
    bool filling_ = false;
    GstClockTime last_picture_ = GST_CLOCK_TIME_NONE;
    Ref<GstCaps> black_caps_;
    Ref<GstBuffer> black_;
};

} // namespace cf::gst

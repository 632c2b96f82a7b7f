/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What the user sets on cfcallssink and on its pads, beyond what both elements share.
#pragma once

#include <algorithm>
#include <string>

#include "gst/gst-ref.hpp"
#include "lib/base/executor.hpp"
#include "lib/calls/types.hpp"

namespace cf::gst
{

inline constexpr unsigned kDefaultStartBitrate = 2048000; // webrtcsink's
inline constexpr unsigned kDefaultMaxBitrate = 8192000;   // webrtcsink's
inline constexpr const char* kDefaultVideoCaps = "video/x-vp8; video/x-h264; video/x-vp9";
inline constexpr const char* kDefaultAudioCaps = "audio/x-opus";

struct SinkSettings {
    Ref<GstCaps> video_caps = Ref<GstCaps>::adopt(gst_caps_from_string(kDefaultVideoCaps));
    Ref<GstCaps> audio_caps = Ref<GstCaps>::adopt(gst_caps_from_string(kDefaultAudioCaps));
    unsigned start_bitrate = kDefaultStartBitrate;
    unsigned max_bitrate = kDefaultMaxBitrate;
    bool do_retransmission = true;
    Milliseconds caps_timeout{2000};
};

/// What a muted track sends, with the nicks filler and drop.
enum class MuteMode { Filler, Drop };

struct PadSettings {
    std::string track_name;
    bool active = true;
    bool mute = false;
    MuteMode mute_mode = MuteMode::Filler;
    Ref<GstCaps> codec_caps; ///< null: the element's
    std::string encoder;
    unsigned bitrate = 0;       ///< 0: start_bitrate
    unsigned start_bitrate = 0; ///< 0: the element's
    unsigned max_bitrate = 0;   ///< 0: the element's
    bool opus_dtx = false;
    bool opus_fec = false;
    bool opus_stereo = true;
    bool do_retransmission = true;
};

/// What an encoder is to be set to; 0: as the codec likes.
[[nodiscard]] inline unsigned target_bitrate(calls::MediaKind kind, const SinkSettings& element,
                                             const PadSettings& pad)
{
    // The element's bitrates are video's, as webrtcsink's are.
    if (kind == calls::MediaKind::Audio)
        return pad.bitrate;
    const unsigned start = pad.start_bitrate != 0 ? pad.start_bitrate : element.start_bitrate;
    const unsigned maximum = pad.max_bitrate != 0 ? pad.max_bitrate : element.max_bitrate;
    return std::min(pad.bitrate != 0 ? pad.bitrate : start, maximum);
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Compares what was received with what was sent, by content: which source frame is this, how close
// is it, does the sound fit, do the two still belong together. docs/design/media-comparison.md
// explains the method on one page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"
#include "tests/support/media-compare-source.hpp"

namespace cf::media
{

/// A piece of a recording; seconds.
struct Stretch {
    double start = 0;
    double length = 0;
};

struct VideoReport {
    unsigned source_frames = 0;
    unsigned received_frames = 0;
    Size source_size;
    Size received_size;
    double received_start = 0;  ///< s
    double received_length = 0; ///< s
    double source_rate = 0;     ///< frames/s
    double received_rate = 0;   ///< frames/s, over the received time
    double lag = 0;             ///< received time minus source time, s; the median over all frames
    double psnr_average = 0; ///< dB, luma, per frame against its source frame; 100 when identical
    double psnr_minimum = 0; ///< dB, luma, the worst frame
    double psnr_worst_second = 0; ///< dB, luma, the lowest average over one second
    double psnr_chroma = 0;       ///< dB, average over the worse chroma plane
    unsigned duplicates = 0;      ///< frames that repeat the picture before them
    unsigned backward = 0;        ///< frames whose time is not after that of the frame before
    double missing_head = 0;      ///< s of the source before the first received frame
    double missing_tail = 0;      ///< s of the source after the last received frame
    /// Received time: the picture stood still, or none came, while the source moved on.
    std::vector<Stretch> frozen;
    /// Source time: no received frame shows it.
    std::vector<Stretch> missing;
    std::vector<double> lag_per_second; ///< s, one for each received second
};

struct AudioReport {
    double source_length = 0;   ///< s
    double received_start = 0;  ///< s
    double received_length = 0; ///< s
    double lag = 0;             ///< received time minus source time, s; the median over the seconds
    double correlation = 0;     ///< -1...1, the median over the seconds that are not silent
    double drift_ppm = 0;       ///< how much faster the received clock runs
    double missing_head = 0;    ///< s of the source before the first received sample
    double missing_tail = 0;    ///< s of the source after the last received sample
    struct Second {
        double start = 0; ///< received time, s
        double lag = 0;
        double correlation = 0;
        bool silent = false;     ///< nothing to match in the source here
        bool matched = false;    ///< alike enough for the lag to mean something
        double excess_level = 0; ///< received minus source level, dB
    };
    std::vector<Second> seconds;
};

struct Report {
    std::optional<VideoReport> video; ///< absent when the received recording has no picture
    std::optional<AudioReport> audio;
    bool source_has_video = false;
    bool source_has_audio = false;
    /// How much later the picture is, relative to the sound, than in the source, s.
    double av_offset = 0;
    double av_offset_worst = 0; ///< the largest over the seconds with picture and sound
};

/// What judge() accepts. The defaults suit a recording that was re-encoded for WebRTC.
struct Limits {
    double psnr_average = 28;        ///< dB
    double psnr_worst_second = 24;   ///< dB
    double psnr_chroma = 28;         ///< dB
    double freeze = 0.5;             ///< s, the longest frozen or missing stretch
    double head = 3;                 ///< s of the source that may pass before the receiver is there
    double tail = 1;                 ///< s of the source that may be lost at the end
    double rate = 0.9;               ///< received frame rate relative to the source's
    double correlation = 0.8;        ///< median over the seconds
    double correlation_second = 0.5; ///< every second that is not silent
    double av_offset = 0.06;         ///< s
};

/// Decodes both and compares. Blocks for about as long as decoding each twice takes.
Result<Report> compare(MediaSource& source, MediaSource& received);

/// What is wrong with @p report, a sentence each; empty when nothing is.
std::vector<std::string> judge(const Report& report, const Limits& limits);

/// A few lines for people.
std::string to_text(const Report& report);

} // namespace cf::media

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Where the comparison takes pictures and sound from: a file, or in its own tests a recording that
// is damaged on purpose.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"

namespace cf::media
{

struct Size {
    int width = 0;
    int height = 0;
    bool operator==(const Size&) const = default;
};

/// A decoded I420 picture, borrowed from its reader until the next call.
struct Picture {
    double time = 0; ///< s, running time
    Size size;
    Size coded_size; ///< before the reader scaled it
    std::array<const std::uint8_t*, 3> plane = {};
    std::array<int, 3> stride = {};
};

class PictureReader
{
public:
    virtual ~PictureReader() = default;
    /// The next picture, or nullptr after the last.
    virtual Result<const Picture*> next() = 0;
};

/// Sound on one time line: holes are filled with silence.
struct Sound {
    static constexpr int kRate = 8000;
    double start = 0;           ///< s, running time of the first sample
    std::vector<float> samples; ///< mono, kRate samples/s, -1...1
};

class MediaSource
{
public:
    virtual ~MediaSource() = default;
    /// All pictures from the first, scaled to @p size if given; nullptr without a video track. May
    /// be called again.
    virtual Result<std::unique_ptr<PictureReader>> pictures(std::optional<Size> size) = 0;
    /// All of the sound; nothing without an audio track.
    virtual Result<std::optional<Sound>> sound() = 0;
};

/// A file of any kind that GStreamer decodes.
std::unique_ptr<MediaSource> open_file(std::string path);

/// One track of a file, as it is encoded.
struct TrackInfo {
    std::string codec; ///< for people: "H.264 (Constrained Baseline Profile)"
    bool is_video = false;
    double bitrate = 0; ///< bit/s, over the length of the track
    double start = 0;   ///< s
    double length = 0;  ///< s
    Size size;          ///< video
    int channels = 0;   ///< audio
};
/// Reads @p path without decoding it.
Result<std::vector<TrackInfo>> describe_file(const std::string& path);

/// Writes the received picture nearest to @p time (s) as a PNG.
Status write_still(const std::string& path, double time, const std::string& png_path);

} // namespace cf::media

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Finds for every received frame the source frame it shows.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "tests/support/media-compare-source.hpp"
#include "tests/support/media-compare.hpp"

namespace cf::media
{

/// A frame boiled down to the mean brightness of a grid of cells: survives re-encoding, and is
/// small enough to keep for a whole recording.
struct Fingerprint {
    static constexpr int kColumns = 32;
    static constexpr int kRows = 24;
    double time = 0;
    std::array<float, std::size_t{kColumns}* kRows> cells = {};
};
Fingerprint fingerprint(const Picture& picture);

/// Which source frame each received frame shows (an index each, never going back), or nothing when
/// one of the lists is empty.
std::vector<std::size_t> align(const std::vector<Fingerprint>& source,
                               const std::vector<Fingerprint>& received);

Result<VideoReport> compare_video(MediaSource& source, MediaSource& received);

} // namespace cf::media

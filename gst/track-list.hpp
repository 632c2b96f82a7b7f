/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The tracks that a cfcallssrc is asked for, as people and programs write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/calls/types.hpp"

namespace cf::gst
{

struct TrackWish {
    calls::TrackLocator source;
    std::optional<calls::MediaKind> kind; ///< nothing: as the SFU says
    bool operator==(const TrackWish&) const = default;
};

/// Reads one of
///     SESSION/TRACK[?kind=audio|video][,SESSION/TRACK...]
///     < "track,session-id=(string)...,track-name=(string)...,kind=(string)video;", ... >
/// The second is what a GstValueArray of structures (or of strings of the first form) turns into
/// when it is set on a string property. In the first, `%` escapes what would be a separator in a
/// track's name: %2C for a comma, %3F for a question mark, %2F for a slash in the session id (a
/// slash in the name needs none), %25 for itself. Blanks around entries do not count; neither do
/// empty entries. Twice the same track is an error. InvalidArgument says which entry is wrong.
[[nodiscard]] Result<std::vector<TrackWish>> parse_tracks(std::string_view text);

/// The first form; parse_tracks() reads it back.
[[nodiscard]] std::string to_string(const std::vector<TrackWish>& tracks);

} // namespace cf::gst

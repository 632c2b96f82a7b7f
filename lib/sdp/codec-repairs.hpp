/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which payload types webrtcbin gets to see, and in what order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/sdp/description.hpp"

namespace cf::sdp
{

/// One acceptable codec.
struct CodecPreference {
    std::string encoding_name; ///< without case: "H264", "opus"
    /// Parameters that must be equal, such as `packetization-mode`; empty: any. A parameter that
    /// the description leaves out has the codec's default ("0" for packetization-mode and VP9's
    /// profile-id). `profile-level-id` matches by profile, never by level.
    FmtpParameters parameters;
};

/// Filters and orders the payload types of an RTP section: those of @p preferences in that order,
/// each followed by its rtx; then the helpers (red, ulpfec, flexfec, CN, telephone-event). A
/// section in which nothing is acceptable stays whole, so that the refusal is the media stack's and
/// visible. P12, GStreamer <= 1.26 answers with the first payload type only (gstreamer#4458).
[[nodiscard]] MediaSection filter_and_order_codecs(MediaSection section,
                                                   const std::vector<CodecPreference>& preferences);

/// Takes payload types that nothing describes out of RTP sections, as long as another remains.
/// 1.28.0: caps without an encoding-name crash webrtcbin's create-answer (fixed in 1.28.1).
[[nodiscard]] Description drop_undescribed_formats(Description description);

/// An Error for a section that is in use and describes none of its payload types: the case that
/// drop_undescribed_formats() cannot help.
[[nodiscard]] Status check_codecs_described(const Description& description);

/// Orders without removing: @p encoding_names first in that order, each codec followed by its rtx,
/// the rest behind in their old order. For our own offers and for people who want a say in them.
[[nodiscard]] MediaSection prefer_codecs(MediaSection section,
                                         const std::vector<std::string>& encoding_names);

/// Gives each H.264 payload type the `profile-level-id` that @p reference has for the same payload
/// type, where the two differ by level or where the reference's profile is decodable by the
/// other's. P12, all versions: caps intersection compares the string, so a mere level difference
/// would reject the section (RFC 6184 section 8.2.2: a level never does; algesten/str0m#1015).
[[nodiscard]] MediaSection rewrite_h264_levels(MediaSection section, const MediaSection& reference);

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// H.264 `profile-level-id` (RFC 6184 section 8.1).
#pragma once

#include <string_view>

namespace cf::sdp
{

/// What a missing `profile-level-id` means: Baseline, level 1.
inline constexpr std::string_view kH264DefaultProfileLevelId = "420010";

/// The profiles that WebRTC stacks negotiate.
enum class H264Profile {
    Unknown,
    ConstrainedBaseline,
    Baseline,
    Main,
    ConstrainedHigh,
    High,
};

/// RFC 6184 table 5, from the six hex digits; Unknown for anything else.
[[nodiscard]] H264Profile h264_profile(std::string_view profile_level_id);

/// Whether a decoder of @p decoder plays a stream of @p stream, levels aside. Nothing is known of
/// Unknown.
[[nodiscard]] bool h264_decodes(H264Profile decoder, H264Profile stream);

/// Whether two values differ in level only: also for profiles that are Unknown here.
[[nodiscard]] bool h264_same_but_level(std::string_view a, std::string_view b);

} // namespace cf::sdp

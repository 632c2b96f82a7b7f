/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/h264-profile.hpp"

#include <charconv>
#include <optional>

#include "lib/sdp/line-block.hpp"

namespace cf::sdp
{

namespace
{

constexpr unsigned kConstraint0 = 0x80;
constexpr unsigned kConstraint1 = 0x40;
constexpr unsigned kConstraint4 = 0x08;
constexpr unsigned kConstraint5 = 0x04;

struct ProfileBytes {
    unsigned idc = 0;
    unsigned iop = 0;
};

std::optional<ProfileBytes> profile_bytes(std::string_view text)
{
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (text.size() != 6 || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return ProfileBytes{number >> 16, (number >> 8) & 0xff};
}

} // namespace

H264Profile h264_profile(std::string_view profile_level_id)
{
    const auto bytes = profile_bytes(profile_level_id);
    if (!bytes)
        return H264Profile::Unknown;
    const auto [idc, iop] = *bytes;
    switch (idc) {
    case 66: // Baseline
        return (iop & kConstraint1) != 0 ? H264Profile::ConstrainedBaseline : H264Profile::Baseline;
    case 77: // Main
        return (iop & kConstraint0) != 0 ? H264Profile::ConstrainedBaseline : H264Profile::Main;
    case 88: // Extended: only what it shares with the others
        if ((iop & kConstraint0) == 0)
            return H264Profile::Unknown;
        return (iop & kConstraint1) != 0 ? H264Profile::ConstrainedBaseline : H264Profile::Baseline;
    case 100: // High
        return (iop & (kConstraint4 | kConstraint5)) == (kConstraint4 | kConstraint5)
                   ? H264Profile::ConstrainedHigh
                   : H264Profile::High;
    default:
        return H264Profile::Unknown;
    }
}

bool h264_decodes(H264Profile decoder, H264Profile stream)
{
    if (decoder == H264Profile::Unknown || stream == H264Profile::Unknown)
        return false;
    if (decoder == stream || stream == H264Profile::ConstrainedBaseline)
        return true;
    // H.264 A.2: Main and Constrained High streams are High streams too. Baseline has tools
    // (FMO, ASO) that no other profile decodes.
    return decoder == H264Profile::High &&
           (stream == H264Profile::Main || stream == H264Profile::ConstrainedHigh);
}

bool h264_same_but_level(std::string_view a, std::string_view b)
{
    return profile_bytes(a) && profile_bytes(b) &&
           equals_ignoring_case(a.substr(0, 4), b.substr(0, 4));
}

} // namespace cf::sdp

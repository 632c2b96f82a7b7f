/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/types.hpp"

namespace cf::calls
{

const char* to_string(SdpType type)
{
    return type == SdpType::Offer ? "offer" : "answer";
}

const char* to_string(MediaKind kind)
{
    return kind == MediaKind::Audio ? "audio" : "video";
}

const char* to_string(Location location)
{
    return location == Location::Local ? "local" : "remote";
}

const char* to_string(RidPolicy policy)
{
    return policy == RidPolicy::None ? "none" : "asciibetical";
}

const char* to_string(TrackStatus status)
{
    switch (status) {
    case TrackStatus::Active:
        return "active";
    case TrackStatus::Inactive:
        return "inactive";
    case TrackStatus::Initializing:
        return "initializing";
    case TrackStatus::Unknown:
        return "unknown";
    }
    g_assert_not_reached();
}

} // namespace cf::calls

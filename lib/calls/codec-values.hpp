/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The parts that requests and answers of the Calls API have in common. For codec-*.cpp only.
#pragma once

#include <optional>
#include <string>

#include "lib/calls/types.hpp"
#include "lib/json/json-reader.hpp"
#include "lib/json/json-writer.hpp"

namespace cf::calls
{

inline constexpr json::EnumName<SdpType> kSdpTypes[] = {
    {"offer", SdpType::Offer},
    {"answer", SdpType::Answer},
};
inline constexpr json::EnumName<MediaKind> kMediaKinds[] = {
    {"audio", MediaKind::Audio},
    {"video", MediaKind::Video},
};
inline constexpr json::EnumName<Location> kLocations[] = {
    {"local", Location::Local},
    {"remote", Location::Remote},
};
inline constexpr json::EnumName<RidPolicy> kRidPolicies[] = {
    {"none", RidPolicy::None},
    {"asciibetical", RidPolicy::Asciibetical},
};

/// Whether a value that we do not know is an error (requests) or as good as absent (answers).
enum class Strictness { Tolerant, Strict };

void write_description(json::JsonWriter& w, const SessionDescription& description);
/// Absent members and, in a tolerant reading, an object whose members are all empty give nothing.
[[nodiscard]] Result<std::optional<SessionDescription>>
read_description(const json::JsonReader& parent, Strictness strictness);

void write_simulcast(json::JsonWriter& w, const Simulcast& simulcast);

/// Everything but the errors of answers; a location that is not said reads as Local.
[[nodiscard]] Result<Track> read_track(const json::JsonReader& item, Strictness strictness);

} // namespace cf::calls

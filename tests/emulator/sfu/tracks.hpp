/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The tracks of a session: what it publishes and what it pulls.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/executor.hpp"
#include "lib/calls/types.hpp"
#include "tests/emulator/media/publication.hpp"
#include "tests/emulator/media/subscription.hpp"

namespace cf::emu
{

/// A publication. Stays in the list after it is closed, as the service's own inspection shows.
struct LocalTrack {
    std::string name;
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    bool active = true;
    /// Since when packets are due.
    TimePoint since{};
    /// Nothing while its section receives nothing: before the answer to an offer of ours, and for
    /// ever when a new name was put on a force-closed section.
    std::shared_ptr<Publication> publication;

    [[nodiscard]] bool has_packets() const { return publication && publication->has_packets(); }
};

/// A pull.
struct RemoteTrack {
    calls::TrackLocator source;
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    std::optional<calls::Simulcast> simulcast;
    bool active = true;
    std::shared_ptr<Subscription> subscription;

    [[nodiscard]] bool flowing() const
    {
        return active && subscription && subscription->source() &&
               !subscription->source()->closed();
    }
};

/// Forgets the oldest of the closed tracks in @p tracks when there are more than @p most.
template <typename Track> void forget_closed(std::vector<Track>& tracks, std::size_t most)
{
    const auto is_closed = [](const Track& t) { return !t.active; };
    const auto closed = std::count_if(tracks.begin(), tracks.end(), is_closed);
    if (static_cast<std::size_t>(closed) > most)
        tracks.erase(std::find_if(tracks.begin(), tracks.end(), is_closed));
}

} // namespace cf::emu

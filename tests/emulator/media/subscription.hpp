/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Subscription: one m-section in the direction SFU -> peer. Turns packets of whatever publication
// is behind it into one continuous stream with the peer's own SSRC, payload types and ids.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/calls/types.hpp"
#include "tests/emulator/media/media-stats.hpp"
#include "tests/emulator/media/rtp-parameters.hpp"

namespace cf::emu
{

class Publication;

/// Created by Transport::send() when the offer is written, because the offer names its SSRCs;
/// forwards once set_parameters() has said what the peer accepted, the transport is connected and
/// a publication is behind it (for video: from the next key frame on). Main thread only.
class Subscription
{
public:
    [[nodiscard]] const std::string& mid() const;
    [[nodiscard]] MediaKind kind() const;
    /// For a=ssrc and a=ssrc-group:FID.
    [[nodiscard]] std::uint32_t ssrc() const;
    [[nodiscard]] std::uint32_t rtx_ssrc() const;
    /// For a=ssrc:... cname:...; the same for all subscriptions of a transport.
    [[nodiscard]] const std::string& cname() const;

    /// What was negotiated. May be called again after each renegotiation.
    void set_parameters(SendParameters parameters);
    /// Puts @p publication behind the section, in place of what was there; sequence numbers and
    /// timestamps go on. nullptr: nothing is forwarded.
    void set_source(std::shared_ptr<Publication> publication);
    [[nodiscard]] const std::shared_ptr<Publication>& source() const;
    /// Which simulcast layer is wanted (calls-api 4.5). No preferred_rid, or an empty one: by
    /// bandwidth, best first. Layers sort in ASCII order, "a" best.
    void set_layer_policy(const calls::Simulcast& policy);
    /// Stops forwarding without forgetting where the stream was.
    void set_paused(bool paused);

    [[nodiscard]] SubscriptionStats stats(TimePoint now) const;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Requests and answers of the data channel endpoints, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/calls/types.hpp"

namespace cf::emu
{

/// The one channel that `datachannels/establish` may ask for; its stream is 0.
inline constexpr const char* kServerEvents = "server-events";

/// One entry of `dataChannels`, in a request or in an answer.
struct ChannelItem {
    calls::Location location = calls::Location::Local;
    std::string session_id; ///< publisher's session; empty for local channels
    std::string name;       ///< `dataChannelName`
    std::optional<std::uint16_t> id;
    bool ordered = true;
    std::optional<std::uint16_t> max_retransmits;
    std::optional<std::uint16_t> max_packet_life_time_ms;
    bool wait_for_ack = false;
    std::optional<bool> can_reply;
    std::optional<calls::ItemError> error; ///< answers only
    bool has_location = false;             ///< requests only
};

struct EstablishRequest {
    ChannelItem channel;
    std::optional<calls::SessionDescription> offer;
};
struct EstablishAnswer {
    bool requires_immediate_renegotiation = false;
    ChannelItem channel;
    std::optional<calls::SessionDescription> description;
};
struct ChannelsRequest {
    std::vector<ChannelItem> channels;
};
struct ChannelsAnswer {
    std::vector<ChannelItem> channels;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Adapter: the bridge between one track and one WebSocket, in one direction; and the values of the
// adapter endpoints.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/calls/types.hpp"

namespace cf::emu
{

/// An item of `adapters/websocket/new` and `/close`, request and answer alike.
struct AdapterItem {
    calls::Location location = calls::Location::Local; ///< local: from the WebSocket (ingest)
    std::string track_name;
    std::string session_id;
    std::string endpoint;
    std::string input_codec;
    std::string output_codec;
    std::string adapter_id;
    std::optional<std::uint64_t> bytes_processed; ///< answers to `/close`
    std::optional<calls::ItemError> error;
};

struct AdaptersRequest {
    std::vector<AdapterItem> items;
};

struct AdaptersAnswer {
    std::vector<AdapterItem> items;
};

struct AdapterStats {
    bool connected = false;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;      ///< of payload, in either direction
    std::uint64_t dropped = 0;    ///< messages that found no room, or waited too long
    std::uint64_t reconnects = 0; ///< that succeeded
    std::uint64_t waiting_ms = 0; ///< ingest: what is still to be played
};

/// Main thread only. To drop it is to close it.
class Adapter
{
public:
    virtual ~Adapter() = default;
    [[nodiscard]] virtual AdapterStats stats() const = 0;
    /// It ended by itself, for good. Not called from inside a call of the owner's; may drop it.
    std::function<void()> on_end;
};

/// 48 kHz, 16 bits, two channels: 20 ms of what both directions carry.
inline constexpr unsigned kPcmRate = 48000;
inline constexpr unsigned kPcmFrameBytes = 4;
inline constexpr unsigned kPcmFrameMs = 20;
inline constexpr std::size_t kPcmChunk =
    std::size_t{kPcmRate} / 1000 * kPcmFrameMs * kPcmFrameBytes;

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// DataChannels: the data channels of one session (RFC 8831, RFC 8832).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.hpp"

namespace cf::emu
{

/// Highest stream id that can be used; the association is set up with this many and one more.
inline constexpr std::uint16_t kMaxChannelId = 1023;
/// For a=max-message-size; what we take.
inline constexpr std::size_t kMaxMessageSize = 262144;

/// What the application section of the peer says.
struct SctpParameters {
    std::uint16_t remote_port = 5000; ///< a=sctp-port; ours is always 5000
    /// a=max-message-size of the peer; RFC 8841 6.1: 64 KiB if it says nothing, 0 is unlimited.
    std::size_t remote_max_message_size = 65536;
};

struct ChannelOptions {
    std::uint16_t id = 0;
    std::string label;
    std::string protocol;
    bool ordered = true;
    // At most one of the two.
    std::optional<std::uint16_t> max_retransmits;
    std::optional<std::uint16_t> max_packet_life_time_ms;
    /// Both ends open the channel by themselves; false: we announce it in-band (DCEP).
    bool negotiated = true;
};

enum class MessageKind { Text, Binary };

struct ChannelStats {
    std::uint16_t id = 0;
    std::string label;
    bool open = false; ///< negotiated: the association is up; in-band: the peer has acknowledged
    std::uint64_t messages_sent = 0;
    std::uint64_t messages_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
};

struct DataChannelsStats {
    bool connected = false;
    std::vector<ChannelStats> channels;
    std::uint64_t unknown_stream = 0; ///< messages on streams without a channel
    std::uint64_t malformed = 0;      ///< bad DCEP, unknown payload protocol ids
    std::uint64_t too_large = 0;      ///< received messages over kMaxMessageSize
};

/// Main thread only. Callbacks come from the media plane's own events, never from inside a call
/// made here, and may call anything here.
class DataChannels
{
public:
    virtual ~DataChannels() = default;

    /// Opens a channel; messages may be sent at once and wait for the association. Error: the id is
    /// taken or too high, or both limits are set.
    [[nodiscard]] virtual Status open(const ChannelOptions& options) = 0;
    /// Error{NotFound}: no such channel. Error{TooLarge}: over the peer's limit, or too much is
    /// waiting already (kMaxBacklog).
    [[nodiscard]] virtual Status send(std::uint16_t id, MessageKind kind,
                                      std::span<const std::uint8_t> message) = 0;
    /// Resets the stream; what was sent before still arrives. on_closed is not called for it.
    virtual void close(std::uint16_t id) = 0;
    [[nodiscard]] virtual bool has_channel(std::uint16_t id) const = 0;
    /// Bytes that send() took and SCTP has not.
    [[nodiscard]] virtual std::size_t backlog() const = 0;
    static constexpr std::size_t kMaxBacklog = 4 << 20;

    [[nodiscard]] virtual DataChannelsStats stats() const = 0;

    /// The association is up.
    std::function<void()> on_connected;
    /// The association ended: aborted or shut down by the peer, or it does not answer.
    std::function<void()> on_disconnected;
    /// The peer opened a channel in-band; it is open when this is called.
    std::function<void(const ChannelOptions&)> on_opened_by_peer;
    /// A channel that we announced in-band was acknowledged.
    std::function<void(std::uint16_t)> on_acknowledged;
    std::function<void(std::uint16_t, MessageKind, std::span<const std::uint8_t>)> on_message;
    /// The peer closed the channel; it is gone.
    std::function<void(std::uint16_t)> on_closed;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionChannels: the data channels of one session: which it publishes, which it subscribes to,
// and the way of a message from one session to others.
//
// Every channel is negotiated: the API gives out the stream id, both ends open it by themselves.
// Ids are per session: 0 is `server-events`, applications get 1, 2, 3, ...
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/emulator/sctp/data-channels.hpp"
#include "tests/emulator/sfu/channel-values.hpp"
#include "tests/emulator/sfu/context.hpp"

namespace cf::emu
{

/// Main thread only.
class SessionChannels
{
public:
    SessionChannels(SfuContext& context, std::string session_id, Transport& transport);

    /// The application section is negotiated. @p announce: open `server-events` in-band (the SFU
    /// made the offer). A second call changes nothing.
    void start(const SctpParameters& parameters, bool announce);
    [[nodiscard]] bool started() const { return transport_.data_channels() != nullptr; }

    // One item each; what comes back is the item of the answer.
    [[nodiscard]] ChannelItem publish(const ChannelItem& item);
    [[nodiscard]] ChannelItem subscribe(const ChannelItem& item);
    [[nodiscard]] ChannelItem update(const ChannelItem& item);
    [[nodiscard]] ChannelItem close(const ChannelItem& item);

    [[nodiscard]] std::vector<calls::DataChannelState> states() const;
    /// The session is gone.
    void end();

private:
    /// A subscriber's end of a channel: its session and the stream there.
    using Far = std::pair<std::string, std::uint16_t>;
    struct Local {
        std::string name;
        std::uint16_t id = 0;
        std::vector<Far> subscribers;
        Far reply_holder; ///< whose messages reach the publisher; empty session: nobody's
    };
    struct Remote {
        std::string publisher;
        std::string name;
        std::uint16_t id = 0;
        std::uint16_t publisher_id = 0;
        bool can_reply = false;
        bool gated = false; ///< waits for the subscriber's first message
        std::unique_ptr<ScopedTimer> gate_deadline;
    };

    void on_message(std::uint16_t id, MessageKind kind, std::span<const std::uint8_t> message);
    void on_remote_message(Remote& remote, MessageKind kind, std::span<const std::uint8_t> message);
    void send(std::uint16_t id, MessageKind kind, std::span<const std::uint8_t> message);
    [[nodiscard]] std::optional<std::uint16_t> open(const ChannelItem& item);
    [[nodiscard]] Local* local_by_name(const std::string& name);
    [[nodiscard]] Local* local_by_id(std::uint16_t id);
    [[nodiscard]] Remote* find_remote(const std::string& publisher, const std::string& name);
    [[nodiscard]] Remote* remote_by_id(std::uint16_t id);
    [[nodiscard]] SessionChannels* channels_of(const std::string& session) const;
    void set_can_reply(Remote& remote, bool can_reply);
    void start_gate(Remote& remote);
    /// Takes the channel out of the lists, here and at the other sessions; false if there is none.
    [[nodiscard]] bool drop(std::uint16_t id);
    void drop_local(const Local& local);
    void drop_remote(const Remote& remote);

    SfuContext& context_;
    std::string session_id_;
    Transport& transport_;
    std::uint16_t next_id_ = 1;
    std::vector<Local> local_;
    std::vector<Remote> remote_;
    std::vector<calls::DataChannelState> closed_; ///< stay in sight as inactive
};

} // namespace cf::emu

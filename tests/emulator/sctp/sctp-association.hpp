/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SctpAssociation: DataChannels over usrsctp, one association over somebody else's DTLS records.
#pragma once

#include <deque>
#include <map>
#include <span>

#include <usrsctp.h>

#include "lib/base/executor.hpp"
#include "tests/emulator/sctp/data-channels.hpp"
#include "tests/emulator/sctp/dcep.hpp"

namespace cf::emu
{

class SctpAssociation final : public DataChannels
{
public:
    using Send = std::function<void(std::span<const std::uint8_t>)>;

    /// @p send: takes one SCTP packet, for one DTLS record.
    SctpAssociation(const SctpParameters& parameters, Send send);
    ~SctpAssociation() override;
    SctpAssociation(const SctpAssociation&) = delete;
    SctpAssociation& operator=(const SctpAssociation&) = delete;

    /// Starts connecting, once; both ends do (RFC 8831 6.5).
    void start();
    /// One decrypted record. The first one starts us if nothing else did: usrsctp answers what
    /// comes for a socket that neither listens nor connects with ABORT.
    void receive(std::span<const std::uint8_t> packet);
    /// Sends what waits, and runs the callbacks of what has happened.
    void tick();
    /// Aborts; no callbacks afterwards.
    void shut_down();

    /// Time for all associations of the process; usrsctp has one set of timers.
    static void advance_time(TimePoint now);

    [[nodiscard]] Status open(const ChannelOptions& options) override;
    [[nodiscard]] Status send(std::uint16_t id, MessageKind kind,
                              std::span<const std::uint8_t> message) override;
    void close(std::uint16_t id) override;
    [[nodiscard]] bool has_channel(std::uint16_t id) const override;
    [[nodiscard]] std::size_t backlog() const override { return backlog_; }
    [[nodiscard]] DataChannelsStats stats() const override;

private:
    struct Channel {
        ChannelOptions options;
        bool acknowledged = false; ///< or negotiated
        ChannelStats counters;
    };
    struct Outgoing {
        std::uint16_t id = 0;
        Ppid ppid = Ppid::Binary;
        std::vector<std::uint8_t> data;
    };
    /// One thing that usrsctp told us, kept until it is safe to call out.
    struct Event {
        enum class What { Message, Up, Down, Reset } what = What::Message;
        std::uint16_t id = 0;
        std::uint32_t ppid = 0;
        std::vector<std::uint8_t> data = {};
        bool too_large = false;
    };
    /// A message of which pieces have come.
    struct Partial {
        std::vector<std::uint8_t> data;
        bool too_large = false;
    };
    struct Library;
    friend struct Library;

    [[nodiscard]] bool configure();
    void on_data(const sctp_rcvinfo& info, std::span<const std::uint8_t> data, bool complete);
    void on_notification(std::span<const std::uint8_t> data);
    void dispatch();
    void handle(Event& event);
    void handle_message(Event& event);
    void handle_dcep(std::uint16_t id, std::span<const std::uint8_t> data);
    void handle_reset(std::uint16_t id);
    void enqueue(Outgoing message);
    void flush();
    /// False: SCTP's buffer is full.
    [[nodiscard]] bool transmit(const Outgoing& message);
    void reset_stream(std::uint16_t id);
    void flush_resets();

    SctpParameters parameters_;
    Send send_;
    std::uintptr_t handle_ = 0; ///< our address in usrsctp's eyes
    struct socket* socket_ = nullptr;
    bool started_ = false;
    bool connected_ = false;
    bool dispatching_ = false;
    std::map<std::uint16_t, Channel> channels_;
    std::map<std::uint16_t, Partial> partial_;
    std::size_t partial_bytes_ = 0;
    std::deque<Event> events_;
    std::deque<Outgoing> queue_;
    std::vector<std::uint16_t> resets_; ///< wait for messages sent before, or for another reset
    std::size_t backlog_ = 0;
    DataChannelsStats counters_;
};

} // namespace cf::emu

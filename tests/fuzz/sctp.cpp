/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SCTP chunks and the messages that open data channels, into an association that is up.
//
// The input: records of a byte that says what they are, a byte with their length, and that many
// bytes. An even kind is a run of chunks, which gets a good common header (the peer's verification
// tag; checksums are not looked at); kind 1 is a whole packet as it is; kind 3 is a DCEP message.
// Whatever comes, nothing may crash, and what was read of a DCEP message can be written and read.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <glib.h>

#include "tests/emulator/sctp/sctp-association.hpp"

using namespace cf::emu;

namespace
{

using Packet = std::vector<std::uint8_t>;
constexpr std::size_t kHeader = 12;

struct Side {
    Side()
        : association(std::make_unique<SctpAssociation>(
              SctpParameters{}, [this](std::span<const std::uint8_t> packet) {
                  sent.emplace_back(packet.begin(), packet.end());
              }))
    {
        association->on_connected = [this] { connected = true; };
        // As much as an owner does in the callbacks: answers, and closes what it did not expect.
        association->on_opened_by_peer = [this](const ChannelOptions& o) {
            const std::uint8_t hello[] = {'h', 'i'};
            (void)association->send(o.id, MessageKind::Text, hello);
            association->close(o.id);
        };
        association->on_message = [](std::uint16_t, MessageKind,
                                     std::span<const std::uint8_t> message) {
            g_assert(message.size() <= kMaxMessageSize);
        };
        association->on_closed = [](std::uint16_t) {};
    }
    std::deque<Packet> sent;
    bool connected = false;
    std::unique_ptr<SctpAssociation> association;
};

// Hands over what is on its way, and keeps the header of the last packet from @p from to @p to.
bool deliver(Side& from, Side& to, Packet& header)
{
    if (from.sent.empty())
        return false;
    const Packet packet = std::move(from.sent.front());
    from.sent.pop_front();
    if (packet.size() >= kHeader)
        header.assign(packet.begin(), packet.begin() + kHeader);
    to.association->receive(packet);
    return true;
}

void check_dcep(std::span<const std::uint8_t> message)
{
    const auto read = read_dcep(message);
    if (!read || read->is_ack)
        return;
    const auto again = read_dcep(write_dcep_open(read->options));
    g_assert(again && !again->is_ack);
    g_assert(again->options.label == read->options.label);
    g_assert(again->options.protocol == read->options.protocol);
    g_assert(again->options.ordered == read->options.ordered);
}

void exchange(Side& one, Side& two, Packet& header)
{
    Packet other;
    for (int i = 0; i < 64; ++i) {
        const bool forth = deliver(one, two, header);
        if (!deliver(two, one, other) && !forth)
            return;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static cf::TimePoint now{};
    SctpAssociation::advance_time(now += std::chrono::milliseconds{5});
    Side peer;
    Side target;
    usrsctp_enable_crc32c_offload();
    Packet header;
    peer.association->start();
    target.association->start();
    exchange(peer, target, header);
    g_assert(peer.connected && target.connected);
    ChannelOptions options;
    options.id = 1;
    g_assert(peer.association->open(options).ok() && target.association->open(options).ok());
    const std::uint8_t first[] = {1};
    g_assert(peer.association->send(1, MessageKind::Binary, first).ok());
    exchange(peer, target, header);

    for (std::span<const std::uint8_t> rest(data, size); rest.size() >= 2;) {
        const std::uint8_t kind = rest[0];
        const auto length = std::min<std::size_t>(rest[1] * 2U, rest.size() - 2);
        const auto record = rest.subspan(2, length);
        rest = rest.subspan(2 + length);
        if (kind == 3) {
            check_dcep(record);
            continue;
        }
        Packet packet;
        if (kind != 1)
            packet = header;
        packet.insert(packet.end(), record.begin(), record.end());
        target.association->receive(packet);
        SctpAssociation::advance_time(now += std::chrono::milliseconds{20});
        target.association->tick();
        exchange(peer, target, header);
    }
    (void)target.association->stats();
    return 0;
}

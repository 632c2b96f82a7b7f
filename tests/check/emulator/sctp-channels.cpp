/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Data channels: between two associations that are joined by hand, and through a transport.
#include <deque>
#include <memory>
#include <random>

#include "tests/emulator/media/media-server.hpp"
#include "tests/emulator/sctp/sctp-association.hpp"
#include "tests/support/check.hpp"
#include "tests/support/media-peer.hpp"
#include "tests/support/wait.hpp"

using namespace cf::emu;
using cf::ErrorCode;
using cf::Milliseconds;
using cf::test::MediaPeer;
using cf::test::text_bytes;
using cf::test::wait_until;

namespace
{

using Buffer = std::vector<std::uint8_t>;

struct Message {
    std::uint16_t id;
    MessageKind kind;
    Buffer data;
};

/// One end, which notes what it is told.
struct End {
    std::unique_ptr<SctpAssociation> sctp;
    std::vector<Message> messages;
    std::vector<ChannelOptions> opened;
    std::vector<std::uint16_t> acknowledged;
    std::vector<std::uint16_t> closed;
    bool connected = false;
    bool disconnected = false;

    void listen(DataChannels& channels)
    {
        channels.on_connected = [this] { connected = true; };
        channels.on_disconnected = [this] { disconnected = true; };
        channels.on_opened_by_peer = [this](const ChannelOptions& o) { opened.push_back(o); };
        channels.on_acknowledged = [this](std::uint16_t id) { acknowledged.push_back(id); };
        channels.on_message = [this](std::uint16_t id, MessageKind kind,
                                     std::span<const std::uint8_t> d) {
            messages.push_back({id, kind, {d.begin(), d.end()}});
        };
        channels.on_closed = [this](std::uint16_t id) { closed.push_back(id); };
    }
};

/// Two ends and the packets between them.
struct Pair {
    End a;
    End b;
    std::deque<std::pair<End*, Buffer>> wire;
    double loss = 0;
    std::mt19937 random{3};

    explicit Pair(const SctpParameters& parameters = {}, bool start = true)
    {
        make(a, b, parameters);
        make(b, a, parameters);
        if (start) {
            a.sctp->start();
            b.sctp->start();
        }
    }
    void make(End& self, End& other, const SctpParameters& parameters)
    {
        self.sctp = std::make_unique<SctpAssociation>(
            parameters, [this, &other](std::span<const std::uint8_t> packet) {
                fail_unless(packet.size() <= 1160);
                if (std::uniform_real_distribution<double>{0, 1}(random) >= loss)
                    wire.emplace_back(&other, Buffer(packet.begin(), packet.end()));
            });
        self.listen(*self.sctp);
    }
    [[nodiscard]] bool run_until(const std::function<bool()>& condition)
    {
        return wait_until([&] {
            SctpAssociation::advance_time(
                std::chrono::time_point_cast<cf::Microseconds>(std::chrono::steady_clock::now()));
            while (!wire.empty()) {
                auto [end, packet] = std::move(wire.front());
                wire.pop_front();
                end->sctp->receive(packet);
            }
            a.sctp->tick();
            b.sctp->tick();
            return condition();
        });
    }
    void connect()
    {
        fail_unless(run_until([&] { return a.connected && b.connected; }));
    }
    void open_both(const ChannelOptions& options)
    {
        fail_unless(a.sctp->open(options).ok());
        fail_unless(b.sctp->open(options).ok());
    }
};

} // namespace

GST_START_TEST(negotiated_channels_carry_text_and_binary_both_ways)
{
    Pair p;
    p.open_both({.id = 3});
    // Sent before the association is up: waits.
    fail_unless(p.a.sctp->send(3, MessageKind::Text, text_bytes("hello")).ok());
    fail_unless(p.a.sctp->backlog() == 5);
    p.connect();
    fail_unless(p.b.sctp->send(3, MessageKind::Binary, Buffer{1, 2, 3}).ok());
    fail_unless(p.b.sctp->send(3, MessageKind::Binary, {}).ok());
    fail_unless(p.b.sctp->send(3, MessageKind::Text, {}).ok());
    fail_unless(p.run_until([&] { return p.b.messages.size() == 1 && p.a.messages.size() == 3; }));
    fail_unless(p.b.messages[0].kind == MessageKind::Text);
    fail_unless(p.b.messages[0].data == text_bytes("hello"));
    fail_unless(p.a.messages[0].kind == MessageKind::Binary);
    fail_unless((p.a.messages[0].data == Buffer{1, 2, 3}));
    fail_unless(p.a.messages[1].kind == MessageKind::Binary && p.a.messages[1].data.empty());
    fail_unless(p.a.messages[2].kind == MessageKind::Text && p.a.messages[2].data.empty());
    fail_unless(p.a.opened.empty() && p.b.opened.empty());
    fail_unless_equals_int(p.a.sctp->backlog(), 0);
    const DataChannelsStats s = p.b.sctp->stats();
    fail_unless(s.connected && s.channels.size() == 1 && s.channels[0].open);
    fail_unless_equals_int(s.channels[0].messages_received, 1);
    fail_unless_equals_int(s.channels[0].bytes_received, 5);
    fail_unless_equals_int(s.channels[0].messages_sent, 3);
}
GST_END_TEST;

GST_START_TEST(a_peer_that_starts_first_is_not_turned_away)
{
    Pair p({}, false);
    p.a.sctp->start();
    p.connect();
    fail_if(p.a.disconnected || p.b.disconnected);
}
GST_END_TEST;

GST_START_TEST(a_channel_can_be_opened_in_band_from_either_side)
{
    Pair p;
    p.connect();
    ChannelOptions options;
    options.id = 0;
    options.label = "server-events";
    options.protocol = "p";
    options.ordered = false;
    options.max_retransmits = 7;
    options.negotiated = false;
    fail_unless(p.a.sctp->open(options).ok());
    // May be sent at once, and does not overtake the OPEN.
    fail_unless(p.a.sctp->send(0, MessageKind::Text, text_bytes("first")).ok());
    fail_unless(p.run_until([&] { return !p.b.messages.empty() && !p.a.acknowledged.empty(); }));
    fail_unless_equals_int(p.b.opened.size(), 1);
    fail_unless(p.b.opened[0].label == "server-events" && p.b.opened[0].protocol == "p");
    fail_unless(!p.b.opened[0].ordered && p.b.opened[0].max_retransmits == 7);
    fail_unless(!p.b.opened[0].max_packet_life_time_ms);
    fail_unless_equals_int(p.a.acknowledged[0], 0);
    fail_unless(p.b.sctp->send(0, MessageKind::Text, text_bytes("reply")).ok());
    fail_unless(p.run_until([&] { return p.a.messages.size() == 1; }));

    ChannelOptions other;
    other.id = 1;
    other.max_packet_life_time_ms = 250;
    other.negotiated = false;
    fail_unless(p.b.sctp->open(other).ok());
    fail_unless(p.run_until([&] { return p.a.opened.size() == 1; }));
    fail_unless(p.a.opened[0].ordered && p.a.opened[0].max_packet_life_time_ms == 250);
}
GST_END_TEST;

GST_START_TEST(large_messages_arrive_whole)
{
    SctpParameters parameters;
    parameters.remote_max_message_size = kMaxMessageSize;
    Pair p(parameters);
    p.open_both({.id = 5});
    p.connect();
    Buffer large(kMaxMessageSize);
    for (std::size_t i = 0; i < large.size(); ++i)
        large[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
    for (int i = 0; i < 8; ++i)
        fail_unless(p.a.sctp->send(5, MessageKind::Binary, large).ok());
    fail_unless(p.run_until([&] { return p.b.messages.size() == 8; }));
    for (const Message& m : p.b.messages)
        fail_unless(m.data == large);
}
GST_END_TEST;

GST_START_TEST(loss_is_repaired_in_order)
{
    Pair p;
    p.open_both({.id = 2});
    p.connect();
    p.loss = 0.05;
    for (int i = 0; i < 300; ++i)
        fail_unless(p.a.sctp->send(2, MessageKind::Text, text_bytes(std::to_string(i))).ok());
    fail_unless(p.run_until([&] { return p.b.messages.size() == 300; }));
    for (int i = 0; i < 300; ++i)
        fail_unless(p.b.messages[static_cast<std::size_t>(i)].data ==
                    text_bytes(std::to_string(i)));
}
GST_END_TEST;

GST_START_TEST(an_unreliable_channel_gives_up_what_is_lost)
{
    Pair p;
    ChannelOptions options;
    options.id = 2;
    options.max_retransmits = 0;
    p.open_both(options);
    p.connect();
    p.loss = 0.3;
    for (int i = 0; i < 200; ++i) {
        fail_unless(p.a.sctp->send(2, MessageKind::Binary, Buffer(1000, 1)).ok());
        p.a.sctp->tick();
    }
    p.loss = 0;
    fail_unless(p.a.sctp->send(2, MessageKind::Text, text_bytes("last")).ok());
    fail_unless(p.run_until(
        [&] { return !p.b.messages.empty() && p.b.messages.back().kind == MessageKind::Text; }));
    // In order, but not all of them.
    fail_unless(p.b.messages.size() > 20 && p.b.messages.size() < 201, "%zu", p.b.messages.size());
}
GST_END_TEST;

GST_START_TEST(closing_tells_the_other_side_after_the_last_message)
{
    Pair p;
    p.open_both({.id = 1});
    p.open_both({.id = 6});
    p.connect();
    fail_unless(p.a.sctp->send(1, MessageKind::Text, text_bytes("goodbye")).ok());
    p.a.sctp->close(1);
    fail_unless(!p.a.sctp->has_channel(1));
    fail_unless(p.run_until([&] { return !p.b.closed.empty(); }));
    fail_unless_equals_int(p.b.closed[0], 1);
    fail_unless_equals_int(p.b.messages.size(), 1);
    fail_unless(!p.b.sctp->has_channel(1) && p.b.sctp->has_channel(6));
    fail_unless(p.a.closed.empty());
    fail_unless(p.b.sctp->send(1, MessageKind::Text, text_bytes("x")).error().code ==
                ErrorCode::NotFound);
    // The id can be used again, and the other channel did not notice.
    p.open_both({.id = 1});
    fail_unless(p.b.sctp->send(6, MessageKind::Text, text_bytes("still here")).ok());
    fail_unless(p.b.sctp->send(1, MessageKind::Text, text_bytes("again")).ok());
    fail_unless(p.run_until([&] { return p.a.messages.size() == 2; }));
}
GST_END_TEST;

GST_START_TEST(what_cannot_be_sent_is_refused)
{
    SctpParameters parameters;
    parameters.remote_max_message_size = 100;
    Pair p(parameters);
    p.open_both({.id = 1});
    fail_unless(p.a.sctp->open({.id = 1}).error().code == ErrorCode::Conflict);
    fail_unless(p.a.sctp->open({.id = kMaxChannelId + 1}).error().code ==
                ErrorCode::InvalidArgument);
    ChannelOptions both;
    both.id = 2;
    both.max_retransmits = 1;
    both.max_packet_life_time_ms = 1;
    fail_unless(p.a.sctp->open(both).error().code == ErrorCode::InvalidArgument);
    fail_unless(p.a.sctp->send(9, MessageKind::Text, text_bytes("x")).error().code ==
                ErrorCode::NotFound);
    fail_unless(p.a.sctp->send(1, MessageKind::Binary, Buffer(101)).error().code ==
                ErrorCode::TooLarge);
    fail_unless(p.a.sctp->send(1, MessageKind::Binary, Buffer(100)).ok());
    cf::Status status = cf::ok_status();
    while (status.ok())
        status = p.a.sctp->send(1, MessageKind::Binary, Buffer(100));
    fail_unless(status.error().code == ErrorCode::TooLarge);
    fail_unless(p.a.sctp->backlog() <= DataChannels::kMaxBacklog);
}
GST_END_TEST;

GST_START_TEST(callbacks_may_do_anything)
{
    Pair p;
    p.open_both({.id = 1});
    p.connect();
    // Echo from inside the callback, then close, then shut down.
    p.b.sctp->on_message = [&](std::uint16_t id, MessageKind kind,
                               std::span<const std::uint8_t> d) {
        fail_unless(p.b.sctp->send(id, kind, d).ok());
    };
    for (int i = 0; i < 50; ++i)
        fail_unless(p.a.sctp->send(1, MessageKind::Text, text_bytes("ping")).ok());
    fail_unless(p.run_until([&] { return p.a.messages.size() == 50; }));
    p.a.sctp->on_message = [&](std::uint16_t id, MessageKind, std::span<const std::uint8_t>) {
        p.a.sctp->close(id);
        p.a.sctp->shut_down();
    };
    fail_unless(p.a.sctp->send(1, MessageKind::Text, text_bytes("ping")).ok());
    fail_unless(p.run_until([&] { return p.b.disconnected; }));
    fail_unless(!p.b.sctp->stats().connected);
}
GST_END_TEST;

GST_START_TEST(messages_without_a_channel_are_counted)
{
    Pair p;
    fail_unless(p.a.sctp->open({.id = 1}).ok());
    p.connect();
    fail_unless(p.a.sctp->send(1, MessageKind::Text, text_bytes("lost")).ok());
    fail_unless(p.run_until([&] { return p.b.sctp->stats().unknown_stream == 1; }));
    fail_unless(p.b.messages.empty());
}
GST_END_TEST;

GST_START_TEST(garbage_in_place_of_sctp_does_no_harm)
{
    Pair p;
    p.open_both({.id = 1});
    p.connect();
    for (int i = 0; i < 3000; ++i) {
        Buffer noise(p.random() % 200);
        for (auto& b : noise)
            b = static_cast<std::uint8_t>(p.random());
        p.b.sctp->receive(noise);
    }
    fail_unless(p.a.sctp->send(1, MessageKind::Text, text_bytes("fine")).ok());
    fail_unless(p.run_until([&] { return p.b.messages.size() == 1; }));
}
GST_END_TEST;

GST_START_TEST(dcep_is_read_strictly)
{
    ChannelOptions options;
    options.label = "label";
    options.protocol = "proto";
    options.ordered = false;
    options.max_packet_life_time_ms = 300;
    const Buffer open = write_dcep_open(options);
    const auto read = read_dcep(open);
    fail_unless(read && !read->is_ack);
    fail_unless(read->options.label == "label" && read->options.protocol == "proto");
    fail_unless(!read->options.ordered && read->options.max_packet_life_time_ms == 300);
    fail_unless(read_dcep(write_dcep_ack())->is_ack);
    for (std::size_t n = 0; n < open.size(); ++n)
        fail_unless(!read_dcep(std::span(open).first(n)), "cut at %zu", n);
    Buffer more = open;
    more.push_back(0);
    fail_unless(!read_dcep(more));
    Buffer type = open;
    type[1] = 0x03;
    fail_unless(!read_dcep(type));
    type[0] = 0x01;
    fail_unless(!read_dcep(type));
}
GST_END_TEST;

GST_START_TEST(channels_run_through_a_transport)
{
    auto server = MediaServer::create({}, nullptr).take();
    auto transport = server->create_transport();
    fail_unless(transport->data_channels() == nullptr);
    DataChannels& ours = transport->start_data_channels({});
    fail_unless(&transport->start_data_channels({}) == &ours);
    End us;
    us.listen(ours);
    fail_unless(ours.open({.id = 1}).ok());

    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    End them;
    them.sctp = std::make_unique<SctpAssociation>(
        SctpParameters{},
        [&](std::span<const std::uint8_t> packet) { (void)peer.dtls().send_data(packet); });
    them.listen(*them.sctp);
    them.sctp->start();
    fail_unless(them.sctp->open({.id = 1}).ok());
    std::size_t taken = 0;
    auto pump = [&](const std::function<bool()>& condition) {
        return wait_until([&] {
            for (; taken < peer.data.size(); ++taken)
                them.sctp->receive(peer.data[taken]);
            them.sctp->tick();
            return condition();
        });
    };
    fail_unless(pump([&] { return us.connected && them.connected; }));
    fail_unless(them.sctp->send(1, MessageKind::Text, text_bytes("up")).ok());
    fail_unless(ours.send(1, MessageKind::Binary, Buffer(50000, 9)).ok());
    fail_unless(pump([&] { return us.messages.size() == 1 && them.messages.size() == 1; }));
    fail_unless(us.messages[0].data == text_bytes("up"));
    fail_unless(them.messages[0].data == Buffer(50000, 9));
    transport->close();
    fail_unless(pump([&] { return them.disconnected; }));
}
GST_END_TEST;

static Suite* sctp_channels_suite()
{
    Suite* s = suite_create("sctp_channels");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, negotiated_channels_carry_text_and_binary_both_ways);
    tcase_add_test(tc, a_peer_that_starts_first_is_not_turned_away);
    tcase_add_test(tc, a_channel_can_be_opened_in_band_from_either_side);
    tcase_add_test(tc, large_messages_arrive_whole);
    tcase_add_test(tc, loss_is_repaired_in_order);
    tcase_add_test(tc, an_unreliable_channel_gives_up_what_is_lost);
    tcase_add_test(tc, closing_tells_the_other_side_after_the_last_message);
    tcase_add_test(tc, what_cannot_be_sent_is_refused);
    tcase_add_test(tc, callbacks_may_do_anything);
    tcase_add_test(tc, messages_without_a_channel_are_counted);
    tcase_add_test(tc, garbage_in_place_of_sctp_does_no_harm);
    tcase_add_test(tc, dcep_is_read_strictly);
    tcase_add_test(tc, channels_run_through_a_transport);
    return s;
}

GST_CHECK_MAIN(sctp_channels);

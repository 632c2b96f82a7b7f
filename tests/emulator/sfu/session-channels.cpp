/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/session-channels.hpp"

#include <algorithm>

#include "tests/emulator/sfu/refusal.hpp"
#include "tests/emulator/sfu/session.hpp"

namespace cf::emu
{

namespace
{

// How many closed channels an inspection still shows.
constexpr std::size_t kMaxClosed = 64;

ChannelItem echo(const ChannelItem& item)
{
    ChannelItem out;
    out.location = item.location;
    out.session_id = item.session_id;
    out.name = item.name;
    out.id = item.id;
    return out;
}

ChannelItem failed(const ChannelItem& item, calls::ItemError error)
{
    ChannelItem out = echo(item);
    out.error = std::move(error);
    return out;
}

calls::ItemError unknown_channel()
{
    return {"not_found_track_error",
            "DataChannel not found on remote peer. Make sure the publisher peer is connected and "
            "has created it"};
}

} // namespace

SessionChannels::SessionChannels(SfuContext& context, std::string session_id, Transport& transport)
    : context_(context), session_id_(std::move(session_id)), transport_(transport)
{
}

void SessionChannels::start(const SctpParameters& parameters, bool announce)
{
    if (started())
        return;
    DataChannels& sctp = transport_.start_data_channels(parameters);
    sctp.on_message = [this](std::uint16_t id, MessageKind kind,
                             std::span<const std::uint8_t> message) {
        on_message(id, kind, message);
    };
    sctp.on_closed = [this](std::uint16_t id) { (void)drop(id); };
    sctp.on_connected = [this] { context_.waits().poke(); };
    if (!announce)
        return;
    ChannelOptions options;
    options.label = kServerEvents;
    options.negotiated = false;
    (void)sctp.open(options); // stream 0 of an association that is a moment old is free
}

SessionChannels::Local* SessionChannels::local_by_name(const std::string& name)
{
    const auto it =
        std::find_if(local_.begin(), local_.end(), [&](const Local& l) { return l.name == name; });
    return it == local_.end() ? nullptr : &*it;
}

SessionChannels::Local* SessionChannels::local_by_id(std::uint16_t id)
{
    const auto it =
        std::find_if(local_.begin(), local_.end(), [&](const Local& l) { return l.id == id; });
    return it == local_.end() ? nullptr : &*it;
}

SessionChannels::Remote* SessionChannels::find_remote(const std::string& publisher,
                                                      const std::string& name)
{
    const auto it = std::find_if(remote_.begin(), remote_.end(), [&](const Remote& r) {
        return r.publisher == publisher && r.name == name;
    });
    return it == remote_.end() ? nullptr : &*it;
}

SessionChannels::Remote* SessionChannels::remote_by_id(std::uint16_t id)
{
    const auto it =
        std::find_if(remote_.begin(), remote_.end(), [&](const Remote& r) { return r.id == id; });
    return it == remote_.end() ? nullptr : &*it;
}

SessionChannels* SessionChannels::channels_of(const std::string& session) const
{
    Session* found = context_.session(session);
    return found != nullptr ? &found->channels() : nullptr;
}

std::optional<std::uint16_t> SessionChannels::open(const ChannelItem& item)
{
    DataChannels& sctp = *transport_.data_channels();
    while (next_id_ <= kMaxChannelId && sctp.has_channel(next_id_))
        ++next_id_;
    ChannelOptions options;
    options.id = next_id_;
    options.ordered = item.ordered;
    options.max_retransmits = item.max_retransmits;
    options.max_packet_life_time_ms = item.max_packet_life_time_ms;
    if (next_id_ > kMaxChannelId || !sctp.open(options))
        return std::nullopt;
    return next_id_++;
}

ChannelItem SessionChannels::publish(const ChannelItem& item)
{
    if (item.name == kServerEvents)
        return failed(item, item_errors::invalid("This name is reserved"));
    if (local_by_name(item.name) != nullptr)
        return failed(item, item_errors::repeated());
    const auto id = open(item);
    if (!id)
        return failed(item, item_errors::backend());
    local_.push_back({item.name, *id, {}, {}});
    ChannelItem out = echo(item);
    out.id = *id;
    return out;
}

ChannelItem SessionChannels::subscribe(const ChannelItem& item)
{
    if (find_remote(item.session_id, item.name) != nullptr)
        return failed(item, item_errors::repeated());
    SessionChannels* publisher = channels_of(item.session_id);
    Local* source = publisher != nullptr ? publisher->local_by_name(item.name) : nullptr;
    if (source == nullptr)
        return failed(item, unknown_channel());
    const auto id = open(item);
    if (!id)
        return failed(item, item_errors::backend());
    // The session may subscribe to a channel of its own: `source` must be looked up before.
    source->subscribers.emplace_back(session_id_, *id);
    remote_.push_back({item.session_id, item.name, *id, source->id, false, false, nullptr});
    if (item.can_reply.value_or(false))
        set_can_reply(remote_.back(), true);
    if (item.wait_for_ack)
        start_gate(remote_.back());
    ChannelItem out = echo(item);
    out.id = *id;
    return out;
}

// "Limit 30 s from creation or the gated channel is torn down."
void SessionChannels::start_gate(Remote& remote)
{
    remote.gated = true;
    remote.gate_deadline = std::make_unique<ScopedTimer>(context_.executor());
    remote.gate_deadline->start(context_.options().timers.channel_ack, [this, id = remote.id] {
        // Later: the timer that calls this must not be destroyed by it.
        context_.executor().post([this, alive = context_.alive(session_id_), id] {
            if (alive.lock() && drop(id))
                transport_.data_channels()->close(id);
        });
    });
}

// One holder per publisher's channel: granting it to another moves it.
void SessionChannels::set_can_reply(Remote& remote, bool can_reply)
{
    SessionChannels* publisher = channels_of(remote.publisher);
    Local* source = publisher != nullptr ? publisher->local_by_name(remote.name) : nullptr;
    if (source == nullptr)
        return;
    const Far self{session_id_, remote.id};
    const Far before = source->reply_holder;
    if (can_reply && before != self && !before.first.empty())
        if (SessionChannels* other = channels_of(before.first))
            if (Remote* holder = other->remote_by_id(before.second))
                holder->can_reply = false;
    remote.can_reply = can_reply;
    if (can_reply)
        source->reply_holder = self;
    else if (before == self)
        source->reply_holder = {};
}

ChannelItem SessionChannels::update(const ChannelItem& item)
{
    Remote* remote = find_remote(item.session_id, item.name);
    if (remote == nullptr)
        return failed(item, unknown_channel());
    if (item.can_reply)
        set_can_reply(*remote, *item.can_reply);
    ChannelItem out = echo(item);
    out.id = remote->id;
    out.can_reply = remote->can_reply;
    return out;
}

ChannelItem SessionChannels::close(const ChannelItem& item)
{
    const std::uint16_t id = item.id.value_or(0);
    ChannelItem out = echo(item);
    if (const Local* local = local_by_id(id))
        out.name = local->name;
    if (const Remote* remote = remote_by_id(id)) {
        out.location = calls::Location::Remote;
        out.session_id = remote->publisher;
        out.name = remote->name;
    }
    if (!drop(id))
        return failed(item,
                      {"close_track_error", "DataChannel doesn't exist or was already closed"});
    transport_.data_channels()->close(id);
    return out;
}

bool SessionChannels::drop(std::uint16_t id)
{
    if (const Local* found = local_by_id(id)) {
        const Local local = *found;
        std::erase_if(local_, [&](const Local& l) { return l.id == id; });
        drop_local(local);
        return true;
    }
    const auto it =
        std::find_if(remote_.begin(), remote_.end(), [&](const Remote& r) { return r.id == id; });
    if (it == remote_.end())
        return false;
    const Remote remote = std::move(*it);
    remote_.erase(it);
    drop_remote(remote);
    return true;
}

// Nothing will ever come through the subscribers' ends any more, so they are closed too.
void SessionChannels::drop_local(const Local& local)
{
    closed_.push_back(
        {calls::Location::Local, "", local.name, local.id, calls::TrackStatus::Inactive});
    for (const Far& far : local.subscribers) {
        SessionChannels* subscriber = channels_of(far.first);
        if (subscriber != nullptr && subscriber->drop(far.second))
            subscriber->transport_.data_channels()->close(far.second);
    }
    if (closed_.size() > kMaxClosed)
        closed_.erase(closed_.begin());
}

void SessionChannels::drop_remote(const Remote& remote)
{
    closed_.push_back({calls::Location::Remote, remote.publisher, remote.name, remote.id,
                       calls::TrackStatus::Inactive});
    const Far self{session_id_, remote.id};
    SessionChannels* publisher = channels_of(remote.publisher);
    if (Local* source = publisher != nullptr ? publisher->local_by_name(remote.name) : nullptr) {
        std::erase(source->subscribers, self);
        if (source->reply_holder == self)
            source->reply_holder = {};
    }
    if (closed_.size() > kMaxClosed)
        closed_.erase(closed_.begin());
}

void SessionChannels::end()
{
    while (!local_.empty())
        (void)drop(local_.front().id);
    while (!remote_.empty())
        (void)drop(remote_.front().id);
}

void SessionChannels::on_message(std::uint16_t id, MessageKind kind,
                                 std::span<const std::uint8_t> message)
{
    if (Local* local = local_by_id(id)) {
        // A copy: a subscriber that cannot take it may be torn down meanwhile.
        const std::vector<Far> subscribers = local->subscribers;
        for (const Far& far : subscribers)
            if (SessionChannels* subscriber = channels_of(far.first))
                if (const Remote* end = subscriber->remote_by_id(far.second); end && !end->gated)
                    subscriber->send(far.second, kind, message);
        return;
    }
    if (Remote* remote = remote_by_id(id))
        on_remote_message(*remote, kind, message);
    // Anything else came on server-events, whose content nobody has specified.
}

void SessionChannels::on_remote_message(Remote& remote, MessageKind kind,
                                        std::span<const std::uint8_t> message)
{
    if (remote.gated) { // the first message is the acknowledgement, and goes no further
        remote.gated = false;
        remote.gate_deadline.reset();
        return;
    }
    if (!remote.can_reply)
        return;
    if (SessionChannels* publisher = channels_of(remote.publisher))
        if (const Local* source = publisher->local_by_name(remote.name))
            publisher->send(source->id, kind, message);
}

void SessionChannels::send(std::uint16_t id, MessageKind kind,
                           std::span<const std::uint8_t> message)
{
    // A subscriber that does not keep up loses messages; others must not wait for it.
    (void)transport_.data_channels()->send(id, kind, message);
}

std::vector<calls::DataChannelState> SessionChannels::states() const
{
    std::vector<calls::DataChannelState> out;
    if (!started())
        return out;
    const auto status = transport_.data_channels()->stats().connected
                            ? calls::TrackStatus::Active
                            : calls::TrackStatus::Initializing;
    for (const Local& l : local_)
        out.push_back({calls::Location::Local, "", l.name, l.id, status});
    for (const Remote& r : remote_)
        out.push_back({calls::Location::Remote, r.publisher, r.name, r.id, status});
    out.insert(out.end(), closed_.begin(), closed_.end());
    return out;
}

} // namespace cf::emu

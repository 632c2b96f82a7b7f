/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sctp/sctp-association.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace cf::emu
{

namespace
{

constexpr std::uint16_t kLocalPort = 5000;
constexpr int kBufferBytes = 1 << 20;
// Messages that are arriving in pieces, all streams together.
constexpr std::size_t kMaxPartialBytes = 4 * kMaxMessageSize;
// What fits a datagram of 1200 bytes after the DTLS record header and AEAD overhead.
constexpr std::uint32_t kPathMtu = 1140;

sockaddr_conn conn_address(std::uintptr_t handle, std::uint16_t port)
{
    sockaddr_conn a{};
    a.sconn_family = AF_CONN;
    a.sconn_port = htons(port);
    a.sconn_addr = reinterpret_cast<void*>(handle);
    return a;
}

template <typename T> bool set_option(struct socket* s, int name, const T& value)
{
    return usrsctp_setsockopt(s, IPPROTO_SCTP, name, &value, sizeof value) == 0;
}

} // namespace

/// The process-wide side of usrsctp, in its mode without threads.
struct SctpAssociation::Library {
    // Numbers instead of pointers: usrsctp may still hold an address whose object is gone.
    static std::unordered_map<std::uintptr_t, SctpAssociation*>& associations()
    {
        static std::unordered_map<std::uintptr_t, SctpAssociation*> all;
        return all;
    }
    static SctpAssociation* find(void* handle)
    {
        const auto it = associations().find(reinterpret_cast<std::uintptr_t>(handle));
        return it != associations().end() ? it->second : nullptr;
    }
    static int output(void* handle, void* data, std::size_t size, std::uint8_t, std::uint8_t)
    {
        if (SctpAssociation* self = find(handle))
            self->send_({static_cast<const std::uint8_t*>(data), size});
        return 0;
    }
    static int receive(struct socket*, union sctp_sockstore, void* data, std::size_t size,
                       struct sctp_rcvinfo info, int flags, void* handle)
    {
        // NULL announces that the peer shut down; the notification says so too.
        if (data == nullptr)
            return 1;
        if (SctpAssociation* self = find(handle)) {
            const std::span<const std::uint8_t> bytes(static_cast<std::uint8_t*>(data), size);
            if ((flags & MSG_NOTIFICATION) != 0)
                self->on_notification(bytes);
            else
                self->on_data(info, bytes, (flags & MSG_EOR) != 0);
        }
        std::free(data);
        return 1;
    }
    static void init()
    {
        static const bool done = [] {
            usrsctp_init_nothreads(0, output, nullptr);
            // There is no path here that could mark congestion.
            usrsctp_sysctl_set_sctp_ecn_enable(0);
            usrsctp_sysctl_set_sctp_nr_outgoing_streams_default(kMaxChannelId + 1);
            return true;
        }();
        (void)done;
    }
};

SctpAssociation::SctpAssociation(const SctpParameters& parameters, Send send)
    : parameters_(parameters), send_(std::move(send))
{
    Library::init();
    static std::uintptr_t next_handle = 1;
    handle_ = next_handle++;
    Library::associations()[handle_] = this;
    usrsctp_register_address(reinterpret_cast<void*>(handle_));
    socket_ = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, Library::receive, nullptr, 0,
                             reinterpret_cast<void*>(handle_));
    const bool configured = socket_ != nullptr && configure();
    g_assert(configured);
}

SctpAssociation::~SctpAssociation()
{
    shut_down();
}

bool SctpAssociation::configure()
{
    usrsctp_set_non_blocking(socket_, 1);
    // close() aborts: the DTLS connection under it goes the same moment.
    const linger no_linger{1, 0};
    if (usrsctp_setsockopt(socket_, SOL_SOCKET, SO_LINGER, &no_linger, sizeof no_linger) != 0 ||
        usrsctp_setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes) !=
            0 ||
        usrsctp_setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes) != 0)
        return false;
    sctp_assoc_value reset{};
    reset.assoc_id = SCTP_ALL_ASSOC;
    reset.assoc_value = SCTP_ENABLE_RESET_STREAM_REQ;
    sctp_initmsg init{};
    init.sinit_num_ostreams = kMaxChannelId + 1;
    init.sinit_max_instreams = kMaxChannelId + 1;
    if (!set_option(socket_, SCTP_NODELAY, int{1}) ||
        !set_option(socket_, SCTP_ENABLE_STREAM_RESET, reset) ||
        !set_option(socket_, SCTP_INITMSG, init))
        return false;
    for (const std::uint16_t type : {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT}) {
        sctp_event event{};
        event.se_assoc_id = SCTP_ALL_ASSOC;
        event.se_on = 1;
        event.se_type = type;
        if (!set_option(socket_, SCTP_EVENT, event))
            return false;
    }
    sockaddr_conn local = conn_address(handle_, kLocalPort);
    return usrsctp_bind(socket_, reinterpret_cast<sockaddr*>(&local), sizeof local) == 0;
}

void SctpAssociation::start()
{
    if (socket_ == nullptr || std::exchange(started_, true))
        return;
    sockaddr_conn remote = conn_address(handle_, parameters_.remote_port);
    usrsctp_connect(socket_, reinterpret_cast<sockaddr*>(&remote), sizeof remote);
    sctp_paddrparams path{};
    std::memcpy(&path.spp_address, &remote, sizeof remote);
    path.spp_flags = SPP_PMTUD_DISABLE;
    path.spp_pathmtu = kPathMtu;
    set_option(socket_, SCTP_PEER_ADDR_PARAMS, path);
}

void SctpAssociation::receive(std::span<const std::uint8_t> packet)
{
    if (socket_ == nullptr)
        return;
    start();
    usrsctp_conninput(reinterpret_cast<void*>(handle_), packet.data(), packet.size(), 0);
    tick();
}

void SctpAssociation::tick()
{
    if (socket_ == nullptr)
        return;
    dispatch();
    flush();
    flush_resets();
}

void SctpAssociation::shut_down()
{
    if (socket_ == nullptr)
        return;
    usrsctp_close(std::exchange(socket_, nullptr));
    usrsctp_deregister_address(reinterpret_cast<void*>(handle_));
    Library::associations().erase(handle_);
    connected_ = false;
    events_.clear();
    queue_.clear();
    backlog_ = 0;
}

void SctpAssociation::advance_time(TimePoint now)
{
    static std::optional<TimePoint> last;
    const auto elapsed =
        last ? std::chrono::duration_cast<Milliseconds>(now - *last) : Milliseconds{0};
    if (last && elapsed.count() <= 0)
        return;
    // What is less than a millisecond is counted next time.
    last = last ? *last + elapsed : now;
    if (!Library::associations().empty())
        usrsctp_handle_timers(static_cast<std::uint32_t>(elapsed.count()));
}

// --- from usrsctp ---------------------------------------------------------------------------

void SctpAssociation::on_data(const sctp_rcvinfo& info, std::span<const std::uint8_t> data,
                              bool complete)
{
    Partial& message = partial_[info.rcv_sid];
    // Past the limit only the fact is of interest, not the content.
    message.too_large = message.too_large || message.data.size() + data.size() > kMaxMessageSize ||
                        partial_bytes_ + data.size() > kMaxPartialBytes;
    if (!message.too_large) {
        message.data.insert(message.data.end(), data.begin(), data.end());
        partial_bytes_ += data.size();
    }
    if (!complete)
        return;
    partial_bytes_ -= message.data.size();
    Event e;
    e.what = Event::What::Message;
    e.id = info.rcv_sid;
    e.ppid = ntohl(info.rcv_ppid);
    e.too_large = message.too_large;
    e.data = std::move(message.data);
    partial_.erase(info.rcv_sid);
    events_.push_back(std::move(e));
}

void SctpAssociation::on_notification(std::span<const std::uint8_t> data)
{
    union sctp_notification n {
    };
    if (data.size() < sizeof n.sn_header)
        return;
    std::memcpy(&n, data.data(), std::min(data.size(), sizeof n));
    if (n.sn_header.sn_type == SCTP_ASSOC_CHANGE) {
        const auto state = n.sn_assoc_change.sac_state;
        const bool up = state == SCTP_COMM_UP || state == SCTP_RESTART;
        events_.push_back({up ? Event::What::Up : Event::What::Down});
    } else if (n.sn_header.sn_type == SCTP_STREAM_RESET_EVENT) {
        const auto flags = n.sn_strreset_event.strreset_flags;
        if ((flags & SCTP_STREAM_RESET_INCOMING_SSN) == 0 ||
            (flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED)) != 0)
            return;
        const std::size_t header = sizeof(sctp_stream_reset_event);
        for (std::size_t at = header; at + 2 <= data.size(); at += 2) {
            std::uint16_t id = 0;
            std::memcpy(&id, data.data() + at, sizeof id);
            events_.push_back({Event::What::Reset, id});
        }
    }
}

// --- events ---------------------------------------------------------------------------------

void SctpAssociation::dispatch()
{
    // A callback may send, and usrsctp may tell more meanwhile: one loop handles it all, in order.
    if (std::exchange(dispatching_, true))
        return;
    while (socket_ != nullptr && !events_.empty()) {
        Event e = std::move(events_.front());
        events_.pop_front();
        handle(e);
    }
    dispatching_ = false;
}

void SctpAssociation::handle(Event& event)
{
    switch (event.what) {
    case Event::What::Message:
        handle_message(event);
        return;
    case Event::What::Reset:
        handle_reset(event.id);
        return;
    case Event::What::Up:
        if (!std::exchange(connected_, true) && on_connected)
            on_connected();
        return;
    case Event::What::Down:
        connected_ = false;
        if (on_disconnected)
            on_disconnected();
        return;
    }
}

void SctpAssociation::handle_message(Event& event)
{
    if (event.too_large) {
        ++counters_.too_large;
        return;
    }
    const auto ppid = static_cast<Ppid>(event.ppid);
    if (ppid == Ppid::Dcep) {
        handle_dcep(event.id, event.data);
        return;
    }
    const auto it = channels_.find(event.id);
    if (it == channels_.end()) {
        ++counters_.unknown_stream;
        return;
    }
    const bool is_text = ppid == Ppid::Text || ppid == Ppid::EmptyText;
    const bool empty = ppid == Ppid::EmptyText || ppid == Ppid::EmptyBinary;
    if (!is_text && !empty && ppid != Ppid::Binary) {
        ++counters_.malformed;
        return;
    }
    // SCTP has no empty messages: one byte stands for none (RFC 8831 6.6).
    if (empty)
        event.data.clear();
    Channel& channel = it->second;
    ++channel.counters.messages_received;
    channel.counters.bytes_received += event.data.size();
    if (on_message)
        on_message(event.id, is_text ? MessageKind::Text : MessageKind::Binary, event.data);
}

void SctpAssociation::handle_dcep(std::uint16_t id, std::span<const std::uint8_t> data)
{
    auto message = read_dcep(data);
    const auto it = channels_.find(id);
    if (!message || (message->is_ack && it == channels_.end()) ||
        (!message->is_ack && (it != channels_.end() || id > kMaxChannelId))) {
        ++counters_.malformed;
        return;
    }
    if (message->is_ack) {
        if (!std::exchange(it->second.acknowledged, true) && on_acknowledged)
            on_acknowledged(id);
        return;
    }
    message->options.id = id;
    channels_[id] = Channel{message->options, true, {}};
    enqueue({id, Ppid::Dcep, write_dcep_ack()});
    if (on_opened_by_peer)
        on_opened_by_peer(message->options);
}

void SctpAssociation::handle_reset(std::uint16_t id)
{
    // RFC 8831 6.7: the answer to a reset is a reset of our direction.
    if (channels_.erase(id) == 0)
        return;
    reset_stream(id);
    if (on_closed)
        on_closed(id);
}

// --- to usrsctp -----------------------------------------------------------------------------

Status SctpAssociation::open(const ChannelOptions& options)
{
    if (options.id > kMaxChannelId)
        return Error{ErrorCode::InvalidArgument, "The data channel id is too high; use 0 to 1023."};
    if (options.max_retransmits && options.max_packet_life_time_ms)
        return Error{ErrorCode::InvalidArgument,
                     "A data channel takes maxRetransmits or maxPacketLifeTime, not both."};
    if (options.label.size() > 0xFFFF || options.protocol.size() > 0xFFFF)
        return Error{ErrorCode::InvalidArgument, "The data channel's name is too long."};
    if (channels_.count(options.id) != 0)
        return Error{ErrorCode::Conflict, "The data channel id is in use; choose another."};
    channels_[options.id] = Channel{options, options.negotiated, {}};
    if (!options.negotiated)
        enqueue({options.id, Ppid::Dcep, write_dcep_open(options)});
    return ok_status();
}

Status SctpAssociation::send(std::uint16_t id, MessageKind kind,
                             std::span<const std::uint8_t> message)
{
    const auto it = channels_.find(id);
    if (it == channels_.end())
        return Error{ErrorCode::NotFound, "There is no data channel with this id."};
    const std::size_t limit = parameters_.remote_max_message_size;
    if (limit != 0 && message.size() > limit)
        return Error{ErrorCode::TooLarge, "The message is larger than the receiver takes."};
    if (backlog_ + message.size() > kMaxBacklog)
        return Error{ErrorCode::TooLarge, "Too many messages wait for the receiver; send slower."};
    Outgoing out;
    out.id = id;
    if (message.empty()) {
        out.ppid = kind == MessageKind::Text ? Ppid::EmptyText : Ppid::EmptyBinary;
        out.data = {0};
    } else {
        out.ppid = kind == MessageKind::Text ? Ppid::Text : Ppid::Binary;
        out.data.assign(message.begin(), message.end());
    }
    ++it->second.counters.messages_sent;
    it->second.counters.bytes_sent += message.size();
    enqueue(std::move(out));
    return ok_status();
}

void SctpAssociation::enqueue(Outgoing message)
{
    backlog_ += message.data.size();
    queue_.push_back(std::move(message));
    flush();
}

void SctpAssociation::flush()
{
    while (connected_ && !queue_.empty() && transmit(queue_.front())) {
        backlog_ -= queue_.front().data.size();
        queue_.pop_front();
    }
}

bool SctpAssociation::transmit(const Outgoing& message)
{
    sctp_sendv_spa info{};
    info.sendv_flags = SCTP_SEND_SNDINFO_VALID;
    info.sendv_sndinfo.snd_sid = message.id;
    info.sendv_sndinfo.snd_ppid = htonl(static_cast<std::uint32_t>(message.ppid));
    info.sendv_sndinfo.snd_flags = SCTP_EOR;
    const auto it = channels_.find(message.id);
    // RFC 8832 6: DCEP is ordered and reliable whatever the channel is; so is data until the peer
    // has acknowledged, lest it overtakes the OPEN.
    if (message.ppid != Ppid::Dcep && it != channels_.end()) {
        const ChannelOptions& options = it->second.options;
        if (!options.ordered && it->second.acknowledged)
            info.sendv_sndinfo.snd_flags |= SCTP_UNORDERED;
        if (options.max_retransmits || options.max_packet_life_time_ms) {
            info.sendv_flags |= SCTP_SEND_PRINFO_VALID;
            info.sendv_prinfo.pr_policy =
                options.max_retransmits ? SCTP_PR_SCTP_RTX : SCTP_PR_SCTP_TTL;
            info.sendv_prinfo.pr_value = options.max_retransmits ? *options.max_retransmits
                                                                 : *options.max_packet_life_time_ms;
        }
    }
    const ssize_t n = usrsctp_sendv(socket_, message.data.data(), message.data.size(), nullptr, 0,
                                    &info, sizeof info, SCTP_SENDV_SPA, 0);
    // Only a full buffer passes; a message that cannot be sent at all must not block the rest.
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void SctpAssociation::close(std::uint16_t id)
{
    if (channels_.erase(id) != 0)
        reset_stream(id);
}

void SctpAssociation::reset_stream(std::uint16_t id)
{
    resets_.push_back(id);
    flush_resets();
}

void SctpAssociation::flush_resets()
{
    if (!connected_ || resets_.empty() || socket_ == nullptr)
        return;
    // What was sent on the channel before it was closed goes first.
    for (const Outgoing& waiting : queue_) {
        if (std::find(resets_.begin(), resets_.end(), waiting.id) != resets_.end())
            return;
    }
    const std::size_t size = sizeof(sctp_reset_streams) + resets_.size() * sizeof(std::uint16_t);
    std::vector<std::uint8_t> buffer(size, 0);
    sctp_reset_streams header{};
    header.srs_assoc_id = SCTP_ALL_ASSOC;
    header.srs_flags = SCTP_STREAM_RESET_OUTGOING;
    header.srs_number_streams = static_cast<std::uint16_t>(resets_.size());
    std::memcpy(buffer.data(), &header, sizeof header);
    std::memcpy(buffer.data() + sizeof header, resets_.data(),
                resets_.size() * sizeof(std::uint16_t));
    // One reset at a time is in flight (RFC 6525 5.1.1); the others wait for the next tick.
    if (usrsctp_setsockopt(socket_, IPPROTO_SCTP, SCTP_RESET_STREAMS, buffer.data(),
                           static_cast<socklen_t>(size)) == 0 ||
        (errno != EALREADY && errno != EAGAIN))
        resets_.clear();
}

bool SctpAssociation::has_channel(std::uint16_t id) const
{
    return channels_.count(id) != 0;
}

DataChannelsStats SctpAssociation::stats() const
{
    DataChannelsStats s = counters_;
    s.connected = connected_;
    for (const auto& [id, channel] : channels_) {
        ChannelStats c = channel.counters;
        c.id = id;
        c.label = channel.options.label;
        c.open = connected_ && channel.acknowledged;
        s.channels.push_back(std::move(c));
    }
    return s;
}

} // namespace cf::emu

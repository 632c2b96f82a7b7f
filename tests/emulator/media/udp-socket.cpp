/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/udp-socket.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace cf::emu
{

namespace
{

// A key frame to 30 subscribers is some 3 MB at once.
constexpr int kBufferBytes = 4 << 20;

Error network_error(const std::string& what)
{
    return Error{ErrorCode::Network, what + ": " + g_strerror(errno) + "."};
}

} // namespace

/// Ready whenever something is queued, so that the queue is sent before the context sleeps.
struct UdpSocket::FlushSource {
    GSource base;
    UdpSocket* socket;

    static gboolean prepare(GSource* source, gint* timeout)
    {
        *timeout = -1;
        return reinterpret_cast<FlushSource*>(source)->socket->queued_ > 0 ? TRUE : FALSE;
    }
    static gboolean check(GSource* source)
    {
        return reinterpret_cast<FlushSource*>(source)->socket->queued_ > 0 ? TRUE : FALSE;
    }
    static gboolean dispatch(GSource* source, GSourceFunc, gpointer)
    {
        reinterpret_cast<FlushSource*>(source)->socket->flush();
        return G_SOURCE_CONTINUE;
    }
    static GSource* create(UdpSocket* socket)
    {
        static GSourceFuncs functions = {prepare, check, dispatch, nullptr, nullptr, nullptr};
        GSource* source = g_source_new(&functions, sizeof(FlushSource));
        reinterpret_cast<FlushSource*>(source)->socket = socket;
        return source;
    }
};

UdpSocket::UdpSocket(int fd, Receive receive)
    : fd_(fd), receive_(std::move(receive)), in_(std::make_unique<Slots>()),
      out_(std::make_unique<Slots>())
{
}

UdpSocket::~UdpSocket()
{
    for (const Ref<GSource>* source : {&read_source_, &flush_source_}) {
        if (*source)
            g_source_destroy(source->get());
    }
    flush();
    close(fd_);
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::open(const SocketAddress& address,
                                                   GMainContext* context, Receive receive)
{
    const int fd = socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return network_error("The media socket could not be opened");
    std::unique_ptr<UdpSocket> self(new UdpSocket(fd, std::move(receive)));
    // Refused above the system's limit, and then the default has to do.
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
    if (bind(fd, address.native(), address.native_size()) != 0)
        return network_error("The media port could not be bound; choose another address or port");
    SocketAddress bound = address;
    socklen_t length = SocketAddress::capacity();
    if (getsockname(fd, bound.native(), &length) != 0)
        return network_error("The media port could not be read");
    self->address_ = bound;
    self->attach(context);
    return self;
}

void UdpSocket::attach(GMainContext* context)
{
    read_source_ = Ref<GSource>::adopt(g_unix_fd_source_new(fd_, G_IO_IN));
    const GUnixFDSourceFunc on_readable = [](gint, GIOCondition, gpointer data) -> gboolean {
        static_cast<UdpSocket*>(data)->read();
        return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(read_source_.get(), G_SOURCE_FUNC(on_readable), this, nullptr);
    g_source_attach(read_source_.get(), context);
    flush_source_ = Ref<GSource>::adopt(FlushSource::create(this));
    g_source_attach(flush_source_.get(), context);
}

void UdpSocket::read()
{
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> vectors{};
    for (std::size_t i = 0; i < kBatch; ++i) {
        Slot& slot = (*in_)[i];
        vectors[i] = {slot.data.data(), slot.data.size()};
        messages[i].msg_hdr.msg_name = slot.peer.native();
        messages[i].msg_hdr.msg_namelen = SocketAddress::capacity();
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    // One batch a turn: the HTTP side of the same context must get its share. Errors here are
    // ICMP messages about peers that went away.
    const int n = recvmmsg(fd_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < n; ++i) {
        const auto index = static_cast<std::size_t>(i);
        Slot& slot = (*in_)[index];
        ++received_;
        if ((messages[index].msg_hdr.msg_flags & MSG_TRUNC) != 0)
            continue;
        receive_(slot.peer, std::span(slot.data).first(messages[index].msg_len));
    }
}

void UdpSocket::send(const SocketAddress& peer, std::span<const std::uint8_t> datagram)
{
    if (datagram.size() > kMaxDatagram) {
        ++dropped_;
        return;
    }
    Slot& slot = (*out_)[queued_++];
    slot.peer = peer;
    slot.size = datagram.size();
    std::memcpy(slot.data.data(), datagram.data(), datagram.size());
    if (queued_ == kBatch)
        flush();
}

void UdpSocket::flush()
{
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> vectors{};
    for (std::size_t i = 0; i < queued_; ++i) {
        Slot& slot = (*out_)[i];
        vectors[i] = {slot.data.data(), slot.size};
        messages[i].msg_hdr.msg_name = slot.peer.native();
        messages[i].msg_hdr.msg_namelen = slot.peer.native_size();
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t done = 0; done < queued_;) {
        const int n = sendmmsg(fd_, messages.data() + done, static_cast<unsigned>(queued_ - done),
                               MSG_DONTWAIT);
        if (n > 0) {
            done += static_cast<std::size_t>(n);
            sent_ += static_cast<std::uint64_t>(n);
            continue;
        }
        if (errno == EINTR)
            continue;
        // This is UDP: what does not fit is lost, and one peer's error is not the next one's.
        ++dropped_;
        ++done;
    }
    queued_ = 0;
}

} // namespace cf::emu

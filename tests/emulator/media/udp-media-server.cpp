/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/udp-media-server.hpp"

#include <algorithm>

namespace cf::emu
{

namespace
{

// One heartbeat for NACKs, reports, handshakes and delayed datagrams of all transports: fine enough
// for feedback, and 200 idle sessions cost less than one timer each would.
constexpr guint kTickMs = 10;

} // namespace

Result<std::unique_ptr<MediaServer>> MediaServer::create(const MediaOptions& options,
                                                         GMainContext* context)
{
    const auto address = SocketAddress::parse(options.address, options.port);
    if (!address)
        return Error{ErrorCode::InvalidArgument,
                     "The media address must be a numeric IPv4 or IPv6 address."};
    CF_TRY_LET(auto dtls,
               DtlsContext::create(DtlsOptions{options.certificate_file, options.srtp_profile}));
    auto server = std::make_unique<UdpMediaServer>(options, context, std::move(dtls));
    CF_TRY(server->open(*address));
    return std::unique_ptr<MediaServer>(std::move(server));
}

UdpMediaServer::UdpMediaServer(const MediaOptions& options, GMainContext* context,
                               std::unique_ptr<DtlsContext> dtls)
    : options_(options),
      context_(Ref<GMainContext>::retain(context != nullptr ? context : g_main_context_default())),
      dtls_(std::move(dtls)),
      from_peer_([this](const SocketAddress& from, std::span<std::uint8_t> datagram, TimePoint at) {
          demultiplex(from, datagram, at);
      }),
      to_peer_([this](const SocketAddress& to, std::span<std::uint8_t> datagram, TimePoint) {
          socket_->send(to, datagram);
      })
{
}

UdpMediaServer::~UdpMediaServer()
{
    set_ticking(false);
    for (SessionTransport* t : transports_) {
        if (t != nullptr)
            t->detach();
    }
}

Status UdpMediaServer::open(const SocketAddress& address)
{
    auto receive = [this](const SocketAddress& from, std::span<std::uint8_t> datagram) {
        from_peer_.submit(from, datagram, now());
    };
    CF_TRY_LET(socket_, UdpSocket::open(address, context_.get(), std::move(receive)));
    return ok_status();
}

TimePoint UdpMediaServer::now() const
{
    return std::chrono::time_point_cast<Microseconds>(std::chrono::steady_clock::now());
}

std::shared_ptr<Transport> UdpMediaServer::create_transport()
{
    auto transport = std::make_shared<SessionTransport>(
        static_cast<TransportHost&>(*this), *dtls_,
        SessionTransport::Options{options_.consent_timeout, options_.forward_padding});
    transports_.push_back(transport.get());
    ++alive_;
    set_ticking(true);
    return transport;
}

void UdpMediaServer::set_ticking(bool on)
{
    if (on == static_cast<bool>(timer_))
        return;
    if (!on) {
        g_source_destroy(timer_.get());
        timer_.reset();
        return;
    }
    timer_ = Ref<GSource>::adopt(g_timeout_source_new(kTickMs));
    g_source_set_priority(timer_.get(), G_PRIORITY_HIGH);
    const GSourceFunc on_tick = [](gpointer data) -> gboolean {
        static_cast<UdpMediaServer*>(data)->tick();
        return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(timer_.get(), on_tick, this, nullptr);
    g_source_attach(timer_.get(), context_.get());
}

void UdpMediaServer::tick()
{
    const TimePoint at = now();
    from_peer_.tick(at);
    to_peer_.tick(at);
    SctpAssociation::advance_time(at);
    // By index: callbacks may create transports, and drop others than the one that ticks.
    for (std::size_t i = 0; i < transports_.size(); ++i) {
        if (transports_[i] != nullptr)
            transports_[i]->tick(at);
    }
    std::erase(transports_, nullptr);
    // What is still delayed on its way out must leave even if nobody is left to send more.
    if (alive_ == 0 && !from_peer_.settings().any() && !to_peer_.settings().any())
        set_ticking(false);
}

void UdpMediaServer::demultiplex(const SocketAddress& from, std::span<std::uint8_t> datagram,
                                 TimePoint at)
{
    // RFC 7983: 0...3 is STUN. Checks are routed by their ufrag, so that an address may move from
    // one session to another; all else by address.
    if (!datagram.empty() && datagram[0] <= 3) {
        const auto message = StunMessage::parse(datagram);
        if (message && message->message_class() == StunClass::Request) {
            const auto it = by_ufrag_.find(std::string(local_ufrag_of(*message)));
            if (it == by_ufrag_.end())
                ++unknown_ufrag_;
            else
                it->second->on_datagram(from, datagram, at);
            return;
        }
    }
    const auto it = by_address_.find(from);
    if (it == by_address_.end())
        ++unknown_address_;
    else
        it->second->on_datagram(from, datagram, at);
}

void UdpMediaServer::send(const SocketAddress& peer, std::span<std::uint8_t> datagram, TimePoint at)
{
    to_peer_.submit(peer, datagram, at);
}

void UdpMediaServer::bind(const SocketAddress& peer, SessionTransport& transport)
{
    by_address_[peer] = &transport;
}

void UdpMediaServer::add_ufrag(const std::string& ufrag, SessionTransport& transport)
{
    by_ufrag_[ufrag] = &transport;
}

void UdpMediaServer::remove(SessionTransport& transport)
{
    std::erase_if(by_ufrag_, [&](const auto& e) { return e.second == &transport; });
    std::erase_if(by_address_, [&](const auto& e) { return e.second == &transport; });
    std::replace(transports_.begin(), transports_.end(), &transport,
                 static_cast<SessionTransport*>(nullptr));
    --alive_;
}

ServerStats UdpMediaServer::stats() const
{
    ServerStats s;
    s.transports = alive_;
    s.datagrams_in = socket_->received();
    s.datagrams_out = socket_->sent();
    s.send_drops = socket_->dropped();
    s.unknown_ufrag = unknown_ufrag_;
    s.unknown_address = unknown_address_;
    return s;
}

NetworkFaults& UdpMediaServer::faults(FaultDirection direction)
{
    return direction == FaultDirection::FromPeer ? from_peer_ : to_peer_;
}

} // namespace cf::emu

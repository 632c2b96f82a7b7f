/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/sfu.hpp"

#include <utility>
#include <vector>

#include "tests/emulator/sfu/network-fault-rules.hpp"

namespace cf::emu
{

Sfu::Sfu(SfuOptions options, GMainContext* context)
    : options_(std::move(options)), executor_(context), waits_(executor_), ticker_(executor_)
{
}

Result<std::unique_ptr<Sfu>> Sfu::create(SfuOptions options, const MediaOptions& media,
                                         GMainContext* context)
{
    std::unique_ptr<Sfu> sfu(new Sfu(std::move(options), context));
    CF_TRY_LET(sfu->media_, MediaServer::create(media, context));
    const SocketAddress& bound = sfu->media_->address();
    sfu->address_ = sfu->options_.announce;
    if (sfu->address_.empty())
        sfu->address_ = bound.host();
    // Nobody can send to a wildcard; without better knowledge, peers are on this machine.
    if (sfu->options_.announce.empty() && bound.is_wildcard())
        sfu->address_ = bound.family() == AF_INET6 ? "::1" : "127.0.0.1";
    sfu->tick();
    return sfu;
}

Sfu::~Sfu()
{
    sessions_.clear();
}

void Sfu::tick()
{
    const auto now = sessions_; // a session that ends takes itself out of the map
    for (const auto& [id, session] : now)
        session->collect_silent_tracks();
    sample_usage();
    const Milliseconds period = std::min(Milliseconds{1000}, options_.timers.silent_track / 4);
    ticker_.start(std::max(period, Milliseconds{10}), [this] { tick(); });
}

std::string Sfu::random_hex(std::size_t digits)
{
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    while (text.size() < digits)
        for (unsigned bits = random_(), i = 0; i < 8 && text.size() < digits; ++i, bits >>= 4)
            text += kDigits[bits & 15];
    return text;
}

std::uint64_t Sfu::unix_time() const
{
    return static_cast<std::uint64_t>(g_get_real_time() / G_USEC_PER_SEC);
}

Outcome<calls::NewSessionAnswer> Sfu::new_session(const calls::NewSessionRequest& request)
{
    if (sessions_.size() >= options_.limits.sessions)
        return refusals::overloaded();
    const std::string id = random_hex(32);
    auto session = std::make_shared<Session>(*this, id, request);
    calls::NewSessionAnswer answer{id, std::nullopt};
    if (request.offer) {
        if (request.offer->type != calls::SdpType::Offer)
            return refusals::unusable_sdp("An offer is expected here, not an answer");
        auto description = session->first_offer(request.offer->sdp);
        if (!description)
            return std::move(description.refusal());
        answer.description = std::move(*description);
    }
    apply_network_faults(
        id, [&](FaultDirection d) -> NetworkFaults& { return session->transport().faults(d); });
    sessions_.emplace(id, std::move(session));
    return answer;
}

std::shared_ptr<Session> Sfu::new_adapter_session(const std::string& track_name,
                                                  std::shared_ptr<Publication> publication)
{
    if (sessions_.size() >= options_.limits.sessions)
        return nullptr;
    const std::string id = random_hex(32);
    auto session = std::make_shared<Session>(*this, id, calls::NewSessionRequest{});
    session->serve_adapter(track_name, std::move(publication));
    sessions_.emplace(id, session);
    return session;
}

std::shared_ptr<Session> Sfu::find_session(const std::string& id) const
{
    const auto it = sessions_.find(id);
    if (it == sessions_.end() || it->second->state() == SessionState::Gone)
        return nullptr;
    return it->second;
}

const LocalTrack* Sfu::find_track(const calls::TrackLocator& locator)
{
    const auto session = find_session(locator.session_id);
    if (!session || session->state() != SessionState::Connected)
        return nullptr;
    return session->find_local(locator.track_name);
}

Session* Sfu::session(const std::string& id)
{
    return find_session(id).get();
}

std::weak_ptr<Session> Sfu::alive(const std::string& id)
{
    const auto it = sessions_.find(id);
    return it == sessions_.end() ? std::weak_ptr<Session>{} : it->second;
}

void Sfu::forget(const std::string& session_id)
{
    const auto it = sessions_.find(session_id);
    if (it == sessions_.end())
        return;
    for (const auto d : {FaultDirection::FromPeer, FaultDirection::ToPeer})
        counted_.erase(&it->second->transport().faults(d));
    usage_.sample(session_id, it->second->transport().stats(executor_.now()), unix_time());
    usage_.forget(session_id);
    sessions_.erase(it);
}

void Sfu::sample_usage()
{
    for (const auto& [id, session] : sessions_)
        usage_.sample(id, session->transport().stats(executor_.now()), unix_time());
}

void Sfu::reset()
{
    clear_faults();
    usage_.clear();
    const auto now = sessions_;
    for (const auto& [id, session] : now)
        session->lose();
}

void Sfu::each_network(
    const std::function<void(const std::string&, FaultDirection, NetworkFaults&)>& visit)
{
    for (const auto d : {FaultDirection::FromPeer, FaultDirection::ToPeer}) {
        visit("", d, media_->faults(d));
        for (const auto& [id, session] : sessions_)
            visit(id, d, session->transport().faults(d));
    }
}

void Sfu::count_faults()
{
    each_network([&](const std::string& session, FaultDirection d, NetworkFaults& network) {
        const FaultCounters now = network.counters();
        FaultCounters& before = counted_[&network];
        count_network_strikes(faults_.faults(), session, d, before, now);
        before = now;
    });
}

void Sfu::apply_network_faults(const std::string& session,
                               const std::function<NetworkFaults&(FaultDirection)>& network)
{
    for (const auto d : {FaultDirection::FromPeer, FaultDirection::ToPeer})
        network(d).set(network_settings(faults_.faults(), session, d));
}

void Sfu::apply_network_faults()
{
    apply_network_faults("", [&](FaultDirection d) -> NetworkFaults& { return media_->faults(d); });
    for (const auto& [id, session] : sessions_)
        apply_network_faults(id, [&s = *session](FaultDirection d) -> NetworkFaults& {
            return s.transport().faults(d);
        });
}

Result<FaultId> Sfu::add_fault(Fault fault)
{
    count_faults();
    CF_TRY_LET(const FaultId id, faults_.add(std::move(fault)));
    apply_network_faults();
    return id;
}

bool Sfu::remove_fault(FaultId id)
{
    count_faults();
    const bool known = faults_.remove(id);
    apply_network_faults();
    return known;
}

void Sfu::clear_faults()
{
    faults_.clear();
    apply_network_faults();
}

} // namespace cf::emu

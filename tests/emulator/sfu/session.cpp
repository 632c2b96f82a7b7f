/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/session.hpp"

#include <algorithm>
#include <utility>

#include "tests/emulator/sdp/parser.hpp"

namespace cf::emu
{

namespace
{

Negotiation::Rules negotiation_rules(const SfuOptions& o, bool third_party)
{
    Negotiation::Rules rules;
    rules.codecs = o.codecs;
    rules.checks = o.sdp;
    rules.checks.allow_ice_lite = o.sdp.allow_ice_lite || third_party;
    rules.reuse_closed = o.reuse_sections == ReuseSections::Closed;
    rules.reuse_stopped = o.reuse_sections != ReuseSections::Never;
    rules.ssrc = o.offer_ssrc;
    rules.reject_closed = o.reject_closed;
    return rules;
}

LocalTransport local_transport(SfuContext& context, const Transport& transport)
{
    return {{transport.local_ufrag(), transport.local_pwd()},
            context.media().fingerprint(),
            context.candidate_address(),
            context.media().address().port()};
}

// 19 digits, as the real service prints.
std::uint64_t description_id(SfuContext& context)
{
    const std::uint64_t random = g_ascii_strtoull(context.random_hex(15).c_str(), nullptr, 16);
    return 1000000000000000000ULL + random;
}

} // namespace

const char* to_string(SessionState state)
{
    switch (state) {
    case SessionState::New:
        return "new";
    case SessionState::Negotiating:
        return "negotiating";
    case SessionState::Connected:
        return "connected";
    case SessionState::Disconnected:
        return "disconnected";
    case SessionState::Gone:
        break;
    }
    return "gone";
}

Session::Session(SfuContext& context, std::string id, const calls::NewSessionRequest& request)
    : context_(context), id_(std::move(id)), transport_(context.media().create_transport()),
      negotiation_(local_transport(context, *transport_),
                   negotiation_rules(context.options(), request.third_party),
                   description_id(context)),
      expiry_(context.executor()), channels_(context, id_, *transport_)
{
    transport_->on_state = [this](TransportState state) { on_transport_state(state); };
    transport_->on_first_packet = [this](Publication&) { context_.waits().poke(); };
    expiry_.start(context_.options().timers.never_connected, [this] { lose(); });
}

Session::~Session()
{
    transport_->on_state = nullptr;
    transport_->on_first_packet = nullptr;
    transport_->close();
}

void Session::set_state(SessionState state)
{
    if (state_ == state || state_ == SessionState::Gone)
        return;
    state_ = state;
    context_.waits().poke();
}

void Session::on_transport_state(TransportState state)
{
    switch (state) {
    case TransportState::Connected:
        expiry_.cancel();
        for (LocalTrack& track : local_)
            track.since = context_.executor().now();
        set_state(SessionState::Connected);
        break;
    case TransportState::Disconnected:
        expiry_.start(context_.options().timers.disconnected, [this] { lose(); });
        set_state(SessionState::Disconnected);
        break;
    case TransportState::Closed:
        lose();
        break;
    // A refused handshake leaves the session as it is: it will never connect, and expires.
    case TransportState::Failed:
    case TransportState::New:
    case TransportState::Checking:
        break;
    }
}

void Session::lose()
{
    if (state_ == SessionState::Gone)
        return;
    expiry_.cancel();
    for (LocalTrack& track : local_)
        close_local(track);
    for (RemoteTrack& track : remote_)
        close_remote(track);
    channels_.end();
    set_state(SessionState::Gone);
    // Not from within the transport's own callback: it may not be destroyed there.
    context_.executor().post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->transport_->close();
            self->context_.forget(self->id_);
        }
    });
}

const LocalTrack* Session::find_local(const std::string& name) const
{
    const auto it = std::find_if(local_.begin(), local_.end(),
                                 [&](const LocalTrack& t) { return t.active && t.name == name; });
    return it == local_.end() ? nullptr : &*it;
}

bool Session::take_request()
{
    const unsigned limit = context_.options().limits.requests_per_second;
    const TimePoint now = context_.executor().now();
    while (!requests_.empty() && now - requests_.front() >= std::chrono::seconds{1})
        requests_.pop_front();
    if (limit != 0 && requests_.size() >= limit)
        return false;
    requests_.push_back(now);
    return true;
}

std::optional<Refusal> Session::begin(bool needs_stable)
{
    if (state_ == SessionState::Gone)
        return refusals::session_gone();
    if (for_adapter_)
        return refusals::adapter_session();
    if (busy_)
        return refusals::overlapping();
    if (needs_stable && negotiation_.pending_offer())
        return refusals::offer_pending();
    if (negotiation_.lines().size() >= context_.options().limits.sections_per_session) {
        lose();
        return refusals::session_gone();
    }
    busy_ = true;
    return std::nullopt;
}

void Session::when_ready(std::function<void(std::optional<Refusal>)> next)
{
    const auto over = [self = shared_from_this()] {
        return self->state_ != SessionState::Negotiating &&
               self->state_ != SessionState::Disconnected;
    };
    context_.waits().wait(context_.options().timers.connect_wait, over,
                          [self = shared_from_this(), next = std::move(next)](bool ready) {
                              if (self->state_ == SessionState::Gone)
                                  return next(refusals::session_gone());
                              next(ready ? std::optional<Refusal>{} : refusals::not_connected());
                          });
}

std::optional<calls::ItemError> Session::item_fault(const char* operation, const std::string& name,
                                                    const std::string& mid)
{
    const auto applies = [&](const Fault& f) {
        const std::string track = f.text("track");
        const std::string wanted_mid = f.text("mid");
        return (track.empty() || track == name) && (wanted_mid.empty() || wanted_mid == mid);
    };
    const auto fault = context_.faults().strike("item-error", operation, id_, applies);
    if (!fault)
        return std::nullopt;
    const auto plain = item_errors::backend();
    return calls::ItemError{fault->text("code", plain.code),
                            fault->text("description", plain.description)};
}

void Session::serve_adapter(const std::string& name, std::shared_ptr<Publication> publication)
{
    for_adapter_ = true;
    expiry_.cancel();
    LocalTrack track;
    track.name = name;
    track.mid = "0";
    track.kind = publication->kind();
    track.since = context_.executor().now();
    track.publication = std::move(publication);
    local_.push_back(std::move(track));
    set_state(SessionState::Connected);
}

void Session::collect_silent_tracks()
{
    // An adapter may have nothing to say for as long as it likes.
    if (state_ != SessionState::Connected || for_adapter_)
        return;
    const TimePoint now = context_.executor().now();
    const auto limit = context_.options().timers.silent_track;
    for (LocalTrack& track : local_) {
        if (!track.active)
            continue;
        TimePoint last = track.since;
        if (track.publication && track.publication->last_packet())
            last = std::max(last, *track.publication->last_packet());
        if (now - last >= limit)
            close_local(track);
    }
}

calls::SessionInfo Session::info() const
{
    calls::SessionInfo info;
    const auto status = [](bool active) {
        return active ? calls::TrackStatus::Active : calls::TrackStatus::Inactive;
    };
    for (const LocalTrack& track : local_) {
        calls::Track t;
        t.location = calls::Location::Local;
        t.mid = track.mid;
        t.track_name = track.name;
        info.tracks.push_back({t, status(track.active)});
    }
    for (const RemoteTrack& track : remote_) {
        calls::Track t;
        t.location = calls::Location::Remote;
        t.mid = track.mid;
        t.session_id = track.source.session_id;
        t.track_name = track.source.track_name;
        info.tracks.push_back({t, status(track.flowing())});
    }
    info.data_channels = channels_.states();
    return info;
}

void Session::new_tracks(NewTracks request, Reply<calls::NewTracksAnswer> reply)
{
    const auto& tracks = request.request.tracks;
    if (state_ == SessionState::Gone)
        return reply(refusals::session_gone());
    if (tracks.size() > context_.options().limits.tracks_per_call)
        return reply(refusals::invalid_params(
            "Expecting at most " + std::to_string(context_.options().limits.tracks_per_call) +
            " tracks in the request"));
    if (tracks.empty() && !request.request.offer)
        return reply(refusals::invalid_params("Expecting at least one track in the request"));
    for (const auto& members : request.tracks)
        if (!members.location)
            return reply(refusals::bad_json("tracks: location is missing"));
    const std::size_t longest = context_.options().limits.name_bytes;
    for (const calls::Track& track : tracks)
        if (track.track_name.size() > longest)
            return reply(refusals::invalid_params("tracks: trackName is longer than " +
                                                  std::to_string(longest) + " bytes"));
    const auto remote = std::count_if(tracks.begin(), tracks.end(), [](const calls::Track& t) {
        return t.location == calls::Location::Remote;
    });
    if (remote != 0 && static_cast<std::size_t>(remote) != tracks.size())
        return reply(refusals::invalid_params(
            "Pushing and pulling tracks in the same request is not supported"));
    if (auto refusal = begin(true))
        return reply(std::move(*refusal));
    when_ready([self = shared_from_this(), request = std::move(request), reply = std::move(reply),
                remote](std::optional<Refusal> refusal) mutable {
        if (refusal) {
            self->end();
            return reply(std::move(*refusal));
        }
        if (remote != 0)
            self->pull(std::move(request), std::move(reply));
        else
            self->push(std::move(request), reply);
    });
}

void Session::renegotiate(const calls::RenegotiateRequest& request,
                          const Reply<calls::RenegotiateAnswer>& reply)
{
    if (state_ == SessionState::Gone)
        return reply(refusals::session_gone());
    if (!negotiation_.pending_offer())
        return reply(refusals::nothing_to_answer());
    if (auto refusal = begin(false))
        return reply(std::move(*refusal));
    end();
    const auto parsed = sdp::parse(request.description.sdp);
    if (!parsed)
        return reply(refusals::unparsable_sdp(parsed.error().message));
    if (request.description.type != calls::SdpType::Answer)
        return reply(refusals::unusable_sdp("An answer is expected here, not an offer"));
    Negotiation draft = negotiation_;
    if (const auto status = draft.apply_answer(*parsed); !status)
        return reply(refusals::unusable_sdp(status.error().message));
    if (auto refusal = commit(std::move(draft), "renegotiate"))
        return reply(std::move(*refusal));
    sync_media();
    reply(calls::RenegotiateAnswer{});
}

} // namespace cf::emu

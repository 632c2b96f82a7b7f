/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/fake-calls-api.hpp"

#include <algorithm>

#include "lib/base/log.hpp"

namespace cf::test
{

using namespace cf::calls;

FakeCallsApi::~FakeCallsApi()
{
    for (auto& [id, pending] : pending_)
        executor_->cancel(pending.timer);
}

void FakeCallsApi::fault_next(Call call, ApiFault fault)
{
    faults_[call].push_back(std::move(fault));
}

void FakeCallsApi::refuse_next(Call call, unsigned status, const std::string& code,
                               std::optional<Milliseconds> retry_after)
{
    fault_next(
        call, {ApiFault::Kind::Refuse, refusal_error(call, {status, {code, "", ""}, retry_after})});
}

void FakeCallsApi::lose_next(Call call, ErrorCode code)
{
    fault_next(call, {ApiFault::Kind::Lose, Error{code, "The answer was lost."}});
}

void FakeCallsApi::hold_next(Call call)
{
    fault_next(call, {ApiFault::Kind::Hold});
}

void FakeCallsApi::fail_item(Call call, const std::string& name, const std::string& code,
                             unsigned times)
{
    item_faults_.push_back({call, name, code, times});
}

void FakeCallsApi::forget_faults()
{
    faults_.clear();
    item_faults_.clear();
    chaos = nullptr;
    counter_ = false;
    skip_offer_ = false;
    release();
}

void FakeCallsApi::release()
{
    std::vector<RequestId> held;
    for (auto& [id, pending] : pending_) {
        if (std::exchange(pending.held, false))
            held.push_back(id);
    }
    for (const RequestId id : held)
        schedule(id);
}

void FakeCallsApi::add_publication(const SessionId& session, const std::string& track_name)
{
    others_.insert({session, track_name});
}

void FakeCallsApi::remove_publication(const SessionId& session, const std::string& track_name)
{
    others_.erase({session, track_name});
}

void FakeCallsApi::expire(const SessionId& session)
{
    ServerSession& s = sessions_.at(session);
    s.gone = true;
    for (auto& [mid, track] : s.tracks)
        track.open = false;
}

std::size_t FakeCallsApi::count(Call call) const
{
    return static_cast<std::size_t>(std::count_if(
        seen_.begin(), seen_.end(), [call](const Seen& seen) { return seen.call == call; }));
}

const FakeCallsApi::Seen& FakeCallsApi::last_seen(Call call) const
{
    const auto it = std::find_if(seen_.rbegin(), seen_.rend(),
                                 [call](const Seen& seen) { return seen.call == call; });
    g_assert(it != seen_.rend());
    return *it;
}

std::vector<FakeCallsApi::OpenTrack> FakeCallsApi::open_tracks() const
{
    std::vector<OpenTrack> out;
    for (const auto& [id, session] : sessions_) {
        for (const auto& [mid, track] : session.tracks) {
            if (track.open)
                out.push_back({id, mid, track.location, track.publication});
        }
    }
    return out;
}

std::vector<SessionId> FakeCallsApi::sessions() const
{
    std::vector<SessionId> out;
    for (const auto& [id, session] : sessions_)
        out.push_back(id);
    return out;
}

std::optional<ApiFault> FakeCallsApi::next_fault(Call call)
{
    auto& queue = faults_[call];
    if (queue.empty())
        return chaos ? chaos(call) : std::nullopt;
    ApiFault fault = std::move(queue.front());
    queue.pop_front();
    return fault;
}

std::optional<ItemError> FakeCallsApi::next_item_error(Call call, const std::string& name)
{
    for (ItemFault& fault : item_faults_) {
        if (fault.call == call && fault.name == name && fault.times > 0) {
            --fault.times;
            return ItemError{fault.code, "as the test wants it"};
        }
    }
    return std::nullopt;
}

void FakeCallsApi::watch(Call call, const SessionId& session, RequestId id)
{
    const auto it = sessions_.find(session);
    if (it == sessions_.end() || call == Call::GetSession)
        return;
    ServerSession& s = it->second;
    if (s.busy != 0)
        violations.push_back(std::string{to_string(call)} + " while another call is under way");
    if (s.retired && call != Call::CloseTracks)
        violations.push_back(std::string{to_string(call)} + " on a session that was given up");
    if (s.offer_pending && call == Call::CloseTracks)
        s.retired = s.retired || !s.troubled;
    else if (s.offer_pending && call != Call::Renegotiate)
        violations.push_back(std::string{to_string(call)} + " before the offer was answered");
    s.busy = id;
}

template <typename Request, typename Answer>
RequestId FakeCallsApi::take(Call call, const SessionId& session, Request request,
                             Done<Answer> done)
{
    const RequestId id = ++last_id_;
    watch(call, session, id);
    if constexpr (std::is_same_v<Request, std::monostate>)
        seen_.push_back({call, session, std::monostate{}, executor_->now()});
    else
        seen_.push_back({call, session, request, executor_->now()});

    const auto fault = std::make_shared<std::optional<ApiFault>>(next_fault(call));
    constexpr const char* kFaults[] = {"refused", "lost", "held", "edited"};
    CF_DEBUG("calls", "fake", "%s %s: %s", session.c_str(), to_string(call),
             *fault ? kFaults[static_cast<int>((*fault)->kind)] : "taken");
    Pending pending;
    pending.call = call;
    pending.session = session;
    pending.fail = [done](Error error) { done(std::move(error)); };
    pending.carry_out = [this, session, request = std::move(request), done, fault] {
        using Kind = ApiFault::Kind;
        const auto deliver = [done](Result<Answer> result) {
            return std::function<void()>{[done, result] { done(result); }};
        };
        if (*fault && (*fault)->kind == Kind::Refuse) {
            if ((*fault)->error.code == ErrorCode::SessionGone && sessions_.contains(session))
                expire(session); // who says so must mean it
            return deliver((*fault)->error);
        }
        if (*fault && (*fault)->kind == Kind::Lose)
            counter_ = false; // an offer that nobody hears of could only be guessed at
        Result<Answer> result = answer(session, request);
        if (*fault && (*fault)->kind == Kind::Lose)
            return deliver((*fault)->error);
        if (*fault && (*fault)->kind == Kind::Edit && result) {
            ApiFault::AnyAnswer any = result.take();
            (*fault)->edit(any);
            result = std::get<Answer>(std::move(any));
        }
        return deliver(std::move(result));
    };
    pending.held = *fault && (*fault)->kind == ApiFault::Kind::Hold;
    if (*fault && (*fault)->kind != ApiFault::Kind::Hold) {
        if (const auto it = sessions_.find(session); it != sessions_.end())
            it->second.troubled = true;
    }
    const bool held = pending.held;
    pending_.emplace(id, std::move(pending));
    if (!held)
        schedule(id);
    return id;
}

void FakeCallsApi::schedule(RequestId id)
{
    pending_.at(id).timer = executor_->call_later(latency, [this, id] { complete(id); });
}

void FakeCallsApi::complete(RequestId id)
{
    const Pending pending = std::move(pending_.extract(id).mapped());
    if (const auto it = sessions_.find(pending.session); it != sessions_.end()) {
        if (it->second.busy == id)
            it->second.busy = 0;
    }
    pending.carry_out()();
}

void FakeCallsApi::cancel(RequestId id)
{
    if (id == 0 || !pending_.contains(id))
        return;
    Pending pending = std::move(pending_.extract(id).mapped());
    executor_->cancel(pending.timer);
    if (const auto it = sessions_.find(pending.session); it != sessions_.end()) {
        it->second.troubled = true;
        if (it->second.busy == id)
            it->second.busy = 0;
    }
    if (cancelled_too_late && cancelled_too_late())
        (void)pending.carry_out(); // the service did it, but nobody hears of it
    executor_->post([fail = std::move(pending.fail)] {
        fail(Error{ErrorCode::Cancelled, "The request was cancelled."});
    });
}

RequestId FakeCallsApi::new_session(NewSessionRequest request, Done<NewSessionAnswer> done)
{
    return take<NewSessionRequest, NewSessionAnswer>(Call::NewSession, {}, std::move(request),
                                                     std::move(done));
}

RequestId FakeCallsApi::new_tracks(const SessionId& session, NewTracksRequest request,
                                   Done<NewTracksAnswer> done)
{
    return take<NewTracksRequest, NewTracksAnswer>(Call::NewTracks, session, std::move(request),
                                                   std::move(done));
}

RequestId FakeCallsApi::renegotiate(const SessionId& session, RenegotiateRequest request,
                                    Done<RenegotiateAnswer> done)
{
    return take<RenegotiateRequest, RenegotiateAnswer>(Call::Renegotiate, session,
                                                       std::move(request), std::move(done));
}

RequestId FakeCallsApi::close_tracks(const SessionId& session, CloseTracksRequest request,
                                     Done<CloseTracksAnswer> done)
{
    return take<CloseTracksRequest, CloseTracksAnswer>(Call::CloseTracks, session,
                                                       std::move(request), std::move(done));
}

RequestId FakeCallsApi::update_tracks(const SessionId& session, UpdateTracksRequest request,
                                      Done<UpdateTracksAnswer> done)
{
    return take<UpdateTracksRequest, UpdateTracksAnswer>(Call::UpdateTracks, session,
                                                         std::move(request), std::move(done));
}

RequestId FakeCallsApi::get_session(const SessionId& session, Done<SessionInfo> done)
{
    return take<std::monostate, SessionInfo>(Call::GetSession, session, std::monostate{},
                                             std::move(done));
}

// ---- The service itself ----

Result<FakeCallsApi::ServerSession*> FakeCallsApi::usable(Call call, const SessionId& session)
{
    const auto it = sessions_.find(session);
    if (it == sessions_.end())
        violations.push_back(std::string{to_string(call)} + " on a session that never was");
    if (it == sessions_.end() || it->second.gone)
        return refusal_error(call, {410, {"session_error", "", "Session is gone"}});
    return &it->second;
}

bool FakeCallsApi::is_published(const TrackLocator& publication) const
{
    if (others_.contains(publication))
        return true;
    const auto it = sessions_.find(publication.session_id);
    if (it == sessions_.end())
        return false;
    return std::any_of(it->second.tracks.begin(), it->second.tracks.end(), [&](const auto& entry) {
        const Track& track = entry.second;
        return track.open && track.location == Location::Local && track.publication == publication;
    });
}

Result<NewSessionAnswer> FakeCallsApi::answer(const SessionId&, const NewSessionRequest&)
{
    NewSessionAnswer out;
    out.session_id = "session-" + std::to_string(++made_sessions_);
    sessions_[out.session_id] = {};
    return out;
}

calls::Track FakeCallsApi::publish_one(ServerSession& s, const SessionId& id,
                                       const calls::Track& asked)
{
    calls::Track out = asked;
    if (auto error = next_item_error(Call::NewTracks, asked.track_name)) {
        out.error = std::move(error);
        out.mid.clear();
        return out;
    }
    const bool fresh =
        s.tracks.emplace(asked.mid, Track{Location::Local, {id, asked.track_name}}).second;
    if (!fresh) // calls-api 2.5: such a track can never be pulled
        violations.push_back("a new track on a mid that was used before");
    return out;
}

calls::Track FakeCallsApi::pull_one(ServerSession& s, const calls::Track& asked)
{
    calls::Track out = asked;
    out.error = next_item_error(Call::NewTracks, asked.track_name);
    if (!out.error && !is_published({asked.session_id, asked.track_name}))
        out.error = ItemError{"not_found_track_error", "Track not found on remote peer."};
    if (out.error)
        return out;
    out.mid = "s" + std::to_string(s.next_mid++);
    s.tracks.emplace(out.mid, Track{Location::Remote, {asked.session_id, asked.track_name}});
    return out;
}

Result<NewTracksAnswer> FakeCallsApi::answer(const SessionId& session,
                                             const NewTracksRequest& request)
{
    CF_TRY_LET(ServerSession * s, usable(Call::NewTracks, session));
    if (request.tracks.size() > kMaxTracksPerCall)
        violations.push_back("more tracks in one call than are allowed");
    NewTracksAnswer out;
    if (request.offer && std::exchange(counter_, false)) {
        out.tracks = request.tracks;
        out.requires_immediate_renegotiation = true;
        out.description = SessionDescription{SdpType::Offer, "offer\r\n"};
        s->offer_pending = true;
        return out;
    }
    bool any = false;
    for (const calls::Track& track : request.tracks) {
        if ((track.location == Location::Local) != request.offer.has_value())
            violations.push_back("publications need an offer, and pulls must not have one");
        out.tracks.push_back(track.location == Location::Local ? publish_one(*s, session, track)
                                                               : pull_one(*s, track));
        any = any || !out.tracks.back().error;
    }
    if (!any)
        return out;
    if (!request.offer && std::exchange(skip_offer_, false))
        return out;
    if (request.offer) {
        out.description = SessionDescription{SdpType::Answer, "answer to " + request.offer->sdp};
    } else {
        out.requires_immediate_renegotiation = true;
        out.description = SessionDescription{SdpType::Offer, "offer\r\n"};
        s->offer_pending = true;
    }
    return out;
}

Result<RenegotiateAnswer> FakeCallsApi::answer(const SessionId& session,
                                               const RenegotiateRequest& request)
{
    CF_TRY_LET(ServerSession * s, usable(Call::Renegotiate, session));
    if (request.description.type != SdpType::Answer)
        violations.push_back("renegotiate without an answer");
    if (!std::exchange(s->offer_pending, false))
        return refusal_error(Call::Renegotiate,
                             {406, {"invalid_session_description", "", "No answer expected"}});
    return RenegotiateAnswer{};
}

Result<CloseTracksAnswer> FakeCallsApi::answer(const SessionId& session,
                                               const CloseTracksRequest& request)
{
    CF_TRY_LET(ServerSession * s, usable(Call::CloseTracks, session));
    if (request.mids.empty() || request.mids.size() > kMaxTracksPerCall)
        violations.push_back("a close must name 1 to 64 tracks");
    CloseTracksAnswer out;
    for (const Mid& mid : request.mids) {
        calls::Track item;
        item.mid = mid;
        item.error = next_item_error(Call::CloseTracks, mid);
        const auto it = s->tracks.find(mid);
        if (!item.error) {
            if (it != s->tracks.end() && it->second.open)
                it->second.open = false;
            else
                item.error = ItemError{"close_track_error", "Track doesn't exist"};
        }
        out.tracks.push_back(std::move(item));
    }
    return out;
}

Result<UpdateTracksAnswer> FakeCallsApi::answer(const SessionId& session,
                                                const UpdateTracksRequest& request)
{
    CF_TRY_LET(ServerSession * s, usable(Call::UpdateTracks, session));
    UpdateTracksAnswer out;
    for (const calls::Track& track : request.tracks) {
        calls::Track item = track;
        item.error = next_item_error(Call::UpdateTracks, track.track_name);
        const auto it = s->tracks.find(track.mid);
        if (it == s->tracks.end() || !it->second.open)
            violations.push_back("an update of a track that is not open");
        else if (!item.error)
            it->second.publication = {track.session_id, track.track_name};
        out.tracks.push_back(std::move(item));
    }
    return out;
}

Result<SessionInfo> FakeCallsApi::answer(const SessionId& session, const std::monostate&)
{
    CF_TRY_LET(ServerSession * s, usable(Call::GetSession, session));
    SessionInfo out;
    for (const auto& [mid, track] : s->tracks) {
        TrackState state;
        state.track.mid = mid;
        state.track.location = track.location;
        state.track.session_id = track.publication.session_id;
        state.track.track_name = track.publication.track_name;
        state.status = track.open ? TrackStatus::Active : TrackStatus::Inactive;
        out.tracks.push_back(std::move(state));
    }
    return out;
}

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: one PeerConnection of a client, as the API knows it.
//
//     New -> Negotiating -> Connected <-> Disconnected -> Gone
//
// New: nothing was exchanged. Negotiating: descriptions were, the transport is not up. Everything
// ends in Gone: after `never_connected`, after `disconnected`, when the peer closes DTLS.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/calls/codec.hpp"
#include "tests/emulator/media/transport.hpp"
#include "tests/emulator/sfu/context.hpp"
#include "tests/emulator/sfu/negotiation.hpp"
#include "tests/emulator/sfu/refusal.hpp"
#include "tests/emulator/sfu/session-channels.hpp"
#include "tests/emulator/sfu/tracks.hpp"

namespace cf::emu
{

enum class SessionState { New, Negotiating, Connected, Disconnected, Gone };
const char* to_string(SessionState state);

/// Main thread only. Every operation calls its reply exactly once, at once or later; not at all
/// when the SFU itself ends first. One mutation at a time: others are refused with 406.
class Session : public std::enable_shared_from_this<Session>
{
public:
    Session(SfuContext& context, std::string id, const calls::NewSessionRequest& request);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] SessionState state() const { return state_; }
    [[nodiscard]] Transport& transport() const { return *transport_; }
    [[nodiscard]] const Negotiation& negotiation() const { return negotiation_; }
    [[nodiscard]] const std::vector<LocalTrack>& local_tracks() const { return local_; }
    [[nodiscard]] const std::vector<RemoteTrack>& remote_tracks() const { return remote_; }
    /// The active publication of this name, nullptr if there is none.
    [[nodiscard]] const LocalTrack* find_local(const std::string& name) const;

    /// Counts one request; false when there were too many within a second.
    [[nodiscard]] bool take_request();

    using NewTracks = calls::ReadRequest<calls::NewTracksRequest>;
    using CloseTracks = calls::ReadRequest<calls::CloseTracksRequest>;
    using UpdateTracks = calls::ReadRequest<calls::UpdateTracksRequest>;
    void new_tracks(NewTracks request, Reply<calls::NewTracksAnswer> reply);
    void renegotiate(const calls::RenegotiateRequest& request,
                     const Reply<calls::RenegotiateAnswer>& reply);
    void close_tracks(CloseTracks request, Reply<calls::CloseTracksAnswer> reply);
    void update_tracks(UpdateTracks request, Reply<calls::UpdateTracksAnswer> reply);
    [[nodiscard]] calls::SessionInfo info() const;
    void establish(const EstablishRequest& request, Reply<EstablishAnswer> reply);
    void new_channels(ChannelsRequest request, Reply<ChannelsAnswer> reply);
    void update_channels(ChannelsRequest request, Reply<ChannelsAnswer> reply);
    void close_channels(ChannelsRequest request, Reply<ChannelsAnswer> reply);
    [[nodiscard]] SessionChannels& channels() { return channels_; }
    /// The answer to the offer that came with `sessions/new`.
    [[nodiscard]] Outcome<calls::SessionDescription> first_offer(const std::string& sdp);

    /// A WebSocket adapter publishes @p publication here under @p name. The session is connected
    /// for as long as the adapter is, and has no client.
    void serve_adapter(const std::string& name, std::shared_ptr<Publication> publication);

    /// Ends the session: 410 from now on, no more media in either direction.
    void lose();
    /// Collects tracks that have been silent for too long; called once a second.
    void collect_silent_tracks();

private:
    // session.cpp
    void set_state(SessionState state);
    void on_transport_state(TransportState state);
    [[nodiscard]] std::optional<Refusal> begin(bool needs_stable);
    void end() { busy_ = false; }
    /// Runs @p next when the transport is up, or was never asked for; else with a refusal.
    void when_ready(std::function<void(std::optional<Refusal>)> next);
    [[nodiscard]] std::optional<calls::ItemError>
    item_fault(const char* operation, const std::string& name, const std::string& mid);

    // session-media.cpp
    /// Parses and checks an offer of the client's, and applies it to @p draft.
    [[nodiscard]] std::optional<Refusal> take_offer(const calls::SessionDescription& offer,
                                                    Negotiation& draft) const;
    /// Starts or updates the transport; when it agrees, @p draft is what is negotiated.
    [[nodiscard]] std::optional<Refusal> commit(Negotiation draft, const char* operation);
    [[nodiscard]] calls::SessionDescription make_answer(const char* operation);
    [[nodiscard]] calls::SessionDescription make_offer(const char* operation);
    /// Makes the media plane do what was negotiated.
    void sync_media();
    void sync_local(LocalTrack& track);
    void sync_remote(RemoteTrack& track);
    /// Something of ours will be sent in @p line: gives it SSRCs.
    std::shared_ptr<Subscription> prepare_sending(Line& line, const std::string& stream,
                                                  const std::string& track);
    void close_local(LocalTrack& track);
    void close_remote(RemoteTrack& track);
    [[nodiscard]] bool close_mid(const std::string& mid);
    [[nodiscard]] LocalTrack* local_by_mid(const std::string& mid);
    [[nodiscard]] RemoteTrack* remote_by_mid(const std::string& mid);
    [[nodiscard]] std::string resolve_mid(const std::string& mid) const;

    // session-push.cpp
    void push(NewTracks request, const Reply<calls::NewTracksAnswer>& reply);
    void push_with_offer(const NewTracks& request, const Reply<calls::NewTracksAnswer>& reply);
    void push_without_offer(const NewTracks& request, const Reply<calls::NewTracksAnswer>& reply);
    [[nodiscard]] std::optional<calls::ItemError> check_push(const calls::Track& item,
                                                             const Line* line) const;
    void publish(const std::string& name, const Line& line);
    void discover(calls::NewTracksAnswer& answer);

    // session-pull.cpp
    void pull(NewTracks request, Reply<calls::NewTracksAnswer> reply);
    void pull_now(const NewTracks& request, std::optional<Negotiation> draft,
                  const Reply<calls::NewTracksAnswer>& reply);
    [[nodiscard]] calls::Track pull_item(const calls::Track& item, bool with_offer);
    [[nodiscard]] Line* line_for_pull(const calls::Track& item, const LocalTrack& source,
                                      bool with_offer);
    void subscribe(const calls::Track& item, const LocalTrack& source, Line& line);

    // session-close.cpp
    [[nodiscard]] std::vector<calls::Track> close_items(const std::vector<calls::Mid>& mids);
    void close_negotiated(const CloseTracks& request, const Reply<calls::CloseTracksAnswer>& reply);
    [[nodiscard]] std::optional<calls::ItemError> update_item(const calls::Track& item);

    // session-datachannels.cpp
    [[nodiscard]] std::optional<Refusal> check_channels(const ChannelsRequest& request) const;
    void establish_by_offering(const Reply<EstablishAnswer>& reply);
    void establish_with_offer(const calls::SessionDescription& offer,
                              const Reply<EstablishAnswer>& reply);
    void on_channels(ChannelsRequest request, const char* operation,
                     ChannelItem (SessionChannels::*act)(const ChannelItem&),
                     Reply<ChannelsAnswer> reply);

    SfuContext& context_;
    std::string id_;
    std::shared_ptr<Transport> transport_;
    Negotiation negotiation_;
    SessionState state_ = SessionState::New;
    bool busy_ = false;
    bool for_adapter_ = false;
    ScopedTimer expiry_;
    std::vector<LocalTrack> local_;
    std::vector<RemoteTrack> remote_;
    SessionChannels channels_;
    std::deque<TimePoint> requests_;
};

} // namespace cf::emu

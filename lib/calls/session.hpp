/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: what an element wants of the service, kept true over any number of Calls sessions.
//
// An element says what it wants ("publish this slot", "pull that track into this slot"), once. The
// Session creates a Calls session and a PeerConnection, runs the exchanges strictly one at a time,
// merges what is waiting into one exchange, and when the session or its transport is lost makes a
// new one and replays every intent. States, timers and retries: docs/design/session.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/backoff.hpp"
#include "lib/base/executor.hpp"
#include "lib/calls/api.hpp"
#include "lib/calls/peer-connection.hpp"
#include "lib/calls/types.hpp"

namespace cf::calls
{

/// As the elements' `connection-state` property shows it.
enum class SessionState {
    Idle,
    Creating,    ///< the Calls session is being made
    Negotiating, ///< the first exchange is under way
    Connecting,  ///< ICE and DTLS are under way
    Connected,
    Reconnecting, ///< lost; waiting for, or making, a new session
    Closing,
    Closed,
    Failed, ///< gave up; on_failed() said why
};
const char* to_string(SessionState state);

enum class SlotState {
    Pending, ///< waiting for its exchange, or for media to flow
    Active,  ///< published: media has left; pulled: media has arrived
    Closed,  ///< taken back on our wish
    Failed,  ///< refused for good; see the error
};
const char* to_string(SlotState state);

struct SessionOptions {
    std::string name;      ///< for the log: the element's name
    bool reconnect = true; ///< false: the first loss is final
    BackoffOptions backoff = {};
    int max_retries = -1;                ///< in a row, without having been connected; -1: no limit
    Milliseconds connect_timeout{20000}; ///< from the first description applied to Connected
    Milliseconds disconnect_timeout{7000}; ///< Disconnected for this long means lost
    /// A pull of a track that is not there (yet), or sends nothing, is tried again; 0: for ever.
    Milliseconds pull_timeout{0};
    bool retry_missing_track = true;
    bool third_party = false;
};

struct PublishIntent {
    SlotId slot = 0;
    MediaKind kind = MediaKind::Audio;
    std::string track_name;
};
struct PullIntent {
    SlotId slot = 0;
    TrackLocator source;
    std::optional<MediaKind> kind;
    std::optional<Simulcast> simulcast;
};

/// What a slot is at present, for properties, messages and locators.
struct SlotInfo {
    SlotState state = SlotState::Pending;
    SessionId session_id; ///< publisher's session: ours for publications
    std::string track_name;
    Mid mid;
};

/// I/O thread only, never from within a call of Session. Must outlive the Session's close().
class SessionEvents
{
public:
    virtual ~SessionEvents() = default;
    /// @p reason is set when something went wrong (Reconnecting, Failed); @p retry_delay when the
    /// next try is known.
    virtual void on_state(SessionState old_state, SessionState new_state, const Error* reason,
                          std::optional<Milliseconds> retry_delay) = 0;
    virtual void on_session_created(const SessionId& id) = 0;
    virtual void on_session_lost(const SessionId& id, const Error& reason) = 0;
    virtual void on_slot(SlotId slot, const SlotInfo& info, const Error* reason) = 0;
    /// A call failed; @p will_retry says whether anything is done about it.
    virtual void on_api_error(const char* call, const Error& error, bool will_retry) = 0;
    /// Nothing more will be tried.
    virtual void on_failed(const Error& error) = 0;
};

/// I/O thread only, but for the constructor.
class Session : public std::enable_shared_from_this<Session>
{
public:
    static std::shared_ptr<Session> create(std::shared_ptr<Executor> executor,
                                           std::shared_ptr<CallsApi> api,
                                           PeerConnectionFactory factory, SessionOptions options,
                                           SessionEvents& events, std::function<double()> random);
    virtual ~Session() = default;

    /// Begins: creates the Calls session at once, in parallel with the first offer.
    virtual void start() = 0;

    virtual void publish(PublishIntent intent) = 0;
    virtual void pull(PullIntent intent) = 0;
    /// Takes an intent back: the track is closed at the SFU, the slot becomes Closed.
    virtual void remove(SlotId slot) = 0;
    /// Changes the layer, or the publication behind a pulling slot, without SDP (`tracks/update`).
    virtual void update(SlotId slot, std::optional<TrackLocator> source,
                        std::optional<Simulcast> simulcast) = 0;

    /// Pulls a track again whose media has stopped although nothing else is wrong: its publisher
    /// may have closed it, or published it anew. The slot is Pending, with @p reason, until media
    /// arrives; what is done about a missing track is done about it. Nothing unless it is open.
    virtual void pull_again(SlotId slot, Error reason) = 0;

    /// Gives up the present Calls session and makes a new one, as after a loss.
    virtual void restart(Error reason) = 0;

    /// Closes the tracks at the SFU, forced and in one call, then the PeerConnection; @p done is
    /// called when that is answered, or after @p timeout, whichever is first. No event follows.
    virtual void close(Milliseconds timeout, std::function<void()> done) = 0;

    [[nodiscard]] virtual SessionState state() const = 0;
    [[nodiscard]] virtual const SessionId& session_id() const = 0;
};

} // namespace cf::calls

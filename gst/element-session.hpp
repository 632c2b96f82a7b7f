/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ElementSession: what cfcallssink and cfcallssrc have in common. It keeps the Settings, owns the
// handle on the I/O thread, the API client and the Session while the element is PAUSED or PLAYING,
// and tells the application what happens: messages, `connection-state`, `session-id`, the ERROR.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst/gst-ref.hpp"
#include "gst/peer-context.hpp"
#include "gst/settings.hpp"
#include "gst/slot-table.hpp"
#include "lib/base/io-thread.hpp"
#include "lib/base/mutex.hpp"
#include "lib/calls/session.hpp"

namespace cf::gst
{

/// What an element adds. Called on the I/O thread, unless said otherwise, with the element held and
/// no lock held. Messages and property notifications have been sent already.
class ElementDelegate
{
public:
    virtual ~ElementDelegate() = default;
    virtual void on_state(calls::SessionState old_state, calls::SessionState new_state) {}
    /// `cfcalls-track` has been posted; whether a slot that Failed is worth a WARNING or an ERROR
    /// is for the element to say.
    virtual void on_slot(SlotId slot, const calls::SlotInfo& info, const Error* reason) = 0;
    virtual void on_session_created(const calls::SessionId& id) = 0;
    virtual void on_session_lost(const calls::SessionId& id, const Error& reason) = 0;
    /// Nothing more will be tried; the ERROR message has been posted.
    virtual void on_failed(const Error& error) {}
    /// Adds a nested structure per pad to the stats. Any thread.
    virtual void add_stats(GstStructure* stats) = 0;
};

/// How the API client and the peer connections are made; element tests put fakes here.
struct Backend {
    /// What the client's request history looks like, oldest first; may be null. Any thread.
    using History = std::function<OwnedStructure()>;
    struct Api {
        std::shared_ptr<calls::CallsApi> api;
        History history;
        /// Takes the credentials of other settings; may be null. I/O thread.
        std::function<Status(const Settings& settings)> change_credentials;
    };
    /// Only with settings that validate_settings() has passed; @p name is the element's, for logs.
    std::function<Result<Api>(std::shared_ptr<IoThread> io, const Settings& settings,
                              const std::string& name)>
        make_api;
    std::function<calls::PeerConnectionFactory(PeerContext context)> make_peers;
};
/// libsoup and webrtcbin.
[[nodiscard]] Backend default_backend();
/// For all elements of the process that are started afterwards; register_elements() sets the
/// default one. Not while an element is running.
void set_backend(Backend backend);

/// Options that only one of the elements has.
struct SessionExtras {
    unsigned latency_ms = 200;
    bool retransmission = true;
    Milliseconds pull_timeout{0};
    bool retry_missing_track = true;
    /// What may be received, best first; empty: whatever is offered.
    std::vector<sdp::CodecPreference> audio_codecs;
    std::vector<sdp::CodecPreference> video_codecs;
    std::function<void(GstElement* webrtcbin)> on_webrtcbin; ///< I/O thread
};

/// Made with the element and dropped by its finalize. Any thread unless said otherwise.
class ElementSession final : public std::enable_shared_from_this<ElementSession>
{
public:
    /// Neither @p element nor @p delegate is owned; @p delegate lives as long as @p element.
    static std::shared_ptr<ElementSession> create(GstElement* element, ElementDelegate& delegate);
    ~ElementSession();
    ElementSession(const ElementSession&) = delete;
    ElementSession& operator=(const ElementSession&) = delete;

    // -- settings ---------------------------------------------------------------------------------

    /// A copy of what is set.
    [[nodiscard]] Settings settings() const;
    /// Changes the settings under their lock; @p change must call nothing foreign.
    void change_settings(const std::function<void(Settings&)>& change);
    /// Whether the settings can work, environment included: one clear error, nothing on the
    /// network.
    [[nodiscard]] Status validate() const;

    // -- life -------------------------------------------------------------------------------------

    /// READY->PAUSED: validates, then starts the session; waits for nothing.
    [[nodiscard]] Status start(SessionExtras extras);
    /// PAUSED->READY, before the children change state: says goodbye and waits for it, at most
    /// `close-timeout`. No delegate call follows. Harmless when not started. Also in finalize.
    void stop();
    [[nodiscard]] bool running() const;

    // -- intents; none has an effect unless running -----------------------------------------------

    [[nodiscard]] SlotTable& slots() { return *slots_; }
    /// In one turn of the session's thread, so that all go in one exchange.
    void publish(std::vector<calls::PublishIntent> intents);
    void pull(calls::PullIntent intent);
    void remove(SlotId slot);
    void update(SlotId slot, std::optional<calls::TrackLocator> source,
                std::optional<calls::Simulcast> simulcast);
    void pull_again(SlotId slot, Error reason);
    /// A new Calls session in place of the present one, or after a failure; the credentials are
    /// read anew. What is wrong with them is an error of this call.
    [[nodiscard]] Status restart();
    /// Runs @p task on the I/O thread while the session runs, with the element held.
    void post(std::function<void()> task);
    /// The executor while running (nullable), for timers.
    [[nodiscard]] std::shared_ptr<Executor> executor() const;

    // -- state ------------------------------------------------------------------------------------

    [[nodiscard]] calls::SessionState state() const;
    [[nodiscard]] std::string session_id() const; ///< empty if there is none
    [[nodiscard]] std::optional<calls::SlotInfo> slot_info(SlotId slot) const;
    [[nodiscard]] OwnedStructure stats() const;       ///< `application/x-cfcalls-stats`
    [[nodiscard]] OwnedStructure api_history() const; ///< (nullable)

    /// Posts an element message named @p name with `session-id` and `timestamp` added.
    void post_element_message(OwnedStructure structure);

private:
    struct Running;
    ElementSession(GstElement* element, ElementDelegate& delegate);

    void enter(calls::SessionState new_state, const Error* reason,
               std::optional<Milliseconds> retry_delay);
    void with_session(std::function<void(calls::Session&)> task);
    [[nodiscard]] Ref<GstElement> element() const;

    struct State {
        calls::SessionState state = calls::SessionState::Idle;
        std::string session_id;
        unsigned reconnects = 0;
        std::map<SlotId, calls::SlotInfo> slots;
    };

    mutable GWeakRef element_;
    ElementDelegate& delegate_;
    const std::shared_ptr<SlotTable> slots_ = std::make_shared<SlotTable>();

    mutable Mutex settings_mu_; // guards what the user set; never held with mu_
    Settings settings_ CF_GUARDED_BY(settings_mu_);

    mutable Mutex mu_; // guards what happened; never held with settings_mu_
    State state_ CF_GUARDED_BY(mu_);
    std::shared_ptr<Running> running_ CF_GUARDED_BY(mu_);
};

} // namespace cf::gst

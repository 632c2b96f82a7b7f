/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/element-session.hpp"

#include <atomic>

#include "gst/gst-error.hpp"
#include "gst/session-messages.hpp"

GST_DEBUG_CATEGORY_STATIC(cf_calls_element_debug);
#define GST_CAT_DEFAULT cf_calls_element_debug

namespace cf::gst
{
namespace
{

using calls::SessionState;

// After `close-timeout` the session answers by itself; this is for the I/O thread to get to it.
constexpr Milliseconds kCloseGrace{250};

Backend& backend()
{
    static Backend the_backend;
    return the_backend;
}

calls::SessionOptions session_options(const Settings& s, const SessionExtras& extras,
                                      GstElement* element)
{
    const OwnedString name(gst_object_get_name(GST_OBJECT(element)));
    return {.name = name.get(),
            .reconnect = s.reconnect,
            .backoff = {.initial = s.retry_delay,
                        .maximum = std::max(s.retry_delay, s.retry_max_delay)},
            .max_retries = s.max_retries,
            .connect_timeout = s.connect_timeout,
            .disconnect_timeout = s.disconnect_timeout,
            .pull_timeout = extras.pull_timeout,
            .retry_missing_track = extras.retry_missing_track};
}

PeerContext peer_context(const Settings& s, SessionExtras extras, GstElement* element,
                         std::shared_ptr<Executor> executor, std::shared_ptr<SlotTable> slots)
{
    return {.bin = Ref<GstBin>::retain(GST_BIN(element)),
            .executor = std::move(executor),
            .slots = std::move(slots),
            .stun_server = s.stun_server,
            .relay_only = s.relay_only,
            .loopback_candidates = wants_loopback(s),
            .latency_ms = extras.latency_ms,
            .retransmission = extras.retransmission,
            .audio_codecs = std::move(extras.audio_codecs),
            .video_codecs = std::move(extras.video_codecs),
            .on_webrtcbin = std::move(extras.on_webrtcbin)};
}

} // namespace

void set_backend(Backend replacement)
{
    backend() = std::move(replacement);
}

/// What exists between start() and stop(); it is also what the session talks to, so that a session
/// that is still closing is never taken for the next one. Events come on the I/O thread.
struct ElementSession::Running final : calls::SessionEvents {
    explicit Running(ElementSession& o) : owner(o) {}

    // Every task that touches this holds the owner as well.
    ElementSession& owner;
    std::shared_ptr<IoThread> io;
    std::shared_ptr<calls::CallsApi> api;    // I/O thread
    std::shared_ptr<calls::Session> session; // I/O thread
    Backend::History history;
    std::function<Status(const Settings&)> change_credentials; // I/O thread
    Milliseconds close_timeout{0};
    std::atomic<bool> stopping = false;

    Mutex mu; // guards `gone`
    std::condition_variable_any cond;
    bool gone CF_GUARDED_BY(mu) = false;

    void let_go() // I/O thread
    {
        session.reset();
        change_credentials = nullptr;
        api.reset();
        Lock lock(mu);
        gone = true;
        cond.notify_all();
    }
    void wait_until_gone(Milliseconds limit)
    {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        mu.lock();
        while (!gone) {
            if (cond.wait_until(mu, deadline) == std::cv_status::timeout)
                break;
        }
        mu.unlock();
    }

    /// The element, unless it is leaving (nullable).
    [[nodiscard]] Ref<GstElement> element() const
    {
        return stopping ? Ref<GstElement>() : owner.element();
    }

    void on_state(SessionState old_state, SessionState new_state, const Error* reason,
                  std::optional<Milliseconds> retry_delay) override;
    void on_session_created(const calls::SessionId& id) override;
    void on_session_lost(const calls::SessionId& id, const Error& reason) override;
    void on_slot(SlotId slot, const calls::SlotInfo& info, const Error* reason) override;
    void on_api_error(const char* call, const Error& error, bool will_retry) override;
    void on_failed(const Error& error) override;
};

std::shared_ptr<ElementSession> ElementSession::create(GstElement* element,
                                                       ElementDelegate& delegate)
{
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        GST_DEBUG_CATEGORY_INIT(cf_calls_element_debug, "cfcalls-element", 0,
                                "what cfcallssink and cfcallssrc have in common");
        g_once_init_leave(&once, 1);
    }
    return std::shared_ptr<ElementSession>(new ElementSession(element, delegate));
}

ElementSession::ElementSession(GstElement* element, ElementDelegate& delegate) : delegate_(delegate)
{
    g_weak_ref_init(&element_, element);
}

ElementSession::~ElementSession()
{
    g_weak_ref_clear(&element_);
}

Ref<GstElement> ElementSession::element() const
{
    return Ref<GstElement>::from_weak(&element_);
}

Settings ElementSession::settings() const
{
    Lock lock(settings_mu_);
    return settings_;
}

void ElementSession::change_settings(const std::function<void(Settings&)>& change)
{
    Lock lock(settings_mu_);
    change(settings_);
}

Status ElementSession::validate() const
{
    return validate_settings(settings());
}

bool ElementSession::running() const
{
    Lock lock(mu_);
    return running_ != nullptr;
}

Status ElementSession::start(SessionExtras extras)
{
    const auto self = element();
    if (!self || running())
        return Error{.code = ErrorCode::State, .message = "The element is already running."};
    const Settings s = settings();
    CF_TRY(validate_settings(s));

    auto next = std::make_shared<Running>(*this);
    next->io = IoThread::acquire();
    next->close_timeout = s.close_timeout;
    const auto options = session_options(s, extras, self.get());
    CF_TRY_LET(Backend::Api api, backend().make_api(next->io, s, options.name));
    next->api = api.api;
    next->history = std::move(api.history);
    next->change_credentials = std::move(api.change_credentials);
    auto peers =
        backend().make_peers(peer_context(s, std::move(extras), self.get(), next->io, slots_));
    next->session = calls::Session::create(next->io, std::move(api.api), std::move(peers), options,
                                           *next, [] { return g_random_double(); });
    {
        Lock lock(mu_);
        running_ = next;
        state_ = State{.state = state_.state};
    }
    next->io->post([owner = shared_from_this(), next] {
        if (next->session != nullptr)
            next->session->start();
    });
    return ok_status();
}

void ElementSession::stop()
{
    const auto last = [&] {
        Lock lock(mu_);
        return std::exchange(running_, nullptr);
    }();
    if (last == nullptr)
        return;
    last->stopping = true;
    enter(SessionState::Closing, nullptr, std::nullopt);
    last->io->post([owner = shared_from_this(), last] {
        // Twice on its way: `done` runs within the session, which must not be destroyed there.
        last->session->close(last->close_timeout,
                             [owner, last] { last->io->post([owner, last] { last->let_go(); }); });
    });
    // Somebody who sets the state in a bus handler of ours is on that thread already.
    if (!last->io->is_current())
        last->wait_until_gone(last->close_timeout + kCloseGrace);
    {
        Lock lock(mu_);
        state_.session_id.clear();
        state_.slots.clear();
    }
    enter(SessionState::Closed, nullptr, std::nullopt);
    if (const auto self = element())
        g_object_notify(G_OBJECT(self.get()), "session-id");
}

void ElementSession::post(std::function<void()> task)
{
    with_session([task = std::move(task)](calls::Session&) { task(); });
}

void ElementSession::with_session(std::function<void(calls::Session&)> task)
{
    const auto current = [&] {
        Lock lock(mu_);
        return running_;
    }();
    if (current == nullptr)
        return;
    current->io->post([owner = shared_from_this(), current, task = std::move(task)] {
        const auto self = owner->element();
        if (self && !current->stopping && current->session != nullptr)
            task(*current->session);
    });
}

std::shared_ptr<Executor> ElementSession::executor() const
{
    Lock lock(mu_);
    return running_ == nullptr ? nullptr : running_->io;
}

void ElementSession::publish(std::vector<calls::PublishIntent> intents)
{
    with_session([intents = std::move(intents)](calls::Session& s) {
        for (const calls::PublishIntent& intent : intents)
            s.publish(intent);
    });
}

void ElementSession::pull(calls::PullIntent intent)
{
    with_session([intent = std::move(intent)](calls::Session& s) { s.pull(intent); });
}

void ElementSession::remove(SlotId slot)
{
    with_session([slot](calls::Session& s) { s.remove(slot); });
}

void ElementSession::update(SlotId slot, std::optional<calls::TrackLocator> source,
                            std::optional<calls::Simulcast> simulcast)
{
    with_session([slot, source = std::move(source), simulcast = std::move(simulcast)](
                     calls::Session& s) { s.update(slot, source, simulcast); });
}

void ElementSession::pull_again(SlotId slot, Error reason)
{
    with_session(
        [slot, reason = std::move(reason)](calls::Session& s) { s.pull_again(slot, reason); });
}

Status ElementSession::restart()
{
    const Settings s = settings();
    CF_TRY(validate_settings(s));
    const auto current = [&] {
        Lock lock(mu_);
        return running_;
    }();
    if (current == nullptr)
        return ok_status();
    with_session([current, s](calls::Session& session) {
        if (current->change_credentials)
            (void)current->change_credentials(s); // they have just been validated
        session.restart({ErrorCode::Cancelled, "The application asked for a new session."});
    });
    return ok_status();
}

SessionState ElementSession::state() const
{
    Lock lock(mu_);
    return state_.state;
}

std::string ElementSession::session_id() const
{
    Lock lock(mu_);
    return state_.session_id;
}

std::optional<calls::SlotInfo> ElementSession::slot_info(SlotId slot) const
{
    Lock lock(mu_);
    const auto it = state_.slots.find(slot);
    return it == state_.slots.end() ? std::nullopt : std::optional(it->second);
}

OwnedStructure ElementSession::stats() const
{
    OwnedStructure stats;
    {
        Lock lock(mu_);
        stats.reset(gst_structure_new("application/x-cfcalls-stats", "session-id", G_TYPE_STRING,
                                      state_.session_id.c_str(), "state", G_TYPE_STRING,
                                      calls::to_string(state_.state), "reconnects", G_TYPE_UINT,
                                      state_.reconnects, nullptr));
    }
    if (const auto self = element())
        delegate_.add_stats(stats.get());
    return stats;
}

OwnedStructure ElementSession::api_history() const
{
    const auto current = [&] {
        Lock lock(mu_);
        return running_;
    }();
    return current != nullptr && current->history ? current->history() : nullptr;
}

void ElementSession::enter(SessionState new_state, const Error* reason,
                           std::optional<Milliseconds> retry_delay)
{
    SessionState old_state{};
    {
        Lock lock(mu_);
        old_state = std::exchange(state_.state, new_state);
        if (new_state == SessionState::Reconnecting)
            ++state_.reconnects;
    }
    const auto self = element();
    if (!self || old_state == new_state)
        return;
    GST_DEBUG_OBJECT(self.get(), "%s -> %s", calls::to_string(old_state),
                     calls::to_string(new_state));
    g_object_notify(G_OBJECT(self.get()), "connection-state");
    post_element_message(state_message(old_state, new_state, reason, retry_delay));
    if (const auto p = progress_of(old_state, new_state))
        gst_element_post_message(self.get(), gst_message_new_progress(GST_OBJECT(self.get()),
                                                                      p->type, p->code, p->text));
}

void ElementSession::post_element_message(OwnedStructure structure)
{
    const auto self = element();
    if (!self)
        return;
    if (!gst_structure_has_field(structure.get(), "session-id")) {
        gst_structure_set(structure.get(), "session-id", G_TYPE_STRING, session_id().c_str(),
                          nullptr);
    }
    gst_structure_set(structure.get(), "timestamp", G_TYPE_INT64, g_get_real_time(), nullptr);
    gst_element_post_message(self.get(),
                             gst_message_new_element(GST_OBJECT(self.get()), structure.release()));
}

// -- what the session tells; I/O thread -----------------------------------------------------------

void ElementSession::Running::on_state(SessionState old_state, SessionState new_state,
                                       const Error* reason, std::optional<Milliseconds> retry_delay)
{
    const auto self = element();
    if (!self)
        return;
    owner.enter(new_state, reason, retry_delay);
    if (new_state == SessionState::Reconnecting && reason != nullptr)
        post_warning(self.get(), *reason);
    owner.delegate_.on_state(old_state, new_state);
}

void ElementSession::Running::on_session_created(const calls::SessionId& id)
{
    const auto self = element();
    if (!self)
        return;
    {
        Lock lock(owner.mu_);
        owner.state_.session_id = id;
    }
    GST_INFO_OBJECT(self.get(), "session %s", id.c_str());
    g_object_notify(G_OBJECT(self.get()), "session-id");
    owner.delegate_.on_session_created(id);
}

void ElementSession::Running::on_session_lost(const calls::SessionId& id, const Error& reason)
{
    const auto self = element();
    if (!self)
        return;
    GST_WARNING_OBJECT(self.get(), "session %s lost: %s", id.c_str(), reason.message.c_str());
    owner.delegate_.on_session_lost(id, reason);
}

void ElementSession::Running::on_slot(SlotId slot, const calls::SlotInfo& info, const Error* reason)
{
    const auto self = element();
    if (!self)
        return;
    {
        Lock lock(owner.mu_);
        if (info.state == calls::SlotState::Closed)
            owner.state_.slots.erase(slot);
        else
            owner.state_.slots[slot] = info;
    }
    const bool sending = owner.slots_->sending(slot) != nullptr;
    const std::string pad = owner.slots_->name(slot);
    GST_INFO_OBJECT(self.get(), "%s: track %s of session %s, mid %s: %s", pad.c_str(),
                    info.track_name.c_str(), info.session_id.c_str(), info.mid.c_str(),
                    track_state_name(info.state, sending));
    owner.post_element_message(track_message(pad, info, sending, reason));
    owner.delegate_.on_slot(slot, info, reason);
}

void ElementSession::Running::on_api_error(const char* call, const Error& error, bool will_retry)
{
    const auto self = element();
    if (!self)
        return;
    GST_WARNING_OBJECT(self.get(), "%s failed%s: %s (%s)", call, will_retry ? ", will retry" : "",
                       error.message.c_str(), error.debug.c_str());
    owner.post_element_message(api_error_message(call, error, will_retry));
}

void ElementSession::Running::on_failed(const Error& error)
{
    const auto self = element();
    if (!self)
        return;
    post_error(self.get(), error);
    owner.delegate_.on_failed(error);
}

} // namespace cf::gst

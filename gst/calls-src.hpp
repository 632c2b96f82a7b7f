/* SPDX-License-Identifier: LGPL-2.1-or-later */
// CallsSrc: the C++ half of cfcallssrc. It turns the list of tracks into intents of the session and
// into chains, and gives each track a pad as soon as its kind is known.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gst/element-session.hpp"
#include "gst/receive-chain.hpp"
#include "gst/track-list.hpp"

namespace cf::gst
{

/// What the user set; fixed while the element runs, but for the tracks.
struct SrcSettings {
    std::optional<Result<std::vector<TrackWish>>> tracks; ///< nothing: never set
    unsigned latency_ms = 200;
    bool drop_on_latency = false;
    bool do_retransmission = true;
    std::vector<std::string> video_codecs; ///< encoding names, best first; empty: any
    std::vector<std::string> audio_codecs;
    Milliseconds pull_timeout{0};
    Milliseconds track_timeout{10000};
    bool retry_missing_track = true;
};

/// Any thread unless said otherwise.
class CallsSrc final : public std::enable_shared_from_this<CallsSrc>, public ElementDelegate
{
public:
    static std::shared_ptr<CallsSrc> create(GstElement* element);
    ~CallsSrc() override;
    CallsSrc(const CallsSrc&) = delete;
    CallsSrc& operator=(const CallsSrc&) = delete;

    [[nodiscard]] ElementSession& session() { return *session_; }
    [[nodiscard]] SrcSettings settings() const;
    void change_settings(const std::function<void(SrcSettings&)>& change);
    /// Sets the list; pulls and closes the difference while the element runs. What cannot be read
    /// is a WARNING then, and the list stays; else it is an error of start().
    void set_tracks(const std::string& text);
    // The same for single tracks, at any time; @p text is an entry of the list, @p pad a pad's
    // name. False, and a WARNING unless there is no such pad, for what cannot be done.
    bool add_track(const std::string& text);
    bool remove_track(const std::string& pad);
    /// The pad shows another track from now on (`tracks/update`).
    bool update_track(const std::string& pad, const std::string& text);

    // -- states -----------------------------------------------------------------------------------

    /// READY->PAUSED.
    [[nodiscard]] Status start();
    /// PAUSED->READY, before the children.
    void stop();
    /// PAUSED->READY, after the children: nothing streams any more.
    void drop_tracks();
    /// EOS on every pad; returns at once.
    void send_eos();
    /// A key frame of one pad (by name), or of all (empty).
    void request_key_frame(const std::string& pad);

    /// In the order of the list.
    [[nodiscard]] std::vector<Ref<GstPad>> pads() const;

private:
    struct Track {
        SlotId slot = 0;
        std::shared_ptr<ReceiveChain> chain;
        // Guarded by CallsSrc::mu_.
        TrackWish wish;
        std::string name; ///< of the pad; empty until the kind is known
        Ref<GstPad> pad;
        calls::SlotState state = calls::SlotState::Pending;
        gint64 state_since = 0;   ///< g_get_monotonic_time()
        unsigned asked_again = 0; ///< in a row, without media
        bool warned = false;
    };
    using TrackPtr = std::shared_ptr<Track>;

    explicit CallsSrc(GstElement* element);

    /// Changes the list; called with mu_ held, an error leaves it as it was.
    using Change = std::function<Status(std::vector<TrackWish>& wishes)>;
    bool change_list(const Change& change);

    // ElementDelegate
    void on_slot(SlotId slot, const calls::SlotInfo& info, const Error* reason) override;
    void on_session_created(const calls::SessionId& id) override;
    void on_session_lost(const calls::SessionId& id, const Error& reason) override;
    void on_failed(const Error& error) override;
    void add_stats(GstStructure* stats) override;

    // I/O thread: one change of the list at a time.
    void apply();
    void start_track(GstBin* element, const TrackWish& wish);
    void take_back(const TrackPtr& track);
    static void remove_pad(GstElement* element, const Ref<GstPad>& pad);
    void on_offered(SlotId slot, calls::MediaKind kind);
    void on_unusable(SlotId slot, const Error& error);
    void expose(GstElement* element, Track& track, calls::MediaKind kind);
    [[nodiscard]] std::string free_name(calls::MediaKind kind) const CF_REQUIRES(mu_);
    void announce_streams(GstElement* element);
    void complain(const TrackPtr& track, const Error& error);
    void look_for_gaps();
    void ask_again_if_silent(const TrackPtr& track);
    [[nodiscard]] std::vector<TrackPtr> tracks() const;
    [[nodiscard]] TrackPtr find(SlotId slot) const;
    [[nodiscard]] TrackPtr find_pad(const std::string& pad) const;
    [[nodiscard]] Ref<GstPad> find_gst_pad(const Track& track) const;
    [[nodiscard]] Ref<GstElement> element() const;

    mutable GWeakRef element_;
    std::shared_ptr<ElementSession> session_;
    guint group_id_ = 0; // set in start()

    mutable Mutex mu_; // guards what follows; nothing is called under it
    SrcSettings settings_ CF_GUARDED_BY(mu_);
    std::vector<TrackPtr> tracks_ CF_GUARDED_BY(mu_);
    bool running_ CF_GUARDED_BY(mu_) = false;
    bool no_more_pads_ CF_GUARDED_BY(mu_) = false;
    TimerId gap_timer_ CF_GUARDED_BY(mu_) = 0;
};

} // namespace cf::gst

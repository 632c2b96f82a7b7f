/* SPDX-License-Identifier: LGPL-2.1-or-later */
// CallsSink: the C++ half of cfcallssink. It turns what its pads learn into intents of the session,
// and what the session tells into states of the pads, messages and signals.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gst/element-session.hpp"
#include "gst/sink-pad.hpp"
#include "gst/sink-settings.hpp"

namespace cf::gst
{

/// Any thread unless said otherwise.
class CallsSink final : public std::enable_shared_from_this<CallsSink>,
                        public ElementDelegate,
                        public SinkPadOwner
{
public:
    static std::shared_ptr<CallsSink> create(GstElement* element);
    ~CallsSink() override;

    [[nodiscard]] ElementSession& session() { return *session_; }
    [[nodiscard]] SinkSettings settings() const;
    void change_settings(const std::function<void(SinkSettings&)>& change);

    // -- pads -------------------------------------------------------------------------------------

    void add_pad(std::shared_ptr<SinkPad> pad);
    /// Takes the track back and the chain down; the GstPad is the caller's.
    void release_pad(const std::string& name);
    /// In the order of their names.
    [[nodiscard]] std::vector<std::shared_ptr<SinkPad>> pads() const;
    /// Every pad's target, after an element-wide bitrate has changed.
    void apply_bitrates();
    void apply_bitrate(SinkPad& pad);
    /// Of one pad (by name), or of all (empty).
    void force_key_frame(const std::string& pad);
    /// `cfcalls-tracks`: field `tracks`, an array of `track,session-id=,track-name=,kind=,pad=`,
    /// as cfcallssrc's property takes them.
    [[nodiscard]] OwnedStructure track_locators() const;

    // -- states -----------------------------------------------------------------------------------

    struct Started {
        bool waits_for_caps = false; ///< the state change is ASYNC; async-done will follow
    };
    /// READY->PAUSED.
    [[nodiscard]] Result<Started> start();
    [[nodiscard]] bool waits_for_caps() const;
    /// Lets the state change finish, whatever is still missing.
    void stop_waiting();
    /// PAUSED->PLAYING: media can be asked for now.
    void begin_playing();
    /// PAUSED->READY, before the children.
    void stop();
    /// PAUSED->READY, after the children: nothing streams any more.
    void drop_chains();
    /// EOS on every pad, as if upstream had sent it.
    void send_eos(GstEvent* event);
    void note_eos_seqnum(guint32 seqnum) { eos_seqnum_ = seqnum; }

private:
    explicit CallsSink(GstElement* element);

    // SinkPadOwner
    SendWish wish_for(SinkPad& pad) override;
    SlotTable& slot_table() override { return session_->slots(); }
    Ref<GstElement> pad_owner_element() override { return element(); }
    void on_pad_caps(SinkPad& pad) override;
    void on_pad_ready(SinkPad& pad, SlotId slot) override;
    void on_pad_slot_gone(SinkPad& pad, SlotId slot) override;
    void on_pad_eos(SinkPad& pad, SlotId slot) override;
    void on_pad_error(SinkPad& pad, const Error& error) override;
    bool on_encoder(SinkPad& pad, GstElement* encoder) override;
    bool on_payloader(SinkPad& pad, GstElement* payloader) override;

    // ElementDelegate
    void on_slot(SlotId slot, const calls::SlotInfo& info, const Error* reason) override;
    void on_session_created(const calls::SessionId& id) override;
    void on_session_lost(const calls::SessionId& id, const Error& reason) override;
    void add_stats(GstStructure* stats) override;

    [[nodiscard]] Ref<GstElement> element() const;
    [[nodiscard]] std::shared_ptr<SinkPad> pad_of(SlotId slot) const;
    void caps_are_known(const std::string& pad);
    void is_settled(const std::string& pad);
    void post_async_done();
    void release_held();
    void warn_about_silent_pads();
    /// Runs @p task on the I/O thread after @p delay, unless the element is stopped meanwhile.
    void later(Milliseconds delay, std::function<void(CallsSink&)> task);
    [[nodiscard]] bool name_is_taken(const SinkPad& pad) const;
    void take_back(SlotId slot);
    [[nodiscard]] bool all_pads_at_eos() const;
    void finish_eos_if_done();
    void post_eos();
    void report_slot_failure(SinkPad& pad, const Error& error);

    mutable GWeakRef element_;
    std::shared_ptr<ElementSession> session_;
    const std::shared_ptr<PayloadTypes> payload_types_ = std::make_shared<PayloadTypes>();
    std::atomic<guint32> eos_seqnum_ = GST_SEQNUM_INVALID;

    struct State {
        unsigned run = 0; ///< counts starts, so that a late timer is known for what it is
        bool async_pending = false;
        std::set<std::string> awaiting_caps; ///< pads for which the state change waits
        std::set<std::string> unsettled;     ///< pads for which the first offer waits
        std::vector<calls::PublishIntent> held;
        std::set<SlotId> published;
        std::set<SlotId> closing; ///< taken back, not confirmed yet
        bool eos_posted = false;
    };

    mutable Mutex mu_; // guards what follows; nothing is called under it
    SinkSettings settings_ CF_GUARDED_BY(mu_);
    State state_ CF_GUARDED_BY(mu_);
    std::map<std::string, std::shared_ptr<SinkPad>> pads_ CF_GUARDED_BY(mu_);
};

} // namespace cf::gst

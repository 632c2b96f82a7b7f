/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SinkPad: the C++ half of a pad of cfcallssink. It builds a SendChain when it learns what arrives,
// replaces it when something else arrives, and keeps what the application reads on the pad.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gst/send-chain.hpp"
#include "gst/sink-settings.hpp"
#include "gst/slot-table.hpp"
#include "lib/base/mutex.hpp"
#include "lib/calls/session.hpp"

namespace cf::gst
{

/// `track-state`, with the nicks none, pending, published, closed, error.
enum class TrackState { None, Pending, Published, Closed, Error };

class SinkPad;

/// What a pad needs of its element. Streaming threads.
class SinkPadOwner
{
public:
    virtual ~SinkPadOwner() = default;
    /// What to build; the bitrate and the codecs are resolved against the element's.
    [[nodiscard]] virtual SendWish wish_for(SinkPad& pad) = 0;
    [[nodiscard]] virtual SlotTable& slot_table() = 0;
    /// (transfer none) The pad's element.
    [[nodiscard]] virtual Ref<GstElement> pad_owner_element() = 0;
    /// The pad knows what arrives.
    virtual void on_pad_caps(SinkPad& pad) = 0;
    virtual void on_pad_ready(SinkPad& pad, SlotId slot) = 0;
    /// The chain of @p slot is going, or has nothing more to send.
    virtual void on_pad_slot_gone(SinkPad& pad, SlotId slot) = 0;
    virtual void on_pad_eos(SinkPad& pad, SlotId slot) = 0;
    virtual void on_pad_error(SinkPad& pad, const Error& error) = 0;
    /// The application's hooks; true: our own set-up is left out.
    virtual bool on_encoder(SinkPad& pad, GstElement* encoder) = 0;
    virtual bool on_payloader(SinkPad& pad, GstElement* payloader) = 0;
};

/// Any thread unless said otherwise. Caps and EOS come on the upstream streaming thread.
class SinkPad final : public std::enable_shared_from_this<SinkPad>
{
public:
    SinkPad(GstGhostPad* pad, calls::MediaKind kind);
    ~SinkPad();
    SinkPad(const SinkPad&) = delete;
    SinkPad& operator=(const SinkPad&) = delete;

    /// Once, before the pad is added to its element.
    void set_owner(std::weak_ptr<SinkPadOwner> owner) { owner_ = std::move(owner); }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] calls::MediaKind kind() const { return kind_; }
    [[nodiscard]] Ref<GstPad> pad() const; ///< null once the pad is gone

    [[nodiscard]] PadSettings settings() const;
    void change_settings(const std::function<void(PadSettings&)>& change);
    void apply_bitrate(unsigned bits_per_second);
    void request_key_frame();
    /// After `mute` or `mute-mode` has changed.
    void apply_mute();
    /// After `active` has changed: the track is closed at once; the chain goes, or comes, with the
    /// next buffer.
    void apply_active();

    /// Whether the caps can be published; reports the error if not. Upstream streaming thread.
    bool take_caps(const GstCaps* caps);
    /// Before a buffer is passed on: makes the chain as `active` and `mute` want it. False: the
    /// buffer is not wanted. Upstream streaming thread.
    bool prepare();
    /// EOS without a chain that would carry it. Upstream streaming thread.
    void take_early_eos();
    [[nodiscard]] bool has_chain() const;
    void report(const Error& error);
    /// Takes the chain down and forgets its slot. Not on a streaming thread of the chain itself.
    void drop_chain();

    struct View {
        TrackState state = TrackState::None;
        std::string session_id;
        std::string mid;
    };
    [[nodiscard]] View view() const;
    /// The slot of the present chain; 0: none.
    [[nodiscard]] SlotId slot() const;
    /// What the session says of our slot; I/O thread. False: it is about an earlier slot.
    bool update(SlotId slot, const calls::SlotInfo& info);
    [[nodiscard]] std::optional<calls::TrackLocator> locator() const;
    [[nodiscard]] bool at_eos() const;
    void add_stats(GstStructure* stats) const;

private:
    [[nodiscard]] std::shared_ptr<SendChain> chain() const;
    [[nodiscard]] SendChainEvents chain_events(SlotId slot);
    bool install(std::shared_ptr<SendChain> chain);
    void set_view(View view);

    mutable GWeakRef pad_;
    const std::string name_;
    const calls::MediaKind kind_;
    std::weak_ptr<SinkPadOwner> owner_;

    mutable Mutex mu_; // guards what follows; nothing is called under it
    PadSettings settings_ CF_GUARDED_BY(mu_);
    View view_ CF_GUARDED_BY(mu_);
    std::shared_ptr<SendChain> chain_ CF_GUARDED_BY(mu_);
    bool eos_ CF_GUARDED_BY(mu_) = false;
    bool muted_ CF_GUARDED_BY(mu_) = false;
    gint64 muted_since_ CF_GUARDED_BY(mu_) = 0; ///< g_get_monotonic_time()
    bool renew_ CF_GUARDED_BY(mu_) = false;     ///< the service has forgotten the track
};

} // namespace cf::gst

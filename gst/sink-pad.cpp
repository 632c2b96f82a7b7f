/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/sink-pad.hpp"

namespace cf::gst
{
namespace
{

// The service collects tracks that have sent nothing for 30 s.
constexpr gint64 kCollectedAfter = 25 * G_TIME_SPAN_SECOND;

// A name that no other track of the session has, unless the user gives one.
std::string random_track_name(const std::string& pad_name)
{
    const OwnedString suffix(g_strdup_printf("-%08x", g_random_int()));
    return pad_name + suffix.get();
}

TrackState track_state(calls::SlotState state)
{
    switch (state) {
    case calls::SlotState::Pending:
        return TrackState::Pending;
    case calls::SlotState::Active:
        return TrackState::Published;
    case calls::SlotState::Closed:
        return TrackState::Closed;
    case calls::SlotState::Failed:
        break;
    }
    return TrackState::Error;
}

bool upstream_is_live(GstPad* pad)
{
    const auto query = Ref<GstQuery>::adopt(gst_query_new_latency());
    gboolean live = FALSE;
    if (gst_pad_peer_query(pad, query.get()))
        gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
    return live;
}

} // namespace

SinkPad::SinkPad(GstGhostPad* pad, calls::MediaKind kind) : name_(GST_PAD_NAME(pad)), kind_(kind)
{
    g_weak_ref_init(&pad_, pad);
    settings_.track_name = random_track_name(name_);
}

SinkPad::~SinkPad()
{
    g_weak_ref_clear(&pad_);
}

Ref<GstPad> SinkPad::pad() const
{
    return Ref<GstPad>::from_weak(&pad_);
}

PadSettings SinkPad::settings() const
{
    Lock lock(mu_);
    return settings_;
}

void SinkPad::change_settings(const std::function<void(PadSettings&)>& change)
{
    Lock lock(mu_);
    change(settings_);
}

std::shared_ptr<SendChain> SinkPad::chain() const
{
    Lock lock(mu_);
    return chain_;
}

bool SinkPad::has_chain() const
{
    return chain() != nullptr;
}

SlotId SinkPad::slot() const
{
    const auto current = chain();
    return current ? current->id() : 0;
}

void SinkPad::apply_bitrate(unsigned bits_per_second)
{
    if (const auto current = chain())
        current->set_bitrate(bits_per_second);
}

void SinkPad::request_key_frame()
{
    const auto current = chain();
    if (current && current->kind() == calls::MediaKind::Video)
        current->request_key_frame();
}

void SinkPad::apply_mute()
{
    const auto current = chain();
    const PadSettings s = settings();
    if (current)
        current->set_muted(s.mute, s.mute_mode == MuteMode::Filler);
    const bool was_silent =
        current && (s.mute_mode == MuteMode::Drop || current->encoder_name().empty());
    Lock lock(mu_);
    if (std::exchange(muted_, s.mute) == s.mute)
        return;
    const gint64 now = g_get_monotonic_time();
    if (s.mute)
        muted_since_ = now;
    else
        renew_ = was_silent && now - muted_since_ >= kCollectedAfter;
}

void SinkPad::apply_active()
{
    const auto current = chain();
    const auto owner = owner_.lock();
    if (settings().active || !current || !owner)
        return;
    current->set_gate(false);
    owner->on_pad_slot_gone(*this, current->id());
    set_view({.state = TrackState::None});
}

bool SinkPad::prepare()
{
    const bool active = settings().active;
    const bool renew = [&] {
        Lock lock(mu_);
        return std::exchange(renew_, false);
    }();
    if (!active || renew)
        drop_chain();
    if (!active || has_chain())
        return active;
    const auto self = pad();
    const auto caps = self ? Ref<GstCaps>::adopt(gst_pad_get_current_caps(self.get())) : nullptr;
    return !caps || at_eos() || take_caps(caps.get()); // without caps: see on_buffer()
}

void SinkPad::report(const Error& error)
{
    if (const auto owner = owner_.lock())
        owner->on_pad_error(*this, error);
    set_view({.state = TrackState::Error});
}

bool SinkPad::take_caps(const GstCaps* caps)
{
    const auto owner = owner_.lock();
    const auto self = pad();
    if (!owner || !self)
        return false;
    const auto input = read_input(kind_, caps);
    if (!input) {
        report(input.error());
        return false;
    }
    if (!settings().active) {
        owner->on_pad_caps(*this);
        return true;
    }
    if (const auto current = chain(); current && current->input().covers(*input) && !at_eos())
        return true;
    drop_chain();

    SendWish wish = owner->wish_for(*this);
    wish.live = upstream_is_live(self.get());
    const SlotId id = owner->slot_table().allocate();
    auto built = SendChain::build(id, wish, *input, caps, chain_events(id));
    if (!built) {
        report(built.error());
        return false;
    }
    if (!install(built.take()))
        return false;
    apply_mute();
    owner->on_pad_caps(*this);
    return true;
}

bool SinkPad::install(std::shared_ptr<SendChain> chain)
{
    const auto owner = owner_.lock();
    const auto self = pad();
    const auto element = owner ? owner->pad_owner_element() : Ref<GstElement>();
    if (!element || !self)
        return false;
    {
        Lock lock(mu_);
        chain_ = chain;
        eos_ = false;
    }
    owner->slot_table().add(name_, chain);
    set_view({.state = TrackState::Pending});
    gst_bin_add(GST_BIN(element.get()), GST_ELEMENT(chain->bin()));
    gst_element_sync_state_with_parent(GST_ELEMENT(chain->bin()));
    gst_ghost_pad_set_target(GST_GHOST_PAD(self.get()), chain->input_pad().get());
    GST_INFO_OBJECT(self.get(), "%s as track %s, %s%s", chain->codec().name,
                    settings().track_name.c_str(),
                    chain->encoder_name().empty() ? "as it comes" : "encoded by ",
                    chain->encoder_name().c_str());
    return true;
}

SendChainEvents SinkPad::chain_events(SlotId slot)
{
    // Runs @p call if the pad and its element are still there.
    const auto with_owner = [weak = weak_from_this()](auto call) {
        const auto self = weak.lock();
        const auto owner = self ? self->owner_.lock() : nullptr;
        if (owner)
            call(*self, *owner);
    };
    return {.on_ready =
                [=] {
                    with_owner([=](SinkPad& self, SinkPadOwner& owner) {
                        owner.on_pad_ready(self, slot);
                    });
                },
            .on_eos =
                [=] {
                    with_owner([=](SinkPad& self, SinkPadOwner& owner) {
                        {
                            Lock lock(self.mu_);
                            self.eos_ = true;
                        }
                        owner.on_pad_eos(self, slot);
                    });
                },
            .on_unusable =
                [=](const Error& error) {
                    with_owner([&](SinkPad& self, SinkPadOwner& owner) {
                        self.report(error);
                        owner.on_pad_slot_gone(self, slot);
                    });
                },
            .setup_encoder =
                [=](GstElement* encoder) {
                    bool done = false;
                    with_owner([&](SinkPad& self, SinkPadOwner& owner) {
                        done = owner.on_encoder(self, encoder);
                    });
                    return done;
                },
            .setup_payloader =
                [=](GstElement* payloader) {
                    bool done = false;
                    with_owner([&](SinkPad& self, SinkPadOwner& owner) {
                        done = owner.on_payloader(self, payloader);
                    });
                    return done;
                }};
}

void SinkPad::take_early_eos()
{
    {
        Lock lock(mu_);
        eos_ = true;
    }
    if (const auto owner = owner_.lock())
        owner->on_pad_eos(*this, 0);
}

bool SinkPad::at_eos() const
{
    Lock lock(mu_);
    return eos_;
}

void SinkPad::drop_chain()
{
    const auto last = [&] {
        Lock lock(mu_);
        eos_ = false;
        return std::exchange(chain_, nullptr);
    }();
    if (last == nullptr)
        return;
    const auto owner = owner_.lock();
    if (owner)
        owner->on_pad_slot_gone(*this, last->id());
    last->set_gate(false);
    // First NULL, which lets go of whoever waits in the queue or for the clock; then the links.
    gst_element_set_locked_state(GST_ELEMENT(last->bin()), TRUE);
    gst_element_set_state(GST_ELEMENT(last->bin()), GST_STATE_NULL);
    if (const auto self = pad())
        gst_ghost_pad_set_target(GST_GHOST_PAD(self.get()), nullptr);
    if (const auto parent = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(last->bin()))))
        gst_bin_remove(GST_BIN(parent.get()), GST_ELEMENT(last->bin()));
    set_view({.state = TrackState::None});
}

SinkPad::View SinkPad::view() const
{
    Lock lock(mu_);
    return view_;
}

void SinkPad::set_view(View view)
{
    const View old = [&] {
        Lock lock(mu_);
        return std::exchange(view_, view);
    }();
    const auto self = pad();
    if (!self)
        return;
    if (old.state != view.state)
        g_object_notify(G_OBJECT(self.get()), "track-state");
    if (old.mid != view.mid)
        g_object_notify(G_OBJECT(self.get()), "mid");
    if (old.session_id != view.session_id)
        g_object_notify(G_OBJECT(self.get()), "session-id");
}

bool SinkPad::update(SlotId slot, const calls::SlotInfo& info)
{
    if (slot == 0 || slot != this->slot())
        return false;
    set_view({.state = track_state(info.state), .session_id = info.session_id, .mid = info.mid});
    return true;
}

std::optional<calls::TrackLocator> SinkPad::locator() const
{
    Lock lock(mu_);
    if (view_.state != TrackState::Published)
        return std::nullopt;
    return calls::TrackLocator{.session_id = view_.session_id, .track_name = settings_.track_name};
}

void SinkPad::add_stats(GstStructure* stats) const
{
    const auto self = pad();
    const auto current = chain();
    if (!self || !current)
        return;
    const View now = view();
    const SendGate::Counters counters = current->counters();
    const OwnedStructure of_pad(gst_structure_new(
        "application/x-cfcalls-pad-stats", "track-name", G_TYPE_STRING,
        settings().track_name.c_str(), "mid", G_TYPE_STRING, now.mid.c_str(), "codec",
        G_TYPE_STRING, current->codec().encoding_name, "encoder", G_TYPE_STRING,
        current->encoder_name().c_str(), "packets", G_TYPE_UINT64, counters.packets, "bytes",
        G_TYPE_UINT64, counters.bytes, "dropped", G_TYPE_UINT64, counters.dropped, "key-requests",
        G_TYPE_UINT64, counters.key_requests, nullptr));
    gst_structure_set(stats, GST_PAD_NAME(self.get()), GST_TYPE_STRUCTURE, of_pad.get(), nullptr);
}

} // namespace cf::gst

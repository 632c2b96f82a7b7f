/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Pads and states; what the session tells is in calls-sink-events.cpp.
#include "gst/calls-sink.hpp"

#include <algorithm>

#include "gst/gst-error.hpp"

namespace cf::gst
{
namespace
{

bool takes_part(const SinkPad& pad)
{
    const auto self = pad.pad();
    return self && pad.settings().active && (gst_pad_is_linked(self.get()) || pad.has_chain());
}

GstBinClass* bin_class()
{
    return static_cast<GstBinClass*>(g_type_class_peek(GST_TYPE_BIN));
}

} // namespace

std::shared_ptr<CallsSink> CallsSink::create(GstElement* element)
{
    std::shared_ptr<CallsSink> sink(new CallsSink(element));
    sink->session_ = ElementSession::create(element, *sink);
    return sink;
}

CallsSink::CallsSink(GstElement* element)
{
    g_weak_ref_init(&element_, element);
}

CallsSink::~CallsSink()
{
    g_weak_ref_clear(&element_);
}

Ref<GstElement> CallsSink::element() const
{
    return Ref<GstElement>::from_weak(&element_);
}

SinkSettings CallsSink::settings() const
{
    Lock lock(mu_);
    return settings_;
}

void CallsSink::change_settings(const std::function<void(SinkSettings&)>& change)
{
    Lock lock(mu_);
    change(settings_);
}

// -- pads -----------------------------------------------------------------------------------------

void CallsSink::add_pad(std::shared_ptr<SinkPad> pad)
{
    pad->set_owner(weak_from_this());
    const std::string name = pad->name();
    Lock lock(mu_);
    pads_[name] = std::move(pad);
}

void CallsSink::release_pad(const std::string& name)
{
    std::shared_ptr<SinkPad> pad;
    {
        Lock lock(mu_);
        if (const auto it = pads_.find(name); it != pads_.end()) {
            pad = it->second;
            pads_.erase(it);
        }
    }
    if (pad == nullptr)
        return;
    pad->drop_chain();
    is_settled(name);
    finish_eos_if_done();
}

std::vector<std::shared_ptr<SinkPad>> CallsSink::pads() const
{
    std::vector<std::shared_ptr<SinkPad>> list;
    Lock lock(mu_);
    for (const auto& [name, pad] : pads_)
        list.push_back(pad);
    return list;
}

std::shared_ptr<SinkPad> CallsSink::pad_of(SlotId slot) const
{
    for (const auto& pad : pads()) {
        if (pad->slot() == slot)
            return pad;
    }
    return nullptr;
}

void CallsSink::apply_bitrate(SinkPad& pad)
{
    pad.apply_bitrate(target_bitrate(pad.kind(), settings(), pad.settings()));
}

void CallsSink::apply_bitrates()
{
    for (const auto& pad : pads())
        apply_bitrate(*pad);
}

void CallsSink::force_key_frame(const std::string& name)
{
    for (const auto& pad : pads()) {
        if (name.empty() || name == pad->name())
            pad->request_key_frame();
    }
}

OwnedStructure CallsSink::track_locators() const
{
    GValue tracks = G_VALUE_INIT;
    g_value_init(&tracks, GST_TYPE_ARRAY);
    for (const auto& pad : pads()) {
        const auto locator = pad->locator();
        if (!locator)
            continue;
        GValue track = G_VALUE_INIT;
        g_value_init(&track, GST_TYPE_STRUCTURE);
        g_value_take_boxed(
            &track, gst_structure_new("track", "session-id", G_TYPE_STRING,
                                      locator->session_id.c_str(), "track-name", G_TYPE_STRING,
                                      locator->track_name.c_str(), "kind", G_TYPE_STRING,
                                      pad->kind() == calls::MediaKind::Audio ? "audio" : "video",
                                      "pad", G_TYPE_STRING, pad->name().c_str(), nullptr));
        gst_value_array_append_and_take_value(&tracks, &track);
    }
    OwnedStructure s(gst_structure_new_empty("cfcalls-tracks"));
    gst_structure_take_value(s.get(), "tracks", &tracks);
    return s;
}

// -- states ---------------------------------------------------------------------------------------

Result<CallsSink::Started> CallsSink::start()
{
    State fresh;
    for (const auto& pad : pads()) {
        if (takes_part(*pad))
            fresh.awaiting_caps.insert(pad->name());
    }
    fresh.unsettled = fresh.awaiting_caps;
    fresh.async_pending = !fresh.awaiting_caps.empty();
    const bool waits = fresh.async_pending;
    const SinkSettings now = settings();
    {
        Lock lock(mu_);
        fresh.run = state_.run + 1;
        state_ = std::move(fresh);
    }
    CF_TRY(session_->start({.retransmission = now.do_retransmission}));
    // A pad that stays silent must not keep the pipeline from PAUSED for ever.
    if (waits)
        later(now.caps_timeout, [](CallsSink& self) { self.stop_waiting(); });
    return Started{.waits_for_caps = waits};
}

bool CallsSink::waits_for_caps() const
{
    Lock lock(mu_);
    return state_.async_pending;
}

void CallsSink::begin_playing()
{
    const bool waiting = [&] {
        Lock lock(mu_);
        return !state_.unsettled.empty();
    }();
    if (!waiting)
        return;
    later(settings().caps_timeout, [](CallsSink& self) {
        self.warn_about_silent_pads();
        self.release_held();
    });
}

void CallsSink::stop()
{
    const auto last = [&] {
        Lock lock(mu_);
        return std::exchange(state_,
                             State{.run = state_.run + 1, .async_pending = state_.async_pending});
    }();
    session_->stop();
    for (const SlotId slot : last.closing)
        session_->slots().remove(slot);
}

void CallsSink::drop_chains()
{
    for (const auto& pad : pads())
        pad->drop_chain();
}

void CallsSink::later(Milliseconds delay, std::function<void(CallsSink&)> task)
{
    const auto executor = session_->executor();
    if (executor == nullptr)
        return;
    const unsigned run = [&] {
        Lock lock(mu_);
        return state_.run;
    }();
    (void)executor->call_later(delay, [weak = weak_from_this(), run, task = std::move(task)] {
        const auto self = weak.lock();
        const auto held = self ? self->element() : Ref<GstElement>();
        if (!held)
            return;
        const bool same_run = [&] {
            Lock lock(self->mu_);
            return self->state_.run == run;
        }();
        if (same_run)
            task(*self);
    });
}

void CallsSink::caps_are_known(const std::string& pad)
{
    const bool done = [&] {
        Lock lock(mu_);
        state_.awaiting_caps.erase(pad);
        return state_.awaiting_caps.empty() && std::exchange(state_.async_pending, false);
    }();
    if (done)
        post_async_done();
}

void CallsSink::stop_waiting()
{
    const bool pending = [&] {
        Lock lock(mu_);
        state_.awaiting_caps.clear();
        return std::exchange(state_.async_pending, false);
    }();
    if (pending)
        post_async_done();
}

void CallsSink::post_async_done()
{
    const auto self = element();
    if (self)
        bin_class()->handle_message(
            GST_BIN(self.get()),
            gst_message_new_async_done(GST_OBJECT(self.get()), GST_CLOCK_TIME_NONE));
}

void CallsSink::warn_about_silent_pads()
{
    const auto self = element();
    if (!self)
        return;
    for (const auto& pad : pads()) {
        if (takes_part(*pad) && !pad->has_chain() && !pad->at_eos()) {
            post_warning(self.get(),
                         {.code = ErrorCode::Media,
                          .message = "Nothing has arrived on pad " + pad->name() +
                                     " yet: check what is linked to it. The other pads are "
                                     "published without it."});
        }
    }
}

void CallsSink::is_settled(const std::string& pad)
{
    caps_are_known(pad);
    const bool last = [&] {
        Lock lock(mu_);
        return state_.unsettled.erase(pad) > 0 && state_.unsettled.empty();
    }();
    if (last)
        release_held();
}

void CallsSink::release_held()
{
    auto intents = [&] {
        Lock lock(mu_);
        state_.unsettled.clear();
        auto held = std::exchange(state_.held, {});
        for (const calls::PublishIntent& intent : held)
            state_.published.insert(intent.slot);
        return held;
    }();
    if (!intents.empty())
        session_->publish(std::move(intents));
}

// -- end of stream --------------------------------------------------------------------------------

void CallsSink::send_eos(GstEvent* event)
{
    const auto self = element();
    if (!self)
        return;
    // Not here: a pad whose queue is full takes the event only when there is room.
    gst_element_call_async(
        self.get(),
        [](GstElement* sink, gpointer data) {
            auto* eos = static_cast<GstEvent*>(data);
            const auto push = [](GstElement*, GstPad* pad, gpointer e) -> gboolean {
                gst_pad_send_event(pad, gst_event_ref(static_cast<GstEvent*>(e)));
                return TRUE;
            };
            gst_element_foreach_sink_pad(sink, push, eos);
        },
        gst_event_ref(event), [](gpointer data) { gst_event_unref(static_cast<GstEvent*>(data)); });
}

bool CallsSink::all_pads_at_eos() const
{
    bool any = false;
    for (const auto& pad : pads()) {
        if (pad->at_eos())
            any = true;
        else if (takes_part(*pad))
            return false;
    }
    return any;
}

void CallsSink::finish_eos_if_done()
{
    if (!all_pads_at_eos())
        return;
    const bool closing = [&] {
        Lock lock(mu_);
        return !state_.closing.empty();
    }();
    if (!closing) {
        post_eos();
        return;
    }
    // The goodbye is under way; it must not keep the pipeline for longer than was agreed.
    later(session_->settings().close_timeout, [](CallsSink& self) {
        if (self.all_pads_at_eos())
            self.post_eos();
    });
}

void CallsSink::post_eos()
{
    const auto self = element();
    const bool first = [&] {
        Lock lock(mu_);
        return !std::exchange(state_.eos_posted, true);
    }();
    if (!self || !first)
        return;
    GstMessage* message = gst_message_new_eos(GST_OBJECT(self.get()));
    if (eos_seqnum_ != GST_SEQNUM_INVALID)
        gst_message_set_seqnum(message, eos_seqnum_);
    gst_element_post_message(self.get(), message);
}

void CallsSink::take_back(SlotId slot)
{
    const bool was_published = [&] {
        Lock lock(mu_);
        std::erase_if(state_.held, [slot](const auto& intent) { return intent.slot == slot; });
        if (state_.published.erase(slot) == 0)
            return false;
        state_.closing.insert(slot);
        return true;
    }();
    // Of a track that is closed at the SFU we want to hear by its pad's name.
    if (was_published)
        session_->remove(slot);
    else
        session_->slots().remove(slot);
}

} // namespace cf::gst

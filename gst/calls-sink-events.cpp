/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What the pads learn (streaming threads) and what the session tells (I/O thread).
#include <algorithm>

#include "gst/calls-sink.hpp"
#include "gst/gst-error.hpp"
#include "gst/sink-signals.hpp"

namespace cf::gst
{

using calls::MediaKind;
using calls::SlotState;

SendWish CallsSink::wish_for(SinkPad& pad)
{
    const SinkSettings element_settings = settings();
    const PadSettings s = pad.settings();
    const auto& inherited =
        pad.kind() == MediaKind::Audio ? element_settings.audio_caps : element_settings.video_caps;
    return {.pad_name = pad.name(),
            .kind = pad.kind(),
            .codecs = s.codec_caps ? s.codec_caps : inherited,
            .encoder = s.encoder,
            .bitrate = target_bitrate(pad.kind(), element_settings, s),
            .opus_dtx = s.opus_dtx,
            .opus_fec = s.opus_fec,
            .opus_stereo = s.opus_stereo,
            .retransmission = s.do_retransmission && element_settings.do_retransmission,
            .payload_types = payload_types_};
}

void CallsSink::on_pad_caps(SinkPad& pad)
{
    {
        Lock lock(mu_);
        state_.eos_posted = false;
    }
    caps_are_known(pad.name());
}

bool CallsSink::name_is_taken(const SinkPad& pad) const
{
    const std::string name = pad.settings().track_name;
    const auto all = pads();
    return std::any_of(all.begin(), all.end(), [&](const auto& other) {
        return other.get() != &pad && other->has_chain() && other->settings().track_name == name;
    });
}

void CallsSink::on_pad_ready(SinkPad& pad, SlotId slot)
{
    if (name_is_taken(pad)) {
        pad.report({.code = ErrorCode::InvalidArgument,
                    .message = "Two pads have the same track-name: give each its own."});
        is_settled(pad.name());
        return;
    }
    calls::PublishIntent intent{
        .slot = slot, .kind = pad.kind(), .track_name = pad.settings().track_name};
    const std::string name = pad.name();
    const bool hold = [&] {
        Lock lock(mu_);
        state_.held.push_back(std::move(intent));
        state_.unsettled.erase(name);
        return !state_.unsettled.empty();
    }();
    // The first offer takes all tracks that are about to be there: one round trip for all.
    if (!hold)
        release_held();
}

void CallsSink::on_pad_slot_gone(SinkPad& pad, SlotId slot)
{
    take_back(slot);
    is_settled(pad.name());
}

void CallsSink::on_pad_eos(SinkPad& pad, SlotId slot)
{
    if (const auto self = element())
        GST_INFO_OBJECT(self.get(), "%s: end of stream", pad.name().c_str());
    take_back(slot);
    is_settled(pad.name());
    finish_eos_if_done();
}

void CallsSink::on_pad_error(SinkPad& pad, const Error& error)
{
    if (const auto self = element())
        post_error(self.get(), error);
    is_settled(pad.name());
}

bool CallsSink::on_encoder(SinkPad& pad, GstElement* encoder)
{
    const auto self = element();
    return self && emit_encoder_setup(self.get(), session_->session_id(), pad.name(), encoder);
}

bool CallsSink::on_payloader(SinkPad& pad, GstElement* payloader)
{
    const auto self = element();
    return self && emit_payloader_setup(self.get(), session_->session_id(), pad.name(), payloader);
}

// -- session --------------------------------------------------------------------------------------

void CallsSink::on_session_created(const calls::SessionId& id)
{
    if (const auto self = element())
        emit_session_created(self.get(), id);
}

void CallsSink::on_session_lost(const calls::SessionId& id, const Error&)
{
    if (const auto self = element())
        emit_session_lost(self.get(), id);
}

void CallsSink::on_slot(SlotId slot, const calls::SlotInfo& info, const Error* reason)
{
    const bool ended = info.state == SlotState::Closed || info.state == SlotState::Failed;
    if (ended) {
        Lock lock(mu_);
        state_.closing.erase(slot);
        state_.published.erase(slot);
    }
    if (ended)
        session_->slots().remove(slot);
    const auto self = element();
    if (const auto pad = pad_of(slot); pad && self) {
        const bool was_published = pad->view().state == TrackState::Published;
        (void)pad->update(slot, info);
        const auto gst_pad = pad->pad();
        if (gst_pad && info.state == SlotState::Active && !was_published)
            emit_track_published(self.get(), gst_pad.get(),
                                 {.session_id = info.session_id, .track_name = info.track_name});
        if (gst_pad && ended)
            emit_track_closed(self.get(), gst_pad.get(),
                              reason != nullptr ? reason->message.c_str() : "The track ended.");
        if (info.state == SlotState::Failed && reason != nullptr)
            report_slot_failure(*pad, *reason);
    }
    if (ended)
        finish_eos_if_done();
}

void CallsSink::report_slot_failure(SinkPad& pad, const Error& error)
{
    const auto self = element();
    if (!self)
        return;
    const auto all = pads();
    const bool others_live = std::any_of(all.begin(), all.end(), [&](const auto& other) {
        const TrackState state = other->view().state;
        return other.get() != &pad &&
               (state == TrackState::Pending || state == TrackState::Published);
    });
    if (others_live)
        post_warning(self.get(), error);
    else
        post_error(self.get(), error);
}

void CallsSink::add_stats(GstStructure* stats)
{
    for (const auto& pad : pads())
        pad->add_stats(stats);
}

} // namespace cf::gst

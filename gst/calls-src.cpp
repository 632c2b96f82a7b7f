/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Settings and states; the list of tracks is in calls-src-list.cpp, pads and what the session tells
// in calls-src-events.cpp.
#include "gst/calls-src.hpp"

#include <algorithm>
#include <utility>

#include "gst/background-work.hpp"
#include "gst/gst-error.hpp"
#include "gst/src-signals.hpp"

namespace cf::gst
{

namespace
{

constexpr Milliseconds kGapInterval{500};

std::vector<sdp::CodecPreference> preferences(const std::vector<std::string>& names)
{
    std::vector<sdp::CodecPreference> out;
    for (const auto& name : names)
        out.push_back({name, {}});
    return out;
}

void set_drop_on_latency(GstElement* webrtcbin)
{
    const auto rtpbin = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(webrtcbin), "rtpbin"));
    if (rtpbin)
        g_object_set(rtpbin.get(), "drop-on-latency", TRUE, nullptr);
}

} // namespace

std::shared_ptr<CallsSrc> CallsSrc::create(GstElement* element)
{
    std::shared_ptr<CallsSrc> src(new CallsSrc(element));
    src->session_ = ElementSession::create(element, *src);
    return src;
}

CallsSrc::CallsSrc(GstElement* element)
{
    g_weak_ref_init(&element_, element);
}

CallsSrc::~CallsSrc()
{
    g_weak_ref_clear(&element_);
}

Ref<GstElement> CallsSrc::element() const
{
    return Ref<GstElement>::from_weak(&element_);
}

// -- settings -------------------------------------------------------------------------------------

SrcSettings CallsSrc::settings() const
{
    Lock lock(mu_);
    return settings_;
}

void CallsSrc::change_settings(const std::function<void(SrcSettings&)>& change)
{
    Lock lock(mu_);
    change(settings_);
}

// -- states ---------------------------------------------------------------------------------------

Status CallsSrc::start()
{
    const SrcSettings s = settings();
    CF_TRY(session_->validate());
    if (!s.tracks)
        return Error{ErrorCode::InvalidArgument,
                     "There is nothing to pull: set the property tracks to SESSION/TRACK, as the "
                     "publisher announces it."};
    if (!s.tracks->ok())
        return s.tracks->error();
    CF_TRY(session_->start(
        {.latency_ms = s.latency_ms,
         .retransmission = s.do_retransmission,
         .pull_timeout = s.pull_timeout,
         .retry_missing_track = s.retry_missing_track,
         .audio_codecs = preferences(s.audio_codecs),
         .video_codecs = preferences(s.video_codecs),
         .on_webrtcbin = [weak = weak_from_this(), drop = s.drop_on_latency](GstElement* bin) {
             if (drop)
                 set_drop_on_latency(bin);
             const auto self = weak.lock();
             const auto src = self ? self->element() : nullptr;
             if (src)
                 emit_webrtcbin_ready(src.get(), self->session_->session_id(), bin);
         }}));
    group_id_ = gst_util_group_id_next();
    {
        Lock lock(mu_);
        running_ = true;
        no_more_pads_ = false;
    }
    session_->post([self = shared_from_this()] {
        self->apply();
        self->look_for_gaps();
    });
    return ok_status();
}

void CallsSrc::stop()
{
    const auto executor = session_->executor();
    const TimerId timer = [&] {
        Lock lock(mu_);
        running_ = false;
        return std::exchange(gap_timer_, 0);
    }();
    if (executor)
        executor->cancel(timer);
    session_->stop();
}

void CallsSrc::drop_tracks()
{
    const auto gone = [&] {
        Lock lock(mu_);
        return std::exchange(tracks_, {});
    }();
    const auto self = element();
    for (const TrackPtr& track : gone) {
        session_->slots().remove(track->slot);
        track->chain->take_down();
        if (self && track->pad)
            remove_pad(self.get(), track->pad);
    }
}

// -- what goes to all of them
// ----------------------------------------------------------------------

// Each track by itself: one may be held up downstream until another has ended, as by a muxer that
// waits for both.
void CallsSrc::send_eos()
{
    for (const TrackPtr& track : tracks())
        run_in_background("cfcalls-eos", [track] { track->chain->finish(); });
}

void CallsSrc::request_key_frame(const std::string& pad)
{
    Lock lock(mu_);
    for (const TrackPtr& track : tracks_) {
        if (pad.empty() || pad == track->name)
            track->chain->request_key_frame();
    }
}

// -- gaps -----------------------------------------------------------------------------------------

void CallsSrc::look_for_gaps()
{
    const auto executor = session_->executor();
    if (!executor)
        return;
    {
        Lock lock(mu_);
        if (!running_)
            return;
        gap_timer_ = executor->call_later(kGapInterval, [weak = weak_from_this()] {
            if (const auto self = weak.lock())
                self->look_for_gaps();
        });
    }
    for (const TrackPtr& track : tracks()) {
        if (track->chain->has_gap())
            run_in_background("cfcalls-gap", [track] { track->chain->fill_gap(); });
        ask_again_if_silent(track);
    }
}

// The SFU tells nobody that a publication has ended, or that another has its name now: all that is
// seen of it is silence. Asking costs a section of the SDP if the track is there after all, so the
// pauses grow as long as nothing comes of it.
void CallsSrc::ask_again_if_silent(const TrackPtr& track)
{
    constexpr unsigned kMostDoublings = 5;
    const auto info = session_->slot_info(track->slot);
    const gint64 last_packet = track->chain->last_packet_time();
    {
        Lock lock(mu_);
        const auto patience = Microseconds{settings_.track_timeout}.count()
                              << std::min(track->asked_again, kMostDoublings);
        const gint64 since = std::max(track->state_since, last_packet);
        if (patience == 0 || !info || info->mid.empty() ||
            g_get_monotonic_time() - since < patience)
            return;
        track->state_since = g_get_monotonic_time();
        ++track->asked_again;
    }
    session_->pull_again(track->slot,
                         {ErrorCode::TrackEmpty, "A track has stopped sending; it is pulled again.",
                          "no packet for track-timeout"});
}

std::vector<CallsSrc::TrackPtr> CallsSrc::tracks() const
{
    Lock lock(mu_);
    return tracks_;
}

CallsSrc::TrackPtr CallsSrc::find(SlotId slot) const
{
    Lock lock(mu_);
    const auto it = std::find_if(tracks_.begin(), tracks_.end(),
                                 [&](const TrackPtr& track) { return track->slot == slot; });
    return it == tracks_.end() ? nullptr : *it;
}

std::vector<Ref<GstPad>> CallsSrc::pads() const
{
    std::vector<Ref<GstPad>> list;
    Lock lock(mu_);
    for (const TrackPtr& track : tracks_) {
        if (track->pad)
            list.push_back(track->pad);
    }
    return list;
}

} // namespace cf::gst

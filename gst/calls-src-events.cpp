/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The pads of cfcallssrc, and what the session tells of them.
#include <algorithm>
#include <utility>

#include "gst/background-work.hpp"
#include "gst/calls-src.hpp"
#include "gst/gst-error.hpp"
#include "gst/gstcfcallssrcpad-private.hpp"
#include "gst/src-signals.hpp"

namespace cf::gst
{

using calls::MediaKind;
using calls::SlotState;

namespace
{

Ref<GstStream> make_stream(const std::string& pad_name, const TrackWish& wish, MediaKind kind,
                           GstCaps* caps)
{
    // The same for the same track on the same pad, also after a restart, and without the ids.
    const std::string what = wish.source.session_id + "/" + wish.source.track_name;
    const OwnedString digest{
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, what.c_str(), gssize(what.size()))};
    const std::string id = std::string{digest.get()} + "/" + pad_name;
    auto stream = Ref<GstStream>::adopt(gst_stream_new(
        id.c_str(), caps, kind == MediaKind::Audio ? GST_STREAM_TYPE_AUDIO : GST_STREAM_TYPE_VIDEO,
        GST_STREAM_FLAG_NONE));
    const auto tags = Ref<GstTagList>::adopt(
        gst_tag_list_new(GST_TAG_TITLE, wish.source.track_name.c_str(), nullptr));
    gst_stream_set_tags(stream.get(), tags.get());
    return stream;
}

} // namespace

// -- pads -----------------------------------------------------------------------------------------

// Each kind is numbered by itself, the lowest free number first.
std::string CallsSrc::free_name(MediaKind kind) const
{
    const std::string prefix = kind == MediaKind::Audio ? "audio_" : "video_";
    for (unsigned n = 0;; ++n) {
        std::string name = prefix + std::to_string(n);
        if (std::none_of(tracks_.begin(), tracks_.end(),
                         [&](const TrackPtr& track) { return track->name == name; }))
            return name;
    }
}

void CallsSrc::on_offered(SlotId slot, MediaKind kind)
{
    const auto self = element();
    const auto track = find(slot);
    if (!self || !track)
        return;
    {
        Lock lock(mu_);
        if (!running_ || track->pad)
            return;
        // The kind that the service gives counts, whatever was asked for.
        const char* prefix = kind == MediaKind::Audio ? "audio_" : "video_";
        if (!g_str_has_prefix(track->name.c_str(), prefix))
            track->name = free_name(kind);
    }
    expose(self.get(), *track, kind);
}

void CallsSrc::expose(GstElement* self, Track& track, MediaKind kind)
{
    const char* templ_name = kind == MediaKind::Audio ? "audio_%u" : "video_%u";
    GstPad* pad = new_src_pad(gst_element_get_pad_template(self, templ_name), track.name,
                              track.chain, track.wish.source);
    const auto held = Ref<GstPad>::sink(pad);
    const auto stream =
        make_stream(track.name, track.wish, kind, track.chain->offered_caps().get());
    track.chain->set_pad(GST_GHOST_PAD(pad), stream.get(), group_id_);
    session_->slots().add(track.name, track.chain);
    if (const auto info = session_->slot_info(track.slot))
        update_src_pad(pad, *info);
    gst_pad_set_active(pad, TRUE);

    bool all = false;
    {
        Lock lock(mu_);
        if (!running_)
            return;
        track.pad = held;
        all = !no_more_pads_ && std::all_of(tracks_.begin(), tracks_.end(),
                                            [](const TrackPtr& t) { return t->pad != nullptr; });
        no_more_pads_ = no_more_pads_ || all;
    }
    announce_streams(self);
    gst_element_add_pad(self, pad);
    gst_child_proxy_child_added(GST_CHILD_PROXY(self), G_OBJECT(pad), GST_PAD_NAME(pad));
    if (all)
        gst_element_no_more_pads(self);
}

void CallsSrc::remove_pad(GstElement* self, const Ref<GstPad>& pad)
{
    gst_child_proxy_child_removed(GST_CHILD_PROXY(self), G_OBJECT(pad.get()),
                                  GST_PAD_NAME(pad.get()));
    gst_pad_set_active(pad.get(), FALSE);
    gst_element_remove_pad(self, pad.get());
}

void CallsSrc::announce_streams(GstElement* self)
{
    const auto collection = Ref<GstStreamCollection>::adopt(gst_stream_collection_new(nullptr));
    for (const TrackPtr& track : tracks()) {
        if (auto stream = track->chain->stream())
            gst_stream_collection_add_stream(collection.get(), stream.release());
    }
    gst_element_post_message(self,
                             gst_message_new_stream_collection(GST_OBJECT(self), collection.get()));
}

// -- what the session tells -----------------------------------------------------------------------

void CallsSrc::on_slot(SlotId slot, const calls::SlotInfo& info, const Error* reason)
{
    const auto track = find(slot);
    const auto self = element();
    if (!track || !self)
        return;
    Ref<GstPad> pad;
    bool warn = false;
    {
        Lock lock(mu_);
        track->state = info.state;
        track->state_since = g_get_monotonic_time();
        pad = track->pad;
        if (info.state == SlotState::Active) {
            track->warned = false;
            track->asked_again = 0;
        }
        // A track that is not there is asked for again and again; one sentence about it will do.
        warn = info.state == SlotState::Pending && reason != nullptr &&
               !std::exchange(track->warned, true);
    }
    if (pad)
        update_src_pad(pad.get(), info);
    if (warn)
        post_warning(self.get(), *reason);
    if (info.state == SlotState::Failed) {
        if (reason != nullptr)
            complain(track, *reason);
        run_in_background("cfcalls-eos", [track] { track->chain->finish(); });
    }
}

// An ERROR stops the application; while other tracks come, one that does not is no reason for that.
void CallsSrc::complain(const TrackPtr& track, const Error& error)
{
    const auto self = element();
    if (!self)
        return;
    const auto all = tracks();
    const bool others_live = [&] {
        Lock lock(mu_);
        return std::any_of(all.begin(), all.end(), [&](const TrackPtr& other) {
            return other != track &&
                   (other->state == SlotState::Pending || other->state == SlotState::Active);
        });
    }();
    if (others_live)
        post_warning(self.get(), error);
    else
        post_error(self.get(), error);
}

void CallsSrc::on_unusable(SlotId slot, const Error& error)
{
    if (const auto track = find(slot))
        complain(track, error);
}

void CallsSrc::on_session_created(const calls::SessionId& id)
{
    if (const auto self = element())
        emit_src_session_created(self.get(), id);
}

void CallsSrc::on_session_lost(const calls::SessionId& id, const Error&)
{
    if (const auto self = element())
        emit_src_session_lost(self.get(), id);
}

void CallsSrc::on_failed(const Error&)
{
    send_eos();
}

void CallsSrc::add_stats(GstStructure* stats)
{
    for (const auto& pad : pads()) {
        const auto s = src_pad_stats(pad.get());
        gst_structure_set(stats, GST_PAD_NAME(pad.get()), GST_TYPE_STRUCTURE, s.get(), nullptr);
    }
}

} // namespace cf::gst

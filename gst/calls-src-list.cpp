/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What cfcallssrc is asked for: the list, whole or by its tracks, and how the pads follow it.
#include <algorithm>
#include <utility>

#include "gst/background-work.hpp"
#include "gst/calls-src.hpp"
#include "gst/gst-error.hpp"
#include "gst/gstcfcallssrcpad-private.hpp"

namespace cf::gst
{

bool CallsSrc::change_list(const Change& change)
{
    std::optional<Error> error;
    {
        Lock lock(mu_);
        std::vector<TrackWish> wishes;
        if (settings_.tracks && settings_.tracks->ok())
            wishes = settings_.tracks->value();
        if (const auto status = change(wishes); !status)
            error = status.error();
        else
            settings_.tracks = std::move(wishes);
    }
    if (error) {
        if (const auto self = element())
            post_warning(self.get(), *error);
        return false;
    }
    // What is in force is read there: whoever comes last has the last word.
    session_->post([self = shared_from_this()] { self->apply(); });
    return true;
}

void CallsSrc::set_tracks(const std::string& text)
{
    auto parsed = parse_tracks(text);
    {
        Lock lock(mu_);
        if (!running_) {
            settings_.tracks = std::move(parsed);
            return;
        }
    }
    change_list([&](std::vector<TrackWish>& wishes) -> Status {
        CF_TRY_LET(wishes, std::move(parsed));
        return ok_status();
    });
}

bool CallsSrc::add_track(const std::string& text)
{
    return change_list([&](std::vector<TrackWish>& wishes) -> Status {
        CF_TRY_LET(auto added, parse_tracks(text));
        for (TrackWish& wish : added) {
            if (std::any_of(wishes.begin(), wishes.end(),
                            [&](const TrackWish& w) { return w.source == wish.source; }))
                return Error{ErrorCode::InvalidArgument, "The track is pulled already."};
            wishes.push_back(std::move(wish));
        }
        return ok_status();
    });
}

bool CallsSrc::remove_track(const std::string& pad)
{
    const auto track = find_pad(pad);
    if (track == nullptr)
        return false;
    return change_list([&](std::vector<TrackWish>& wishes) -> Status {
        std::erase_if(wishes, [&](const TrackWish& w) { return w.source == track->wish.source; });
        return ok_status();
    });
}

bool CallsSrc::update_track(const std::string& pad, const std::string& text)
{
    const auto track = find_pad(pad);
    if (track == nullptr)
        return false;
    calls::TrackLocator before;
    calls::TrackLocator after;
    // Not through apply(), to which this would be one track less and another more.
    const bool changed = change_list([&](std::vector<TrackWish>& wishes) -> Status {
        CF_TRY_LET(auto parsed, parse_tracks(text));
        if (parsed.size() != 1)
            return Error{ErrorCode::InvalidArgument, "A pad shows one track at a time."};
        before = track->wish.source;
        after = parsed.front().source;
        for (TrackWish& wish : wishes) {
            if (wish.source == after && after != before)
                return Error{ErrorCode::InvalidArgument, "The track is pulled already."};
            if (wish.source == before)
                wish.source = after;
        }
        track->wish.source = after;
        return ok_status();
    });
    if (!changed)
        return false;
    session_->update(track->slot, after, std::nullopt);
    track->chain->set_title(after.track_name);
    if (const auto shown = find_gst_pad(*track))
        set_src_pad_source(shown.get(), after);
    return true;
}

CallsSrc::TrackPtr CallsSrc::find_pad(const std::string& pad) const
{
    Lock lock(mu_);
    const auto it = std::find_if(tracks_.begin(), tracks_.end(), [&](const TrackPtr& track) {
        return !pad.empty() && track->name == pad;
    });
    return it == tracks_.end() ? nullptr : *it;
}

Ref<GstPad> CallsSrc::find_gst_pad(const Track& track) const
{
    Lock lock(mu_);
    return track.pad;
}

void CallsSrc::apply()
{
    const auto self = element();
    if (!self)
        return;
    std::vector<TrackWish> wishes;
    const auto is_wished = [&](const TrackPtr& track) {
        return std::any_of(wishes.begin(), wishes.end(), [&](const TrackWish& wish) {
            return wish.source == track->wish.source;
        });
    };
    std::vector<TrackPtr> gone;
    std::vector<TrackWish> added;
    {
        Lock lock(mu_);
        if (settings_.tracks && settings_.tracks->ok())
            wishes = settings_.tracks->value();
        const auto keep = std::stable_partition(tracks_.begin(), tracks_.end(), is_wished);
        gone.assign(keep, tracks_.end());
        tracks_.erase(keep, tracks_.end());
        for (const TrackWish& wish : wishes) {
            if (std::none_of(tracks_.begin(), tracks_.end(), [&](const TrackPtr& track) {
                    return track->wish.source == wish.source;
                }))
                added.push_back(wish);
        }
        no_more_pads_ = no_more_pads_ && added.empty();
    }
    for (const TrackPtr& track : gone)
        take_back(track);
    for (const TrackWish& wish : added)
        start_track(GST_BIN(self.get()), wish);
}

void CallsSrc::start_track(GstBin* element, const TrackWish& wish)
{
    auto track = std::make_shared<Track>();
    track->wish = wish;
    track->slot = session_->slots().allocate();
    const auto weak = weak_from_this();
    track->chain = ReceiveChain::create(element, track->slot, settings().latency_ms,
                                        {.on_offered =
                                             [weak, slot = track->slot](calls::MediaKind kind) {
                                                 if (const auto self = weak.lock())
                                                     self->on_offered(slot, kind);
                                             },
                                         .on_unusable =
                                             [weak, slot = track->slot](const Error& error) {
                                                 if (const auto self = weak.lock())
                                                     self->on_unusable(slot, error);
                                             }});
    {
        Lock lock(mu_);
        if (wish.kind)
            track->name = free_name(*wish.kind); // the list's order decides, whoever comes first
        tracks_.push_back(track);
    }
    session_->slots().add(track->name, track->chain);
    session_->pull({.slot = track->slot, .source = wish.source, .kind = wish.kind});
}

// The track's own threads may be waiting for downstream, so its end is no work for this one.
void CallsSrc::take_back(const TrackPtr& track)
{
    session_->remove(track->slot);
    session_->slots().remove(track->slot);
    run_in_background("cfcalls-remove", [self = element(), track] {
        track->chain->finish();
        if (self && track->pad)
            remove_pad(self.get(), track->pad);
        track->chain->take_down();
    });
}

} // namespace cf::gst

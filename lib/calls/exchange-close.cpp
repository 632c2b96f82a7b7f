/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include "lib/calls/exchange-request.hpp"

namespace cf::calls
{

namespace
{

class CloseExchange final : public Exchange
{
public:
    using Exchange::Exchange;

private:
    void begin() override
    {
        CloseTracksRequest message;
        message.force = true; // why: docs/design/decisions.md, "Tracks are closed by force"
        std::vector<SlotId> slots;
        for (const ExchangeItem& item : items_) {
            message.mids.push_back(item.mid);
            if (item.slot != 0)
                slots.push_back(item.slot);
        }
        // First our end, so that nothing of a track is sent or expected once it is closed.
        if (!slots.empty())
            context_.peer->stop_slots(slots);
        request<CloseTracksAnswer>(
            Call::CloseTracks,
            [this, message = std::move(message)](Done<CloseTracksAnswer> done) {
                return context_.api->close_tracks(context_.session, message, std::move(done));
            },
            [this](CloseTracksAnswer answer) { on_answer(answer); });
    }

    void on_answer(const CloseTracksAnswer& answer)
    {
        ExchangeResult result;
        for (const ExchangeItem& item : items_) {
            const auto found =
                std::find_if(answer.tracks.begin(), answer.tracks.end(),
                             [&](const Track& track) { return track.mid == item.mid; });
            ItemResult one{item};
            if (found == answer.tracks.end())
                one.error =
                    Error{ErrorCode::Protocol, "The service did not say what became of the track."};
            else if (found->error && found->error->code != "close_track_error")
                one.error = item_error(*found->error);
            result.items.push_back(std::move(one));
        }
        apply(answer.description, {}, [this, result] { finish(result); });
    }
};

class UpdateExchange final : public Exchange
{
public:
    using Exchange::Exchange;

private:
    void begin() override
    {
        UpdateTracksRequest message;
        for (const ExchangeItem& item : items_) {
            Track track;
            track.location = Location::Remote;
            track.mid = item.mid;
            track.session_id = item.source.session_id;
            track.track_name = item.source.track_name;
            track.simulcast = item.simulcast;
            message.tracks.push_back(std::move(track));
        }
        request<UpdateTracksAnswer>(
            Call::UpdateTracks,
            [this, message = std::move(message)](Done<UpdateTracksAnswer> done) {
                return context_.api->update_tracks(context_.session, message, std::move(done));
            },
            [this](UpdateTracksAnswer answer) { on_answer(answer); });
    }

    // An item that is not mentioned is taken for done: the call changes nothing that could be lost.
    void on_answer(const UpdateTracksAnswer& answer)
    {
        ExchangeResult result;
        for (const ExchangeItem& item : items_) {
            const auto found =
                std::find_if(answer.tracks.begin(), answer.tracks.end(), [&](const Track& track) {
                    return track.mid == item.mid ||
                           (track.mid.empty() && track.session_id == item.source.session_id &&
                            track.track_name == item.source.track_name);
                });
            ItemResult one{item, item.mid};
            if (found != answer.tracks.end() && found->error)
                one.error = item_error(*found->error);
            result.items.push_back(std::move(one));
        }
        apply(answer.description, {}, [this, result] { finish(result); });
    }
};

} // namespace

std::shared_ptr<Exchange> make_close_exchange(ExchangeContext context,
                                              std::vector<ExchangeItem> items)
{
    return std::make_shared<CloseExchange>(std::move(context), std::move(items));
}

std::shared_ptr<Exchange> make_update_exchange(ExchangeContext context,
                                               std::vector<ExchangeItem> items)
{
    return std::make_shared<UpdateExchange>(std::move(context), std::move(items));
}

} // namespace cf::calls

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include "lib/calls/exchange-request.hpp"

namespace cf::calls
{

namespace
{

class PublishExchange final : public Exchange
{
public:
    using Exchange::Exchange;

private:
    void begin() override
    {
        OfferPlan plan;
        for (const ExchangeItem& item : items_)
            plan.add.push_back(item.slot);
        create_offer(std::move(plan), [this](LocalOffer offer) {
            offer_ = std::move(offer);
            for (const ExchangeItem& item : items_) {
                if (!offer_->mids.contains(item.slot)) {
                    fail(std::nullopt, Error{ErrorCode::Internal, "An offer lacks a track."},
                         Reaction::FailTrack);
                    return;
                }
            }
            on_session();
        });
    }

    // Runs when either half is ready: the offer, or the session that is made meanwhile.
    void on_session() override
    {
        if (context_.session.empty() || !offer_ || sent_)
            return;
        sent_ = true;
        NewTracksRequest message;
        message.offer = offer_->description;
        for (const ExchangeItem& item : items_) {
            Track track;
            track.location = Location::Local;
            track.mid = offer_->mids.at(item.slot);
            track.track_name = item.track_name;
            at_risk_.insert(track.mid);
            message.tracks.push_back(std::move(track));
        }
        request<NewTracksAnswer>(
            Call::NewTracks,
            [this, message = std::move(message)](Done<NewTracksAnswer> done) {
                return context_.api->new_tracks(context_.session, message, std::move(done));
            },
            [this](NewTracksAnswer answer) { on_answer(std::move(answer)); });
    }

    ItemResult match(const ExchangeItem& item, const std::vector<Track>& tracks) const
    {
        const Mid& mid = offer_->mids.at(item.slot);
        // A failed item comes back without its mid.
        const auto found = std::find_if(tracks.begin(), tracks.end(), [&](const Track& track) {
            return track.mid == mid || (track.mid.empty() && track.track_name == item.track_name);
        });
        if (found == tracks.end())
            return {
                item, mid,
                Error{ErrorCode::Protocol, "The service did not say what became of the track."}};
        if (found->error)
            return {item, {}, item_error(*found->error)};
        return {item, mid, {}};
    }

    void on_answer(NewTracksAnswer answer)
    {
        ExchangeResult result;
        std::vector<SlotId> refused;
        bool any_open = false;
        for (const ExchangeItem& item : items_) {
            ItemResult one = match(item, answer.tracks);
            any_open = any_open || !one.error;
            if (one.error)
                refused.push_back(item.slot);
            if (one.error && !one.mid.empty())
                result.orphans.push_back(one.mid); // it may be open all the same
            result.items.push_back(std::move(one));
        }
        if (!answer.description) {
            if (any_open)
                fail(std::nullopt,
                     Error{ErrorCode::Protocol,
                           "The server does not answer as the Calls API does: check api-base.",
                           "tracks/new accepted an offer without answering it"},
                     Reaction::ReplaceSession);
            else
                finish(std::move(result));
            return;
        }
        if (answer.description->type == SdpType::Offer) {
            // Ours was not taken, so nothing of it is open; it is made anew after theirs.
            for (ItemResult& one : result.items) {
                if (!one.error)
                    one.error = Error{ErrorCode::Conflict,
                                      "The service made an offer of its own; ours comes again."};
            }
            at_risk_.clear();
            result.orphans.clear();
        }
        apply(answer.description, {}, [this, result = std::move(result), refused] {
            if (!refused.empty())
                context_.peer->stop_slots(refused);
            finish(result);
        });
    }

    std::optional<LocalOffer> offer_;
    bool sent_ = false;
};

} // namespace

std::shared_ptr<Exchange> make_publish_exchange(ExchangeContext context,
                                                std::vector<ExchangeItem> items)
{
    return std::make_shared<PublishExchange>(std::move(context), std::move(items));
}

} // namespace cf::calls

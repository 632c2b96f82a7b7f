/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include "lib/calls/exchange-request.hpp"

namespace cf::calls
{

namespace
{

class PullExchange final : public Exchange
{
public:
    using Exchange::Exchange;

private:
    void begin() override
    {
        NewTracksRequest message;
        for (const ExchangeItem& item : items_) {
            Track track;
            track.location = Location::Remote;
            track.session_id = item.source.session_id;
            track.track_name = item.source.track_name;
            track.kind = item.kind;
            track.simulcast = item.simulcast;
            message.tracks.push_back(std::move(track));
        }
        unknown_mids_ = true; // the service chooses them
        request<NewTracksAnswer>(
            Call::NewTracks,
            [this, message = std::move(message)](Done<NewTracksAnswer> done) {
                return context_.api->new_tracks(context_.session, message, std::move(done));
            },
            [this](NewTracksAnswer answer) { on_answer(std::move(answer)); });
    }

    bool absorb(Call call, const Error& error) override
    {
        if (call != Call::NewTracks ||
            (error.code != ErrorCode::TrackNotFound && error.code != ErrorCode::TrackEmpty))
            return false;
        ExchangeResult result;
        for (const ExchangeItem& item : items_)
            result.items.push_back({item, {}, error});
        finish(std::move(result));
        return true;
    }

    // Two slots may pull the same publication: each takes an item of its own.
    ItemResult match(const ExchangeItem& item, std::vector<Track>& tracks) const
    {
        const auto found = std::find_if(tracks.begin(), tracks.end(), [&](const Track& track) {
            return track.session_id == item.source.session_id &&
                   track.track_name == item.source.track_name;
        });
        if (found == tracks.end())
            return {
                item,
                {},
                Error{ErrorCode::Protocol, "The service did not say what became of the track."}};
        const Track track = std::move(*found);
        tracks.erase(found);
        if (track.error)
            return {item, {}, item_error(*track.error)};
        if (track.mid.empty())
            return {
                item,
                {},
                Error{ErrorCode::Protocol, "The service did not say where the track will arrive."}};
        return {item, track.mid, {}};
    }

    void on_answer(NewTracksAnswer answer)
    {
        ExchangeResult result;
        std::vector<IncomingTrack> incoming;
        for (const ExchangeItem& item : items_) {
            ItemResult one = match(item, answer.tracks);
            if (!one.error && !at_risk_.insert(one.mid).second)
                one.error =
                    Error{ErrorCode::Protocol, "The service gave two tracks the same place."};
            if (!one.error)
                incoming.push_back({item.slot, one.mid});
            result.items.push_back(std::move(one));
        }
        for (const Track& stray : answer.tracks) {
            if (!stray.error && !stray.mid.empty() && at_risk_.insert(stray.mid).second)
                result.orphans.push_back(stray.mid);
        }
        unknown_mids_ = false;

        const bool offered = answer.description && answer.description->type == SdpType::Offer;
        if (!offered && (answer.description || answer.requires_immediate_renegotiation)) {
            unknown_mids_ = true;
            fail(std::nullopt,
                 Error{ErrorCode::Protocol,
                       "The server does not answer as the Calls API does: check api-base.",
                       "tracks/new pulled tracks, but came without an offer"},
                 Reaction::ReplaceSession);
            return;
        }
        if (!offered && !incoming.empty())
            reuse(result, incoming);
        apply(answer.description, std::move(incoming), [this, result] { finish(result); });
    }

    // No new section is needed: the tracks arrive in sections that were negotiated before.
    void reuse(ExchangeResult& result, const std::vector<IncomingTrack>& incoming)
    {
        if (context_.peer->reuse(incoming))
            return;
        for (ItemResult& one : result.items) {
            if (one.error)
                continue;
            one.error = Error{ErrorCode::Unsupported,
                              "The track was put where it cannot be received; it is pulled again."};
            result.orphans.push_back(std::exchange(one.mid, {}));
        }
    }
};

} // namespace

std::shared_ptr<Exchange> make_pull_exchange(ExchangeContext context,
                                             std::vector<ExchangeItem> items)
{
    return std::make_shared<PullExchange>(std::move(context), std::move(items));
}

} // namespace cf::calls

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Session: pulling the publications of other sessions.
#include <algorithm>
#include <utility>

#include "tests/emulator/sdp/codecs.hpp"
#include "tests/emulator/sfu/media-parameters.hpp"
#include "tests/emulator/sfu/session.hpp"

namespace cf::emu
{

namespace
{

calls::TrackLocator locator(const calls::Track& item)
{
    return {item.session_id, item.track_name};
}

// What an offer for @p publication lists: its own codec in the SFU's usual dress, with rtx.
std::vector<sdp::Codec> codecs_to_offer(const Publication& publication, const SfuOptions& options)
{
    const sdp::Kind kind = sdp_kind(publication.kind());
    const auto all = sdp::all_codecs(kind, options.codecs);
    const RtpCodec* active = publication.active_codec();
    if (options.offer_all_codecs || active == nullptr)
        return all;
    sdp::Codec published = sdp_codec(*active);
    std::vector<sdp::Codec> list;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].is_rtx() || !sdp::same_format(all[i], published))
            continue;
        list.push_back(all[i]);
        if (i + 1 < all.size() && all[i + 1].is_rtx())
            list.push_back(all[i + 1]);
        return list;
    }
    // A profile that the SFU has no usual number for (VP9 profile 2, H.264 mode 0).
    published.feedback = sdp::all_feedback(kind, options.codecs);
    list.push_back(published);
    if (kind == sdp::Kind::Video)
        list.push_back(
            {0, "rtx", published.clock_rate, 1, "apt=" + std::to_string(published.payload_type)});
    return list;
}

} // namespace

void Session::pull(NewTracks request, Reply<calls::NewTracksAnswer> reply)
{
    for (const calls::Track& item : request.request.tracks)
        if (item.track_name.empty() || item.session_id.empty()) {
            end();
            return reply(
                refusals::invalid_params("tracks: a remote track needs sessionId and trackName"));
        }
    std::optional<Negotiation> draft;
    if (request.request.offer) {
        draft = negotiation_;
        if (auto refusal = take_offer(*request.request.offer, *draft)) {
            end();
            return reply(std::move(*refusal));
        }
    }
    // Publications that are known but silent get some time; unknown ones are not waited for.
    const auto settled = [self = shared_from_this(), tracks = request.request.tracks] {
        return self->state_ == SessionState::Gone ||
               std::all_of(tracks.begin(), tracks.end(), [&](const calls::Track& item) {
                   const LocalTrack* track = self->context_.find_track(locator(item));
                   return track == nullptr || track->has_packets();
               });
    };
    context_.waits().wait(context_.options().timers.packet_wait, settled,
                          [self = shared_from_this(), request = std::move(request),
                           draft = std::move(draft), reply = std::move(reply)](bool) mutable {
                              self->end();
                              if (self->state_ == SessionState::Gone)
                                  return reply(refusals::session_gone());
                              self->pull_now(request, std::move(draft), reply);
                          });
}

void Session::pull_now(const NewTracks& request, std::optional<Negotiation> draft,
                       const Reply<calls::NewTracksAnswer>& reply)
{
    const bool with_offer = draft.has_value();
    if (with_offer)
        if (auto refusal = commit(std::move(*draft), "tracks/new"))
            return reply(std::move(*refusal));
    const std::size_t pulled = remote_.size();
    calls::NewTracksAnswer answer;
    bool needs_offer = false;
    for (const calls::Track& item : request.request.tracks) {
        answer.tracks.push_back(pull_item(item, with_offer));
        needs_offer |= !answer.tracks.back().error && item.mid.empty();
    }
    if (with_offer) {
        answer.description = make_answer("tracks/new");
    } else if (needs_offer) {
        answer.requires_immediate_renegotiation = true;
        answer.description = make_offer("tracks/new");
    }
    // A pull into an existing transceiver flows at once; the others when the answer has come.
    for (std::size_t i = pulled; i < remote_.size(); ++i)
        if (with_offer || !needs_offer)
            sync_remote(remote_[i]);
    if (with_offer)
        sync_media();
    reply(std::move(answer));
}

calls::Track Session::pull_item(const calls::Track& item, bool with_offer)
{
    calls::Track result;
    result.location = calls::Location::Remote;
    result.session_id = item.session_id;
    result.track_name = item.track_name;
    result.simulcast = item.simulcast;
    result.error = item_fault("tracks/new", item.track_name, item.mid);
    if (result.error)
        return result;
    const LocalTrack* source = context_.find_track(locator(item));
    if (source == nullptr) {
        result.error = item_errors::not_found();
        return result;
    }
    if (!source->has_packets()) {
        result.error = item_errors::empty();
        return result;
    }
    Line* line = line_for_pull(item, *source, with_offer);
    if (line == nullptr) {
        result.error = item_errors::invalid("No media section can take this track");
        return result;
    }
    subscribe(item, *source, *line);
    result.mid = line->mid;
    return result;
}

Line* Session::line_for_pull(const calls::Track& item, const LocalTrack& source, bool with_offer)
{
    const sdp::Kind kind = sdp_kind(source.kind);
    const auto fits = [&](const Line& l) {
        return !l.stopped && l.kind == kind && l.client_receives && !l.pulling;
    };
    if (!item.mid.empty()) {
        Line* line = negotiation_.find(resolve_mid(item.mid));
        return line != nullptr && fits(*line) ? line : nullptr;
    }
    auto& lines = negotiation_.lines();
    if (with_offer) {
        const auto it = std::find_if(lines.begin(), lines.end(),
                                     [&](const Line& l) { return fits(l) && !l.client_sends; });
        return it == lines.end() ? nullptr : &*it;
    }
    const auto codecs = codecs_to_offer(*source.publication, context_.options());
    return &lines[negotiation_.add_line({kind, codecs, false})];
}

void Session::subscribe(const calls::Track& item, const LocalTrack& source, Line& line)
{
    std::erase_if(remote_, [&](const RemoteTrack& t) { return !t.active && t.mid == line.mid; });
    RemoteTrack track;
    track.source = locator(item);
    track.mid = line.mid;
    track.kind = source.kind;
    track.simulcast = item.simulcast;
    // A bidirectional section has its SSRCs already: the peer was told in the exchange before.
    track.subscription = line.source.ssrc != 0
                             ? transport_->send(line.mid, source.kind)
                             : prepare_sending(line, item.session_id, context_.random_hex(32));
    track.subscription->set_source(source.publication);
    track.subscription->set_layer_policy(item.simulcast.value_or(calls::Simulcast{}));
    line.pulling = true;
    line.closed = false;
    remote_.push_back(std::move(track));
}

} // namespace cf::emu

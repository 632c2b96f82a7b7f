/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The templates of Exchange. For exchange*.cpp only.
#pragma once

#include <algorithm>
#include <utility>

#include "lib/calls/exchange.hpp"

namespace cf::calls
{

/// A bare 406 means "another exchange is not over yet": Cloudflare's own client gives it three
/// more tries, 50 ms times the number of the try apart.
inline constexpr unsigned kMaxRepeats = 3;
inline constexpr Milliseconds kRepeatDelay{50};
/// An SDP operation takes milliseconds; a media stack that is stuck must not stop the session for
/// good.
inline constexpr Milliseconds kPeerTimeout{10000};
/// Offers of the service within one exchange; more would be a service that never comes to rest.
inline constexpr unsigned kMaxRounds = 4;

template <typename Answer>
void Exchange::request(Call call, std::function<RequestId(Done<Answer>)> send,
                       std::function<void(Answer)> then)
{
    request_ = send([weak = weak_from_this(), this, call, send, then](Result<Answer> result) {
        const auto self = weak.lock();
        if (!self || !finished_)
            return;
        request_ = 0;
        if (result) {
            repeats_ = 0;
            then(result.take());
            return;
        }
        const auto delay = delay_before_repeat(call, result.error());
        if (!delay) {
            fail(call, std::move(result.error()));
            return;
        }
        repeat_timer_.start(*delay, [weak, this, call, send, then] {
            if (const auto alive = weak.lock())
                request<Answer>(call, send, then);
        });
    });
}

template <typename T> Done<T> Exchange::from_peer(std::function<void(Result<T>)> then)
{
    peer_timer_.start(kPeerTimeout, [weak = weak_from_this(), this] {
        if (const auto self = weak.lock())
            fail(std::nullopt,
                 Error{ErrorCode::Media, "The media stack does not finish a negotiation step."},
                 Reaction::ReplaceSession);
    });
    return [weak = weak_from_this(), this, then = std::move(then)](Result<T> result) {
        const auto self = weak.lock();
        if (!self || !finished_)
            return;
        peer_timer_.cancel();
        then(std::move(result));
    };
}

} // namespace cf::calls

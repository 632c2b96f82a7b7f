/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What each error of the Calls API means to us, and what we do about it: one table for the three
// levels at which errors come (HTTP status, top-level `errorCode`, `errorCode` of an item).
// https://developers.cloudflare.com/realtime/sfu/observability/error-codes/
#pragma once

#include <optional>

#include "lib/base/executor.hpp"
#include "lib/calls/codec.hpp"
#include "lib/calls/types.hpp"

namespace cf::calls
{

enum class Call { NewSession, NewTracks, Renegotiate, CloseTracks, UpdateTracks, GetSession };
/// As it stands in the path: "tracks/new".
const char* to_string(Call call);

enum class Reaction {
    RetryRequest,   ///< the same request again, in a moment, before anything else is done
    RetryLater,     ///< the intents go back to the queue; the session stays
    ReplaceSession, ///< a new session and peer connection; every intent is replayed
    FailTrack,      ///< trying this track again cannot help; the others go on
    FailElement,    ///< nothing can work: nothing more is tried
};
const char* to_string(Reaction reaction);

/// An answer that says no as a whole.
struct Refusal {
    unsigned status = 0;
    ErrorBody body;
    std::optional<Milliseconds> retry_after = {};
};
[[nodiscard]] Error refusal_error(Call call, const Refusal& refusal);
[[nodiscard]] Error item_error(const ItemError& item);

/// What to do when @p call as a whole ended in @p error; also for errors that never were an answer.
[[nodiscard]] Reaction reaction_to(Call call, const Error& error);
/// What to do about one track whose item carried @p error (from item_error()).
[[nodiscard]] Reaction reaction_to_item(const Error& error);

/// Whether it is unknown what the service did: the request may have been carried out although its
/// answer never came.
[[nodiscard]] bool outcome_unknown(const Error& error);

} // namespace cf::calls

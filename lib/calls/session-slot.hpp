/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionSlot: an intent and how far it has come in the present Calls session.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "lib/base/backoff.hpp"
#include "lib/base/executor.hpp"
#include "lib/calls/exchange.hpp"
#include "lib/calls/negotiation-queue.hpp"
#include "lib/calls/session.hpp"

namespace cf::calls
{

using Intent = std::variant<PublishIntent, PullIntent>;

enum class SlotStage {
    Waiting,    ///< for a connection, for its timer, or for nothing any more (Failed)
    Queued,     ///< for its exchange
    Exchanging, ///< in the exchange under way
    Open,       ///< at the service, under `mid`
    Closing,    ///< its close is queued or under way
};

/// One of these per intent; I/O thread only.
struct SessionSlot {
    SessionSlot(SlotId slot_id, Intent what, std::uint64_t number, Executor& executor,
                const std::function<double()>& random);

    [[nodiscard]] bool is_pull() const { return std::holds_alternative<PullIntent>(intent); }
    [[nodiscard]] PullIntent& pull() { return std::get<PullIntent>(intent); }
    [[nodiscard]] SlotInfo info(const SessionId& own_session) const;
    [[nodiscard]] ExchangeItem exchange_item() const;
    /// Neither taken back nor given up.
    [[nodiscard]] bool is_wanted() const { return !removed && state != SlotState::Failed; }
    /// Back to the state before any exchange: the Calls session is gone.
    void forget_session();

    SlotId id;
    Intent intent;
    std::uint64_t order; ///< in which intents are replayed

    SlotState state = SlotState::Pending;
    SlotStage stage = SlotStage::Waiting;
    Mid mid;
    bool media = false;                     ///< flows in the present session
    bool removed = false;                   ///< taken back, but not closed yet
    std::optional<Intent> next;             ///< what the slot is for once it is closed
    bool update_pending = false;            ///< changed while it could not be said
    bool solo = false;                      ///< was in a batch that was refused as a whole
    unsigned bad_descriptions = 0;          ///< sessions that its SDP has cost
    unsigned tries = 0;                     ///< in a row that failed, in the present session
    std::optional<TimePoint> missing_since; ///< since when its pull fails
    Backoff backoff;
    std::unique_ptr<ScopedTimer> retry_timer;
};

} // namespace cf::calls

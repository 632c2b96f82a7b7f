/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionConnection: one Calls session with its peer connection, and everything that is lost when
// it is lost.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/base/backoff.hpp"
#include "lib/base/executor.hpp"
#include "lib/calls/api.hpp"
#include "lib/calls/exchange.hpp"
#include "lib/calls/negotiation-queue.hpp"
#include "lib/calls/peer-connection.hpp"

namespace cf::calls
{

class SessionImpl;

/// I/O thread only; owned by the Session.
struct SessionConnection final : PeerConnectionEvents {
    SessionConnection(SessionImpl& session, Executor& executor, BackoffOptions options,
                      const std::function<double()>& random)
        : owner(session), pause(executor, options, random), connect_timer(executor),
          disconnect_timer(executor), stable_timer(executor), media_timer(executor)
    {
    }

    void on_transport_state(TransportState state, const std::string& reason) override;
    void on_media_flowing(SlotId slot) override;
    void on_slot_failed(SlotId slot, Error error) override;

    /// Those that are no exchange's.
    void cancel_requests(CallsApi& api) const
    {
        api.cancel(creating);
        api.cancel(looking);
    }
    /// Takes over what @p ended may have left open at the service.
    void remember(const Exchange& ended)
    {
        open.insert(ended.mids_at_risk().begin(), ended.mids_at_risk().end());
        doubtful = doubtful || ended.has_unknown_mids();
    }

    /// Waits before anything more is asked of the service.
    struct Pause {
        Pause(Executor& executor, BackoffOptions options, const std::function<double()>& random)
            : backoff(options, random), timer(executor)
        {
        }
        Backoff backoff;
        ScopedTimer timer;
    };

    SessionImpl& owner;
    std::uint64_t number = 0; ///< for late answers: the address may be the next one's, too
    TimePoint made_at;        ///< when sessions/new was answered
    SessionId id;             ///< empty until sessions/new has answered
    RequestId creating = 0;   ///< the request that asks for it
    RequestId looking = 0;    ///< the one that asks whether media flows
    std::shared_ptr<PeerConnection> peer;
    NegotiationQueue queue;
    std::shared_ptr<Exchange> exchange; ///< the one under way
    std::vector<Job> jobs;              ///< that it is for
    std::set<Mid> open;                 ///< at the service
    bool doubtful = false;              ///< more may be open than we know
    bool described = false;             ///< a description was applied
    bool connected = false;
    bool lasted = false; ///< connected for so long that it counts as good
    bool held = false;   ///< the service wants us connected first (HTTP 425)
    Pause pause;
    ScopedTimer connect_timer;
    ScopedTimer disconnect_timer;
    ScopedTimer stable_timer;
    ScopedTimer media_timer; ///< runs while something is pulled and nothing has arrived
};

} // namespace cf::calls

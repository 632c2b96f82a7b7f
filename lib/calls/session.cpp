/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/session.hpp"

#include "lib/calls/session-impl.hpp"

namespace cf::calls
{

const char* to_string(SessionState state)
{
    switch (state) {
    case SessionState::Idle:
        return "idle";
    case SessionState::Creating:
        return "creating";
    case SessionState::Negotiating:
        return "negotiating";
    case SessionState::Connecting:
        return "connecting";
    case SessionState::Connected:
        return "connected";
    case SessionState::Reconnecting:
        return "reconnecting";
    case SessionState::Closing:
        return "closing";
    case SessionState::Closed:
        return "closed";
    case SessionState::Failed:
        return "failed";
    }
    g_assert_not_reached();
}

const char* to_string(SlotState state)
{
    switch (state) {
    case SlotState::Pending:
        return "pending";
    case SlotState::Active:
        return "active";
    case SlotState::Closed:
        return "closed";
    case SlotState::Failed:
        return "failed";
    }
    g_assert_not_reached();
}

std::shared_ptr<Session> Session::create(std::shared_ptr<Executor> executor,
                                         std::shared_ptr<CallsApi> api,
                                         PeerConnectionFactory factory, SessionOptions options,
                                         SessionEvents& events, std::function<double()> random)
{
    return std::make_shared<SessionImpl>(std::move(executor), std::move(api), std::move(factory),
                                         std::move(options), events, std::move(random));
}

} // namespace cf::calls

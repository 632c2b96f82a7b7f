/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionCleanup: closes what is left of a Calls session that is given up. There is no call that
// ends a session; its tracks stay visible to others until they are closed or starve.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/base/executor.hpp"
#include "lib/calls/api.hpp"
#include "lib/calls/errors.hpp"

namespace cf::calls
{

/// Tries a few times, then leaves it to the service, which collects silent tracks after 30 s. I/O
/// thread only. Dropping it stops it.
class SessionCleanup : public std::enable_shared_from_this<SessionCleanup>
{
public:
    /// @p look: there may be tracks that we do not know of; asks the service first.
    SessionCleanup(std::shared_ptr<Executor> executor, std::shared_ptr<CallsApi> api,
                   std::string name, SessionId session, std::set<Mid> mids, bool look);
    ~SessionCleanup();
    SessionCleanup(const SessionCleanup&) = delete;
    SessionCleanup& operator=(const SessionCleanup&) = delete;

    /// @p done runs once, never from within.
    void start(std::function<void()> done);

private:
    void step();
    void look();
    void close();
    void on_closed(const std::vector<Mid>& asked, Result<CloseTracksAnswer> answer);
    /// After a failed try; gives up when there were enough, or when none can help.
    void again(Call call, const Error& error);
    void finish();

    std::shared_ptr<Executor> executor_;
    std::shared_ptr<CallsApi> api_;
    std::string name_;
    SessionId session_;
    std::set<Mid> mids_;
    bool look_;
    std::function<void()> done_;
    RequestId request_ = 0;
    unsigned tries_ = 0;
    ScopedTimer timer_;
};

} // namespace cf::calls

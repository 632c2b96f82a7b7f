/* SPDX-License-Identifier: LGPL-2.1-or-later */
// CallsRoutes: the HTTP API of Cloudflare Calls: paths, credentials, bodies, and the faults that
// strike on this way.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/emulator/adapters/adapters.hpp"
#include "tests/emulator/api/http-server.hpp"
#include "tests/emulator/api/request-log.hpp"
#include "tests/emulator/sfu/sfu.hpp"

namespace cf::emu
{

/// Main thread only.
class CallsRoutes
{
public:
    CallsRoutes(Sfu& sfu, Adapters& adapters, RequestLog& log)
        : sfu_(sfu), adapters_(adapters), log_(log)
    {
    }

    /// Whether @p path is one of ours: below /v1/apps/ or /apps/.
    [[nodiscard]] static bool matches(std::string_view path);
    void handle(const HttpRequest& request, Respond respond);

private:
    struct Call;
    using CallPtr = std::shared_ptr<Call>;

    void dispatch(const CallPtr& call);
    void dispatch_session(const CallPtr& call, const std::shared_ptr<Session>& session);
    void dispatch_channels(const CallPtr& call, const std::shared_ptr<Session>& session);
    void dispatch_adapters(const CallPtr& call);
    void new_session(const CallPtr& call);
    [[nodiscard]] std::optional<Refusal> check_credentials(const HttpRequest& request,
                                                           const std::string& app) const;
    void finish(const CallPtr& call, HttpAnswer answer);
    void edit_answer(const CallPtr& call, HttpAnswer& answer);
    void refuse(const CallPtr& call, const Refusal& refusal);
    /// A fault of the request itself; noted in its log entry when it strikes.
    std::optional<Fault> strike(const CallPtr& call, const char* name);
    template <typename Answer> Reply<Answer> replier(const CallPtr& call);
    template <typename Request>
    [[nodiscard]] bool read(const CallPtr& call, Result<Request> body, Request& out);

    Sfu& sfu_;
    Adapters& adapters_;
    RequestLog& log_;
};

} // namespace cf::emu

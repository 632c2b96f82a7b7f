/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpReply: what came back from HttpClient::send(), seen from the test's thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <glib.h>

#include "lib/base/io-thread.hpp"
#include "lib/http/http-client.hpp"
#include "tests/support/wait.hpp"

namespace cf::test
{

/// Stands for one `done`; counts its calls and notes the thread they come on. Copies are the same
/// reply, so that a late second call is seen whenever it comes.
class HttpReply
{
public:
    explicit HttpReply(const std::shared_ptr<IoThread>& io) : io_(io) {}

    /// To be given to send().
    [[nodiscard]] http::HttpClient::Done done() const
    {
        return [state = state_, weak_io = io_](Result<http::HttpResponse> result) {
            const auto io = weak_io.lock();
            {
                const std::lock_guard lock{state->mutex};
                ++state->calls;
                state->on_io_thread = io && io->is_current();
                state->result = std::move(result);
            }
            g_main_context_wakeup(nullptr);
        };
    }

    [[nodiscard]] int calls() const
    {
        const std::lock_guard lock{state_->mutex};
        return state_->calls;
    }

    /// Waits for the call, which must be the only one and come on the I/O thread.
    [[nodiscard]] Result<http::HttpResponse> wait() const
    {
        g_assert_true(wait_until([this] { return calls() != 0; }));
        const std::lock_guard lock{state_->mutex};
        g_assert_cmpint(state_->calls, ==, 1);
        g_assert_true(state_->on_io_thread);
        return *state_->result;
    }

private:
    struct State {
        std::mutex mutex;
        int calls = 0;
        bool on_io_thread = false;
        std::optional<Result<http::HttpResponse>> result;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
    std::weak_ptr<IoThread> io_;
};

/// A request for @p url that waits as long as a test does.
[[nodiscard]] inline http::HttpRequest request_for(const std::string& url,
                                                   const std::string& method = "GET")
{
    http::HttpRequest request;
    request.method = method;
    request.url = url;
    request.timeout = kPatience;
    return request;
}

/// Sends and waits.
[[nodiscard]] inline Result<http::HttpResponse>
fetch(const std::shared_ptr<IoThread>& io, http::HttpClient& client, http::HttpRequest request)
{
    const HttpReply reply{io};
    client.send(std::move(request), reply.done());
    return reply.wait();
}

/// Waits until everything that was posted to the I/O thread before has run.
inline void drain(IoThread& io)
{
    auto ran = std::make_shared<std::atomic<bool>>(false);
    io.post([ran] {
        *ran = true;
        g_main_context_wakeup(nullptr);
    });
    g_assert_true(wait_until([&] { return ran->load(); }));
}

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// FakeService: both seams behind the elements of this process replaced: no network, no webrtcbin.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "gst/element-session.hpp"
#include "gst/gstcfcallssink.h"
#include "gst/log-bridge.hpp"
#include "tests/support/check.hpp"
#include "tests/support/fake-calls-api.hpp"
#include "tests/support/fake-peer-connection.hpp"
#include "tests/support/wait.hpp"

namespace cf::test
{

/// Main thread only. Lives longer than the elements under test.
class FakeService
{
public:
    FakeService()
    {
        gst::connect_log();
        gst_element_register(nullptr, "cfcallssink", GST_RANK_NONE, GST_TYPE_CF_CALLS_SINK);
        g_setenv("CALLS_APP_ID", "test-app", TRUE);
        g_setenv("CALLS_APP_SECRET", "test-secret-93f1", TRUE);
        g_unsetenv("CALLS_API_BASE");
        gst::set_backend({.make_api =
                              [this](std::shared_ptr<IoThread>, const gst::Settings& settings,
                                     const std::string&) {
                                  ++apis_made;
                                  last_settings = settings;
                                  return Result<gst::Backend::Api>({.api = api, .history = {}});
                              },
                          .make_peers =
                              [this](const gst::PeerContext& context) {
                                  contexts.push_back(context.loopback_candidates);
                                  slots = context.slots;
                                  return peers.function();
                              }});
    }
    ~FakeService()
    {
        gst::set_backend({});
        // Whatever the elements left behind on the I/O thread is done before the fakes go.
        on_io([this] {
            for (const std::string& violation : api->violations)
                fail_unless(false, "%s", violation.c_str());
            peers.made.clear();
        });
    }
    FakeService(const FakeService&) = delete;
    FakeService& operator=(const FakeService&) = delete;

    /// Runs @p task on the I/O thread, where the fakes live, and waits for it.
    template <typename F> std::invoke_result_t<F> on_io(F task)
    {
        using R = std::invoke_result_t<F>;
        auto promise = std::make_shared<std::promise<R>>();
        auto result = promise->get_future();
        io->post([promise, task = std::move(task)]() mutable {
            if constexpr (std::is_void_v<R>) {
                task();
                promise->set_value();
            } else {
                promise->set_value(task());
            }
        });
        return result.get();
    }
    [[nodiscard]] std::size_t calls_made(calls::Call call)
    {
        return on_io([this, call] { return api->count(call); });
    }
    [[nodiscard]] std::size_t open_tracks()
    {
        return on_io([this] { return api->open_tracks().size(); });
    }

    std::shared_ptr<IoThread> io = IoThread::acquire();
    std::shared_ptr<FakeCallsApi> api = std::make_shared<FakeCallsApi>(io);
    FakePeerFactory peers{io};
    std::atomic<unsigned> apis_made = 0;
    gst::Settings last_settings;
    std::vector<bool> contexts; ///< loopback_candidates of each start
    std::shared_ptr<gst::SlotTable> slots;
};

/// The structure of an element message (null if it is something else).
inline const GstStructure* element_message(GstMessage* message, const char* name)
{
    const GstStructure* s = gst_message_get_structure(message);
    return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && s != nullptr &&
                   gst_structure_has_name(s, name)
               ? s
               : nullptr;
}

/// Whether @p message is `cfcalls-track` of @p pad in @p state.
inline bool is_track_message(GstMessage* message, const char* pad, const char* state)
{
    const GstStructure* s = element_message(message, "cfcalls-track");
    return s != nullptr && g_str_equal(gst_structure_get_string(s, "pad"), pad) &&
           g_str_equal(gst_structure_get_string(s, "state"), state);
}

} // namespace cf::test

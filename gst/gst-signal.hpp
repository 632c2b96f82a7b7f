/* SPDX-License-Identifier: LGPL-2.1-or-later */
// How callbacks of GStreamer come back to objects that may have gone meanwhile: handlers that hold
// weak references and are disconnected by their owner, promises that answer on our thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "gst/gst-ref.hpp"
#include "lib/base/executor.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

/// Signal handlers that live as long as this set. A handler's user data is a `std::weak_ptr<T>*`;
/// it locks it or returns. One thread connects and disconnects; a handler may still be running on
/// another thread when disconnect_all() returns, which is what the weak pointer is for.
class SignalSet
{
public:
    SignalSet() = default;
    ~SignalSet() { disconnect_all(); }
    SignalSet(const SignalSet&) = delete;
    SignalSet& operator=(const SignalSet&) = delete;

    template <typename T>
    void connect(gpointer object, const char* signal, GCallback handler, std::weak_ptr<T> target)
    {
        auto* data = new std::weak_ptr<T>(std::move(target));
        const gulong id = g_signal_connect_data(
            object, signal, handler, data,
            [](gpointer d, GClosure*) { delete static_cast<std::weak_ptr<T>*>(d); },
            GConnectFlags(0));
        handlers_.emplace_back(Ref<GObject>::retain(static_cast<GObject*>(object)), id);
    }
    void disconnect_all();

private:
    std::vector<std::pair<Ref<GObject>, gulong>> handlers_;
};

/// The object behind a handler's user data (nullable).
template <typename T> std::shared_ptr<T> lock_target(gpointer data)
{
    return static_cast<std::weak_ptr<T>*>(data)->lock();
}

/// What a promise was answered with (nullable: an answer may be empty), or the error in it.
using PromiseReply = Result<OwnedStructure>;

/// A promise for an action of webrtcbin, which answers by running @p done on @p executor, exactly
/// once: with the reply, with an error of code Sdp that quotes webrtcbin in `debug`, or with
/// Cancelled after gst_promise_interrupt(). Whoever takes webrtcbin to NULL interrupts the promises
/// that are still open first: webrtcbin drops them unanswered, about which GStreamer complains.
[[nodiscard]] Ref<GstPromise> promise_then(std::shared_ptr<Executor> executor,
                                           std::function<void(PromiseReply)> done);

} // namespace cf::gst

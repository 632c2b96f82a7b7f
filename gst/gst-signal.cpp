/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/gst-signal.hpp"

#include <atomic>

namespace cf::gst
{

void SignalSet::disconnect_all()
{
    for (auto& [object, id] : std::exchange(handlers_, {}))
        g_signal_handler_disconnect(object.get(), id);
}

namespace
{

struct Pending {
    std::shared_ptr<Executor> executor;
    std::function<void(PromiseReply)> done;
    std::atomic<bool> answered = false; // an interrupt and a reply may come at the same time
};

void free_pending(gpointer data)
{
    delete static_cast<Pending*>(data);
}

PromiseReply reply_of(GstPromise* promise, GstPromiseResult result)
{
    if (result != GST_PROMISE_RESULT_REPLIED)
        return Error{ErrorCode::Cancelled, "The media connection was closed."};
    const GstStructure* reply = gst_promise_get_reply(promise);
    if (reply == nullptr)
        return OwnedStructure{};
    if (gst_structure_has_field(reply, "error")) {
        GError* error = nullptr;
        gst_structure_get(reply, "error", G_TYPE_ERROR, &error, nullptr);
        return from_gerror(ErrorCode::Sdp, error,
                           "The session description could not be used by webrtcbin.");
    }
    return OwnedStructure{gst_structure_copy(reply)};
}

// webrtcbin's thread, or the one that interrupts. The promise is in a final state here, so
// gst_promise_wait() returns at once.
void on_change(GstPromise* promise, gpointer data)
{
    auto* pending = static_cast<Pending*>(data);
    const GstPromiseResult result = gst_promise_wait(promise);
    if (!pending->answered.exchange(true)) {
        auto reply = std::make_shared<PromiseReply>(reply_of(promise, result));
        pending->executor->post(
            [done = std::move(pending->done), reply] { done(std::move(*reply)); });
    }
    // An expired promise forgets its data without the notify; see gst_promise_expire().
    if (result == GST_PROMISE_RESULT_EXPIRED)
        free_pending(data);
}

} // namespace

Ref<GstPromise> promise_then(std::shared_ptr<Executor> executor,
                             std::function<void(PromiseReply)> done)
{
    return Ref<GstPromise>::adopt(gst_promise_new_with_change_func(
        on_change, new Pending{std::move(executor), std::move(done)}, free_pending));
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/session-messages.hpp"

namespace cf::gst
{

using calls::SessionState;
using calls::SlotState;

namespace
{

void add_error(GstStructure* s, const Error& error)
{
    gst_structure_set(s, "error-code", G_TYPE_STRING,
                      error.api_code.empty() ? to_string(error.code) : error.api_code.c_str(),
                      "error-description", G_TYPE_STRING, error.message.c_str(), nullptr);
}

// The two steps that a user sees, as progress codes.
constexpr const char* kCreate = "create";
constexpr const char* kConnect = "connect";

const char* step_of(SessionState state)
{
    switch (state) {
    case SessionState::Creating:
    case SessionState::Reconnecting:
        return kCreate;
    case SessionState::Negotiating:
    case SessionState::Connecting:
        return kConnect;
    case SessionState::Idle:
    case SessionState::Connected:
    case SessionState::Closing:
    case SessionState::Closed:
    case SessionState::Failed:
        break;
    }
    return nullptr;
}

} // namespace

OwnedStructure state_message(SessionState old_state, SessionState new_state, const Error* reason,
                             std::optional<Milliseconds> retry_delay)
{
    OwnedStructure s(gst_structure_new("cfcalls-state", "old", G_TYPE_STRING,
                                       calls::to_string(old_state), "new", G_TYPE_STRING,
                                       calls::to_string(new_state), "retry", G_TYPE_BOOLEAN,
                                       new_state == SessionState::Reconnecting, nullptr));
    if (reason != nullptr) {
        gst_structure_set(s.get(), "reason", G_TYPE_STRING, reason->message.c_str(), nullptr);
        add_error(s.get(), *reason);
    }
    if (retry_delay) {
        gst_structure_set(s.get(), "next-delay", G_TYPE_UINT64,
                          static_cast<guint64>(retry_delay->count()), nullptr);
    }
    return s;
}

const char* track_state_name(SlotState state, bool sending)
{
    switch (state) {
    case SlotState::Pending:
        return "pending";
    case SlotState::Active:
        return sending ? "published" : "receiving";
    case SlotState::Closed:
        return "closed";
    case SlotState::Failed:
        break;
    }
    return "error";
}

OwnedStructure track_message(const std::string& pad, const calls::SlotInfo& info, bool sending,
                             const Error* reason)
{
    OwnedStructure s(gst_structure_new("cfcalls-track", "pad", G_TYPE_STRING, pad.c_str(),
                                       "session-id", G_TYPE_STRING, info.session_id.c_str(),
                                       "track-name", G_TYPE_STRING, info.track_name.c_str(), "mid",
                                       G_TYPE_STRING, info.mid.c_str(), "state", G_TYPE_STRING,
                                       track_state_name(info.state, sending), nullptr));
    if (reason != nullptr)
        add_error(s.get(), *reason);
    return s;
}

OwnedStructure api_error_message(const char* call, const Error& error, bool will_retry)
{
    OwnedStructure s(gst_structure_new("cfcalls-api-error", "call", G_TYPE_STRING, call,
                                       "http-status", G_TYPE_UINT, error.http_status, "retryable",
                                       G_TYPE_BOOLEAN, will_retry, nullptr));
    add_error(s.get(), error);
    return s;
}

std::vector<Progress> progress_of(SessionState old_state, SessionState new_state)
{
    const char* before = step_of(old_state);
    const char* after = step_of(new_state);
    if (before == after)
        return {};
    std::vector<Progress> steps;
    if (before != nullptr) {
        const bool forward = new_state == SessionState::Connected || after == kConnect;
        const bool failed = new_state == SessionState::Failed || after == kCreate;
        const GstProgressType type = forward  ? GST_PROGRESS_TYPE_COMPLETE
                                     : failed ? GST_PROGRESS_TYPE_ERROR
                                              : GST_PROGRESS_TYPE_CANCELED;
        const bool create = before == kCreate;
        const char* done = create ? "The Calls session is made" : "Connected";
        const char* undone = create ? "No Calls session was made" : "Not connected";
        steps.push_back({type, before, forward ? done : undone});
    }
    if (after != nullptr) {
        steps.push_back({GST_PROGRESS_TYPE_START, after,
                         after == kCreate ? "Making a Calls session" : "Connecting"});
    }
    return steps;
}

} // namespace cf::gst

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

// The step that a user sees, as a progress code.
constexpr const char* kCreate = "create";

// gst-launch-1.0 stays in PAUSED while a progress is under way, and in PAUSED no media flows: ICE
// and DTLS would never come to an end there. So connecting is no progress; `cfcalls-state` tells.
bool is_creating(SessionState state)
{
    return state == SessionState::Creating || state == SessionState::Reconnecting;
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

std::optional<Progress> progress_of(SessionState old_state, SessionState new_state)
{
    if (is_creating(old_state) == is_creating(new_state))
        return std::nullopt;
    if (is_creating(new_state))
        return Progress{GST_PROGRESS_TYPE_START, kCreate, "Making a Calls session"};
    switch (new_state) {
    case SessionState::Negotiating:
    case SessionState::Connecting:
    case SessionState::Connected:
        return Progress{GST_PROGRESS_TYPE_COMPLETE, kCreate, "The Calls session is made"};
    case SessionState::Failed:
        return Progress{GST_PROGRESS_TYPE_ERROR, kCreate, "No Calls session was made"};
    default:
        return Progress{GST_PROGRESS_TYPE_CANCELED, kCreate, "No Calls session was made"};
    }
}

} // namespace cf::gst

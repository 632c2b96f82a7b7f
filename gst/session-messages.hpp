/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What the application reads on the bus about a session, as pure functions.
// docs/elements/cfcallssink.md lists the fields.
#pragma once

#include <string>
#include <vector>

#include "gst/gst-ref.hpp"
#include "lib/calls/session.hpp"

namespace cf::gst
{

/// `cfcalls-state`.
[[nodiscard]] OwnedStructure state_message(calls::SessionState old_state,
                                           calls::SessionState new_state, const Error* reason,
                                           std::optional<Milliseconds> retry_delay);

/// `cfcalls-track`. @p sending: the slot publishes; else it pulls.
[[nodiscard]] OwnedStructure track_message(const std::string& pad, const calls::SlotInfo& info,
                                           bool sending, const Error* reason);
/// "pending", "published" or "receiving", "closed", "error".
[[nodiscard]] const char* track_state_name(calls::SlotState state, bool sending);

/// `cfcalls-api-error`.
[[nodiscard]] OwnedStructure api_error_message(const char* call, const Error& error,
                                               bool will_retry);

/// A progress message (gst-launch prints them).
struct Progress {
    GstProgressType type;
    const char* code;
    const char* text;
};
/// What the step from one state to the next starts or completes, if anything.
[[nodiscard]] std::optional<Progress> progress_of(calls::SessionState old_state,
                                                  calls::SessionState new_state);

} // namespace cf::gst

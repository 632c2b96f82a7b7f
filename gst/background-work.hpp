/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Work that must not run on the I/O thread because it may take long (a webrtcbin going to NULL, the
// DTLS certificate), and that an element going to NULL waits for, so that nothing of it is left
// behind when the application takes the plugin's surroundings down.
#pragma once

#include <functional>

#include "lib/base/executor.hpp"

namespace cf::gst
{

/// Runs @p work in a thread of its own named @p name (at most 15 characters). Any thread.
void run_in_background(const char* name, std::function<void()> work);

/// Longer than any such work takes that is not held up by somebody else. Making the key takes a few
/// hundred milliseconds, but seconds on a machine that is busy with other things.
inline constexpr Milliseconds kLongestBackgroundWork{10000};

/// Waits until no such work is running, at most @p at_most; whether that is so. Not on the I/O
/// thread.
bool wait_for_background_work(Milliseconds at_most = kLongestBackgroundWork);

} // namespace cf::gst

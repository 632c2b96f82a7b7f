/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Connects lib/'s log to GStreamer's: category "http" becomes cfcalls-http, and so on.
#pragma once

namespace cf::gst
{

/// Once, when the plugin is loaded; later calls do nothing.
void connect_log();

} // namespace cf::gst

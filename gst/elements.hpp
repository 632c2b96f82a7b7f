/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The elements as a library: the plugin registers them, and so do the element tests, which have to
// reach the seams within their own process.
#pragma once

#include <gst/gst.h>

namespace cf::gst
{

/// Registers cfcallssink and cfcallssrc and connects the log. @p plugin is null in tests.
[[nodiscard]] bool register_elements(GstPlugin* plugin);

} // namespace cf::gst

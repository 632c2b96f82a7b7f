/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What cfcallssink sees of its pads.
#pragma once

#include "gst/calls-sink.hpp"
#include "gst/gstcfcallssinkpad.h"

namespace cf::gst
{

/// A new pad from a template of cfcallssink.
[[nodiscard]] Ref<GstPad> new_sink_pad(GstPadTemplate* templ, const std::string& name,
                                       const std::shared_ptr<CallsSink>& sink);

} // namespace cf::gst

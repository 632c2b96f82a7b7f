/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The properties of cfcallssink that cfcallssrc does not have.
#pragma once

#include "gst/calls-sink.hpp"

namespace cf::gst
{

/// In class_init.
void install_sink_properties(GObjectClass* klass);
/// False if @p id is unknown.
bool set_sink_property(CallsSink& sink, guint id, const GValue* value);
bool get_sink_property(CallsSink& sink, guint id, GValue* value);

} // namespace cf::gst

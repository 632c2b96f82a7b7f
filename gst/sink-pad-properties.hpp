/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The properties of a pad of cfcallssink.
#pragma once

#include "gst/sink-pad.hpp"

namespace cf::gst
{

/// In class_init.
void install_sink_pad_properties(GObjectClass* klass);
/// False if @p id is unknown.
bool set_sink_pad_property(SinkPad& pad, guint id, const GValue* value);
bool get_sink_pad_property(const SinkPad& pad, guint id, GValue* value);

/// `track-state` as a GEnum.
GType track_state_type();

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The signals of cfcallssrc.
#pragma once

#include <string>

#include "gst/gst-ref.hpp"
#include "lib/calls/types.hpp"

namespace cf::gst
{

/// In class_init. @p request_keyframe is what the action of that name does; any thread; its pad may
/// be null: all.
void install_src_signals(GObjectClass* klass,
                         void (*request_keyframe)(GstElement* src, GstPad* pad));

// Emission; no lock may be held.
void emit_src_session_created(GstElement* src, const std::string& session_id);
void emit_src_session_lost(GstElement* src, const std::string& session_id);
void emit_webrtcbin_ready(GstElement* src, const std::string& session_id, GstElement* webrtcbin);

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The signals of cfcallssrc.
#pragma once

#include <string>

#include "gst/gst-ref.hpp"
#include "lib/calls/types.hpp"

namespace cf::gst
{

/// What the action signals do; any thread.
struct SrcActions {
    void (*request_keyframe)(GstElement* src, GstPad* pad); ///< @p pad may be null: all
    gboolean (*add_track)(GstElement* src, GstStructure* track);
    gboolean (*remove_track)(GstElement* src, GstPad* pad);
    gboolean (*update_track)(GstElement* src, GstPad* pad, GstStructure* track);
    gboolean (*restart_session)(GstElement* src);
};

/// In class_init.
void install_src_signals(GObjectClass* klass, const SrcActions& actions);

// Emission; no lock may be held.
void emit_src_session_created(GstElement* src, const std::string& session_id);
void emit_src_session_lost(GstElement* src, const std::string& session_id);
void emit_webrtcbin_ready(GstElement* src, const std::string& session_id, GstElement* webrtcbin);

} // namespace cf::gst

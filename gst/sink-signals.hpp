/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The signals of cfcallssink.
#pragma once

#include <string>

#include "gst/gst-ref.hpp"
#include "lib/calls/types.hpp"

namespace cf::gst
{

/// What the action signals do; any thread.
struct SinkActions {
    void (*force_keyframe)(GstElement* sink, GstPad* pad); ///< @p pad may be null: all
    GstStructure* (*get_track_locators)(GstElement* sink); ///< (transfer full)
    gboolean (*restart_session)(GstElement* sink);
};

/// In class_init.
void install_sink_signals(GObjectClass* klass, const SinkActions& actions);

// Emission; no lock may be held.
bool emit_encoder_setup(GstElement* sink, const std::string& session_id, const std::string& pad,
                        GstElement* encoder);
bool emit_payloader_setup(GstElement* sink, const std::string& session_id, const std::string& pad,
                          GstElement* payloader);
void emit_track_published(GstElement* sink, GstPad* pad, const calls::TrackLocator& locator);
void emit_track_closed(GstElement* sink, GstPad* pad, const char* reason);
void emit_session_created(GstElement* sink, const std::string& session_id);
void emit_session_lost(GstElement* sink, const std::string& session_id);

} // namespace cf::gst

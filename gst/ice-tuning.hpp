/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Settings of libnice that webrtcbin does not pass on.
#pragma once

#include "gst/gst-ref.hpp"

namespace cf::gst
{

/// To be called right after @p webrtcbin was made. Each setting is probed for and left alone
/// where the installed version does not have it.
void tune_ice(GstElement* webrtcbin, bool loopback_candidates);

} // namespace cf::gst

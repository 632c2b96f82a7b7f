/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What cfcallssrc sees of its pads.
#pragma once

#include <memory>
#include <string>

#include "gst/gstcfcallssrcpad.h"
#include "gst/receive-chain.hpp"
#include "lib/calls/session.hpp"

namespace cf::gst
{

/// `track-state` of a pad of cfcallssrc.
enum class PullState { Pending, Receiving, Closed, Error };
GType pull_state_type();

/// A new pad, floating, for the track that @p chain receives.
[[nodiscard]] GstPad* new_src_pad(GstPadTemplate* templ, const std::string& name,
                                  std::shared_ptr<ReceiveChain> chain,
                                  const calls::TrackLocator& source);
/// The track that it shows from now on; notifies. No lock may be held.
void set_src_pad_source(GstPad* pad, const calls::TrackLocator& source);
/// What the session says of it; notifies what changed. No lock may be held.
void update_src_pad(GstPad* pad, const calls::SlotInfo& info);
/// `application/x-cfcalls-track-stats`; any thread.
[[nodiscard]] OwnedStructure src_pad_stats(GstPad* pad);

} // namespace cf::gst

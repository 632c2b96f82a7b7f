/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Between the text of a session description and webrtcbin's types.
#pragma once

#include <string>

#include "gst/gst-ref.hpp"
#include "lib/base/result.hpp"
#include "lib/sdp/media-section.hpp"

namespace cf::gst
{

/// The description in field @p field of a promise's reply, as text; an Error if it is not there.
[[nodiscard]] Result<std::string> description_text(const GstStructure* reply, const char* field);

/// For set-local-description and set-remote-description.
[[nodiscard]] Result<OwnedDescription> to_description(GstWebRTCSDPType type,
                                                      const std::string& text);

/// The payload types of one m-line of @p message that carry media (no RTX, FEC or comfort noise),
/// as webrtcbin itself reads them: it compares what we say with that by caps intersection. Null if
/// there are none, or no such mid.
[[nodiscard]] Ref<GstCaps> media_caps(const GstSDPMessage* message, const std::string& mid);

/// Codec preferences of a receiving transceiver: @p media with the header extensions of @p section
/// that we can use. webrtcbin answers with those only that it finds here, and with RTX only where
/// the preferences have `nack`.
[[nodiscard]] Ref<GstCaps> receiving_preferences(GstCaps* media, const sdp::MediaSection& section);

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What a pad of cfcallssrc can give of a track, and which of that it gives.
#pragma once

#include <optional>
#include <vector>

#include "gst/gst-ref.hpp"
#include "lib/calls/types.hpp"

namespace cf::gst
{

enum class OutputForm { Raw, Encoded, Rtp };

/// For the pad templates: every form of every codec that the SFU forwards.
[[nodiscard]] Ref<GstCaps> any_output_caps(calls::MediaKind kind);
/// What can be given of a track that may come in @p rtp_formats: raw first, then encoded, then RTP.
/// Raw and encoded only where a depayloader is installed.
[[nodiscard]] Ref<GstCaps> output_caps(calls::MediaKind kind, GstCaps* rtp_formats);
/// What is encoded in @p rtp (one structure), by name only, such as `video/x-vp8`. Null if no
/// depayloader for it is installed.
[[nodiscard]] Ref<GstCaps> encoded_caps(GstCaps* rtp);

/// The first thing that @p peer names of what @p offered has; raw when it takes anything. Nothing
/// if they have nothing in common.
[[nodiscard]] std::optional<OutputForm> choose_form(GstCaps* peer, GstCaps* offered);

/// The depayloader of highest rank that takes @p rtp (nullable).
[[nodiscard]] Ref<GstElementFactory> find_depayloader(GstCaps* rtp);
/// The parser for @p encoded (nullable): without one the depayloader's output is given as it is.
[[nodiscard]] Ref<GstElementFactory> find_parser(GstCaps* encoded);
/// Decoders that take @p encoded and give something that @p wanted has, best first.
[[nodiscard]] std::vector<Ref<GstElementFactory>> find_decoders(GstCaps* encoded, GstCaps* wanted);

} // namespace cf::gst

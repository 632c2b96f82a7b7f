/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Opus parameters in session descriptions (RFC 7587).
//
// These lines are signalling only: what an encoder does is set at the encoder. With GStreamer, DTX
// needs the encoder, the payloader and this text to agree.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/sdp/description.hpp"

namespace cf::sdp
{

/// What to write into the fmtp line of every Opus payload type of a section. A member without value
/// leaves the parameter as it stands; false and 0 remove it, because absence is what RFC 7587
/// section 6.1 gives as the default.
struct OpusParameters {
    std::optional<bool> dtx;          ///< usedtx
    std::optional<bool> inband_fec;   ///< useinbandfec
    std::optional<bool> stereo;       ///< stereo: what we like to receive
    std::optional<bool> sprop_stereo; ///< sprop-stereo: what we are likely to send
    std::optional<bool> cbr;
    std::optional<unsigned> max_average_bitrate; ///< bit/s, 6000 to 510000 or 0
    std::optional<unsigned> max_playback_rate;   ///< Hz, 8000 to 48000 or 0
    std::optional<unsigned> min_ptime;           ///< ms, 3 to 120 or 0
    /// ms; the `a=ptime` and `a=maxptime` lines of the section, which cover all its codecs
    std::optional<unsigned> ptime;
    std::optional<unsigned> max_ptime;
};

/// Rewrites every Opus payload type of @p section; other payload types and sections without Opus
/// keep their bytes. Several fmtp lines of one payload type become one. Idempotent.
[[nodiscard]] MediaSection set_opus_parameters(MediaSection section,
                                               const OpusParameters& parameters);

/// The same for the sections of @p mids, or for all sections.
[[nodiscard]] Description set_opus_parameters(Description description,
                                              const OpusParameters& parameters);
[[nodiscard]] Description set_opus_parameters(Description description, const std::vector<Mid>& mids,
                                              const OpusParameters& parameters);

/// Opus DTX: `usedtx=1` beside `useinbandfec=1`, exactly once per Opus payload type. Switched off,
/// usedtx goes and in-band FEC stays as it is. Errors as Description::parse(), and InvalidArgument
/// when @p mids (empty: all sections) names a section that is not there.
[[nodiscard]] Result<std::string> set_opus_dtx(std::string_view sdp, bool dtx,
                                               const std::vector<Mid>& mids = {});

/// What the first Opus payload type of a section says; nothing if there is no Opus. Absent
/// parameters have their defaults (false, or no value for numbers).
[[nodiscard]] std::optional<OpusParameters> opus_parameters(const MediaSection& section);

} // namespace cf::sdp

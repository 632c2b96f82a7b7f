/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Sections as a whole: how many, which mid, which port, which direction, in BUNDLE or not.
//
// "1.22.0" is Debian's 1.22.0-4+deb12u8, which carries later security fixes.
#pragma once

#include <optional>
#include <vector>

#include "lib/sdp/description.hpp"

namespace cf::sdp
{

/// An Error unless the answer has as many sections as the offer (RFC 3264 section 6), of the same
/// kinds in the same order.
/// P5, all versions: "Answer doesn't have the same number of m-lines as the offer."
[[nodiscard]] Status check_section_count(const Description& offer, const Description& answer);

/// An Error if section i does not have mids[i], if there are fewer sections than mids, or if a mid
/// stands twice or is missing.
/// P7, 1.26 and 1.28 abort the process when a remote offer renames a mid (gstwebrtcbin.c,
/// `_create_answer_task`); 1.22 takes it and mixes the tracks up.
[[nodiscard]] Status check_mids_unchanged(const std::vector<Mid>& mids,
                                          const Description& description);

/// Gives section i the mid mids[i] where it has none.
/// P1: a bare rejected section may have lost its mid too.
[[nodiscard]] Description fill_missing_mids(Description description, const std::vector<Mid>& mids);

/// An Error for a description whose first section is no audio or video while a section that sends
/// names no SSRC.
/// C, 1.22.0: webrtcbin attributes such packets to the first section and crashes when that has no
/// RTP session (gstreamer "Could not find ssrc", gstwebrtcbin.c).
[[nodiscard]] Status check_first_section_takes_media(const Description& description);

/// Port 9 and no `a=bundle-only` for sections that were `m=x 0` with it.
/// P9, A, all versions: with max-bundle webrtcbin writes so in every offer, RFC 8843 section 7.2.2
/// allows it in initial ones only, and some peers read port 0 as "rejected".
[[nodiscard]] Description un_bundle_only(Description description);

/// `sendonly` instead of `sendrecv` in audio and video sections.
/// P16, all versions: the transceiver of a new sink pad is sendrecv, which the service takes for a
/// bidirectional track.
[[nodiscard]] Description send_only(Description description);

/// Adds `a=group:BUNDLE` with every mid when there is none and all sections have the same
/// ice-ufrag, that is, when they are in fact bundled.
/// J, 1.22.0: without the group only the first section connects.
[[nodiscard]] Description ensure_bundle_group(Description description);

/// How a section that is closed on the wire was shown to webrtcbin the last time.
struct ClosedSection {
    std::size_t index = 0;
    MediaSection view; ///< its open form: codecs, extensions, direction
};

/// Puts the open form back for sections that are closed on the wire: port 9, direction, codecs as
/// before, present in BUNDLE at their place; transport attributes are those of the description.
/// C, 1.22.0: a direction cannot change ("transceiver direction changes are not implemented", P20;
/// 1.24 can). P10, 1.22.0: when the first mid leaves BUNDLE all media dies. Hiding the close cures
/// both, and a mid that is filled again gives a new pad.
[[nodiscard]] Description restore_closed_sections(Description description,
                                                  const std::vector<ClosedSection>& closed);

/// How a section of ours is to look on the wire.
enum class WireClosing {
    Inactive, ///< `a=inactive`, still bundled: may carry media again under the same mid
    Stopped,  ///< port 0, inactive, out of BUNDLE: what an offered port 0 must be answered with
};
struct ClosedMid {
    Mid mid;
    WireClosing closing = WireClosing::Inactive;
};

/// The other way: what webrtcbin takes for open becomes closed on the wire.
/// P8, all versions: webrtcbin answers an offered port 0 with port 9 and puts the mid back into
/// BUNDLE, against RFC 3264 section 6 and RFC 8843 section 7.3.3.
[[nodiscard]] Description mirror_closed_sections(Description description,
                                                 const std::vector<ClosedMid>& closed);

/// The accepted form of an offered section, for an answer that rejects it: the offer's codecs and
/// extensions, the reversed direction, port 9; SSRCs and msids are the offerer's and left out.
[[nodiscard]] MediaSection accepted_form(const MediaSection& offered);

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ICE and DTLS attributes: what webrtcbin wants them to look like.
//
// "1.22.0" is Debian's 1.22.0-4+deb12u8, which carries later security fixes.
#pragma once

#include "lib/sdp/description.hpp"

namespace cf::sdp
{

/// Copies session-level `setup`, `ice-ufrag`, `ice-pwd` and `ice-options` into every section that
/// has none of its own, and removes them from the session part; a fingerprint stays.
/// J, 1.22.0: webrtcbin refuses a description with session-level setup; 1.26 and 1.28 look for
/// ice-ufrag in the sections only. RFC 8839 section 5.4 and RFC 8842 section 5.1 allow both places.
[[nodiscard]] Description spread_session_transport(Description description);

/// Gives every section that lacks them the ice-ufrag, ice-pwd, setup and, when the session has
/// none, fingerprint of a live section of the same BUNDLE group, else of any live section.
/// P1, 1.22.0 ("No fingerprint lines in sdp for media 0"), 1.26, 1.28 ("missing or contains an
/// empty 'ice-ufrag'"): a rejected section may be bare (RFC 8829 section 5.3.1), webrtcbin then
/// refuses the whole description.
[[nodiscard]] Description complete_rejected_sections(Description description);

/// Gives the sections that an answer of ours refuses our own transport in place of the offerer's.
/// P1, 1.22.0: webrtcbin refuses a section by copying the offered one with port 0, remote
/// credentials included and without fingerprint, and then does not accept its own answer ("No
/// fingerprint lines in sdp for media 1").
[[nodiscard]] Description complete_own_refusals(Description answer);

/// Keeps exactly one place for the fingerprint: the session when all sections agree, else the
/// sections; of several algorithms sha-256 is kept, else the first.
/// P2, upstream before 1.28.5: an inverted test in webrtcsdp.c refuses a description that has it in
/// both places; all versions take it at session level (gstreamer da08b8584f).
[[nodiscard]] Description keep_single_fingerprint_place(Description description);

/// Upper-case hex, lower-case algorithm.
/// P3, 1.28.5 and later compare with case, and on a mismatch drop all received data while every
/// state says connected (gstreamer 30eba41add). RFC 8122 section 5 writes upper case.
[[nodiscard]] Description uppercase_fingerprint(Description description);

/// Sets `a=setup` of every section that has a transport; a session-level one goes.
/// P11, D, all versions: webrtcbin's re-offers carry `active` or `passive` where an offer must say
/// `actpass` (RFC 8842 section 5.3), and its answers say `active` although the established role is
/// passive; the next description is then refused with "Cannot intersect direction attributes".
[[nodiscard]] Description set_setup_role(Description description, SetupRole role);

/// Moves a media-level `a=ice-lite` to the session part.
/// P13, all versions: only the session-level attribute makes webrtcbin controlling, and an
/// answering webrtcbin that stays controlled never nominates. RFC 8839 section 5.3 has it at
/// session level.
[[nodiscard]] Description session_ice_lite(Description description);

/// Removes `a=candidate` and, because it would then say that there are none, `a=end-of-candidates`
/// and `a=remote-candidates`. A lite agent learns ours from the checks; what webrtcbin happens to
/// have gathered is of no use to it.
[[nodiscard]] Description strip_candidates(Description description);

/// An Error unless every section has ice-ufrag, ice-pwd, setup and, there or at session level, a
/// fingerprint that can be read. Apply after the repairs.
/// P1 again: this is where a description without any live section ends
/// (murat-dogan/node-datachannel#399).
[[nodiscard]] Status check_transport(const Description& description);

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// FacadeMemory: what one peer connection has negotiated, as far as translating its descriptions
// depends on it. A value: the Facade copies it for an exchange and keeps the copy on success.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/sdp/description.hpp"
#include "lib/sdp/section-repairs.hpp"

namespace cf::sdp
{

/// What a description says about a section that the caller must know.
enum class SectionEvent {
    None,
    Added,       ///< seen for the first time, and open
    AddedClosed, ///< seen for the first time, and closed already
    Closed,
    Reopened,
};

/// One m-line.
struct NegotiatedSection {
    Mid mid;
    bool mid_is_ours = false;           ///< made up, because a rejected section came without one
    std::optional<WireClosing> closing; ///< closed on the wire; nothing: open
    /// The remote section as webrtcbin was last told; nothing while it was never open.
    std::optional<MediaSection> remote_view;

    /// Takes in the answer to @p offered. @p offered is our offer's local form.
    SectionEvent note_answer(const MediaSection& offered, Direction offered_direction,
                             const MediaSection& answered, Direction answered_direction);
    /// Takes in a section of the service's offer.
    SectionEvent note_offer(const MediaSection& offered, Direction direction);
};

struct FacadeMemory {
    std::optional<SetupRole> role; ///< ours: Active or Passive
    std::optional<Fingerprint> remote_fingerprint;
    std::vector<NegotiatedSection> sections;

    [[nodiscard]] std::vector<Mid> mids() const;
    [[nodiscard]] std::vector<ClosedMid> closed_mids() const;
    [[nodiscard]] NegotiatedSection* find(std::string_view mid);
    /// The closed sections that webrtcbin has seen open.
    [[nodiscard]] std::vector<ClosedSection> hidden_sections() const;

    /// Closes and reopens; InvalidArgument for mids that are not there or cannot be reopened.
    [[nodiscard]] Status close(const std::vector<Mid>& mids);
    [[nodiscard]] Status reopen(const std::vector<Mid>& mids);
    /// RFC 8842 section 5.3: who is active is what the first answer says. Later ones keep it.
    [[nodiscard]] Status learn_role_from_answer(const Description& answer);
    /// An Error when it is another one than before.
    [[nodiscard]] Status learn_fingerprint(const Description& description);
    /// Takes in webrtcbin's answer: the open sections that it refuses, which end with it.
    [[nodiscard]] std::vector<Mid> note_refusals(const Description& answer);
    /// Remembers what webrtcbin is told of the open sections.
    void remember_views(const Description& description);
};

} // namespace cf::sdp

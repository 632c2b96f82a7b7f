/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Description: a session description (RFC 8866) as the lines that it came in.
//
// Reading is tolerant: LF or CRLF, no line end after the last line, blank lines, odd spacing.
// Writing is not: every line ends in CRLF, the last one too, because the service refuses a
// description whose final CRLF was trimmed. Values, no threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/sdp/line-block.hpp"
#include "lib/sdp/media-section.hpp"

namespace cf::sdp
{

/// Limits of what is read, far above what a session of hundreds of tracks needs.
inline constexpr std::size_t kMaxBytes = 1024 * 1024;
inline constexpr std::size_t kMaxLines = 32768;
inline constexpr std::size_t kMaxSections = 1024;

class Description
{
public:
    /// An Error with code Sdp (TooLarge over a limit) names the line that cannot be read, by its
    /// number only: lines hold secrets.
    [[nodiscard]] static Result<Description> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    bool operator==(const Description&) const = default;

    [[nodiscard]] const LineBlock& session() const { return session_; }
    [[nodiscard]] LineBlock& session() { return session_; }
    [[nodiscard]] const std::vector<MediaSection>& sections() const { return sections_; }
    [[nodiscard]] std::vector<MediaSection>& sections() { return sections_; }

    /// The section with that mid (nullable).
    [[nodiscard]] const MediaSection* find(std::string_view mid) const;
    [[nodiscard]] MediaSection* find(std::string_view mid);

    /// The mids of the first `a=group:BUNDLE`, in its order; nothing if there is no such line.
    [[nodiscard]] std::optional<std::vector<Mid>> bundle_group() const;
    /// Replaces that line where it stands, else adds one; no line is left when @p mids is empty.
    /// Bytes stay when the group is the same.
    void set_bundle_group(const std::vector<Mid>& mids);

    [[nodiscard]] bool is_ice_lite() const { return session_.has_attribute("ice-lite"); }
    /// Of the section, else of the session, else sendrecv.
    [[nodiscard]] Direction direction_of(const MediaSection& section) const;
    /// Of the section, else of the session.
    [[nodiscard]] std::vector<Fingerprint> fingerprints_of(const MediaSection& section) const;

private:
    LineBlock session_;
    std::vector<MediaSection> sections_;
};

} // namespace cf::sdp

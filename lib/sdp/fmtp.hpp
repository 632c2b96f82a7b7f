/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The parameter list of `a=fmtp`: `name=value` pairs between semicolons.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cf::sdp
{

struct FmtpParameter {
    std::string name;
    std::string value; ///< empty with has_value false: a bare word, such as red's `111/111`
    bool has_value = true;
    bool operator==(const FmtpParameter&) const = default;
};

/// Keeps order; names are compared without case (RFC 4855 section 3), spacing is tolerated when
/// reading and not written. Of a name that stands twice the first counts, and set() leaves one.
class FmtpParameters
{
public:
    static constexpr std::size_t kMaxMerged = 256;

    [[nodiscard]] static FmtpParameters parse(std::string_view text);

    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
    void set(std::string_view name, std::string_view value);
    void remove(std::string_view name);
    /// Adds the parameters of @p other whose names are not here yet; all of them when there are
    /// none here. Once there are kMaxMerged nothing more is added, which keeps a hostile
    /// description of thousands of lines cheap.
    void merge(const FmtpParameters& other);
    [[nodiscard]] bool empty() const { return parameters_.empty(); }
    [[nodiscard]] const std::vector<FmtpParameter>& all() const { return parameters_; }
    /// `a=1;b=2`, as it stands behind the payload type.
    [[nodiscard]] std::string to_string() const;
    bool operator==(const FmtpParameters&) const = default;

private:
    std::vector<FmtpParameter> parameters_;
};

} // namespace cf::sdp

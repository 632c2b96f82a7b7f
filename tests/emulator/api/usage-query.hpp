/* SPDX-License-Identifier: LGPL-2.1-or-later */
// One data set of the analytics: filter, group, sort, limit.
#pragma once

#include <string>

#include "lib/base/result.hpp"
#include "lib/json/json-writer.hpp"
#include "tests/emulator/api/graphql.hpp"
#include "tests/emulator/sfu/usage.hpp"

namespace cf::emu
{

/// Writes the array for @p field ("callsUsageAdaptiveGroups" and its arguments and selection) into
/// the innermost object of @p w. Errors name the filter, dimension or field that does not exist.
[[nodiscard]] Status write_usage(json::JsonWriter& w, const graphql::Field& field,
                                 const Usage& usage, const std::string& app_id);
/// The same check of arguments and selection for a data set that has no rows here.
[[nodiscard]] Status write_no_usage(json::JsonWriter& w, const graphql::Field& field);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Changes to the member names of a JSON text: odd spellings, members left out, members added.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace cf::emu
{

/// The new name of a member, or nothing to leave it out.
using RenameMember = std::function<std::optional<std::string>(const std::string& name)>;

/// @p text with every member, at any depth, under the name that @p rename gives; as it is if it is
/// no JSON.
[[nodiscard]] std::string rename_members(const std::string& text, const RenameMember& rename);
/// @p text with a member "emulatorExtra" in every object.
[[nodiscard]] std::string add_members(const std::string& text);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The part of GraphQL that Cloudflare's analytics are asked in: one query, nested selections with
// arguments, variables. No fragments, directives, mutations or subscriptions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/json/json-reader.hpp"

namespace cf::emu::graphql
{

/// An argument, variables filled in.
struct Value {
    enum class Type { Null, Boolean, Number, String, Name, List, Object };
    Type type = Type::Null;
    std::string text; ///< of Boolean, Number, String and Name (an enumerator)
    std::vector<Value> items;
    std::map<std::string, Value> members;

    [[nodiscard]] const Value* find(const std::string& member) const;
};

struct Field {
    std::string name;
    std::string alias; ///< the name it has in the answer; same as name unless another was asked for
    std::map<std::string, Value> arguments;
    std::vector<Field> selection;

    [[nodiscard]] const Field* find(const std::string& field) const;
    [[nodiscard]] const Value* argument(const std::string& argument_name) const;
};

/// The top-level selection of @p query. Variables that are not in @p variables read as null.
/// Errors have ErrorCode::Protocol.
[[nodiscard]] Result<std::vector<Field>> parse(std::string_view query,
                                               const json::JsonReader* variables);

} // namespace cf::emu::graphql

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// JsonReader: typed reading of JSON, with errors that say where: "tracks[2].mid: expected a
// string, found a number".
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/base/result.hpp"

struct _JsonNode;

namespace cf::json
{

struct JsonLimits {
    std::size_t max_bytes = 4 * 1024 * 1024;
    unsigned max_depth = 32; ///< of objects and arrays within each other
};

/// One row of a table of names: `constexpr EnumName<SdpType> kSdpTypes[] = {{"offer", ...}, ...};`
template <typename E> struct EnumName {
    const char* name;
    E value;
};

/// A value of a JSON document and the path to it. Cheap to copy; keeps the document alive. May be
/// read on any thread.
///
/// get_…(name) wants the member to be there; find_…(name) takes a missing member, or one that is
/// null, as "not said". Either one is an error if the member has another type than the asked one,
/// or if this value is no object. Members nobody asks for do not matter.
///
/// Errors have ErrorCode::Protocol; their message is for developers (a path and what is wrong
/// there), so whoever shows errors to users gives a sentence of its own and keeps ours as `debug`.
class JsonReader
{
public:
    /// Reads a whole document: RFC 8259 to the letter (no comments, no trailing commas), but a
    /// byte order mark is skipped, and of members with the same name the last one counts. NUL
    /// (also as "\u0000") and invalid UTF-8 are refused.
    [[nodiscard]] static Result<JsonReader> parse(std::string_view text,
                                                  const JsonLimits& limits = {});

    /// "tracks[2].mid"; empty for the document itself.
    [[nodiscard]] const std::string& path() const { return path_; }
    /// An Error{Protocol} at this value's path: "tracks[2].mid: @p what".
    [[nodiscard]] Error error(const std::string& what) const;

    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;
    [[nodiscard]] bool is_string() const;
    [[nodiscard]] bool is_null() const;

    // This value.
    [[nodiscard]] Result<std::string> as_string() const;
    [[nodiscard]] Result<bool> as_bool() const;
    /// A number without fraction or exponent, within the bounds.
    [[nodiscard]] Result<std::int64_t>
    as_int(std::int64_t min = std::numeric_limits<std::int64_t>::min(),
           std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
    [[nodiscard]] Result<double> as_double() const; ///< finite
    [[nodiscard]] Result<std::vector<JsonReader>> as_array() const;
    /// The members of an object in the order of the document.
    [[nodiscard]] Result<std::vector<std::pair<std::string, JsonReader>>> as_members() const;
    [[nodiscard]] Status expect_object() const;
    template <typename E> [[nodiscard]] Result<E> as_enum(std::span<const EnumName<E>> names) const
    {
        CF_TRY_LET(const std::string text, as_string());
        std::string known;
        for (const auto& [name, value] : names) {
            if (text == name)
                return value;
            known += (known.empty() ? "\"" : ", \"") + std::string{name} + '"';
        }
        return error("expected one of " + known);
    }
    /// This value as JSON without white space.
    [[nodiscard]] std::string to_text() const;

    // Members of this object.
    [[nodiscard]] bool has(const char* name) const; ///< and it is not null
    [[nodiscard]] Result<JsonReader> get(const char* name) const;
    [[nodiscard]] Result<std::optional<JsonReader>> find(const char* name) const;

    [[nodiscard]] Result<std::string> get_string(const char* name) const;
    [[nodiscard]] Result<std::optional<std::string>> find_string(const char* name) const;
    [[nodiscard]] Result<bool> get_bool(const char* name) const;
    [[nodiscard]] Result<std::optional<bool>> find_bool(const char* name) const;
    [[nodiscard]] Result<std::int64_t>
    get_int(const char* name, std::int64_t min = std::numeric_limits<std::int64_t>::min(),
            std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
    [[nodiscard]] Result<std::optional<std::int64_t>>
    find_int(const char* name, std::int64_t min = std::numeric_limits<std::int64_t>::min(),
             std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
    [[nodiscard]] Result<double> get_double(const char* name) const;
    [[nodiscard]] Result<std::optional<double>> find_double(const char* name) const;
    [[nodiscard]] Result<std::vector<JsonReader>> get_array(const char* name) const;
    /// Not said reads as empty.
    [[nodiscard]] Result<std::vector<JsonReader>> find_array(const char* name) const;
    /// The member, which must be an object.
    [[nodiscard]] Result<JsonReader> get_object(const char* name) const;
    [[nodiscard]] Result<std::optional<JsonReader>> find_object(const char* name) const;

    /// @p names is an array of EnumName.
    template <typename Names>
    [[nodiscard]] auto get_enum(const char* name, const Names& names) const
    {
        using E = std::remove_cvref_t<decltype(names[0].value)>;
        return get_enum_in(name, std::span<const EnumName<E>>{names});
    }
    template <typename Names>
    [[nodiscard]] auto find_enum(const char* name, const Names& names) const
    {
        using E = std::remove_cvref_t<decltype(names[0].value)>;
        return find_enum_in(name, std::span<const EnumName<E>>{names});
    }

private:
    struct Document;
    JsonReader(std::shared_ptr<const Document> document, _JsonNode* node, std::string path)
        : document_(std::move(document)), node_(node), path_(std::move(path))
    {
    }
    [[nodiscard]] Error expected(const char* what) const;

    template <typename E>
    [[nodiscard]] Result<E> get_enum_in(const char* name, std::span<const EnumName<E>> names) const
    {
        CF_TRY_LET(const JsonReader value, get(name));
        return value.as_enum(names);
    }
    template <typename E>
    [[nodiscard]] Result<std::optional<E>> find_enum_in(const char* name,
                                                        std::span<const EnumName<E>> names) const
    {
        CF_TRY_LET(const std::optional<JsonReader> value, find(name));
        if (!value)
            return std::optional<E>{};
        CF_TRY_LET(const E found, value->as_enum(names));
        return std::optional<E>{found};
    }

    std::shared_ptr<const Document> document_;
    _JsonNode* node_; // (transfer none), owned by document_
    std::string path_;
};

} // namespace cf::json

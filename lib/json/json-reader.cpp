/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/json-reader.hpp"

#include <cmath>

#include <json-glib/json-glib.h>

#include "lib/base/ref.hpp"
#include "lib/json/json-syntax.hpp"
#include "lib/json/json-writer.hpp"

CF_REF_GOBJECT(JsonParser);
CF_REF_BOXED(JsonNode, json_node_ref, json_node_unref);

namespace cf::json
{

struct JsonReader::Document {
    Ref<JsonNode> root;
};

namespace
{

const char* describe(JsonNode* node)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        return "an object";
    case JSON_NODE_ARRAY:
        return "an array";
    case JSON_NODE_NULL:
        return "null";
    case JSON_NODE_VALUE:
        break;
    }
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        return "a string";
    case G_TYPE_BOOLEAN:
        return json_node_get_boolean(node) ? "true" : "false";
    default:
        return "a number";
    }
}

bool holds(JsonNode* node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

std::string member_path(const std::string& path, const std::string& name)
{
    return path.empty() ? name : path + '.' + name;
}

std::string element_path(const std::string& path, std::size_t index)
{
    return path + '[' + std::to_string(index) + ']';
}

// find_…() of one type, given what reads that type.
template <typename T, typename Read>
Result<std::optional<T>> find_as(const JsonReader& object, const char* name, Read read)
{
    CF_TRY_LET(const std::optional<JsonReader> member, object.find(name));
    if (!member)
        return std::optional<T>{};
    CF_TRY_LET(T value, read(*member));
    return std::optional<T>{std::move(value)};
}

void write(JsonWriter& writer, JsonNode* node);

void write_array(JsonWriter& writer, JsonArray* array)
{
    const auto scope = writer.array();
    for (guint i = 0; i < json_array_get_length(array); ++i)
        write(writer, json_array_get_element(array, i));
}

void write_object(JsonWriter& writer, JsonObject* object)
{
    const auto scope = writer.object();
    JsonObjectIter iter;
    const char* name = nullptr;
    JsonNode* node = nullptr;
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        writer.name(name);
        write(writer, node);
    }
}

void write(JsonWriter& writer, JsonNode* node)
{
    if (JSON_NODE_HOLDS_OBJECT(node))
        write_object(writer, json_node_get_object(node));
    else if (JSON_NODE_HOLDS_ARRAY(node))
        write_array(writer, json_node_get_array(node));
    else if (JSON_NODE_HOLDS_NULL(node))
        writer.null();
    else if (holds(node, G_TYPE_STRING))
        writer.string(json_node_get_string(node));
    else if (holds(node, G_TYPE_BOOLEAN))
        writer.boolean(json_node_get_boolean(node) == TRUE);
    else if (holds(node, G_TYPE_INT64))
        writer.integer(json_node_get_int(node));
    else
        writer.number(json_node_get_double(node));
}

} // namespace

Result<JsonReader> JsonReader::parse(std::string_view text, const JsonLimits& limits)
{
    CF_TRY_LET(const std::string checked, check_syntax(text, limits));
    auto parser = Ref<JsonParser>::adopt(json_parser_new_immutable());
    GError* raw = nullptr;
    if (!json_parser_load_from_data(parser.get(), checked.data(),
                                    static_cast<gssize>(checked.size()), &raw))
        return from_gerror(ErrorCode::Protocol, raw, "not JSON");
    auto document = std::make_shared<Document>(
        Document{Ref<JsonNode>::retain(json_parser_get_root(parser.get()))});
    JsonNode* root = document->root.get();
    return JsonReader{std::move(document), root, ""};
}

Error JsonReader::error(const std::string& what) const
{
    return Error{ErrorCode::Protocol, (path_.empty() ? "the document" : path_) + ": " + what};
}

Error JsonReader::expected(const char* what) const
{
    return error(std::string{"expected "} + what + ", found " + describe(node_));
}

bool JsonReader::is_object() const
{
    return JSON_NODE_HOLDS_OBJECT(node_);
}

bool JsonReader::is_array() const
{
    return JSON_NODE_HOLDS_ARRAY(node_);
}

bool JsonReader::is_string() const
{
    return holds(node_, G_TYPE_STRING);
}

bool JsonReader::is_null() const
{
    return JSON_NODE_HOLDS_NULL(node_);
}

Result<std::string> JsonReader::as_string() const
{
    if (!is_string())
        return expected("a string");
    return std::string{json_node_get_string(node_)};
}

Result<bool> JsonReader::as_bool() const
{
    if (!holds(node_, G_TYPE_BOOLEAN))
        return expected("true or false");
    return json_node_get_boolean(node_) == TRUE;
}

Result<std::int64_t> JsonReader::as_int(std::int64_t min, std::int64_t max) const
{
    if (!holds(node_, G_TYPE_INT64))
        return holds(node_, G_TYPE_DOUBLE) ? error("expected an integer, found a number that is "
                                                   "not one or has too many digits")
                                           : expected("an integer");
    const std::int64_t value = json_node_get_int(node_);
    if (value < min || value > max)
        return error("expected an integer from " + std::to_string(min) + " to " +
                     std::to_string(max) + ", found " + std::to_string(value));
    return value;
}

Result<double> JsonReader::as_double() const
{
    if (!holds(node_, G_TYPE_DOUBLE) && !holds(node_, G_TYPE_INT64))
        return expected("a number");
    const double value = json_node_get_double(node_);
    if (!std::isfinite(value))
        return error("the number is too large");
    return value;
}

Result<std::vector<JsonReader>> JsonReader::as_array() const
{
    if (!is_array())
        return expected("an array");
    JsonArray* array = json_node_get_array(node_);
    std::vector<JsonReader> elements;
    elements.reserve(json_array_get_length(array));
    for (guint i = 0; i < json_array_get_length(array); ++i)
        elements.push_back(
            JsonReader{document_, json_array_get_element(array, i), element_path(path_, i)});
    return elements;
}

Result<std::vector<std::pair<std::string, JsonReader>>> JsonReader::as_members() const
{
    CF_TRY(expect_object());
    std::vector<std::pair<std::string, JsonReader>> members;
    JsonObjectIter iter;
    const char* name = nullptr;
    JsonNode* node = nullptr;
    json_object_iter_init_ordered(&iter, json_node_get_object(node_));
    while (json_object_iter_next_ordered(&iter, &name, &node))
        members.emplace_back(name, JsonReader{document_, node, member_path(path_, name)});
    return members;
}

Status JsonReader::expect_object() const
{
    if (!is_object())
        return expected("an object");
    return ok_status();
}

std::string JsonReader::to_text() const
{
    JsonWriter writer;
    write(writer, node_);
    return writer.take();
}

bool JsonReader::has(const char* name) const
{
    const auto member = find(name);
    return member.ok() && member->has_value();
}

Result<std::optional<JsonReader>> JsonReader::find(const char* name) const
{
    CF_TRY(expect_object());
    JsonNode* node = json_object_get_member(json_node_get_object(node_), name);
    if (node == nullptr || JSON_NODE_HOLDS_NULL(node))
        return std::optional<JsonReader>{};
    return std::optional{JsonReader{document_, node, member_path(path_, name)}};
}

Result<JsonReader> JsonReader::get(const char* name) const
{
    CF_TRY(expect_object());
    JsonNode* node = json_object_get_member(json_node_get_object(node_), name);
    if (node == nullptr)
        return Error{ErrorCode::Protocol, member_path(path_, name) + ": is missing"};
    return JsonReader{document_, node, member_path(path_, name)};
}

Result<std::string> JsonReader::get_string(const char* name) const
{
    CF_TRY_LET(const JsonReader member, get(name));
    return member.as_string();
}

Result<std::optional<std::string>> JsonReader::find_string(const char* name) const
{
    return find_as<std::string>(*this, name, [](const auto& m) { return m.as_string(); });
}

Result<bool> JsonReader::get_bool(const char* name) const
{
    CF_TRY_LET(const JsonReader member, get(name));
    return member.as_bool();
}

Result<std::optional<bool>> JsonReader::find_bool(const char* name) const
{
    return find_as<bool>(*this, name, [](const auto& m) { return m.as_bool(); });
}

Result<std::int64_t> JsonReader::get_int(const char* name, std::int64_t min, std::int64_t max) const
{
    CF_TRY_LET(const JsonReader member, get(name));
    return member.as_int(min, max);
}

Result<std::optional<std::int64_t>> JsonReader::find_int(const char* name, std::int64_t min,
                                                         std::int64_t max) const
{
    return find_as<std::int64_t>(*this, name,
                                 [min, max](const auto& m) { return m.as_int(min, max); });
}

Result<double> JsonReader::get_double(const char* name) const
{
    CF_TRY_LET(const JsonReader member, get(name));
    return member.as_double();
}

Result<std::optional<double>> JsonReader::find_double(const char* name) const
{
    return find_as<double>(*this, name, [](const auto& m) { return m.as_double(); });
}

Result<std::vector<JsonReader>> JsonReader::get_array(const char* name) const
{
    CF_TRY_LET(const JsonReader member, get(name));
    return member.as_array();
}

Result<std::vector<JsonReader>> JsonReader::find_array(const char* name) const
{
    CF_TRY_LET(const std::optional<JsonReader> member, find(name));
    if (!member)
        return std::vector<JsonReader>{};
    return member->as_array();
}

Result<JsonReader> JsonReader::get_object(const char* name) const
{
    CF_TRY_LET(JsonReader member, get(name));
    CF_TRY(member.expect_object());
    return member;
}

Result<std::optional<JsonReader>> JsonReader::find_object(const char* name) const
{
    CF_TRY_LET(std::optional<JsonReader> member, find(name));
    if (member)
        CF_TRY(member->expect_object());
    return member;
}

} // namespace cf::json

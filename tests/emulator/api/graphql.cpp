/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/graphql.hpp"

#include <utility>

namespace cf::emu::graphql
{

namespace
{

constexpr unsigned kMaxDepth = 32;

Error bad(const std::string& why)
{
    return Error{ErrorCode::Protocol, "syntax error: " + why};
}

Value from_json(const json::JsonReader& json)
{
    Value value;
    if (json.is_null())
        return value;
    if (json.is_string()) {
        value.type = Value::Type::String;
        value.text = *json.as_string();
    } else if (json.is_array()) {
        value.type = Value::Type::List;
        const auto items = json.as_array();
        for (const auto& item : *items)
            value.items.push_back(from_json(item));
    } else if (json.is_object()) {
        value.type = Value::Type::Object;
        const auto members = json.as_members();
        for (const auto& [name, member] : *members)
            value.members.emplace(name, from_json(member));
    } else {
        value.type = json.as_bool().ok() ? Value::Type::Boolean : Value::Type::Number;
        value.text = json.to_text();
    }
    return value;
}

class Parser
{
public:
    Parser(std::string_view text, const json::JsonReader* variables)
        : text_(text), variables_(variables)
    {
        next();
    }

    Result<std::vector<Field>> document()
    {
        if (token_ == "query") {
            next();
            if (is_name())
                next(); // the operation's own name
            if (token_ == "(")
                CF_TRY(skip_definitions());
        }
        CF_TRY_LET(auto fields, selection(0));
        if (!token_.empty())
            return bad("only one query is understood");
        return fields;
    }

private:
    static bool name_char(char c) { return g_ascii_isalnum(c) || c == '_'; }
    [[nodiscard]] bool is_name() const
    {
        return !token_.empty() && !quoted_ && name_char(token_[0]) && !g_ascii_isdigit(token_[0]);
    }

    // Commas are white space in GraphQL; "#" starts a comment.
    void skip_blanks()
    {
        while (!text_.empty()) {
            const char c = text_.front();
            if (c == '#')
                text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
            else if (c == ',' || g_ascii_isspace(c))
                text_.remove_prefix(1);
            else
                return;
        }
    }

    void next()
    {
        skip_blanks();
        quoted_ = false;
        token_.clear();
        if (text_.empty())
            return;
        std::size_t length = 1;
        if (text_[0] == '"')
            return next_string();
        if (name_char(text_[0]) || text_[0] == '-')
            while (length < text_.size() && (name_char(text_[length]) || text_[length] == '.' ||
                                             text_[length] == '+' || text_[length] == '-'))
                ++length;
        token_ = std::string(text_.substr(0, length));
        text_.remove_prefix(length);
    }

    void next_string()
    {
        quoted_ = true;
        text_.remove_prefix(1);
        while (!text_.empty() && text_.front() != '"') {
            if (text_.front() == '\\' && text_.size() > 1)
                text_.remove_prefix(1);
            token_ += text_.front();
            text_.remove_prefix(1);
        }
        text_.remove_prefix(text_.empty() ? 0 : 1);
    }

    [[nodiscard]] bool at(const char* punctuation) const
    {
        return !quoted_ && token_ == punctuation;
    }
    [[nodiscard]] bool at_end() const { return token_.empty() && !quoted_; }

    Status expect(const char* punctuation)
    {
        if (!at(punctuation))
            return bad(std::string("expected ") + punctuation + ", found \"" + token_ + "\"");
        next();
        return ok_status();
    }

    // "($account: string!, $since: Time = ...)": types are not checked.
    Status skip_definitions()
    {
        while (!at(")")) {
            if (at_end())
                return bad("the definitions of variables do not end");
            next();
        }
        return expect(")");
    }

    Result<std::string> name()
    {
        if (!is_name())
            return bad("expected a name, found \"" + token_ + "\"");
        std::string result = token_;
        next();
        return result;
    }

    Result<std::vector<Field>> selection(unsigned depth)
    {
        if (depth > kMaxDepth)
            return bad("the selections are nested too deeply");
        CF_TRY(expect("{"));
        std::vector<Field> fields;
        while (!at("}")) {
            CF_TRY_LET(Field field, one_field(depth));
            fields.push_back(std::move(field));
        }
        CF_TRY(expect("}"));
        if (fields.empty())
            return bad("an empty selection");
        return fields;
    }

    Result<Field> one_field(unsigned depth)
    {
        Field field;
        CF_TRY_LET(field.name, name());
        field.alias = field.name;
        if (at(":")) {
            next();
            CF_TRY_LET(field.name, name());
        }
        if (at("(")) {
            next();
            while (!at(")")) {
                CF_TRY_LET(const std::string key, name());
                CF_TRY(expect(":"));
                CF_TRY_LET(field.arguments[key], value(0));
            }
            CF_TRY(expect(")"));
        }
        if (at("{")) {
            CF_TRY_LET(field.selection, selection(depth + 1));
        }
        return field;
    }

    Result<Value> value(unsigned depth)
    {
        if (depth > kMaxDepth || at_end())
            return bad("a value is missing or nested too deeply");
        Value result;
        if (at("$")) {
            next();
            CF_TRY_LET(const std::string variable, name());
            return variable_value(variable);
        }
        if (at("["))
            return list(depth);
        if (at("{"))
            return object(depth);
        result.text = token_;
        if (quoted_)
            result.type = Value::Type::String;
        else if (token_ == "true" || token_ == "false")
            result.type = Value::Type::Boolean;
        else if (g_ascii_isdigit(token_[0]) || token_[0] == '-')
            result.type = Value::Type::Number;
        else if (is_name() && token_ != "null")
            result.type = Value::Type::Name;
        else if (token_ != "null")
            return bad("\"" + token_ + "\" is no value");
        next();
        return result;
    }

    Result<Value> variable_value(const std::string& variable)
    {
        if (variables_ == nullptr || !variables_->has(variable.c_str()))
            return Value{};
        return from_json(*variables_->get(variable.c_str()));
    }

    Result<Value> list(unsigned depth)
    {
        Value result;
        result.type = Value::Type::List;
        next();
        while (!at("]")) {
            CF_TRY_LET(Value item, value(depth + 1));
            result.items.push_back(std::move(item));
        }
        CF_TRY(expect("]"));
        return result;
    }

    Result<Value> object(unsigned depth)
    {
        Value result;
        result.type = Value::Type::Object;
        next();
        while (!at("}")) {
            CF_TRY_LET(const std::string key, name());
            CF_TRY(expect(":"));
            CF_TRY_LET(result.members[key], value(depth + 1));
        }
        CF_TRY(expect("}"));
        return result;
    }

    std::string_view text_;
    const json::JsonReader* variables_;
    std::string token_;
    bool quoted_ = false;
};

} // namespace

const Value* Value::find(const std::string& member) const
{
    const auto it = members.find(member);
    return it == members.end() ? nullptr : &it->second;
}

const Field* Field::find(const std::string& field) const
{
    for (const Field& f : selection)
        if (f.name == field)
            return &f;
    return nullptr;
}

const Value* Field::argument(const std::string& argument_name) const
{
    const auto it = arguments.find(argument_name);
    return it == arguments.end() ? nullptr : &it->second;
}

Result<std::vector<Field>> parse(std::string_view query, const json::JsonReader* variables)
{
    return Parser(query, variables).document();
}

} // namespace cf::emu::graphql

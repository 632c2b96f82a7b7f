/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/json-edit.hpp"

#include "lib/json/json-reader.hpp"
#include "lib/json/json-writer.hpp"

namespace cf::emu
{

namespace
{

class Copy
{
public:
    Copy(const RenameMember& rename, bool extra) : rename_(rename), extra_(extra) {}

    std::string run(const std::string& text)
    {
        const auto root = json::JsonReader::parse(text);
        if (!root)
            return text;
        value(*root, nullptr);
        return w_.take();
    }

private:
    // @p name is that of the member being written, nullptr in an array and at the top.
    void value(const json::JsonReader& from, const std::string* name)
    {
        if (from.is_object())
            return object(from, name);
        if (from.is_array()) {
            auto scope = name != nullptr ? w_.array(*name) : w_.array();
            const auto items = from.as_array();
            for (const json::JsonReader& item : *items)
                value(item, nullptr);
            return;
        }
        if (name != nullptr)
            w_.value(*name, from);
        else
            w_.value(from);
    }

    void object(const json::JsonReader& from, const std::string* name)
    {
        auto scope = name != nullptr ? w_.object(*name) : w_.object();
        const auto members = from.as_members();
        for (const auto& [key, member] : *members)
            if (const auto renamed = rename_(key))
                value(member, &*renamed);
        if (extra_)
            w_.string("emulatorExtra", "a member that no client knows");
    }

    json::JsonWriter w_;
    const RenameMember& rename_;
    bool extra_;
};

} // namespace

std::string rename_members(const std::string& text, const RenameMember& rename)
{
    return Copy(rename, false).run(text);
}

std::string add_members(const std::string& text)
{
    const RenameMember same = [](const std::string& name) { return std::optional(name); };
    return Copy(same, true).run(text);
}

} // namespace cf::emu

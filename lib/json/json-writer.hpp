/* SPDX-License-Identifier: LGPL-2.1-or-later */
// JsonWriter: JSON text, written member by member; a scope closes what it opened.
//
//     JsonWriter w;
//     {
//         auto root = w.object();
//         w.string("type", "offer");
//         auto tracks = w.array("tracks");
//         for (const auto& t : list) {
//             auto track = w.object();
//             w.string("mid", t.mid);
//         }
//     }
//     send(w.take());
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/json/json-reader.hpp"

namespace cf::json
{

/// Functions with a name write a member of the innermost object, those without an element of the
/// innermost array (or the document itself). Mixing them up is a mistake of the caller's
/// (assertion). One thread.
class JsonWriter
{
public:
    /// An open object or array; closed when this goes out of scope. Inner ones go first.
    class [[nodiscard]] Scope
    {
    public:
        Scope(Scope&& o) noexcept : writer_(std::exchange(o.writer_, nullptr)), depth_(o.depth_) {}
        ~Scope()
        {
            if (writer_ != nullptr)
                writer_->close(depth_);
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;
        Scope& operator=(Scope&&) = delete;

    private:
        friend class JsonWriter;
        Scope(JsonWriter& writer, std::size_t depth) : writer_(&writer), depth_(depth) {}
        JsonWriter* writer_;
        std::size_t depth_;
    };

    JsonWriter() = default;
    JsonWriter(const JsonWriter&) = delete;
    JsonWriter& operator=(const JsonWriter&) = delete;

    Scope object() { return element().open('{'); }
    Scope object(std::string_view name) { return member(name).open('{'); }
    Scope array() { return element().open('['); }
    Scope array(std::string_view name) { return member(name).open('['); }

    /// The name of the member that the next function without a name writes.
    void name(std::string_view name) { member(name).named_ = true; }

    /// Bytes that are not UTF-8, and NUL, are written as U+FFFD.
    void string(std::string_view value) { element().put_string(value); }
    void string(std::string_view name, std::string_view value) { member(name).put_string(value); }
    /// Writes nothing if there is no value.
    void optional_string(std::string_view name, const std::optional<std::string>& value)
    {
        if (value)
            string(name, *value);
    }
    /// All digits, also beyond 2^53, where JavaScript would round.
    template <std::integral T> void integer(T value) { element().put_integer(value); }
    template <std::integral T> void integer(std::string_view name, T value)
    {
        member(name).put_integer(value);
    }
    /// The shortest text that reads back as the same value; null if it is not finite.
    void number(double value) { element().put_number(value); }
    void number(std::string_view name, double value) { member(name).put_number(value); }
    template <std::same_as<bool> T> void boolean(T value)
    {
        element().put(value ? "true" : "false");
    }
    template <std::same_as<bool> T> void boolean(std::string_view name, T value)
    {
        member(name).put(value ? "true" : "false");
    }
    void null() { element().put("null"); }
    void null(std::string_view name) { member(name).put("null"); }
    /// A copy of something that was read.
    void value(const JsonReader& value) { element().put(value.to_text()); }
    void value(std::string_view name, const JsonReader& value)
    {
        member(name).put(value.to_text());
    }

    /// The text so far; every scope must be closed. The writer is empty afterwards.
    [[nodiscard]] std::string take();

private:
    struct Level {
        char close;
        bool has_items = false;
    };
    JsonWriter& element();
    JsonWriter& member(std::string_view name);
    Scope open(char bracket);
    void close(std::size_t depth);
    void put(std::string_view text) { text_ += text; }
    void put_string(std::string_view value);
    void put_number(double value);
    template <std::integral T> void put_integer(T value) { put(std::to_string(value)); }

    std::string text_;
    std::vector<Level> levels_;
    bool named_ = false; ///< a name waits for its value
};

} // namespace cf::json

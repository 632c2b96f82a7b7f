/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/json-syntax.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include <glib.h>

namespace cf::json
{

namespace
{

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// Recursive descent; every function returns false after it has noted what is wrong.
class SyntaxChecker
{
public:
    SyntaxChecker(std::string_view text, unsigned max_depth) : text_(text), max_depth_(max_depth)
    {
        out_.reserve(text.size() + 16);
    }

    Result<std::string> run()
    {
        skip_space();
        bool good = value();
        if (good) {
            skip_space();
            good = pos_ == text_.size() || fail("expected the end of the text");
        }
        if (!good)
            return problem();
        out_ += text_.substr(copied_);
        return std::move(out_);
    }

private:
    [[nodiscard]] char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
    bool take(char c)
    {
        if (peek() != c)
            return false;
        ++pos_;
        return true;
    }
    bool fail(const char* what)
    {
        what_ = pos_ < text_.size() ? what : "the text ends too early";
        return false;
    }
    void skip_space()
    {
        while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n')
            ++pos_;
    }

    Error problem() const;
    bool value();
    bool object();
    bool array();
    bool string();
    bool escape();
    bool four_hex_digits(unsigned& unit);
    bool number();
    bool literal(std::string_view word);

    std::string_view text_;
    std::size_t pos_ = 0;
    unsigned depth_ = 0;
    unsigned max_depth_;
    std::string out_;
    std::size_t copied_ = 0; ///< how much of text_ is in out_
    const char* what_ = "";
};

Error SyntaxChecker::problem() const
{
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text_.substr(0, pos_)) {
        column = c == '\n' ? 1 : column + 1;
        line += c == '\n' ? 1 : 0;
    }
    return Error{ErrorCode::Protocol, "not JSON: line " + std::to_string(line) + ", column " +
                                          std::to_string(column) + ": " + what_};
}

bool SyntaxChecker::value()
{
    switch (peek()) {
    case '{':
        return object();
    case '[':
        return array();
    case '"':
        return string();
    case 't':
        return literal("true");
    case 'f':
        return literal("false");
    case 'n':
        return literal("null");
    default:
        return number();
    }
}

bool SyntaxChecker::object()
{
    if (++depth_ > max_depth_)
        return fail("nested too deeply");
    ++pos_;
    skip_space();
    if (!take('}')) {
        do {
            skip_space();
            if (peek() != '"')
                return fail("expected a member name in quotation marks");
            if (!string())
                return false;
            skip_space();
            if (!take(':'))
                return fail("expected a colon");
            skip_space();
            if (!value())
                return false;
            skip_space();
        } while (take(','));
        if (!take('}'))
            return fail("expected a comma or a closing brace");
    }
    --depth_;
    return true;
}

bool SyntaxChecker::array()
{
    if (++depth_ > max_depth_)
        return fail("nested too deeply");
    ++pos_;
    skip_space();
    if (!take(']')) {
        do {
            skip_space();
            if (!value())
                return false;
            skip_space();
        } while (take(','));
        if (!take(']'))
            return fail("expected a comma or a closing bracket");
    }
    --depth_;
    return true;
}

bool SyntaxChecker::string()
{
    ++pos_;
    while (pos_ < text_.size()) {
        const char c = text_[pos_];
        if (c == '"') {
            ++pos_;
            return true;
        }
        if (static_cast<unsigned char>(c) < 0x20)
            return fail("control characters in strings must be escaped");
        if (c == '\\') {
            if (!escape())
                return false;
        } else {
            ++pos_;
        }
    }
    return fail("");
}

bool SyntaxChecker::escape()
{
    ++pos_;
    const char c = peek();
    if (c != 'u') {
        if (c == '\0' || std::string_view{"\"\\/bfnrt"}.find(c) == std::string_view::npos)
            return fail("unknown escape in a string");
        ++pos_;
        return true;
    }
    unsigned unit = 0;
    if (!four_hex_digits(unit))
        return false;
    if (unit == 0)
        return fail("a string may not hold NUL");
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return fail("half a surrogate pair");
    if (unit >= 0xd800 && unit <= 0xdbff) {
        unsigned low = 0;
        if (!take('\\') || peek() != 'u')
            return fail("half a surrogate pair");
        if (!four_hex_digits(low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail("half a surrogate pair");
    }
    return true;
}

// At the 'u' of an escape.
bool SyntaxChecker::four_hex_digits(unsigned& unit)
{
    ++pos_;
    unit = 0;
    for (int i = 0; i < 4; ++i, ++pos_) {
        const gint digit = g_ascii_xdigit_value(peek());
        if (digit < 0)
            return fail("expected four hexadecimal digits");
        unit = unit * 16 + static_cast<unsigned>(digit);
    }
    return true;
}

bool SyntaxChecker::number()
{
    const std::size_t start = pos_;
    take('-');
    if (!is_digit(peek())) {
        pos_ = start;
        return fail("expected a value");
    }
    if (!take('0')) {
        while (is_digit(peek()))
            ++pos_;
    }
    bool is_integer = true;
    if (take('.')) {
        is_integer = false;
        if (!is_digit(peek()))
            return fail("expected a digit");
        while (is_digit(peek()))
            ++pos_;
    }
    if (take('e') || take('E')) {
        is_integer = false;
        if (!take('+'))
            take('-');
        if (!is_digit(peek()))
            return fail("expected a digit");
        while (is_digit(peek()))
            ++pos_;
    }
    if (is_integer) {
        std::int64_t unused = 0;
        const auto [end, ec] = std::from_chars(text_.data() + start, text_.data() + pos_, unused);
        if (ec == std::errc::result_out_of_range) {
            out_ += text_.substr(copied_, pos_ - copied_);
            out_ += "e0";
            copied_ = pos_;
        }
    }
    return true;
}

bool SyntaxChecker::literal(std::string_view word)
{
    if (!text_.substr(pos_).starts_with(word))
        return fail("expected a value");
    pos_ += word.size();
    return true;
}

} // namespace

Result<std::string> check_syntax(std::string_view text, const JsonLimits& limits)
{
    if (text.size() > limits.max_bytes)
        return Error{ErrorCode::TooLarge,
                     "the JSON text is larger than " + std::to_string(limits.max_bytes) + " bytes"};
    if (text.find('\0') != std::string_view::npos)
        return Error{ErrorCode::Protocol, "not JSON: the text holds NUL"};
    if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
        return Error{ErrorCode::Protocol, "not JSON: the text is not UTF-8"};
    if (text.starts_with("\xef\xbb\xbf"))
        text.remove_prefix(3);
    return SyntaxChecker{text, limits.max_depth}.run();
}

} // namespace cf::json

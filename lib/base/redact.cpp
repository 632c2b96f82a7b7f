/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/redact.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

namespace cf
{

namespace
{

constexpr std::string_view kMark = "[redacted]";

// std::isalnum and friends depend on the locale; what we look for is ASCII.
constexpr bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_name_char(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}
constexpr bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}
constexpr bool is_line_end(char c)
{
    return c == '\r' || c == '\n' || c == '\0';
}
constexpr bool is_quote(char c)
{
    return c == '"' || c == '\'';
}
constexpr char to_lower(char c)
{
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

enum class Secret {
    No,
    Word, ///< the value is a word or a quoted string
    Line, ///< a header field: the value is the rest of the line, unless it is quoted
};

/// Whether a member, parameter or header field of this name carries a secret. Names are compared
/// without regard to case and separators, by their end: `appSecret`, `X-Auth-Token`, `ice-pwd`.
Secret secret_of_name(std::string_view name)
{
    std::string plain;
    for (const char c : name) {
        if (c != '-' && c != '_')
            plain += to_lower(c);
    }
    if (plain.ends_with("authorization") || plain.ends_with("cookie"))
        return Secret::Line;
    constexpr std::array kEndings{
        "token", "secret", "password", "passwd", "pwd",        "passphrase",
        "jwt",   "apikey", "username", "cred",   "credential", "credentials",
    };
    if (std::any_of(kEndings.begin(), kEndings.end(),
                    [&](const char* ending) { return plain.ends_with(ending); }))
        return Secret::Word;
    // "key" only as a word of its own: not in "monkey".
    if (plain.ends_with("key")) {
        if (plain.size() == 3)
            return Secret::Word;
        const char first = name[name.size() - 3];
        const char before = name[name.size() - 4];
        if (before == '-' || before == '_' || (is_upper(first) && !is_upper(before)))
            return Secret::Word;
    }
    return Secret::No;
}

class Redactor
{
public:
    explicit Redactor(std::string_view text) : text_(text) { out_.reserve(text.size()); }

    std::string run()
    {
        while (pos_ < text_.size()) {
            const char c = text_[pos_];
            if (c == '\\')
                copy(std::min<std::size_t>(2, text_.size() - pos_)); // "\ntoken" is no "ntoken"
            else if (text_.substr(pos_).starts_with("://"))
                user_info();
            else if (is_name_char(c))
                name();
            else
                copy(1);
        }
        return std::move(out_);
    }

private:
    [[nodiscard]] char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

    void copy(std::size_t n)
    {
        out_ += text_.substr(pos_, n);
        pos_ += n;
    }
    void copy_to(std::size_t end) { copy(end - pos_); }
    void hide_to(std::size_t end)
    {
        if (end > pos_)
            out_ += kMark;
        pos_ = end;
    }

    void user_info();
    void name();
    void scheme_credentials();
    void value(Secret kind, bool is_member);
    [[nodiscard]] std::size_t skip_blanks(std::size_t i) const;
    [[nodiscard]] std::size_t skip_opening_quote(std::size_t i) const;
    [[nodiscard]] bool ends_bare_value(std::size_t i, bool is_member) const;
    [[nodiscard]] std::size_t bare_end(std::size_t i, bool is_member) const;
    [[nodiscard]] std::size_t line_end(std::size_t i) const;
    [[nodiscard]] std::size_t quoted_end(std::size_t i, char quote, std::size_t level) const;
    [[nodiscard]] std::size_t nested_end(std::size_t i) const;

    std::string_view text_;
    std::string out_;
    std::size_t pos_ = 0;
    std::size_t no_user_before_ = 0; ///< looked up to here in vain; keeps the cost linear
};

std::size_t Redactor::skip_blanks(std::size_t i) const
{
    while (is_blank(at(i)))
        ++i;
    return i;
}

// Past a quotation mark, with its backslashes where the text is JSON within JSON; @p i if none.
std::size_t Redactor::skip_opening_quote(std::size_t i) const
{
    std::size_t j = i;
    while (at(j) == '\\')
        ++j;
    return is_quote(at(j)) ? j + 1 : i;
}

// RFC 3986 3.2.1: scheme://user:password@host. For turn:// and turns:// a password may hold
// characters that should have been escaped; such URLs have no path, so nothing else is lost.
void Redactor::user_info()
{
    const std::string_view before = text_.substr(0, pos_);
    const bool has_path = !before.ends_with("turn") && !before.ends_with("turns");
    copy(3);
    if (pos_ < no_user_before_)
        return;
    std::size_t at_sign = std::string_view::npos;
    std::size_t i = pos_;
    for (; i < text_.size(); ++i) {
        const char c = text_[i];
        if (is_quote(c) || is_blank(c) || is_line_end(c) || c == '<' || c == '>' || c == '\\')
            break;
        if (has_path && (c == '/' || c == '?' || c == '#'))
            break;
        if (c == '@')
            at_sign = i;
    }
    if (at_sign != std::string_view::npos)
        hide_to(at_sign);
    else
        no_user_before_ = i;
}

void Redactor::name()
{
    std::size_t end = pos_;
    while (is_name_char(at(end)))
        ++end;
    const std::string_view word = text_.substr(pos_, end - pos_);
    copy_to(end);

    const std::size_t after_quote = skip_opening_quote(end);
    const std::size_t sign = skip_blanks(after_quote);
    const Secret kind = secret_of_name(word);
    if (kind != Secret::No && (at(sign) == ':' || at(sign) == '=')) {
        copy_to(skip_blanks(sign + 1));
        value(kind, after_quote != end);
    } else if (word.size() == 6 && is_blank(at(end))) {
        std::string lower;
        std::transform(word.begin(), word.end(), std::back_inserter(lower), to_lower);
        if (lower == "bearer")
            scheme_credentials();
    }
}

// RFC 6750 2.1: Bearer, spaces, the token.
void Redactor::scheme_credentials()
{
    copy_to(skip_blanks(pos_));
    hide_to(bare_end(pos_, false));
}

void Redactor::value(Secret kind, bool is_member)
{
    // GstStructure writes `name=(string)"value"`.
    if (at(pos_) == '(') {
        std::size_t i = pos_ + 1;
        while (is_name_char(at(i)))
            ++i;
        if (at(i) == ')')
            copy_to(i + 1);
    }
    const std::size_t inside = skip_opening_quote(pos_);
    if (inside != pos_) {
        const std::size_t level = inside - pos_ - 1;
        copy_to(inside);
        hide_to(quoted_end(pos_, text_[inside - 1], level));
    } else if (kind == Secret::Line && !is_member) {
        hide_to(line_end(pos_));
    } else if (is_member && (at(pos_) == '[' || at(pos_) == '{')) {
        hide_to(bare_end(nested_end(pos_), true));
    } else {
        std::size_t end = bare_end(pos_, is_member);
        std::string scheme;
        for (std::size_t i = pos_; i < end && end - pos_ <= 6; ++i)
            scheme += to_lower(text_[i]);
        if (scheme == "bearer" || scheme == "basic")
            end = bare_end(skip_blanks(end), is_member);
        hide_to(end);
    }
}

// Where the text is JSON, "\r", "\n" and "\"" arrive as two characters or more.
bool Redactor::ends_bare_value(std::size_t i, bool is_member) const
{
    const char c = at(i);
    if (c == '\\') {
        std::size_t j = i;
        while (at(j) == '\\')
            ++j;
        const char escaped = at(j);
        return escaped == 'r' || escaped == 'n' || escaped == 't' || is_quote(escaped);
    }
    if (is_member && (c == ',' || c == '}' || c == ']'))
        return true;
    return is_blank(c) || is_line_end(c) || is_quote(c) || c == '&' || c == '<' || c == '>';
}

std::size_t Redactor::bare_end(std::size_t i, bool is_member) const
{
    if (text_.substr(i).starts_with(kMark))
        i += kMark.size();
    while (i < text_.size() && !ends_bare_value(i, is_member))
        ++i;
    return i;
}

std::size_t Redactor::line_end(std::size_t i) const
{
    while (i < text_.size() && !is_line_end(text_[i]))
        ++i;
    return i;
}

// Whether a quotation mark after @p backslashes of them closes a string that was opened by one
// after @p level of them: each level of JSON in JSON turns n into 2n + 1.
bool closes_string(std::size_t backslashes, std::size_t level)
{
    while (level != 0 && backslashes % 2 == 1) {
        level = (level - 1) / 2;
        backslashes = (backslashes - 1) / 2;
    }
    return backslashes % 2 == 0;
}

// The end of the string whose first character is at @p i; the end of the text if it was cut.
std::size_t Redactor::quoted_end(std::size_t i, char quote, std::size_t level) const
{
    std::size_t backslashes = 0;
    for (; i < text_.size(); ++i) {
        if (text_[i] == '\\') {
            ++backslashes;
            continue;
        }
        if (text_[i] == quote && closes_string(backslashes, level))
            return i - std::min(backslashes, level);
        backslashes = 0;
    }
    return i;
}

// Past the JSON array or object that begins at @p i.
std::size_t Redactor::nested_end(std::size_t i) const
{
    if (text_.substr(i).starts_with(kMark))
        return i;
    std::size_t depth = 0;
    while (i < text_.size()) {
        const char c = text_[i];
        const std::size_t inside = skip_opening_quote(i);
        if (inside != i) {
            const std::size_t end = quoted_end(inside, text_[inside - 1], inside - i - 1);
            i = std::min(text_.size(), end + (inside - i));
            continue;
        }
        ++i;
        if (c == '[' || c == '{')
            ++depth;
        else if ((c == ']' || c == '}') && --depth == 0)
            break;
    }
    return i;
}

} // namespace

std::string redact(std::string_view text)
{
    return Redactor{text}.run();
}

} // namespace cf

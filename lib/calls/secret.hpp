/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Secret: text that cannot be printed by accident.
#pragma once

#include <string>
#include <utility>

namespace cf::calls
{

/// Has no conversion, no operator<<, no c_str(): whoever wants the text says reveal(), which can be
/// searched for. Wiped when it goes.
class Secret
{
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& o) noexcept : text_(o.text_) { o.wipe(); }
    Secret& operator=(Secret o) noexcept
    {
        std::swap(text_, o.text_);
        return *this;
    }
    ~Secret() { wipe(); }

    [[nodiscard]] const std::string& reveal() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }

private:
    void wipe()
    {
        volatile char* p = text_.data(); // volatile: or the compiler sees that nobody reads it
        for (std::size_t i = 0; i < text_.size(); ++i)
            p[i] = '\0';
        text_.clear();
    }
    std::string text_;
};

} // namespace cf::calls

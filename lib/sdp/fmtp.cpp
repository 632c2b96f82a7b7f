/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/fmtp.hpp"

#include <algorithm>

#include "lib/sdp/line-block.hpp"

namespace cf::sdp
{

FmtpParameters FmtpParameters::parse(std::string_view text)
{
    FmtpParameters out;
    for (auto piece : split(text, ';')) {
        const auto equals = piece.find('=');
        if (equals == std::string_view::npos) {
            out.parameters_.push_back({std::string(piece), {}, false});
            continue;
        }
        out.parameters_.push_back({std::string(trim(piece.substr(0, equals))),
                                   std::string(trim(piece.substr(equals + 1))), true});
    }
    return out;
}

std::optional<std::string_view> FmtpParameters::get(std::string_view name) const
{
    for (const auto& p : parameters_)
        if (equals_ignoring_case(p.name, name))
            return p.value;
    return std::nullopt;
}

void FmtpParameters::set(std::string_view name, std::string_view value)
{
    FmtpParameter wanted{std::string(name), std::string(value), true};
    auto is_it = [&](const FmtpParameter& p) { return equals_ignoring_case(p.name, wanted.name); };
    auto first = std::find_if(parameters_.begin(), parameters_.end(), is_it);
    if (first == parameters_.end()) {
        parameters_.push_back(std::move(wanted));
        return;
    }
    *first = wanted;
    parameters_.erase(std::remove_if(first + 1, parameters_.end(), is_it), parameters_.end());
}

void FmtpParameters::remove(std::string_view name)
{
    std::erase_if(parameters_,
                  [&](const FmtpParameter& p) { return equals_ignoring_case(p.name, name); });
}

void FmtpParameters::merge(const FmtpParameters& other)
{
    if (parameters_.empty()) {
        *this = other;
        return;
    }
    for (const auto& p : other.parameters_) {
        if (parameters_.size() >= kMaxMerged)
            return;
        if (!get(p.name))
            parameters_.push_back(p);
    }
}

std::string FmtpParameters::to_string() const
{
    std::string out;
    for (const auto& p : parameters_) {
        if (!out.empty())
            out += ';';
        out += p.name;
        if (p.has_value)
            out.append("=").append(p.value);
    }
    return out;
}

} // namespace cf::sdp

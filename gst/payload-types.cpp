/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/payload-types.hpp"

#include <algorithm>

namespace cf::gst
{

unsigned PayloadTypes::number_for(const CodecInfo& codec, const std::string& variant)
{
    Lock lock(mu_);
    if (const auto it = numbers_.find({codec.codec, variant}); it != numbers_.end())
        return it->second;
    for (const unsigned candidate : codec.payload_types) {
        const bool taken = std::any_of(numbers_.begin(), numbers_.end(), [&](const auto& entry) {
            return entry.second == candidate;
        });
        if (!taken) {
            numbers_[{codec.codec, variant}] = candidate;
            return candidate;
        }
    }
    return codec.payload_types.front();
}

} // namespace cf::gst

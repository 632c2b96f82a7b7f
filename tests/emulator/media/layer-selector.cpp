/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/layer-selector.hpp"

#include <algorithm>

namespace cf::emu
{

namespace
{

/// Going up needs a fifth more than the layer's rate; staying needs the rate itself.
bool fits(const LayerCandidate& layer, std::uint64_t budget_bps, std::optional<std::size_t> current)
{
    const std::uint64_t needed =
        layer.index == current ? layer.bits_per_second : layer.bits_per_second * 6 / 5;
    return needed <= budget_bps;
}

} // namespace

std::optional<std::size_t> select_layer(std::vector<LayerCandidate> layers,
                                        const calls::Simulcast& policy,
                                        std::optional<std::uint64_t> budget_bps,
                                        std::optional<std::size_t> current)
{
    std::sort(layers.begin(), layers.end(),
              [](const LayerCandidate& a, const LayerCandidate& b) { return a.rid < b.rid; });
    const std::string preferred = policy.preferred_rid.value_or("");
    const bool by_bandwidth =
        preferred.empty() || policy.priority_ordering == calls::RidPolicy::Asciibetical;
    const bool may_replace =
        preferred.empty() || policy.rid_not_available == calls::RidPolicy::Asciibetical;

    auto start = std::find_if(layers.begin(), layers.end(),
                              [&](const LayerCandidate& l) { return l.rid >= preferred; });
    const bool available =
        start != layers.end() && start->flowing && (preferred.empty() || start->rid == preferred);
    if (!available && !may_replace)
        return std::nullopt;

    // From the preferred one towards worse; then, if it may be replaced, the next better ones.
    std::optional<std::size_t> last_choice;
    for (auto l = start; l != layers.end(); ++l) {
        if (!l->flowing)
            continue;
        last_choice = l->index;
        if (!by_bandwidth || !budget_bps || fits(*l, *budget_bps, current))
            return l->index;
    }
    // Nothing fits: the smallest still beats no picture.
    if (last_choice)
        return last_choice;
    while (start != layers.begin()) {
        --start;
        if (start->flowing)
            return start->index;
    }
    return std::nullopt;
}

} // namespace cf::emu

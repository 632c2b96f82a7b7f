/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/usage.hpp"

namespace cf::emu
{

void Usage::sample(const std::string& session, const TransportStats& stats, std::uint64_t unix_time)
{
    UsageBytes& before = seen_[session];
    const UsageBytes delta{stats.bytes_in - before.ingress, stats.bytes_out - before.egress};
    if (delta.ingress == 0 && delta.egress == 0)
        return;
    before = {stats.bytes_in, stats.bytes_out};
    UsageBytes& row = rows_[{unix_time - unix_time % 60, session}];
    row.ingress += delta.ingress;
    row.egress += delta.egress;
    while (rows_.size() > kMaxRows)
        rows_.erase(rows_.begin());
}

void Usage::clear()
{
    rows_.clear();
    seen_.clear();
}

} // namespace cf::emu

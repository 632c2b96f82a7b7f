/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/sdp-faults.hpp"

#include <algorithm>

#include <glib.h>

namespace cf::emu
{

namespace
{

void spoil_fingerprint(sdp::Description& d)
{
    for (sdp::Fingerprint& f : d.fingerprints)
        if (!f.value.empty())
            f.value[0] = f.value[0] == '0' ? '1' : '0';
}

void lower_fingerprint(sdp::Description& d)
{
    for (sdp::Fingerprint& f : d.fingerprints)
        for (char& c : f.value)
            c = g_ascii_tolower(c);
}

void drop_ssrc(sdp::Description& d)
{
    for (sdp::Section& s : d.sections)
        s.sources.clear();
}

void drop_last_section(sdp::Description& d)
{
    if (d.sections.empty())
        return;
    std::erase(d.bundle, d.sections.back().mid);
    d.sections.pop_back();
}

void rename_mid(sdp::Description& d, const Fault& fault)
{
    const std::string from = fault.text("mid");
    const std::string to = fault.text("to", "changed");
    const auto it = std::find_if(d.sections.rbegin(), d.sections.rend(),
                                 [&](const auto& s) { return from.empty() || s.mid == from; });
    if (it == d.sections.rend())
        return;
    std::replace(d.bundle.begin(), d.bundle.end(), it->mid, to);
    it->mid = to;
}

} // namespace

void apply_sdp_faults(sdp::Description& description, FaultRegistry& faults,
                      const std::string& operation, const std::string& session)
{
    const auto struck = [&](const char* name) { return faults.strike(name, operation, session); };
    if (struck("wrong-fingerprint"))
        spoil_fingerprint(description);
    if (struck("lower-case-fingerprint"))
        lower_fingerprint(description);
    if (struck("no-ssrc"))
        drop_ssrc(description);
    if (struck("fewer-m-lines"))
        drop_last_section(description);
    if (const auto fault = struck("changed-mid"))
        rename_mid(description, *fault);
}

} // namespace cf::emu

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

// The section that @p fault names, the last one by default.
sdp::Section* chosen_section(sdp::Description& d, const Fault& fault)
{
    const std::string mid = fault.text("mid");
    const auto it = std::find_if(d.sections.rbegin(), d.sections.rend(),
                                 [&](const auto& s) { return mid.empty() || s.mid == mid; });
    return it == d.sections.rend() ? nullptr : &*it;
}

void rename_mid(sdp::Description& d, const Fault& fault)
{
    sdp::Section* section = chosen_section(d, fault);
    if (section == nullptr)
        return;
    const std::string to = fault.text("to", "changed");
    std::replace(d.bundle.begin(), d.bundle.end(), section->mid, to);
    section->mid = to;
}

void reject_section(sdp::Description& d, const Fault& fault)
{
    sdp::Section* section = chosen_section(d, fault);
    if (section == nullptr)
        return;
    section->port = 0;
    std::erase(d.bundle, section->mid);
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
    if (struck("no-ice-lite"))
        description.ice_lite = false;
    if (const auto fault = struck("rejected-section"))
        reject_section(description, *fault);
    if (const auto fault = struck("changed-mid"))
        rename_mid(description, *fault);
}

} // namespace cf::emu

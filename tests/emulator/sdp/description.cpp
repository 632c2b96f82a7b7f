/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sdp/description.hpp"

#include <algorithm>

#include <glib.h>

namespace cf::emu::sdp
{

const char* to_string(Kind kind)
{
    switch (kind) {
    case Kind::Audio:
        return "audio";
    case Kind::Video:
        return "video";
    case Kind::Application:
        break;
    }
    return "application";
}

const char* to_string(Direction direction)
{
    switch (direction) {
    case Direction::SendRecv:
        return "sendrecv";
    case Direction::SendOnly:
        return "sendonly";
    case Direction::RecvOnly:
        return "recvonly";
    case Direction::Inactive:
        break;
    }
    return "inactive";
}

const char* to_string(Setup setup)
{
    switch (setup) {
    case Setup::ActPass:
        return "actpass";
    case Setup::Active:
        return "active";
    case Setup::Passive:
        break;
    }
    return "passive";
}

Direction make_direction(bool send, bool receive)
{
    if (send)
        return receive ? Direction::SendRecv : Direction::SendOnly;
    return receive ? Direction::RecvOnly : Direction::Inactive;
}

Direction reversed(Direction d)
{
    return make_direction(receives(d), sends(d));
}

bool Codec::is(const char* other_name) const
{
    return g_ascii_strcasecmp(name.c_str(), other_name) == 0;
}

std::optional<int> Codec::apt() const
{
    const auto at = fmtp.find("apt=");
    if (at == std::string::npos || (at > 0 && fmtp[at - 1] != ';' && fmtp[at - 1] != ' '))
        return std::nullopt;
    guint64 value = 0;
    const std::string digits = fmtp.substr(at + 4, fmtp.find_first_of("; ", at) - at - 4);
    if (!g_ascii_string_to_unsigned(digits.c_str(), 10, 0, 127, &value, nullptr))
        return std::nullopt;
    return static_cast<int>(value);
}

const Codec* Section::codec(int payload_type) const
{
    const auto it = std::find_if(codecs.begin(), codecs.end(),
                                 [&](const Codec& c) { return c.payload_type == payload_type; });
    return it == codecs.end() ? nullptr : &*it;
}

const Codec* Section::first_media_codec() const
{
    const auto it =
        std::find_if(codecs.begin(), codecs.end(), [](const Codec& c) { return !c.is_rtx(); });
    return it == codecs.end() ? nullptr : &*it;
}

int Section::extension_id(const std::string& uri) const
{
    for (const Extension& e : extensions)
        if (e.uri == uri)
            return e.id;
    return 0;
}

const Section* Description::find(const std::string& mid) const
{
    const auto it = std::find_if(sections.begin(), sections.end(),
                                 [&](const Section& s) { return s.mid == mid; });
    return it == sections.end() ? nullptr : &*it;
}

bool Description::bundled(const std::string& mid) const
{
    return std::find(bundle.begin(), bundle.end(), mid) != bundle.end();
}

const Section* Description::tagged() const
{
    for (const std::string& mid : bundle)
        if (const Section* s = find(mid); s && !s->rejected())
            return s;
    for (const Section& s : sections)
        if (!s.rejected())
            return &s;
    return nullptr;
}

Setup Description::setup_of(const Section& section) const
{
    return section.setup ? *section.setup : setup.value_or(Setup::ActPass);
}

IceCredentials Description::ice_of(const Section& section) const
{
    return section.ice.ufrag.empty() ? ice : section.ice;
}

const Fingerprint* Description::fingerprint_of(const Section& section) const
{
    for (const auto* list : {&section.fingerprints, &fingerprints})
        for (const Fingerprint& f : *list)
            if (f.algorithm == "sha-256")
                return &f;
    return nullptr;
}

} // namespace cf::emu::sdp

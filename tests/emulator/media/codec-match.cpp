/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/codec-match.hpp"

#include <algorithm>
#include <string_view>

#include <glib.h>

namespace cf::emu
{

namespace
{

bool same_text(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && g_ascii_strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trim(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Whether both say the same for @p key, absence meaning @p absent.
bool same_value(const RtpCodec& a, const RtpCodec& b, const char* key, const char* absent)
{
    return same_text(fmtp_value(a.fmtp, key).value_or(absent),
                     fmtp_value(b.fmtp, key).value_or(absent));
}

int closeness(const RtpCodec& a, const RtpCodec& b)
{
    int score = 0;
    if (same_text(a.name, "H264")) {
        // RFC 6184 8.1: mode 0 and Baseline are the defaults. The mode matters more: a mode 0
        // receiver cannot take fragmentation units at all.
        score += same_value(a, b, "packetization-mode", "0") ? 4 : 0;
        const std::string pa = fmtp_value(a.fmtp, "profile-level-id").value_or("420010");
        const std::string pb = fmtp_value(b.fmtp, "profile-level-id").value_or("420010");
        score +=
            same_text(std::string_view(pa).substr(0, 2), std::string_view(pb).substr(0, 2)) ? 2 : 0;
        score += same_text(pa, pb) ? 1 : 0;
    } else if (same_text(a.name, "VP9")) {
        score += same_value(a, b, "profile-id", "0") ? 4 : 0;
    } else if (same_text(a.name, "AV1")) {
        score += same_value(a, b, "profile", "0") ? 4 : 0;
    } else {
        score += a.fmtp == b.fmtp ? 1 : 0;
    }
    return score;
}

} // namespace

std::optional<std::string> fmtp_value(const std::string& fmtp, const std::string& key)
{
    std::string_view rest = fmtp;
    while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        const std::string_view item = trim(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        const std::size_t equals = item.find('=');
        if (equals != std::string_view::npos && same_text(trim(item.substr(0, equals)), key))
            return std::string(trim(item.substr(equals + 1)));
    }
    return std::nullopt;
}

const RtpCodec* match_codec(const std::vector<RtpCodec>& codecs, const RtpCodec& wanted)
{
    const RtpCodec* best = nullptr;
    int best_score = -1;
    for (const RtpCodec& c : codecs) {
        if (c.apt || !same_text(c.name, wanted.name) || c.clock_rate != wanted.clock_rate ||
            c.channels != wanted.channels)
            continue;
        const int score = closeness(c, wanted);
        if (score > best_score) {
            best = &c;
            best_score = score;
        }
    }
    return best;
}

const RtpCodec* find_rtx(const std::vector<RtpCodec>& codecs, std::uint8_t payload_type)
{
    const auto it = std::find_if(codecs.begin(), codecs.end(),
                                 [&](const RtpCodec& c) { return c.apt == payload_type; });
    return it != codecs.end() ? &*it : nullptr;
}

const RtpCodec* find_codec(const std::vector<RtpCodec>& codecs, std::uint8_t payload_type)
{
    const auto it = std::find_if(codecs.begin(), codecs.end(),
                                 [&](const RtpCodec& c) { return c.payload_type == payload_type; });
    return it != codecs.end() ? &*it : nullptr;
}

} // namespace cf::emu

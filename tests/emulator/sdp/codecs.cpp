/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sdp/codecs.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include <glib.h>

#include "tests/emulator/media/rtp-parameters.hpp"
#include "tests/emulator/sdp/text.hpp"

namespace cf::emu::sdp
{

namespace
{

struct Known {
    Kind kind;
    const char* name;
    unsigned clock_rate;
    unsigned channels;
    int payload_type; ///< in offers of the SFU; Opus, H.264, VP9, VP8 as captured
    int rtx_payload_type;
    const char* fmtp;
};

constexpr std::array kKnown = {
    Known{Kind::Audio, "opus", 48000, 2, 111, 0, "minptime=10;useinbandfec=1"},
    Known{Kind::Audio, "PCMU", 8000, 1, 0, 0, ""},
    Known{Kind::Audio, "PCMA", 8000, 1, 8, 0, ""},
    Known{Kind::Video, "H264", 90000, 1, 125, 37,
          "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
    Known{Kind::Video, "VP8", 90000, 1, 96, 35, ""},
    Known{Kind::Video, "VP9", 90000, 1, 98, 36, "profile-id=0"},
    Known{Kind::Video, "H265", 90000, 1, 102, 103, ""},
    Known{Kind::Video, "AV1", 90000, 1, 45, 46, ""},
};

// Read or written by the media plane, or copied as they are.
constexpr std::array kCommonExtensions = {
    extension_uri::kMid,
    extension_uri::kAbsSendTime,
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
};
constexpr std::array kAudioExtensions = {"urn:ietf:params:rtp-hdrext:ssrc-audio-level"};
constexpr std::array kVideoExtensions = {
    "urn:3gpp:video-orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    extension_uri::kDependencyDescriptor,
};
constexpr std::array kSimulcastExtensions = {extension_uri::kRid, extension_uri::kRepairedRid};

const Known* find_known(Kind kind, const Codec& codec)
{
    const auto* it = std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& k) {
        return k.kind == kind && codec.is(k.name) && codec.clock_rate == k.clock_rate &&
               codec.channels == k.channels;
    });
    return it == kKnown.end() ? nullptr : it;
}

template <typename List, typename T> bool contains(const List& list, const T& value)
{
    return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

// The value of one fmtp parameter, or what the format's registration says when it is absent.
std::string parameter(const Codec& codec, std::string_view name, std::string_view fallback)
{
    for (auto word : split(codec.fmtp, ';')) {
        word = trim(word);
        const auto key = take_until(word, '=');
        if (key.size() == name.size() &&
            g_ascii_strncasecmp(key.data(), name.data(), name.size()) == 0)
            return std::string(trim(word));
    }
    return std::string(fallback);
}

} // namespace

bool same_format(const Codec& a, const Codec& b)
{
    if (!a.is(b.name.c_str()) || a.clock_rate != b.clock_rate || a.channels != b.channels)
        return false;
    // The H.264 profile is echoed, not enforced: 42001f and 64001f play to a receiver of 42e01f.
    if (a.is("H264"))
        return parameter(a, "packetization-mode", "0") == parameter(b, "packetization-mode", "0");
    if (a.is("VP9"))
        return parameter(a, "profile-id", "0") == parameter(b, "profile-id", "0");
    if (a.is("AV1"))
        return parameter(a, "profile", "0") == parameter(b, "profile", "0");
    return true;
}

std::vector<std::string> all_feedback(Kind kind, const CodecRules& rules)
{
    std::vector<std::string> list;
    if (kind == Kind::Video)
        list = {"nack", "nack pli", "ccm fir"};
    if (rules.remb)
        list.emplace_back("goog-remb");
    if (rules.transport_cc)
        list.emplace_back("transport-cc");
    return list;
}

std::vector<std::string> all_extensions(Kind kind, const CodecRules& rules)
{
    std::vector<std::string> list(kCommonExtensions.begin(), kCommonExtensions.end());
    if (rules.transport_cc)
        list.emplace_back(extension_uri::kTransportCc);
    if (kind == Kind::Audio)
        list.insert(list.end(), kAudioExtensions.begin(), kAudioExtensions.end());
    else
        list.insert(list.end(), kVideoExtensions.begin(), kVideoExtensions.end());
    return list;
}

std::vector<Codec> supported_codecs(const Section& offered, const CodecRules& rules)
{
    auto feedback = all_feedback(offered.kind, rules);
    feedback.emplace_back("nack"); // an audio section may have it too; it is harmless there
    std::vector<Codec> list;
    for (Codec codec : offered.codecs) {
        if (find_known(offered.kind, codec) == nullptr)
            continue;
        std::erase_if(codec.feedback, [&](const std::string& f) { return !contains(feedback, f); });
        list.push_back(std::move(codec));
    }
    const auto is_kept = [&](int pt) {
        return std::any_of(list.begin(), list.end(),
                           [&](const Codec& c) { return c.payload_type == pt && !c.is_rtx(); });
    };
    for (const Codec& codec : offered.codecs)
        if (codec.is_rtx() && codec.apt() && is_kept(*codec.apt())) {
            Codec rtx = codec;
            rtx.feedback.clear();
            list.push_back(std::move(rtx));
        }
    // Back into the offer's order, which is the order of preference.
    std::vector<Codec> ordered;
    for (const Codec& codec : offered.codecs)
        for (Codec& kept : list)
            if (kept.payload_type == codec.payload_type)
                ordered.push_back(std::move(kept));
    return ordered;
}

std::vector<Extension> supported_extensions(const Section& offered, const CodecRules& rules)
{
    auto known = all_extensions(offered.kind, rules);
    known.insert(known.end(), kSimulcastExtensions.begin(), kSimulcastExtensions.end());
    std::vector<Extension> list;
    for (const Extension& e : offered.extensions)
        if (contains(known, e.uri))
            list.push_back(e);
    return list;
}

std::vector<Codec> all_codecs(Kind kind, const CodecRules& rules)
{
    std::vector<Codec> list;
    for (const Known& k : kKnown) {
        if (k.kind != kind)
            continue;
        list.push_back(Codec{k.payload_type, k.name, k.clock_rate, k.channels, k.fmtp,
                             all_feedback(kind, rules)});
        if (k.rtx_payload_type != 0)
            list.push_back(Codec{k.rtx_payload_type, "rtx", k.clock_rate, 1,
                                 "apt=" + std::to_string(k.payload_type)});
    }
    return list;
}

void NumberSpace::learn(const Section& section)
{
    if (section.rejected())
        return;
    for (const Codec& codec : section.codecs)
        payload_types_.emplace(codec.payload_type, codec);
    for (const Extension& e : section.extensions)
        extensions_.emplace(e.id, e.uri);
}

int NumberSpace::take_free(int usual)
{
    if (usual > 0 && payload_types_.count(usual) == 0)
        return usual;
    // The dynamic range, then the part of the unassigned range that WebRTC also uses (RFC 5761 4:
    // 64 to 95 would read as RTCP).
    for (int pt = 127; pt >= 96; --pt)
        if (payload_types_.count(pt) == 0)
            return pt;
    for (int pt = 35; pt <= 63; ++pt)
        if (payload_types_.count(pt) == 0)
            return pt;
    return 0;
}

Codec NumberSpace::place(const Codec& wanted)
{
    Codec codec = wanted;
    for (const auto& [pt, known] : payload_types_)
        if (!known.is_rtx() && same_format(known, wanted)) {
            codec.payload_type = pt;
            codec.fmtp = known.fmtp;
            return codec;
        }
    // Static numbers below 35 are the codec's own: nothing else can have taken them.
    if (wanted.payload_type >= 35)
        codec.payload_type = take_free(wanted.payload_type);
    payload_types_[codec.payload_type] = codec;
    return codec;
}

Codec NumberSpace::place_rtx(const Codec& codec, int usual)
{
    for (const auto& [pt, known] : payload_types_)
        if (known.is_rtx() && known.apt() == codec.payload_type)
            return known;
    const Codec rtx{take_free(usual), "rtx", codec.clock_rate, 1,
                    "apt=" + std::to_string(codec.payload_type)};
    payload_types_[rtx.payload_type] = rtx;
    return rtx;
}

int NumberSpace::extension_id_for(const std::string& uri)
{
    for (const auto& [id, known] : extensions_)
        if (known == uri)
            return id;
    int id = 1;
    while (extensions_.count(id) != 0 || id == 15) // 15 is reserved, RFC 8285 4.2
        ++id;
    extensions_[id] = uri;
    return id;
}

} // namespace cf::emu::sdp

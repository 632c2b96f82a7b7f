/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sdp/attributes.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "tests/emulator/sdp/text.hpp"

namespace cf::emu::sdp
{

namespace
{

Error bad(std::string why)
{
    return Error{ErrorCode::Sdp, std::move(why)};
}

Status read_setup(std::string_view value, std::optional<Setup>& out)
{
    if (value == "actpass")
        out = Setup::ActPass;
    else if (value == "active")
        out = Setup::Active;
    else if (value == "passive")
        out = Setup::Passive;
    else
        return bad("a=setup has to be actpass, active or passive");
    return ok_status();
}

bool is_hex_pair(std::string_view text)
{
    return text.size() == 2 && g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1]);
}

Status read_fingerprint(std::string_view value, std::vector<Fingerprint>& out)
{
    Fingerprint f;
    f.algorithm = std::string(take_until(value, ' '));
    std::transform(f.algorithm.begin(), f.algorithm.end(), f.algorithm.begin(),
                   [](char c) { return g_ascii_tolower(c); });
    f.value = std::string(trim(value));
    const auto bytes = split(f.value, ':');
    if (!std::all_of(bytes.begin(), bytes.end(), is_hex_pair) ||
        (f.algorithm == "sha-256" && bytes.size() != 32))
        return bad("a=fingerprint is malformed");
    out.push_back(std::move(f));
    return ok_status();
}

// RFC 8839 5.4: ice-char is ALPHA / DIGIT / "+" / "/", ufrag 4..256, pwd 22..256 characters.
bool is_ice_text(std::string_view text, std::size_t least)
{
    return text.size() >= least && text.size() <= 256 &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return g_ascii_isalnum(c) || c == '+' || c == '/'; });
}

Status read_ice(std::string_view name, std::string_view value, IceCredentials& out)
{
    if (name == "ice-ufrag") {
        if (!is_ice_text(value, 4))
            return bad("a=ice-ufrag has to be 4 to 256 ice-chars");
        out.ufrag = std::string(value);
    } else {
        if (!is_ice_text(value, 22))
            return bad("a=ice-pwd has to be 22 to 256 ice-chars");
        out.pwd = std::string(value);
    }
    return ok_status();
}

Codec& codec_for(Section& section, int payload_type)
{
    for (Codec& c : section.codecs)
        if (c.payload_type == payload_type)
            return c;
    section.codecs.push_back(Codec{payload_type});
    return section.codecs.back();
}

Result<int> take_payload_type(std::string_view& value, const char* attribute)
{
    const auto pt = number<int>(take_until(value, ' '));
    if (!pt || *pt < 0 || *pt > 127)
        return bad(std::string("the payload type in a=") + attribute + " is out of range");
    value = trim(value);
    return *pt;
}

Status read_rtpmap(std::string_view value, Section& out)
{
    CF_TRY_LET(const int pt, take_payload_type(value, "rtpmap"));
    const auto parts = split(value, '/');
    const auto rate = parts.size() >= 2 ? number<unsigned>(parts[1]) : std::nullopt;
    const auto channels = parts.size() >= 3 ? number<unsigned>(parts[2]) : 1U;
    if (!rate || *rate == 0 || !channels || *channels == 0)
        return bad("a=rtpmap has to be \"PT name/rate[/channels]\"");
    Codec& codec = codec_for(out, pt);
    if (!codec.name.empty())
        return bad("a second a=rtpmap for one payload type");
    codec.name = std::string(parts[0]);
    codec.clock_rate = *rate;
    codec.channels = *channels;
    return ok_status();
}

Status read_fmtp(std::string_view value, Section& out)
{
    CF_TRY_LET(const int pt, take_payload_type(value, "fmtp"));
    codec_for(out, pt).fmtp = std::string(value);
    return ok_status();
}

Status read_rtcp_fb(std::string_view value, Section& out)
{
    if (value.starts_with("* ")) {
        for (const int pt : out.payload_types)
            codec_for(out, pt).feedback.emplace_back(trim(value.substr(2)));
        return ok_status();
    }
    CF_TRY_LET(const int pt, take_payload_type(value, "rtcp-fb"));
    codec_for(out, pt).feedback.emplace_back(value);
    return ok_status();
}

Status read_extmap(std::string_view value, Section& out)
{
    std::string_view id_text = take_until(value, ' ');
    const auto id = number<int>(take_until(id_text, '/')); // the direction after "/" says nothing
    const std::string_view uri = take_until(value, ' ');
    // RFC 8285: 1..14 in one-byte headers, up to 255 in two-byte ones; 15 is reserved there too.
    if (!id || *id < 1 || *id > 255 || uri.empty())
        return bad("a=extmap has to be \"id uri\" with an id from 1 to 255");
    for (const Extension& e : out.extensions)
        if (e.id == *id)
            return bad("an a=extmap id is used twice in one section");
    out.extensions.push_back({*id, std::string(uri)});
    return ok_status();
}

Status read_rid(std::string_view value, Section& out)
{
    Rid rid{std::string(take_until(value, ' '))};
    const std::string_view direction = take_until(value, ' ');
    const bool ok_id = !rid.id.empty() && rid.id.size() <= 16 &&
                       std::all_of(rid.id.begin(), rid.id.end(), [](char c) {
                           return g_ascii_isalnum(c) || c == '-' || c == '_';
                       });
    if (!ok_id || (direction != "send" && direction != "recv"))
        return bad("a=rid has to be \"id send|recv\" (RFC 8851)");
    for (const Rid& r : out.rids)
        if (r.id == rid.id)
            return bad("an a=rid id is used twice in one section");
    rid.send = direction == "send";
    out.rids.push_back(std::move(rid));
    return ok_status();
}

Status read_simulcast(std::string_view value, Section& out)
{
    while (!value.empty()) {
        const std::string_view direction = take_until(value, ' ');
        const std::string_view list = take_until(value, ' ');
        if ((direction != "send" && direction != "recv") || list.empty())
            return bad("a=simulcast has to be \"send|recv rid;rid...\" (RFC 8853)");
        auto& names = direction == "send" ? out.simulcast_send : out.simulcast_receive;
        if (!names.empty())
            return bad("a=simulcast names one direction twice");
        for (const auto stream : split(list, ';'))
            for (auto alternative : split(stream, ',')) {
                if (alternative.starts_with('~'))
                    alternative.remove_prefix(1);
                names.emplace_back(alternative);
            }
    }
    return ok_status();
}

Source& source_for(Section& section, std::uint32_t ssrc)
{
    for (Source& s : section.sources)
        if (s.ssrc == ssrc)
            return s;
    section.sources.push_back(Source{ssrc});
    return section.sources.back();
}

Status read_ssrc(std::string_view value, Section& out)
{
    const auto ssrc = number<std::uint32_t>(take_until(value, ' '));
    if (!ssrc)
        return bad("a=ssrc does not start with a number");
    for (const Source& s : out.sources)
        if (s.rtx_ssrc == *ssrc)
            return ok_status(); // the repair stream's own cname and msid say nothing new
    Source& source = source_for(out, *ssrc);
    if (value.starts_with("cname:"))
        source.cname = std::string(value.substr(6));
    else if (value.starts_with("msid:"))
        source.msid = std::string(value.substr(5));
    return ok_status();
}

Status read_ssrc_group(std::string_view value, Section& out)
{
    const auto words = split(value);
    if (words.empty() || words[0] != "FID")
        return ok_status(); // SIM and FEC-FR: RIDs and transports say the same
    const auto first = words.size() == 3 ? number<std::uint32_t>(words[1]) : std::nullopt;
    const auto second = words.size() == 3 ? number<std::uint32_t>(words[2]) : std::nullopt;
    if (!first || !second)
        return bad("a=ssrc-group:FID has to name two SSRCs");
    source_for(out, *first).rtx_ssrc = *second;
    std::erase_if(out.sources, [&](const Source& s) { return s.ssrc == *second; });
    return ok_status();
}

Status read_candidate(std::string_view value, Section& out)
{
    const auto words = split(value);
    if (words.size() < 8 || words[6] != "typ")
        return bad("a=candidate is malformed (RFC 8839 5.1)");
    const auto priority = number<std::uint32_t>(words[3]);
    const auto port = number<unsigned>(words[5]);
    if (!priority || !port || *port > 65535)
        return bad("a=candidate has a priority or port that is no number");
    out.candidates.push_back({std::string(words[0]), *priority, std::string(words[4]), *port});
    return ok_status();
}

Status read_number(std::string_view value, std::optional<unsigned>& out, const char* name)
{
    out = number<unsigned>(value);
    return out ? ok_status() : Status{bad(std::string("a=") + name + " is not a number")};
}

Status read_mid(std::string_view value, Section& out)
{
    // RFC 9143 / RFC 8285: a token; it also has to fit the header extension that carries it.
    const bool ok = !value.empty() && value.size() <= 255 &&
                    std::all_of(value.begin(), value.end(),
                                [](char c) { return g_ascii_isgraph(c) && c != '"' && c != ','; });
    if (!ok)
        return bad("a=mid has to be a token");
    if (!out.mid.empty())
        return bad("a second a=mid in one section");
    out.mid = std::string(value);
    return ok_status();
}

using MediaReader = std::function<Status(std::string_view, Section&)>;

const std::map<std::string_view, MediaReader>& media_readers()
{
    static const auto* readers = new std::map<std::string_view, MediaReader>{
        {"mid", read_mid},
        {"setup", [](auto v, Section& s) { return read_setup(v, s.setup); }},
        {"fingerprint", [](auto v, Section& s) { return read_fingerprint(v, s.fingerprints); }},
        {"ice-ufrag", [](auto v, Section& s) { return read_ice("ice-ufrag", v, s.ice); }},
        {"ice-pwd", [](auto v, Section& s) { return read_ice("ice-pwd", v, s.ice); }},
        {"rtpmap", read_rtpmap},
        {"fmtp", read_fmtp},
        {"rtcp-fb", read_rtcp_fb},
        {"extmap", read_extmap},
        {"rid", read_rid},
        {"simulcast", read_simulcast},
        {"ssrc", read_ssrc},
        {"ssrc-group", read_ssrc_group},
        {"candidate", read_candidate},
        {"sctp-port", [](auto v, Section& s) { return read_number(v, s.sctp_port, "sctp-port"); }},
        {"max-message-size",
         [](auto v, Section& s) { return read_number(v, s.max_message_size, "max-message-size"); }},
    };
    return *readers;
}

bool read_media_flag(std::string_view name, Section& out)
{
    for (const Direction d :
         {Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive})
        if (name == to_string(d)) {
            out.direction = d;
            return true;
        }
    if (name == "rtcp-mux")
        out.rtcp_mux = true;
    else if (name == "rtcp-rsize")
        out.rtcp_rsize = true;
    else if (name == "bundle-only")
        out.bundle_only = true;
    else if (name == "end-of-candidates")
        out.end_of_candidates = true;
    else
        return false;
    return true;
}

Status read_group(std::string_view value, Description& out)
{
    const auto words = split(value);
    if (words.empty() || words[0] != "BUNDLE")
        return ok_status(); // LS and others do not concern transports
    if (out.has_bundle)
        return bad("two BUNDLE groups");
    out.has_bundle = true;
    out.bundle.assign(words.begin() + 1, words.end());
    return ok_status();
}

// RFC 3551: the static payload types that need no a=rtpmap, as far as anything here uses them.
bool fill_static(Codec& codec)
{
    if (codec.payload_type != 0 && codec.payload_type != 8)
        return false;
    codec.name = codec.payload_type == 0 ? "PCMU" : "PCMA";
    codec.clock_rate = 8000;
    return true;
}

} // namespace

Status read_session_attribute(std::string_view value, Description& out)
{
    const std::string_view name = take_until(value, ':');
    if (name == "group")
        return read_group(value, out);
    if (name == "setup")
        return read_setup(value, out.setup);
    if (name == "fingerprint")
        return read_fingerprint(value, out.fingerprints);
    if (name == "ice-ufrag" || name == "ice-pwd")
        return read_ice(name, value, out.ice);
    if (name == "ice-lite")
        out.ice_lite = true;
    else if (name == "extmap-allow-mixed")
        out.extmap_allow_mixed = true;
    return ok_status();
}

Status read_media_attribute(std::string_view value, Section& out)
{
    const std::string_view name = take_until(value, ':');
    if (read_media_flag(name, out))
        return ok_status();
    if (name == "msid") {
        out.msid = std::string(value);
        return ok_status();
    }
    const auto reader = media_readers().find(name);
    return reader == media_readers().end() ? ok_status() : reader->second(value, out);
}

Status finish_section(Section& section)
{
    // In the order of the m= line, which is the order of preference (RFC 8866 5.14).
    std::vector<Codec> ordered;
    for (const int pt : section.payload_types) {
        Codec& codec = codec_for(section, pt);
        if (codec.name.empty() && !fill_static(codec) && !section.rejected())
            return bad("payload type " + std::to_string(pt) + " has no a=rtpmap");
        ordered.push_back(codec);
    }
    section.codecs = std::move(ordered);
    std::erase_if(section.codecs, [](const Codec& c) { return c.name.empty(); });
    return ok_status();
}

} // namespace cf::emu::sdp

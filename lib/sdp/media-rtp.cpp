/* SPDX-License-Identifier: LGPL-2.1-or-later */
// MediaSection: what is said of RTP streams and payload types.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "lib/sdp/media-section.hpp"

namespace cf::sdp
{

namespace
{

constexpr unsigned kMaxPayloadType = 127;

/// RFC 3551 section 6, those that WebRTC stacks list without an rtpmap line.
struct StaticPayload {
    unsigned payload_type;
    std::string_view encoding_name;
    unsigned clock_rate;
};
constexpr std::array kStaticPayloads = {
    StaticPayload{0, "PCMU", 8000},
    StaticPayload{8, "PCMA", 8000},
    StaticPayload{9, "G722", 8000},
    StaticPayload{13, "CN", 8000},
};

/// "96 nack pli" -> 96 and "nack pli"; nothing if it does not begin with a payload type.
std::optional<std::pair<unsigned, std::string_view>> split_payload_type(std::string_view value)
{
    const auto end = value.find_first_of(" \t");
    const auto payload_type = parse_number(value.substr(0, end), kMaxPayloadType);
    if (!payload_type)
        return std::nullopt;
    const auto rest = end == std::string_view::npos ? std::string_view{} : value.substr(end);
    return std::pair{*payload_type, trim(rest)};
}

bool is_about(const Line& line, std::string_view name, unsigned payload_type)
{
    if (line.name() != name)
        return false;
    const auto parts = split_payload_type(line.attribute_value());
    return parts && parts->first == payload_type;
}

/// "opus/48000/2" into @p codec.
bool read_rtpmap(std::string_view text, Codec& codec)
{
    const auto pieces = split(text, '/');
    if (pieces.size() < 2)
        return false;
    const auto clock_rate = parse_number(pieces[1], 0xffffffffU);
    if (!clock_rate)
        return false;
    codec.encoding_name = pieces[0];
    codec.clock_rate = *clock_rate;
    codec.channels = pieces.size() > 2 ? parse_number(pieces[2], 255).value_or(1) : 1;
    return true;
}

bool read_static(Codec& codec)
{
    for (const auto& known : kStaticPayloads) {
        if (known.payload_type != codec.payload_type)
            continue;
        codec.encoding_name = known.encoding_name;
        codec.clock_rate = known.clock_rate;
        return true;
    }
    return false;
}

std::optional<std::uint32_t> parse_ssrc(std::string_view text)
{
    std::uint32_t ssrc = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ssrc);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return ssrc;
}

std::vector<std::vector<std::string>> parse_simulcast_streams(std::string_view text)
{
    std::vector<std::vector<std::string>> streams;
    for (auto stream : split(text, ';')) {
        auto& alternatives = streams.emplace_back();
        for (auto rid : split(stream, ','))
            alternatives.emplace_back(rid);
    }
    return streams;
}

} // namespace

std::vector<Msid> MediaSection::msids() const
{
    std::vector<Msid> found;
    for (auto value : attributes("msid")) {
        const auto pieces = split(value);
        if (!pieces.empty())
            found.push_back({std::string(pieces[0]),
                             pieces.size() > 1 ? std::string(pieces[1]) : std::string()});
    }
    return found;
}

std::vector<SsrcLine> MediaSection::ssrc_lines() const
{
    std::vector<SsrcLine> found;
    for (auto value : attributes("ssrc")) {
        const auto end = value.find_first_of(" \t");
        const auto ssrc = parse_ssrc(value.substr(0, end));
        if (!ssrc)
            continue;
        const auto rest = end == std::string_view::npos ? std::string_view{} : value.substr(end);
        const auto colon = rest.find(':');
        found.push_back({*ssrc, std::string(trim(rest.substr(0, colon))),
                         colon == std::string_view::npos
                             ? std::string()
                             : std::string(trim(rest.substr(colon + 1)))});
    }
    return found;
}

std::vector<SsrcGroup> MediaSection::ssrc_groups() const
{
    std::vector<SsrcGroup> found;
    for (auto value : attributes("ssrc-group")) {
        const auto pieces = split(value);
        if (pieces.empty())
            continue;
        SsrcGroup group{std::string(pieces[0]), {}};
        for (std::size_t i = 1; i < pieces.size(); i++)
            if (const auto ssrc = parse_ssrc(pieces[i]))
                group.ssrcs.push_back(*ssrc);
        found.push_back(std::move(group));
    }
    return found;
}

std::vector<std::uint32_t> MediaSection::ssrcs() const
{
    std::vector<std::uint32_t> order;
    std::set<std::uint32_t> seen;
    auto note = [&](std::uint32_t ssrc) {
        if (seen.insert(ssrc).second)
            order.push_back(ssrc);
    };
    for (const auto& group : ssrc_groups())
        for (const auto ssrc : group.ssrcs)
            note(ssrc);
    for (const auto& line : ssrc_lines())
        note(line.ssrc);
    return order;
}

std::vector<Rid> MediaSection::rids() const
{
    std::vector<Rid> found;
    for (auto value : attributes("rid")) {
        const auto pieces = split(value);
        if (pieces.size() < 2 || (pieces[1] != "send" && pieces[1] != "recv"))
            continue;
        found.push_back({std::string(pieces[0]), pieces[1] == "send",
                         pieces.size() > 2 ? std::string(pieces[2]) : std::string()});
    }
    return found;
}

std::optional<SimulcastLine> MediaSection::simulcast() const
{
    const auto value = attribute("simulcast");
    if (!value)
        return std::nullopt;
    SimulcastLine out;
    const auto pieces = split(*value);
    for (std::size_t i = 0; i + 1 < pieces.size(); i += 2) {
        if (pieces[i] == "send")
            out.send = parse_simulcast_streams(pieces[i + 1]);
        else if (pieces[i] == "recv")
            out.recv = parse_simulcast_streams(pieces[i + 1]);
    }
    return out;
}

std::vector<ExtensionMap> MediaSection::extension_maps() const
{
    std::vector<ExtensionMap> found;
    for (auto value : attributes("extmap")) {
        const auto pieces = split(value);
        if (pieces.size() < 2)
            continue;
        const auto slash = pieces[0].find('/');
        const auto id = parse_number(pieces[0].substr(0, slash), 65535);
        if (!id)
            continue;
        ExtensionMap map{*id, {}, std::string(pieces[1]), {}};
        if (slash != std::string_view::npos)
            map.direction = pieces[0].substr(slash + 1);
        if (pieces.size() > 2)
            map.attributes =
                trim(value.substr(static_cast<std::size_t>(pieces[2].data() - value.data())));
        found.push_back(std::move(map));
    }
    return found;
}

std::vector<Codec> MediaSection::codecs() const
{
    // One pass over the lines into a slot a payload type, then out in the m-line's order.
    std::array<Codec, kMaxPayloadType + 1> slots;
    std::array<bool, kMaxPayloadType + 1> mapped{};
    std::vector<std::string> feedback_of_all;
    for (const auto& line : lines()) {
        const auto name = line.name();
        const auto value = line.attribute_value();
        if (name == "rtcp-fb" && value.starts_with('*')) {
            feedback_of_all.emplace_back(trim(value.substr(1)));
            continue;
        }
        const auto parts = split_payload_type(value);
        if (!parts)
            continue;
        Codec& codec = slots[parts->first];
        if (name == "rtpmap" && !mapped[parts->first])
            mapped[parts->first] = read_rtpmap(parts->second, codec);
        else if (name == "fmtp")
            codec.fmtp.merge(FmtpParameters::parse(parts->second));
        else if (name == "rtcp-fb")
            codec.rtcp_fb.emplace_back(parts->second);
    }

    std::vector<Codec> found;
    std::array<bool, kMaxPayloadType + 1> listed{};
    for (auto format : formats()) {
        const auto payload_type = parse_number(format, kMaxPayloadType);
        if (!is_rtp() || !payload_type || std::exchange(listed[*payload_type], true))
            continue;
        Codec& codec = slots[*payload_type];
        codec.payload_type = *payload_type;
        if (!mapped[*payload_type] && !read_static(codec))
            continue;
        codec.rtcp_fb.insert(codec.rtcp_fb.end(), feedback_of_all.begin(), feedback_of_all.end());
        if (const auto apt = codec.fmtp.get("apt"); apt && codec.is("rtx"))
            codec.apt = parse_number(*apt, kMaxPayloadType);
        found.push_back(std::move(codec));
    }
    return found;
}

std::optional<Codec> MediaSection::codec(unsigned payload_type) const
{
    for (auto& codec : codecs())
        if (codec.payload_type == payload_type)
            return std::move(codec);
    return std::nullopt;
}

FmtpParameters MediaSection::fmtp(unsigned payload_type) const
{
    FmtpParameters all;
    for (const auto& line : lines())
        if (is_about(line, "fmtp", payload_type))
            all.merge(FmtpParameters::parse(split_payload_type(line.attribute_value())->second));
    return all;
}

void MediaSection::set_fmtp(unsigned payload_type, const FmtpParameters& parameters)
{
    auto is_fmtp = [&](const Line& line) { return is_about(line, "fmtp", payload_type); };
    auto& all = lines();
    if (parameters.empty()) {
        std::erase_if(all, is_fmtp);
        return;
    }
    Line wanted =
        make_attribute("fmtp", std::to_string(payload_type) + " " + parameters.to_string());
    auto first = std::find_if(all.begin(), all.end(), is_fmtp);
    if (first == all.end()) {
        auto rtpmap = std::find_if(all.begin(), all.end(), [&](const Line& line) {
            return is_about(line, "rtpmap", payload_type);
        });
        all.insert(rtpmap == all.end() ? rtpmap : rtpmap + 1, std::move(wanted));
        return;
    }
    const auto said = split_payload_type(first->attribute_value())->second;
    if (!(FmtpParameters::parse(said) == parameters))
        *first = std::move(wanted);
    all.erase(std::remove_if(first + 1, all.end(), is_fmtp), all.end());
}

void MediaSection::remove_payload_type(unsigned payload_type)
{
    std::vector<std::string> kept;
    for (auto format : formats())
        if (parse_number(format, kMaxPayloadType) != payload_type)
            kept.emplace_back(format);
    set_formats(kept);
    remove_lines_if([&](const Line& line) {
        return is_about(line, "rtpmap", payload_type) || is_about(line, "fmtp", payload_type) ||
               is_about(line, "rtcp-fb", payload_type);
    });
}

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/opus.hpp"

#include <algorithm>

namespace cf::sdp
{

namespace
{

void set_flag(FmtpParameters& fmtp, std::string_view name, std::optional<bool> wanted)
{
    if (!wanted)
        return;
    if (*wanted)
        fmtp.set(name, "1");
    else
        fmtp.remove(name);
}

void set_number(FmtpParameters& fmtp, std::string_view name, std::optional<unsigned> wanted)
{
    if (!wanted)
        return;
    if (*wanted > 0)
        fmtp.set(name, std::to_string(*wanted));
    else
        fmtp.remove(name);
}

void set_attribute_number(MediaSection& section, std::string_view name,
                          std::optional<unsigned> wanted)
{
    if (!wanted)
        return;
    if (*wanted > 0)
        section.set_attribute(name, std::to_string(*wanted));
    else
        section.remove_attributes(name);
}

bool flag(const FmtpParameters& fmtp, std::string_view name)
{
    return fmtp.get(name) == "1";
}

std::optional<unsigned> number(std::optional<std::string_view> text)
{
    return text ? parse_number(*text, 0xffffffffU) : std::nullopt;
}

} // namespace

MediaSection set_opus_parameters(MediaSection section, const OpusParameters& parameters)
{
    bool has_opus = false;
    for (const auto& codec : section.codecs()) {
        if (!codec.is("opus"))
            continue;
        has_opus = true;
        auto fmtp = codec.fmtp;
        set_number(fmtp, "minptime", parameters.min_ptime);
        set_flag(fmtp, "useinbandfec", parameters.inband_fec);
        set_flag(fmtp, "usedtx", parameters.dtx);
        set_flag(fmtp, "stereo", parameters.stereo);
        set_flag(fmtp, "sprop-stereo", parameters.sprop_stereo);
        set_flag(fmtp, "cbr", parameters.cbr);
        set_number(fmtp, "maxaveragebitrate", parameters.max_average_bitrate);
        set_number(fmtp, "maxplaybackrate", parameters.max_playback_rate);
        section.set_fmtp(codec.payload_type, fmtp);
    }
    if (has_opus) {
        set_attribute_number(section, "ptime", parameters.ptime);
        set_attribute_number(section, "maxptime", parameters.max_ptime);
    }
    return section;
}

Description set_opus_parameters(Description description, const OpusParameters& parameters)
{
    for (auto& section : description.sections())
        section = set_opus_parameters(std::move(section), parameters);
    return description;
}

Description set_opus_parameters(Description description, const std::vector<Mid>& mids,
                                const OpusParameters& parameters)
{
    for (const auto& mid : mids)
        if (MediaSection* section = description.find(mid))
            *section = set_opus_parameters(std::move(*section), parameters);
    return description;
}

Result<std::string> set_opus_dtx(std::string_view sdp, bool dtx, const std::vector<Mid>& mids)
{
    CF_TRY_LET(auto description, Description::parse(sdp));
    for (const auto& mid : mids)
        if (description.find(mid) == nullptr)
            return Error{ErrorCode::InvalidArgument,
                         "Opus DTX was asked for a media section that the description lacks."};
    OpusParameters parameters;
    parameters.dtx = dtx;
    if (dtx)
        parameters.inband_fec = true;
    description = mids.empty() ? set_opus_parameters(std::move(description), parameters)
                               : set_opus_parameters(std::move(description), mids, parameters);
    return description.to_string();
}

std::optional<OpusParameters> opus_parameters(const MediaSection& section)
{
    const auto codecs = section.codecs();
    const auto opus = std::find_if(codecs.begin(), codecs.end(),
                                   [](const Codec& codec) { return codec.is("opus"); });
    if (opus == codecs.end())
        return std::nullopt;
    const auto& fmtp = opus->fmtp;
    OpusParameters out;
    out.dtx = flag(fmtp, "usedtx");
    out.inband_fec = flag(fmtp, "useinbandfec");
    out.stereo = flag(fmtp, "stereo");
    out.sprop_stereo = flag(fmtp, "sprop-stereo");
    out.cbr = flag(fmtp, "cbr");
    out.max_average_bitrate = number(fmtp.get("maxaveragebitrate"));
    out.max_playback_rate = number(fmtp.get("maxplaybackrate"));
    out.min_ptime = number(fmtp.get("minptime"));
    out.ptime = number(section.attribute("ptime"));
    out.max_ptime = number(section.attribute("maxptime"));
    return out;
}

} // namespace cf::sdp

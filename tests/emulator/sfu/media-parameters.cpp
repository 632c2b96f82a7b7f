/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/media-parameters.hpp"

#include <algorithm>

namespace cf::emu
{

namespace
{

RtpCodec rtp_codec(const sdp::Codec& c)
{
    const auto has = [&](const char* feedback) {
        return std::find(c.feedback.begin(), c.feedback.end(), feedback) != c.feedback.end();
    };
    RtpCodec out;
    out.payload_type = static_cast<std::uint8_t>(c.payload_type);
    out.name = c.name;
    out.clock_rate = c.clock_rate;
    out.channels = c.channels;
    out.fmtp = c.fmtp;
    if (const auto apt = c.apt(); apt && c.is_rtx())
        out.apt = static_cast<std::uint8_t>(*apt);
    out.nack = has("nack");
    out.pli = has("nack pli");
    out.fir = has("ccm fir");
    out.transport_cc = has("transport-cc");
    out.remb = has("goog-remb");
    return out;
}

std::vector<RtpCodec> rtp_codecs(const Line& line)
{
    std::vector<RtpCodec> out;
    std::transform(line.codecs.begin(), line.codecs.end(), std::back_inserter(out), rtp_codec);
    return out;
}

std::vector<HeaderExtension> header_extensions(const Line& line)
{
    std::vector<HeaderExtension> out;
    for (const sdp::Extension& e : line.extensions)
        out.push_back({static_cast<std::uint8_t>(e.id), e.uri});
    return out;
}

} // namespace

ReceiveParameters receive_parameters(const Line& line)
{
    ReceiveParameters out;
    out.mid = line.mid;
    out.kind = media_kind(line.kind);
    out.codecs = rtp_codecs(line);
    out.extensions = header_extensions(line);
    for (const sdp::Source& s : line.client_sources) {
        DeclaredSource source{s.ssrc, {}};
        if (s.rtx_ssrc != 0)
            source.rtx_ssrc = s.rtx_ssrc;
        out.sources.push_back(source);
    }
    out.rids = line.rids;
    out.reduced_size = line.reduced_size;
    return out;
}

SendParameters send_parameters(const Line& line)
{
    SendParameters out;
    out.mid = line.mid;
    out.kind = media_kind(line.kind);
    out.codecs = rtp_codecs(line);
    out.extensions = header_extensions(line);
    out.reduced_size = line.reduced_size;
    out.mixed_extensions = line.mixed_extensions;
    return out;
}

RemoteParameters remote_parameters(const sdp::Established& established)
{
    return {established.ice.ufrag, established.ice.pwd, {{"sha-256", established.fingerprint}}};
}

DtlsRole local_role(sdp::Setup client_role)
{
    return client_role == sdp::Setup::Passive ? DtlsRole::Client : DtlsRole::Server;
}

MediaKind media_kind(sdp::Kind kind)
{
    return kind == sdp::Kind::Video ? MediaKind::Video : MediaKind::Audio;
}

sdp::Kind sdp_kind(MediaKind kind)
{
    return kind == MediaKind::Video ? sdp::Kind::Video : sdp::Kind::Audio;
}

sdp::Codec sdp_codec(const RtpCodec& codec)
{
    return {codec.payload_type, codec.name, codec.clock_rate, codec.channels, codec.fmtp, {}};
}

} // namespace cf::emu

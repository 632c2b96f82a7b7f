/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sdp/writer.hpp"

#include <initializer_list>
#include <string_view>

namespace cf::emu::sdp
{

namespace
{

class Lines
{
public:
    void add(std::initializer_list<std::string_view> parts)
    {
        for (const std::string_view part : parts)
            text_ += part;
        text_ += "\r\n";
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

std::string n(std::uint64_t value)
{
    return std::to_string(value);
}

void write_session(Lines& out, const Description& d)
{
    out.add({"v=0"});
    out.add({"o=- ", n(d.session_id), " ", n(d.session_version), " IN IP4 0.0.0.0"});
    out.add({"s=-"});
    out.add({"t=0 0"});
    out.add({"a=msid-semantic:WMS*"});
    for (const Fingerprint& f : d.fingerprints)
        out.add({"a=fingerprint:", f.algorithm, " ", f.value});
    if (d.ice_lite)
        out.add({"a=ice-lite"});
    if (d.extmap_allow_mixed)
        out.add({"a=extmap-allow-mixed"});
    if (!d.has_bundle)
        return;
    std::string group = "a=group:BUNDLE";
    for (const std::string& mid : d.bundle)
        group += " " + mid;
    out.add({group});
}

void write_codec(Lines& out, const Codec& c)
{
    const std::string pt = n(static_cast<unsigned>(c.payload_type));
    const std::string channels = c.channels > 1 ? "/" + n(c.channels) : "";
    out.add({"a=rtpmap:", pt, " ", c.name, "/", n(c.clock_rate), channels});
    if (!c.fmtp.empty())
        out.add({"a=fmtp:", pt, " ", c.fmtp});
    for (const std::string& feedback : c.feedback)
        out.add({"a=rtcp-fb:", pt, " ", feedback});
}

void write_simulcast(Lines& out, const Section& s)
{
    for (const Rid& rid : s.rids)
        out.add({"a=rid:", rid.id, rid.send ? " send" : " recv"});
    const auto& names = s.simulcast_send.empty() ? s.simulcast_receive : s.simulcast_send;
    if (names.empty())
        return;
    std::string list;
    for (const std::string& name : names)
        list += (list.empty() ? "" : ";") + name;
    out.add({"a=simulcast:", s.simulcast_send.empty() ? "recv " : "send ", list});
}

void write_source(Lines& out, const Source& s)
{
    const std::string ssrc = n(s.ssrc);
    if (s.rtx_ssrc != 0)
        out.add({"a=ssrc-group:FID ", ssrc, " ", n(s.rtx_ssrc)});
    for (const std::uint32_t id : {s.ssrc, s.rtx_ssrc}) {
        if (id == 0)
            continue;
        out.add({"a=ssrc:", n(id), " cname:", s.cname});
        if (!s.msid.empty())
            out.add({"a=ssrc:", n(id), " msid:", s.msid});
    }
}

void write_ice(Lines& out, const Section& s)
{
    if (s.ice.ufrag.empty())
        return;
    out.add({"a=ice-ufrag:", s.ice.ufrag});
    out.add({"a=ice-pwd:", s.ice.pwd});
}

void write_candidates(Lines& out, const Section& s)
{
    // Once for RTP and once for RTCP, as captured, although rtcp-mux leaves no use for the second.
    for (const Candidate& c : s.candidates)
        for (const char* component : {"1", "2"})
            out.add({"a=candidate:", c.foundation, " ", component, " udp ", n(c.priority), " ",
                     c.address, " ", n(c.port), " typ host"});
    if (s.end_of_candidates)
        out.add({"a=end-of-candidates"});
}

void write_rejected(Lines& out, const Section& s)
{
    if (!s.mid.empty())
        out.add({"a=mid:", s.mid});
    out.add({"a=inactive"});
}

void write_rtp(Lines& out, const Section& s)
{
    if (s.setup)
        out.add({"a=setup:", to_string(*s.setup)});
    out.add({"a=mid:", s.mid});
    write_ice(out, s);
    if (s.rtcp_mux)
        out.add({"a=rtcp-mux"});
    if (s.rtcp_rsize)
        out.add({"a=rtcp-rsize"});
    for (const Codec& c : s.codecs)
        write_codec(out, c);
    for (const Extension& e : s.extensions)
        out.add({"a=extmap:", n(static_cast<unsigned>(e.id)), " ", e.uri});
    write_simulcast(out, s);
    for (const Source& source : s.sources)
        write_source(out, source);
    if (!s.msid.empty())
        out.add({"a=msid:", s.msid});
    out.add({"a=", to_string(s.direction)});
}

void write_application(Lines& out, const Section& s)
{
    if (s.setup)
        out.add({"a=setup:", to_string(*s.setup)});
    out.add({"a=mid:", s.mid});
    out.add({"a=sendrecv"});
    out.add({"a=sctp-port:", n(s.sctp_port.value_or(5000))});
    if (s.max_message_size)
        out.add({"a=max-message-size:", n(*s.max_message_size)});
    write_ice(out, s);
}

void write_section(Lines& out, const Section& s)
{
    std::string formats;
    for (const int pt : s.payload_types)
        formats += " " + n(static_cast<unsigned>(pt));
    const bool rtp = s.kind != Kind::Application;
    if (rtp && formats.empty())
        formats = " 0";
    out.add({"m=", to_string(s.kind), " ", n(s.port), " ",
             rtp ? "UDP/TLS/RTP/SAVPF" : "UDP/DTLS/SCTP webrtc-datachannel", formats});
    out.add({"c=IN IP4 0.0.0.0"});
    if (s.rejected())
        return write_rejected(out, s);
    if (rtp)
        write_rtp(out, s);
    else
        write_application(out, s);
    write_candidates(out, s);
}

} // namespace

std::string write(const Description& description)
{
    Lines out;
    write_session(out, description);
    for (const Section& s : description.sections)
        write_section(out, s);
    return out.take();
}

} // namespace cf::emu::sdp

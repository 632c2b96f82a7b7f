/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sdp/parser.hpp"

#include <algorithm>

#include "tests/emulator/sdp/attributes.hpp"
#include "tests/emulator/sdp/text.hpp"

namespace cf::emu::sdp
{

namespace
{

Error bad(std::string why)
{
    return Error{ErrorCode::Sdp, std::move(why)};
}

bool known_type(char type)
{
    return std::string_view{"vosiuepcbtrzkam"}.find(type) != std::string_view::npos;
}

Status read_origin(std::string_view value, Description& out)
{
    const auto words = split(value);
    if (words.size() != 6 || words[3] != "IN" || (words[4] != "IP4" && words[4] != "IP6"))
        return bad("o= has to be \"username id version IN IP4|IP6 address\"");
    const auto id = number<std::uint64_t>(words[1]);
    const auto version = number<std::uint64_t>(words[2]);
    if (!id || !version)
        return bad("the id and the version in o= have to be numbers");
    out.session_id = *id;
    out.session_version = *version;
    return ok_status();
}

Status read_formats(const std::vector<std::string_view>& words, Section& section)
{
    for (std::size_t i = 3; i < words.size(); ++i) {
        const auto pt = number<int>(words[i]);
        if (!pt || *pt < 0 || *pt > 127)
            return bad("a payload type in m= is not a number from 0 to 127");
        if (std::count(section.payload_types.begin(), section.payload_types.end(), *pt) != 0)
            return bad("a payload type is listed twice in m=");
        section.payload_types.push_back(*pt);
    }
    return ok_status();
}

Status read_media(std::string_view value, Description& out)
{
    const auto words = split(value);
    if (words.size() < 4)
        return bad("m= has to be \"media port proto format ...\"");
    if (out.sections.size() >= kMaxSections)
        return bad("too many m= sections");
    Section section;
    const auto port = number<unsigned>(words[1]);
    if (!port || *port > 65535)
        return bad("the port in m= is not a number from 0 to 65535");
    section.port = *port;
    if (words[0] == "audio" || words[0] == "video") {
        section.kind = words[0] == "audio" ? Kind::Audio : Kind::Video;
        if (words[2] != "UDP/TLS/RTP/SAVPF")
            return bad("the protocol of an RTP section has to be UDP/TLS/RTP/SAVPF (RFC 8829)");
        CF_TRY(read_formats(words, section));
    } else if (words[0] == "application") {
        section.kind = Kind::Application;
        if (words[2] != "UDP/DTLS/SCTP" || words[3] != "webrtc-datachannel")
            return bad("m=application has to be UDP/DTLS/SCTP webrtc-datachannel (RFC 8841)");
    } else {
        return bad("the media in m= is not audio, video or application");
    }
    out.sections.push_back(std::move(section));
    return ok_status();
}

// The order of the mandatory session lines, RFC 8866 section 5.
struct Order {
    std::size_t next = 0;
    bool has_time = false;

    Status see(char type)
    {
        static constexpr std::string_view kFirst = "vos";
        if (next < kFirst.size()) {
            if (type != kFirst[next])
                return bad(std::string("expected ") + kFirst[next] + "= here");
            ++next;
            return ok_status();
        }
        if (kFirst.find(type) != std::string_view::npos && type != 's')
            return bad(std::string("a second ") + type + "=");
        if (type == 't')
            has_time = true;
        if (type == 'm' && !has_time)
            return bad("t= is missing");
        return ok_status();
    }
};

Status read_line(char type, std::string_view value, Description& out)
{
    switch (type) {
    case 'v':
        return value == "0" ? ok_status() : Status{bad("v= has to be 0")};
    case 'o':
        return read_origin(value, out);
    case 'm':
        return read_media(value, out);
    case 'a':
        return out.sections.empty() ? read_session_attribute(value, out)
                                    : read_media_attribute(value, out.sections.back());
    default:
        return ok_status();
    }
}

} // namespace

Result<Description> parse(std::string_view text)
{
    if (text.size() > kMaxSdpBytes)
        return bad("it is too long");
    if (text.empty())
        return bad("it is empty");
    if (!text.ends_with("\r\n"))
        return bad("the last line does not end in CRLF");
    Description out;
    Order order;
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        std::string_view line = take_until(text, '\n');
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        const std::string where = "line " + std::to_string(line_number) + ": ";
        if (line.size() < 2 || line[1] != '=' || !known_type(line[0]))
            return bad(where + "not of the form <type>=<value>");
        Status status = order.see(line[0]);
        if (status)
            status = read_line(line[0], line.substr(2), out);
        if (!status)
            return bad(where + status.error().message);
    }
    if (order.next < 3 || !order.has_time)
        return bad("it lacks one of v=, o=, s=, t=");
    for (Section& s : out.sections)
        CF_TRY(finish_section(s));
    return out;
}

} // namespace cf::emu::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The m-line and the attributes of the transport; what is said of RTP is in media-rtp.cpp.
#include "lib/sdp/media-section.hpp"

#include <algorithm>
#include <array>

namespace cf::sdp
{

namespace
{

constexpr unsigned kMaxPort = 65535;

constexpr std::array kDirections = {
    std::pair{Direction::SendRecv, std::string_view("sendrecv")},
    std::pair{Direction::SendOnly, std::string_view("sendonly")},
    std::pair{Direction::RecvOnly, std::string_view("recvonly")},
    std::pair{Direction::Inactive, std::string_view("inactive")},
};

constexpr std::array kRoles = {
    std::pair{SetupRole::Active, std::string_view("active")},
    std::pair{SetupRole::Passive, std::string_view("passive")},
    std::pair{SetupRole::ActPass, std::string_view("actpass")},
    std::pair{SetupRole::HoldConn, std::string_view("holdconn")},
};

std::optional<Direction> direction_of_line(const Line& line)
{
    for (const auto& [direction, text] : kDirections)
        if (line.name() == text)
            return direction;
    return std::nullopt;
}

Error bad(std::string_view what)
{
    return Error{ErrorCode::Sdp, std::string(what)};
}

std::optional<Candidate> parse_candidate(std::string_view text)
{
    const auto pieces = split(text);
    if (pieces.size() < 8 || pieces[6] != "typ")
        return std::nullopt;
    const auto component = parse_number(pieces[1], 256);
    const auto priority = parse_number(pieces[3], 0xffffffffU);
    const auto port = parse_number(pieces[5], kMaxPort);
    if (!component || !priority || !port)
        return std::nullopt;
    return Candidate{std::string(pieces[0]), *component, std::string(pieces[2]), *priority,
                     std::string(pieces[4]), *port,      std::string(pieces[7]), std::string(text)};
}

} // namespace

std::string_view to_string(Direction direction)
{
    return kDirections[static_cast<std::size_t>(direction)].second;
}

std::string_view to_string(SetupRole role)
{
    return kRoles[static_cast<std::size_t>(role)].second;
}

bool sends(Direction direction)
{
    return direction == Direction::SendRecv || direction == Direction::SendOnly;
}

bool receives(Direction direction)
{
    return direction == Direction::SendRecv || direction == Direction::RecvOnly;
}

Direction reversed(Direction direction)
{
    if (direction == Direction::SendOnly)
        return Direction::RecvOnly;
    return direction == Direction::RecvOnly ? Direction::SendOnly : direction;
}

SetupRole reversed(SetupRole role)
{
    if (role == SetupRole::Active)
        return SetupRole::Passive;
    return role == SetupRole::Passive ? SetupRole::Active : role;
}

std::optional<SetupRole> parse_setup_role(std::string_view text)
{
    for (const auto& [role, name] : kRoles)
        if (equals_ignoring_case(trim(text), name))
            return role;
    return std::nullopt;
}

std::optional<Fingerprint> parse_fingerprint(std::string_view text)
{
    const auto pieces = split(text);
    if (pieces.size() != 2 || pieces[1].size() % 3 != 2)
        return std::nullopt;
    Fingerprint out{to_lower(pieces[0]), std::string(pieces[1])};
    for (std::size_t i = 0; i < out.value.size(); i++) {
        char& c = out.value[i];
        if (c >= 'a' && c <= 'f')
            c = static_cast<char>(c - 'a' + 'A');
        const bool hex = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
        if (i % 3 == 2 ? c != ':' : !hex)
            return std::nullopt;
    }
    return out;
}

std::optional<Direction> direction_in(const LineBlock& block)
{
    std::optional<Direction> found;
    for (const auto& line : block.lines())
        if (const auto direction = direction_of_line(line))
            found = direction;
    return found;
}

std::vector<Fingerprint> fingerprints_in(const LineBlock& block)
{
    std::vector<Fingerprint> found;
    std::size_t seen = 0;
    for (const auto& line : block.lines()) {
        if (line.name() != "fingerprint")
            continue;
        if (++seen > kMaxFingerprints)
            break;
        if (auto fingerprint = parse_fingerprint(line.attribute_value()))
            found.push_back(std::move(*fingerprint));
    }
    return found;
}

Result<MediaSection> MediaSection::parse(std::string_view m_line)
{
    const auto pieces = split(m_line);
    if (pieces.size() < 4)
        return bad("must name a medium, a port, a protocol and at least one format");
    if (pieces.size() - 3 > kMaxFormats)
        return bad("lists more formats than RTP has payload types");
    const auto slash = pieces[1].find('/');
    if (!parse_number(pieces[1].substr(0, slash), kMaxPort))
        return bad("has no valid port");
    if (slash != std::string_view::npos && !parse_number(pieces[1].substr(slash + 1), kMaxPort))
        return bad("has no valid number of ports");
    MediaSection out;
    out.m_line_ = m_line;
    return out;
}

std::string_view MediaSection::kind() const
{
    return split(m_line_)[0];
}

unsigned MediaSection::port() const
{
    const auto text = split(m_line_)[1];
    return parse_number(text.substr(0, text.find('/')), kMaxPort).value_or(0);
}

std::string_view MediaSection::protocol() const
{
    return split(m_line_)[2];
}

std::vector<std::string_view> MediaSection::formats() const
{
    auto pieces = split(m_line_);
    pieces.erase(pieces.begin(), pieces.begin() + 3);
    return pieces;
}

bool MediaSection::is_rtp() const
{
    return (kind() == "audio" || kind() == "video") &&
           protocol().find("RTP/") != std::string_view::npos;
}

bool MediaSection::is_rejected() const
{
    return port() == 0 && !is_bundle_only();
}

void MediaSection::set_port(unsigned port)
{
    if (port == this->port())
        return;
    const auto text = split(m_line_)[1];
    const auto start = static_cast<std::size_t>(text.data() - m_line_.data());
    m_line_.replace(start, text.size(), std::to_string(port));
}

void MediaSection::set_formats(const std::vector<std::string>& formats)
{
    const auto now = this->formats();
    if (std::equal(now.begin(), now.end(), formats.begin(), formats.end()))
        return;
    const auto pieces = split(m_line_);
    std::string text;
    text.append(pieces[0]).append(" ").append(pieces[1]).append(" ").append(pieces[2]);
    for (const auto& format : formats)
        text.append(" ").append(format);
    m_line_ = std::move(text);
}

std::string_view MediaSection::mid() const
{
    return attribute("mid").value_or(std::string_view{});
}

Direction MediaSection::direction() const
{
    return own_direction().value_or(Direction::SendRecv);
}

void MediaSection::set_direction(Direction direction)
{
    bool done = false;
    for (auto& line : lines()) {
        const auto old = direction_of_line(line);
        if (!old || done)
            continue;
        done = true;
        if (*old != direction)
            line = make_attribute(to_string(direction));
    }
    if (!done) {
        add_attribute(to_string(direction));
        return;
    }
    bool seen = false;
    remove_lines_if(
        [&](const Line& line) { return direction_of_line(line) && std::exchange(seen, true); });
}

std::string_view MediaSection::ice_ufrag() const
{
    return attribute("ice-ufrag").value_or(std::string_view{});
}

std::string_view MediaSection::ice_pwd() const
{
    return attribute("ice-pwd").value_or(std::string_view{});
}

std::optional<SetupRole> MediaSection::setup() const
{
    const auto text = attribute("setup");
    return text ? parse_setup_role(*text) : std::nullopt;
}

std::vector<Candidate> MediaSection::candidates() const
{
    std::vector<Candidate> found;
    for (auto value : attributes("candidate"))
        if (auto candidate = parse_candidate(value))
            found.push_back(std::move(*candidate));
    return found;
}

} // namespace cf::sdp

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Offers of a client, put together from the few things that a test cares about.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cf::test
{

inline const std::string kOpus = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n";
inline const std::string kVp8 = "a=rtpmap:96 VP8/90000\r\n"
                                "a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
                                "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
inline const std::string kMidExtension = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n";
inline const std::string kFingerprint = "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
                                        "AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99";

struct OfferSection {
    std::string kind = "audio";
    std::string mid = "0";
    std::string direction = "sendonly";
    std::string formats = "111";
    std::string codecs = kOpus;
    std::string more = {};
    unsigned port = 9;
};

inline OfferSection audio(std::string mid, std::string direction = "sendonly")
{
    return {"audio", std::move(mid), std::move(direction)};
}
inline OfferSection video(std::string mid, std::string direction = "sendonly")
{
    return {"video", std::move(mid), std::move(direction), "96 97", kVp8};
}

struct Offer {
    std::vector<OfferSection> sections;
    std::string setup = "actpass";
    std::string ufrag = "abcd";
    std::string pwd = "0123456789abcdefghijkl";
    std::string fingerprint = kFingerprint;
    std::string session_lines = {};
    bool bundle = true;

    [[nodiscard]] std::string text() const
    {
        std::string group = "a=group:BUNDLE";
        std::string body;
        for (const OfferSection& s : sections) {
            if (s.port != 0)
                group += " " + s.mid;
            body += "m=" + s.kind + " " + std::to_string(s.port) + " UDP/TLS/RTP/SAVPF " +
                    s.formats + "\r\nc=IN IP4 0.0.0.0\r\n";
            if (!s.mid.empty())
                body += "a=mid:" + s.mid + "\r\n";
            if (!ufrag.empty())
                body += "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\n";
            if (!fingerprint.empty())
                body += "a=fingerprint:sha-256 " + fingerprint + "\r\n";
            if (!setup.empty())
                body += "a=setup:" + setup + "\r\n";
            body += "a=" + s.direction + "\r\na=rtcp-mux\r\n" + kMidExtension + s.codecs + s.more;
        }
        return "v=0\r\no=- 42 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" +
               (bundle ? group + "\r\n" : std::string{}) + session_lines + body;
    }
};

/// @p text with the first @p from replaced by @p to.
inline std::string replaced(std::string text, const std::string& from, const std::string& to)
{
    const auto at = text.find(from);
    if (at != std::string::npos)
        text.replace(at, from.size(), to);
    return text;
}

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What the negotiated SDP says about one m-section, as the media plane needs it. Plain values: the
// SDP code fills them in, nothing here parses text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/calls/types.hpp"

namespace cf::emu
{

using calls::MediaKind;

/// One payload type of an m-section: rtpmap, fmtp and rtcp-fb together.
struct RtpCodec {
    std::uint8_t payload_type = 0;
    std::string name; ///< encoding name as in rtpmap, compared without regard to case: "VP8", "rtx"
    std::uint32_t clock_rate = 90000;
    unsigned channels = 1;
    std::string fmtp;                ///< what follows "a=fmtp:PT ", unparsed; may be empty
    std::optional<std::uint8_t> apt; ///< rtx only: the payload type it repairs
    bool nack = false;               ///< a=rtcp-fb nack
    bool pli = false;                ///< a=rtcp-fb nack pli
    bool fir = false;                ///< a=rtcp-fb ccm fir
    bool transport_cc = false;       ///< a=rtcp-fb transport-cc
    bool remb = false;               ///< a=rtcp-fb goog-remb
};

/// One a=extmap line; ids are those of this transport, 1...255 (above 14 needs extmap-allow-mixed).
struct HeaderExtension {
    std::uint8_t id = 0;
    std::string uri;
};

/// A source that the peer declared with a=ssrc, and its RTX companion (a=ssrc-group:FID).
struct DeclaredSource {
    std::uint32_t ssrc = 0;
    std::optional<std::uint32_t> rtx_ssrc;
};

/// An m-section in the direction peer -> SFU.
struct ReceiveParameters {
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    std::vector<RtpCodec> codecs; ///< as negotiated, in order of preference, rtx among them
    std::vector<HeaderExtension> extensions;
    std::vector<DeclaredSource> sources; ///< empty when the peer declares none
    std::vector<std::string> rids;       ///< a=rid ... send, in order; empty: no simulcast
    bool reduced_size = false;           ///< a=rtcp-rsize
};

/// An m-section in the direction SFU -> peer, as the peer's answer (or offer) accepted it.
struct SendParameters {
    std::string mid;
    MediaKind kind = MediaKind::Audio;
    std::vector<RtpCodec> codecs;
    std::vector<HeaderExtension> extensions;
    bool reduced_size = false;
    bool mixed_extensions = false; ///< a=extmap-allow-mixed: two-byte elements may be sent
};

/// Header extensions that the media plane reads or writes itself. All others that both sides
/// negotiated are copied with their ids translated; those that only one side knows are dropped.
namespace extension_uri
{
inline constexpr const char* kMid = "urn:ietf:params:rtp-hdrext:sdes:mid";
inline constexpr const char* kRid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
inline constexpr const char* kRepairedRid =
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
inline constexpr const char* kTransportCc =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
inline constexpr const char* kAbsSendTime =
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
inline constexpr const char* kDependencyDescriptor =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
} // namespace extension_uri

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// A negotiated m= section in the words of the media plane.
#pragma once

#include "tests/emulator/media/rtp-parameters.hpp"
#include "tests/emulator/media/transport.hpp"
#include "tests/emulator/sfu/negotiation.hpp"

namespace cf::emu
{

[[nodiscard]] ReceiveParameters receive_parameters(const Line& line);
[[nodiscard]] SendParameters send_parameters(const Line& line);
[[nodiscard]] RemoteParameters remote_parameters(const sdp::Established& established);
/// The SFU's own role: the other one than the client's.
[[nodiscard]] DtlsRole local_role(sdp::Setup client_role);
[[nodiscard]] MediaKind media_kind(sdp::Kind kind);
[[nodiscard]] sdp::Kind sdp_kind(MediaKind kind);
[[nodiscard]] sdp::Codec sdp_codec(const RtpCodec& codec);

} // namespace cf::emu

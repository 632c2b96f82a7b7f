/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which payload type of a subscriber carries a codec of a publisher.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/emulator/media/rtp-parameters.hpp"

namespace cf::emu
{

/// The value of @p key in an fmtp text ("packetization-mode"), without regard to case; nothing if
/// it is not there.
[[nodiscard]] std::optional<std::string> fmtp_value(const std::string& fmtp,
                                                    const std::string& key);

/// The entry of @p codecs that @p wanted can be sent as: same name, clock and channels; among
/// several the one whose fmtp is closest (H.264: packetization mode, then profile; VP9: profile).
/// The SFU does not transcode, and the real one does not refuse another H.264 profile either.
/// NULL if there is none.
[[nodiscard]] const RtpCodec* match_codec(const std::vector<RtpCodec>& codecs,
                                          const RtpCodec& wanted);

/// The RTX payload type that repairs @p payload_type; NULL if there is none.
[[nodiscard]] const RtpCodec* find_rtx(const std::vector<RtpCodec>& codecs,
                                       std::uint8_t payload_type);
[[nodiscard]] const RtpCodec* find_codec(const std::vector<RtpCodec>& codecs,
                                         std::uint8_t payload_type);

} // namespace cf::emu

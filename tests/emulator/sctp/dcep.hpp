/* SPDX-License-Identifier: LGPL-2.1-or-later */
// DCEP: the messages that open a data channel in-band (RFC 8832 5).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tests/emulator/sctp/data-channels.hpp"

namespace cf::emu
{

/// SCTP payload protocol identifiers (RFC 8831 8).
enum class Ppid : std::uint32_t {
    Dcep = 50,
    Text = 51,
    Binary = 53,
    EmptyText = 56,
    EmptyBinary = 57,
};

[[nodiscard]] std::vector<std::uint8_t> write_dcep_open(const ChannelOptions& options);
[[nodiscard]] std::vector<std::uint8_t> write_dcep_ack();

struct DcepMessage {
    bool is_ack = false;
    ChannelOptions options; ///< of an OPEN, without id
};
/// Nothing unless the type is known and all lengths are exactly right.
[[nodiscard]] std::optional<DcepMessage> read_dcep(std::span<const std::uint8_t> data);

} // namespace cf::emu

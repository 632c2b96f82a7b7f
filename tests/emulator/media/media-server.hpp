/* SPDX-License-Identifier: LGPL-2.1-or-later */
// MediaServer: the one UDP socket, the certificate, and the transports behind them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <glib.h>

#include "lib/base/result.hpp"
#include "tests/emulator/media/media-stats.hpp"
#include "tests/emulator/media/network-faults.hpp"
#include "tests/emulator/media/transport.hpp"

namespace cf::emu
{

struct MediaOptions {
    std::string address = "127.0.0.1"; ///< numeric; IPv4, IPv6 or a wildcard
    std::uint16_t port = 0;            ///< 0: any free one
    /// PEM file with certificate and private key; empty: a fresh ECDSA P-256 pair.
    std::string certificate_file;
    /// No authenticated check for this long means Disconnected (RFC 7675: 30 s; clients check
    /// every 4 to 6 s, libnice 1.22 without keepalive-conncheck sends only every 25 s).
    Milliseconds consent_timeout{30000};
    /// Pass padding-only packets on (browsers' probes), as the service does, or drop them.
    bool forward_padding = true;
    /// Only this SRTP profile, by its SSL name ("SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_128_GCM");
    /// empty: both, GCM preferred last because the real service was seen with the former.
    std::string srtp_profile;
};

/// Main thread only: everything happens in the context that create() is given.
class MediaServer
{
public:
    /// @p context (transfer none): the main context, NULL for the default one.
    [[nodiscard]] static Result<std::unique_ptr<MediaServer>> create(const MediaOptions& options,
                                                                     GMainContext* context);
    virtual ~MediaServer() = default;

    /// As bound: the port is never 0.
    [[nodiscard]] virtual const SocketAddress& address() const = 0;
    /// sha-256, upper-case hex with colons: for a=fingerprint.
    [[nodiscard]] virtual const std::string& fingerprint() const = 0;

    /// A new transport with fresh credentials. It is served until it is dropped.
    [[nodiscard]] virtual std::shared_ptr<Transport> create_transport() = 0;

    [[nodiscard]] virtual TimePoint now() const = 0;
    [[nodiscard]] virtual ServerStats stats() const = 0;
    /// Faults of all transports together.
    [[nodiscard]] virtual NetworkFaults& faults(FaultDirection direction) = 0;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Transport: the media side of one session (one PeerConnection, everything bundled): ICE-lite,
// DTLS, SRTP, and the m-sections in both directions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"
#include "tests/emulator/media/media-stats.hpp"
#include "tests/emulator/media/network-faults.hpp"
#include "tests/emulator/media/publication.hpp"
#include "tests/emulator/media/rtp-parameters.hpp"
#include "tests/emulator/media/subscription.hpp"
#include "tests/emulator/sctp/data-channels.hpp"

namespace cf::emu
{

/// Client: sends the ClientHello (a=setup:active). Server: waits for it (a=setup:passive).
enum class DtlsRole { Client, Server };

enum class TransportState {
    New,          ///< no remote description yet
    Checking,     ///< waiting for ICE checks, or DTLS is under way
    Connected,    ///< DTLS is up and the peer's consent is fresh
    Disconnected, ///< no authenticated check for TransportOptions::consent_timeout; may come back
    Failed,       ///< DTLS was refused (wrong fingerprint, alert, no common SRTP profile) for good
    Closed,       ///< by us, or by the peer's DTLS close_notify
};
const char* to_string(TransportState state);

/// A certificate fingerprint as SDP has it.
struct Fingerprint {
    std::string algorithm; ///< "sha-256", without regard to case; sha-384 and sha-512 work too
    std::string value;     ///< hex pairs with colons, without regard to case
};

struct RemoteParameters {
    std::string ufrag;
    std::string pwd;
    std::vector<Fingerprint>
        fingerprints; ///< any that matches is enough; unknown hashes are skipped
};

enum class FaultDirection {
    FromPeer, ///< up: peer -> SFU
    ToPeer,   ///< down: SFU -> peer
};

/// Created by MediaServer::create_transport(). Main thread only. Callbacks may do anything except
/// destroy the transport; they run from the media plane's own events, never from inside a call made
/// by their owner.
class Transport
{
public:
    virtual ~Transport() = default;

    /// For a=ice-ufrag and a=ice-pwd of every section.
    [[nodiscard]] virtual const std::string& local_ufrag() const = 0;
    [[nodiscard]] virtual const std::string& local_pwd() const = 0;

    /// The peer's credentials and our DTLS role. The first call starts DTLS (checks and handshake
    /// packets that came before it are not lost). Later calls may bring new ICE credentials; a
    /// different role or a fingerprint that does not match the certificate already seen is an
    /// Error{Sdp} and changes nothing (RFC 8842 5.5: the role stays with the association).
    [[nodiscard]] virtual Status set_remote(const RemoteParameters& remote,
                                            DtlsRole local_role) = 0;
    /// The role of the first set_remote().
    [[nodiscard]] virtual std::optional<DtlsRole> dtls_role() const = 0;
    /// New local ICE credentials (the peer restarts ICE); the old ones are answered until a check
    /// with the new ones comes.
    virtual void restart_ice() = 0;

    [[nodiscard]] virtual TransportState state() const = 0;

    /// Opens or updates the section @p parameters.mid for receiving. The same open mid gives the
    /// same Publication; after stop_receiving() a new one.
    virtual std::shared_ptr<Publication> receive(ReceiveParameters parameters) = 0;
    /// Closes the section and its publication; unknown mids are ignored.
    virtual void stop_receiving(const std::string& mid) = 0;
    [[nodiscard]] virtual std::shared_ptr<Publication>
    publication(const std::string& mid) const = 0;

    /// Opens the section @p mid for sending; the same open mid gives the same Subscription. A mid
    /// may be open in both directions.
    virtual std::shared_ptr<Subscription> send(const std::string& mid, MediaKind kind) = 0;
    virtual void stop_sending(const std::string& mid) = 0;
    [[nodiscard]] virtual std::shared_ptr<Subscription>
    subscription(const std::string& mid) const = 0;

    [[nodiscard]] virtual std::vector<std::shared_ptr<Publication>> publications() const = 0;
    [[nodiscard]] virtual std::vector<std::shared_ptr<Subscription>> subscriptions() const = 0;

    /// The peer negotiated an application section: SCTP connects as soon as DTLS is up. A second
    /// call gives what the first made. It lives as long as the transport.
    virtual DataChannels& start_data_channels(const SctpParameters& parameters) = 0;
    /// NULL before start_data_channels().
    [[nodiscard]] virtual DataChannels* data_channels() const = 0;

    /// Sends close_notify, stops everything, state Closed. Idempotent.
    virtual void close() = 0;

    [[nodiscard]] virtual TransportStats stats(TimePoint now) const = 0;
    /// Faults of this transport alone, on top of the server's.
    [[nodiscard]] virtual NetworkFaults& faults(FaultDirection direction) = 0;

    std::function<void(TransportState)> on_state;
    /// The first media packet of a publication.
    std::function<void(Publication&)> on_first_packet;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Facade: what stands between webrtcbin's session descriptions and those on the wire.
//
// webrtcbin says and wants things in its own way, and what it wants differs by version. The Facade
// translates in both directions and remembers, for one peer connection, what a translation
// depends on: the DTLS role, the mids by index, which sections are closed on the wire while
// webrtcbin must not know, the remote fingerprint. Each rewrite is a pure function of its own:
// see *-repairs.hpp, which cite the reason and the versions.
//
// An exchange is either
//     offer_to_wire(), answer_from_wire(), commit()       or
//     offer_from_wire(), answer_to_wire(), commit().
// Until commit() the Facade's memory is as before; abandon() forgets the exchange without a trace.
// Exchanges never overlap: beginning one while another is open is an Error with code State. A
// step that fails leaves the exchange where it was; the caller abandons it.
//
// No thread of its own and no locks: the caller serialises.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"
#include "lib/sdp/codec-repairs.hpp"
#include "lib/sdp/description.hpp"
#include "lib/sdp/facade-memory.hpp"

namespace cf::sdp
{

struct FacadeOptions {
    /// What may be received, best first; an empty list leaves the remote order alone (P12).
    std::vector<CodecPreference> audio_codecs;
    std::vector<CodecPreference> video_codecs;
    /// Leave `sendrecv` in our offers; otherwise it becomes `sendonly` (P16).
    bool allow_sendrecv = false;
};

/// What the next offer of ours changes about sections that exist already. webrtcbin's transceivers
/// keep their direction: closing and reopening happen on the wire only, because 1.22 cannot change
/// a direction (P20).
struct OfferChanges {
    std::vector<Mid> close;  ///< become `inactive` on the wire
    std::vector<Mid> reopen; ///< closed ones that carry media again
};

/// A description of ours in its two forms.
struct OutgoingDescription {
    std::string local; ///< for set-local-description
    std::string wire;  ///< for the service
    /// Answers only: sections that webrtcbin refuses, for want of a codec in common.
    std::vector<Mid> refused;
};

/// A description of the service, made fit for webrtcbin.
struct IncomingDescription {
    std::string text;        ///< for set-remote-description
    Description description; ///< the same, parsed
    /// Sections that appear for the first time, in m-line order. In an offer: make a transceiver
    /// from their codecs and extensions before set-remote-description. One that is closed already
    /// stands in `closed` too.
    std::vector<Mid> added;
    /// Sections that the service refused or closed in this description: their media has ended.
    /// webrtcbin is not told; keep their gate shut and send EOS downstream yourself.
    std::vector<Mid> closed;
    /// Closed sections that the service's offer has filled again. webrtcbin makes a new pad for
    /// the new SSRC. No transceiver must be added, but the codec-preferences of the old one must
    /// be set anew when the codecs differ.
    std::vector<Mid> reopened;
    /// Which section a received SSRC belongs to (P15); all sections of this description.
    std::map<std::uint32_t, Mid> ssrc_to_mid;
};

class Facade
{
public:
    explicit Facade(FacadeOptions options = {});

    /// Begins an exchange with the text of create-offer. Errors: Sdp and TooLarge, as in every
    /// step; State when an exchange is open; InvalidArgument for a mid in @p changes that is not
    /// negotiated, or that is to be reopened after its section has ended.
    [[nodiscard]] Result<OutgoingDescription> offer_to_wire(std::string_view text,
                                                            const OfferChanges& changes = {});
    /// The service's answer to that offer. Set the local text first, then this one, then commit().
    [[nodiscard]] Result<IncomingDescription> answer_from_wire(std::string_view text);

    /// Begins an exchange with an offer of the service.
    [[nodiscard]] Result<IncomingDescription> offer_from_wire(std::string_view text);
    /// The text of create-answer. Set the local text, commit(), send the wire text.
    [[nodiscard]] Result<OutgoingDescription> answer_to_wire(std::string_view text);

    /// Keeps what the exchange changed and ends it. False, and nothing happens, unless both of its
    /// steps succeeded, which they have not when somebody abandoned it meanwhile.
    bool commit();
    /// Forgets the open exchange, if any.
    void abandon();
    [[nodiscard]] bool in_exchange() const { return step_ != Step::Idle; }

    /// The track was closed without SDP (`force`): from now on the section is inactive in
    /// everything of ours, until OfferChanges::reopen or an offer of the service fills it again.
    /// Also during an exchange; survives its abandon(). False: no such mid is negotiated.
    bool close_mid(std::string_view mid);
    [[nodiscard]] bool is_closed(std::string_view mid) const;
    /// The mids by m-line index, as committed.
    [[nodiscard]] std::vector<Mid> mids() const { return committed_.mids(); }

    /// Our DTLS role once an exchange was committed: Active or Passive.
    [[nodiscard]] std::optional<SetupRole> dtls_role() const { return committed_.role; }
    /// What the certificate that DTLS saw must match; nothing before the first commit().
    [[nodiscard]] std::optional<Fingerprint> remote_fingerprint() const
    {
        return committed_.remote_fingerprint;
    }

private:
    enum class Step { Idle, LocalOffer, RemoteAnswer, RemoteOffer, LocalAnswer };

    [[nodiscard]] Status finish_incoming(Description description, FacadeMemory& next,
                                         IncomingDescription& out);
    void repair_offered_codecs(Description& offer, const FacadeMemory& next) const;

    FacadeOptions options_;
    Step step_ = Step::Idle;
    FacadeMemory committed_;
    FacadeMemory pending_;             ///< meaningful while step_ is not Idle
    std::optional<Description> offer_; ///< of the open exchange, as webrtcbin knows it
};

} // namespace cf::sdp

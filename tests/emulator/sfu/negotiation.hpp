/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Negotiation: the m= sections of one session over time, and the descriptions made of them.
// Knows SDP, but neither HTTP nor packets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"
#include "tests/emulator/sdp/checks.hpp"
#include "tests/emulator/sdp/codecs.hpp"
#include "tests/emulator/sdp/description.hpp"

namespace cf::emu
{

/// What the SFU says about its own transport.
struct LocalTransport {
    sdp::IceCredentials ice;
    std::string fingerprint; ///< sha-256
    std::string address;     ///< of the one candidate
    unsigned port = 0;
};

/// One m= section of a session.
struct Line {
    sdp::Kind kind = sdp::Kind::Audio;
    std::string mid;
    bool stopped = false;       ///< port 0 in the last exchange
    bool made_by_sfu = false;   ///< first seen in an offer of ours
    bool closed = false;        ///< by tracks/close; until something new uses the section
    bool force_closed = false;  ///< without SDP; only a stopped transceiver heals this
    bool bidirectional = false; ///< we may send in it as well (`bidirectionalMediaStream`)
    bool pulling = false;       ///< something is, or is to be, sent in it

    /// As last negotiated, from the client's point of view.
    bool client_sends = false;
    bool client_receives = false;

    std::vector<int> payload_types; ///< of the last m= line, for a rejected section
    std::vector<sdp::Codec> codecs;
    std::vector<sdp::Extension> extensions;
    std::vector<std::string> rids; ///< simulcast layers that the client sends
    std::vector<sdp::Source> client_sources;
    bool reduced_size = false;
    bool mixed_extensions = false; ///< a=extmap-allow-mixed

    // Of an application section: what the client says.
    unsigned sctp_port = 5000;
    std::optional<unsigned> max_message_size;

    /// Ours, in offers that send; ssrc 0: none.
    sdp::Source source;
    std::string msid;
};

/// A fresh section in the SFU's next offer.
struct NewLine {
    sdp::Kind kind = sdp::Kind::Audio;
    std::vector<sdp::Codec> codecs; ///< with their usual payload types, rtx among them
    bool receive = false;           ///< the client shall send as well
};

/// A value: changes are made to a copy, which replaces the original when all went well.
class Negotiation
{
public:
    struct Rules {
        sdp::CodecRules codecs;
        sdp::CheckRules checks;
        bool reuse_closed = true;
        bool reuse_stopped = true;
        bool ssrc = true;
        bool reject_closed = false; ///< closed sections get port 0 instead of inactive
    };

    Negotiation(LocalTransport local, Rules rules, std::uint64_t description_id);

    [[nodiscard]] std::vector<Line>& lines() { return lines_; }
    [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
    [[nodiscard]] Line* find(const std::string& mid);
    /// The section of the data channels, nullptr if there is none.
    [[nodiscard]] const Line* application() const;
    [[nodiscard]] const std::optional<sdp::Description>& pending_offer() const { return pending_; }
    /// The client's DTLS role; nothing before the first exchange.
    [[nodiscard]] std::optional<sdp::Setup> client_role() const { return before_.client_role; }
    [[nodiscard]] const sdp::Established& established() const { return before_; }

    /// Checks an offer of the client's and takes over what it says; answer() completes the
    /// exchange. In between, lines() may be told what we shall send.
    [[nodiscard]] Status apply_offer(const sdp::Description& offer);
    /// @p unix_time goes into o= (the version, which only grows).
    [[nodiscard]] sdp::Description answer(std::uint64_t unix_time);

    /// Finds or makes a section for something new; its index in lines().
    std::size_t add_line(const NewLine& wanted);
    /// An offer of ours; pending until apply_answer() has succeeded.
    [[nodiscard]] sdp::Description make_offer(std::uint64_t unix_time);
    [[nodiscard]] Status apply_answer(const sdp::Description& answer);

private:
    [[nodiscard]] sdp::Description frame(std::uint64_t unix_time);
    void finish(sdp::Description& description, sdp::Setup setup) const;
    void apply_offered_section(std::size_t index, const sdp::Section& offered);
    [[nodiscard]] sdp::Section answer_section(Line& line, const sdp::Section& offered) const;
    [[nodiscard]] sdp::Section offer_section(const Line& line) const;
    void remember_transport(const sdp::Description& remote, sdp::Setup client_role);
    void remember_lines();
    [[nodiscard]] std::string free_mid() const;

    LocalTransport local_;
    Rules rules_;
    std::uint64_t id_;
    std::uint64_t version_ = 0;
    std::vector<Line> lines_;
    sdp::Established before_;
    std::optional<sdp::Description> client_offer_; ///< between apply_offer() and answer()
    std::optional<sdp::Description> pending_;
};

} // namespace cf::emu

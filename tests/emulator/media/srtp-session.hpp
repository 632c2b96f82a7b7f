/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SrtpSession: both directions of SRTP and SRTCP of one transport, over libsrtp2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include <srtp2/srtp.h>

namespace cf::emu
{

struct SrtpProfile {
    unsigned long dtls_id = 0; ///< RFC 5764 4.1.2, RFC 7714 14.2
    const char* name = "";
    std::size_t key_size = 0;
    std::size_t salt_size = 0;
};
/// The profiles we know; NULL for another.
[[nodiscard]] const SrtpProfile* find_srtp_profile(unsigned long dtls_id);

/// Master keys with their salts appended, as libsrtp wants them.
struct SrtpKeys {
    const SrtpProfile* profile = nullptr;
    std::vector<std::uint8_t> local;  ///< secret
    std::vector<std::uint8_t> remote; ///< secret

    /// Cuts the exported keying material (RFC 5764 4.2).
    [[nodiscard]] static SrtpKeys split(const SrtpProfile& profile,
                                        const std::vector<std::uint8_t>& material, bool is_client);
};

class SrtpSession
{
public:
    /// Room that protect_*() needs behind the packet.
    static constexpr std::size_t kTrailer = SRTP_MAX_TRAILER_LEN + 4;

    enum class Verdict { Good, Replayed, BadAuthentication, Malformed };

    /// NULL if libsrtp refuses the keys.
    [[nodiscard]] static std::unique_ptr<SrtpSession> create(const SrtpKeys& keys);

    /// In place. @p packet shrinks to the plain packet on success.
    [[nodiscard]] Verdict unprotect_rtp(std::span<std::uint8_t>& packet);
    [[nodiscard]] Verdict unprotect_rtcp(std::span<std::uint8_t>& packet);
    /// In place; @p buffer has kTrailer bytes behind the first @p size. The new size, or nothing if
    /// the packet cannot be sent.
    [[nodiscard]] std::optional<std::size_t> protect_rtp(std::span<std::uint8_t> buffer,
                                                         std::size_t size);
    [[nodiscard]] std::optional<std::size_t> protect_rtcp(std::span<std::uint8_t> buffer,
                                                          std::size_t size);

    [[nodiscard]] const SrtpProfile& profile() const { return *profile_; }

private:
    struct Dealloc {
        void operator()(srtp_ctx_t_* s) const { srtp_dealloc(s); }
    };
    using Context = std::unique_ptr<srtp_ctx_t_, Dealloc>;
    static Context make_context(const SrtpProfile& profile, const std::vector<std::uint8_t>& key,
                                srtp_ssrc_type_t direction);

    const SrtpProfile* profile_ = nullptr;
    [[nodiscard]] bool admits(std::span<const std::uint8_t> packet, std::size_t ssrc_at) const;

    /// libsrtp keeps a state for every SSRC that it has decrypted, in a list.
    std::unordered_set<std::uint32_t> sources_;
    static constexpr std::size_t kMaxSources = 1024;
    Context in_;
    Context out_;
};

} // namespace cf::emu

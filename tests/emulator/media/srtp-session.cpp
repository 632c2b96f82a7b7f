/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/srtp-session.hpp"

#include <glib.h>

#include "tests/emulator/media/byte-order.hpp"

namespace cf::emu
{

namespace
{

constexpr SrtpProfile kProfiles[] = {
    {0x0001, "AES_CM_128_HMAC_SHA1_80", 16, 14},
    {0x0007, "AEAD_AES_128_GCM", 16, 12},
};

// RFC 3550 5.1 and 6.4.
constexpr std::size_t kRtpSsrcAt = 8;
constexpr std::size_t kRtcpSsrcAt = 4;

SrtpSession::Verdict verdict_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return SrtpSession::Verdict::Good;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return SrtpSession::Verdict::Replayed;
    case srtp_err_status_auth_fail:
        return SrtpSession::Verdict::BadAuthentication;
    default:
        return SrtpSession::Verdict::Malformed;
    }
}

void init_library()
{
    // Process-wide and never undone: other sessions may be alive at any exit path.
    static const srtp_err_status_t status = srtp_init();
    g_assert(status == srtp_err_status_ok);
}

} // namespace

const SrtpProfile* find_srtp_profile(unsigned long dtls_id)
{
    for (const SrtpProfile& p : kProfiles) {
        if (p.dtls_id == dtls_id)
            return &p;
    }
    return nullptr;
}

SrtpKeys SrtpKeys::split(const SrtpProfile& profile, const std::vector<std::uint8_t>& material,
                         bool is_client)
{
    g_assert(material.size() == 2 * (profile.key_size + profile.salt_size));
    auto cut = [&](std::size_t which) {
        const auto key = material.begin() + static_cast<std::ptrdiff_t>(which * profile.key_size);
        const auto salt = material.begin() + static_cast<std::ptrdiff_t>(2 * profile.key_size +
                                                                         which * profile.salt_size);
        std::vector<std::uint8_t> out(key, key + static_cast<std::ptrdiff_t>(profile.key_size));
        out.insert(out.end(), salt, salt + static_cast<std::ptrdiff_t>(profile.salt_size));
        return out;
    };
    SrtpKeys keys;
    keys.profile = &profile;
    keys.local = cut(is_client ? 0 : 1);
    keys.remote = cut(is_client ? 1 : 0);
    return keys;
}

SrtpSession::Context SrtpSession::make_context(const SrtpProfile& profile,
                                               const std::vector<std::uint8_t>& key,
                                               srtp_ssrc_type_t direction)
{
    srtp_policy_t policy{};
    const auto id = static_cast<srtp_profile_t>(profile.dtls_id);
    if (srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, id) != srtp_err_status_ok ||
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, id) != srtp_err_status_ok)
        return nullptr;
    policy.ssrc.type = direction;
    // libsrtp only reads it, its type just does not say so.
    policy.key = const_cast<std::uint8_t*>(key.data());
    // A burst of lost and retransmitted video is longer than the default of 128.
    policy.window_size = 1024;
    // Plain retransmissions (no RTX) send the same packet again.
    policy.allow_repeat_tx = 1;
    srtp_t raw = nullptr;
    if (srtp_create(&raw, &policy) != srtp_err_status_ok)
        return nullptr;
    return Context(raw);
}

std::unique_ptr<SrtpSession> SrtpSession::create(const SrtpKeys& keys)
{
    init_library();
    auto self = std::unique_ptr<SrtpSession>(new SrtpSession);
    self->profile_ = keys.profile;
    self->in_ = make_context(*keys.profile, keys.remote, ssrc_any_inbound);
    self->out_ = make_context(*keys.profile, keys.local, ssrc_any_outbound);
    if (!self->in_ || !self->out_)
        return nullptr;
    return self;
}

bool SrtpSession::admits(std::span<const std::uint8_t> packet, std::size_t ssrc_at) const
{
    return packet.size() >= ssrc_at + 4 &&
           (sources_.size() < kMaxSources || sources_.count(read_u32(packet, ssrc_at)) != 0);
}

SrtpSession::Verdict SrtpSession::unprotect_rtp(std::span<std::uint8_t>& packet)
{
    if (!admits(packet, kRtpSsrcAt))
        return Verdict::Malformed;
    int size = static_cast<int>(packet.size());
    const Verdict v = verdict_of(srtp_unprotect(in_.get(), packet.data(), &size));
    if (v == Verdict::Good) {
        sources_.insert(read_u32(packet, kRtpSsrcAt));
        packet = packet.first(static_cast<std::size_t>(size));
    }
    return v;
}

SrtpSession::Verdict SrtpSession::unprotect_rtcp(std::span<std::uint8_t>& packet)
{
    if (!admits(packet, kRtcpSsrcAt))
        return Verdict::Malformed;
    int size = static_cast<int>(packet.size());
    const Verdict v = verdict_of(srtp_unprotect_rtcp(in_.get(), packet.data(), &size));
    if (v == Verdict::Good) {
        sources_.insert(read_u32(packet, kRtcpSsrcAt));
        packet = packet.first(static_cast<std::size_t>(size));
    }
    return v;
}

std::optional<std::size_t> SrtpSession::protect_rtp(std::span<std::uint8_t> buffer,
                                                    std::size_t size)
{
    g_assert(size + kTrailer <= buffer.size());
    int length = static_cast<int>(size);
    if (srtp_protect(out_.get(), buffer.data(), &length) != srtp_err_status_ok)
        return std::nullopt;
    return static_cast<std::size_t>(length);
}

std::optional<std::size_t> SrtpSession::protect_rtcp(std::span<std::uint8_t> buffer,
                                                     std::size_t size)
{
    g_assert(size + kTrailer <= buffer.size());
    int length = static_cast<int>(size);
    if (srtp_protect_rtcp(out_.get(), buffer.data(), &length) != srtp_err_status_ok)
        return std::nullopt;
    return static_cast<std::size_t>(length);
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/media/ice-lite-agent.hpp"

#include <glib.h>
#include <openssl/rand.h>

namespace cf::emu
{

namespace
{

// RFC 8445 5.3: at least 24 bits of randomness in the ufrag, 128 in the password. The ufrag also
// routes datagrams among all sessions, hence more.
constexpr std::size_t kUfragLength = 16;
constexpr std::size_t kPwdLength = 32;

std::string random_ice_chars(std::size_t length)
{
    static constexpr char kAlphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text(length, '\0');
    const int ok =
        RAND_bytes(reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(text.size()));
    g_assert(ok == 1);
    for (char& c : text)
        c = kAlphabet[static_cast<unsigned char>(c) % 64];
    return text;
}

std::string_view username_of(const StunMessage& message)
{
    const auto value = message.find(stun_attribute::kUsername);
    return value ? std::string_view(reinterpret_cast<const char*>(value->data()), value->size())
                 : std::string_view{};
}

} // namespace

IceCredentials IceCredentials::generate()
{
    return {random_ice_chars(kUfragLength), random_ice_chars(kPwdLength)};
}

std::string_view local_ufrag_of(const StunMessage& message)
{
    const std::string_view name = username_of(message);
    return name.substr(0, name.find(':'));
}

void IceLiteAgent::restart()
{
    previous_ = std::move(local_);
    local_ = IceCredentials::generate();
}

const IceCredentials* IceLiteAgent::match(std::string_view username) const
{
    const std::size_t colon = username.find(':');
    if (colon == std::string_view::npos)
        return nullptr;
    const std::string_view ufrag = username.substr(0, colon);
    if (ufrag == local_.ufrag)
        return !remote_ufrag_ || username.substr(colon + 1) == *remote_ufrag_ ? &local_ : nullptr;
    return previous_ && ufrag == previous_->ufrag ? &*previous_ : nullptr;
}

IceLiteAgent::Outcome IceLiteAgent::on_request(const StunMessage& request,
                                               const SocketAddress& from)
{
    Outcome outcome;
    // RFC 8445 7.1 demands FINGERPRINT in every check; without it this may be no STUN at all.
    if (!request.has_fingerprint() || request.method() != kStunBinding) {
        outcome.malformed = true;
        return outcome;
    }
    auto refuse = [&](unsigned code, std::string_view reason, const IceCredentials* key,
                      const std::vector<std::uint16_t>& unknown = {}) {
        StunWriter w(StunClass::Error, kStunBinding, request.transaction_id());
        w.add_error(code, reason);
        if (!unknown.empty())
            w.add_unknown_attributes(unknown);
        if (key != nullptr)
            w.add_integrity(key->pwd);
        w.add_fingerprint();
        outcome.error = code;
        outcome.answer = w.take();
    };

    // The order is that of RFC 5389 10.1.2 and 7.3.1.
    const std::string_view username = username_of(request);
    if (username.empty() || !request.has_integrity()) {
        refuse(400, "Bad Request", nullptr);
        return outcome;
    }
    const IceCredentials* credentials = match(username);
    if (credentials == nullptr || !request.check_integrity(credentials->pwd)) {
        refuse(401, "Unauthorized", nullptr);
        return outcome;
    }
    if (const auto unknown = request.unknown_required(); !unknown.empty()) {
        refuse(420, "Unknown Attribute", credentials, unknown);
        return outcome;
    }
    // No 487: a lite agent stays controlled whatever the peer says (RFC 8445 6.1.1).
    StunWriter w(StunClass::Success, kStunBinding, request.transaction_id());
    w.add_xor_mapped_address(from);
    w.add_integrity(credentials->pwd);
    w.add_fingerprint();
    outcome.answer = w.take();
    outcome.authenticated = true;
    outcome.nominated = request.find(stun_attribute::kUseCandidate).has_value();
    if (credentials == &local_)
        previous_.reset();
    return outcome;
}

} // namespace cf::emu

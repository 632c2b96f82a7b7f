/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Refusal: how the API says no; and the codes, statuses and texts that it does so with.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "lib/calls/types.hpp"

namespace cf::emu
{

/// A whole request refused.
struct Refusal {
    unsigned status = 500;
    std::string code;         ///< `errorCode`
    std::string description;  ///< `errorDescription`
    std::string subcode = {}; ///< `errorSubcode`, left out if empty
};

/// A value or a Refusal. (Not cf::Result: an Error is a failure of ours, a Refusal an answer.)
template <typename T> class [[nodiscard]] Outcome
{
public:
    Outcome(T value) : v_(std::in_place_index<0>, std::move(value)) {}
    Outcome(Refusal refusal) : v_(std::in_place_index<1>, std::move(refusal)) {}
    explicit operator bool() const { return v_.index() == 0; }
    T& operator*() { return *std::get_if<0>(&v_); }
    T* operator->() { return std::get_if<0>(&v_); }
    Refusal& refusal() { return *std::get_if<1>(&v_); }

private:
    std::variant<T, Refusal> v_;
};

template <typename T> using Reply = std::function<void(Outcome<T>)>;

namespace refusals
{

inline Refusal unauthorized()
{
    return {401, "unauthorized", "The app secret is not accepted"};
}
inline Refusal unknown_app()
{
    return {404, "not_found", "The app does not exist"};
}
inline Refusal bad_json(const std::string& why)
{
    return {400, "decoding_error", "JSON body validation error: " + why};
}
inline Refusal invalid_params(const std::string& why)
{
    return {406, "invalid_params", why};
}
inline Refusal too_large()
{
    return {413, "payload_too_large", "The request body is too large"};
}
inline Refusal session_gone()
{
    return {410, "session_error", "The session has expired or was closed"};
}
inline Refusal not_connected()
{
    return {425, "session_error", "The session is not ready yet: the peer is not connected"};
}
inline Refusal unparsable_sdp(const std::string& why)
{
    return {400, "invalid_session_description", "Unable to parse SDP: " + why};
}
inline Refusal unusable_sdp(const std::string& why)
{
    return {406, "invalid_session_description", why};
}
/// An offer of ours waits for its answer.
inline Refusal offer_pending()
{
    return {406, "invalid_session_description",
            "The offer of the SFU has not been answered: use /renegotiate first",
            "invalid_modification_have_local_offer"};
}
inline Refusal overlapping()
{
    return {406, "invalid_session_description",
            "Another operation on this session is still in progress", "signaling_state_not_stable"};
}
inline Refusal nothing_to_answer()
{
    return {406, "invalid_session_description", "No offer of the SFU is waiting for an answer"};
}
inline Refusal rate_limited()
{
    return {429, "rate_limited", "Too many requests for this session"};
}
inline Refusal adapter_session()
{
    return {406, "invalid_params", "The session belongs to a WebSocket adapter"};
}
inline Refusal overloaded()
{
    return {503, "temporarily_unavailable_error", "A limit of this server is reached"};
}

} // namespace refusals

namespace item_errors
{

// The texts are those of the service, word for word.
inline calls::ItemError not_found()
{
    return {"not_found_track_error",
            "Track not found on remote peer. Make sure the publisher peer is connected and sending "
            "packets for this track"};
}
inline calls::ItemError empty()
{
    return {"empty_track_error",
            "No track data from remote peer. Make sure the publisher peer is connected and sending "
            "packets for this track"};
}
inline calls::ItemError already_closed()
{
    return {"close_track_error", "Track doesn't exist or was already closed"};
}
inline calls::ItemError no_simulcast()
{
    return {"update_track_error", "The track is not simulcast"};
}
inline calls::ItemError repeated()
{
    return {"repeated_local_track_error", "A track with this name exists already"};
}
inline calls::ItemError backend()
{
    return {"internal_error", "Backend error"};
}
inline calls::ItemError websocket_localhost()
{
    return {"websocket_localhost_not_allowed", "The endpoint may not be on localhost."};
}
inline calls::ItemError websocket_handshake()
{
    return {"websocket_handshake_failed", "The handshake with the provided endpoint failed."};
}
inline calls::ItemError websocket_timeout()
{
    return {"websocket_connection_timeout", "The provided endpoint did not answer in time."};
}
inline calls::ItemError adapter_not_found()
{
    return {"adapter_not_found", "The adapter does not exist"};
}
inline calls::ItemError invalid(const std::string& why)
{
    return {"invalid_params", why};
}

} // namespace item_errors

} // namespace cf::emu

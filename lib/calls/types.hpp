/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The Calls API as plain values: what is asked and what is answered. Names are the API's own
// (https://developers.cloudflare.com/realtime/sfu/https-api/), in this project's spelling.
// Shared with the emulator, so nothing here says how a value travels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.hpp"

namespace cf::calls
{

/// At most this many tracks are accepted in one call of `tracks/new` (documented limit).
inline constexpr std::size_t kMaxTracksPerCall = 64;

using SessionId = std::string;
using Mid = std::string; ///< per PeerConnection, RFC 8843; "#name" names a transceiver by its track

enum class SdpType { Offer, Answer };
enum class MediaKind { Audio, Video };
/// Local: the session in the URL publishes. Remote: it pulls.
enum class Location { Local, Remote };

struct SessionDescription {
    SdpType type = SdpType::Offer;
    std::string sdp; ///< with its final CRLF; a trimmed SDP is refused by the service
};

/// Which publication: unique within an app.
struct TrackLocator {
    SessionId session_id;
    std::string track_name;
    auto operator<=>(const TrackLocator&) const = default;
};

/// How the service chooses among simulcast layers when the preferred one cannot be had.
enum class RidPolicy { None, Asciibetical };

struct Simulcast {
    /// Absent: nothing is said. Empty: the SFU chooses by bandwidth.
    std::optional<std::string> preferred_rid;
    RidPolicy priority_ordering = RidPolicy::None; ///< what to do when bandwidth falls short
    RidPolicy rid_not_available = RidPolicy::None; ///< what to do when the layer vanishes
    bool operator==(const Simulcast&) const = default;
};

/// An error of one item of a batch; the HTTP status stays 200.
struct ItemError {
    std::string code;        ///< `errorCode`
    std::string description; ///< `errorDescription`
};

/// One entry of `tracks`, in a request or in an answer.
struct Track {
    Location location = Location::Local;
    Mid mid;              ///< empty: not said
    SessionId session_id; ///< publisher's session; empty for local tracks
    std::string track_name;
    bool bidirectional_media_stream = false;
    std::optional<MediaKind> kind;
    std::optional<Simulcast> simulcast;
    std::optional<ItemError> error; ///< answers only
};

struct NewSessionRequest {
    bool third_party = false; ///< the session will face another SFU: `?thirdparty=true`
    std::optional<SessionDescription> offer; ///< undocumented: the answer then comes at once
};
struct NewSessionAnswer {
    SessionId session_id;
    std::optional<SessionDescription> description;
};

struct NewTracksRequest {
    std::optional<SessionDescription> offer;
    std::vector<Track> tracks;
    bool auto_discover = false;
};
struct NewTracksAnswer {
    bool requires_immediate_renegotiation = false;
    std::vector<Track> tracks;
    /// An answer, an offer of the SFU, or nothing: go by what is there, not by what was asked.
    std::optional<SessionDescription> description;
};

struct RenegotiateRequest {
    SessionDescription description;
};
struct RenegotiateAnswer {
    std::optional<SessionDescription> description;
};

struct CloseTracksRequest {
    std::vector<Mid> mids;
    bool force = false; ///< true: no SDP either way
    std::optional<SessionDescription> offer;
};
struct CloseTracksAnswer {
    bool requires_immediate_renegotiation = false;
    std::vector<Track> tracks; ///< match by mid; a mid that is missing is unresolved
    std::optional<SessionDescription> description;
};

struct UpdateTracksRequest {
    std::vector<Track> tracks;
};
struct UpdateTracksAnswer {
    bool requires_immediate_renegotiation = false;
    std::vector<Track> tracks;
    std::optional<SessionDescription> description;
};

enum class TrackStatus { Active, Inactive, Initializing, Unknown };
struct TrackState {
    Track track;
    TrackStatus status = TrackStatus::Unknown;
};
struct DataChannelState {
    Location location = Location::Local;
    SessionId session_id;
    std::string name;
    std::optional<int> id;
    TrackStatus status = TrackStatus::Unknown;
};
struct SessionInfo {
    std::vector<TrackState> tracks;
    std::vector<DataChannelState> data_channels;
};

/// The API's spelling of each value; for the log and for JSON.
const char* to_string(SdpType type);
const char* to_string(MediaKind kind);
const char* to_string(Location location);
const char* to_string(RidPolicy policy);
const char* to_string(TrackStatus status);

struct IceServer {
    std::vector<std::string> urls; ///< RFC 7064/7065 URLs, `turn:host:port?transport=udp`
    std::string username;
    std::string credential; ///< secret
};

} // namespace cf::calls

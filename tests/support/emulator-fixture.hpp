/* SPDX-License-Identifier: LGPL-2.1-or-later */
// EmulatorFixture: the local SFU inside the test's own process, asked over real HTTP on loopback,
// and clients that connect to it without browser or webrtcbin.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/ref.hpp"
#include "lib/json/json-reader.hpp"
#include "tests/emulator/api/emulator.hpp"
#include "tests/emulator/sdp/description.hpp"
#include "tests/support/media-peer.hpp"
#include "tests/support/offers.hpp"

using SoupSession = struct _SoupSession;

namespace cf::test
{

struct ApiAnswer {
    unsigned status = 0; ///< 0: the connection broke
    std::string body;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case

    [[nodiscard]] json::JsonReader json() const; ///< fails the test if it is none
    [[nodiscard]] std::string text(const char* member) const;
    [[nodiscard]] std::string code() const { return text("errorCode"); }
    [[nodiscard]] std::string description() const { return text("errorDescription"); }
    [[nodiscard]] std::string header(const std::string& name) const;
    /// A member of the item at @p index of `tracks`; empty if it is not there.
    [[nodiscard]] std::string track(std::size_t index, const char* member) const;
    [[nodiscard]] std::string sdp() const;
    [[nodiscard]] std::string sdp_type() const;
    [[nodiscard]] bool needs_renegotiation() const;
};

/// A request under way.
struct PendingAnswer {
    bool done = false;
    ApiAnswer answer;
};

class EmulatorFixture
{
public:
    explicit EmulatorFixture(const emu::EmulatorOptions& options = quick_options());
    ~EmulatorFixture();
    EmulatorFixture(const EmulatorFixture&) = delete;
    EmulatorFixture& operator=(const EmulatorFixture&) = delete;

    /// The defaults, but for waits that a test sits through.
    [[nodiscard]] static emu::EmulatorOptions quick_options();

    struct Request {
        std::string method = "POST";
        std::string path; ///< below the origin: "/v1/apps/..."
        std::string body = {};
        std::string content_type = "application/json"; ///< empty: none
        std::string authorization = "Bearer local-secret";
        std::vector<std::pair<std::string, std::string>> headers = {};
        bool chunked = false;
    };
    [[nodiscard]] std::shared_ptr<PendingAnswer> start(const Request& request);
    [[nodiscard]] ApiAnswer send(const Request& request);

    /// With the app's path in front: call("PUT", sid + "/renegotiate", body).
    [[nodiscard]] ApiAnswer call(const char* method, const std::string& session_path,
                                 const std::string& body = {});
    [[nodiscard]] std::shared_ptr<PendingAnswer>
    start_call(const char* method, const std::string& session_path, const std::string& body = {});
    [[nodiscard]] std::string new_session();
    ApiAnswer control(const char* method, const std::string& path, const std::string& body = {});
    /// Adds a fault; its id.
    std::string add_fault(const std::string& json);
    /// How often the fault with this id struck.
    [[nodiscard]] std::int64_t struck(const std::string& id);

    [[nodiscard]] emu::Emulator& emulator() { return *emulator_; }
    [[nodiscard]] const std::string& origin() const { return origin_; }

private:
    std::unique_ptr<emu::Emulator> emulator_;
    std::string origin_;
    SoupSession* http_; // owned
};

/// A request body with an offer and the rest of its members.
[[nodiscard]] std::string with_offer(const std::string& sdp, const std::string& members);
[[nodiscard]] std::string with_answer(const std::string& sdp);
[[nodiscard]] std::string json_text(const std::string& text); ///< quoted and escaped

/// One session and the media end behind it.
class TestClient
{
public:
    explicit TestClient(EmulatorFixture& fixture);

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] MediaPeer& peer() { return *peer_; }
    /// With this client's transport.
    [[nodiscard]] Offer offer(std::vector<OfferSection> sections) const;
    [[nodiscard]] ApiAnswer call(const char* method, const std::string& path,
                                 const std::string& body = {});
    /// Pushes @p sections under the names "t0", "t1", ... and fails the test on any error.
    ApiAnswer push(const std::vector<OfferSection>& sections);
    /// Starts checks and DTLS towards what @p answer, an answer or offer, says; waits for
    /// connected.
    void connect();
    /// Sends packets in the first section (audio, mid extension @p mid) until the SFU saw one.
    void send_audio(const std::string& mid, std::uint32_t ssrc = 0x1111);
    void send_audio_once(const std::string& mid, std::uint32_t ssrc = 0x1111);
    /// Answers an offer of the SFU's by taking everything in it.
    [[nodiscard]] std::string answer_to(const std::string& offer, bool send = false) const;
    /// Pulls, answers, and (the first time) connects; gives the answer to the pull.
    ApiAnswer pull(const std::string& publisher, const std::string& track);
    void drop_peer() { peer_.reset(); }

private:
    EmulatorFixture& fixture_;
    std::string id_;
    std::unique_ptr<MediaPeer> peer_;
    bool connected_ = false;
    std::uint16_t sequence_ = 0;
};

/// A connected publisher of one audio track "t0" in mid "0" that has sent a packet.
[[nodiscard]] std::unique_ptr<TestClient> audio_publisher(EmulatorFixture& fixture);

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// WebRtcPeer: PeerConnection over a webrtcbin that is a child of the element.
//
// A webrtcbin serves one Calls session and is thrown away with it: it survives neither READY (it
// keeps its SDP state but sends nothing any more) nor a failed exchange after set-local-description
// (no rollback before 1.26). Its promises and signals only post to the executor.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gst/gst-signal.hpp"
#include "gst/peer-context.hpp"
#include "gst/peer-traffic.hpp"
#include "gst/peer-watchdog.hpp"
#include "gst/webrtc-peer-receiver.hpp"
#include "gst/webrtc-peer-sender.hpp"
#include "lib/sdp/facade.hpp"

namespace cf::gst
{

/// I/O thread only, but for what is said to be otherwise.
///
/// How a server that has gone is noticed: while packets leave, PeerWatchdog reports Disconnected
/// 8 s after the last RTCP report; while nothing leaves, ICE's checks fail after 48 s (30 s from
/// GStreamer 1.24 with libnice 0.1.22).
class WebRtcPeer final : public calls::PeerConnection,
                         public std::enable_shared_from_this<WebRtcPeer>
{
public:
    [[nodiscard]] static Result<std::shared_ptr<calls::PeerConnection>>
    create(std::shared_ptr<const PeerContext> context, calls::PeerConnectionEvents& events);
    ~WebRtcPeer() override;

    void create_offer(calls::OfferPlan plan, calls::Done<calls::LocalOffer> done) override;
    void set_answer(std::string sdp, calls::Done<Unit> done) override;
    void abandon_offer() override;
    void set_offer(std::string sdp, std::vector<calls::IncomingTrack> incoming,
                   calls::Done<calls::SessionDescription> done) override;
    bool reuse(const std::vector<calls::IncomingTrack>& incoming) override;
    void stop_slots(const std::vector<SlotId>& slots) override;
    void close() override;

private:
    struct AnswerExchange; ///< of an offer of the SFU
    /// What the SFU's offer says of an m-line that it sends on.
    struct Receiving {
        calls::MediaKind kind = calls::MediaKind::Audio;
        unsigned mid_extension = 0;
        Ref<GstCaps> formats;
        std::vector<std::uint32_t> ssrcs;
        Ref<GstWebRTCRTPTransceiver> transceiver;
    };

    WebRtcPeer(std::shared_ptr<const PeerContext> context, calls::PeerConnectionEvents& events);
    [[nodiscard]] Status set_up();
    void connect_signals();
    void connect_state_signals();

    /// Emits an action of webrtcbin that answers by promise; @p argument is its first argument.
    void request(const char* action, gpointer argument, std::function<void(PromiseReply)> done);
    /// Runs @p task later, unless the peer has been closed by then. Any thread.
    void post(std::function<void(WebRtcPeer&)> task);

    // An offer of ours.
    void begin_offer(calls::OfferPlan plan, calls::Done<calls::LocalOffer> done);
    void add_slots(const std::vector<SlotId>& slots, calls::LocalOffer& offer);
    void close_slots(const std::vector<SlotId>& slots, calls::LocalOffer& offer,
                     sdp::OfferChanges& changes);
    [[nodiscard]] Status apply_answer(const std::string& sdp, const calls::Done<Unit>& done);
    void answer_applied(const std::vector<calls::Mid>& refused, const calls::Done<Unit>& done);

    // An offer of the SFU.
    [[nodiscard]] Status apply_offer(const std::string& sdp,
                                     const std::vector<calls::IncomingTrack>& incoming,
                                     const std::shared_ptr<AnswerExchange>& exchange);
    void read_sections(const sdp::IncomingDescription& offer,
                       const GstWebRTCSessionDescription& remote);
    void prepare_transceivers(const sdp::IncomingDescription& offer);
    void assign(const calls::IncomingTrack& track, bool ssrcs_are_known);
    void create_answer(const std::shared_ptr<AnswerExchange>& exchange);
    void answer_made(const std::shared_ptr<AnswerExchange>& exchange,
                     const sdp::OutgoingDescription& answer);
    void offer_failed(const std::shared_ptr<AnswerExchange>& exchange, Error error);

    // Numbers that both sides must agree on.
    void learn_from(const sdp::Description& description);
    [[nodiscard]] calls::Mid next_mid();
    [[nodiscard]] unsigned extension_id(const std::string& uri);

    // The transport.
    void on_connection_state(GstWebRTCPeerConnectionState state);
    void check_certificate_and_open(unsigned tries);
    [[nodiscard]] OwnedString remote_certificate() const;
    void look_after();
    void report(calls::TransportState state, const std::string& reason);
    void fail(const Error& error);

    friend bool take_peer_message(GstMessage* message);

    const std::shared_ptr<const PeerContext> context_;
    calls::PeerConnectionEvents& events_;
    sdp::Facade facade_;
    Ref<GstElement> webrtcbin_;
    SignalSet signals_;
    std::vector<Ref<GstPromise>> promises_; // those that wait for webrtcbin
    std::unique_ptr<PeerSender> sender_;
    std::shared_ptr<PeerReceiver> receiver_;
    std::shared_ptr<PeerTraffic> traffic_ = std::make_shared<PeerTraffic>();
    const std::shared_ptr<std::atomic<bool>> any_rtp_through_ =
        std::make_shared<std::atomic<bool>>(false);
    PeerWatchdog watchdog_;
    ScopedTimer timer_;

    bool closed_ = false;
    bool busy_ = false;     // an exchange is open
    unsigned exchange_ = 0; // numbers the exchanges: late answers of an abandoned one are ignored
    calls::TransportState state_ = calls::TransportState::New;
    std::string local_offer_;
    std::map<SlotId, calls::Mid> mids_;
    ExtensionIds extensions_;
    unsigned next_mid_ = 0;
    std::map<calls::Mid, Receiving> receiving_;
};

} // namespace cf::gst

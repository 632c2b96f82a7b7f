/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Whether the WebRtcPeer's server is there, is the right one, and stays.
#include <utility>

#include "gst/dtls-certificate.hpp"
#include "gst/webrtc-peer.hpp"

GST_DEBUG_CATEGORY_STATIC(cf_calls_peer_debug);
#define GST_CAT_DEFAULT cf_calls_peer_debug

namespace cf::gst
{

namespace
{

using calls::TransportState;

constexpr Milliseconds kLookAfter{1000};
// The certificate is seen before webrtcbin says "connected"; this is for a version that stores it
// later.
constexpr Milliseconds kCertificateRetry{10};
constexpr unsigned kCertificateTries = 100;

const char* const kPeerData = "cfcalls-peer";
struct PeerData {
    std::shared_ptr<Executor> executor;
    std::weak_ptr<WebRtcPeer> peer;
};

void init_debug()
{
    static gsize once = 0;
    if (g_once_init_enter(&once)) {
        GST_DEBUG_CATEGORY_INIT(cf_calls_peer_debug, "cfcalls-peer", 0,
                                "the peer connection over webrtcbin");
        g_once_init_leave(&once, 1);
    }
}

// The webrtcbin of ours that @p object is in, or is (nullable).
Ref<GstObject> peer_object(GstObject* object)
{
    auto at = Ref<GstObject>::retain(object);
    while (at && g_object_get_data(G_OBJECT(at.get()), kPeerData) == nullptr)
        at = Ref<GstObject>::adopt(gst_object_get_parent(at.get()));
    return at;
}

} // namespace

void WebRtcPeer::connect_state_signals()
{
    init_debug();
    g_object_set_data_full(G_OBJECT(webrtcbin_.get()), kPeerData,
                           new PeerData{context_->executor, weak_from_this()},
                           [](gpointer data) { delete static_cast<PeerData*>(data); });
    // The state is read on webrtcbin's thread, which holds no lock while it notifies: on ours the
    // property would wait for whatever webrtcbin is at.
    signals_.connect(webrtcbin_.get(), "notify::connection-state",
                     G_CALLBACK(+[](GstElement* bin, GParamSpec*, gpointer data) {
                         auto state = GST_WEBRTC_PEER_CONNECTION_STATE_NEW;
                         g_object_get(bin, "connection-state", &state, nullptr);
                         if (const auto self = lock_target<WebRtcPeer>(data))
                             self->post(
                                 [state](WebRtcPeer& peer) { peer.on_connection_state(state); });
                     }),
                     weak_from_this());
}

void WebRtcPeer::on_connection_state(GstWebRTCPeerConnectionState state)
{
    switch (state) {
    case GST_WEBRTC_PEER_CONNECTION_STATE_NEW:
        break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTING:
        if (state_ == TransportState::New)
            report(TransportState::Connecting, "");
        break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED:
        check_certificate_and_open(kCertificateTries);
        break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_DISCONNECTED:
        timer_.cancel();
        sender_->shut_gates();
        report(TransportState::Disconnected, "The media connection was interrupted.");
        break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_FAILED:
        fail(Error{ErrorCode::Media,
                   "The media server cannot be reached over UDP, or is not there any more.",
                   "ICE or DTLS failed"});
        break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED:
        fail(Error{ErrorCode::Media, "The media connection was closed by the media server.",
                   "webrtcbin is closed"});
        break;
    }
}

// P4. Nothing is sent, and nothing received is let out, before this has succeeded.
void WebRtcPeer::check_certificate_and_open(unsigned tries)
{
    if (state_ == TransportState::Failed || state_ == TransportState::Connected)
        return;
    const auto expected = facade_.remote_fingerprint();
    const OwnedString pem = remote_certificate();
    if (!expected || !pem) {
        if (tries == 0)
            return fail(Error{ErrorCode::Tls, "The media server's certificate cannot be checked.",
                              "no certificate or no fingerprint"});
        timer_.start(kCertificateRetry, [this, tries] { check_certificate_and_open(tries - 1); });
        return;
    }
    if (const auto status = check_certificate(pem.get(), *expected); !status)
        return fail(status.error());
    receiver_->open();
    sender_->open_gates();
    watchdog_.reset();
    timer_.start(kLookAfter, [this] { look_after(); });
    report(TransportState::Connected, "");
}

OwnedString WebRtcPeer::remote_certificate() const
{
    GstWebRTCRTPTransceiver* transceiver = sender_->transceiver();
    if (transceiver == nullptr && !receiving_.empty())
        transceiver = receiving_.begin()->second.transceiver.get();
    gchar* pem = nullptr;
    for (const char* end : {"sender", "receiver"}) {
        Ref<GObject> half;
        Ref<GObject> transport;
        if (transceiver != nullptr && pem == nullptr)
            g_object_get(transceiver, end, half.out(), nullptr);
        if (half)
            g_object_get(half.get(), "transport", transport.out(), nullptr);
        if (transport)
            g_object_get(transport.get(), "remote-certificate", &pem, nullptr);
    }
    return OwnedString{pem};
}

void WebRtcPeer::look_after()
{
    timer_.start(kLookAfter, [this] { look_after(); });
    TrafficSample sample{.now = context_->executor->now(),
                         .any_rtp_through = *any_rtp_through_,
                         .receiving = !receiver_->empty()};
    traffic_->fill(sample);
    switch (watchdog_.look(sample)) {
    case PeerWatchdog::Verdict::Alive:
        report(TransportState::Connected, "");
        break;
    case PeerWatchdog::Verdict::Silent:
        report(TransportState::Disconnected, "The media server has stopped answering.");
        break;
    case PeerWatchdog::Verdict::Blocked:
        fail(Error{ErrorCode::Tls, "What the media server sends cannot be decrypted.",
                   "packets arrive, but webrtcbin lets none through"});
        break;
    }
}

void WebRtcPeer::report(TransportState state, const std::string& reason)
{
    if (state_ == state || state_ == TransportState::Failed)
        return;
    state_ = state;
    GST_DEBUG_OBJECT(webrtcbin_.get(), "transport state %d %s", int(state), reason.c_str());
    post([state, reason](WebRtcPeer& self) { self.events_.on_transport_state(state, reason); });
}

void WebRtcPeer::fail(const Error& error)
{
    if (state_ == TransportState::Failed)
        return;
    GST_WARNING_OBJECT(webrtcbin_.get(), "%s (%s)", error.message.c_str(), error.debug.c_str());
    timer_.cancel();
    sender_->shut_gates();
    receiver_->detach_all();
    report(TransportState::Failed, error.message);
}

bool take_peer_message(GstMessage* message)
{
    const auto type = GST_MESSAGE_TYPE(message);
    if ((type != GST_MESSAGE_ERROR && type != GST_MESSAGE_WARNING) ||
        GST_MESSAGE_SRC(message) == nullptr)
        return false;
    const auto object = peer_object(GST_MESSAGE_SRC(message));
    if (!object)
        return false;
    init_debug();
    GError* gerror = nullptr;
    gchar* debug = nullptr;
    if (type == GST_MESSAGE_WARNING)
        gst_message_parse_warning(message, &gerror, &debug);
    else
        gst_message_parse_error(message, &gerror, &debug);
    Error error =
        from_gerror(ErrorCode::Media, gerror, "The media connection broke down inside webrtcbin.");
    GST_WARNING_OBJECT(GST_MESSAGE_SRC(message), "%s: %s", error.debug.c_str(), debug);
    g_free(debug);
    if (type == GST_MESSAGE_ERROR) {
        const auto* data =
            static_cast<PeerData*>(g_object_get_data(G_OBJECT(object.get()), kPeerData));
        if (const auto peer = data->peer.lock())
            peer->post([error = std::move(error)](WebRtcPeer& self) { self.fail(error); });
    }
    return true;
}

} // namespace cf::gst

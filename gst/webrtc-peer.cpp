/* SPDX-License-Identifier: LGPL-2.1-or-later */
// How a WebRtcPeer is made and taken down, and what it offers. The other half of its work is in
// webrtc-peer-answer.cpp (offers of the SFU) and webrtc-peer-state.cpp (is the server there?).
#include "gst/webrtc-peer.hpp"

#include <algorithm>
#include <utility>

#include "gst/background-work.hpp"
#include "gst/dtls-certificate.hpp"
#include "gst/gst-error.hpp"
#include "gst/ice-tuning.hpp"
#include "gst/webrtc-sdp.hpp"

namespace cf::gst
{

using calls::TransportState;

namespace
{

void on_pad_added(GstElement*, GstPad* pad, gpointer data)
{
    if (const auto receiver = lock_target<PeerReceiver>(data))
        receiver->on_pad_added(pad);
}

void on_deep_element_added(GstBin*, GstBin*, GstElement* element, gpointer data)
{
    if (const auto traffic = lock_target<PeerTraffic>(data))
        traffic->watch(element);
}

void set_if_there(GstElement* element, const char* property, gboolean value)
{
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), property) != nullptr)
        g_object_set(element, property, value, nullptr);
}

// Sender reports say when a picture was taken, not when it left: an encoder that needs longer than
// the other would put picture and sound apart by that at the receiver (RFC 3550 6.4.1).
void report_capture_time(GstElement* webrtcbin)
{
    const auto rtpbin = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(webrtcbin), "rtpbin"));
    if (rtpbin)
        set_if_there(rtpbin.get(), "rtcp-sync-send-time", FALSE);
}

// webrtcbin goes to READY without these and fails only later, without saying which it misses.
Status check_helpers()
{
    for (const char* factory : {"nicesrc", "nicesink", "dtlssrtpenc", "dtlssrtpdec", "rtpbin"}) {
        const auto found = Ref<GstElementFactory>::adopt(gst_element_factory_find(factory));
        if (!found)
            return missing_factory(factory);
    }
    return ok_status();
}

} // namespace

Result<std::shared_ptr<calls::PeerConnection>>
WebRtcPeer::create(std::shared_ptr<const PeerContext> context, calls::PeerConnectionEvents& events)
{
    std::shared_ptr<WebRtcPeer> self{new WebRtcPeer(std::move(context), events)};
    CF_TRY(self->set_up());
    return std::shared_ptr<calls::PeerConnection>{std::move(self)};
}

calls::PeerConnectionFactory make_webrtc_peer_factory(PeerContext context)
{
    warm_up_certificate();
    return [context = std::make_shared<const PeerContext>(std::move(context))](
               calls::PeerConnectionEvents& events) { return WebRtcPeer::create(context, events); };
}

WebRtcPeer::WebRtcPeer(std::shared_ptr<const PeerContext> context,
                       calls::PeerConnectionEvents& events)
    : context_(std::move(context)), events_(events),
      facade_({.audio_codecs = context_->audio_codecs, .video_codecs = context_->video_codecs}),
      timer_(*context_->executor)
{
}

WebRtcPeer::~WebRtcPeer()
{
    close();
}

Status WebRtcPeer::set_up()
{
    CF_TRY(check_helpers());
    CF_TRY_LET(webrtcbin_, make_element("webrtcbin", nullptr));
    GstElement* bin = webrtcbin_.get();
    gst_util_set_object_arg(G_OBJECT(bin), "bundle-policy", "max-bundle");
    g_object_set(bin, "latency", context_->latency_ms, nullptr);
    if (context_->relay_only)
        gst_util_set_object_arg(G_OBJECT(bin), "ice-transport-policy", "relay");
    // From a loopback address no STUN server can be reached.
    if (!context_->stun_server.empty() && !context_->loopback_candidates)
        g_object_set(bin, "stun-server", context_->stun_server.c_str(), nullptr);
    set_if_there(bin, "reuse-source-pads", TRUE); // P22; 1.26
    report_capture_time(bin);
    tune_ice(bin, context_->loopback_candidates);
    connect_signals();
    if (context_->on_webrtcbin)
        context_->on_webrtcbin(bin);

    // gst_bin_add() takes no reference of ours away, since ours is no floating one.
    if (!gst_bin_add(context_->bin.get(), bin) || !gst_element_sync_state_with_parent(bin))
        return Error{ErrorCode::Media, "webrtcbin could not be started.", "sync state"};
    return ok_status();
}

void WebRtcPeer::connect_signals()
{
    const auto flowing = [weak = weak_from_this(), executor = context_->executor,
                          through = any_rtp_through_](SlotId slot, bool received) {
        if (received)
            *through = true;
        executor->post([weak, slot] {
            if (const auto self = weak.lock(); self && !self->closed_)
                self->events_.on_media_flowing(slot);
        });
    };
    sender_ = std::make_unique<PeerSender>(webrtcbin_.get(),
                                           [flowing](SlotId slot) { flowing(slot, false); });
    receiver_ = std::make_shared<PeerReceiver>([flowing](SlotId slot) { flowing(slot, true); });
    signals_.connect(webrtcbin_.get(), "pad-added", G_CALLBACK(on_pad_added),
                     std::weak_ptr{receiver_});
    signals_.connect(webrtcbin_.get(), "deep-element-added", G_CALLBACK(on_deep_element_added),
                     std::weak_ptr{traffic_});
    connect_state_signals();
}

void WebRtcPeer::close()
{
    if (std::exchange(closed_, true))
        return;
    timer_.cancel();
    signals_.disconnect_all();
    traffic_->stop();
    if (!webrtcbin_)
        return;
    auto rest =
        std::pair{sender_ ? sender_->close() : [] {}, receiver_ ? receiver_->close() : [] {}};
    // A change of the element's state that is going on in another thread must not wake it again.
    gst_element_set_locked_state(webrtcbin_.get(), TRUE);
    // Joins webrtcbin's threads: some milliseconds, but nobody promises that. Only then out of the
    // element, which takes its clock away: an RTP session without one trips over the next RTCP.
    run_in_background("cfcalls-close", [bin = std::move(webrtcbin_), rest = std::move(rest),
                                        promises = std::exchange(promises_, {})] {
        // What webrtcbin is at now it must finish: torn down in the middle of a description, it
        // leaves half of a transport behind for good (seen with 1.22).
        for (const auto& promise : promises)
            (void)gst_promise_wait(promise.get());
        gst_element_set_state(bin.get(), GST_STATE_NULL);
        rest.first();
        rest.second();
        const auto parent = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(bin.get())));
        if (parent)
            gst_bin_remove(GST_BIN(parent.get()), bin.get());
    });
}

void WebRtcPeer::post(std::function<void(WebRtcPeer&)> task)
{
    context_->executor->post([weak = weak_from_this(), task = std::move(task)] {
        if (const auto self = weak.lock(); self && !self->closed_)
            task(*self);
    });
}

void WebRtcPeer::request(const char* action, gpointer argument,
                         std::function<void(PromiseReply)> done)
{
    // The promise is known to the callback only by its address: a reference would be a cycle.
    auto address = std::make_shared<GstPromise*>(nullptr);
    auto promise = promise_then(context_->executor, [weak = weak_from_this(), address,
                                                     done = std::move(done)](PromiseReply reply) {
        const auto self = weak.lock();
        if (!self || self->closed_)
            return;
        std::erase_if(self->promises_, [&](const auto& p) { return p.get() == *address; });
        done(std::move(reply));
    });
    *address = promise.get();
    promises_.push_back(promise);
    g_signal_emit_by_name(webrtcbin_.get(), action, argument, promise.get());
}

// --- an offer of ours ----------------------------------------------------------------------------

void WebRtcPeer::create_offer(calls::OfferPlan plan, calls::Done<calls::LocalOffer> done)
{
    if (std::exchange(busy_, true)) {
        post([done](WebRtcPeer&) {
            done(Error{ErrorCode::State, "Two negotiations overlap.", "create_offer"});
        });
        return;
    }
    when_certificate_ready(context_->executor, [weak = weak_from_this(), plan = std::move(plan),
                                                done = std::move(done)]() mutable {
        if (const auto self = weak.lock(); self && !self->closed_)
            self->begin_offer(std::move(plan), std::move(done));
    });
}

void WebRtcPeer::begin_offer(calls::OfferPlan plan, calls::Done<calls::LocalOffer> done)
{
    sender_->withdraw_abandoned({plan.add.begin(), plan.add.end()});
    calls::LocalOffer offer;
    sdp::OfferChanges changes;
    add_slots(plan.add, offer);
    close_slots(plan.remove, offer, changes);
    request("create-offer", nullptr,
            [this, exchange = exchange_, offer = std::move(offer), changes = std::move(changes),
             done = std::move(done)](PromiseReply reply) mutable {
                auto text = [&]() -> Result<std::string> {
                    if (exchange != exchange_)
                        return Error{ErrorCode::Cancelled, "The offer was abandoned."};
                    CF_TRY_LET(const auto structure, std::move(reply));
                    CF_TRY_LET(const std::string local, description_text(structure.get(), "offer"));
                    CF_TRY_LET(auto outgoing, facade_.offer_to_wire(local, changes));
                    local_offer_ = std::move(outgoing.local);
                    return std::move(outgoing.wire);
                }();
                if (!text) {
                    if (exchange == exchange_)
                        abandon_offer();
                    return done(std::move(text.error()));
                }
                offer.description = {calls::SdpType::Offer, text.take()};
                done(std::move(offer));
            });
}

void WebRtcPeer::add_slots(const std::vector<SlotId>& slots, calls::LocalOffer& offer)
{
    ExtensionIds extensions;
    for (const char* uri : {kMidExtension, kTransportCcExtension})
        extensions[uri] = extension_id(uri);
    for (const SlotId id : slots) {
        auto mid = [&]() -> Result<calls::Mid> {
            const auto slot = context_->slots->sending(id);
            if (!slot)
                return Error{ErrorCode::State, "The pad has been released."};
            if (const auto known = sender_->mid_of(id))
                return *known;
            return sender_->add(slot, next_mid(), extensions);
        }();
        if (mid) {
            offer.mids[id] = *mid;
            mids_[id] = *mid;
        } else {
            post([id, error = mid.error()](WebRtcPeer& self) {
                self.events_.on_slot_failed(id, error);
            });
        }
    }
}

void WebRtcPeer::close_slots(const std::vector<SlotId>& slots, calls::LocalOffer& offer,
                             sdp::OfferChanges& changes)
{
    for (const SlotId id : slots) {
        const auto it = mids_.find(id);
        if (it == mids_.end())
            continue;
        offer.mids[id] = it->second;
        if (!sender_->is_uncommitted(it->second))
            changes.close.push_back(it->second);
        sender_->remove(id);
        receiver_->release_slot(id);
    }
}

void WebRtcPeer::abandon_offer()
{
    ++exchange_;
    busy_ = false;
    facade_.abandon();
    local_offer_.clear();
}

void WebRtcPeer::set_answer(std::string sdp, calls::Done<Unit> done)
{
    if (auto status = apply_answer(sdp, done); !status)
        post([done, error = status.error()](WebRtcPeer&) { done(error); });
}

// Both descriptions are queued at once: webrtcbin works through them in order, and waiting for the
// first would cost a round trip between threads before ICE can start.
Status WebRtcPeer::apply_answer(const std::string& sdp, const calls::Done<Unit>& done)
{
    CF_TRY_LET(auto answer, facade_.answer_from_wire(sdp));
    CF_TRY_LET(const auto local, to_description(GST_WEBRTC_SDP_TYPE_OFFER, local_offer_));
    CF_TRY_LET(const auto remote, to_description(GST_WEBRTC_SDP_TYPE_ANSWER, answer.text));
    learn_from(answer.description);

    auto failed = std::make_shared<std::optional<Error>>();
    request("set-local-description", local.get(), [failed](PromiseReply reply) {
        if (!reply)
            *failed = reply.error();
    });
    request("set-remote-description", remote.get(),
            [this, failed, refused = std::move(answer.closed), done](PromiseReply reply) {
                if (!reply && !*failed)
                    *failed = reply.error();
                if (!*failed)
                    return answer_applied(refused, done);
                // webrtcbin may be stuck between the two, and cannot go back before 1.26.
                abandon_offer();
                const Error error = **failed;
                done(error);
                fail(error);
            });
    return ok_status();
}

void WebRtcPeer::answer_applied(const std::vector<calls::Mid>& refused,
                                const calls::Done<Unit>& done)
{
    facade_.commit();
    busy_ = false;
    local_offer_.clear();
    std::vector<SlotId> failed;
    sender_->commit(refused, failed);
    if (state_ == TransportState::New)
        report(TransportState::Connecting, "");
    done(Unit{});
    for (const SlotId slot : failed) {
        if (closed_)
            return;
        events_.on_slot_failed(
            slot, Error{ErrorCode::Unsupported,
                        "The service refused a track; it does not take this codec or format.",
                        "rejected m-line"});
    }
}

// --- taking back ---------------------------------------------------------------------------------

void WebRtcPeer::stop_slots(const std::vector<SlotId>& slots)
{
    for (const SlotId id : slots) {
        sender_->remove(id);
        receiver_->release_slot(id);
        if (const auto it = mids_.find(id); it != mids_.end()) {
            facade_.close_mid(it->second);
            mids_.erase(it);
        }
    }
}

// --- numbers -------------------------------------------------------------------------------------

// Numbers as browsers use them; above all that the SFU has used, as it does the same.
calls::Mid WebRtcPeer::next_mid()
{
    return std::to_string(next_mid_++);
}

unsigned WebRtcPeer::extension_id(const std::string& uri)
{
    if (const auto it = extensions_.find(uri); it != extensions_.end())
        return it->second;
    unsigned id = 1;
    const auto taken = [&] {
        return std::any_of(extensions_.begin(), extensions_.end(),
                           [&](const auto& entry) { return entry.second == id; });
    };
    while (taken())
        ++id;
    return extensions_[uri] = id;
}

void WebRtcPeer::learn_from(const sdp::Description& description)
{
    for (const auto& section : description.sections()) {
        if (const auto number = sdp::parse_number(section.mid(), 1000000))
            next_mid_ = std::max(next_mid_, *number + 1);
        for (const auto& extension : section.extension_maps())
            extensions_.emplace(extension.uri, extension.id);
    }
}

} // namespace cf::gst

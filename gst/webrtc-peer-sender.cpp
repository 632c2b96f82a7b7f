/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/webrtc-peer-sender.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "gst/background-work.hpp"
#include "gst/gstcfcallsguard.h"

namespace cf::gst
{

namespace
{

// Fields of the payloader's caps that may change while it runs, or that describe one moment.
// webrtcbin refuses caps that do not intersect with the codec preferences, so they must not be
// among those; they reach the offer from the caps event of the pad.
bool changes_while_running(const char* field)
{
    static constexpr const char* kFields[] = {
        "ssrc",       "timestamp-offset", "seqnum-offset", "seqnum-base",
        "clock-base", "profile-level-id", "a-framerate",   "a-framesize",
        "max-fr",     "max-fs",           "width",         "height"};
    return g_str_has_prefix(field, "sprop-") ||
           std::any_of(std::begin(kFields), std::end(kFields),
                       [&](const char* f) { return g_strcmp0(f, field) == 0; });
}

gboolean keep_field(GQuark field, GValue*, gpointer)
{
    return !changes_while_running(g_quark_to_string(field));
}

gboolean copy_field(GQuark field, const GValue* value, gpointer target)
{
    gst_structure_id_set_value(static_cast<GstStructure*>(target), field, value);
    return TRUE;
}

Ref<GstCaps> codec_preferences(const SendingSlot& slot, const calls::Mid& mid,
                               const ExtensionIds& extensions)
{
    const auto rtp_caps = slot.rtp_caps();
    if (!rtp_caps || gst_caps_is_empty(rtp_caps.get()) || gst_caps_is_any(rtp_caps.get()))
        return {};
    GstStructure* s = gst_structure_copy(gst_caps_get_structure(rtp_caps.get(), 0));
    gst_structure_filter_and_map_in_place(s, keep_field, nullptr);
    if (const auto signalled = slot.signalled_caps();
        signalled && gst_caps_get_size(signalled.get()) > 0)
        gst_structure_foreach(gst_caps_get_structure(signalled.get(), 0), copy_field, s);
    gst_structure_set(s, "a-mid", G_TYPE_STRING, mid.c_str(), nullptr);
    // The payloaders see these in their caps query and write the extensions by themselves.
    for (const auto& [uri, id] : extensions) {
        const std::string field = "extmap-" + std::to_string(id);
        gst_structure_set(s, field.c_str(), G_TYPE_STRING, uri.c_str(), nullptr);
    }
    auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty());
    gst_caps_append_structure(caps.get(), s);
    return caps;
}

gboolean send_sticky(GstPad*, GstEvent** event, gpointer sink)
{
    if (GST_EVENT_TYPE(*event) != GST_EVENT_EOS)
        gst_pad_send_event(GST_PAD(sink), gst_event_ref(*event));
    return TRUE;
}

// webrtcbin connects a pad to its RTP session only once the pad has caps. The gate drops buffers,
// and pending sticky events travel only with one, so they are handed over here.
void hand_over_sticky_events(GstPad* gate_src, const SendingSlot& slot)
{
    const auto outlet = Ref<GstPad>::adopt(gst_pad_get_peer(gate_src));
    GstPad* sink = outlet.get();
    gst_pad_sticky_events_foreach(gate_src, send_sticky, sink);
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(gate_src));
    if (!caps) {
        const OwnedString stream_id{gst_pad_get_stream_id(gate_src)};
        if (!stream_id)
            gst_pad_send_event(sink, gst_event_new_stream_start(GST_PAD_NAME(sink)));
        gst_pad_send_event(sink, gst_event_new_caps(slot.rtp_caps().get()));
    }
}

void remove_outlet(GstPad* sink, GstPad*, gpointer)
{
    auto outlet = Ref<GstElement>::adopt(gst_pad_get_parent_element(sink));
    if (!outlet)
        return;
    run_in_background("cfcalls-outlet", [outlet = std::move(outlet)] {
        const auto bin = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(outlet.get())));
        if (bin)
            gst_bin_remove(GST_BIN(bin.get()), outlet.get());
        gst_element_set_state(outlet.get(), GST_STATE_NULL);
    });
}

struct FirstPacket {
    SlotId slot;
    PeerSender::Flowing flowing;
};

GstPadProbeReturn on_first_packet(GstPad*, GstPadProbeInfo*, gpointer data)
{
    const auto* first = static_cast<FirstPacket*>(data);
    first->flowing(first->slot);
    return GST_PAD_PROBE_REMOVE;
}

} // namespace

PeerSender::PeerSender(GstElement* webrtcbin, Flowing flowing)
    : webrtcbin_(webrtcbin), flowing_(std::move(flowing))
{
}

Result<calls::Mid> PeerSender::add(const std::shared_ptr<SendingSlot>& slot, calls::Mid mid,
                                   const ExtensionIds& extensions)
{
    if (const auto it = lines_.find(slot->id()); it != lines_.end())
        return it->second.mid;
    const auto caps = codec_preferences(*slot, mid, extensions);
    const auto gate_src = slot->gate_src();
    if (!caps || !gate_src)
        return Error{ErrorCode::State, "A pad was to be published before its format was known.",
                     "slot without RTP caps"};

    Line line;
    line.slot = slot;
    line.mid = std::move(mid);
    // No caps: with them, webrtcbin 1.22 looks for a transceiver to share and gets the comparison
    // the wrong way round.
    line.sink = Ref<GstPad>::adopt(gst_element_request_pad(
        webrtcbin_,
        gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(webrtcbin_), "sink_%u"), nullptr,
        nullptr));
    if (line.sink)
        g_object_get(line.sink.get(), "transceiver", line.transceiver.out(), nullptr);
    if (!line.transceiver)
        return Error{ErrorCode::Media, "webrtcbin gave no pad for a track.", "request pad"};
    // P16: it would be sendrecv. do-nack asks for RTX; on audio webrtcbin sends NACKs for packets
    // that DTX never sent.
    const bool retransmission = slot->retransmission() && slot->kind() == calls::MediaKind::Video;
    g_object_set(line.transceiver.get(), "direction", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY,
                 "codec-preferences", caps.get(), "do-nack", gboolean{retransmission}, nullptr);

    slot->set_gate(false);
    if (auto status = link(line, gate_src.get()); !status) {
        withdrawn_.insert(line.mid);
        let_go(std::move(line));
        return std::move(status.error());
    }
    hand_over_sticky_events(gate_src.get(), *slot);
    return lines_.emplace(slot->id(), std::move(line)).first->second.mid;
}

Status PeerSender::link(const Line& line, GstPad* gate_src) const
{
    CF_TRY_LET(const auto outlet, outlet_of(gate_src));
    const auto outlet_src = Ref<GstPad>::adopt(gst_element_get_static_pad(outlet.get(), "src"));
    if (const auto old = Ref<GstPad>::adopt(gst_pad_get_peer(outlet_src.get())))
        gst_pad_unlink(outlet_src.get(), old.get());
    if (gst_pad_link(outlet_src.get(), line.sink.get()) != GST_PAD_LINK_OK)
        return Error{ErrorCode::Media, "A track could not be linked to webrtcbin.",
                     "link outlet to webrtcbin"};
    return ok_status();
}

// The guard behind a gate, made when the slot is published for the first time. It stays linked to
// the gate through all sessions: unlinking the gate itself could meet a packet half-way, which
// would then be refused, and that stops the application's source.
Result<Ref<GstElement>> PeerSender::outlet_of(GstPad* gate_src) const
{
    if (const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(gate_src)))
        return Ref<GstElement>::adopt(gst_pad_get_parent_element(peer.get()));
    auto outlet = Ref<GstElement>::sink(make_guard(nullptr));
    const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(outlet.get(), "sink"));
    const auto bin = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(webrtcbin_)));
    if (!bin || !gst_bin_add(GST_BIN(bin.get()), outlet.get()))
        return Error{ErrorCode::State, "The element is being shut down."};
    if (!gst_element_sync_state_with_parent(outlet.get()) ||
        gst_pad_link(gate_src, sink.get()) != GST_PAD_LINK_OK)
        return Error{ErrorCode::Media, "A track could not be linked to webrtcbin.",
                     "link gate to outlet"};
    // It goes with the pad that it was made for.
    g_signal_connect(sink.get(), "unlinked", G_CALLBACK(remove_outlet), nullptr);
    return outlet;
}

void PeerSender::withdraw_abandoned(const std::set<SlotId>& keep)
{
    for (auto it = lines_.begin(); it != lines_.end();) {
        if (it->second.negotiated || keep.contains(it->first)) {
            ++it;
            continue;
        }
        g_object_set(it->second.transceiver.get(), "direction",
                     GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_INACTIVE, nullptr);
        withdrawn_.insert(it->second.mid);
        let_go(std::move(it->second));
        it = lines_.erase(it);
    }
}

std::vector<SlotId> PeerSender::commit(const std::vector<calls::Mid>& refused,
                                       std::vector<SlotId>& failed)
{
    std::vector<SlotId> negotiated;
    withdrawn_.clear();
    for (auto it = lines_.begin(); it != lines_.end();) {
        auto& [id, line] = *it;
        if (std::find(refused.begin(), refused.end(), line.mid) != refused.end()) {
            // webrtcbin leaves the pad of a rejected m-line blocked for ever: nothing may reach it.
            failed.push_back(id);
            let_go(std::move(line));
            it = lines_.erase(it);
            continue;
        }
        if (!line.negotiated) {
            line.negotiated = true;
            negotiated.push_back(id);
            watch_first_packet(id, line);
            if (const auto slot = line.slot.lock(); slot && gates_open_)
                slot->set_gate(true);
        }
        ++it;
    }
    return negotiated;
}

// Behind webrtcbin's clocksync a packet only has RTP session, SRTP and the socket before it, all on
// the same thread.
void PeerSender::watch_first_packet(SlotId id, const Line& line)
{
    auto watched = line.sink;
    if (const auto target =
            Ref<GstPad>::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(line.sink.get())))) {
        const auto parent = Ref<GstElement>::adopt(gst_pad_get_parent_element(target.get()));
        if (parent) {
            if (auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(parent.get(), "src")))
                watched = std::move(src);
        }
    }
    gst_pad_add_probe(watched.get(),
                      GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
                      on_first_packet, new FirstPacket{id, flowing_},
                      [](gpointer d) { delete static_cast<FirstPacket*>(d); });
}

// Before 1.22.3 releasing a pad that was never negotiated leaves its block probe in place; a pad
// that is inactive lets go of whoever waits there. Either may wait for a packet on its way.
void PeerSender::release(GstElement* webrtcbin, const Line& line)
{
    if (const auto src = Ref<GstPad>::adopt(gst_pad_get_peer(line.sink.get())))
        gst_pad_unlink(src.get(), line.sink.get());
    if (!line.negotiated)
        gst_pad_set_active(line.sink.get(), FALSE);
    gst_element_release_request_pad(webrtcbin, line.sink.get());
}

void PeerSender::let_go(Line line)
{
    if (const auto slot = line.slot.lock())
        slot->set_gate(false);
    run_in_background("cfcalls-release",
                      [webrtcbin = Ref<GstElement>::retain(webrtcbin_), line = std::move(line)] {
                          release(webrtcbin.get(), line);
                      });
}

void PeerSender::remove(SlotId id)
{
    const auto it = lines_.find(id);
    if (it == lines_.end())
        return;
    if (!it->second.negotiated) {
        g_object_set(it->second.transceiver.get(), "direction",
                     GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_INACTIVE, nullptr);
        withdrawn_.insert(it->second.mid);
    }
    let_go(std::move(it->second));
    lines_.erase(it);
}

std::function<void()> PeerSender::close()
{
    shut_gates();
    return [webrtcbin = Ref<GstElement>::retain(webrtcbin_), lines = std::exchange(lines_, {})] {
        for (const auto& [id, line] : lines)
            release(webrtcbin.get(), line);
    };
}

void PeerSender::open_gates()
{
    gates_open_ = true;
    for (const auto& [id, line] : lines_) {
        if (const auto slot = line.slot.lock(); slot && line.negotiated)
            slot->set_gate(true);
    }
}

void PeerSender::shut_gates()
{
    gates_open_ = false;
    for (const auto& [id, line] : lines_) {
        if (const auto slot = line.slot.lock())
            slot->set_gate(false);
    }
}

std::optional<calls::Mid> PeerSender::mid_of(SlotId slot) const
{
    const auto it = lines_.find(slot);
    return it == lines_.end() ? std::nullopt : std::optional{it->second.mid};
}

bool PeerSender::is_uncommitted(const calls::Mid& mid) const
{
    return withdrawn_.contains(mid) ||
           std::any_of(lines_.begin(), lines_.end(), [&](const auto& entry) {
               return !entry.second.negotiated && entry.second.mid == mid;
           });
}

bool PeerSender::any_open() const
{
    return gates_open_ && std::any_of(lines_.begin(), lines_.end(),
                                      [](const auto& entry) { return entry.second.negotiated; });
}

GstWebRTCRTPTransceiver* PeerSender::transceiver() const
{
    for (const auto& [id, line] : lines_) {
        if (line.negotiated)
            return line.transceiver.get();
    }
    return nullptr;
}

} // namespace cf::gst

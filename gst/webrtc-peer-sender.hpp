/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The sending half of a WebRtcPeer: which slot feeds which sink pad of webrtcbin.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gst/gst-ref.hpp"
#include "gst/slot.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

/// Header extensions of the session: ids must be the same on all m-lines (RFC 8843 section 9.2),
/// whoever offered them first.
using ExtensionIds = std::map<std::string, unsigned>;

inline constexpr const char* kMidExtension = "urn:ietf:params:rtp-hdrext:sdes:mid";
inline constexpr const char* kTransportCcExtension =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// I/O thread only, except for the callback.
class PeerSender
{
public:
    /// Any thread: the first packet of a slot has left. It must be safe to call late.
    using Flowing = std::function<void(SlotId)>;

    PeerSender(GstElement* webrtcbin, Flowing flowing);
    PeerSender(const PeerSender&) = delete;
    PeerSender& operator=(const PeerSender&) = delete;

    /// Gives the slot a sink pad and a sendonly transceiver, to be called only when its offer is
    /// made: a transceiver that waits un-negotiated would be matched with the next m-line of the
    /// SFU ("steal", webrtcbin's _find_compatible_unassociated_transceiver). A slot whose offer
    /// was abandoned keeps what it has.
    [[nodiscard]] Result<calls::Mid> add(const std::shared_ptr<SendingSlot>& slot, calls::Mid mid,
                                         const ExtensionIds& extensions);
    /// Slots whose offer was abandoned and that are not in @p keep will not be offered again. Their
    /// m-line cannot be taken back from webrtcbin, so it becomes inactive.
    void withdraw_abandoned(const std::set<SlotId>& keep);
    /// The offer was answered: @p refused are the mids that the SFU closed in its answer. Returns
    /// the slots that are negotiated now, refused ones not among them but in @p failed.
    std::vector<SlotId> commit(const std::vector<calls::Mid>& refused, std::vector<SlotId>& failed);
    /// Shuts the gate and lets go of the pad.
    void remove(SlotId slot);
    /// Shuts all gates. Returns what is left to do once webrtcbin is in NULL; not on the I/O
    /// thread.
    [[nodiscard]] std::function<void()> close();

    /// Opens the gates of all negotiated slots, and of those that follow.
    void open_gates();
    /// DTLS lost its path: packets would only pile up.
    void shut_gates();

    [[nodiscard]] std::optional<calls::Mid> mid_of(SlotId slot) const;
    /// Whether an m-line of ours that was never answered has this mid.
    [[nodiscard]] bool is_uncommitted(const calls::Mid& mid) const;
    [[nodiscard]] bool any_open() const;
    /// Any transceiver, for its transport (nullable).
    [[nodiscard]] GstWebRTCRTPTransceiver* transceiver() const;

private:
    struct Line {
        std::weak_ptr<SendingSlot> slot;
        calls::Mid mid;
        Ref<GstPad> sink;
        Ref<GstWebRTCRTPTransceiver> transceiver;
        bool negotiated = false;
    };
    [[nodiscard]] Status link(const Line& line, GstPad* gate_src) const;
    [[nodiscard]] Result<Ref<GstElement>> outlet_of(GstPad* gate_src) const;
    void let_go(Line line);
    static void release(GstElement* webrtcbin, const Line& line);
    void watch_first_packet(SlotId id, const Line& line);

    GstElement* const webrtcbin_; // the WebRtcPeer holds it
    const Flowing flowing_;
    bool gates_open_ = false;
    std::map<SlotId, Line> lines_;
    std::set<calls::Mid> withdrawn_;
};

} // namespace cf::gst

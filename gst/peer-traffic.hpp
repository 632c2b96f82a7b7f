/* SPDX-License-Identifier: LGPL-2.1-or-later */
// PeerTraffic: counts what passes webrtcbin's socket.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "gst/gst-ref.hpp"
#include "gst/peer-watchdog.hpp"

namespace cf::gst
{

/// Watches the nicesrc and nicesink elements inside a webrtcbin. Any thread.
class PeerTraffic : public std::enable_shared_from_this<PeerTraffic>
{
public:
    /// @p element is one that was added inside webrtcbin; others than the two are ignored.
    void watch(GstElement* element);
    /// Lets nothing more in. srtpdec complains when a packet meets it on its way to READY.
    void stop() { stopped_ = true; }
    /// Fills in what was counted, in the monotonic time that IoThread::now() tells.
    void fill(TrafficSample& sample) const;

private:
    static GstPadProbeReturn on_in(GstPad* pad, GstPadProbeInfo* info, gpointer data);
    static GstPadProbeReturn on_out(GstPad* pad, GstPadProbeInfo* info, gpointer data);
    void add_probe(GstElement* element, const char* pad, GstPadProbeCallback callback);

    std::atomic<bool> stopped_ = false;
    std::atomic<std::uint64_t> rtp_in_ = 0;
    std::atomic<gint64> last_rtcp_in_ = 0; // g_get_monotonic_time(); 0: never
    std::atomic<gint64> last_rtp_out_ = 0;
};

} // namespace cf::gst

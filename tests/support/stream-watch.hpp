/* SPDX-License-Identifier: LGPL-2.1-or-later */
// StreamWatch: what arrives at a sink of a test pipeline, and whether it is what was sent: a
// picture of one colour, or one tone.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "gst/gst-ref.hpp"
#include "lib/base/mutex.hpp"

namespace cf::test
{

/// What a publisher of the tests sends, and what a viewer has to get.
struct Content {
    enum class Kind { Colour, Tone, Silence } kind = Kind::Colour;
    unsigned rgb = 0; ///< 0xRRGGBB, of all of the picture
    double hertz = 0; ///< of a sine at 48 kHz
    [[nodiscard]] static Content colour(unsigned value) { return {Kind::Colour, value, 0}; }
    [[nodiscard]] static Content silence() { return {Kind::Silence, 0, 0}; }
    [[nodiscard]] static Content tone(double value) { return {Kind::Tone, 0, value}; }
};

/// Looks at the sink pad of @p sink, which gets `video/x-raw,format=RGB` or
/// `audio/x-raw,format=S16LE,rate=48000,channels=1`. Any thread.
class StreamWatch
{
public:
    StreamWatch(GstElement* sink, Content wanted);
    ~StreamWatch();
    StreamWatch(const StreamWatch&) = delete;
    StreamWatch& operator=(const StreamWatch&) = delete;

    struct Seen {
        std::uint64_t buffers = 0;
        std::uint64_t right = 0;
        std::uint64_t wrong = 0;
        std::uint64_t right_in_a_row = 0;
        std::uint64_t gaps = 0; ///< GAP events
        std::uint64_t discontinuities = 0;
        std::uint64_t segments = 0;
        std::uint64_t stream_starts = 0;
        std::uint64_t backward = 0; ///< buffers that begin before the one before
        bool eos = false;
        GstClockTime last_running_time = GST_CLOCK_TIME_NONE; ///< of the last buffer
        /// Of the last buffer: how late, against the pipeline's clock, it came; may be negative.
        GstClockTimeDiff lateness = 0;
        gint64 last_arrival = 0;  ///< g_get_monotonic_time()
        gint64 longest_pause = 0; ///< us between two arrivals, since restart_pauses()
    };
    [[nodiscard]] Seen seen() const;
    void expect(Content wanted);
    void restart_pauses();

private:
    GstPadProbeReturn on_data(GstPadProbeInfo* info);
    void on_buffer(GstBuffer* buffer);
    void on_event(GstEvent* event);

    const Ref<GstElement> sink_;
    const Ref<GstPad> pad_;
    gulong probe_ = 0;

    mutable Mutex mu_; // guards what follows
    Content wanted_ CF_GUARDED_BY(mu_);
    Seen seen_ CF_GUARDED_BY(mu_);
    GstSegment segment_ CF_GUARDED_BY(mu_);
    std::optional<GstClockTime> last_pts_ CF_GUARDED_BY(mu_);
};

} // namespace cf::test

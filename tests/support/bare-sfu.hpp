/* SPDX-License-Identifier: LGPL-2.1-or-later */
// BareSfu: a webrtcbin that plays the SFU's side of one peer connection, for tests of WebRtcPeer
// that want to hand-edit what the SFU says. It does not forward anything. For whole sessions there
// is the emulator, which is stricter and shares nothing with what is tested.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gst/gst-ref.hpp"
#include "lib/base/mutex.hpp"

namespace cf::test
{

/// The test's main thread only. Every function waits, and fails the test when nothing comes.
class BareSfu
{
public:
    BareSfu();
    ~BareSfu();
    BareSfu(const BareSfu&) = delete;
    BareSfu& operator=(const BareSfu&) = delete;

    /// Answers an offer of the client, with candidates.
    [[nodiscard]] std::string answer(const std::string& offer);
    /// Offers what was added, with candidates.
    [[nodiscard]] std::string offer();
    /// Takes the client's answer to offer().
    void accept(const std::string& answer);

    /// Adds a track to the next offer: a launch fragment that ends in a payloader; the MID header
    /// extension is offered for it.
    void add_track(const std::string& launch, const std::string& mid);

    /// Packets that came in, by media ("audio", "video").
    [[nodiscard]] unsigned packets(const std::string& media) const;
    /// Stops the network side without a goodbye, as a server that is killed does.
    void vanish();

private:
    struct Arrivals {
        Mutex mu; // guards counts
        std::map<std::string, unsigned> counts CF_GUARDED_BY(mu);
    };
    std::string describe(const char* action);
    void set(const char* action, GstWebRTCSDPType type, const std::string& text);
    static void on_pad_added(GstElement* bin, GstPad* pad, gpointer data);

    Ref<GstElement> pipeline_;
    Ref<GstElement> webrtcbin_;
    bool gathered_ = false;
    std::shared_ptr<Arrivals> arrivals_ = std::make_shared<Arrivals>();
};

/// Replaces every @p from in @p text.
[[nodiscard]] std::string replace_all(std::string text, const std::string& from,
                                      const std::string& to);
/// Without the lines that begin with @p prefix.
[[nodiscard]] std::string without_lines(const std::string& text, const std::string& prefix);

} // namespace cf::test

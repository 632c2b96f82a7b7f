/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Call: a publisher and a viewer at one local SFU, for what must survive whatever happens between
// them: the publisher sends a colour and a tone, the viewer says whether that is what it gets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"
#include "tests/support/stream-watch.hpp"

namespace cf::test
{

/// What an element has said on the bus.
struct News {
    std::vector<std::string> states;  ///< `new` of each `cfcalls-state`
    std::vector<std::string> reasons; ///< `error-code` of each `cfcalls-state` that has one
    struct Track {
        std::string pad;
        std::string name;
        std::string state;
        std::string error_code;
    };
    std::vector<Track> tracks;
    std::vector<std::string> api_errors; ///< "tracks/new 503 retried"
    std::vector<BusReport> warnings;

    [[nodiscard]] unsigned count_state(const std::string& state) const;
    [[nodiscard]] bool has_api_error(const std::string& text) const;
    /// Whether a track was in @p state with @p error_code.
    [[nodiscard]] bool has_track(const std::string& state, const std::string& error_code) const;
};

class Call
{
public:
    struct Options {
        std::string sink;                  ///< further properties of cfcallssink
        std::string src;                   ///< further properties of cfcallssrc
        std::vector<std::string> emulator; ///< further arguments
        /// Faults that are there before anybody connects.
        std::vector<std::string> faults;
    };
    /// Publishes `cam` and `mic` and plays both; returns when their content is right.
    explicit Call(Options options);
    Call() : Call(Options{}) {}
    ~Call();

    EmulatorProcess sfu;
    std::unique_ptr<Pipeline> publisher;  ///< its cfcallssink is called "sink"
    std::unique_ptr<Pipeline> viewer;     ///< its cfcallssrc is called "src"
    bool may_show_other_pictures = false; ///< once: it was muted, or packets were lost
    News sink_news;
    News src_news;

    [[nodiscard]] std::string sink_session() const; ///< present session id
    [[nodiscard]] std::string src_session() const;
    [[nodiscard]] guint sink_reconnects() const;
    [[nodiscard]] guint src_reconnects() const;
    [[nodiscard]] std::string locator(const std::string& track) const; ///< "SESSION/TRACK"

    StreamWatch& picture() { return *picture_; }
    StreamWatch& sound() { return *sound_; }

    /// Reads both buses while it waits; an ERROR of either fails the test.
    void wait_for(const char* what, const std::function<bool()>& condition,
                  Milliseconds patience = kPatience);
    /// Lets the viewer's pads show the tracks of the publisher's present session.
    void follow();
    /// Right content on both pads, from now on and for a while.
    void expect_content();
    /// The publisher has published both tracks again, in whichever session, the viewer follows, and
    /// everything is as in the beginning: pads, track names, content.
    void expect_recovered();

    /// A property of a pad of the publisher, such as `mute`.
    void set_sink_pad(const char* pad, const char* property, const char* value);
    /// The publisher's, or the viewer's, action of that name.
    void restart(Pipeline& pipeline, const char* element);
    /// Publishes a third track of @p rgb on pad `video_1`, called @p name.
    void add_publication(const std::string& name, unsigned rgb = 0x0000ff);
    /// Takes it back.
    void remove_publication();
    /// Pulls another track in addition, by action signal.
    void add_pull(const std::string& locator);
    /// Its content is right; waits for its pad first.
    void expect_extra(unsigned rgb = 0x0000ff);
    [[nodiscard]] StreamWatch& extra() { return *extra_; }

    /// Nothing of the viewer's pads has been interrupted: the same session, no loss.
    void expect_viewer_kept_its_session(const std::string& session) const;

private:
    void play_viewer(const std::string& settings);
    [[nodiscard]] bool is_published(const std::string& pad) const;
    [[nodiscard]] std::string pads_now() const;
    static void note(News& news, GstMessage* message);

    std::string viewer_settings_;
    std::unique_ptr<StreamWatch> picture_;
    std::unique_ptr<StreamWatch> sound_;
    std::unique_ptr<StreamWatch> extra_;
    std::string pads_; ///< of both, as they were in the beginning
};

/// Runs a suite whose tests are rows of docs/guides/recovery.md, and prints how many survived.
int run_rows(Suite* suite, const char* what);

} // namespace cf::test

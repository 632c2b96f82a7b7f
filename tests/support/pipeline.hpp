/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Pipeline: a gst-launch line under test, with its bus read by the test.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gst/gst-ref.hpp"
#include "tests/support/wait.hpp"

namespace cf::test
{

/// What an element said in an ERROR or WARNING message.
struct BusReport {
    std::string domain; ///< "gst-resource-error-quark"
    int code = 0;
    std::string message;
    std::string debug;
    std::string source;
};

/// Set to NULL by the destructor. Main thread only. An ERROR message that the test does not ask for
/// fails it: every wait here looks for one.
class Pipeline
{
public:
    /// Fails the test when @p launch_line cannot be parsed.
    explicit Pipeline(const std::string& launch_line);
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    [[nodiscard]] GstElement* get() const { return pipeline_.get(); }
    /// (transfer full); fails the test when there is no element of that name.
    [[nodiscard]] Ref<GstElement> element(const char* name) const;

    GstStateChangeReturn set_state(GstState state);
    /// PLAYING, and fails the test when that is refused at once.
    void play();
    /// NULL, and fails the test when that takes longer than @p bound.
    void stop(Milliseconds bound = Milliseconds{5000});

    /// Reads the bus until a message for which @p wanted holds; fails the test on an ERROR or
    /// after @p patience. @p what names it in the failure.
    Ref<GstMessage> wait_message(const char* what, const std::function<bool(GstMessage*)>& wanted,
                                 Milliseconds patience = kPatience);
    /// The element message @p name for which @p wanted holds.
    Ref<GstMessage> wait_element_message(const char* name,
                                         const std::function<bool(const GstStructure*)>& wanted,
                                         Milliseconds patience = kPatience);
    void wait_eos(Milliseconds patience = kPatience);
    /// The first ERROR message.
    BusReport wait_error(Milliseconds patience = kPatience);
    /// Goes on reading the bus while waiting for @p condition.
    void wait_for(const char* what, const std::function<bool()>& condition,
                  Milliseconds patience = kPatience);
    /// Reads what is on the bus now, and waits for nothing.
    void read_bus();
    /// Calls @p see with every message that is read from now on.
    void observe(std::function<void(GstMessage*)> see) { see_ = std::move(see); }
    /// WARNINGs seen so far.
    [[nodiscard]] const std::vector<BusReport>& warnings() const { return warnings_; }
    /// Every element inside, at any depth, whose factory's name is @p factory.
    [[nodiscard]] unsigned count_elements(const std::function<bool(GstElement*)>& wanted) const;

    /// Waits until the sink pad named @p pad of the cfcallssink named @p element is published;
    /// gives "SESSION/TRACK", as the `tracks` property of cfcallssrc takes it.
    std::string wait_published(const char* pad);

private:
    Ref<GstMessage> next_message(Milliseconds patience);
    void note(GstMessage* message, bool errors_are_wanted);

    Ref<GstElement> pipeline_;
    Ref<GstBus> bus_;
    std::vector<BusReport> warnings_;
    std::function<void(GstMessage*)> see_;
};

} // namespace cf::test

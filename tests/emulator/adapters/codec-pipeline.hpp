/* SPDX-License-Identifier: LGPL-2.1-or-later */
// CodecPipeline: encoders and decoders of the adapters, which are GStreamer's, on threads of their
// own. Bytes go in and come out on the main thread; nothing here waits for the other side.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gst/gst.h>

#include "lib/base/executor.hpp"
#include "lib/base/ref.hpp"
#include "lib/base/result.hpp"

CF_REF_GOBJECT(GstElement);
CF_REF_GOBJECT(GstPad);
CF_REF_GOBJECT(GstBus);
CF_REF_BOXED(GstCaps, gst_caps_ref, gst_caps_unref);

namespace cf::emu
{

/// Main thread only.
class CodecPipeline
{
public:
    struct Output {
        std::vector<std::uint8_t> data;
        /// Since the first buffer of all, in the time of the input.
        std::optional<std::uint64_t> nanoseconds;
    };
    struct Callbacks {
        std::function<void(const Output&)> output;
        std::function<void()> key_frame_wanted;
        std::function<void(const std::string& why)> failed; ///< nothing follows
    };
    struct Options {
        std::string elements; ///< what stands between source and sink, in gst-launch's words
        Ref<GstCaps> input;
        /// Input is stamped when it comes; otherwise push() says when it is.
        bool live = true;
        /// An element called "thin" in `elements`: one buffer in this time passes it.
        Milliseconds interval{0};
    };

    /// Loads GStreamer and @p elements, which can take seconds the first time, on a thread of its
    /// own; then calls @p done in @p context with the name of an element that is missing, or
    /// nothing.
    static void prepare(const std::vector<std::string>& elements, GMainContext* context,
                        std::function<void(std::optional<std::string> missing)> done);

    /// @p context (transfer none): where the callbacks run. Only after prepare().
    [[nodiscard]] static Result<std::unique_ptr<CodecPipeline>>
    create(const Options& options, GMainContext* context, Callbacks callbacks);
    ~CodecPipeline();
    CodecPipeline(const CodecPipeline&) = delete;
    CodecPipeline& operator=(const CodecPipeline&) = delete;

    /// One buffer; when the elements cannot keep up, the oldest that wait are dropped.
    /// @p nanoseconds: for pipelines that are not live.
    void push(std::span<const std::uint8_t> data, std::uint64_t nanoseconds = 0,
              std::uint64_t duration = 0);

private:
    struct Mailbox;

    CodecPipeline() = default;

    std::shared_ptr<Mailbox> mailbox_;
    Ref<GstElement> pipeline_;
    Ref<GstElement> source_;
};

} // namespace cf::emu

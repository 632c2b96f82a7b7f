/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/adapters/codec-pipeline.hpp"

#include <deque>
#include <utility>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "lib/base/mutex.hpp"

CF_REF_GOBJECT(GstElementFactory);
CF_REF_GOBJECT(GstPluginFeature);
CF_REF_BOXED(GstSample, gst_sample_ref, gst_sample_unref);

namespace cf::emu
{

namespace
{

// What may wait for the elements, and for the main thread.
constexpr guint64 kInputBytes = 2 * 1024 * 1024;
constexpr std::size_t kOutputs = 100;

// Runs @p task in @p context, from any thread.
void call_in(GMainContext* context, std::function<void()> task)
{
    // Not g_main_context_invoke(): while nobody iterates the context it runs things right here.
    const auto source = Ref<GSource>::adopt(g_idle_source_new());
    g_source_set_priority(source.get(), G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source.get(),
        [](gpointer data) -> gboolean {
            (*static_cast<std::function<void()>*>(data))();
            return G_SOURCE_REMOVE;
        },
        new std::function<void()>(std::move(task)),
        [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
    g_source_attach(source.get(), context);
}

std::optional<std::string> load(const std::vector<std::string>& elements)
{
    if (gst_init_check(nullptr, nullptr, nullptr) == FALSE)
        return "GStreamer itself";
    for (const std::string& name : elements) {
        const auto factory = Ref<GstElementFactory>::adopt(gst_element_factory_find(name.c_str()));
        const auto feature = Ref<GstPluginFeature>::adopt(
            factory ? gst_plugin_feature_load(GST_PLUGIN_FEATURE(factory.get())) : nullptr);
        if (!feature)
            return name;
    }
    return std::nullopt;
}

struct Preparation {
    std::vector<std::string> elements;
    Ref<GMainContext> context;
    std::function<void(std::optional<std::string>)> done;
};

} // namespace

/// What the threads of the elements have for the main thread.
struct CodecPipeline::Mailbox : std::enable_shared_from_this<Mailbox> {
    Mailbox(GMainContext* c, Callbacks cb)
        : context(Ref<GMainContext>::retain(c != nullptr ? c : g_main_context_default())),
          callbacks(std::move(cb))
    {
    }

    struct News {
        std::optional<Output> output = {};
        bool wants_key_frame = false;
        std::string failure = {};
    };
    // On any thread.
    void post(News news)
    {
        {
            const Lock lock(mutex);
            if (news.output)
                outputs.push_back(std::move(*news.output));
            if (outputs.size() > kOutputs)
                outputs.pop_front();
            wants_key_frame = wants_key_frame || news.wants_key_frame;
            if (failure.empty())
                failure = std::move(news.failure);
            if (std::exchange(posted, true))
                return;
        }
        call_in(context.get(), [self = shared_from_this()] { self->deliver(); });
    }
    // On the main thread.
    void deliver()
    {
        std::deque<Output> now;
        bool key_frame = false;
        std::string why;
        {
            const Lock lock(mutex);
            posted = false;
            now.swap(outputs);
            key_frame = std::exchange(wants_key_frame, false);
            why.swap(failure);
        }
        // A callback may drop the pipeline, and with it what it would be called for.
        for (const Output& output : now)
            if (open)
                callbacks.output(output);
        if (open && key_frame && callbacks.key_frame_wanted)
            callbacks.key_frame_wanted();
        if (open && !why.empty() && callbacks.failed)
            callbacks.failed(why);
    }
    void take(GstSample* sample);

    const Ref<GMainContext> context;
    const Callbacks callbacks;
    bool open = true; ///< main thread only
    std::uint64_t interval = 0;

    Mutex mutex; ///< guards what follows
    bool posted CF_GUARDED_BY(mutex) = false;
    std::deque<Output> outputs CF_GUARDED_BY(mutex);
    bool wants_key_frame CF_GUARDED_BY(mutex) = false;
    std::string failure CF_GUARDED_BY(mutex);

    // The decoder's thread only.
    std::optional<GstClockTime> passed;
};

void CodecPipeline::Mailbox::take(GstSample* sample)
{
    GstBuffer* buffer = gst_sample_get_buffer(sample); // transfer none
    GstMapInfo map;
    if (buffer == nullptr || gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE)
        return;
    Output output;
    output.data.assign(map.data, map.data + map.size);
    gst_buffer_unmap(buffer, &map);
    if (GST_BUFFER_PTS_IS_VALID(buffer))
        output.nanoseconds = GST_BUFFER_PTS(buffer);
    post({std::move(output)});
}

void CodecPipeline::prepare(const std::vector<std::string>& elements, GMainContext* context,
                            std::function<void(std::optional<std::string>)> done)
{
    auto* preparation = new Preparation{
        elements,
        Ref<GMainContext>::retain(context != nullptr ? context : g_main_context_default()),
        std::move(done)};
    g_thread_unref(g_thread_new(
        "codecs",
        [](gpointer data) -> gpointer {
            const std::unique_ptr<Preparation> p(static_cast<Preparation*>(data));
            call_in(p->context.get(),
                    [done = std::move(p->done), missing = load(p->elements)] { done(missing); });
            return nullptr;
        },
        preparation));
}

Result<std::unique_ptr<CodecPipeline>>
CodecPipeline::create(const Options& options, GMainContext* context, Callbacks callbacks)
{
    std::unique_ptr<CodecPipeline> self(new CodecPipeline);
    self->mailbox_ = std::make_shared<Mailbox>(context, std::move(callbacks));
    self->mailbox_->interval = static_cast<std::uint64_t>(options.interval.count()) * GST_MSECOND;
    GError* error = nullptr;
    const std::string text = "appsrc name=in format=time block=false leaky-type=downstream ! " +
                             options.elements + " ! appsink name=out sync=false async=false";
    self->pipeline_ = Ref<GstElement>::sink(gst_parse_launch(text.c_str(), &error));
    if (!self->pipeline_ || error != nullptr)
        return from_gerror(ErrorCode::Internal, error, "The codec pipeline cannot be built.");
    GstBin* bin = GST_BIN(self->pipeline_.get());
    self->source_ = Ref<GstElement>::adopt(gst_bin_get_by_name(bin, "in"));
    g_object_set(self->source_.get(), "caps", options.input.get(), "is-live", options.live,
                 "do-timestamp", options.live, "max-bytes", kInputBytes, nullptr);

    // Each user of the mailbox holds it: the threads may outlive us for a moment.
    using Held = std::shared_ptr<Mailbox>;
    const GDestroyNotify drop = [](gpointer data) { delete static_cast<Held*>(data); };
    const auto hold = [&] { return new Held(self->mailbox_); };

    const auto sink = Ref<GstElement>::adopt(gst_bin_get_by_name(bin, "out"));
    GstAppSinkCallbacks on_sample{};
    on_sample.new_sample = [](GstAppSink* from, gpointer data) -> GstFlowReturn {
        if (const auto sample = Ref<GstSample>::adopt(gst_app_sink_pull_sample(from)))
            (*static_cast<Held*>(data))->take(sample.get());
        return GST_FLOW_OK;
    };
    gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &on_sample, hold(), drop);

    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(self->source_.get(), "src"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
            if (gst_event_has_name(GST_PAD_PROBE_INFO_EVENT(info), "GstForceKeyUnit") != FALSE)
                (*static_cast<Held*>(data))->post({{}, true});
            return GST_PAD_PROBE_OK;
        },
        hold(), drop);

    if (const auto thin = Ref<GstElement>::adopt(gst_bin_get_by_name(bin, "thin"))) {
        const auto input = Ref<GstPad>::adopt(gst_element_get_static_pad(thin.get(), "sink"));
        gst_pad_add_probe(
            input.get(), GST_PAD_PROBE_TYPE_BUFFER,
            [](GstPad*, GstPadProbeInfo* info, gpointer data) {
                Mailbox& box = **static_cast<Held*>(data);
                const GstClockTime pts = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
                if (GST_CLOCK_TIME_IS_VALID(pts) && box.passed && pts >= *box.passed &&
                    pts - *box.passed < box.interval)
                    return GST_PAD_PROBE_DROP;
                box.passed = pts;
                return GST_PAD_PROBE_OK;
            },
            hold(), drop);
    }

    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(self->pipeline_.get()));
    gst_bus_set_sync_handler(
        bus.get(),
        [](GstBus*, GstMessage* message, gpointer data) {
            if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
                GError* why = nullptr;
                gst_message_parse_error(message, &why, nullptr);
                (*static_cast<Held*>(data))->post({{}, false, why->message});
                g_error_free(why);
            }
            gst_message_unref(message); // (transfer full) to whoever drops it
            return GST_BUS_DROP;
        },
        hold(), drop);
    if (gst_element_set_state(self->pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        return Error{ErrorCode::Internal, "The codec pipeline does not start."};
    return self;
}

CodecPipeline::~CodecPipeline()
{
    mailbox_->open = false;
    if (pipeline_)
        gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void CodecPipeline::push(std::span<const std::uint8_t> data, std::uint64_t nanoseconds,
                         std::uint64_t duration)
{
    GstBuffer* buffer = gst_buffer_new_memdup(data.data(), data.size());
    if (duration != 0) {
        GST_BUFFER_PTS(buffer) = nanoseconds;
        GST_BUFFER_DURATION(buffer) = duration;
    }
    (void)gst_app_src_push_buffer(GST_APP_SRC(source_.get()), buffer); // (transfer full)
}

} // namespace cf::emu

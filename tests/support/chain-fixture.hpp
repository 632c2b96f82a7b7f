/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ChainFixture: a SendChain between a source that gst-launch would make and a sink that counts, in
// a real pipeline, without session and webrtcbin.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "gst/send-chain.hpp"
#include "tests/support/check.hpp"
#include "tests/support/wait.hpp"

namespace cf::test
{

/// Main thread only; stopped by the destructor.
class ChainFixture
{
public:
    /// @p source is a launch line that gives @p caps.
    ChainFixture(const std::string& source, const char* caps, gst::SendWish wish)
        : pipeline_(Ref<GstElement>::sink(gst_pipeline_new(nullptr)))
    {
        GError* error = nullptr;
        source_ = Ref<GstElement>::sink(
            gst_parse_bin_from_description((source + " ! identity").c_str(), TRUE, &error));
        fail_unless(source_.get() != nullptr && error == nullptr, "%s",
                    error != nullptr ? error->message : source.c_str());
        const auto fixed = Ref<GstCaps>::adopt(gst_caps_from_string(caps));
        auto input = gst::read_input(wish.kind, fixed.get());
        fail_unless(input.ok(), "%s", input.ok() ? "" : input.error().message.c_str());
        wish.pad_name = "pad_0";
        if (!wish.codecs)
            wish.codecs = Ref<GstCaps>::adopt(gst_caps_from_string(
                wish.kind == calls::MediaKind::Audio ? "audio/x-opus" : "video/x-vp8"));
        auto built = gst::SendChain::build(7, wish, *input, fixed.get(), events());
        if (!built) {
            build_error = built.error();
            return;
        }
        chain = built.take();
        put_together();
    }
    ~ChainFixture() { stop(); }
    ChainFixture(const ChainFixture&) = delete;
    ChainFixture& operator=(const ChainFixture&) = delete;

    void play()
    {
        fail_unless(chain != nullptr, "%s", build_error ? build_error->message.c_str() : "");
        fail_unless(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) !=
                    GST_STATE_CHANGE_FAILURE);
    }
    void stop() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
    /// Unlinks what is behind the gate, as when a webrtcbin goes.
    void cut_off()
    {
        const auto gate_src = chain->gate_src();
        const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(gate_src.get()));
        gst_pad_unlink(gate_src.get(), peer.get());
    }
    void wait_ready()
    {
        fail_unless(wait_until([&] { return ready.load(); }), "no RTP caps");
    }
    void open_and_wait_for_packets(unsigned count)
    {
        wait_ready();
        chain->set_gate(true);
        fail_unless(wait_until([&] { return packets >= count; }), "no packets");
    }
    /// How many elements of this factory the chain has.
    [[nodiscard]] unsigned count(const char* factory) const
    {
        return static_cast<unsigned>(find_all(factory).size());
    }
    [[nodiscard]] Ref<GstElement> find(const char* factory) const
    {
        const auto all = find_all(factory);
        fail_unless(!all.empty(), "no %s in the chain", factory);
        return all.front();
    }
    [[nodiscard]] std::string caps_field(const char* field) const
    {
        return field_of(chain->rtp_caps(), field);
    }
    [[nodiscard]] std::string signalled(const char* field) const
    {
        const auto caps = chain->signalled_caps();
        return caps ? field_of(caps, field) : std::string();
    }
    /// As text; empty if it is not there.
    static std::string field_of(const Ref<GstCaps>& caps, const char* field)
    {
        const GValue* value = gst_structure_get_value(gst_caps_get_structure(caps.get(), 0), field);
        if (value == nullptr)
            return {};
        if (G_VALUE_HOLDS_STRING(value))
            return g_value_get_string(value);
        const OwnedString text(gst_value_serialize(value));
        return text.get();
    }

    std::shared_ptr<gst::SendChain> chain;
    std::optional<Error> build_error;
    std::atomic<bool> ready = false;
    std::atomic<unsigned> eos = 0;
    std::atomic<unsigned> eos_at_sink = 0;
    std::atomic<unsigned> packets = 0;
    std::atomic<unsigned> frames_in = 0;
    std::atomic<unsigned> unusable = 0;
    Error why_unusable; ///< read once `unusable` is set
    /// Called with each packet behind the gate; streaming thread. Set before play().
    std::function<void(GstBuffer*)> on_packet;

private:
    gst::SendChainEvents events()
    {
        return {.on_ready = [this] { fail_if(ready.exchange(true)); },
                .on_eos = [this] { ++eos; },
                .on_unusable =
                    [this](Error error) {
                        why_unusable = std::move(error);
                        ++unusable;
                    }};
    }
    void put_together()
    {
        GstElement* sink = gst_element_factory_make("fakesink", nullptr);
        g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
        GstElement* bin = GST_ELEMENT(chain->bin());
        gst_bin_add_many(GST_BIN(pipeline_.get()), source_.get(), bin, sink, nullptr);
        fail_unless(gst_element_link_many(source_.get(), bin, sink, nullptr));
        const auto in = chain->input_pad();
        gst_pad_add_probe(
            in.get(), GST_PAD_PROBE_TYPE_BUFFER,
            [](GstPad*, GstPadProbeInfo*, gpointer self) {
                ++static_cast<ChainFixture*>(self)->frames_in;
                return GST_PAD_PROBE_OK;
            },
            this, nullptr);
        const auto behind = Ref<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
        gst_pad_add_probe(
            behind.get(),
            static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                         GST_PAD_PROBE_TYPE_BUFFER_LIST |
                                         GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
            [](GstPad*, GstPadProbeInfo* info, gpointer self) {
                static_cast<ChainFixture*>(self)->on_data(info);
                return GST_PAD_PROBE_OK;
            },
            this, nullptr);
    }
    void on_data(GstPadProbeInfo* info)
    {
        if ((info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0) {
            if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
                ++eos_at_sink;
            return;
        }
        if ((info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
            GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
            for (guint i = 0; i < gst_buffer_list_length(list); ++i)
                note(gst_buffer_list_get(list, i));
            return;
        }
        note(GST_PAD_PROBE_INFO_BUFFER(info));
    }
    void note(GstBuffer* packet)
    {
        if (on_packet)
            on_packet(packet);
        ++packets;
    }
    [[nodiscard]] std::vector<Ref<GstElement>> find_all(const char* factory) const
    {
        std::vector<Ref<GstElement>> found;
        GstIterator* it = gst_bin_iterate_all_by_element_factory_name(chain->bin(), factory);
        GValue item = G_VALUE_INIT;
        while (gst_iterator_next(it, &item) == GST_ITERATOR_OK) {
            found.push_back(Ref<GstElement>::retain(GST_ELEMENT(g_value_get_object(&item))));
            g_value_reset(&item);
        }
        g_value_unset(&item);
        gst_iterator_free(it);
        return found;
    }

    Ref<GstElement> pipeline_;
    Ref<GstElement> source_;
};

} // namespace cf::test

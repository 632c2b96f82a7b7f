/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/receive-formats.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "gst/codec-table.hpp"

namespace cf::gst
{

namespace
{

using FactoryList = Owned<GList, gst_plugin_feature_list_free>;

// Codecs that the SFU forwards besides those of the table, which cfcallssink does not make.
constexpr const char* kOtherVideo = "video/x-h265; video/x-av1";
constexpr const char* kOtherAudio = "audio/x-mulaw; audio/x-alaw";

Ref<GstCaps> from_string(const char* text)
{
    return Ref<GstCaps>::adopt(gst_caps_from_string(text));
}

Ref<GstCaps> raw_caps(calls::MediaKind kind)
{
    return from_string(kind == calls::MediaKind::Audio ? "audio/x-raw" : "video/x-raw(ANY)");
}

void append(GstCaps* caps, const Ref<GstCaps>& more)
{
    if (more)
        gst_caps_append(caps, gst_caps_copy(more.get()));
}

FactoryList factories(GstElementFactoryListType type, GstCaps* sink_caps)
{
    const FactoryList all{gst_element_factory_list_get_elements(type, GST_RANK_MARGINAL)};
    return FactoryList{gst_element_factory_list_filter(all.get(), sink_caps, GST_PAD_SINK, FALSE)};
}

Ref<GstElementFactory> first_of(const FactoryList& list)
{
    return list ? Ref<GstElementFactory>::retain(GST_ELEMENT_FACTORY(list->data)) : nullptr;
}

const CodecInfo* table_entry(GstCaps* rtp)
{
    return codec_with_encoding_name(
        gst_structure_get_string(gst_caps_get_structure(rtp, 0), "encoding-name"));
}

// The names of what a factory gives, without their fields.
Ref<GstCaps> output_names(GstElementFactory* factory)
{
    auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty());
    for (const GList* l = gst_element_factory_get_static_pad_templates(factory); l != nullptr;
         l = l->next) {
        auto* templ = static_cast<GstStaticPadTemplate*>(l->data);
        if (templ->direction != GST_PAD_SRC)
            continue;
        const auto given = Ref<GstCaps>::adopt(gst_static_pad_template_get_caps(templ));
        for (guint i = 0; i < gst_caps_get_size(given.get()); ++i) {
            const char* name = gst_structure_get_name(gst_caps_get_structure(given.get(), i));
            caps = Ref<GstCaps>::adopt(
                gst_caps_merge(caps.release(), gst_caps_new_empty_simple(name)));
        }
    }
    return gst_caps_is_empty(caps.get()) ? nullptr : caps;
}

} // namespace

Ref<GstElementFactory> find_depayloader(GstCaps* rtp)
{
    if (const CodecInfo* info = table_entry(rtp)) {
        if (auto factory =
                Ref<GstElementFactory>::adopt(gst_element_factory_find(info->depayloader)))
            return factory;
    }
    return first_of(factories(GST_ELEMENT_FACTORY_TYPE_DEPAYLOADER, rtp));
}

Ref<GstElementFactory> find_parser(GstCaps* encoded)
{
    const CodecInfo* info =
        codec_with_caps_name(gst_structure_get_name(gst_caps_get_structure(encoded, 0)));
    if (info != nullptr) {
        return info->parser == nullptr
                   ? nullptr
                   : Ref<GstElementFactory>::adopt(gst_element_factory_find(info->parser));
    }
    return first_of(factories(GST_ELEMENT_FACTORY_TYPE_PARSER, encoded));
}

std::vector<Ref<GstElementFactory>> find_decoders(GstCaps* encoded, GstCaps* wanted)
{
    // RTP carries no alpha plane. Decoders that want one (vp8alphadecodebin) outrank the plain ones
    // and would wait for it for ever; they ask for codec-alpha=true in their caps.
    auto opaque = Ref<GstCaps>::adopt(gst_caps_copy(encoded));
    gst_caps_set_simple(opaque.get(), "codec-alpha", G_TYPE_BOOLEAN, FALSE, nullptr);

    std::vector<Ref<GstElementFactory>> decoders;
    const auto list = factories(GST_ELEMENT_FACTORY_TYPE_DECODER, opaque.get());
    for (const GList* l = list.get(); l != nullptr; l = l->next) {
        auto* factory = GST_ELEMENT_FACTORY(l->data);
        if (gst_element_factory_can_src_any_caps(factory, wanted))
            decoders.push_back(Ref<GstElementFactory>::retain(factory));
    }
    return decoders;
}

Ref<GstCaps> encoded_caps(GstCaps* rtp)
{
    const auto depayloader = find_depayloader(rtp);
    if (!depayloader)
        return nullptr;
    if (const CodecInfo* info = table_entry(rtp))
        return Ref<GstCaps>::adopt(gst_caps_new_empty_simple(info->caps_name));
    return output_names(depayloader.get());
}

Ref<GstCaps> any_output_caps(calls::MediaKind kind)
{
    const bool audio = kind == calls::MediaKind::Audio;
    auto caps = raw_caps(kind);
    for (const CodecInfo& info : all_codecs()) {
        if (info.kind == kind)
            gst_caps_append(caps.get(), gst_caps_new_empty_simple(info.caps_name));
    }
    append(caps.get(), from_string(audio ? kOtherAudio : kOtherVideo));
    append(caps.get(), from_string(audio ? "application/x-rtp, media=(string)audio"
                                         : "application/x-rtp, media=(string)video"));
    return caps;
}

Ref<GstCaps> output_caps(calls::MediaKind kind, GstCaps* rtp_formats)
{
    auto encoded = Ref<GstCaps>::adopt(gst_caps_new_empty());
    auto rtp = Ref<GstCaps>::adopt(gst_caps_new_empty());
    for (guint i = 0; i < gst_caps_get_size(rtp_formats); ++i) {
        const auto format = Ref<GstCaps>::adopt(gst_caps_copy_nth(rtp_formats, i));
        append(encoded.get(), encoded_caps(format.get()));
        // The payload type and the rest are the session's, and change with it.
        const char* name =
            gst_structure_get_string(gst_caps_get_structure(format.get(), 0), "encoding-name");
        gst_caps_append_structure(
            rtp.get(),
            gst_structure_new("application/x-rtp", "media", G_TYPE_STRING,
                              kind == calls::MediaKind::Audio ? "audio" : "video", nullptr));
        if (name != nullptr) {
            const guint last = gst_caps_get_size(rtp.get()) - 1;
            gst_structure_set(gst_caps_get_structure(rtp.get(), last), "encoding-name",
                              G_TYPE_STRING, name, nullptr);
        }
    }
    auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty());
    if (!gst_caps_is_empty(encoded.get()))
        append(caps.get(), raw_caps(kind));
    append(caps.get(), encoded);
    append(caps.get(), rtp);
    return caps;
}

std::optional<OutputForm> choose_form(GstCaps* peer, GstCaps* offered)
{
    const auto common =
        Ref<GstCaps>::adopt(gst_caps_intersect_full(peer, offered, GST_CAPS_INTERSECT_FIRST));
    if (gst_caps_is_empty(common.get()))
        return std::nullopt;
    const std::string_view first = gst_structure_get_name(gst_caps_get_structure(common.get(), 0));
    if (first == "application/x-rtp")
        return OutputForm::Rtp;
    return first == "video/x-raw" || first == "audio/x-raw" ? OutputForm::Raw : OutputForm::Encoded;
}

} // namespace cf::gst

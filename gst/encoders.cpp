/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/encoders.hpp"

#include <algorithm>

#include "gst/gst-error.hpp"

namespace cf::gst
{
namespace
{

using calls::MediaKind;

bool is_encoder_of(GstElementFactory* factory, MediaKind kind)
{
    const GstElementFactoryListType type = kind == MediaKind::Audio
                                               ? GST_ELEMENT_FACTORY_TYPE_AUDIO_ENCODER
                                               : GST_ELEMENT_FACTORY_TYPE_VIDEO_ENCODER;
    return gst_element_factory_list_is_type(factory, type);
}

bool template_meets(GstElementFactory* factory, GstPadDirection direction, const GstCaps* caps)
{
    return direction == GST_PAD_SRC ? gst_element_factory_can_src_any_caps(factory, caps)
                                    : gst_element_factory_can_sink_any_caps(factory, caps);
}

bool takes_memory(GstElementFactory* factory, const char* memory)
{
    auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty_simple("video/x-raw"));
    gst_caps_set_features(caps.get(), 0, gst_caps_features_new(memory, nullptr));
    return template_meets(factory, GST_PAD_SINK, caps.get());
}

// One structure of the preference, alone.
Ref<GstCaps> nth_structure(const GstCaps* caps, guint n)
{
    return Ref<GstCaps>::adopt(gst_caps_copy_nth(caps, n));
}

// What the preference says beyond the codec's name, such as a profile.
Ref<GstCaps> constraints(const Ref<GstCaps>& wanted)
{
    const GstStructure* s = gst_caps_get_structure(wanted.get(), 0);
    return gst_structure_n_fields(s) == 0 ? nullptr : wanted;
}

// Tries one factory for one wanted structure; leaves the reason behind when it will not do.
bool consider(const char* name, const KnownEncoder* known, const CodecInfo& codec,
              const Ref<GstCaps>& wanted, const EncoderWish& wish, EncoderChoice& choice)
{
    const auto pass_over = [&](const char* why) {
        choice.passed_over.push_back(std::string(name) + ": " + why);
        return false;
    };
    const auto factory = Ref<GstElementFactory>::adopt(gst_element_factory_find(name));
    if (!factory)
        return pass_over("not installed");
    if (!template_meets(factory.get(), GST_PAD_SRC, wanted.get()))
        return pass_over("does not give the wanted caps");
    choice.factory = name;
    choice.codec = &codec;
    choice.known = known;
    choice.takes_memory = wish.memory == nullptr || takes_memory(factory.get(), wish.memory);
    choice.output = constraints(wanted);
    return true;
}

const KnownEncoder* find_known(const std::string& factory)
{
    const auto all = known_encoders();
    const auto it = std::find_if(all.begin(), all.end(),
                                 [&](const KnownEncoder& e) { return factory == e.factory; });
    return it == all.end() ? nullptr : &*it;
}

Result<EncoderChoice> choose_pinned(const EncoderWish& wish)
{
    const auto factory =
        Ref<GstElementFactory>::adopt(gst_element_factory_find(wish.pinned.c_str()));
    if (!factory)
        return missing_factory(wish.pinned.c_str());
    EncoderChoice choice;
    const KnownEncoder* known = find_known(wish.pinned);
    // An encoder outside the table is told apart by what it gives.
    for (guint i = 0; i < gst_caps_get_size(wish.codecs.get()); ++i) {
        const auto wanted = nth_structure(wish.codecs.get(), i);
        const CodecInfo* codec =
            codec_with_caps_name(gst_structure_get_name(gst_caps_get_structure(wanted.get(), 0)));
        if (codec != nullptr && codec->kind == wish.kind &&
            is_encoder_of(factory.get(), wish.kind) &&
            consider(wish.pinned.c_str(), known, *codec, wanted, wish, choice))
            return choice;
    }
    return Error{.code = ErrorCode::InvalidArgument,
                 .message = "The encoder that is asked for, " + wish.pinned +
                            ", gives none of the wanted codecs: change the pad's encoder or the "
                            "codec preference."};
}

} // namespace

Result<EncoderChoice> choose_encoder(const EncoderWish& wish)
{
    if (!wish.pinned.empty())
        return choose_pinned(wish);
    EncoderChoice choice;
    const KnownEncoder* first_known = nullptr;
    for (guint i = 0; i < gst_caps_get_size(wish.codecs.get()); ++i) {
        const auto wanted = nth_structure(wish.codecs.get(), i);
        const CodecInfo* codec =
            codec_with_caps_name(gst_structure_get_name(gst_caps_get_structure(wanted.get(), 0)));
        if (codec == nullptr || codec->kind != wish.kind)
            continue;
        for (const KnownEncoder& known : known_encoders()) {
            if (known.codec != codec->codec)
                continue;
            if (first_known == nullptr)
                first_known = &known;
            if (consider(known.factory, &known, *codec, wanted, wish, choice))
                return choice;
        }
    }
    if (first_known != nullptr && choice.passed_over.size() > 0) {
        const auto installed =
            Ref<GstElementFactory>::adopt(gst_element_factory_find(first_known->factory));
        if (!installed)
            return missing_factory(first_known->factory);
    }
    return Error{.code = ErrorCode::Unsupported,
                 .message = "No installed encoder gives what the codec preference asks for: widen "
                            "codec-caps of the pad, or video-caps or audio-caps of the element."};
}

} // namespace cf::gst

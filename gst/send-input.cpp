/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/send-input.hpp"

namespace cf::gst
{
namespace
{

using calls::MediaKind;

const char* kind_name(MediaKind kind)
{
    return kind == MediaKind::Audio ? "audio" : "video";
}

Error refused(MediaKind kind, const std::string& what)
{
    const bool audio = kind == MediaKind::Audio;
    return Error{.code = ErrorCode::Unsupported,
                 .message = std::string(audio ? "An audio" : "A video") +
                            " pad of cfcallssink cannot publish " + what + ": give it raw " +
                            kind_name(kind) + ", " + (audio ? "Opus" : "VP8, VP9 or H.264") +
                            ", or RTP of these; anything else has to be decoded first "
                            "(... ! decodebin ! cfcallssink)."};
}

const char* special_memory(const GstCaps* caps)
{
    const GstCapsFeatures* features = gst_caps_get_features(caps, 0);
    if (features == nullptr || gst_caps_features_is_any(features))
        return nullptr;
    for (guint i = 0; i < gst_caps_features_get_size(features); ++i) {
        const char* name = gst_caps_features_get_nth(features, i);
        if (g_str_has_prefix(name, "memory:") &&
            !g_str_equal(name, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY))
            return g_intern_string(name); // so that equal means equal
    }
    return nullptr;
}

Result<SendInput> read_rtp(MediaKind kind, const GstStructure* s)
{
    const char* encoding = gst_structure_get_string(s, "encoding-name");
    if (encoding == nullptr)
        return refused(kind, "RTP whose caps have no encoding-name");
    const CodecInfo* codec = codec_with_encoding_name(encoding);
    if (codec == nullptr || codec->kind != kind)
        return refused(kind, std::string(encoding) + " in RTP");
    return SendInput{.form = InputForm::Rtp, .codec = codec};
}

} // namespace

Ref<GstCaps> accepted_caps(MediaKind kind)
{
    const char* text =
        kind == MediaKind::Audio
            ? "audio/x-raw; audio/x-opus; "
              "application/x-rtp, media=(string)audio, encoding-name=(string)OPUS"
            : "video/x-raw; video/x-raw(ANY); video/x-vp8; video/x-h264; video/x-vp9; "
              "application/x-rtp, media=(string)video, "
              "encoding-name=(string){ VP8, H264, VP9 }";
    return Ref<GstCaps>::adopt(gst_caps_from_string(text));
}

Result<SendInput> read_input(MediaKind kind, const GstCaps* caps)
{
    const GstStructure* s = gst_caps_get_structure(caps, 0);
    const char* name = gst_structure_get_name(s);
    if (g_str_equal(name, "application/x-rtp"))
        return read_rtp(kind, s);
    const bool audio = kind == MediaKind::Audio;
    if (g_str_equal(name, audio ? "audio/x-raw" : "video/x-raw")) {
        SendInput input{.memory = special_memory(caps)};
        const char* interlacing = gst_structure_get_string(s, "interlace-mode");
        input.interlaced = interlacing != nullptr && !g_str_equal(interlacing, "progressive");
        return input;
    }
    const CodecInfo* codec = codec_with_caps_name(name);
    if (codec == nullptr || codec->kind != kind)
        return refused(kind, name);
    return SendInput{.form = InputForm::Encoded, .codec = codec};
}

} // namespace cf::gst

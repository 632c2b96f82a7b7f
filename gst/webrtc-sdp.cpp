/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/webrtc-sdp.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace cf::gst
{

namespace
{

// Extensions of received packets that GStreamer, or this plugin, does something with.
constexpr std::array<std::string_view, 4> kUsedExtensions = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
};

bool carries_media(const GstStructure* s)
{
    static constexpr std::array<std::string_view, 7> kHelpers = {
        "RTX", "RED", "ULPFEC", "FLEXFEC-03", "FLEXFEC", "CN", "TELEPHONE-EVENT"};
    const char* name = gst_structure_get_string(s, "encoding-name");
    return name == nullptr || std::find(kHelpers.begin(), kHelpers.end(), name) == kHelpers.end();
}

const GstSDPMedia* find_media(const GstSDPMessage* message, const std::string& mid)
{
    for (guint i = 0; i < gst_sdp_message_medias_len(message); ++i) {
        const GstSDPMedia* media = gst_sdp_message_get_media(message, i);
        if (mid == gst_sdp_media_get_attribute_val(media, "mid"))
            return media;
    }
    return nullptr;
}

} // namespace

Result<std::string> description_text(const GstStructure* reply, const char* field)
{
    GstWebRTCSessionDescription* description = nullptr;
    if (reply != nullptr)
        gst_structure_get(reply, field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, nullptr);
    const OwnedDescription owned{description};
    if (!owned)
        return Error{ErrorCode::Sdp, "webrtcbin made no session description.", field};
    const OwnedString text{gst_sdp_message_as_text(owned->sdp)};
    return std::string{text.get()};
}

Result<OwnedDescription> to_description(GstWebRTCSDPType type, const std::string& text)
{
    GstSDPMessage* message = nullptr;
    if (gst_sdp_message_new_from_text(text.c_str(), &message) != GST_SDP_OK)
        return Error{ErrorCode::Sdp, "The session description cannot be read by GStreamer."};
    return OwnedDescription{gst_webrtc_session_description_new(type, message)};
}

Ref<GstCaps> media_caps(const GstSDPMessage* message, const std::string& mid)
{
    const GstSDPMedia* media = find_media(message, mid);
    auto caps = Ref<GstCaps>::adopt(gst_caps_new_empty());
    for (guint i = 0; media != nullptr && i < gst_sdp_media_formats_len(media); ++i) {
        const int payload_type = std::atoi(gst_sdp_media_get_format(media, i));
        auto format = Ref<GstCaps>::adopt(gst_sdp_media_get_caps_from_media(media, payload_type));
        if (!format || gst_caps_is_empty(format.get()))
            continue;
        GstStructure* s = gst_structure_copy(gst_caps_get_structure(format.get(), 0));
        gst_structure_set_name(s, "application/x-rtp");
        if (carries_media(s))
            gst_caps_append_structure(caps.get(), s);
        else
            gst_structure_free(s);
    }
    return gst_caps_is_empty(caps.get()) ? nullptr : caps;
}

Ref<GstCaps> receiving_preferences(GstCaps* media, const sdp::MediaSection& section)
{
    auto caps = Ref<GstCaps>::adopt(gst_caps_copy(media));
    for (const auto& extension : section.extension_maps()) {
        if (std::find(kUsedExtensions.begin(), kUsedExtensions.end(), extension.uri) ==
            kUsedExtensions.end())
            continue;
        const std::string field = "extmap-" + std::to_string(extension.id);
        gst_caps_set_simple(caps.get(), field.c_str(), G_TYPE_STRING, extension.uri.c_str(),
                            nullptr);
    }
    return caps;
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/gst-error.hpp"

#include <array>
#include <string_view>

#include <gst/pbutils/pbutils.h>

namespace cf::gst
{
namespace
{

struct Mapping {
    GQuark domain;
    int code;
};

Mapping map(ErrorCode code)
{
    const GQuark resource = gst_resource_error_quark();
    const GQuark stream = gst_stream_error_quark();
    const GQuark core = gst_core_error_quark();
    switch (code) {
    case ErrorCode::InvalidArgument:
        return {resource, GST_RESOURCE_ERROR_SETTINGS};
    case ErrorCode::Unsupported:
        return {stream, GST_STREAM_ERROR_WRONG_TYPE};
    case ErrorCode::MissingPlugin:
        return {core, GST_CORE_ERROR_MISSING_PLUGIN};
    case ErrorCode::Unauthorized:
        return {resource, GST_RESOURCE_ERROR_NOT_AUTHORIZED};
    case ErrorCode::NotFound:
    case ErrorCode::TrackNotFound:
    case ErrorCode::TrackEmpty:
        return {resource, GST_RESOURCE_ERROR_NOT_FOUND};
    case ErrorCode::RateLimited:
        return {resource, GST_RESOURCE_ERROR_BUSY};
    case ErrorCode::Timeout:
    case ErrorCode::Network:
    case ErrorCode::Tls:
        return {resource, GST_RESOURCE_ERROR_OPEN_READ_WRITE};
    case ErrorCode::Protocol:
    case ErrorCode::Sdp:
        return {stream, GST_STREAM_ERROR_FORMAT};
    case ErrorCode::Conflict:
    case ErrorCode::State:
        return {core, GST_CORE_ERROR_STATE_CHANGE};
    case ErrorCode::Cancelled:
    case ErrorCode::NotReady:
    case ErrorCode::SessionGone:
    case ErrorCode::TooLarge:
    case ErrorCode::Server:
    case ErrorCode::Media:
        return {resource, GST_RESOURCE_ERROR_FAILED};
    case ErrorCode::Internal:
        break;
    }
    return {gst_library_error_quark(), GST_LIBRARY_ERROR_FAILED};
}

// How missing_factory() tells post() which one.
constexpr std::string_view kNoFactory = "no factory ";

void post(GstElement* element, GstMessageType type, const Error& error)
{
    if (error.code == ErrorCode::Cancelled)
        return;
    if (error.code == ErrorCode::MissingPlugin && error.debug.starts_with(kNoFactory)) {
        gst_element_post_message(element,
                                 gst_missing_element_message_new(
                                     element, error.debug.substr(kNoFactory.size()).c_str()));
    }
    const Mapping where = map(error.code);
    // Takes text, debug and details (transfer full).
    gst_element_message_full_with_details(
        element, type, where.domain, where.code, g_strdup(error.message.c_str()),
        error.debug.empty() ? nullptr : g_strdup(error.debug.c_str()), __FILE__, GST_FUNCTION,
        __LINE__, error_details(error).release());
}

struct Package {
    std::string_view prefix; ///< of the factory's name; the first that fits counts
    const char* package;
};
// Debian's packages; other distributions cut GStreamer along the same lines.
constexpr std::array kPackages{
    Package{"rtp", "gstreamer1.0-plugins-good"},
    Package{"vp8enc", "gstreamer1.0-plugins-good"},
    Package{"vp9enc", "gstreamer1.0-plugins-good"},
    Package{"deinterlace", "gstreamer1.0-plugins-good"},
    Package{"v4l2", "gstreamer1.0-plugins-good"},
    Package{"x264enc", "gstreamer1.0-plugins-ugly"},
    Package{"opusenc", "gstreamer1.0-plugins-base"},
    Package{"opusdec", "gstreamer1.0-plugins-base"},
    Package{"audio", "gstreamer1.0-plugins-base"},
    Package{"video", "gstreamer1.0-plugins-base"},
    Package{"gl", "gstreamer1.0-gl"},
    Package{"nice", "gstreamer1.0-nice"},
    Package{"avdec", "gstreamer1.0-libav"},
    Package{"avenc", "gstreamer1.0-libav"},
    Package{"vaapi", "gstreamer1.0-vaapi"},
    Package{"queue", "libgstreamer1.0-0"},
    Package{"clocksync", "libgstreamer1.0-0"},
    Package{"capsfilter", "libgstreamer1.0-0"},
    Package{"decodebin", "gstreamer1.0-plugins-base"},
    Package{"vp8dec", "gstreamer1.0-plugins-good"},
    Package{"vp9dec", "gstreamer1.0-plugins-good"},
};

const char* package_of(std::string_view factory)
{
    for (const Package& p : kPackages) {
        if (factory.starts_with(p.prefix))
            return p.package;
    }
    // webrtcbin, dtls, srtp, the parsers, openh264, VA, NVIDIA: the largest set by far.
    return "gstreamer1.0-plugins-bad";
}

} // namespace

void post_error(GstElement* element, const Error& error)
{
    post(element, GST_MESSAGE_ERROR, error);
}

void post_warning(GstElement* element, const Error& error)
{
    post(element, GST_MESSAGE_WARNING, error);
}

OwnedStructure error_details(const Error& error)
{
    OwnedStructure details(gst_structure_new("cfcalls-error", "error-code", G_TYPE_STRING,
                                             to_string(error.code), nullptr));
    if (error.http_status != 0)
        gst_structure_set(details.get(), "http-status", G_TYPE_UINT, error.http_status, nullptr);
    if (!error.api_code.empty())
        gst_structure_set(details.get(), "api-code", G_TYPE_STRING, error.api_code.c_str(),
                          nullptr);
    if (error.retry_after) {
        gst_structure_set(details.get(), "retry-after", G_TYPE_UINT64,
                          static_cast<guint64>(error.retry_after->count()), nullptr);
    }
    return details;
}

Result<Ref<GstElement>> make_element(const char* factory, const char* name)
{
    auto element = Ref<GstElement>::sink(gst_element_factory_make(factory, name));
    if (!element)
        return missing_factory(factory);
    return element;
}

Error missing_factory(const char* factory)
{
    const std::string name(factory);
    return Error{.code = ErrorCode::MissingPlugin,
                 .message = "The GStreamer element \"" + name +
                            "\" is missing: install the package that has it (on Debian " +
                            package_of(name) + ").",
                 .debug = std::string(kNoFactory) + name};
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/receive-output.hpp"

#include <utility>

#include "gst/gst-error.hpp"

namespace cf::gst
{

namespace
{

void set_if_there(GstElement* element, const char* property, int value)
{
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), property);
    if (spec != nullptr && G_IS_PARAM_SPEC_BOOLEAN(spec))
        g_object_set(element, property, gboolean{value != 0}, nullptr);
    else if (spec != nullptr && G_IS_PARAM_SPEC_INT(spec))
        g_object_set(element, property, value, nullptr);
}

void configure(GstElement* element)
{
    // Depayloaders of video: packets are missing, so the picture is broken until a key frame comes.
    set_if_there(element, "request-keyframe", 1);
    // Parsers of H.264 and H.265: who joins a recording or a stream later needs the headers too.
    set_if_there(element, "config-interval", -1);
    // Decoders: a broken stream is to be repaired, not to end.
    set_if_there(element, "max-errors", -1);
    set_if_there(element, "automatic-request-sync-points", 1);
    set_if_there(element, "output-corrupt", 0);
    // opusdec: conceals what was lost, from the packet that follows where it can.
    set_if_there(element, "plc", 1);
    set_if_there(element, "use-inband-fec", 1);
}

const char* encoding_name(GstCaps* rtp)
{
    const char* name = gst_structure_get_string(gst_caps_get_structure(rtp, 0), "encoding-name");
    return name != nullptr ? name : "?";
}

Error no_element(const char* what, const char* codec)
{
    return Error{ErrorCode::MissingPlugin,
                 std::string{"No "} + what + " for " + codec +
                     " is installed: on Debian install gstreamer1.0-plugins-good, "
                     "gstreamer1.0-plugins-bad and gstreamer1.0-libav, or take the track as RTP.",
                 std::string{what} + " " + codec};
}

} // namespace

Result<std::unique_ptr<ReceiveOutput>> ReceiveOutput::build(GstBin* bin, GstPad* rtp_src, Wish wish)
{
    std::unique_ptr<ReceiveOutput> self{new ReceiveOutput(std::move(wish))};
    CF_TRY(self->assemble(bin, rtp_src));
    return self;
}

// The last first, so that nothing is pushed into an element that is gone.
ReceiveOutput::~ReceiveOutput()
{
    if (!elements_.empty()) {
        const auto sink =
            Ref<GstPad>::adopt(gst_element_get_static_pad(elements_.front().get(), "sink"));
        if (const auto peer = Ref<GstPad>::adopt(gst_pad_get_peer(sink.get())))
            gst_pad_unlink(peer.get(), sink.get());
    }
    for (auto it = elements_.rbegin(); it != elements_.rend(); ++it) {
        gst_element_set_state(it->get(), GST_STATE_NULL);
        if (const auto bin = Ref<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(it->get()))))
            gst_bin_remove(GST_BIN(bin.get()), it->get());
    }
}

bool ReceiveOutput::fits(GstCaps* rtp) const
{
    return wish_.form == OutputForm::Rtp ||
           g_strcmp0(encoding_name(rtp), encoding_name(wish_.rtp.get())) == 0;
}

Status ReceiveOutput::assemble(GstBin* bin, GstPad* rtp_src)
{
    src_ = Ref<GstPad>::retain(rtp_src);
    if (wish_.form == OutputForm::Rtp)
        return ok_status();
    const char* codec = encoding_name(wish_.rtp.get());
    const auto depayloader = find_depayloader(wish_.rtp.get());
    const auto encoded = encoded_caps(wish_.rtp.get());
    if (!depayloader || !encoded)
        return no_element("depayloader", codec);
    CF_TRY(append(bin, depayloader, "depay"));
    if (const auto parser = find_parser(encoded.get()))
        CF_TRY(append(bin, parser, "parse"));
    if (wish_.form == OutputForm::Raw)
        CF_TRY(append_decoder(bin, encoded.get()));
    return ok_status();
}

Status ReceiveOutput::append(GstBin* bin, const Ref<GstElementFactory>& factory, const char* role)
{
    const std::string name = wish_.name + "-" + role;
    auto element = Ref<GstElement>::sink(gst_element_factory_create(factory.get(), name.c_str()));
    if (!element)
        return missing_factory(GST_OBJECT_NAME(factory.get()));
    configure(element.get());
    const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(element.get(), "sink"));
    auto src = Ref<GstPad>::adopt(gst_element_get_static_pad(element.get(), "src"));
    // READY finds out whether a device or a driver is there.
    if (!sink || !src ||
        gst_element_set_state(element.get(), GST_STATE_READY) == GST_STATE_CHANGE_FAILURE) {
        gst_element_set_state(element.get(), GST_STATE_NULL);
        return Error{ErrorCode::Unsupported, "The element " + name + " cannot be used here."};
    }
    if (!gst_bin_add(bin, element.get())) {
        gst_element_set_state(element.get(), GST_STATE_NULL);
        return Error{ErrorCode::State, "The element is being shut down."};
    }
    elements_.push_back(element);
    if (gst_pad_link_full(src_.get(), sink.get(), GST_PAD_LINK_CHECK_TEMPLATE_CAPS) !=
            GST_PAD_LINK_OK ||
        !gst_element_sync_state_with_parent(element.get()))
        return Error{ErrorCode::Media, "The element " + name + " could not be started."};
    src_ = std::move(src);
    return ok_status();
}

Status ReceiveOutput::append_decoder(GstBin* bin, GstCaps* encoded)
{
    const char* codec = encoding_name(wish_.rtp.get());
    for (const auto& decoder : find_decoders(encoded, wish_.accepted.get())) {
        const auto status = append(bin, decoder, "decode");
        if (status)
            return ok_status();
        // One that does not start, such as a hardware decoder without its device, leaves room for
        // the next.
        if (!elements_.empty() && status.error().code == ErrorCode::Media)
            return status;
    }
    return no_element("decoder", codec);
}

} // namespace cf::gst

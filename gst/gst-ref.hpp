/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Ref<T> and Owned<T> for the GStreamer types that this plugin holds; one line each.
#pragma once

#include <gst/gst.h>
#include <gst/sdp/sdp.h>
#include <gst/webrtc/webrtc.h>

#include "lib/base/ref.hpp"

CF_REF_GOBJECT(GstObject);
CF_REF_GOBJECT(GstElement);
CF_REF_GOBJECT(GstElementFactory);
CF_REF_GOBJECT(GstPluginFeature);
CF_REF_GOBJECT(GstBin);
CF_REF_GOBJECT(GstPad);
CF_REF_GOBJECT(GstPadTemplate);
CF_REF_GOBJECT(GstBus);
CF_REF_GOBJECT(GstClock);
CF_REF_GOBJECT(GstStream);
CF_REF_GOBJECT(GstStreamCollection);
CF_REF_GOBJECT(GstWebRTCRTPTransceiver);
CF_REF_GOBJECT(GstWebRTCDataChannel);
CF_REF_BOXED(GstCaps, gst_caps_ref, gst_caps_unref);
CF_REF_BOXED(GstBuffer, gst_buffer_ref, gst_buffer_unref);
CF_REF_BOXED(GstEvent, gst_event_ref, gst_event_unref);
CF_REF_BOXED(GstQuery, gst_query_ref, gst_query_unref);
CF_REF_BOXED(GstMessage, gst_message_ref, gst_message_unref);
CF_REF_BOXED(GstSample, gst_sample_ref, gst_sample_unref);
CF_REF_BOXED(GstPromise, gst_promise_ref, gst_promise_unref);
CF_REF_BOXED(GstTagList, gst_tag_list_ref, gst_tag_list_unref);

namespace cf::gst
{

using OwnedStructure = Owned<GstStructure, gst_structure_free>;
using OwnedDescription = Owned<GstWebRTCSessionDescription, gst_webrtc_session_description_free>;
using OwnedSdpMessage = Owned<GstSDPMessage, gst_sdp_message_free>;

} // namespace cf::gst

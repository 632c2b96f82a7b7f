/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CF_CALLS_SINK_PAD (gst_cf_calls_sink_pad_get_type())
G_DECLARE_FINAL_TYPE(GstCfCallsSinkPad, gst_cf_calls_sink_pad, GST, CF_CALLS_SINK_PAD, GstGhostPad)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CF_CALLS_SINK (gst_cf_calls_sink_get_type())
G_DECLARE_FINAL_TYPE(GstCfCallsSink, gst_cf_calls_sink, GST, CF_CALLS_SINK, GstBin)

G_END_DECLS

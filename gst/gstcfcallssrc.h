/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CF_CALLS_SRC (gst_cf_calls_src_get_type())
G_DECLARE_FINAL_TYPE(GstCfCallsSrc, gst_cf_calls_src, GST, CF_CALLS_SRC, GstBin)

G_END_DECLS

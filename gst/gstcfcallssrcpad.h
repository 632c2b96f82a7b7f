/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CF_CALLS_SRC_PAD (gst_cf_calls_src_pad_get_type())
G_DECLARE_FINAL_TYPE(GstCfCallsSrcPad, gst_cf_calls_src_pad, GST, CF_CALLS_SRC_PAD, GstGhostPad)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/elements.hpp"

#include "gst/element-session.hpp"
#include "gst/gstcfcallssink.h"
#include "gst/gstcfcallssrc.h"
#include "gst/log-bridge.hpp"

namespace cf::gst
{

bool register_elements(GstPlugin* plugin)
{
    connect_log();
    set_backend(default_backend());
    return gst_element_register(plugin, "cfcallssink", GST_RANK_NONE, GST_TYPE_CF_CALLS_SINK) &&
           gst_element_register(plugin, "cfcallssrc", GST_RANK_NONE, GST_TYPE_CF_CALLS_SRC);
}

} // namespace cf::gst

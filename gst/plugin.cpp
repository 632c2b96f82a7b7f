/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * plugin-cfcalls:
 *
 * Publishes to and pulls from Cloudflare Calls (Cloudflare Realtime SFU).
 *
 * Since: 0.1
 */
#include <gst/gst.h>

#include "config.h"
#include "gst/elements.hpp"

namespace
{

gboolean plugin_init(GstPlugin* plugin)
{
    return cf::gst::register_elements(plugin) ? TRUE : FALSE;
}

} // namespace

#define PACKAGE CF_PACKAGE
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, cfcalls,
                  "Cloudflare Calls (Realtime SFU): publish and pull tracks", plugin_init,
                  CF_VERSION, "LGPL", CF_PACKAGE, "https://developers.cloudflare.com/realtime/sfu/")

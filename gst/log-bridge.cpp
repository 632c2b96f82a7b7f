/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/log-bridge.hpp"

#include <array>
#include <cstring>

#include <gst/gst.h>

#include "lib/base/log.hpp"

namespace cf::gst
{
namespace
{

struct Bridge {
    const char* lib_name;
    const char* name;
    const char* description;
    GstDebugCategory* category;
};
// Filled by connect_log(), before anybody logs; read only afterwards.
std::array bridges{
    Bridge{"http", "cfcalls-http", "Calls API requests", nullptr},
    Bridge{"calls", "cfcalls-calls", "Calls API client", nullptr},
    Bridge{"session", "cfcalls-session", "Calls sessions", nullptr},
    Bridge{"sdp", "cfcalls-sdp", "session descriptions", nullptr},
    Bridge{"room", "cfcalls-room", "rooms", nullptr},
};

GstDebugCategory* category_of(const char* lib_name)
{
    for (const Bridge& b : bridges) {
        if (std::strcmp(b.lib_name, lib_name) == 0)
            return b.category;
    }
    return bridges[1].category;
}

GstDebugLevel level_of(LogLevel level)
{
    switch (level) {
    case LogLevel::Error:
        return GST_LEVEL_ERROR;
    case LogLevel::Warning:
        return GST_LEVEL_WARNING;
    case LogLevel::Info:
        return GST_LEVEL_INFO;
    case LogLevel::Debug:
        return GST_LEVEL_DEBUG;
    case LogLevel::Log:
        break;
    }
    return GST_LEVEL_LOG;
}

bool wanted(LogLevel level, const char* category)
{
    return level_of(level) <= gst_debug_category_get_threshold(category_of(category));
}

void write(LogLevel level, const char* category, const char* object, const std::string& text)
{
    gst_debug_log(category_of(category), level_of(level), __FILE__, GST_FUNCTION, __LINE__, nullptr,
                  "<%s> %s", object != nullptr ? object : "", text.c_str());
}

} // namespace

void connect_log()
{
    static gsize once = 0;
    if (!g_once_init_enter(&once))
        return;
    for (Bridge& b : bridges)
        b.category = _gst_debug_category_new(b.name, 0, b.description);
    set_log_sink(write, wanted);
    g_once_init_leave(&once, 1);
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/log.hpp"

#include <atomic>
#include <cstdarg>

#include "lib/base/ref.hpp"

namespace cf
{

namespace
{

std::atomic<LogSink> g_sink = nullptr;
std::atomic<LogFilter> g_filter = nullptr;

} // namespace

void set_log_sink(LogSink sink, LogFilter filter)
{
    g_filter = filter;
    g_sink = sink;
}

bool log_enabled(LogLevel level, const char* category)
{
    const LogFilter filter = g_filter;
    return g_sink != nullptr && (filter == nullptr || filter(level, category));
}

void log_printf(LogLevel level, const char* category, const char* object, const char* format, ...)
{
    const LogSink sink = g_sink;
    if (sink == nullptr)
        return;
    va_list args;
    va_start(args, format);
    const OwnedString text{g_strdup_vprintf(format, args)};
    va_end(args);
    sink(level, category, object, text.get());
}

} // namespace cf

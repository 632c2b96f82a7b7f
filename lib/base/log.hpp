/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Logging for lib/, which knows nothing of GStreamer: the plugin connects a sink that feeds
// GStreamer's debug log; programs without GStreamer connect one of their own, or none.
#pragma once

#include <string>

#include <glib.h>

namespace cf
{

/// As GStreamer uses them: Error: something failed for good. Warning: carried on, degraded. Info:
/// once per session. Debug: each state change and request line. Log: SDP and JSON, redacted.
enum class LogLevel { Error, Warning, Info, Debug, Log };

/// @p category is one of "http", "calls", "session", "sdp", "room"; a string literal.
using LogSink = void (*)(LogLevel level, const char* category, const char* object,
                         const std::string& text);
/// Whether anybody wants records of @p level; lets the caller skip formatting.
using LogFilter = bool (*)(LogLevel level, const char* category);

/// Set once at start-up, before other threads log.
void set_log_sink(LogSink sink, LogFilter filter);
[[nodiscard]] bool log_enabled(LogLevel level, const char* category);
/// @p object names what logs (an element's name, a session's short id). Any thread.
void log_printf(LogLevel level, const char* category, const char* object, const char* format, ...)
    G_GNUC_PRINTF(4, 5);

} // namespace cf

#define CF_LOG_AT(level, category, object, ...)                                                    \
    do {                                                                                           \
        if (cf::log_enabled(level, category))                                                      \
            cf::log_printf(level, category, object, __VA_ARGS__);                                  \
    } while (false)
#define CF_ERROR(category, object, ...)                                                            \
    CF_LOG_AT(cf::LogLevel::Error, category, object, __VA_ARGS__)
#define CF_WARNING(category, object, ...)                                                          \
    CF_LOG_AT(cf::LogLevel::Warning, category, object, __VA_ARGS__)
#define CF_INFO(category, object, ...) CF_LOG_AT(cf::LogLevel::Info, category, object, __VA_ARGS__)
#define CF_DEBUG(category, object, ...)                                                            \
    CF_LOG_AT(cf::LogLevel::Debug, category, object, __VA_ARGS__)
#define CF_LOG(category, object, ...) CF_LOG_AT(cf::LogLevel::Log, category, object, __VA_ARGS__)

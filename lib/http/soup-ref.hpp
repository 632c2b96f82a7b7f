/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Ref<T> for libsoup's types and for those of GIO that only HTTP needs.
#pragma once

#include <libsoup/soup.h>

#include "lib/base/ref.hpp"

CF_REF_GOBJECT(SoupSession);
CF_REF_GOBJECT(SoupMessage);
CF_REF_GOBJECT(SoupCookieJar);
CF_REF_GOBJECT(GTlsDatabase);
CF_REF_GOBJECT(GSocketConnectable);
CF_REF_GOBJECT(GProxyResolver);
CF_REF_BOXED(GDateTime, g_date_time_ref, g_date_time_unref);

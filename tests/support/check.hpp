/* SPDX-License-Identifier: LGPL-2.1-or-later */
// gst-check for C++: include this instead of <gst/check/gstcheck.h>, in any order.
#pragma once

#include <gst/check/gstcheck.h>

// libcheck's old name for ck_abort_msg() would rewrite std::ios::fail() in every standard header
// that comes after.
#undef fail

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// gst-check for C++: its macro fail() would break every <istream> that is included later, and
// fail_unless_equals_string() keeps pointers into temporaries that are gone.
#pragma once

#include <string>

#include <gst/check/gstcheck.h>

#undef fail

/// Compares two texts of any kind.
#define fail_unless_equals_text(a, b)                                                              \
    do {                                                                                           \
        const std::string cf_text_a{a};                                                            \
        const std::string cf_text_b{b};                                                            \
        fail_unless(cf_text_a == cf_text_b, "'" #a "' is\n%s\nand not\n%s", cf_text_a.c_str(),     \
                    cf_text_b.c_str());                                                            \
    } while (false)

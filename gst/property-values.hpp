/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Between what a property holds and what we hold.
#pragma once

#include "gst/gst-ref.hpp"
#include "lib/base/executor.hpp"
#include "lib/calls/credentials.hpp"

namespace cf::gst
{

/// The fields of @p structure (nullable) as text; a field that cannot be text is left out.
[[nodiscard]] calls::NameValueList names_and_values(const GstStructure* structure);

/// The way back (null if there is nothing), with the values hidden if @p redacted.
[[nodiscard]] OwnedStructure structure_of(const char* name, const calls::NameValueList& list,
                                          bool redacted);

[[nodiscard]] inline guint milliseconds_value(Milliseconds t)
{
    return static_cast<guint>(t.count());
}

} // namespace cf::gst

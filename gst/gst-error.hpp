/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Where an Error leaves the project: the one place that posts ERROR and WARNING messages.
#pragma once

#include "gst/gst-ref.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

/// Posts @p error as an ERROR message of @p element, with a details structure `cfcalls-error`
/// (error-code; http-status, api-code and retry-after in ms where known). Cancelled is never
/// posted. No lock may be held. Any thread.
void post_error(GstElement* element, const Error& error);
/// The same as a WARNING: something is being retried, or only one track is affected.
void post_warning(GstElement* element, const Error& error);

/// `cfcalls-error` with the fields above, for details and for element messages.
[[nodiscard]] OwnedStructure error_details(const Error& error);

/// An element from @p factory, floating reference sunk, or MissingPlugin with the name of the
/// Debian package. @p name may be null.
[[nodiscard]] Result<Ref<GstElement>> make_element(const char* factory, const char* name);
/// The MissingPlugin error about @p factory. When it is posted, the missing-plugin message that
/// installers listen for goes before it.
[[nodiscard]] Error missing_factory(const char* factory);

} // namespace cf::gst

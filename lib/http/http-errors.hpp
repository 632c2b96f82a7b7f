/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What libsoup and GIO report, as errors that tell the user what to do.
#pragma once

#include <chrono>
#include <cstddef>

#include "lib/base/result.hpp"
#include "lib/http/soup-ref.hpp"

namespace cf::http
{

/// How far a request had come when it failed.
struct FailureContext {
    bool sent = false;                     ///< its first byte was written
    bool has_status = false;               ///< the head of the response had arrived
    bool through_proxy = false;            ///< a proxy stands between us and the service
    GTlsCertificateFlags certificate = {}; ///< what was wrong with the server's
};

/// Takes @p error (transfer full) in.
[[nodiscard]] Error to_error(GError* error, const FailureContext& context);
/// GIO has no TLS backend. Takes @p error (transfer full) in.
[[nodiscard]] Error no_tls_error(GError* error);

[[nodiscard]] Error cancelled_error();
[[nodiscard]] Error timeout_error(std::chrono::milliseconds timeout, bool sent);
[[nodiscard]] Error too_large_error(std::size_t limit);
/// A proxy answered in place of the service.
[[nodiscard]] Error proxy_refused_error(unsigned status);

} // namespace cf::http

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// TlsTrust: a CA to trust besides the system's. I/O thread only.
#pragma once

#include <string>

#include "lib/base/result.hpp"
#include "lib/http/soup-ref.hpp"

namespace cf::http
{

/// GIO's databases replace each other, so the system's stays in place and this one is asked about
/// certificates that the system refused. It verifies everything anew: chain, name and dates.
class TlsTrust
{
public:
    /// Reads a PEM file of one or more CA certificates.
    [[nodiscard]] static Result<TlsTrust> from_file(const std::string& path);

    /// Whether @p certificate, which the server of @p uri showed, is good by this CA.
    [[nodiscard]] bool accepts(GTlsCertificate* certificate, GUri* uri) const;

private:
    explicit TlsTrust(Ref<GTlsDatabase> database) : database_(std::move(database)) {}
    Ref<GTlsDatabase> database_;
};

} // namespace cf::http

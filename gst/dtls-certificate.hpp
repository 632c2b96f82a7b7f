/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The two certificates of a DTLS connection: ours, which takes long to make, and the SFU's, which
// somebody has to compare with the session description.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/executor.hpp"
#include "lib/base/result.hpp"
#include "lib/sdp/media-section.hpp"

namespace cf::gst
{

/// Runs @p task on @p executor as soon as the process's DTLS certificate exists, generating it in
/// a thread of its own if nobody has yet (warm_up_certificate() in peer-context.hpp). webrtcbin
/// would generate it under its own lock, and every call to it would wait meanwhile. Any thread.
void when_certificate_ready(std::shared_ptr<Executor> executor, Executor::Task task);

/// P4: GStreamer before 1.28.5 takes any certificate, so we compare. @p pem is what webrtcbin's
/// transport shows as `remote-certificate`. Errors: Tls when it does not match, or when the
/// description uses a hash that GLib does not have.
[[nodiscard]] Status check_certificate(std::string_view pem, const sdp::Fingerprint& expected);

} // namespace cf::gst

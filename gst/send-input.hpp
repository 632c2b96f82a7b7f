/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What arrives at a pad of cfcallssink, read from its caps.
#pragma once

#include "gst/codec-table.hpp"
#include "gst/gst-ref.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

enum class InputForm {
    Raw,     ///< to be encoded
    Encoded, ///< to be sent as it is
    Rtp,     ///< the same, out of somebody else's packets
};

struct SendInput {
    InputForm form = InputForm::Raw;
    const CodecInfo* codec = nullptr; ///< null for Raw
    bool interlaced = false;
    /// The caps feature other than system memory, such as "memory:GLMemory" (nullable).
    const char* memory = nullptr;

    /// Whether a chain built for this does for @p next as well.
    [[nodiscard]] bool covers(const SendInput& next) const
    {
        return form == next.form && codec == next.codec && memory == next.memory &&
               (interlaced || !next.interlaced);
    }
};

/// What a pad of @p kind takes, for its template. (transfer full)
[[nodiscard]] Ref<GstCaps> accepted_caps(calls::MediaKind kind);

/// Reads fixed caps; for what cannot be published, an error with a way out.
[[nodiscard]] Result<SendInput> read_input(calls::MediaKind kind, const GstCaps* caps);

} // namespace cf::gst

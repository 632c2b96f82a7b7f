/* SPDX-License-Identifier: LGPL-2.1-or-later */
// PayloadTypes: which RTP payload type a track gets. All tracks of a session share one transport
// (BUNDLE), in which one number must mean one configuration only (RFC 8843 9.1).
#pragma once

#include <map>
#include <string>
#include <utility>

#include "gst/codec-table.hpp"
#include "lib/base/mutex.hpp"

namespace cf::gst
{

/// Any thread. Lives as long as the element: a configuration keeps its number while sessions and
/// pads come and go.
class PayloadTypes
{
public:
    /// The number for @p codec configured as @p variant says (an opaque text; equal texts share a
    /// number). When the codec's numbers are used up, the first of them.
    [[nodiscard]] unsigned number_for(const CodecInfo& codec, const std::string& variant);

private:
    mutable Mutex mu_; // guards what follows; nothing is called under it
    std::map<std::pair<Codec, std::string>, unsigned> numbers_ CF_GUARDED_BY(mu_);
};

} // namespace cf::gst

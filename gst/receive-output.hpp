/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ReceiveOutput: what turns a track's RTP into what downstream takes:
//
//   rtp:                                    (nothing)
//   encoded:   depayload ! (parse)
//   raw:       depayload ! (parse) ! decode
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gst/receive-formats.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

/// Built, used and taken down on one thread at a time: the track's streaming thread, or after that
/// has ended.
class ReceiveOutput
{
public:
    struct Wish {
        OutputForm form = OutputForm::Raw;
        std::string name;      ///< of the pad; the elements are called after it
        Ref<GstCaps> rtp;      ///< what arrives (fixed)
        Ref<GstCaps> accepted; ///< what the pad's peer takes
    };

    /// Adds the elements to @p bin, behind @p rtp_src. MissingPlugin when one is not installed.
    [[nodiscard]] static Result<std::unique_ptr<ReceiveOutput>> build(GstBin* bin, GstPad* rtp_src,
                                                                      Wish wish);
    ~ReceiveOutput();
    ReceiveOutput(const ReceiveOutput&) = delete;
    ReceiveOutput& operator=(const ReceiveOutput&) = delete;

    [[nodiscard]] OutputForm form() const { return wish_.form; }
    /// Whether packets of @p rtp can go on through this.
    [[nodiscard]] bool fits(GstCaps* rtp) const;
    /// Where the media comes out.
    [[nodiscard]] GstPad* src() const { return src_.get(); }

private:
    explicit ReceiveOutput(Wish wish) : wish_(std::move(wish)) {}
    [[nodiscard]] Status assemble(GstBin* bin, GstPad* rtp_src);
    [[nodiscard]] Status append(GstBin* bin, const Ref<GstElementFactory>& factory,
                                const char* role);
    [[nodiscard]] Status append_decoder(GstBin* bin, GstCaps* encoded);

    const Wish wish_;
    std::vector<Ref<GstElement>> elements_; // in the order of the flow
    Ref<GstPad> src_;
};

} // namespace cf::gst

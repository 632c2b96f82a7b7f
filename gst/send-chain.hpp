/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SendChain: what stands between a pad of cfcallssink and webrtcbin, for one kind of input:
//
//   queue ! clocksync ! (download) ! (convert ! encode | depayload) ! (parse) ! payload ! guard
//
// The queue gives the pad a thread of its own and keeps a slow track from holding up the others.
// The clocksync makes files go out in real time; the latency of live sources is not added to. The
// gate sits on the payloader.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gst/encoders.hpp"
#include "gst/mute-filler.hpp"
#include "gst/payload-types.hpp"
#include "gst/send-gate.hpp"
#include "gst/send-input.hpp"
#include "gst/slot.hpp"

namespace cf::gst
{

/// What the user wants of one track; fixed when its chain is built, but for the bitrate.
struct SendWish {
    std::string pad_name;
    calls::MediaKind kind = calls::MediaKind::Video;
    Ref<GstCaps> codecs;  ///< for raw input: encoded caps, the one to prefer first
    std::string encoder;  ///< factory; empty: any
    unsigned bitrate = 0; ///< bit/s of the encoder; 0: as the codec likes
    bool opus_dtx = false;
    bool opus_fec = false;
    bool opus_stereo = true;
    bool retransmission = true;
    bool live = false; ///< the source does not wait: drop rather than delay
    std::shared_ptr<PayloadTypes> payload_types; ///< of the session; null: each codec's first
};

/// What is told of a chain; streaming threads.
struct SendChainEvents {
    /// The RTP caps are known: the slot may be published. Once.
    std::function<void()> on_ready;
    /// The last packet of the stream is through. Once.
    std::function<void()> on_eos;
    /// The stream cannot be published after all. Once.
    std::function<void(Error)> on_unusable;
    /// The application's own set-up; true: leave ours. (Also called with the payloader.)
    std::function<bool(GstElement* encoder)> setup_encoder;
    std::function<bool(GstElement* payloader)> setup_payloader;
};

/// Made and taken down by one thread at a time; the SendingSlot half from any thread.
class SendChain final : public SendingSlot
{
public:
    /// Builds the chain as one bin, in state NULL, for @p caps (fixed).
    static Result<std::shared_ptr<SendChain>> build(SlotId id, const SendWish& wish,
                                                    const SendInput& input, const GstCaps* caps,
                                                    SendChainEvents events);
    ~SendChain() override;

    [[nodiscard]] GstBin* bin() const { return bin_.get(); }
    [[nodiscard]] Ref<GstPad> input_pad() const;
    [[nodiscard]] const SendInput& input() const { return input_; }
    [[nodiscard]] const CodecInfo& codec() const { return *codec_; }
    /// Factory of the encoder; empty if the input is sent as it is.
    [[nodiscard]] const std::string& encoder_name() const { return encoder_name_; }
    void set_bitrate(unsigned bits_per_second);
    /// @p fill: with black or silence, where the input is raw; else nothing is sent.
    void set_muted(bool muted, bool fill);
    void request_key_frame() { gate_->request_key_frame(); }
    [[nodiscard]] SendGate::Counters counters() const { return gate_->counters(); }

    [[nodiscard]] SlotId id() const override { return id_; }
    [[nodiscard]] calls::MediaKind kind() const override { return codec_->kind; }
    [[nodiscard]] Ref<GstCaps> rtp_caps() const override;
    [[nodiscard]] Ref<GstCaps> signalled_caps() const override;
    [[nodiscard]] bool retransmission() const override { return wish_.retransmission; }
    [[nodiscard]] Ref<GstPad> gate_src() const override;
    void set_gate(bool open) override { gate_->set_open(open); }

private:
    SendChain(SlotId id, const SendWish& wish, const SendInput& input, SendChainEvents events);
    Status assemble(const GstCaps* caps);
    Status append_frame_dropper();
    Status add_encoding(const GstCaps* caps);
    Status add_conversion(const GstCaps* caps, const EncoderChoice& choice);
    Status add_payloader(const GstCaps* caps);
    [[nodiscard]] std::string variant(const GstCaps* caps) const;
    Result<GstElement*> append(const char* factory);
    Status append_element(Ref<GstElement> element);
    Status append_filter(Ref<GstCaps> caps);
    Status close_ends();
    void attach_gate();
    void on_rtp_caps(GstCaps* caps);

    const SlotId id_;
    const SendWish wish_;
    const SendInput input_;
    const SendChainEvents events_;
    const Ref<GstBin> bin_;
    const CodecInfo* codec_ = nullptr;
    std::string encoder_name_;
    std::string encoded_as_; ///< the constraints on its output
    const KnownEncoder* known_encoder_ = nullptr;
    bool stereo_ = false;

    // Children of bin_, in the order of the flow while it is put together.
    GstElement* first_ = nullptr;
    GstElement* last_ = nullptr;
    GstElement* encoder_ = nullptr;
    GstElement* payloader_ = nullptr;
    std::shared_ptr<SendGate> gate_;
    std::shared_ptr<MuteFiller> filler_; ///< of raw input

    mutable Mutex mu_; // guards what follows; nothing is called under it
    Ref<GstCaps> rtp_caps_ CF_GUARDED_BY(mu_);
};

} // namespace cf::gst

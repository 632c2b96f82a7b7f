/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Which encoder is taken, and how it is set up for a live conversation: low delay, constant rate,
// key frames when somebody asks for one.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gst/codec-table.hpp"
#include "gst/gst-ref.hpp"
#include "lib/base/result.hpp"

namespace cf::gst
{

struct EncoderSetting {
    const char* property;
    const char* value; ///< as gst-launch takes it
};

/// One encoder that we know. A property that this version of it does not have is left alone.
struct KnownEncoder {
    const char* factory;
    Codec codec;
    const char* bitrate_property;
    unsigned bitrate_unit;             ///< bit/s that 1 stands for
    const char* key_interval_property; ///< in frames; nullptr: none
    const char* output_caps;           ///< what to ask of it; nullptr: anything
    bool even_size;                    ///< refuses odd widths and heights
    std::span<const EncoderSetting> settings;
};

/// All of them; of those for one codec, the one to prefer first.
[[nodiscard]] std::span<const KnownEncoder> known_encoders();

struct EncoderWish {
    calls::MediaKind kind = calls::MediaKind::Video;
    Ref<GstCaps> codecs;          ///< encoded caps, the one to prefer first
    std::string pinned;           ///< factory that the user wants; empty: any
    const char* memory = nullptr; ///< what the input lies in; nullptr: system memory
};

struct EncoderChoice {
    std::string factory;
    const CodecInfo* codec = nullptr;
    const KnownEncoder* known = nullptr; ///< null: a pinned one that is not in our table
    /// It takes EncoderWish::memory as it is; else the input has to be downloaded first.
    bool takes_memory = true;
    /// Further constraints on its output, from EncoderWish::codecs (nullable).
    Ref<GstCaps> output;
    std::vector<std::string> passed_over; ///< why the ones before it were not taken
};

[[nodiscard]] Result<EncoderChoice> choose_encoder(const EncoderWish& wish);

struct OpusTuning {
    bool dtx = false;
    bool fec = false;
};

/// Our settings for @p known, except the bitrate.
void configure_encoder(GstElement* encoder, const KnownEncoder& known, const OpusTuning& opus);
/// Within what the encoder accepts.
void set_encoder_bitrate(GstElement* encoder, const KnownEncoder& known, unsigned bits_per_second);

} // namespace cf::gst

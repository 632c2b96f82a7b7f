/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/media-compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstddef>

#include "lib/base/ref.hpp"
#include "tests/support/media-compare-audio.hpp"
#include "tests/support/media-compare-video.hpp"

namespace cf::media
{

namespace
{

// A second may be this much louder than the source's: more is noise that was not there, dB.
constexpr double kExcessLevel = 12;

std::string print(const char* format, ...) G_GNUC_PRINTF(1, 2);
std::string print(const char* format, ...)
{
    va_list args;
    va_start(args, format);
    const OwnedString text{g_strdup_vprintf(format, args)};
    va_end(args);
    return text.get();
}

const Stretch* longest(const std::vector<Stretch>& list)
{
    const auto it = std::max_element(
        list.begin(), list.end(), [](const auto& a, const auto& b) { return a.length < b.length; });
    return it == list.end() ? nullptr : &*it;
}

void relate(Report& report)
{
    if (!report.video || !report.audio || report.video->received_frames == 0)
        return;
    report.av_offset = report.video->lag - report.audio->lag;
    const double start = report.video->received_start;
    const auto& lags = report.video->lag_per_second;
    for (const auto& second : report.audio->seconds) {
        const double at = std::floor(second.start + 0.5 - start);
        if (!second.matched || at < 0 || at >= static_cast<double>(lags.size()))
            continue;
        const double offset = lags[static_cast<std::size_t>(at)] - second.lag;
        if (std::abs(offset) > std::abs(report.av_offset_worst))
            report.av_offset_worst = offset;
    }
}

void judge_video(const VideoReport& v, const Limits& limits, std::vector<std::string>& bad)
{
    if (v.received_frames == 0) {
        bad.push_back("no picture arrived");
        return;
    }
    if (v.received_size != v.source_size)
        bad.push_back(print("the picture is %dx%d, the source's %dx%d", v.received_size.width,
                            v.received_size.height, v.source_size.width, v.source_size.height));
    if (v.psnr_average < limits.psnr_average)
        bad.push_back(print("the picture's average PSNR is %.1f dB, less than %.1f", v.psnr_average,
                            limits.psnr_average));
    if (v.psnr_worst_second < limits.psnr_worst_second)
        bad.push_back(print("the picture's worst second has a PSNR of %.1f dB, less than %.1f",
                            v.psnr_worst_second, limits.psnr_worst_second));
    if (v.psnr_chroma < limits.psnr_chroma)
        bad.push_back(print("the colours' average PSNR is %.1f dB, less than %.1f", v.psnr_chroma,
                            limits.psnr_chroma));
    if (const Stretch* s = longest(v.frozen); s != nullptr && s->length > limits.freeze)
        bad.push_back(print("the picture stands still for %.2f s at %.2f s", s->length, s->start));
    if (const Stretch* s = longest(v.missing); s != nullptr && s->length > limits.freeze)
        bad.push_back(
            print("%.2f s of the source's picture at %.2f s are missing", s->length, s->start));
    if (v.missing_head > limits.head)
        bad.push_back(print("the first %.2f s of the picture are missing", v.missing_head));
    if (v.missing_tail > limits.tail)
        bad.push_back(print("the last %.2f s of the picture are missing", v.missing_tail));
    if (v.received_rate < limits.rate * v.source_rate)
        bad.push_back(print("%.1f frames/s arrive of %.1f", v.received_rate, v.source_rate));
    if (v.backward > 0)
        bad.push_back(print("%u frames are not later than the frame before", v.backward));
}

void judge_audio(const AudioReport& a, const Limits& limits, std::vector<std::string>& bad)
{
    const auto loud = [](const AudioReport::Second& s) { return !s.silent; };
    if (std::none_of(a.seconds.begin(), a.seconds.end(), loud)) {
        bad.push_back("no sound arrived that could be compared");
        return;
    }
    // Sound may begin before the picture, which waits for a key frame, but both have to get there.
    if (a.missing_head > limits.head)
        bad.push_back(print("the first %.2f s of the sound are missing", a.missing_head));
    if (a.missing_tail > limits.tail)
        bad.push_back(print("the last %.2f s of the sound are missing", a.missing_tail));
    if (a.correlation < limits.correlation)
        bad.push_back(print("the sound's correlation with the source is %.2f, less than %.2f",
                            a.correlation, limits.correlation));
    for (const auto& s : a.seconds) {
        if (loud(s) && s.correlation < limits.correlation_second) {
            bad.push_back(print("the sound at %.1f s is not the source's (correlation %.2f)",
                                s.start, s.correlation));
            break;
        }
    }
    for (const auto& s : a.seconds) {
        if (s.excess_level > kExcessLevel) {
            bad.push_back(print("the sound at %.1f s is %.0f dB louder than the source", s.start,
                                s.excess_level));
            break;
        }
    }
}

} // namespace

Result<Report> compare(MediaSource& source, MediaSource& received)
{
    Report report;
    CF_TRY_LET(auto source_pictures, source.pictures({}));
    report.source_has_video = source_pictures != nullptr;
    source_pictures.reset();
    CF_TRY_LET(auto received_pictures, received.pictures({}));
    const bool has_video = received_pictures != nullptr;
    received_pictures.reset();
    if (report.source_has_video && has_video) {
        CF_TRY_LET(report.video, compare_video(source, received));
    }
    CF_TRY_LET(const auto source_sound, source.sound());
    CF_TRY_LET(const auto received_sound, received.sound());
    report.source_has_audio = source_sound.has_value();
    if (source_sound && received_sound)
        report.audio = compare_audio(*source_sound, *received_sound);
    relate(report);
    return report;
}

std::vector<std::string> judge(const Report& report, const Limits& limits)
{
    std::vector<std::string> bad;
    if (!report.source_has_video && !report.source_has_audio)
        bad.push_back("the source has neither picture nor sound");
    if (report.video)
        judge_video(*report.video, limits, bad);
    else if (report.source_has_video)
        bad.push_back("no picture arrived");
    if (report.audio)
        judge_audio(*report.audio, limits, bad);
    else if (report.source_has_audio)
        bad.push_back("no sound arrived");
    if (report.video && report.audio) {
        const double offset =
            std::max(std::abs(report.av_offset), std::abs(report.av_offset_worst));
        if (offset > limits.av_offset)
            bad.push_back(print(
                "picture and sound are %.0f ms apart (at worst %.0f), more than %.0f",
                report.av_offset * 1000, report.av_offset_worst * 1000, limits.av_offset * 1000));
    }
    return bad;
}

std::string to_text(const Report& report)
{
    std::string text;
    if (report.video) {
        const VideoReport& v = *report.video;
        text +=
            print("picture    %u of %u source frames, %dx%d, %.1f frames/s\n", v.received_frames,
                  v.source_frames, v.received_size.width, v.received_size.height, v.received_rate);
        text += print("           PSNR %.1f dB on average, %.1f in the worst second, %.1f in the "
                      "worst frame\n",
                      v.psnr_average, v.psnr_worst_second, v.psnr_minimum);
        const Stretch* frozen = longest(v.frozen);
        const Stretch* missing = longest(v.missing);
        text += print("           longest freeze %.2f s, longest loss %.2f s, %u repeated frames; "
                      "joined %.2f s in, left %.2f s before the end\n",
                      frozen != nullptr ? frozen->length : 0.0,
                      missing != nullptr ? missing->length : 0.0, v.duplicates, v.missing_head,
                      v.missing_tail);
    }
    if (report.audio) {
        const AudioReport& a = *report.audio;
        text +=
            print("sound      %.1f s, correlation with the source %.3f, drift %+.0f ppm; joined "
                  "%.2f s in, left %.2f s before the end\n",
                  a.received_length, a.correlation, a.drift_ppm, a.missing_head, a.missing_tail);
    }
    if (report.video && report.audio)
        text += print("together   picture %+.0f ms against the sound, at worst %+.0f ms\n",
                      report.av_offset * 1000, report.av_offset_worst * 1000);
    return text;
}

} // namespace cf::media

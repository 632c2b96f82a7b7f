/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/media-compare-audio.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>

#include <gst/fft/gstfftf32.h>

#include "lib/base/ref.hpp"

namespace cf::media
{

namespace
{

using OwnedFft = Owned<GstFFTF32, gst_fft_f32_free>;
using Samples = std::span<const float>;

// How far a second's own lag may be from the recording's.
constexpr std::ptrdiff_t kSearch = Sound::kRate / 6;
// Below this part of the source's overall level a second is a pause: noise correlates with nothing.
constexpr double kSilenceRatio = 0.05;
// A best fit that is less alike than this is no fit; its lag is chance.
constexpr double kMatched = 0.5;
constexpr double kSmallestEnergy = 1e-9;

double energy(Samples s)
{
    double sum = 0;
    for (const float x : s)
        sum += static_cast<double>(x) * x;
    return sum;
}

// Of what lies inside of `s`.
double energy_at(Samples s, std::ptrdiff_t begin, std::ptrdiff_t size)
{
    const auto length = static_cast<std::ptrdiff_t>(s.size());
    const auto first = std::clamp<std::ptrdiff_t>(begin, 0, length);
    const auto last = std::clamp<std::ptrdiff_t>(begin + size, 0, length);
    return energy(
        s.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
}

double decibel(double energy_ratio)
{
    return 10 * std::log10(energy_ratio);
}

// The shift (samples) at which `received` fits `source` best, over all shifts there are.
std::ptrdiff_t best_shift(Samples source, Samples received)
{
    const auto n = static_cast<std::size_t>(
        gst_fft_next_fast_length(static_cast<gint>(source.size() + received.size())));
    const auto spectrum = [n](Samples s) {
        std::vector<float> padded(n);
        std::copy(s.begin(), s.end(), padded.begin());
        std::vector<GstFFTF32Complex> out(n / 2 + 1);
        const OwnedFft fft{gst_fft_f32_new(static_cast<gint>(n), FALSE)};
        gst_fft_f32_fft(fft.get(), padded.data(), out.data());
        return out;
    };
    const auto a = spectrum(source);
    auto b = spectrum(received);
    for (std::size_t i = 0; i < b.size(); ++i) { // b * conj(a): the cross-correlation
        const GstFFTF32Complex x = b[i];
        b[i].r = x.r * a[i].r + x.i * a[i].i;
        b[i].i = x.i * a[i].r - x.r * a[i].i;
    }
    std::vector<float> correlation(n);
    const OwnedFft inverse{gst_fft_f32_new(static_cast<gint>(n), TRUE)};
    gst_fft_f32_inverse_fft(inverse.get(), b.data(), correlation.data());
    const auto top = std::max_element(correlation.begin(), correlation.end());
    const std::ptrdiff_t shift = top - correlation.begin();
    // The upper half of the circle are the shifts to the left.
    return shift < static_cast<std::ptrdiff_t>(received.size())
               ? shift
               : shift - static_cast<std::ptrdiff_t>(n);
}

struct Match {
    std::ptrdiff_t shift = 0;
    double correlation = 0;
};

// The best fit of received[begin, begin + size) near `shift`; nothing where the source has no such
// place.
std::optional<Match> match_window(Samples source, Samples received, std::ptrdiff_t begin,
                                  std::ptrdiff_t size, std::ptrdiff_t shift)
{
    const Samples window =
        received.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    const double window_energy = energy(window);
    std::optional<Match> best;
    const auto last_start = static_cast<std::ptrdiff_t>(source.size()) - size;
    for (std::ptrdiff_t s = shift - kSearch; s <= shift + kSearch; ++s) {
        const std::ptrdiff_t start = begin - s;
        if (start < 0 || start > last_start)
            continue;
        const Samples there =
            source.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(size));
        float product = 0;
        float there_energy = 0;
        for (std::size_t i = 0; i < there.size(); ++i) {
            product += there[i] * window[i];
            there_energy += there[i] * there[i];
        }
        const double norm = std::sqrt(window_energy * there_energy);
        const double correlation = norm > kSmallestEnergy ? product / norm : 0;
        if (!best || correlation > best->correlation)
            best = Match{s, correlation};
    }
    return best;
}

// Least squares; the slope of lag over time.
double slope(const std::vector<AudioReport::Second>& seconds)
{
    double n = 0;
    double sx = 0;
    double sy = 0;
    double sxx = 0;
    double sxy = 0;
    for (const auto& s : seconds) {
        if (!s.matched)
            continue;
        n += 1;
        sx += s.start;
        sy += s.lag;
        sxx += s.start * s.start;
        sxy += s.start * s.lag;
    }
    const double det = n * sxx - sx * sx;
    return det > 0 ? (n * sxy - sx * sy) / det : 0;
}

double median_of(const std::vector<AudioReport::Second>& seconds,
                 double AudioReport::Second::*member, bool AudioReport::Second::*wanted, bool is)
{
    std::vector<double> values;
    for (const auto& s : seconds) {
        if (s.*wanted == is)
            values.push_back(s.*member);
    }
    if (values.empty())
        return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

} // namespace

AudioReport compare_audio(const Sound& source, const Sound& received)
{
    AudioReport report;
    report.source_length = static_cast<double>(source.samples.size()) / Sound::kRate;
    report.received_start = received.start;
    report.received_length = static_cast<double>(received.samples.size()) / Sound::kRate;
    if (source.samples.empty() || received.samples.empty())
        return report;

    const double offset = received.start - source.start;
    const std::ptrdiff_t shift = best_shift(source.samples, received.samples);
    const double level = energy(source.samples) / static_cast<double>(source.samples.size());

    const auto size = std::min<std::ptrdiff_t>(
        Sound::kRate, static_cast<std::ptrdiff_t>(received.samples.size()));
    for (std::ptrdiff_t begin = 0;
         begin + size <= static_cast<std::ptrdiff_t>(received.samples.size()); begin += size) {
        const auto match = match_window(source.samples, received.samples, begin, size, shift);
        if (!match)
            continue; // before or after the source
        AudioReport::Second second;
        second.start = received.start + static_cast<double>(begin) / Sound::kRate;
        second.lag = offset + static_cast<double>(match->shift) / Sound::kRate;
        second.correlation = match->correlation;
        const double source_level =
            energy_at(source.samples, begin - shift, size) / static_cast<double>(size);
        second.matched = match->correlation >= kMatched;
        second.silent = source_level < level * kSilenceRatio * kSilenceRatio;
        const double received_level =
            energy_at(received.samples, begin, size) / static_cast<double>(size);
        // Against the overall level in a pause, where the source's own is next to nothing.
        second.excess_level = decibel(
            std::max(received_level, kSmallestEnergy) /
            std::max({source_level, level * kSilenceRatio * kSilenceRatio, kSmallestEnergy}));
        report.seconds.push_back(second);
    }
    report.lag =
        median_of(report.seconds, &AudioReport::Second::lag, &AudioReport::Second::matched, true);
    report.correlation = median_of(report.seconds, &AudioReport::Second::correlation,
                                   &AudioReport::Second::silent, false);
    report.drift_ppm = slope(report.seconds) * 1e6;
    report.missing_head = std::max(0.0, offset - report.lag);
    report.missing_tail =
        std::max(0.0, report.source_length - report.missing_head - report.received_length);
    return report;
}

} // namespace cf::media

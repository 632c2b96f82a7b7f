/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/media-compare-video.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cf::media
{

namespace
{

// The received frames that the lag is looked for with.
constexpr std::size_t kSamples = 200;
// How far from its time a frame is looked for, s.
constexpr double kReach = 2.5;
// What one frame period of deviation from its time costs, in units of the difference between
// neighbouring source frames: enough to choose among equals, too little to hide a frozen picture.
constexpr double kDeviationCost = 0.02;
// Differences below this are coding noise (cells are means of hundreds of pixels).
constexpr double kSmallestMotion = 0.01;
// Stretches shorter than this are single lost frames, not worth a line.
constexpr double kShortestStretch = 0.2;
// What "identical" counts as, dB.
constexpr double kIdentical = 100;

double distance(const Fingerprint& a, const Fingerprint& b)
{
    float sum = 0;
    for (std::size_t i = 0; i < a.cells.size(); ++i) {
        const float d = a.cells[i] - b.cells[i];
        sum += d * d;
    }
    return static_cast<double>(sum) / static_cast<double>(a.cells.size());
}

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double median_period(const std::vector<Fingerprint>& frames)
{
    std::vector<double> deltas;
    for (std::size_t i = 1; i < frames.size(); ++i)
        deltas.push_back(frames[i].time - frames[i - 1].time);
    return std::max(median(std::move(deltas)), 1e-3);
}

std::size_t nearest(const std::vector<Fingerprint>& frames, double time)
{
    const auto after = std::lower_bound(frames.begin(), frames.end(), time,
                                        [](const Fingerprint& f, double t) { return f.time < t; });
    const auto i = static_cast<std::size_t>(after - frames.begin());
    if (i == 0)
        return 0;
    if (i == frames.size() || time - frames[i - 1].time < frames[i].time - time)
        return i - 1;
    return i;
}

// The shift of the time line under which the received pictures look most like the source's.
double find_lag(const std::vector<Fingerprint>& source, const std::vector<Fingerprint>& received,
                double period)
{
    std::vector<std::size_t> sample;
    const std::size_t step = received.size() / kSamples + 1;
    for (std::size_t i = 0; i < received.size(); i += step)
        sample.push_back(i);

    const double first = received.front().time - source.back().time;
    const double last = received.back().time - source.front().time;
    double best_lag = received.front().time - source.front().time;
    double best = std::numeric_limits<double>::infinity();
    for (double lag = first; lag <= last; lag += period) {
        double sum = 0;
        std::size_t used = 0;
        for (const std::size_t i : sample) {
            const double time = received[i].time - lag;
            if (time < source.front().time - period / 2 || time > source.back().time + period / 2)
                continue;
            sum += distance(received[i], source[nearest(source, time)]);
            ++used;
        }
        // A few frames that happen to look alike at the rim are no evidence.
        if (used * 2 < sample.size())
            continue;
        if (sum / static_cast<double>(used) < best) {
            best = sum / static_cast<double>(used);
            best_lag = lag;
        }
    }
    return best_lag;
}

double psnr(const std::uint8_t* a, int a_stride, const std::uint8_t* b, int b_stride, Size size)
{
    std::uint64_t sum = 0;
    for (int y = 0; y < size.height; ++y) {
        std::uint32_t row = 0; // 65025 * 65536 columns fit
        for (int x = 0; x < size.width; ++x) {
            const int d = a[x] - b[x];
            row += static_cast<std::uint32_t>(d * d);
        }
        sum += row;
        a += a_stride;
        b += b_stride;
    }
    if (sum == 0)
        return kIdentical;
    const double mse = static_cast<double>(sum) / (static_cast<double>(size.width) * size.height);
    return std::min(kIdentical, 10 * std::log10(255.0 * 255.0 / mse));
}

struct Listing {
    std::vector<Fingerprint> frames;
    Size size;
};

Result<Listing> list_frames(PictureReader& reader)
{
    Listing list;
    while (true) {
        CF_TRY_LET(const Picture* picture, reader.next());
        if (picture == nullptr)
            return list;
        if (list.frames.empty())
            list.size = picture->coded_size;
        list.frames.push_back(fingerprint(*picture));
    }
}

// Where the picture stood still, and which pieces of the source never came.
void find_stretches(const std::vector<Fingerprint>& source,
                    const std::vector<Fingerprint>& received, const std::vector<std::size_t>& shows,
                    double period, VideoReport& report)
{
    const auto close_run = [&](std::size_t first, double end) {
        const double length = end - received[first].time;
        if (length >= kShortestStretch)
            report.frozen.push_back({received[first].time, length});
    };
    std::size_t run = 0; // the received frame since which the picture has not moved on
    for (std::size_t i = 1; i < received.size(); ++i) {
        if (shows[i] == shows[i - 1])
            ++report.duplicates;
        const double skipped = source[shows[i]].time - source[shows[i - 1]].time - period;
        if (skipped >= kShortestStretch)
            report.missing.push_back({source[shows[i - 1]].time + period, skipped});
        // One frame of wavering between neighbours is no movement.
        if (source[shows[i]].time - source[shows[run]].time > 1.5 * period) {
            close_run(run, received[i].time);
            run = i;
        }
    }
    close_run(run, received.back().time + period);
    report.missing_head = source[shows.front()].time - source.front().time;
    report.missing_tail = source.back().time - source[shows.back()].time;
}

void find_lags(const std::vector<Fingerprint>& source, const std::vector<Fingerprint>& received,
               const std::vector<std::size_t>& shows, VideoReport& report)
{
    std::vector<double> all;
    std::vector<double> second;
    const double start = received.front().time;
    for (std::size_t i = 0; i < received.size(); ++i) {
        const double lag = received[i].time - source[shows[i]].time;
        while (received[i].time - start >= static_cast<double>(report.lag_per_second.size() + 1)) {
            // A second without a frame has the lag of the one before it.
            report.lag_per_second.push_back(second.empty() && !report.lag_per_second.empty()
                                                ? report.lag_per_second.back()
                                                : median(second));
            second.clear();
        }
        second.push_back(lag);
        all.push_back(lag);
    }
    report.lag_per_second.push_back(median(second));
    report.lag = median(all);
}

// Reads both once more and measures each received frame against the one it shows.
Status measure(PictureReader& source, PictureReader& received,
               const std::vector<std::size_t>& shows, const std::vector<Fingerprint>& frames,
               VideoReport& report)
{
    double luma_sum = 0;
    std::array<double, 3> plane_sum = {};
    double second_sum = 0;
    unsigned second_frames = 0;
    double second_start = frames.front().time;
    report.psnr_minimum = kIdentical;
    report.psnr_worst_second = kIdentical;
    const auto close_second = [&] {
        if (second_frames > 0)
            report.psnr_worst_second =
                std::min(report.psnr_worst_second, second_sum / second_frames);
        second_sum = 0;
        second_frames = 0;
    };

    const Picture* s = nullptr;
    std::size_t next_source = 0;
    for (std::size_t i = 0; i < shows.size(); ++i) {
        CF_TRY_LET(const Picture* r, received.next());
        while (next_source <= shows[i]) {
            CF_TRY_LET(s, source.next());
            ++next_source;
            if (s == nullptr)
                break;
        }
        if (s == nullptr || r == nullptr)
            return Error{ErrorCode::Internal, "The recording was shorter when read again."};
        const double luma = psnr(s->plane[0], s->stride[0], r->plane[0], r->stride[0], s->size);
        const Size half{(s->size.width + 1) / 2, (s->size.height + 1) / 2};
        for (std::size_t p = 1; p < 3; ++p)
            plane_sum[p] += psnr(s->plane[p], s->stride[p], r->plane[p], r->stride[p], half);
        luma_sum += luma;
        report.psnr_minimum = std::min(report.psnr_minimum, luma);
        if (frames[i].time - second_start >= 1) {
            close_second();
            second_start = frames[i].time;
        }
        second_sum += luma;
        ++second_frames;
    }
    // The rest of a last second counts only if there is enough of it to be one.
    if (second_frames * 2 >= report.received_rate || shows.size() == second_frames)
        close_second();
    report.psnr_average = luma_sum / static_cast<double>(shows.size());
    report.psnr_chroma = std::min(plane_sum[1], plane_sum[2]) / static_cast<double>(shows.size());
    return ok_status();
}

double rate(const std::vector<Fingerprint>& frames)
{
    const double length = frames.back().time - frames.front().time;
    return length > 0 ? static_cast<double>(frames.size() - 1) / length : 0;
}

} // namespace

Fingerprint fingerprint(const Picture& picture)
{
    Fingerprint f;
    f.time = picture.time;
    const auto [width, height] = picture.size;
    for (int row = 0; row < Fingerprint::kRows; ++row) {
        const int top = row * height / Fingerprint::kRows;
        const int bottom = std::max(top + 1, (row + 1) * height / Fingerprint::kRows);
        for (int column = 0; column < Fingerprint::kColumns; ++column) {
            const int left = column * width / Fingerprint::kColumns;
            const int right = std::max(left + 1, (column + 1) * width / Fingerprint::kColumns);
            unsigned sum = 0;
            for (int y = top; y < bottom; ++y) {
                const std::uint8_t* line =
                    picture.plane[0] + static_cast<std::ptrdiff_t>(y) * picture.stride[0];
                for (int x = left; x < right; ++x)
                    sum += line[x];
            }
            f.cells[static_cast<std::size_t>(row * Fingerprint::kColumns + column)] =
                static_cast<float>(sum) / static_cast<float>((bottom - top) * (right - left));
        }
    }
    return f;
}

// Viterbi: the path through (received frame, source frame) that never goes back in the source and
// costs least, where a step costs how little the two look alike, and a trifle for being early or
// late.
std::vector<std::size_t> align(const std::vector<Fingerprint>& source,
                               const std::vector<Fingerprint>& received)
{
    if (source.empty() || received.empty())
        return {};
    const double period = median_period(source);
    const double lag = find_lag(source, received, period);
    std::vector<double> steps;
    for (std::size_t j = 1; j < source.size(); ++j)
        steps.push_back(distance(source[j], source[j - 1]));
    const double motion = std::max(median(std::move(steps)), kSmallestMotion);

    struct Window {
        std::size_t first = 0;                // source frame of choice[0]
        std::vector<std::size_t> choice = {}; // best predecessor (source frame), per source frame
    };
    std::vector<Window> windows;
    std::vector<double> cost; // of the best path that ends at each source frame of the last window
    for (const Fingerprint& r : received) {
        const double expected = r.time - lag;
        Window w;
        w.first = nearest(source, expected - kReach);
        std::size_t last = nearest(source, expected + kReach);
        if (!windows.empty()) { // the path has to have somewhere to go
            w.first = std::max(w.first, windows.back().first);
            last = std::max(last, windows.back().first + windows.back().choice.size() - 1);
        }
        std::vector<double> now;
        double best = std::numeric_limits<double>::infinity();
        std::size_t best_from = 0;
        std::size_t k = 0; // predecessors up to the source frame in hand are in `best`
        for (std::size_t j = w.first; j <= last; ++j) {
            for (; k < cost.size() && windows.back().first + k <= j; ++k) {
                if (cost[k] < best) {
                    best = cost[k];
                    best_from = windows.back().first + k;
                }
            }
            const double deviation = std::abs(expected - source[j].time) / period;
            now.push_back((windows.empty() ? 0 : best) + distance(r, source[j]) +
                          kDeviationCost * motion * deviation);
            w.choice.push_back(best_from);
        }
        cost = std::move(now);
        windows.push_back(std::move(w));
    }

    std::vector<std::size_t> shows(received.size());
    std::size_t at =
        windows.back().first +
        static_cast<std::size_t>(std::min_element(cost.begin(), cost.end()) - cost.begin());
    for (std::size_t i = received.size(); i-- > 0;) {
        shows[i] = at;
        at = windows[i].choice[at - windows[i].first];
    }
    return shows;
}

Result<VideoReport> compare_video(MediaSource& source, MediaSource& received)
{
    CF_TRY_LET(auto source_reader, source.pictures({}));
    Listing s;
    if (source_reader) {
        CF_TRY_LET(s, list_frames(*source_reader));
    }
    source_reader.reset();
    if (s.frames.empty())
        return Error{ErrorCode::InvalidArgument, "The source recording has no picture in it."};
    CF_TRY_LET(auto received_reader, received.pictures(s.size));
    Listing r;
    if (received_reader) {
        CF_TRY_LET(r, list_frames(*received_reader));
    }
    received_reader.reset();

    VideoReport report;
    report.source_frames = static_cast<unsigned>(s.frames.size());
    report.source_size = s.size;
    report.source_rate = rate(s.frames);
    report.received_frames = static_cast<unsigned>(r.frames.size());
    if (r.frames.empty())
        return report;
    report.received_size = r.size;
    report.received_rate = rate(r.frames);
    report.received_start = r.frames.front().time;
    report.received_length = r.frames.back().time - r.frames.front().time;
    for (std::size_t i = 1; i < r.frames.size(); ++i) {
        if (r.frames[i].time <= r.frames[i - 1].time)
            ++report.backward;
    }

    const auto shows = align(s.frames, r.frames);
    find_stretches(s.frames, r.frames, shows, median_period(s.frames), report);
    find_lags(s.frames, r.frames, shows, report);
    CF_TRY_LET(auto source_again, source.pictures({}));
    CF_TRY_LET(auto received_again, received.pictures(s.size));
    CF_TRY(measure(*source_again, *received_again, shows, r.frames, report));
    return report;
}

} // namespace cf::media

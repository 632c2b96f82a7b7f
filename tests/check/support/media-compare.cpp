/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The comparison has to be able to fail: each test damages a real recording in one way and looks
// that this, and nothing else, is what is complained about.
#include "tests/support/media-compare.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <span>

#include <glib/gstdio.h>

#include "gst/gst-ref.hpp"
#include "tests/support/check.hpp"

namespace
{

using cf::Result;
using cf::media::Limits;
using cf::media::MediaSource;
using cf::media::Picture;
using cf::media::PictureReader;
using cf::media::Report;
using cf::media::Size;
using cf::media::Sound;

constexpr Size kSize{192, 144};

std::string recording(const char* name)
{
    return std::string(g_getenv("CF_TEST_DATA")) + "/media/" + name;
}

// A picture that owns its pixels.
struct StoredPicture {
    double time = 0;
    std::array<std::vector<std::uint8_t>, 3> planes;
};

// A recording held in memory, where it can be damaged.
class StoredRecording final : public MediaSource
{
public:
    std::optional<std::vector<StoredPicture>> stored_pictures;
    std::optional<Sound> stored_sound;

    Result<std::unique_ptr<PictureReader>> pictures(std::optional<Size>) override
    {
        if (!stored_pictures)
            return std::unique_ptr<PictureReader>();
        return std::unique_ptr<PictureReader>(std::make_unique<Reader>(*stored_pictures));
    }
    Result<std::optional<Sound>> sound() override { return stored_sound; }

private:
    class Reader final : public PictureReader
    {
    public:
        explicit Reader(const std::vector<StoredPicture>& list) : list_(list) {}
        Result<const Picture*> next() override
        {
            if (at_ == list_.size())
                return static_cast<const Picture*>(nullptr);
            const StoredPicture& stored = list_[at_++];
            picture_.time = stored.time;
            picture_.size = picture_.coded_size = kSize;
            for (std::size_t p = 0; p < 3; ++p) {
                picture_.plane[p] = stored.planes[p].data();
                picture_.stride[p] = p == 0 ? kSize.width : kSize.width / 2;
            }
            return &picture_;
        }

    private:
        const std::vector<StoredPicture>& list_;
        std::size_t at_ = 0;
        Picture picture_;
    };
};

StoredRecording load(const char* name)
{
    StoredRecording result;
    auto file = cf::media::open_file(recording(name));
    auto reader = file->pictures(kSize);
    fail_unless(reader.ok() && *reader != nullptr);
    auto& list = result.stored_pictures.emplace();
    while (true) {
        auto picture = (*reader)->next();
        fail_unless(picture.ok());
        if (*picture == nullptr)
            break;
        StoredPicture& stored = list.emplace_back();
        stored.time = (*picture)->time;
        for (std::size_t p = 0; p < 3; ++p) {
            const int half = p == 0 ? 1 : 2;
            for (int y = 0; y < kSize.height / half; ++y) {
                const auto* line = (*picture)->plane[p] + y * (*picture)->stride[p];
                stored.planes[p].insert(stored.planes[p].end(), line, line + kSize.width / half);
            }
        }
    }
    auto sound = file->sound();
    fail_unless(sound.ok() && *sound);
    result.stored_sound = **sound;
    return result;
}

// Samples of `sound` from `start` to `end` (s, on its time line).
std::span<float> piece(Sound& sound, double start, double end)
{
    const auto index = [&](double t) {
        return static_cast<std::size_t>(std::lround((t - sound.start) * Sound::kRate));
    };
    return std::span(sound.samples).subspan(index(start), index(end) - index(start));
}

std::vector<std::string> complaints(StoredRecording& source, StoredRecording& received,
                                    const Limits& limits = {})
{
    auto report = cf::media::compare(source, received);
    fail_unless(report.ok());
    return judge(*report, limits);
}

// Exactly one complaint, which holds `text`.
void fail_unless_only(const std::vector<std::string>& bad, const char* text)
{
    for (const auto& sentence : bad)
        fail_unless(sentence.find(text) != std::string::npos, "unexpected: %s", sentence.c_str());
    fail_unless(bad.size() == 1, "%zu complaints, expected one about '%s'", bad.size(), text);
}
// At least one complaint holds `text`.
void fail_unless_among(const std::vector<std::string>& bad, const char* text)
{
    fail_unless(std::any_of(bad.begin(), bad.end(),
                            [&](const auto& s) { return s.find(text) != std::string::npos; }),
                "no complaint about '%s'", text);
}
void fail_if_any(const std::vector<std::string>& bad)
{
    fail_unless(bad.empty(), "unexpected: %s", bad.empty() ? "" : bad.front().c_str());
}

template <typename Predicate> void erase_pictures(StoredRecording& recording, Predicate predicate)
{
    std::erase_if(*recording.stored_pictures, predicate);
}

} // namespace

GST_START_TEST(identical_recordings_match_exactly)
{
    auto source = load("street.mkv");
    auto report = cf::media::compare(source, source);
    fail_unless(report.ok());
    fail_if_any(judge(*report, {}));
    fail_unless_equals_int(static_cast<int>(report->video->source_frames), 300);
    fail_unless_equals_int(static_cast<int>(report->video->duplicates), 0);
    fail_unless(report->video->psnr_minimum == 100);
    fail_unless(report->audio->correlation > 0.9999);
    fail_unless(std::abs(report->av_offset_worst) < 0.001);
}
GST_END_TEST;

GST_START_TEST(another_encoding_of_the_same_recording_passes)
{
    auto source = load("street.mp4");
    auto received = load("street.mkv");
    auto report = cf::media::compare(source, received);
    fail_unless(report.ok());
    fail_if_any(judge(*report, {}));
    fail_unless(report->video->psnr_average < 60);
}
GST_END_TEST;

GST_START_TEST(joining_two_seconds_late_on_another_time_line_passes)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    erase_pictures(received, [](const auto& p) { return p.time < 2; });
    for (auto& p : *received.stored_pictures)
        p.time += 100;
    auto& samples = received.stored_sound->samples;
    samples.erase(samples.begin(), samples.begin() + 2 * Sound::kRate);
    received.stored_sound->start += 102;
    auto report = cf::media::compare(source, received);
    fail_unless(report.ok());
    fail_if_any(judge(*report, {}));
    fail_unless(std::abs(report->video->lag - 100) < 0.001);
    fail_unless(std::abs(report->audio->lag - 100) < 0.001);
    fail_unless(std::abs(report->video->missing_head - 2) < 0.05);
}
GST_END_TEST;

GST_START_TEST(joining_too_late_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    erase_pictures(received, [](const auto& p) { return p.time < 4; });
    auto& samples = received.stored_sound->samples;
    samples.erase(samples.begin(), samples.begin() + 4 * Sound::kRate);
    received.stored_sound->start += 4;
    const auto bad = complaints(source, received);
    fail_unless_equals_int(static_cast<int>(bad.size()), 2);
    fail_unless_among(bad, "the first 4.00 s of the picture");
    fail_unless_among(bad, "the first 4.00 s of the sound");
}
GST_END_TEST;

GST_START_TEST(a_lost_end_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    erase_pictures(received, [](const auto& p) { return p.time > 10; });
    received.stored_sound->samples.resize(10 * Sound::kRate);
    const auto bad = complaints(source, received);
    fail_unless_equals_int(static_cast<int>(bad.size()), 2);
    fail_unless_among(bad, "s of the picture are missing");
    fail_unless_among(bad, "the last 2.0");
}
GST_END_TEST;

GST_START_TEST(a_frozen_second_is_found_where_it_is)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    const StoredPicture* frozen = nullptr;
    for (auto& p : *received.stored_pictures) {
        if (p.time < 5 || p.time >= 6)
            continue;
        if (frozen == nullptr)
            frozen = &p;
        p.planes = frozen->planes;
    }
    auto report = cf::media::compare(source, received);
    fail_unless(report.ok());
    fail_unless_equals_int(static_cast<int>(report->video->frozen.size()), 1);
    fail_unless(std::abs(report->video->frozen[0].start - 5) < 0.1);
    fail_unless(std::abs(report->video->frozen[0].length - 1) < 0.1);
    const auto bad = judge(*report, {});
    fail_unless_among(bad, "stands still for 1.0");
    fail_unless_among(bad, "of the source's picture at 5.0");
}
GST_END_TEST;

GST_START_TEST(a_second_without_frames_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    erase_pictures(received, [](const auto& p) { return p.time >= 7 && p.time < 8; });
    const auto bad = complaints(source, received, {.rate = 0.5});
    fail_unless_equals_int(static_cast<int>(bad.size()), 2);
    fail_unless_among(bad, "stands still for 1.0");
    fail_unless_among(bad, "1.00 s of the source's picture at 7.0");
}
GST_END_TEST;

GST_START_TEST(a_second_cut_out_is_found_although_time_runs_on)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    erase_pictures(received, [](const auto& p) { return p.time >= 7 && p.time < 8; });
    for (auto& p : *received.stored_pictures) {
        if (p.time >= 8)
            p.time -= 1;
    }
    const auto bad = complaints(source, received);
    fail_unless_among(bad, "1.00 s of the source's picture at 7.0");
    fail_unless_among(bad, "apart");
}
GST_END_TEST;

GST_START_TEST(half_the_frame_rate_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    unsigned n = 0;
    erase_pictures(received, [&n](const auto&) { return n++ % 2 == 1; });
    fail_unless_only(complaints(source, received), "12.5 frames/s arrive of 25.0");
}
GST_END_TEST;

GST_START_TEST(frames_in_coding_order_are_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    auto& list = *received.stored_pictures;
    for (std::size_t i = 10; i + 1 < list.size(); i += 10)
        std::swap(list[i], list[i + 1]);
    fail_unless_among(complaints(source, received), "not later than the frame before");
}
GST_END_TEST;

GST_START_TEST(a_black_picture_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    for (auto& p : *received.stored_pictures)
        std::fill(p.planes[0].begin(), p.planes[0].end(), std::uint8_t{16});
    fail_unless_among(complaints(source, received), "average PSNR");
}
GST_END_TEST;

GST_START_TEST(a_second_of_garbage_is_found_although_the_average_is_fine)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    std::minstd_rand random(1);
    std::uniform_int_distribution<int> error(-60, 60);
    for (auto& p : *received.stored_pictures) {
        if (p.time < 5 || p.time >= 6)
            continue;
        for (auto& pixel : p.planes[0])
            pixel = static_cast<std::uint8_t>(std::clamp(pixel + error(random), 0, 255));
    }
    auto report = cf::media::compare(source, received);
    fail_unless(report.ok());
    fail_unless(report->video->psnr_average > 60);
    fail_unless_only(judge(*report, {}), "worst second");
}
GST_END_TEST;

GST_START_TEST(wrong_colours_are_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    for (auto& p : *received.stored_pictures)
        std::fill(p.planes[1].begin(), p.planes[1].end(), std::uint8_t{0});
    fail_unless_only(complaints(source, received), "colours");
}
GST_END_TEST;

GST_START_TEST(sound_a_tenth_of_a_second_late_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    received.stored_sound->start += 0.1;
    fail_unless_only(complaints(source, received), "-100 ms apart");
}
GST_END_TEST;

GST_START_TEST(sound_that_slips_half_way_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    auto& samples = received.stored_sound->samples;
    samples.insert(samples.begin() + 9 * Sound::kRate, Sound::kRate / 10, 0.0F);
    auto report = cf::media::compare(source, received);
    fail_unless(report.ok());
    fail_unless(std::abs(report->av_offset) < 0.01);
    fail_unless_only(judge(*report, {}), "at worst -100");
}
GST_END_TEST;

GST_START_TEST(sound_forty_milliseconds_late_passes)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    received.stored_sound->start += 0.04;
    fail_if_any(complaints(source, received));
}
GST_END_TEST;

GST_START_TEST(other_sound_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    std::ranges::reverse(received.stored_sound->samples);
    fail_unless_among(complaints(source, received), "sound's correlation");
}
GST_END_TEST;

GST_START_TEST(a_muted_second_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    std::ranges::fill(piece(*received.stored_sound, 4, 5), 0.0F);
    fail_unless_only(complaints(source, received), "the sound at 4.0 s is not the source's");
}
GST_END_TEST;

GST_START_TEST(noise_in_a_pause_is_found_and_a_pause_is_not_judged)
{
    auto source = load("street.mkv");
    std::ranges::fill(piece(*source.stored_sound, 4, 6), 0.0F);
    auto received = load("street.mkv");
    received.stored_sound = source.stored_sound;
    fail_if_any(complaints(source, received));
    std::minstd_rand random(1);
    std::uniform_real_distribution<float> noise(-0.2F, 0.2F);
    for (float& x : piece(*received.stored_sound, 4, 6))
        x = noise(random);
    fail_unless_only(complaints(source, received), "louder than the source");
}
GST_END_TEST;

GST_START_TEST(a_track_that_never_came_is_found)
{
    auto source = load("street.mkv");
    auto received = load("street.mkv");
    received.stored_pictures.reset();
    fail_unless_only(complaints(source, received), "no picture arrived");
    received = load("street.mkv");
    received.stored_sound.reset();
    fail_unless_only(complaints(source, received), "no sound arrived");
    received = load("street.mkv");
    received.stored_pictures->clear();
    fail_unless_among(complaints(source, received), "no picture arrived");
}
GST_END_TEST;

// Through files and a real encoder: however coarse it is, every frame is found; only the quality is
// complained about.
GST_START_TEST(a_low_bitrate_is_seen_in_the_quality_alone)
{
    for (const int quantizer : {20, 63}) {
        const cf::OwnedString path{
            g_build_filename(g_get_tmp_dir(), "media-compare-XXXXXX.mkv", nullptr)};
        const int fd = g_mkstemp(path.get());
        fail_unless(fd >= 0);
        g_close(fd, nullptr);
        const cf::OwnedString line{g_strdup_printf(
            "filesrc location=\"%s\" ! matroskademux name=in matroskamux name=out ! "
            "filesink location=\"%s\" "
            "in.video_0 ! queue ! decodebin ! videoconvert ! videoscale ! "
            "video/x-raw,width=192,height=144 ! vp8enc deadline=1 target-bitrate=300000 "
            "keyframe-max-dist=1000 min-quantizer=%d max-quantizer=63 ! queue ! out. "
            "in.audio_0 ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! opusparse ! "
            "out.",
            recording("street.mkv").c_str(), path.get(), quantizer)};
        GError* error = nullptr;
        const auto pipeline = cf::Ref<GstElement>::sink(gst_parse_launch(line.get(), &error));
        fail_unless(error == nullptr, "%s", error != nullptr ? error->message : "");
        gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
        const auto bus = cf::Ref<GstBus>::adopt(gst_element_get_bus(pipeline.get()));
        const auto message = cf::Ref<GstMessage>::adopt(gst_bus_timed_pop_filtered(
            bus.get(), 50 * GST_SECOND,
            static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
        fail_unless(message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS);

        auto source = load("street.mkv");
        const auto received = cf::media::open_file(path.get());
        auto report = cf::media::compare(source, *received);
        g_remove(path.get());
        fail_unless(report.ok());
        const auto& video = *report->video;
        fail_unless_equals_int(static_cast<int>(video.received_frames), 300);
        fail_unless(video.frozen.empty() && video.missing.empty());
        fail_unless(std::abs(report->av_offset_worst) < 0.045);
        if (quantizer == 20)
            fail_if_any(judge(*report, {}));
        else
            fail_unless_among(judge(*report, {}), "PSNR");
    }
}
GST_END_TEST;

GST_START_TEST(a_file_that_cannot_be_read_is_an_error)
{
    auto source = load("street.mkv");
    for (const std::string& path : {recording("nothing.mkv"), recording("README.md")}) {
        const auto received = cf::media::open_file(path);
        const auto report = cf::media::compare(source, *received);
        fail_unless(!report.ok());
        fail_unless(report.error().message.find("cannot be decoded") != std::string::npos);
        fail_unless(!cf::media::describe_file(path).ok());
    }
}
GST_END_TEST;

GST_START_TEST(a_file_is_described_as_it_is_encoded)
{
    const auto tracks = cf::media::describe_file(recording("street.mkv"));
    fail_unless(tracks.ok());
    fail_unless_equals_int(static_cast<int>(tracks->size()), 2);
    const auto& video = tracks->at(0);
    fail_unless_equals_string(video.codec.c_str(), "H.264 (Constrained Baseline Profile)");
    fail_unless((video.size == Size{768, 576}));
    fail_unless(std::abs(video.bitrate - 788000) < 5000);
    const auto& audio = tracks->at(1);
    fail_unless_equals_string(audio.codec.c_str(), "Opus");
    fail_unless_equals_int(audio.channels, 2);
    fail_unless(std::abs(audio.length - 12) < 0.1);
}
GST_END_TEST;

static Suite* media_compare_suite()
{
    Suite* s = suite_create("media_compare");
    TCase* t = tcase_create("judgement");
    suite_add_tcase(s, t);
    tcase_add_test(t, identical_recordings_match_exactly);
    tcase_add_test(t, another_encoding_of_the_same_recording_passes);
    tcase_add_test(t, joining_two_seconds_late_on_another_time_line_passes);
    tcase_add_test(t, joining_too_late_is_found);
    tcase_add_test(t, a_lost_end_is_found);
    tcase_add_test(t, a_frozen_second_is_found_where_it_is);
    tcase_add_test(t, a_second_without_frames_is_found);
    tcase_add_test(t, a_second_cut_out_is_found_although_time_runs_on);
    tcase_add_test(t, half_the_frame_rate_is_found);
    tcase_add_test(t, frames_in_coding_order_are_found);
    tcase_add_test(t, a_black_picture_is_found);
    tcase_add_test(t, a_second_of_garbage_is_found_although_the_average_is_fine);
    tcase_add_test(t, wrong_colours_are_found);
    tcase_add_test(t, sound_a_tenth_of_a_second_late_is_found);
    tcase_add_test(t, sound_that_slips_half_way_is_found);
    tcase_add_test(t, sound_forty_milliseconds_late_passes);
    tcase_add_test(t, other_sound_is_found);
    tcase_add_test(t, a_muted_second_is_found);
    tcase_add_test(t, noise_in_a_pause_is_found_and_a_pause_is_not_judged);
    tcase_add_test(t, a_track_that_never_came_is_found);
    tcase_add_test(t, a_low_bitrate_is_seen_in_the_quality_alone);
    tcase_add_test(t, a_file_that_cannot_be_read_is_an_error);
    tcase_add_test(t, a_file_is_described_as_it_is_encoded);
    return s;
}

GST_CHECK_MAIN(media_compare);

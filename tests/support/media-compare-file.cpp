/* SPDX-License-Identifier: LGPL-2.1-or-later */
// MediaSource over a file: decodebin into an appsink, pulled by the caller.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include "gst/gst-ref.hpp"
#include "tests/support/media-compare-source.hpp"

namespace cf::media
{

namespace
{

// A decoder that gives nothing for so long hangs.
constexpr GstClockTime kPatience = 20 * GST_SECOND;

Error cannot_read(const std::string& path, std::string debug)
{
    return Error{ErrorCode::InvalidArgument,
                 "The recording '" + path + "' cannot be decoded; look at the details.",
                 std::move(debug)};
}

bool is_picture(const GstCaps* caps)
{
    // Containers are called video/... too, but have no size.
    return gst_structure_has_field(gst_caps_get_structure(caps, 0), "width") ||
           gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");
}
bool is_sound(const GstCaps* caps)
{
    return g_str_has_prefix(gst_structure_get_name(gst_caps_get_structure(caps, 0)), "audio/");
}

// One decoding run over a file, for its picture or its sound.
class Decoder
{
public:
    Decoder(std::string path, bool pictures) : path_(std::move(path)), pictures_(pictures) {}
    ~Decoder()
    {
        if (pipeline_)
            gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// Starts; false when the file has no such track. @p caps is what the samples look like.
    Result<bool> open(const std::string& caps);
    /// The next sample, or nothing at the end.
    Result<Ref<GstSample>> pull();
    /// Running time of @p sample, s.
    static double time_of(GstSample* sample);
    /// The size of the picture before the appsink's caps scaled it.
    Size coded_size() const;

private:
    static gboolean on_continue(GstElement*, GstPad*, GstCaps* caps, gpointer self);
    static void on_pad(GstElement*, GstPad* pad, gpointer self);
    static void on_no_more_pads(GstElement*, gpointer self);
    // The first error on the bus, or the end of waiting.
    Error bus_error();

    std::string path_;
    bool pictures_;
    Ref<GstElement> pipeline_;
    Ref<GstElement> convert_; // what the decoder's pad is linked to
    Ref<GstElement> sink_;
};

gboolean Decoder::on_continue(GstElement*, GstPad*, GstCaps* caps, gpointer self)
{
    // Decode only what is asked for.
    const bool pictures = static_cast<Decoder*>(self)->pictures_;
    return pictures ? !is_sound(caps) : !is_picture(caps);
}

// Streaming thread.
void Decoder::on_pad(GstElement*, GstPad* pad, gpointer self)
{
    auto* decoder = static_cast<Decoder*>(self);
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad));
    const auto target =
        Ref<GstPad>::adopt(gst_element_get_static_pad(decoder->convert_.get(), "sink"));
    const char* wanted = decoder->pictures_ ? "video/x-raw" : "audio/x-raw";
    if (caps && gst_structure_has_name(gst_caps_get_structure(caps.get(), 0), wanted) &&
        !gst_pad_is_linked(target.get()))
        gst_pad_link(pad, target.get());
}

void Decoder::on_no_more_pads(GstElement* decodebin, gpointer self)
{
    auto* decoder = static_cast<Decoder*>(self);
    const auto target =
        Ref<GstPad>::adopt(gst_element_get_static_pad(decoder->convert_.get(), "sink"));
    gst_element_post_message(
        decodebin,
        gst_message_new_application(GST_OBJECT(decodebin),
                                    gst_structure_new("tracks-known", "wanted", G_TYPE_BOOLEAN,
                                                      gst_pad_is_linked(target.get()), nullptr)));
}

Result<bool> Decoder::open(const std::string& caps)
{
    const std::string chain = std::string("filesrc name=file ! decodebin name=decode ") +
                              (pictures_ ? "videoconvert name=convert ! videoscale"
                                         : "audioconvert name=convert ! audioresample") +
                              " ! appsink name=sink sync=false max-buffers=8 caps=" + caps;
    GError* error = nullptr;
    pipeline_ = Ref<GstElement>::sink(
        gst_parse_launch_full(chain.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error));
    if (!pipeline_)
        return from_gerror(ErrorCode::MissingPlugin, error,
                           "Decoding needs GStreamer's base plugins; install "
                           "gstreamer1.0-plugins-base.");
    auto* bin = GST_BIN(pipeline_.get());
    const auto file = Ref<GstElement>::adopt(gst_bin_get_by_name(bin, "file"));
    const auto decode = Ref<GstElement>::adopt(gst_bin_get_by_name(bin, "decode"));
    convert_ = Ref<GstElement>::adopt(gst_bin_get_by_name(bin, "convert"));
    sink_ = Ref<GstElement>::adopt(gst_bin_get_by_name(bin, "sink"));
    g_object_set(file.get(), "location", path_.c_str(), nullptr);
    g_signal_connect(decode.get(), "autoplug-continue", G_CALLBACK(on_continue), this);
    g_signal_connect(decode.get(), "pad-added", G_CALLBACK(on_pad), this);
    g_signal_connect(decode.get(), "no-more-pads", G_CALLBACK(on_no_more_pads), this);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);

    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    const auto message = Ref<GstMessage>::adopt(gst_bus_timed_pop_filtered(
        bus.get(), kPatience,
        static_cast<GstMessageType>(GST_MESSAGE_APPLICATION | GST_MESSAGE_ERROR)));
    if (!message || GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
        if (message)
            gst_bus_post(bus.get(), gst_message_ref(message.get()));
        return bus_error();
    }
    gboolean wanted = FALSE;
    gst_structure_get_boolean(gst_message_get_structure(message.get()), "wanted", &wanted);
    return wanted != FALSE;
}

Error Decoder::bus_error()
{
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    const auto message = Ref<GstMessage>::adopt(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
    if (!message)
        return cannot_read(path_, "nothing was decoded in time");
    GError* error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    Error result = cannot_read(path_, error->message);
    g_error_free(error);
    return result;
}

Result<Ref<GstSample>> Decoder::pull()
{
    auto sample =
        Ref<GstSample>::adopt(gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), kPatience));
    if (!sample && !gst_app_sink_is_eos(GST_APP_SINK(sink_.get())))
        return bus_error();
    return sample;
}

double Decoder::time_of(GstSample* sample)
{
    const GstClockTime time =
        gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                    GST_BUFFER_PTS(gst_sample_get_buffer(sample)));
    return GST_CLOCK_TIME_IS_VALID(time) ? static_cast<double>(time) / GST_SECOND : 0;
}

Size Decoder::coded_size() const
{
    const auto pad = Ref<GstPad>::adopt(gst_element_get_static_pad(convert_.get(), "sink"));
    const auto caps = Ref<GstCaps>::adopt(gst_pad_get_current_caps(pad.get()));
    Size size;
    if (caps) {
        const GstStructure* s = gst_caps_get_structure(caps.get(), 0);
        gst_structure_get_int(s, "width", &size.width);
        gst_structure_get_int(s, "height", &size.height);
    }
    return size;
}

class FilePictures final : public PictureReader
{
public:
    FilePictures(std::string path, std::optional<Size> size) : decoder_(std::move(path), true)
    {
        caps_ = "video/x-raw,format=I420";
        if (size)
            caps_ +=
                ",width=" + std::to_string(size->width) + ",height=" + std::to_string(size->height);
    }
    ~FilePictures() override { unmap(); }

    Result<bool> open() { return decoder_.open(caps_); }

    Result<const Picture*> next() override
    {
        unmap();
        CF_TRY_LET(sample_, decoder_.pull());
        if (!sample_)
            return static_cast<const Picture*>(nullptr);
        GstVideoInfo info;
        if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample_.get())) ||
            !gst_video_frame_map(&frame_, &info, gst_sample_get_buffer(sample_.get()),
                                 GST_MAP_READ))
            return Error{ErrorCode::Internal, "A decoded picture could not be read."};
        mapped_ = true;
        picture_.time = Decoder::time_of(sample_.get());
        picture_.size = {GST_VIDEO_FRAME_WIDTH(&frame_), GST_VIDEO_FRAME_HEIGHT(&frame_)};
        picture_.coded_size = decoder_.coded_size();
        for (std::size_t p = 0; p < 3; ++p) {
            picture_.plane[p] = static_cast<const std::uint8_t*>(frame_.data[p]);
            picture_.stride[p] = frame_.info.stride[p];
        }
        return &picture_;
    }
    [[nodiscard]] GstSample* sample() const { return sample_.get(); }

private:
    void unmap()
    {
        if (std::exchange(mapped_, false))
            gst_video_frame_unmap(&frame_);
    }

    Decoder decoder_;
    std::string caps_;
    Ref<GstSample> sample_;
    GstVideoFrame frame_ = {};
    bool mapped_ = false;
    Picture picture_;
};

class FileSource final : public MediaSource
{
public:
    explicit FileSource(std::string path) : path_(std::move(path)) {}

    Result<std::unique_ptr<PictureReader>> pictures(std::optional<Size> size) override
    {
        auto reader = std::make_unique<FilePictures>(path_, size);
        CF_TRY_LET(const bool found, reader->open());
        if (!found)
            return std::unique_ptr<PictureReader>();
        return std::unique_ptr<PictureReader>(std::move(reader));
    }

    Result<std::optional<Sound>> sound() override
    {
        Decoder decoder(path_, false);
        CF_TRY_LET(const bool found,
                   decoder.open("audio/x-raw,format=F32LE,layout=interleaved,channels=1,rate=" +
                                std::to_string(Sound::kRate)));
        if (!found)
            return std::optional<Sound>();
        Sound sound;
        while (true) {
            CF_TRY_LET(const Ref<GstSample> sample, decoder.pull());
            if (!sample)
                return std::optional<Sound>(std::move(sound));
            append(sound, sample.get());
        }
    }

private:
    // Puts a buffer where its time says. Times are rounded to milliseconds by some containers, so a
    // deviation of a few does not tear the wave apart; a hole becomes silence.
    static void append(Sound& sound, GstSample* sample)
    {
        constexpr double kTolerance = 0.02;
        GstBuffer* buffer = gst_sample_get_buffer(sample);
        const double time = Decoder::time_of(sample);
        if (sound.samples.empty())
            sound.start = time;
        const double end = sound.start + static_cast<double>(sound.samples.size()) / Sound::kRate;
        if (time > end + kTolerance)
            sound.samples.resize(
                static_cast<std::size_t>(std::lround((time - sound.start) * Sound::kRate)));
        const std::size_t count = gst_buffer_get_size(buffer) / sizeof(float);
        const std::size_t before = sound.samples.size();
        sound.samples.resize(before + count);
        gst_buffer_extract(buffer, 0, sound.samples.data() + before, count * sizeof(float));
    }

    std::string path_;
};

} // namespace

std::unique_ptr<MediaSource> open_file(std::string path)
{
    return std::make_unique<FileSource>(std::move(path));
}

Status write_still(const std::string& path, double time, const std::string& png_path)
{
    FilePictures reader(path, {});
    CF_TRY_LET(const bool found, reader.open());
    Ref<GstSample> still;
    while (found) {
        CF_TRY_LET(const Picture* picture, reader.next());
        if (picture == nullptr)
            break;
        still = Ref<GstSample>::retain(reader.sample());
        if (picture->time >= time)
            break;
    }
    if (!still)
        return Error{ErrorCode::InvalidArgument, "The recording has no picture to show."};
    const auto png = Ref<GstCaps>::adopt(gst_caps_new_empty_simple("image/png"));
    GError* error = nullptr;
    const auto converted =
        Ref<GstSample>::adopt(gst_video_convert_sample(still.get(), png.get(), kPatience, &error));
    if (!converted)
        return from_gerror(ErrorCode::MissingPlugin, error,
                           "A PNG cannot be written; install gstreamer1.0-plugins-good.");
    GstMapInfo map;
    if (!gst_buffer_map(gst_sample_get_buffer(converted.get()), &map, GST_MAP_READ))
        return Error{ErrorCode::Internal, "The PNG could not be read back."};
    const bool written =
        g_file_set_contents(png_path.c_str(), reinterpret_cast<const char*>(map.data),
                            static_cast<gssize>(map.size), &error) != FALSE;
    gst_buffer_unmap(gst_sample_get_buffer(converted.get()), &map);
    if (!written)
        return from_gerror(ErrorCode::InvalidArgument, error,
                           "The picture could not be written to '" + png_path + "'.");
    return ok_status();
}

} // namespace cf::media

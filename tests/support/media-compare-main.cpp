/* SPDX-License-Identifier: LGPL-2.1-or-later */
// cfcalls-compare REFERENCE RECEIVED: is what arrived what was sent? Exits with 0 if so, with 1 if
// not, with 2 when one of them cannot be read.
#include <cstdio>
#include <memory>

#include <gst/gst.h>

#include "lib/base/ref.hpp"
#include "tests/support/media-compare.hpp"

namespace
{

struct Options {
    double head = cf::media::Limits{}.head;
    double tail = cf::media::Limits{}.tail;
    cf::OwnedString still;
    gboolean describe = FALSE;
    cf::Owned<gchar*, g_strfreev> files;
};

bool parse(int argc, char** argv, Options& options)
{
    gchar* still = nullptr;
    gchar** files = nullptr;
    const GOptionEntry entries[] = {
        {"head", 0, 0, G_OPTION_ARG_DOUBLE, &options.head,
         "Seconds of the reference that may be missing at its start (3)", "S"},
        {"tail", 0, 0, G_OPTION_ARG_DOUBLE, &options.tail,
         "Seconds of the reference that may be missing at its end (1)", "S"},
        {"still", 0, 0, G_OPTION_ARG_FILENAME, &still, "Write a picture out of RECEIVED as a PNG",
         "FILE"},
        {"describe", 0, 0, G_OPTION_ARG_NONE, &options.describe,
         "Only say what is in the files given", nullptr},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, nullptr, nullptr},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr},
    };
    const cf::Owned<GOptionContext, g_option_context_free> context{
        g_option_context_new("REFERENCE RECEIVED")};
    g_option_context_set_summary(
        context.get(),
        "Compares two recordings by content: quality, freezes, losses, sound, lip sync.");
    g_option_context_add_main_entries(context.get(), entries, nullptr);
    g_option_context_add_group(context.get(), gst_init_get_option_group());
    GError* error = nullptr;
    const bool ok = g_option_context_parse(context.get(), &argc, &argv, &error) != FALSE;
    options.still.reset(still);
    options.files.reset(files);
    if (!ok)
        std::fprintf(stderr, "%s\n", error->message);
    g_clear_error(&error);
    const guint count = files != nullptr ? g_strv_length(files) : 0;
    if (ok && (options.describe ? count == 0 : count != 2)) {
        std::fprintf(stderr, "Name the reference and the received recording; see --help.\n");
        return false;
    }
    return ok;
}

int fail(const cf::Error& error)
{
    std::fprintf(stderr, "%s\n", error.message.c_str());
    if (!error.debug.empty())
        std::fprintf(stderr, "  (%s)\n", error.debug.c_str());
    return 2;
}

int describe(const char* path)
{
    auto tracks = cf::media::describe_file(path);
    if (!tracks)
        return fail(tracks.error());
    for (const auto& t : *tracks) {
        if (t.is_video)
            std::printf("video      %s, %dx%d, %.0f kbit/s, %.1f s\n", t.codec.c_str(),
                        t.size.width, t.size.height, t.bitrate / 1000, t.length);
        else
            std::printf("audio      %s, %d channels, %.0f kbit/s, %.1f s\n", t.codec.c_str(),
                        t.channels, t.bitrate / 1000, t.length);
    }
    return 0;
}

int run(const Options& options)
{
    if (options.describe) {
        for (gchar** file = options.files.get(); *file != nullptr; ++file) {
            if (const int rc = describe(*file); rc != 0)
                return rc;
        }
        return 0;
    }
    const char* received_path = options.files.get()[1];
    const auto source = cf::media::open_file(options.files.get()[0]);
    const auto received = cf::media::open_file(received_path);
    auto report = cf::media::compare(*source, *received);
    if (!report)
        return fail(report.error());
    std::printf("%s", cf::media::to_text(*report).c_str());
    if (options.still && report->video) {
        const double middle = report->video->received_start + report->video->received_length / 2;
        if (auto written = cf::media::write_still(received_path, middle, options.still.get());
            !written)
            return fail(written.error());
    }
    cf::media::Limits limits;
    limits.head = options.head;
    limits.tail = options.tail;
    const auto bad = cf::media::judge(*report, limits);
    for (const auto& sentence : bad)
        std::printf("FAILED     %s\n", sentence.c_str());
    return bad.empty() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    Options options;
    if (!parse(argc, argv, options))
        return 2;
    return run(options);
}

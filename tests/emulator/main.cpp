/* SPDX-License-Identifier: LGPL-2.1-or-later */
// cfcalls-emulator: a local Cloudflare Calls SFU.
#include <cstdio>
#include <cstdlib>

#include <glib-unix.h>

#include "config.h"
#include "tests/emulator/api/command-line.hpp"
#include "tests/emulator/media/socket-address.hpp"

namespace
{

using cf::emu::CommandLine;

int fail(const cf::Error& error)
{
    std::fprintf(stderr, "cfcalls-emulator: %s\n", error.message.c_str());
    if (!error.debug.empty())
        std::fprintf(stderr, "cfcalls-emulator: (%s)\n", error.debug.c_str());
    return EXIT_FAILURE;
}

void warn_if_reachable(const std::string& address)
{
    const auto parsed = cf::emu::SocketAddress::parse(address, 0);
    if (parsed && !parsed->is_loopback())
        std::fprintf(stderr,
                     "cfcalls-emulator: WARNING: listening on %s. Everybody who can reach this "
                     "machine can look inside under /_emulator/ and, with the app secret, send "
                     "media through it. Use it in networks that you trust.\n",
                     address.c_str());
}

// For scripts that start the program in the background.
cf::Status write_base_url(const std::string& path, const std::string& url)
{
    GError* error = nullptr;
    if (g_file_set_contents(path.c_str(), (url + "\n").c_str(), -1, &error) == FALSE)
        return cf::from_gerror(cf::ErrorCode::InvalidArgument, error,
                               "The base URL cannot be written: does the folder of --state-dir "
                               "exist?");
    return cf::ok_status();
}

int run(const CommandLine& line)
{
    auto emulator = cf::emu::Emulator::create(line.options);
    if (!emulator)
        return fail(emulator.error());
    for (const auto& fault : line.faults)
        if (auto id = (*emulator)->sfu().add_fault(fault); !id)
            return fail(id.error());
    warn_if_reachable(line.options.http_address);

    // Before anybody is told that this is ready: who reads that line may end us the next moment.
    const auto loop = cf::Ref<GMainLoop>::adopt(g_main_loop_new(nullptr, FALSE));
    const auto quit = [](gpointer data) -> gboolean {
        g_main_loop_quit(static_cast<GMainLoop*>(data));
        return G_SOURCE_CONTINUE;
    };
    g_unix_signal_add(SIGTERM, quit, loop.get());
    g_unix_signal_add(SIGINT, quit, loop.get());

    const std::string& url = (*emulator)->base_url();
    const std::string url_file = line.state_dir.empty() ? "" : line.state_dir + "/base-url";
    if (!url_file.empty())
        if (auto status = write_base_url(url_file, url); !status)
            return fail(status.error());
    std::printf("%s\n", url.c_str());
    std::fflush(stdout);
    g_main_loop_run(loop.get());
    if (!url_file.empty())
        std::remove(url_file.c_str());
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv)
{
    auto line = cf::emu::read_command_line(argc, argv);
    if (!line)
        return fail(line.error());
    if (!line->manual.empty()) {
        std::fputs(line->manual.c_str(), stdout);
        return EXIT_SUCCESS;
    }
    if (line->show_version) {
        std::printf("cfcalls-emulator " CF_VERSION "\n");
        return EXIT_SUCCESS;
    }
    return run(*line);
}

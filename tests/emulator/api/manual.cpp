/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/manual.hpp"

#include <string_view>

#include "tests/emulator/sdp/text.hpp"
#include "tests/emulator/sfu/faults.hpp"

namespace cf::emu
{

namespace
{

constexpr std::size_t kWidth = 80;
constexpr std::size_t kHelpColumn = 26;

constexpr char kHead[] =
    "cfcalls-emulator - a local Cloudflare Calls (Realtime SFU)\n"
    "\n"
    "Usage: cfcalls-emulator [OPTION]...\n"
    "\n"
    "Serves the HTTP API of Calls and a real media plane on this machine, with no\n"
    "account and no network. It is as strict as the service: a request that would\n"
    "fail there fails here, with the same status, code and text.\n"
    "\n"
    "When it is ready it prints one line, the base URL of its API, and serves until\n"
    "SIGTERM or Ctrl-C. Without options it listens on 127.0.0.1, on free ports, and\n"
    "takes the app id \"local-app\" and the secret \"local-secret\".\n"
    "\n"
    "Example, in two terminals; a browser shows the track at http://127.0.0.1:9100/\n"
    "\n"
    "  cfcalls-emulator --port 9100\n"
    "\n"
    "  export CALLS_API_BASE=http://127.0.0.1:9100/v1 \\\n"
    "         CALLS_APP_ID=local-app CALLS_APP_SECRET=local-secret\n"
    "  gst-launch-1.0 videotestsrc is-live=true ! cfcallssink\n";

constexpr char kInside[] = "\nLooking inside, as JSON:\n"
                           "  GET /_emulator/state      sessions, tracks, rates, faults\n"
                           "  GET /_emulator/log        requests, answers and their SDP\n"
                           "  GET /_emulator/faults     the faults and how often they struck\n"
                           "  POST /_emulator/faults    one more, {\"name\":...}; DELETE: none\n"
                           "  POST /_emulator/reset     no sessions, no faults, an empty log\n";

constexpr char kFaultHead[] =
    "\nFaults. Each also takes operation (\"sessions/new\", \"tracks/new\", \"renegotiate\",\n"
    "\"tracks/close\", \"tracks/update\", \"session\", \"datachannels/establish\",\n"
    "\"datachannels/new\", \"datachannels/update\", \"datachannels/close\",\n"
    "\"adapters/websocket/new\", \"adapters/websocket/close\"), session (an\n"
    "id) and count (how often it strikes); left out, they mean every, every, always.\n";

constexpr char kTail[] =
    "\nEnvironment: CALLS_APP_ID and CALLS_APP_SECRET are taken for --app-id and\n"
    "--app-secret where these are not given.\n"
    "\n"
    "Exit status: 0 after SIGTERM, SIGINT or --help; 1 when it cannot start, with one\n"
    "sentence that says why on standard error.\n";

const char* heading(ManualSection section)
{
    switch (section) {
    case ManualSection::Place:
        return "Where it listens";
    case ManualSection::Users:
        return "Who may use it";
    case ManualSection::Timers:
        return "Timers, in milliseconds; the service's where they are known";
    case ManualSection::Limits:
        return "Limits";
    case ManualSection::OpenPoints:
        return "Points that no document decides";
    case ManualSection::Adapters:
        return "WebSocket adapters (docs/guides/emulator.md)";
    case ManualSection::Turn:
        return "TURN credentials and analytics";
    case ManualSection::Faults:
        return "Making things go wrong";
    case ManualSection::Other:
        break;
    }
    return "Other";
}

// The words of @p text from @p column on, wrapped and indented to it.
void append_wrapped(std::string& out, std::string_view text, std::size_t column)
{
    std::size_t at = column;
    for (const std::string_view word : sdp::split(text, ' ')) {
        if (at > column && at + 1 + word.size() > kWidth) {
            out.append(1, '\n').append(column, ' ');
            at = column;
        } else if (at > column) {
            out += ' ';
            ++at;
        }
        out += word;
        at += word.size();
    }
    out += '\n';
}

void append_option(std::string& out, const ManualOption& option)
{
    std::string term = option.letter != 0 ? std::string("  -") + option.letter + ", --" : "  --";
    term += option.name;
    if (option.value != nullptr)
        term += std::string("=") + option.value;
    out += term;
    if (term.size() + 2 > kHelpColumn)
        out.append(1, '\n').append(kHelpColumn, ' ');
    else
        out.append(kHelpColumn - term.size(), ' ');
    append_wrapped(out, option.help, kHelpColumn);
}

void append_faults(std::string& out)
{
    out += kFaultHead;
    for (const KnownFault& fault : known_faults()) {
        out += std::string("  ") + fault.name;
        const char* between = "  with ";
        for (const std::string_view parameter : sdp::split(fault.parameters, ' ')) {
            if (!parameter.empty())
                out.append(between).append(parameter);
            between = ", ";
        }
        out.append(1, '\n').append(6, ' ');
        append_wrapped(out, fault.help, 6);
    }
}

} // namespace

std::string write_manual(const std::vector<ManualOption>& options)
{
    std::string out = kHead;
    for (int s = 0; s <= static_cast<int>(ManualSection::Other); ++s) {
        const auto section = static_cast<ManualSection>(s);
        out += std::string("\n") + heading(section) + ":\n";
        for (const ManualOption& option : options)
            if (option.section == section)
                append_option(out, option);
    }
    out += kInside;
    append_faults(out);
    return out + kTail;
}

} // namespace cf::emu

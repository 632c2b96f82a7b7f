/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/command-line.hpp"

#include <algorithm>
#include <array>
#include <deque>

#include "lib/base/ref.hpp"
#include "tests/emulator/api/manual.hpp"

namespace cf::emu
{

namespace
{

using Section = ManualSection;
using OwnedOptionContext = Owned<GOptionContext, g_option_context_free>;
using OwnedArguments = Owned<char*, g_strfreev>;

// Options as GOption fills them in.
struct Raw {
    OwnedString app_id, app_secret, bind, announce, certificate, srtp_profile, duplicate_names,
        reuse_sections, state_dir, turn_key, turn_token, turn_secret, account, api_token,
        ingest_silence;
    OwnedArguments faults, turn_urls;
    int port = 0, udp_port = 0;
    int version = FALSE, help = FALSE;
};

struct NumberOption {
    Section section;
    const char* name;
    const char* help;
    int value;
    void (*apply)(EmulatorOptions& options, int value);
};
struct FlagOption {
    Section section;
    const char* name;
    const char* help;
    void (*apply)(EmulatorOptions& options);
    int set = FALSE;
};

Milliseconds ms(int value)
{
    return Milliseconds{value};
}

std::deque<NumberOption> number_options()
{
    const SfuOptions d;
    const MediaOptions m;
    const auto n = [](auto value) { return static_cast<int>(value); };
    return {
        {Section::Timers, "connect-wait",
         "How long an operation waits for the peer to connect, before 425",
         n(d.timers.connect_wait.count()),
         [](auto& o, int v) { o.sfu.timers.connect_wait = ms(v); }},
        {Section::Timers, "packet-wait", "How long a pull waits for packets of a silent track",
         n(d.timers.packet_wait.count()), [](auto& o, int v) { o.sfu.timers.packet_wait = ms(v); }},
        {Section::Timers, "never-connected", "Life of a session that never connects",
         n(d.timers.never_connected.count()),
         [](auto& o, int v) { o.sfu.timers.never_connected = ms(v); }},
        {Section::Timers, "disconnected", "How long a session waits for its peer to come back",
         n(d.timers.disconnected.count()),
         [](auto& o, int v) { o.sfu.timers.disconnected = ms(v); }},
        {Section::Timers, "channel-ack", "How long a channel with waitForAck waits for it",
         n(d.timers.channel_ack.count()), [](auto& o, int v) { o.sfu.timers.channel_ack = ms(v); }},
        {Section::Timers, "silent-track", "A track without packets for this long is collected",
         n(d.timers.silent_track.count()),
         [](auto& o, int v) { o.sfu.timers.silent_track = ms(v); }},
        {Section::Adapters, "adapter-connect",
         "How long an adapter waits for its endpoint's handshake",
         n(d.timers.adapter_connect.count()),
         [](auto& o, int v) { o.sfu.timers.adapter_connect = ms(v); }},
        {Section::Adapters, "adapter-reconnect",
         "How long an egress adapter dials a lost endpoint again",
         n(d.timers.adapter_reconnect.count()),
         [](auto& o, int v) { o.sfu.timers.adapter_reconnect = ms(v); }},
        {Section::Adapters, "ingest-buffer", "Most sound that waits in an ingest adapter",
         n(d.limits.ingest_buffer_ms),
         [](auto& o, int v) { o.sfu.limits.ingest_buffer_ms = static_cast<std::size_t>(v); }},
        {Section::Adapters, "jpeg-interval", "Time between the JPEG frames of an egress adapter",
         n(d.timers.jpeg_interval.count()),
         [](auto& o, int v) { o.sfu.timers.jpeg_interval = ms(v); }},
        {Section::Adapters, "jpeg-quality", "JPEG quality of egress adapters, 0 to 100",
         n(d.jpeg_quality),
         [](auto& o, int v) { o.sfu.jpeg_quality = static_cast<unsigned>(std::min(v, 100)); }},
        {Section::Adapters, "max-adapters", "Most WebSocket adapters at a time",
         n(d.limits.adapters),
         [](auto& o, int v) { o.sfu.limits.adapters = static_cast<std::size_t>(v); }},
        {Section::Timers, "consent-timeout", "No ICE check for this long means disconnected",
         n(m.consent_timeout.count()), [](auto& o, int v) { o.media.consent_timeout = ms(v); }},
        {Section::Limits, "rate-limit", "Requests per second and session, 0 for any",
         n(d.limits.requests_per_second),
         [](auto& o, int v) { o.sfu.limits.requests_per_second = static_cast<unsigned>(v); }},
        {Section::Limits, "max-body", "Largest request body in bytes", n(d.limits.body_bytes),
         [](auto& o, int v) { o.sfu.limits.body_bytes = static_cast<std::size_t>(v); }},
        {Section::Limits, "max-sessions", "Most sessions at a time", n(d.limits.sessions),
         [](auto& o, int v) { o.sfu.limits.sessions = static_cast<std::size_t>(v); }},
        {Section::Limits, "max-sections", "Most m= sections of a session, before 410",
         n(d.limits.sections_per_session),
         [](auto& o, int v) { o.sfu.limits.sections_per_session = static_cast<std::size_t>(v); }},
        {Section::Limits, "log-size", "How many requests /_emulator/log remembers",
         n(d.limits.log_entries),
         [](auto& o, int v) { o.sfu.limits.log_entries = static_cast<std::size_t>(v); }},
        {Section::Limits, "log-bytes", "How many bytes of them", n(d.limits.log_bytes),
         [](auto& o, int v) { o.sfu.limits.log_bytes = static_cast<std::size_t>(v); }},
    };
}

std::deque<FlagOption> flag_options()
{
    return {
        {Section::OpenPoints, "offer-all-codecs",
         "List every codec in offers for pulls, not only the publication's",
         [](auto& o) { o.sfu.offer_all_codecs = true; }},
        {Section::OpenPoints, "no-ssrc", "No a=ssrc lines in descriptions",
         [](auto& o) { o.sfu.offer_ssrc = false; }},
        {Section::OpenPoints, "remb", "Negotiate goog-remb",
         [](auto& o) { o.sfu.codecs.remb = true; }},
        {Section::OpenPoints, "no-transport-cc", "Do not negotiate transport-cc",
         [](auto& o) { o.sfu.codecs.transport_cc = false; }},
        {Section::OpenPoints, "allow-ice-restart",
         "Accept new ICE credentials in an established session",
         [](auto& o) { o.sfu.sdp.allow_ice_restart = true; }},
        {Section::OpenPoints, "reject-closed", "Closed m= sections get port 0 instead of inactive",
         [](auto& o) { o.sfu.reject_closed = true; }},
        {Section::OpenPoints, "discovered-kind", "Say audio or video in answers to autoDiscover",
         [](auto& o) { o.sfu.discovered_kind = true; }},
        {Section::OpenPoints, "retry-after", "Send Retry-After with 429",
         [](auto& o) { o.sfu.retry_after = true; }},
        {Section::OpenPoints, "drop-padding",
         "Do not forward RTP packets that are nothing but padding",
         [](auto& o) { o.media.forward_padding = false; }},
        {Section::Adapters, "refuse-localhost",
         "Adapters refuse endpoints on this machine, as the service does",
         [](auto& o) { o.sfu.refuse_localhost = true; }},
        {Section::Adapters, "adapter-milliseconds",
         "Timestamps of egress adapters in ms, not in the RTP clock",
         [](auto& o) { o.sfu.adapter_milliseconds = true; }},
        {Section::Adapters, "strict-adapter-close",
         "503 and adapter_not_found for an adapter that has ended",
         [](auto& o) { o.sfu.strict_adapter_close = true; }},
    };
}

Error bad(const std::string& why)
{
    return Error{ErrorCode::InvalidArgument, why};
}

void set_if(std::string& to, const OwnedString& from)
{
    if (from)
        to = from.get();
}

Result<std::uint16_t> port_number(int value, const char* option)
{
    if (value < 0 || value > 65535)
        return bad(std::string(option) + " has to be a number from 0 to 65535.");
    return static_cast<std::uint16_t>(value);
}

Status apply_choices(const Raw& raw, EmulatorOptions& o)
{
    std::string names;
    std::string sections;
    set_if(names, raw.duplicate_names);
    set_if(sections, raw.reuse_sections);
    if (names == "replace")
        o.sfu.duplicate_names = DuplicateNames::Replace;
    else if (!names.empty() && names != "refuse")
        return bad("--duplicate-names has to be refuse or replace.");
    if (sections == "stopped")
        o.sfu.reuse_sections = ReuseSections::Stopped;
    else if (sections == "never")
        o.sfu.reuse_sections = ReuseSections::Never;
    else if (!sections.empty() && sections != "closed")
        return bad("--reuse-sections has to be closed, stopped or never.");
    std::string silence;
    set_if(silence, raw.ingest_silence);
    if (silence == "always")
        o.sfu.ingest_silence = IngestSilence::Always;
    else if (silence == "never")
        o.sfu.ingest_silence = IngestSilence::Never;
    else if (!silence.empty() && silence != "after-audio")
        return bad("--ingest-silence has to be after-audio, always or never.");
    return ok_status();
}

Status apply(const Raw& raw, CommandLine& out)
{
    EmulatorOptions& o = out.options;
    if (const char* id = g_getenv("CALLS_APP_ID"); id != nullptr && *id != '\0')
        o.sfu.app_id = id;
    if (const char* secret = g_getenv("CALLS_APP_SECRET"); secret != nullptr && *secret != '\0')
        o.sfu.app_secret = secret;
    set_if(o.sfu.app_id, raw.app_id);
    set_if(o.sfu.app_secret, raw.app_secret);
    set_if(o.http_address, raw.bind);
    set_if(o.media.address, raw.bind);
    set_if(o.sfu.announce, raw.announce);
    set_if(o.media.certificate_file, raw.certificate);
    set_if(o.media.srtp_profile, raw.srtp_profile);
    set_if(out.state_dir, raw.state_dir);
    set_if(o.turn.key_id, raw.turn_key);
    set_if(o.turn.key_token, raw.turn_token);
    set_if(o.turn.shared_secret, raw.turn_secret);
    set_if(o.analytics.account, raw.account);
    set_if(o.analytics.api_token, raw.api_token);
    for (char** url = raw.turn_urls.get(); url != nullptr && *url != nullptr; ++url)
        o.turn.urls.emplace_back(*url);
    CF_TRY_LET(o.http_port, port_number(raw.port, "--port"));
    CF_TRY_LET(o.media.port, port_number(raw.udp_port, "--udp-port"));
    CF_TRY(apply_choices(raw, o));
    for (char** text = raw.faults.get(); text != nullptr && *text != nullptr; ++text) {
        CF_TRY_LET(Fault fault, parse_fault(*text));
        out.faults.push_back(std::move(fault));
    }
    out.show_version = raw.version != FALSE;
    return ok_status();
}

} // namespace

Result<CommandLine> read_command_line(int argc, char** argv)
{
    Raw raw;
    auto numbers = number_options();
    auto flags = flag_options();
    std::vector<GOptionEntry> entries;
    std::vector<ManualOption> manual;
    const auto add = [&](Section section, const char* name, char letter, GOptionArg type, void* to,
                         const std::string& help, const char* value) {
        entries.push_back({name, letter, 0, type, to, nullptr, nullptr});
        manual.push_back({section, name, letter, value, help});
    };
    std::array<char*, 15> strings{};
    add(Section::Place, "port", 'p', G_OPTION_ARG_INT, &raw.port,
        "TCP port of the API (default 0: any free one)", "N");
    add(Section::Place, "udp-port", 0, G_OPTION_ARG_INT, &raw.udp_port,
        "UDP port of the media (default 0: any)", "N");
    add(Section::Users, "app-id", 0, G_OPTION_ARG_STRING, &strings[0], "Id of the one app", "ID");
    add(Section::Users, "app-secret", 0, G_OPTION_ARG_STRING, &strings[1],
        "Its secret, the bearer token", "TEXT");
    add(Section::Place, "bind", 0, G_OPTION_ARG_STRING, &strings[2],
        "Numeric address to listen on (default 127.0.0.1)", "ADDRESS");
    add(Section::Place, "announce", 0, G_OPTION_ARG_STRING, &strings[3],
        "Address in the ICE candidate, if it is another one", "ADDRESS");
    add(Section::Place, "certificate", 0, G_OPTION_ARG_FILENAME, &strings[4],
        "PEM file with the DTLS certificate and key (default: a fresh one)", "FILE");
    add(Section::Place, "srtp-profile", 0, G_OPTION_ARG_STRING, &strings[5],
        "Only SRTP_AES128_CM_SHA1_80 or SRTP_AEAD_AES_128_GCM (default: both)", "NAME");
    add(Section::OpenPoints, "duplicate-names", 0, G_OPTION_ARG_STRING, &strings[6],
        "A second track of one name: refuse (default) or replace", "HOW");
    add(Section::OpenPoints, "reuse-sections", 0, G_OPTION_ARG_STRING, &strings[7],
        "Which m= sections offers use again: closed (default), stopped, never", "WHICH");
    add(Section::Place, "state-dir", 0, G_OPTION_ARG_FILENAME, &strings[8],
        "Existing folder to write the file \"base-url\" to when ready", "DIR");
    add(Section::Turn, "turn-key", 0, G_OPTION_ARG_STRING, &strings[9],
        "Id of the one TURN key (default local-turn-key)", "ID");
    add(Section::Turn, "turn-token", 0, G_OPTION_ARG_STRING, &strings[10],
        "Its token (default local-turn-token)", "TEXT");
    add(Section::Turn, "turn-secret", 0, G_OPTION_ARG_STRING, &strings[11],
        "Derive TURN credentials from this, as coturn's static-auth-secret does", "TEXT");
    add(Section::Turn, "account", 0, G_OPTION_ARG_STRING, &strings[12],
        "Account of the analytics (default local-account)", "ID");
    add(Section::Turn, "api-token", 0, G_OPTION_ARG_STRING, &strings[13],
        "Token of the analytics (default local-api-token)", "TEXT");
    add(Section::Adapters, "ingest-silence", 0, G_OPTION_ARG_STRING, &strings[14],
        "An ingest adapter without input sends silence: after-audio (default), always, never",
        "WHEN");
    char** turn_urls = nullptr;
    add(Section::Turn, "turn-url", 0, G_OPTION_ARG_STRING_ARRAY, &turn_urls,
        "A URL of the TURN server that the credentials are for; may be given again", "URL");
    char** faults = nullptr;
    add(Section::Faults, "fault", 0, G_OPTION_ARG_STRING_ARRAY, &faults,
        "A fault, of those below; may be given again. Example: "
        "--fault status:status=503,operation=tracks/new,count=2",
        "NAME[:KEY=VALUE,...]");
    for (NumberOption& o : numbers) {
        const bool is_count = o.section == Section::Limits || g_str_has_prefix(o.name, "max-") ||
                              g_str_has_suffix(o.name, "quality");
        add(o.section, o.name, 0, G_OPTION_ARG_INT, &o.value,
            std::string(o.help) + " (default " + std::to_string(o.value) + ")",
            is_count ? "N" : "MS");
    }
    for (FlagOption& o : flags)
        add(o.section, o.name, 0, G_OPTION_ARG_NONE, &o.set, o.help, nullptr);
    add(Section::Other, "version", 0, G_OPTION_ARG_NONE, &raw.version, "Print the version",
        nullptr);
    add(Section::Other, "help", 'h', G_OPTION_ARG_NONE, &raw.help, "Print this manual", nullptr);
    entries.push_back({});

    const OwnedOptionContext context{g_option_context_new("")};
    g_option_context_set_help_enabled(context.get(), FALSE);
    g_option_context_add_main_entries(context.get(), entries.data(), nullptr);
    GError* error = nullptr;
    const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &error) != FALSE;
    OwnedString* const owners[] = {&raw.app_id,          &raw.app_secret,     &raw.bind,
                                   &raw.announce,        &raw.certificate,    &raw.srtp_profile,
                                   &raw.duplicate_names, &raw.reuse_sections, &raw.state_dir,
                                   &raw.turn_key,        &raw.turn_token,     &raw.turn_secret,
                                   &raw.account,         &raw.api_token,      &raw.ingest_silence};
    for (std::size_t i = 0; i < strings.size(); ++i)
        owners[i]->reset(strings[i]);
    raw.faults.reset(faults);
    raw.turn_urls.reset(turn_urls);
    if (!parsed) {
        const std::string why = error->message;
        return from_gerror(ErrorCode::InvalidArgument, error, why + ". Try --help.");
    }
    if (raw.help != FALSE) {
        CommandLine out;
        out.manual = write_manual(manual);
        return out;
    }
    if (argc > 1)
        return bad("This argument is not understood: " + std::string(argv[1]) + ". Try --help.");

    CommandLine out;
    CF_TRY(apply(raw, out));
    for (const NumberOption& o : numbers) {
        if (o.value < 0)
            return bad(std::string("--") + o.name + " cannot be negative.");
        o.apply(out.options, o.value);
    }
    for (const FlagOption& o : flags)
        if (o.set != FALSE)
            o.apply(out.options);
    return out;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// cfcalls-emulator as a program: its manual, how it starts, what it says, how it ends.
#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "tests/emulator/sfu/faults.hpp"
#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"

CF_REF_GOBJECT(GSubprocessLauncher);
CF_REF_GOBJECT(GDataInputStream);

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words

// One run of the program, its output caught.
struct Run {
    explicit Run(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), g_getenv("CF_EMULATOR"));
        std::vector<const char*> argv;
        for (const auto& a : arguments)
            argv.push_back(a.c_str());
        argv.push_back(nullptr);
        const auto launcher = cf::Ref<GSubprocessLauncher>::adopt(
            g_subprocess_launcher_new(static_cast<GSubprocessFlags>(
                G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE)));
        // What the user has set is not what is tested.
        for (const char* name : {"CALLS_APP_ID", "CALLS_APP_SECRET"})
            g_subprocess_launcher_unsetenv(launcher.get(), name);
        started = g_get_monotonic_time();
        process = cf::Ref<GSubprocess>::adopt(
            g_subprocess_launcher_spawnv(launcher.get(), argv.data(), nullptr));
        fail_unless(process.get() != nullptr);
    }
    /// Its first line of output; empty when it ends without one.
    std::string first_line()
    {
        const auto lines = cf::Ref<GDataInputStream>::adopt(
            g_data_input_stream_new(g_subprocess_get_stdout_pipe(process.get())));
        g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(lines.get()), FALSE);
        const cf::OwnedString line{
            g_data_input_stream_read_line_utf8(lines.get(), nullptr, nullptr, nullptr)};
        return line ? line.get() : "";
    }
    /// Waits for the end.
    void end()
    {
        char* output = nullptr;
        char* errors = nullptr;
        fail_unless(g_subprocess_communicate_utf8(process.get(), nullptr, nullptr, &output, &errors,
                                                  nullptr) != FALSE);
        const cf::OwnedString owned_output{output};
        const cf::OwnedString owned_errors{errors};
        out = output != nullptr ? output : "";
        err = errors != nullptr ? errors : "";
        fail_unless(g_subprocess_get_if_exited(process.get()) != FALSE, "it did not exit: %s",
                    err.c_str());
        status = g_subprocess_get_exit_status(process.get());
    }
    void terminate()
    {
        g_subprocess_send_signal(process.get(), SIGTERM);
        end();
    }
    gint64 started = 0;
    cf::Ref<GSubprocess> process;
    std::string out;
    std::string err;
    int status = -1;
};

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

GST_START_TEST(help_is_the_manual)
{
    Run run({"--help"});
    run.end();
    fail_unless_equals_int(run.status, 0);
    fail_unless_equals_string(run.err.c_str(), "");
    for (const char* part :
         {"Usage:", "cfcalls-emulator", "--port", "--udp-port", "--app-id", "--app-secret",
          "--bind", "--announce", "--certificate", "--state-dir", "--max-sessions", "--max-body",
          "--never-connected", "--fault", "SIGTERM", "GET /_emulator/state", "CALLS_API_BASE",
          "datachannels/new"})
        fail_unless(has(run.out, part), "the manual does not say %s", part);
    for (const cf::emu::KnownFault& fault : cf::emu::known_faults())
        fail_unless(has(run.out, std::string("\n  ") + fault.name),
                    "the manual does not know the fault %s", fault.name);
    std::size_t line = 0;
    for (std::size_t at = 0; at < run.out.size(); ++at) {
        line = run.out[at] == '\n' ? 0 : line + 1;
        fail_unless(line <= 80, "a line is too long: %s",
                    run.out.substr(at - std::min<std::size_t>(at, 80), 81).c_str());
    }
}
GST_END_TEST

// On a machine that is busy with other things the best of many runs says what the program needs.
GST_START_TEST(it_is_ready_within_100_ms)
{
    gint64 best = G_MAXINT64;
    for (int i = 0; i < 60 && best > 100000; ++i) {
        Run run({"--port", "0"});
        const std::string url = run.first_line();
        best = std::min(best, g_get_monotonic_time() - run.started);
        fail_unless(url.starts_with("http://127.0.0.1:") && url.ends_with("/v1"), "%s",
                    url.c_str());
        run.terminate();
    }
    fail_unless(best <= 100000, "the fastest start took %d ms", static_cast<int>(best / 1000));
}
GST_END_TEST

GST_START_TEST(sigterm_ends_it_cleanly)
{
    const cf::OwnedString dir{g_dir_make_tmp("cf-emulator-XXXXXX", nullptr)};
    const std::string file = std::string(dir.get()) + "/base-url";
    Run run({"--state-dir", dir.get()});
    const std::string url = run.first_line();
    char* written = nullptr;
    fail_unless(g_file_get_contents(file.c_str(), &written, nullptr, nullptr) != FALSE);
    const cf::OwnedString text{written};
    fail_unless_equals_text(text.get(), url + "\n");
    run.terminate();
    fail_unless_equals_int(run.status, 0);
    fail_unless_equals_string(run.out.c_str(), "");
    fail_unless_equals_string(run.err.c_str(), "");
    fail_if(g_file_test(file.c_str(), G_FILE_TEST_EXISTS) != FALSE);
    g_rmdir(dir.get());
}
GST_END_TEST

GST_START_TEST(it_warns_when_others_can_reach_it)
{
    Run run({"--bind", "0.0.0.0"});
    fail_if(run.first_line().empty());
    run.terminate();
    fail_unless_equals_int(run.status, 0);
    fail_unless(has(run.err, "WARNING: listening on 0.0.0.0"), "%s", run.err.c_str());
}
GST_END_TEST

GST_START_TEST(bad_arguments_are_one_sentence)
{
    struct Case {
        std::vector<std::string> arguments;
        const char* says;
    };
    for (const Case& k : {
             Case{{"--colour", "blue"}, "--colour"},
             Case{{"extra"}, "extra"},
             Case{{"--port", "70000"}, "--port has to be"},
             Case{{"--max-body", "-1"}, "--max-body cannot be negative"},
             Case{{"--duplicate-names", "maybe"}, "refuse or replace"},
             Case{{"--reuse-sections", "all"}, "closed, stopped or never"},
             Case{{"--fault", "nothing"}, "there is no fault \"nothing\""},
             Case{{"--fault", "delay:ms=long"}, "has to be a number"},
             Case{{"--fault", "delay:colour=1"}, "no parameter \"colour\""},
             Case{{"--bind", "localhost"}, "numeric"},
             Case{{"--certificate", "/nonexistent.pem"}, "ertificate"},
             Case{{"--state-dir", "/nonexistent"}, "--state-dir"},
         }) {
        Run run(k.arguments);
        run.end();
        fail_unless_equals_int(run.status, 1);
        fail_unless_equals_string(run.out.c_str(), "");
        fail_unless(run.err.starts_with("cfcalls-emulator: ") && has(run.err, k.says),
                    "\"%s\" does not say %s", run.err.c_str(), k.says);
    }
}
GST_END_TEST

GST_START_TEST(a_port_in_use_is_told)
{
    Run owner({"--port", "0"});
    const std::string url = owner.first_line();
    const std::string port = url.substr(17, url.find('/', 17) - 17);
    Run late({"--port", port});
    late.end();
    fail_unless_equals_int(late.status, 1);
    fail_unless(has(late.err, "choose another one with --port"), "%s", late.err.c_str());
    owner.terminate();
}
GST_END_TEST

// Set before the first request, and counted like those that are set by HTTP.
GST_START_TEST(faults_of_the_command_line_strike)
{
    const EmulatorProcess sfu({"--fault",
                               "rename-key:operation=sessions/new,count=1,"
                               "from=sessionId,to=session_id",
                               "--fault", "extra-keys:operation=sessions/new", "--fault",
                               "loss:percent=100,direction=up"});
    fail_unless_equals_int(sfu.struck("rename-key"), 0);
    for (const char* name : {"session_id", "sessionId"}) {
        const auto answer = sfu.control_post("api/sessions/new", "{}");
        JsonObject* members = json_node_get_object(answer.get());
        fail_unless(json_object_has_member(members, name) != FALSE, "no %s", name);
        fail_unless(json_object_has_member(members, "emulatorExtra") != FALSE);
    }
    fail_unless_equals_int(sfu.struck("rename-key"), 1);
    fail_unless_equals_int(sfu.struck("extra-keys"), 2);
    fail_unless_equals_int(sfu.struck("loss"), 0);
}
GST_END_TEST

Suite* program_suite()
{
    Suite* s = suite_create("program");
    TCase* t = tcase_create("program");
    tcase_add_test(t, help_is_the_manual);
    tcase_add_test(t, it_is_ready_within_100_ms);
    tcase_add_test(t, sigterm_ends_it_cleanly);
    tcase_add_test(t, it_warns_when_others_can_reach_it);
    tcase_add_test(t, bad_arguments_are_one_sentence);
    tcase_add_test(t, a_port_in_use_is_told);
    tcase_add_test(t, faults_of_the_command_line_strike);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(program);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/emulator-process.hpp"

#include <csignal>

#include <libsoup/soup.h>

#include "tests/support/check.hpp"

CF_REF_GOBJECT(SoupSession);
CF_REF_GOBJECT(SoupMessage);
CF_REF_GOBJECT(JsonParser);
CF_REF_GOBJECT(GSubprocessLauncher);
CF_REF_GOBJECT(GDataInputStream);

namespace cf::test
{

namespace
{

std::string program()
{
    const char* path = g_getenv("CF_EMULATOR");
    fail_unless(path != nullptr, "CF_EMULATOR must name the cfcalls-emulator program");
    return path;
}

} // namespace

EmulatorProcess::EmulatorProcess(std::vector<std::string> extra_arguments)
{
    std::vector<std::string> args = {program(), "--port",       "0",         "--app-id",
                                     app_id(),  "--app-secret", app_secret()};
    args.insert(args.end(), extra_arguments.begin(), extra_arguments.end());
    std::vector<const char*> argv;
    for (const auto& a : args)
        argv.push_back(a.c_str());
    argv.push_back(nullptr);

    GError* error = nullptr;
    process_ = Ref<GSubprocess>::adopt(
        g_subprocess_newv(argv.data(), G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error));
    fail_unless(process_.get() != nullptr, "cannot start %s: %s", argv[0],
                error ? error->message : "?");

    auto out = Ref<GDataInputStream>::adopt(
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_.get())));
    const OwnedString line{
        g_data_input_stream_read_line_utf8(out.get(), nullptr, nullptr, nullptr)};
    fail_unless(line != nullptr, "the emulator ended before it was ready");
    api_base_ = line.get();
    fail_unless(g_str_has_prefix(api_base_.c_str(), "http://127.0.0.1:"), "unexpected: %s",
                api_base_.c_str());
    origin_ = api_base_.substr(0, api_base_.find('/', strlen("http://")));

    g_setenv("CALLS_APP_ID", app_id().c_str(), TRUE);
    g_setenv("CALLS_APP_SECRET", app_secret().c_str(), TRUE);
    g_setenv("CALLS_API_BASE", api_base_.c_str(), TRUE);
}

EmulatorProcess::~EmulatorProcess()
{
    if (!process_)
        return;
    g_subprocess_send_signal(process_.get(), SIGTERM);
    g_subprocess_wait(process_.get(), nullptr, nullptr);
}

void EmulatorProcess::kill()
{
    g_subprocess_force_exit(process_.get());
    g_subprocess_wait(process_.get(), nullptr, nullptr);
    process_.reset();
}

Ref<JsonNode> EmulatorProcess::request(const char* method, const std::string& path,
                                       const std::string* body) const
{
    auto session = Ref<SoupSession>::adopt(
        soup_session_new_with_options("proxy-resolver", nullptr, "timeout", 10U, nullptr));
    const std::string url = origin_ + "/_emulator/" + path;
    auto message = Ref<SoupMessage>::adopt(soup_message_new(method, url.c_str()));
    if (body != nullptr) {
        auto bytes = Ref<GBytes>::adopt(g_bytes_new(body->data(), body->size()));
        soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
    }
    GError* error = nullptr;
    auto reply = Ref<GBytes>::adopt(
        soup_session_send_and_read(session.get(), message.get(), nullptr, &error));
    fail_unless(error == nullptr, "%s %s: %s", method, url.c_str(), error ? error->message : "");
    gsize size = 0;
    const char* data = static_cast<const char*>(g_bytes_get_data(reply.get(), &size));
    const unsigned status = soup_message_get_status(message.get());
    fail_unless(status >= 200 && status < 300, "%s %s: %u %.*s", method, url.c_str(), status,
                static_cast<int>(size), data ? data : "");
    if (size == 0)
        return nullptr;
    auto parser = Ref<JsonParser>::adopt(json_parser_new());
    fail_unless(json_parser_load_from_data(parser.get(), data, static_cast<gssize>(size), &error),
                "%s %s is no JSON: %s", method, url.c_str(), error ? error->message : "");
    return Ref<JsonNode>::adopt(json_parser_steal_root(parser.get()));
}

Ref<JsonNode> EmulatorProcess::control_get(const std::string& path) const
{
    return request("GET", path, nullptr);
}

Ref<JsonNode> EmulatorProcess::control_post(const std::string& path, const std::string& json) const
{
    return request("POST", path, &json);
}

Ref<JsonNode> EmulatorProcess::state(const char* json_path) const
{
    const auto root = control_get("state");
    GError* error = nullptr;
    auto matches = Ref<JsonNode>::adopt(json_path_query(json_path, root.get(), &error));
    fail_unless(error == nullptr, "bad path %s: %s", json_path, error ? error->message : "");
    return matches;
}

unsigned EmulatorProcess::state_count(const char* json_path) const
{
    return json_array_get_length(json_node_get_array(state(json_path).get()));
}

double EmulatorProcess::state_number(const char* json_path, double fallback) const
{
    const auto matches = state(json_path);
    JsonArray* array = json_node_get_array(matches.get());
    if (json_array_get_length(array) == 0)
        return fallback;
    return json_array_get_double_element(array, 0);
}

} // namespace cf::test

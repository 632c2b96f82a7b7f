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

std::vector<JsonObject*> objects(JsonObject* parent, const char* member)
{
    std::vector<JsonObject*> all;
    ck_assert_msg(json_object_has_member(parent, member), "no member %s", member);
    JsonArray* array = json_object_get_array_member(parent, member);
    for (guint i = 0; i < json_array_get_length(array); ++i)
        all.push_back(json_array_get_object_element(array, i));
    return all;
}

std::string text(JsonObject* object, const char* member)
{
    const char* value = json_object_get_string_member_with_default(object, member, "");
    return value != nullptr ? value : "";
}

/// The JSON text of a member, whatever it is.
std::string json_text(JsonObject* object, const char* member)
{
    JsonNode* node = json_object_get_member(object, member);
    if (node == nullptr)
        return {};
    const OwnedString all{json_to_string(node, FALSE)};
    return all.get();
}

std::int64_t number(JsonObject* object, const char* member)
{
    return json_object_get_int_member_with_default(object, member, 0);
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

std::vector<SfuTrack> EmulatorProcess::tracks() const
{
    std::vector<SfuTrack> all;
    const auto root = control_get("state");
    for (JsonObject* session : objects(json_node_get_object(root.get()), "sessions")) {
        for (JsonObject* o : objects(session, "tracks")) {
            SfuTrack t;
            t.session = text(session, "sessionId");
            t.location = text(o, "location");
            t.mid = text(o, "mid");
            t.name = text(o, "trackName");
            t.kind = text(o, "kind");
            t.status = text(o, "status");
            t.codec = text(o, "codec");
            t.packets = number(o, "packets");
            t.packets_per_second = number(o, "packetsPerSecond");
            t.key_frames = number(o, "keyFrames");
            if (json_object_has_member(o, "packetsBySecond")) {
                JsonArray* seconds = json_object_get_array_member(o, "packetsBySecond");
                for (guint i = 0; i < json_array_get_length(seconds); ++i)
                    t.packets_by_second.push_back(json_array_get_int_element(seconds, i));
            }
            all.push_back(std::move(t));
        }
    }
    return all;
}

SfuTrack EmulatorProcess::published(const std::string& name) const
{
    for (auto& t : tracks())
        if (t.location == "local" && t.name == name)
            return t;
    return {};
}

std::vector<SfuRequest> EmulatorProcess::requests() const
{
    std::vector<SfuRequest> all;
    const auto root = control_get("log");
    for (JsonObject* o : objects(json_node_get_object(root.get()), "entries")) {
        all.push_back({text(o, "operation"), text(o, "sessionId"),
                       static_cast<unsigned>(number(o, "status")), json_text(o, "request"),
                       json_text(o, "response")});
    }
    return all;
}

unsigned EmulatorProcess::struck(const std::string& fault) const
{
    std::int64_t n = 0;
    const auto root = control_get("faults");
    for (JsonObject* o : objects(json_node_get_object(root.get()), "faults"))
        if (text(o, "name") == fault)
            n += number(o, "struck");
    return static_cast<unsigned>(n);
}

} // namespace cf::test

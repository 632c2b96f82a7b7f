/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Every setting that cannot work is one clear error before anything is sent, and no secret can be
// read back from anywhere.
#include "tests/support/element-fixture.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

constexpr const char* kToken = "s3cr3t-token-5f1c";

Ref<GstElement> make_sink()
{
    return Ref<GstElement>::sink(gst_element_factory_make("cfcallssink", "sink"));
}

struct BadSetting {
    const char* property; ///< nullptr: only the environment is bad
    const char* value;
    const char* said; ///< must be in the message
};

// The element alone, on its way to PAUSED; gives what it posts.
BusReport error_of(const Ref<GstElement>& sink)
{
    const auto bus = Ref<GstBus>::adopt(gst_bus_new());
    gst_element_set_bus(sink.get(), bus.get());
    fail_unless_equals_int(gst_element_set_state(sink.get(), GST_STATE_PAUSED),
                           GST_STATE_CHANGE_FAILURE);
    BusReport report;
    unsigned errors = 0;
    while (auto m = Ref<GstMessage>::adopt(gst_bus_pop(bus.get()))) {
        if (GST_MESSAGE_TYPE(m.get()) != GST_MESSAGE_ERROR)
            continue;
        ++errors;
        GError* error = nullptr;
        gchar* debug = nullptr;
        gst_message_parse_error(m.get(), &error, &debug);
        report.domain = g_quark_to_string(error->domain);
        report.code = error->code;
        report.message = error->message;
        const GstStructure* details = nullptr;
        gst_message_parse_error_details(m.get(), &details);
        fail_unless(details != nullptr, "the error has no details");
        fail_unless_equals_text(gst_structure_get_string(details, "error-code"),
                                "invalid-argument");
        g_error_free(error);
        g_free(debug);
    }
    fail_unless_equals_int(errors, 1);
    gst_element_set_state(sink.get(), GST_STATE_NULL);
    gst_element_set_bus(sink.get(), nullptr);
    return report;
}

} // namespace

GST_START_TEST(settings_that_cannot_work_are_one_clear_error)
{
    const BadSetting rows[] = {
        {"api-base", "not a url", "api-base"},
        {"api-base", "ftp://example.org/v1", "https://"},
        {"api-base", "http://example.org/v1", "https://"},
        {"api-base", "https://me:pw@example.org/v1", "password"},
        {"api-base", "https://example.org/v1?x=y", "query"},
        {"app-id", "with space", "app id"},
        {"app-token", "with\nnewline", "app token"},
        {"stun-server", "stun:example.org:3478", "stun://"},
        {"stun-server", "nonsense", "stun://"},
        {"auth-token", "a-second-one", "app-token"},
    };
    FakeService service;
    for (const BadSetting& row : rows) {
        const auto sink = make_sink();
        g_object_set(sink.get(), "app-token", kToken, row.property, row.value, nullptr);
        const BusReport report = error_of(sink);
        fail_unless_equals_text(report.domain, g_quark_to_string(GST_RESOURCE_ERROR));
        fail_unless_equals_int(report.code, GST_RESOURCE_ERROR_SETTINGS);
        fail_unless(report.message.find(row.said) != std::string::npos, "%s=%s: %s", row.property,
                    row.value, report.message.c_str());
        fail_if(report.message.find(kToken) != std::string::npos);
    }
    fail_unless_equals_int(service.apis_made.load(), 0);
}
GST_END_TEST

GST_START_TEST(missing_app_id_and_token_name_property_and_variable)
{
    FakeService service;
    g_unsetenv("CALLS_APP_SECRET");
    const std::string no_token = error_of(make_sink()).message;
    fail_unless(no_token.find("app-token") != std::string::npos);
    fail_unless(no_token.find("CALLS_APP_SECRET") != std::string::npos);
    g_unsetenv("CALLS_APP_ID");
    const std::string no_id = error_of(make_sink()).message;
    fail_unless(no_id.find("app-id") != std::string::npos);
    fail_unless(no_id.find("CALLS_APP_ID") != std::string::npos);
    fail_unless_equals_int(service.apis_made.load(), 0);
}
GST_END_TEST

GST_START_TEST(element_recovers_when_the_setting_is_put_right)
{
    FakeService service;
    const auto sink = make_sink();
    g_object_set(sink.get(), "api-base", "nonsense", nullptr);
    (void)error_of(sink);
    g_object_set(sink.get(), "api-base", "https://calls.example.org/v1", nullptr);
    fail_unless_equals_int(gst_element_set_state(sink.get(), GST_STATE_PAUSED),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(service.apis_made.load(), 1);
    gst_element_set_state(sink.get(), GST_STATE_NULL);
}
GST_END_TEST

GST_START_TEST(proxy_needs_neither_app_id_nor_token)
{
    FakeService service;
    g_unsetenv("CALLS_APP_ID");
    g_unsetenv("CALLS_APP_SECRET");
    const auto sink = make_sink();
    g_object_set(sink.get(), "api-base", "https://studio.example.org/partytracks", "auth-token",
                 kToken, nullptr);
    fail_unless_equals_int(gst_element_set_state(sink.get(), GST_STATE_PAUSED),
                           GST_STATE_CHANGE_SUCCESS);
    const auto credentials = gst::resolve_credentials(service.last_settings);
    fail_unless(credentials.ok());
    fail_unless(credentials->is_proxy());
    fail_unless_equals_text(credentials->headers().front().second, std::string("Bearer ") + kToken);
    gst_element_set_state(sink.get(), GST_STATE_NULL);
}
GST_END_TEST

GST_START_TEST(loopback_server_implies_loopback_candidates)
{
    FakeService service;
    const std::pair<const char*, bool> rows[] = {{"http://127.0.0.1:8787/v1", true},
                                                 {"http://localhost:8787/v1", true},
                                                 {"http://[::1]:8787/v1", true},
                                                 {"https://calls.example.org/v1", false}};
    for (const auto& [base, implied] : rows) {
        const auto sink = make_sink();
        g_object_set(sink.get(), "api-base", base, nullptr);
        gst_element_set_state(sink.get(), GST_STATE_PAUSED);
        fail_unless(service.contexts.back() == implied, "%s", base);
        gst_element_set_state(sink.get(), GST_STATE_NULL);
    }
}
GST_END_TEST

GST_START_TEST(secrets_cannot_be_read_back)
{
    FakeService service;
    const auto sink = make_sink();
    const gst::OwnedStructure headers(gst_structure_new(
        "headers", "X-Studio-Key", G_TYPE_STRING, kToken, "X-Studio", G_TYPE_INT, 7, nullptr));
    g_object_set(sink.get(), "app-token", kToken, "auth-token", kToken, "headers", headers.get(),
                 nullptr);
    guint count = 0;
    const Owned<GParamSpec*, g_free> specs(
        g_object_class_list_properties(G_OBJECT_GET_CLASS(sink.get()), &count));
    for (guint i = 0; i < count; ++i) {
        GParamSpec* spec = specs.get()[i];
        if ((spec->flags & G_PARAM_READABLE) == 0)
            continue;
        GValue value = G_VALUE_INIT;
        g_value_init(&value, spec->value_type);
        g_object_get_property(G_OBJECT(sink.get()), spec->name, &value);
        // GStreamer cannot print a structure that is not there.
        if (G_VALUE_HOLDS_BOXED(&value) && g_value_get_boxed(&value) == nullptr)
            continue;
        const OwnedString text(g_strdup_value_contents(&value));
        fail_if(strstr(text.get(), kToken) != nullptr, "%s gives it away", spec->name);
        g_value_unset(&value);
    }
    gchar* token = nullptr;
    g_object_get(sink.get(), "app-token", &token, nullptr);
    fail_unless(token == nullptr);
    GstStructure* read = nullptr;
    g_object_get(sink.get(), "headers", &read, nullptr);
    const gst::OwnedStructure owned(read);
    fail_unless_equals_text(gst_structure_get_string(read, "X-Studio-Key"), "[redacted]");
}
GST_END_TEST

GST_START_TEST(secrets_are_in_no_log_and_no_graph)
{
    static std::string log;
    static Mutex log_mutex;
    log.clear();
    const GstLogFunction collect = [](GstDebugCategory*, GstDebugLevel, const gchar*, const gchar*,
                                      gint, GObject*, GstDebugMessage* message, gpointer) {
        const char* text = gst_debug_message_get(message);
        Lock lock(log_mutex);
        if (text != nullptr)
            log += text;
    };
    FakeService service;
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(collect, nullptr, nullptr);
    gst_debug_set_default_threshold(GST_LEVEL_TRACE);
    {
        Pipeline p("videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "
                   "cfcallssink name=sink");
        // Not in the line: GStreamer's parser logs what it reads.
        const gst::OwnedStructure headers(
            gst_structure_new("headers", "X-Studio-Key", G_TYPE_STRING, kToken, nullptr));
        g_object_set(p.element("sink").get(), "app-token", kToken, "headers", headers.get(),
                     nullptr);
        p.play();
        (void)p.wait_published("video_0");
        const OwnedString graph(
            gst_debug_bin_to_dot_data(GST_BIN(p.get()), GST_DEBUG_GRAPH_SHOW_VERBOSE));
        fail_if(strstr(graph.get(), kToken) != nullptr, "the graph gives it away");
        fail_unless(strstr(graph.get(), "cfcallssink") != nullptr ||
                    strstr(graph.get(), "GstCfCallsSink") != nullptr);
    }
    gst_debug_set_default_threshold(GST_LEVEL_NONE);
    gst_debug_remove_log_function(collect);
    Lock lock(log_mutex);
    fail_unless(log.find("video_0") != std::string::npos, "nothing was logged");
    const auto where = log.find(kToken);
    fail_unless(where == std::string::npos, "%s",
                log.substr(where < 200 ? 0 : where - 200, 300).c_str());
}
GST_END_TEST

static Suite* cfcallssink_settings_suite()
{
    Suite* s = suite_create("cfcallssink-settings");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, settings_that_cannot_work_are_one_clear_error);
    tcase_add_test(tc, missing_app_id_and_token_name_property_and_variable);
    tcase_add_test(tc, element_recovers_when_the_setting_is_put_right);
    tcase_add_test(tc, proxy_needs_neither_app_id_nor_token);
    tcase_add_test(tc, loopback_server_implies_loopback_candidates);
    tcase_add_test(tc, secrets_cannot_be_read_back);
    tcase_add_test(tc, secrets_are_in_no_log_and_no_graph);
    return s;
}

GST_CHECK_MAIN(cfcallssink_settings)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// cfcalls-demo-launch LINE: runs a launch line as `gst-launch-1.0 -e LINE` does, and says in lines
// that a script can read what an application would take from the elements:
//
//   published PAD SESSION/TRACK   cfcallssink: a track can be pulled now, under this name
//   connected MS                  media can flow, so long after PLAYING was set
//   first PAD MS                  cfcallssrc: the first buffer has come, so long after PLAYING
//   warning TEXT
//   error TEXT
//   eos
//
// It ends at EOS or with an error; Ctrl-C asks for EOS first, so that files are complete.
#include <cstdio>
#include <string>

#include <glib-unix.h>

#include "gst/gst-ref.hpp"

namespace
{

using cf::OwnedString;
using cf::Ref;

struct App {
    Ref<GstElement> pipeline;
    Ref<GMainLoop> loop = Ref<GMainLoop>::adopt(g_main_loop_new(nullptr, FALSE));
    gint64 start = 0; ///< monotonic, when PLAYING was set; before that no other thread runs
    bool asked_to_stop = false;
    int exit_code = 0;

    [[nodiscard]] double since_start_ms() const
    {
        return static_cast<double>(g_get_monotonic_time() - start) / 1000;
    }
};

// Any thread; a whole line in one call, so that lines of several threads do not mix.
void say(const std::string& line)
{
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

std::string milliseconds(double ms)
{
    const OwnedString text{g_strdup_printf("%.0f", ms)};
    return text.get();
}

// Streaming thread.
GstPadProbeReturn on_first_buffer(GstPad* pad, GstPadProbeInfo*, gpointer data)
{
    const OwnedString name{gst_pad_get_name(pad)};
    say(std::string("first ") + name.get() + " " +
        milliseconds(static_cast<App*>(data)->since_start_ms()));
    return GST_PAD_PROBE_REMOVE;
}

// A thread of the element's.
void on_pad_added(GstElement*, GstPad* pad, gpointer data)
{
    gst_pad_add_probe(
        pad,
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
        on_first_buffer, data, nullptr);
}

void watch_sources(App& app)
{
    GstIterator* all =
        gst_bin_iterate_all_by_element_factory_name(GST_BIN(app.pipeline.get()), "cfcallssrc");
    gst_iterator_foreach(
        all,
        [](const GValue* item, gpointer data) {
            g_signal_connect(g_value_get_object(item), "pad-added", G_CALLBACK(on_pad_added), data);
        },
        &app);
    gst_iterator_free(all);
}

void on_element_message(App& app, const GstStructure* s)
{
    const auto field = [s](const char* name) {
        const char* text = gst_structure_get_string(s, name);
        return std::string(text != nullptr ? text : "");
    };
    if (gst_structure_has_name(s, "cfcalls-track") && field("state") == "published")
        say("published " + field("pad") + " " + field("session-id") + "/" + field("track-name"));
    else if (gst_structure_has_name(s, "cfcalls-state") && field("new") == "connected")
        say("connected " + milliseconds(app.since_start_ms()));
}

gboolean on_message(GstBus*, GstMessage* message, gpointer data)
{
    auto& app = *static_cast<App*>(data);
    GError* error = nullptr;
    gchar* debug = nullptr;
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ELEMENT:
        on_element_message(app, gst_message_get_structure(message));
        break;
    case GST_MESSAGE_WARNING:
        gst_message_parse_warning(message, &error, &debug);
        say(std::string("warning ") + error->message);
        break;
    case GST_MESSAGE_ERROR:
        gst_message_parse_error(message, &error, &debug);
        say(std::string("error ") + error->message);
        std::fprintf(stderr, "%s\n", debug != nullptr ? debug : "");
        app.exit_code = 1;
        g_main_loop_quit(app.loop.get());
        break;
    case GST_MESSAGE_EOS:
        say("eos");
        g_main_loop_quit(app.loop.get());
        break;
    default:
        break;
    }
    g_clear_error(&error);
    g_free(debug);
    return G_SOURCE_CONTINUE;
}

gboolean on_interrupt(gpointer data)
{
    auto& app = *static_cast<App*>(data);
    if (app.asked_to_stop) { // twice: do not wait for EOS
        app.exit_code = 1;
        g_main_loop_quit(app.loop.get());
    }
    app.asked_to_stop = true;
    gst_element_send_event(app.pipeline.get(), gst_event_new_eos());
    return G_SOURCE_CONTINUE;
}

int run(App& app)
{
    const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(app.pipeline.get()));
    gst_bus_add_watch(bus.get(), on_message, &app);
    g_unix_signal_add(SIGINT, on_interrupt, &app);
    g_unix_signal_add(SIGTERM, on_interrupt, &app);
    watch_sources(app);
    app.start = g_get_monotonic_time();
    // A refused state change has posted an error, which the loop shows.
    gst_element_set_state(app.pipeline.get(), GST_STATE_PLAYING);
    g_main_loop_run(app.loop.get());
    gst_element_set_state(app.pipeline.get(), GST_STATE_NULL);
    gst_bus_remove_watch(bus.get());
    return app.exit_code;
}

} // namespace

int main(int argc, char** argv)
{
    gst_init(&argc, &argv);
    std::string line;
    for (int i = 1; i < argc; ++i)
        line += std::string(argv[i]) + " ";
    GError* error = nullptr;
    App app;
    app.pipeline = Ref<GstElement>::sink(
        gst_parse_launch_full(line.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error));
    if (!app.pipeline || !GST_IS_BIN(app.pipeline.get())) {
        say(std::string("error ") + (error != nullptr ? error->message : "no pipeline given"));
        g_clear_error(&error);
        return 2;
    }
    return run(app);
}

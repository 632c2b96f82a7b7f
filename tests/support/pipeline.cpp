/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/pipeline.hpp"

#include "tests/support/check.hpp"

namespace cf::test
{

namespace
{

BusReport read_report(GstMessage* message)
{
    GError* error = nullptr;
    gchar* debug = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &error, &debug);
    else
        gst_message_parse_warning(message, &error, &debug);
    BusReport r;
    r.domain = g_quark_to_string(error->domain);
    r.code = error->code;
    r.message = error->message;
    r.debug = debug != nullptr ? debug : "";
    r.source = GST_MESSAGE_SRC_NAME(message);
    g_error_free(error);
    g_free(debug);
    return r;
}

} // namespace

Pipeline::Pipeline(const std::string& launch_line)
{
    GError* error = nullptr;
    GstElement* parsed = gst_parse_launch(launch_line.c_str(), &error);
    fail_unless(parsed != nullptr && error == nullptr, "%s: %s", launch_line.c_str(),
                error != nullptr ? error->message : "");
    pipeline_ = Ref<GstElement>::sink(parsed);
    if (!GST_IS_PIPELINE(parsed)) {
        GstElement* whole = gst_pipeline_new(nullptr);
        gst_bin_add(GST_BIN(whole), parsed);
        pipeline_ = Ref<GstElement>::sink(whole);
    }
    bus_ = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
}

Pipeline::~Pipeline()
{
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

Ref<GstElement> Pipeline::element(const char* name) const
{
    auto e = Ref<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
    fail_unless(e.get() != nullptr, "no element %s", name);
    return e;
}

GstStateChangeReturn Pipeline::set_state(GstState state)
{
    return gst_element_set_state(pipeline_.get(), state);
}

void Pipeline::play()
{
    if (set_state(GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
        const BusReport r = wait_error(Milliseconds{100});
        ck_abort_msg("PLAYING was refused: %s (%s)", r.message.c_str(), r.debug.c_str());
    }
}

void Pipeline::stop(Milliseconds bound)
{
    const gint64 begin = g_get_monotonic_time();
    fail_unless_equals_int(set_state(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    const gint64 took = g_get_monotonic_time() - begin;
    fail_unless(took < Microseconds{bound}.count(), "NULL took %" G_GINT64_FORMAT " ms",
                took / 1000);
}

void Pipeline::note(GstMessage* message, bool errors_are_wanted)
{
    if (see_)
        see_(message);
    // As every application has to: elements that were added while playing learn the latency.
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY)
        gst_bin_recalculate_latency(GST_BIN(pipeline_.get()));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
        warnings_.push_back(read_report(message));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR && !errors_are_wanted) {
        const BusReport r = read_report(message);
        ck_abort_msg("unexpected ERROR from %s: %s (%s)", r.source.c_str(), r.message.c_str(),
                     r.debug.c_str());
    }
}

Ref<GstMessage> Pipeline::next_message(Milliseconds patience)
{
    return Ref<GstMessage>::adopt(gst_bus_timed_pop(
        bus_.get(), static_cast<GstClockTime>(Microseconds{patience}.count()) * GST_USECOND));
}

Ref<GstMessage> Pipeline::wait_message(const char* what,
                                       const std::function<bool(GstMessage*)>& wanted,
                                       Milliseconds patience)
{
    const gint64 deadline = g_get_monotonic_time() + Microseconds{patience}.count();
    while (g_get_monotonic_time() < deadline) {
        auto message = next_message(Milliseconds{20});
        if (!message)
            continue;
        const bool found = wanted(message.get());
        note(message.get(), found);
        if (found)
            return message;
    }
    ck_abort_msg("waited in vain for %s", what);
    return nullptr;
}

Ref<GstMessage> Pipeline::wait_element_message(
    const char* name, const std::function<bool(const GstStructure*)>& wanted, Milliseconds patience)
{
    return wait_message(
        name,
        [&](GstMessage* m) {
            return GST_MESSAGE_TYPE(m) == GST_MESSAGE_ELEMENT && gst_message_has_name(m, name) &&
                   wanted(gst_message_get_structure(m));
        },
        patience);
}

void Pipeline::read_bus()
{
    while (auto message = next_message(Milliseconds{0}))
        note(message.get(), false);
}

void Pipeline::wait_eos(Milliseconds patience)
{
    (void)wait_message(
        "EOS", [](GstMessage* m) { return GST_MESSAGE_TYPE(m) == GST_MESSAGE_EOS; }, patience);
}

BusReport Pipeline::wait_error(Milliseconds patience)
{
    auto m = wait_message(
        "an ERROR", [](GstMessage* x) { return GST_MESSAGE_TYPE(x) == GST_MESSAGE_ERROR; },
        patience);
    return read_report(m.get());
}

void Pipeline::wait_for(const char* what, const std::function<bool()>& condition,
                        Milliseconds patience)
{
    const gint64 deadline = g_get_monotonic_time() + Microseconds{patience}.count();
    while (!condition()) {
        fail_unless(g_get_monotonic_time() < deadline, "waited in vain for %s", what);
        auto message = next_message(Milliseconds{20});
        if (message)
            note(message.get(), false);
    }
}

unsigned Pipeline::count_elements(const std::function<bool(GstElement*)>& wanted) const
{
    const Owned<GstIterator, gst_iterator_free> it{
        gst_bin_iterate_recurse(GST_BIN(pipeline_.get()))};
    unsigned count = 0;
    GValue item = G_VALUE_INIT;
    while (true) {
        const GstIteratorResult r = gst_iterator_next(it.get(), &item);
        if (r == GST_ITERATOR_RESYNC) {
            gst_iterator_resync(it.get());
            count = 0;
            continue;
        }
        if (r != GST_ITERATOR_OK)
            break;
        if (wanted(GST_ELEMENT(g_value_get_object(&item))))
            ++count;
        g_value_reset(&item);
    }
    g_value_unset(&item);
    return count;
}

std::string Pipeline::wait_published(const char* pad)
{
    auto m = wait_element_message("cfcalls-track", [&](const GstStructure* s) {
        return g_strcmp0(gst_structure_get_string(s, "pad"), pad) == 0 &&
               g_strcmp0(gst_structure_get_string(s, "state"), "published") == 0;
    });
    const GstStructure* s = gst_message_get_structure(m.get());
    const char* session = gst_structure_get_string(s, "session-id");
    const char* track = gst_structure_get_string(s, "track-name");
    fail_unless(session != nullptr && track != nullptr, "a published track has no locator");
    return std::string{session} + "/" + track;
}

} // namespace cf::test

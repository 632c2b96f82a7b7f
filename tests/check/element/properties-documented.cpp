/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What can be set, read or heard is documented: in gst-inspect, and in docs/elements.
#include <string>

#include "gst/elements.hpp"
#include "gst/gst-ref.hpp"
#include "gst/gstcfcallssinkpad.h"
#include "tests/support/check.hpp"

using namespace cf;

namespace
{

std::string page_of(const char* element)
{
    const OwnedString path(g_build_filename(g_getenv("CF_SOURCE_ROOT"), "docs", "elements",
                                            (std::string(element) + ".md").c_str(), nullptr));
    gchar* text = nullptr;
    gsize size = 0;
    GError* error = nullptr;
    fail_unless(g_file_get_contents(path.get(), &text, &size, &error), "%s",
                error != nullptr ? error->message : "");
    const OwnedString owned(text);
    return std::string(text, size);
}

void names_are_on(const std::string& page, GObjectClass* klass, GType own_root)
{
    guint count = 0;
    const Owned<GParamSpec*, g_free> specs(g_object_class_list_properties(klass, &count));
    unsigned own = 0;
    for (guint i = 0; i < count; ++i) {
        GParamSpec* spec = specs.get()[i];
        if (!g_type_is_a(spec->owner_type, own_root))
            continue;
        ++own;
        const char* blurb = g_param_spec_get_blurb(spec);
        fail_unless(blurb != nullptr && *blurb != '\0', "%s has no blurb", spec->name);
        const std::string written = std::string("`") + spec->name + "`";
        fail_unless(page.find(written) != std::string::npos, "%s is not in the page", spec->name);
        // What can be set says what it is when it is not set.
        if ((spec->flags & G_PARAM_WRITABLE) != 0)
            fail_unless(std::string(blurb).find("efault") != std::string::npos,
                        "the blurb of %s does not say its default", spec->name);
    }
    fail_unless(own >= 5, "only %u properties were looked at", own);
}

void signals_are_on(const std::string& page, GType type)
{
    guint count = 0;
    const Owned<guint, g_free> ids(g_signal_list_ids(type, &count));
    for (guint i = 0; i < count; ++i) {
        const std::string name = g_signal_name(ids.get()[i]);
        fail_unless(page.find("`" + name + "`") != std::string::npos,
                    "signal %s is not in the page", name.c_str());
    }
}

} // namespace

GST_START_TEST(every_property_and_signal_has_a_blurb_and_a_line_on_its_page)
{
    fail_unless(gst::register_elements(nullptr));
    for (const char* name : {"cfcallssink", "cfcallssrc"}) {
        const auto element = Ref<GstElement>::sink(gst_element_factory_make(name, nullptr));
        fail_unless(element.get() != nullptr, "no %s", name);
        const std::string page = page_of(name);
        names_are_on(page, G_OBJECT_GET_CLASS(element.get()), G_OBJECT_TYPE(element.get()));
        signals_are_on(page, G_OBJECT_TYPE(element.get()));
        const GList* templates =
            gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element.get()));
        for (const GList* l = templates; l != nullptr; l = l->next) {
            GType pad_type = G_TYPE_NONE;
            g_object_get(l->data, "gtype", &pad_type, nullptr);
            fail_unless(pad_type != G_TYPE_NONE);
            auto* klass = static_cast<GObjectClass*>(g_type_class_ref(pad_type));
            names_are_on(page, klass, pad_type);
            g_type_class_unref(klass);
        }
    }
}
GST_END_TEST

static Suite* properties_documented_suite()
{
    Suite* s = suite_create("properties-documented");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, every_property_and_signal_has_a_blurb_and_a_line_on_its_page);
    return s;
}

GST_CHECK_MAIN(properties_documented)

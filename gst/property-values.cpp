/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/property-values.hpp"

namespace cf::gst
{

calls::NameValueList names_and_values(const GstStructure* structure)
{
    calls::NameValueList list;
    if (structure == nullptr)
        return list;
    gst_structure_foreach(
        structure,
        [](GQuark field, const GValue* value, gpointer user_data) -> gboolean {
            GValue as_text = G_VALUE_INIT;
            g_value_init(&as_text, G_TYPE_STRING);
            // Numbers and booleans come from gst-launch lines without a type.
            if (g_value_transform(value, &as_text) && g_value_get_string(&as_text) != nullptr) {
                static_cast<calls::NameValueList*>(user_data)->emplace_back(
                    g_quark_to_string(field), g_value_get_string(&as_text));
            }
            g_value_unset(&as_text);
            return TRUE;
        },
        &list);
    return list;
}

OwnedStructure structure_of(const char* name, const calls::NameValueList& list, bool redacted)
{
    if (list.empty())
        return nullptr;
    OwnedStructure s(gst_structure_new_empty(name));
    for (const auto& [field, value] : list) {
        gst_structure_set(s.get(), field.c_str(), G_TYPE_STRING,
                          redacted ? "[redacted]" : value.c_str(), nullptr);
    }
    return s;
}

} // namespace cf::gst

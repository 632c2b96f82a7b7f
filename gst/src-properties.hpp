/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The properties of cfcallssrc that cfcallssink does not have.
#pragma once

#include "gst/calls-src.hpp"

namespace cf::gst
{

/// In class_init.
void install_src_properties(GObjectClass* klass);
/// False if @p id is unknown.
bool set_src_property(CallsSrc& src, guint id, const GValue* value);
bool get_src_property(CallsSrc& src, guint id, GValue* value);

} // namespace cf::gst

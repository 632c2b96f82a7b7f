/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Finds where in the source the received sound stands, and how alike the two are.
#pragma once

#include "tests/support/media-compare-source.hpp"
#include "tests/support/media-compare.hpp"

namespace cf::media
{

AudioReport compare_audio(const Sound& source, const Sound& received);

} // namespace cf::media

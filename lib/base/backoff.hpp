/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Backoff: how long to wait before the next try.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

#include "lib/base/executor.hpp"

namespace cf
{

struct BackoffOptions {
    Milliseconds initial{1000};
    Milliseconds maximum{30000};
    double factor = 2.0;
    /// The part of each delay that is drawn at random, 0...1, so that many clients which lost the
    /// service at the same moment do not come back at the same moment.
    double jitter = 0.3;
};

/// Exponential back-off with jitter. One thread.
class Backoff
{
public:
    /// @p random gives numbers in [0, 1).
    Backoff(BackoffOptions options, std::function<double()> random)
        : options_(options), random_(std::move(random))
    {
    }

    /// The delay before the next try; grows with each call.
    Milliseconds next()
    {
        const double top = static_cast<double>(options_.maximum.count());
        const double plain =
            std::min(top, static_cast<double>(options_.initial.count()) *
                              std::pow(options_.factor, static_cast<double>(tries_)));
        ++tries_;
        return Milliseconds{std::llround(plain * (1.0 - options_.jitter * random_()))};
    }
    void reset() { tries_ = 0; }
    [[nodiscard]] unsigned tries() const { return tries_; }

private:
    BackoffOptions options_;
    std::function<double()> random_;
    unsigned tries_ = 0;
};

} // namespace cf

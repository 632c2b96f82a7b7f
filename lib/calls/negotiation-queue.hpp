/* SPDX-License-Identifier: LGPL-2.1-or-later */
// NegotiationQueue: what is waiting for its exchange with the service, and what goes together.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "lib/calls/peer-connection.hpp"
#include "lib/calls/types.hpp"

namespace cf::calls
{

enum class JobKind {
    Publish,
    Pull,
    /// A pull that failed before: the service may take seconds to say so again, so it neither
    /// holds up fresh work nor shares a call with it.
    Repull,
    Update,
    Close,
};
const char* to_string(JobKind kind);

struct Job {
    JobKind kind = JobKind::Publish;
    SlotId slot = 0;   ///< 0: a mid that belongs to nobody any more (Close only)
    Mid mid = {};      ///< Close only
    bool solo = false; ///< not together with others: one of a batch that was refused as a whole
};

/// First come, first served, but all of one kind that can go go in one call, up to the service's
/// limit; kinds are never mixed (calls-api: "all entries local or all remote"). One thread.
class NegotiationQueue
{
public:
    /// To the end; a no-op if the slot already waits for the same.
    void push(Job job);
    /// To the front, in this order: an exchange that is to be had again.
    void push_front(const std::vector<Job>& jobs);
    /// Takes back everything that waits for @p slot.
    void remove(SlotId slot);
    [[nodiscard]] bool empty() const { return jobs_.empty(); }

    /// The jobs of the next exchange, all of one kind; empty when none of a kind that @p may_run
    /// allows is waiting.
    [[nodiscard]] std::vector<Job> take(const std::function<bool(JobKind)>& may_run);

private:
    std::deque<Job> jobs_;
};

} // namespace cf::calls

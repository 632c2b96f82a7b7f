/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/calls/negotiation-queue.hpp"

#include <algorithm>

namespace cf::calls
{

const char* to_string(JobKind kind)
{
    switch (kind) {
    case JobKind::Publish:
        return "publish";
    case JobKind::Pull:
        return "pull";
    case JobKind::Repull:
        return "pull again";
    case JobKind::Update:
        return "update";
    case JobKind::Close:
        return "close";
    }
    g_assert_not_reached();
}

void NegotiationQueue::push(Job job)
{
    const bool waiting = std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& other) {
        return other.kind == job.kind && other.slot == job.slot && other.mid == job.mid;
    });
    if (!waiting)
        jobs_.push_back(std::move(job));
}

void NegotiationQueue::push_front(const std::vector<Job>& jobs)
{
    jobs_.insert(jobs_.begin(), jobs.begin(), jobs.end());
}

void NegotiationQueue::remove(SlotId slot)
{
    std::erase_if(jobs_, [slot](const Job& job) { return job.slot == slot; });
}

std::vector<Job> NegotiationQueue::take(const std::function<bool(JobKind)>& may_run)
{
    auto first = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) {
        return job.kind != JobKind::Repull && may_run(job.kind);
    });
    if (first == jobs_.end())
        first = std::find_if(jobs_.begin(), jobs_.end(),
                             [&](const Job& job) { return may_run(job.kind); });
    if (first == jobs_.end())
        return {};

    std::vector<Job> batch;
    if (first->solo) {
        batch.push_back(std::move(*first));
        jobs_.erase(first);
        return batch;
    }
    const JobKind kind = first->kind;
    std::deque<Job> rest;
    for (Job& job : jobs_) {
        const bool joins = job.kind == kind && !job.solo && batch.size() < kMaxTracksPerCall;
        if (joins)
            batch.push_back(std::move(job));
        else
            rest.push_back(std::move(job));
    }
    jobs_ = std::move(rest);
    return batch;
}

} // namespace cf::calls

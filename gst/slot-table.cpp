/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/slot-table.hpp"

namespace cf::gst
{

SlotId SlotTable::allocate()
{
    Lock lock(mu_);
    return ++last_;
}

void SlotTable::add(std::string name, std::shared_ptr<SendingSlot> slot)
{
    const SlotId id = slot->id();
    Lock lock(mu_);
    entries_[id] = Entry{.name = std::move(name), .sending = std::move(slot), .receiving = {}};
}

void SlotTable::add(std::string name, std::shared_ptr<ReceivingSlot> slot)
{
    const SlotId id = slot->id();
    Lock lock(mu_);
    entries_[id] = Entry{.name = std::move(name), .sending = {}, .receiving = std::move(slot)};
}

void SlotTable::remove(SlotId id)
{
    // The slot may be destroyed by this, so the lock must be gone by then.
    Entry gone;
    Lock lock(mu_);
    if (auto it = entries_.find(id); it != entries_.end()) {
        std::swap(gone, it->second);
        entries_.erase(it);
    }
}

std::shared_ptr<SendingSlot> SlotTable::sending(SlotId id) const
{
    Lock lock(mu_);
    const auto it = entries_.find(id);
    return it == entries_.end() ? nullptr : it->second.sending;
}

std::shared_ptr<ReceivingSlot> SlotTable::receiving(SlotId id) const
{
    Lock lock(mu_);
    const auto it = entries_.find(id);
    return it == entries_.end() ? nullptr : it->second.receiving;
}

std::string SlotTable::name(SlotId id) const
{
    Lock lock(mu_);
    const auto it = entries_.find(id);
    return it == entries_.end() ? std::string() : it->second.name;
}

} // namespace cf::gst

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SlotTable: from the number that the session knows to the pad's half that the media needs.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gst/slot.hpp"
#include "lib/base/mutex.hpp"

namespace cf::gst
{

/// Any thread. Numbers are never used again, so a late event about a pad that has gone finds
/// nothing instead of another pad.
class SlotTable
{
public:
    /// A number for a new pad.
    [[nodiscard]] SlotId allocate();
    /// @p name is the pad's, for messages.
    void add(std::string name, std::shared_ptr<SendingSlot> slot);
    void add(std::string name, std::shared_ptr<ReceivingSlot> slot);
    void remove(SlotId id);

    /// (nullable)
    [[nodiscard]] std::shared_ptr<SendingSlot> sending(SlotId id) const;
    /// (nullable)
    [[nodiscard]] std::shared_ptr<ReceivingSlot> receiving(SlotId id) const;
    /// Empty if the slot has gone.
    [[nodiscard]] std::string name(SlotId id) const;

private:
    struct Entry {
        std::string name;
        std::shared_ptr<SendingSlot> sending;
        std::shared_ptr<ReceivingSlot> receiving;
    };
    mutable Mutex mu_; // guards what follows; nothing is called under it
    SlotId last_ CF_GUARDED_BY(mu_) = 0;
    std::map<SlotId, Entry> entries_ CF_GUARDED_BY(mu_);
};

} // namespace cf::gst

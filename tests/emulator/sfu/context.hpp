/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SfuContext: what a session may ask of the SFU around it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/executor.hpp"
#include "lib/calls/types.hpp"
#include "tests/emulator/media/media-server.hpp"
#include "tests/emulator/sfu/faults.hpp"
#include "tests/emulator/sfu/options.hpp"
#include "tests/emulator/sfu/tracks.hpp"
#include "tests/emulator/sfu/wait-list.hpp"

namespace cf::emu
{

class Session;

class SfuContext
{
public:
    virtual ~SfuContext() = default;

    [[nodiscard]] virtual const SfuOptions& options() const = 0;
    [[nodiscard]] virtual Executor& executor() = 0;
    [[nodiscard]] virtual MediaServer& media() = 0;
    [[nodiscard]] virtual FaultRegistry& faults() = 0;
    [[nodiscard]] virtual WaitList& waits() = 0;

    /// The active publication of a connected session; borrowed until the next event, nullptr if
    /// there is none.
    [[nodiscard]] virtual const LocalTrack* find_track(const calls::TrackLocator& locator) = 0;
    /// A session that is not gone; borrowed until the next event, nullptr if there is none.
    [[nodiscard]] virtual Session* session(const std::string& id) = 0;
    /// Whether that session is still in memory: for callbacks that come later.
    [[nodiscard]] virtual std::weak_ptr<Session> alive(const std::string& id) = 0;
    /// The session is gone: it is dropped once the call stack has unwound.
    virtual void forget(const std::string& session_id) = 0;

    [[nodiscard]] virtual std::string random_hex(std::size_t digits) = 0;
    [[nodiscard]] virtual std::uint64_t unix_time() const = 0;
    /// Where clients are told to send their media.
    [[nodiscard]] virtual const std::string& candidate_address() const = 0;
};

} // namespace cf::emu

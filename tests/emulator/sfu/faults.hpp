/* SPDX-License-Identifier: LGPL-2.1-or-later */
// FaultRegistry: what shall go wrong, how often, and how often it did.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.hpp"

namespace cf::emu
{

using FaultId = std::uint64_t; ///< 0 is never a fault

/// One fault as it was asked for. Its parameters are texts; which ones a fault takes stands in
/// known_faults().
struct Fault {
    FaultId id = 0;
    std::string name;
    std::string operation;             ///< "tracks/new", ...; empty: every one
    std::string session;               ///< empty: every one
    std::optional<unsigned> remaining; ///< nothing: until it is removed
    std::map<std::string, std::string> parameters;
    std::uint64_t struck = 0;

    [[nodiscard]] std::string text(const std::string& name, const std::string& fallback = {}) const;
    [[nodiscard]] double number(const std::string& name, double fallback) const;
    [[nodiscard]] bool flag(const std::string& name) const;
};

/// Where a fault acts.
enum class FaultPlace {
    Request, ///< on the HTTP exchange
    Session, ///< on what the SFU decides: items, sessions
    Sdp,     ///< on descriptions that go out
    Network, ///< on UDP datagrams, for as long as the fault stands
};

struct KnownFault {
    const char* name;
    FaultPlace place;
    const char* parameters; ///< names, separated by spaces; numbers unless the help says otherwise
    const char* help;
};
/// All faults, in the order in which the manual lists them.
[[nodiscard]] const std::vector<KnownFault>& known_faults();
[[nodiscard]] const KnownFault* find_known_fault(std::string_view name);

/// Main thread only.
class FaultRegistry
{
public:
    /// Refuses names and parameters that are not in known_faults(), and numbers that are none.
    Result<FaultId> add(Fault fault);
    bool remove(FaultId id);
    void clear() { faults_.clear(); }

    /// The oldest fault @p name for this operation and session for which @p applies says yes,
    /// counted as one more strike; nothing if there is none, or it is used up.
    std::optional<Fault> strike(std::string_view name, std::string_view operation,
                                std::string_view session,
                                const std::function<bool(const Fault&)>& applies = nullptr);
    /// Used-up faults stay in the list, so that a test can read how often they struck.
    [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }
    [[nodiscard]] std::vector<Fault>& faults() { return faults_; }

private:
    std::vector<Fault> faults_;
    FaultId next_ = 1;
};

/// "name[:key=value[,key=value...]]", as on the command line.
[[nodiscard]] Result<Fault> parse_fault(std::string_view text);

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Sfu: all sessions of the app, and what they share.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "lib/base/result.hpp"
#include "tests/emulator/media/media-server.hpp"
#include "tests/emulator/sfu/context.hpp"
#include "tests/emulator/sfu/main-executor.hpp"
#include "tests/emulator/sfu/session.hpp"
#include "tests/emulator/sfu/usage.hpp"

namespace cf::emu
{

/// Main thread only.
class Sfu final : public SfuContext
{
public:
    /// @p context (transfer none): the main context, NULL for the default one.
    [[nodiscard]] static Result<std::unique_ptr<Sfu>>
    create(SfuOptions options, const MediaOptions& media, GMainContext* context);
    ~Sfu() override;
    Sfu(const Sfu&) = delete;
    Sfu& operator=(const Sfu&) = delete;

    [[nodiscard]] Outcome<calls::NewSessionAnswer>
    new_session(const calls::NewSessionRequest& request);
    /// A session for what a WebSocket adapter publishes; nullptr when there are too many.
    [[nodiscard]] std::shared_ptr<Session>
    new_adapter_session(const std::string& track_name, std::shared_ptr<Publication> publication);
    /// nullptr if it is unknown or gone. Counts the request towards the session's rate.
    [[nodiscard]] std::shared_ptr<Session> find_session(const std::string& id) const;
    [[nodiscard]] const std::map<std::string, std::shared_ptr<Session>>& sessions() const
    {
        return sessions_;
    }
    [[nodiscard]] const Usage& usage() const { return usage_; }
    /// Brings the usage up to date.
    void sample_usage();
    /// Ends all sessions, and forgets all faults and usage.
    void reset();

    Result<FaultId> add_fault(Fault fault);
    bool remove_fault(FaultId id);
    void clear_faults();
    /// Brings the strike counts of network faults up to date.
    void count_faults();

    // SfuContext
    [[nodiscard]] const SfuOptions& options() const override { return options_; }
    [[nodiscard]] MainExecutor& executor() override { return executor_; }
    [[nodiscard]] MediaServer& media() override { return *media_; }
    [[nodiscard]] FaultRegistry& faults() override { return faults_; }
    [[nodiscard]] WaitList& waits() override { return waits_; }
    [[nodiscard]] const LocalTrack* find_track(const calls::TrackLocator& locator) override;
    [[nodiscard]] Session* session(const std::string& id) override;
    [[nodiscard]] std::weak_ptr<Session> alive(const std::string& id) override;
    void forget(const std::string& session_id) override;
    [[nodiscard]] std::string random_hex(std::size_t digits) override;
    [[nodiscard]] std::uint64_t unix_time() const override;
    [[nodiscard]] const std::string& candidate_address() const override { return address_; }

private:
    Sfu(SfuOptions options, GMainContext* context);
    void apply_network_faults();
    void apply_network_faults(const std::string& session,
                              const std::function<NetworkFaults&(FaultDirection)>& network);
    void each_network(const std::function<void(const std::string& session, FaultDirection,
                                               NetworkFaults&)>& visit);
    void tick();

    SfuOptions options_;
    MainExecutor executor_;
    std::unique_ptr<MediaServer> media_;
    std::string address_;
    FaultRegistry faults_;
    std::map<const NetworkFaults*, FaultCounters> counted_;
    Usage usage_;
    WaitList waits_;
    ScopedTimer ticker_;
    std::random_device random_;
    std::map<std::string, std::shared_ptr<Session>> sessions_;
};

} // namespace cf::emu

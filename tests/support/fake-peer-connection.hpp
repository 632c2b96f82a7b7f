/* SPDX-License-Identifier: LGPL-2.1-or-later */
// FakePeerConnection: the media end behind the PeerConnection seam. It connects and lets media flow
// by itself unless told otherwise, and watches that its user keeps the rules of the seam.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/executor.hpp"
#include "lib/calls/peer-connection.hpp"

namespace cf::test
{

enum class PeerOperation { CreateOffer, SetAnswer, SetOffer };

/// What every FakePeerConnection of a FakePeerFactory does.
struct FakePeerBehaviour {
    Milliseconds latency{0};       ///< of each SDP operation
    Milliseconds connect_delay{0}; ///< from the first description to Connected
    bool connects = true;          ///< by itself
    bool media_flows = true;       ///< by itself, once connected
    bool reuses = false;           ///< what reuse() answers
};

/// One thread: the executor's.
class FakePeerConnection final : public calls::PeerConnection
{
public:
    FakePeerConnection(std::shared_ptr<Executor> executor, calls::PeerConnectionEvents& events,
                       FakePeerBehaviour how)
        : behaviour(how), executor_(std::move(executor)), events_(events),
          alive_(std::make_shared<bool>(true))
    {
    }
    ~FakePeerConnection() override { *alive_ = false; }

    // ---- What a test arranges ----
    /// The next one fails, or the one that comes after @p spared others of its kind.
    void fail_next(PeerOperation operation, Error error, unsigned spared = 0);
    /// The next one is never answered.
    void hang_next(PeerOperation operation);
    void set_transport(calls::TransportState state, const std::string& reason = "");
    void let_flow(calls::SlotId slot);
    void fail_slot(calls::SlotId slot, Error error);
    FakePeerBehaviour behaviour;

    // ---- What a test looks at ----
    [[nodiscard]] bool closed() const { return !*alive_; }
    [[nodiscard]] bool offer_open() const { return offer_.has_value(); }
    /// Negotiated and not stopped.
    [[nodiscard]] const std::map<calls::SlotId, calls::Mid>& slots() const { return slots_; }
    [[nodiscard]] const std::set<calls::SlotId>& stopped() const { return stopped_; }
    [[nodiscard]] unsigned offers() const { return offers_; }
    [[nodiscard]] unsigned abandoned() const { return abandoned_; }
    std::vector<std::string> violations;

    // ---- PeerConnection ----
    void create_offer(calls::OfferPlan plan, calls::Done<calls::LocalOffer> done) override;
    void set_answer(std::string sdp, calls::Done<Unit> done) override;
    void abandon_offer() override;
    void set_offer(std::string sdp, std::vector<calls::IncomingTrack> incoming,
                   calls::Done<calls::SessionDescription> done) override;
    bool reuse(const std::vector<calls::IncomingTrack>& incoming) override;
    void stop_slots(const std::vector<calls::SlotId>& slots) override;
    void close() override;

private:
    struct Plan {
        PeerOperation operation;
        std::optional<Error> error; ///< none: hangs
        unsigned spared = 0;
    };
    std::optional<Plan> planned(PeerOperation operation);
    void begin(PeerOperation operation);
    void later(Milliseconds delay, std::function<void()> task);
    void described();
    void negotiated(calls::SlotId slot, const calls::Mid& mid);
    template <typename T>
    void answer(PeerOperation operation, calls::Done<T> done, std::function<T()> succeed);

    std::shared_ptr<Executor> executor_;
    calls::PeerConnectionEvents& events_;
    std::shared_ptr<bool> alive_; ///< until close()
    std::deque<Plan> plans_;
    std::optional<PeerOperation> busy_;
    std::optional<std::map<calls::SlotId, calls::Mid>> offer_; ///< what the open offer adds
    std::map<calls::SlotId, calls::Mid> slots_;
    std::set<calls::SlotId> stopped_;
    unsigned offers_ = 0;
    unsigned abandoned_ = 0;
    unsigned next_mid_ = 0;
    bool described_ = false;
    bool connected_ = false;
};

/// Makes the peer connections of a Session, and keeps them for the test to look at.
class FakePeerFactory
{
public:
    explicit FakePeerFactory(std::shared_ptr<Executor> executor) : executor_(std::move(executor)) {}

    [[nodiscard]] calls::PeerConnectionFactory function();

    FakePeerBehaviour behaviour;
    std::optional<Error> error; ///< instead of a peer connection
    std::vector<std::shared_ptr<FakePeerConnection>> made;

private:
    std::shared_ptr<Executor> executor_;
};

} // namespace cf::test

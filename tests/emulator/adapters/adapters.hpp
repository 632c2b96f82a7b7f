/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Adapters: all WebSocket adapters of the app: the requests that make and close them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "tests/emulator/adapters/adapter.hpp"
#include "tests/emulator/adapters/websocket-client.hpp"
#include "tests/emulator/sfu/refusal.hpp"
#include "tests/emulator/sfu/sfu.hpp"

namespace cf::emu
{

/// Main thread only.
class Adapters
{
public:
    /// @p context (transfer none): the main context of @p sfu.
    Adapters(Sfu& sfu, GMainContext* context);
    ~Adapters();
    Adapters(const Adapters&) = delete;
    Adapters& operator=(const Adapters&) = delete;

    /// Dials all endpoints at once, and replies when each has worked or failed.
    void create(AdaptersRequest request, Reply<AdaptersAnswer> reply);
    void close(const AdaptersRequest& request, const Reply<AdaptersAnswer>& reply);

    struct Entry {
        AdapterItem item;
        std::unique_ptr<Adapter> adapter;
    };
    /// By adapter id.
    [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }

private:
    struct Batch;
    using BatchPtr = std::shared_ptr<Batch>;

    void begin(const BatchPtr& batch, std::size_t index);
    void dial(const BatchPtr& batch, std::size_t index);
    void on_dialled(const BatchPtr& batch, std::size_t index, DialResult result);
    [[nodiscard]] std::optional<calls::ItemError> ingest(AdapterItem& item,
                                                         std::unique_ptr<WebSocketClient> socket);
    [[nodiscard]] std::optional<calls::ItemError> egress(AdapterItem& item,
                                                         std::unique_ptr<WebSocketClient> socket);
    [[nodiscard]] std::optional<calls::ItemError> check_source(const AdapterItem& item,
                                                               std::vector<std::string>& elements);
    [[nodiscard]] std::optional<calls::ItemError> fault(const char* operation,
                                                        const AdapterItem& item);
    void keep(AdapterItem& item, std::unique_ptr<Adapter> adapter);
    void forget(const std::string& id);

    Sfu& sfu_;
    Ref<GMainContext> context_;
    Ref<SoupSession> http_; ///< made when it is needed first
    std::map<std::string, Entry> entries_;
    std::deque<std::string> closed_; ///< ids, oldest first
    std::vector<std::weak_ptr<Batch>> batches_;
    std::size_t in_flight_ = 0; ///< items that are being dialled
    /// Whether we still live, for what other threads are asked to do.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace cf::emu

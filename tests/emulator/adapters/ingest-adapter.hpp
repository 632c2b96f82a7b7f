/* SPDX-License-Identifier: LGPL-2.1-or-later */
// IngestAdapter: sound from an application's WebSocket, as the publication of a session that has
// no client: buffered, played in real time, encoded with Opus.
#pragma once

#include <deque>
#include <memory>

#include "tests/emulator/adapters/adapter.hpp"
#include "tests/emulator/adapters/codec-pipeline.hpp"
#include "tests/emulator/adapters/pcm-buffer.hpp"
#include "tests/emulator/adapters/websocket-client.hpp"
#include "tests/emulator/media/publication.hpp"
#include "tests/emulator/sfu/context.hpp"

namespace cf::emu
{

class IngestAdapter final : public Adapter, private FeedbackSink
{
public:
    /// What CodecPipeline::prepare() has to have loaded.
    [[nodiscard]] static std::vector<std::string> elements();

    /// @p socket is open. @p context (transfer none).
    [[nodiscard]] static Result<std::unique_ptr<IngestAdapter>>
    create(SfuContext& sfu, GMainContext* context, std::unique_ptr<WebSocketClient> socket);
    ~IngestAdapter() override;

    [[nodiscard]] const std::shared_ptr<Publication>& publication() const { return publication_; }
    [[nodiscard]] AdapterStats stats() const override;

private:
    IngestAdapter(SfuContext& sfu, std::unique_ptr<WebSocketClient> socket);
    void on_message(std::span<const std::uint8_t> message);
    void on_closed();
    void begin_playing();
    void tick();
    void play_chunk();
    void publish(const CodecPipeline::Output& opus);
    void end();

    // FeedbackSink: there is no peer.
    void send_key_frame_request(std::uint32_t, std::uint32_t, bool, std::uint8_t, bool) override {}
    void send_nack(std::uint32_t, std::uint32_t, const std::vector<std::uint16_t>&, bool) override
    {
    }
    [[nodiscard]] std::optional<std::int64_t> peer_clock_offset() const override
    {
        return std::nullopt;
    }

    SfuContext& sfu_;
    std::unique_ptr<WebSocketClient> socket_;
    std::shared_ptr<Publication> publication_;
    std::unique_ptr<CodecPipeline> encoder_;
    PcmBuffer buffer_;
    ScopedTimer ticker_;
    TimePoint next_chunk_{};
    bool playing_ = false;
    bool paused_ = true; ///< nothing was sent in place of the chunk before
    std::uint64_t chunks_ = 0;
    std::uint32_t ssrc_;
    std::uint16_t sequence_;
    std::uint32_t first_timestamp_;
    struct Encoding {
        std::uint32_t timestamp; ///< of the first sample, counted from the beginning
        bool marker;             ///< after a pause
    };
    std::deque<Encoding> encoding_; ///< chunks in the encoder
    AdapterStats counters_;
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// EgressAdapter: a publication, decoded, to an application's WebSocket: Opus as PCM, video as about
// one JPEG a second.
#pragma once

#include <deque>
#include <memory>

#include "tests/emulator/adapters/adapter.hpp"
#include "tests/emulator/adapters/codec-pipeline.hpp"
#include "tests/emulator/adapters/websocket-client.hpp"
#include "tests/emulator/media/publication.hpp"
#include "tests/emulator/media/subscription.hpp"
#include "tests/emulator/sfu/context.hpp"

namespace cf::emu
{

class EgressAdapter final : public Adapter, private RtpSink
{
public:
    /// What CodecPipeline::prepare() has to have loaded for this codec; empty: there is no way from
    /// this codec to this output.
    [[nodiscard]] static std::vector<std::string> elements(const RtpCodec& codec, bool to_jpeg);

    /// @p socket is open, and is dialled to @p endpoint again when it closes. The publication has a
    /// codec. @p context (transfer none).
    [[nodiscard]] static Result<std::unique_ptr<EgressAdapter>>
    create(SfuContext& sfu, GMainContext* context, std::shared_ptr<Publication> source,
           const std::string& endpoint, std::unique_ptr<WebSocketClient> socket);
    ~EgressAdapter() override;

    [[nodiscard]] AdapterStats stats() const override;

private:
    struct Waiting {
        std::vector<std::uint8_t> message;
        std::size_t payload = 0;
    };

    EgressAdapter(SfuContext& sfu, const Publication& source, std::string endpoint,
                  std::unique_ptr<WebSocketClient> socket);
    [[nodiscard]] Status start(GMainContext* context, std::shared_ptr<Publication> source);
    void listen();
    void on_decoded(const CodecPipeline::Output& output);
    [[nodiscard]] std::uint32_t timestamp(std::uint64_t nanoseconds, std::size_t size);
    void flush();
    void tick();
    void on_closed();
    void dial();
    void on_dialled(DialResult result);
    void end();

    // RtpSink
    [[nodiscard]] bool ready() const override { return decoder_ != nullptr; }
    void send_rtp(std::span<std::uint8_t> buffer, std::size_t size, const SendStamps& stamps,
                  TimePoint now) override;
    void send_rtcp(const RtcpWriter&) override {}

    SfuContext& sfu_;
    std::string endpoint_;
    bool is_video_;
    std::unique_ptr<WebSocketClient> socket_;
    Subscription subscription_;
    std::unique_ptr<CodecPipeline> decoder_;
    ScopedTimer ticker_;
    ScopedTimer redial_;
    TimePoint lost_{};
    Milliseconds pause_{0};
    std::deque<Waiting> waiting_;
    std::uint32_t sequence_ = 0;
    std::optional<std::uint64_t> start_;       ///< of the decoder's time
    std::optional<std::uint64_t> next_sample_; ///< where the next sound belongs
    TimePoint last_output_{};
    AdapterStats counters_;
};

} // namespace cf::emu

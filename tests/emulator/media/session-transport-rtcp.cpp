/* SPDX-License-Identifier: LGPL-2.1-or-later */
// SessionTransport: what the peer's RTCP asks for and tells.
#include "tests/emulator/media/ntp-time.hpp"
#include "tests/emulator/media/session-transport.hpp"

namespace cf::emu
{

void SessionTransport::on_rtcp(Bytes datagram, TimePoint now)
{
    RtcpReader reader(datagram);
    while (const auto packet = reader.next())
        on_rtcp_packet(*packet, now);
    if (reader.malformed())
        ++channel_.malformed().rtcp;
}

void SessionTransport::on_rtcp_packet(const RtcpPacket& packet, TimePoint now)
{
    switch (packet.type) {
    case rtcp_type::kSenderReport:
        on_sender_report(packet, now);
        [[fallthrough]];
    case rtcp_type::kReceiverReport: {
        const auto blocks = read_report_blocks(packet);
        if (!blocks) {
            ++channel_.malformed().rtcp;
            return;
        }
        for (const ReportBlock& block : *blocks) {
            if (Subscription* s = subscription_of(block.ssrc))
                s->on_report_block(block, now);
        }
        return;
    }
    case rtcp_type::kTransportFeedback:
        on_transport_feedback(packet, now);
        return;
    case rtcp_type::kPayloadFeedback:
        on_payload_feedback(packet, now);
        return;
    default:
        // SDES, BYE, APP and XR: silence and SDP tell us what they would.
        return;
    }
}

void SessionTransport::on_sender_report(const RtcpPacket& packet, TimePoint now)
{
    const auto report = read_sender_report(packet);
    const auto route = report ? demuxer_.route_of_ssrc(report->ssrc) : std::nullopt;
    if (!route || route->rtx)
        return;
    const auto sample = static_cast<std::int64_t>(to_ntp(now) - report->ntp);
    // The report that travelled fastest is nearest to the truth; a slow creep upwards follows
    // clocks that run apart.
    if (!clock_offset_ || sample < *clock_offset_)
        clock_offset_ = sample;
    else
        *clock_offset_ += static_cast<std::int64_t>(static_cast<std::uint64_t>(sample) -
                                                    static_cast<std::uint64_t>(*clock_offset_)) /
                          256;
    route->publication->on_sender_report(route->layer, *report, now);
}

void SessionTransport::on_transport_feedback(const RtcpPacket& packet, TimePoint now)
{
    if (const auto nack = read_nack(packet)) {
        if (Subscription* s = subscription_of(nack->media_ssrc))
            s->on_nack(nack->sequences, now);
    } else if (const auto feedback = read_transport_cc(packet)) {
        ++counters_.twcc_received;
        estimator_.on_feedback(*feedback, now);
    } else {
        ++channel_.malformed().rtcp;
    }
}

void SessionTransport::on_payload_feedback(const RtcpPacket& packet, TimePoint now)
{
    if (const auto pli = read_pli(packet)) {
        if (Subscription* s = subscription_of(*pli))
            s->on_key_frame_request(false, now);
    } else if (const auto fir = read_fir(packet)) {
        for (const FirMessage::Entry& entry : fir->entries) {
            if (Subscription* s = subscription_of(entry.ssrc))
                s->on_key_frame_request(true, now);
        }
    } else if (const auto remb = read_remb(packet)) {
        counters_.remb_received_bps = remb->bits_per_second;
        estimator_.on_remb(remb->bits_per_second, now);
    }
}

} // namespace cf::emu

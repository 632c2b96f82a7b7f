/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/state-writer.hpp"

#include "config.h"

namespace cf::emu
{

namespace
{

using json::JsonWriter;

class Writer
{
public:
    Writer(JsonWriter& w, TimePoint epoch, TimePoint now) : w_(w), epoch_(epoch), now_(now) {}

    void session(const Session& s)
    {
        auto object = w_.object();
        w_.string("sessionId", s.id());
        w_.string("state", to_string(s.state()));
        w_.boolean("pendingOffer", s.negotiation().pending_offer().has_value());
        w_.integer("sections", s.negotiation().lines().size());
        transport(s.transport());
        auto tracks = w_.array("tracks");
        for (const LocalTrack& t : s.local_tracks())
            local(t);
        for (const RemoteTrack& t : s.remote_tracks())
            remote(t);
    }

private:
    // Milliseconds since the start, or nothing for "never".
    void time(const char* name, TimePoint at)
    {
        if (at != TimePoint{})
            w_.number(name, static_cast<double>((at - epoch_).count()) / 1000.0);
    }
    template <typename T> void optional_number(const char* name, const std::optional<T>& value)
    {
        if (value)
            w_.number(name, static_cast<double>(*value));
    }
    void rate(const RateStats& r)
    {
        w_.integer("packets", r.packets);
        w_.integer("bytes", r.bytes);
        w_.integer("packetsPerSecond", r.packets_per_second);
        w_.integer("bitsPerSecond", r.bits_per_second);
    }

    void transport(const Transport& transport)
    {
        const TransportStats s = transport.stats(now_);
        auto object = w_.object("transport");
        w_.string("state", to_string(transport.state()));
        if (const auto role = transport.dtls_role())
            w_.string("dtlsRole", *role == DtlsRole::Client ? "client" : "server");
        w_.string("remoteAddress", s.remote_address);
        w_.string("srtpProfile", s.srtp_profile);
        time("createdMs", s.created);
        if (s.connected)
            time("connectedMs", *s.connected);
        if (s.last_consent)
            time("lastConsentMs", *s.last_consent);
        w_.integer("stunRequests", s.stun_requests);
        w_.integer("stunErrors", s.stun_errors);
        w_.integer("datagramsIn", s.datagrams_in);
        w_.integer("datagramsOut", s.datagrams_out);
        w_.integer("bytesIn", s.bytes_in);
        w_.integer("bytesOut", s.bytes_out);
        w_.integer("twccSent", s.twcc_sent);
        w_.integer("twccReceived", s.twcc_received);
        optional_number("rembBps", s.remb_received_bps);
        optional_number("rttMs", s.rtt_ms);
        optional_number("estimateBps", s.estimate_bps);
        malformed(s.malformed);
    }

    void malformed(const MalformedStats& m)
    {
        auto object = w_.object("malformed");
        w_.integer("stun", m.stun);
        w_.integer("dtls", m.dtls);
        w_.integer("rtp", m.rtp);
        w_.integer("rtcp", m.rtcp);
        w_.integer("srtpAuth", m.srtp_auth);
        w_.integer("srtpReplay", m.srtp_replay);
        w_.integer("unmapped", m.rtp_unmapped);
        w_.integer("unknown", m.unknown);
    }

    void layer(const LayerStats& l)
    {
        auto object = w_.object();
        w_.string("rid", l.rid);
        w_.integer("ssrc", l.ssrc);
        if (l.rtx_ssrc)
            w_.integer("rtxSsrc", *l.rtx_ssrc);
        w_.integer("payloadType", static_cast<int>(l.payload_type));
        rate(l.rate);
        w_.integer("padding", l.padding_packets);
        w_.integer("duplicates", l.duplicate_packets);
        w_.integer("keyFrames", l.key_frames);
        w_.integer("lost", l.lost);
        w_.number("fractionLost", l.fraction_lost);
        w_.number("jitterMs", l.jitter_ms);
        w_.integer("nacksSent", l.nacks_sent);
        w_.integer("recovered", l.recovered);
        w_.integer("plisSent", l.plis_sent);
        w_.integer("senderReports", l.sender_reports);
        time("firstPacketMs", l.first_packet);
        time("lastPacketMs", l.last_packet);
    }

    void local(const LocalTrack& t)
    {
        auto object = w_.object();
        w_.string("location", "local");
        w_.string("mid", t.mid);
        w_.string("trackName", t.name);
        w_.string("kind", calls::to_string(t.kind));
        w_.string("status", t.active ? "active" : "inactive");
        const PublicationStats s = t.publication ? t.publication->stats(now_) : PublicationStats{};
        w_.string("codec", s.codec);
        RateStats sum;
        std::uint64_t key_frames = 0;
        TimePoint first{};
        for (const LayerStats& l : s.layers) {
            sum.packets += l.rate.packets;
            sum.bytes += l.rate.bytes;
            sum.packets_per_second += l.rate.packets_per_second;
            sum.bits_per_second += l.rate.bits_per_second;
            key_frames += l.key_frames;
            if (first == TimePoint{} || l.first_packet < first)
                first = l.first_packet;
        }
        rate(sum);
        w_.integer("keyFrames", key_frames);
        time("firstPacketMs", first);
        w_.integer("subscriptions", s.subscriptions);
        {
            auto layers = w_.array("layers");
            for (const LayerStats& l : s.layers)
                layer(l);
        }
        auto seconds = w_.array("packetsBySecond");
        for (const std::uint32_t n : s.packets_by_second)
            w_.integer(n);
    }

    void remote(const RemoteTrack& t)
    {
        auto object = w_.object();
        w_.string("location", "remote");
        w_.string("mid", t.mid);
        w_.string("sessionId", t.source.session_id);
        w_.string("trackName", t.source.track_name);
        w_.string("kind", calls::to_string(t.kind));
        w_.string("status", t.flowing() ? "active" : "inactive");
        if (!t.subscription)
            return;
        const SubscriptionStats s = t.subscription->stats(now_);
        w_.integer("ssrc", s.ssrc);
        w_.integer("rtxSsrc", s.rtx_ssrc);
        w_.boolean("waitingForKeyFrame", s.waiting_for_key_frame);
        w_.boolean("codecMissing", s.codec_missing);
        w_.string("rid", s.rid);
        w_.string("targetRid", s.target_rid);
        rate(s.rate);
        w_.integer("retransmitted", s.retransmitted);
        w_.integer("paddingDropped", s.padding_dropped);
        w_.integer("nacksReceived", s.nacks_received);
        w_.integer("nacksUnserved", s.nacks_unserved);
        w_.integer("plisReceived", s.plis_received);
        w_.integer("keyFrames", s.key_frames);
        w_.integer("layerSwitches", s.layer_switches);
        optional_number("rttMs", s.rtt_ms);
        optional_number("fractionLost", s.fraction_lost);
        optional_number("lost", s.lost);
        optional_number("jitterMs", s.jitter_ms);
        time("firstPacketMs", s.first_packet);
        time("lastPacketMs", s.last_packet);
    }

    JsonWriter& w_;
    TimePoint epoch_;
    TimePoint now_;
};

void write_fault_array(JsonWriter& w, Sfu& sfu)
{
    sfu.count_faults();
    auto array = w.array("faults");
    for (const Fault& f : sfu.faults().faults()) {
        auto object = w.object();
        w.integer("id", f.id);
        w.string("name", f.name);
        if (!f.operation.empty())
            w.string("operation", f.operation);
        if (!f.session.empty())
            w.string("session", f.session);
        if (f.remaining)
            w.integer("remaining", *f.remaining);
        w.integer("struck", f.struck);
        auto parameters = w.object("parameters");
        for (const auto& [name, value] : f.parameters)
            w.string(name, value);
    }
}

void write_server(JsonWriter& w, const StateContext& c)
{
    const ServerStats s = c.sfu.media().stats();
    auto object = w.object("server");
    w.string("udp", c.sfu.media().address().to_string());
    w.string("fingerprint", c.sfu.media().fingerprint());
    w.integer("datagramsIn", s.datagrams_in);
    w.integer("datagramsOut", s.datagrams_out);
    w.integer("sendDrops", s.send_drops);
    w.integer("unknownUfrag", s.unknown_ufrag);
    w.integer("unknownAddress", s.unknown_address);
    w.integer("requests", c.log.total());
    w.integer("refused", c.log.refused());
}

void write_adapters(JsonWriter& w, const Adapters& adapters)
{
    auto array = w.array("adapters");
    for (const auto& [id, entry] : adapters.entries()) {
        const AdapterStats s = entry.adapter->stats();
        auto object = w.object();
        w.string("adapterId", id);
        w.string("location", calls::to_string(entry.item.location));
        w.string("sessionId", entry.item.session_id);
        w.string("trackName", entry.item.track_name);
        w.string("codec", entry.item.input_codec + entry.item.output_codec);
        w.boolean("connected", s.connected);
        w.integer("messages", s.messages);
        w.integer("bytes", s.bytes);
        w.integer("dropped", s.dropped);
        w.integer("reconnects", s.reconnects);
        w.integer("waitingMs", s.waiting_ms);
    }
}

} // namespace

std::string write_state(const StateContext& c)
{
    JsonWriter w;
    const TimePoint now = c.sfu.executor().now();
    {
        auto root = w.object();
        w.string("version", CF_VERSION);
        w.string("baseUrl", c.base_url);
        w.number("nowMs", static_cast<double>((now - c.epoch).count()) / 1000.0);
        write_server(w, c);
        {
            auto sessions = w.array("sessions");
            Writer writer(w, c.epoch, now);
            for (const auto& [id, session] : c.sfu.sessions())
                writer.session(*session);
        }
        write_adapters(w, c.adapters);
        write_fault_array(w, c.sfu);
    }
    return w.take();
}

std::string write_log(const StateContext& c, std::uint64_t after, const std::string& session)
{
    JsonWriter w;
    {
        auto root = w.object();
        c.log.write(w, after, session, c.epoch);
    }
    return w.take();
}

std::string write_faults(Sfu& sfu)
{
    JsonWriter w;
    {
        auto root = w.object();
        write_fault_array(w, sfu);
        auto known = w.array("known");
        for (const KnownFault& k : known_faults()) {
            auto object = w.object();
            w.string("name", k.name);
            w.string("parameters", k.parameters);
            w.string("help", k.help);
        }
    }
    return w.take();
}

std::string write_arrivals(const Publication& publication, TimePoint epoch)
{
    JsonWriter w;
    {
        auto root = w.object();
        auto array = w.array("packets");
        for (const PacketRecord& p : publication.records()) {
            auto object = w.object();
            w.number("atMs", static_cast<double>((p.arrival - epoch).count()) / 1000.0);
            w.integer("timestamp", p.rtp_timestamp);
            w.integer("sequence", p.sequence);
            w.integer("size", p.size);
            w.integer("layer", static_cast<int>(p.layer));
            w.boolean("marker", p.marker);
            w.boolean("keyFrame", p.key_frame);
            w.boolean("retransmitted", p.retransmitted);
        }
    }
    return w.take();
}

} // namespace cf::emu

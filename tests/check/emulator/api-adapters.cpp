/* SPDX-License-Identifier: LGPL-2.1-or-later */
// WebSocket adapters: sound from an application to those who pull it, tracks to an application as
// sound and pictures, and everything that is refused.
#include <memory>
#include <string>
#include <vector>

#include "tests/emulator/adapters/adapter-packet.hpp"
#include "tests/emulator/media/rtp-packet.hpp"
#include "tests/support/adapter-app.hpp"
#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"
#include "tests/support/wait.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words
using cf::Milliseconds;
using cf::emu::AdapterPacket;
using cf::emu::EmulatorOptions;
using cf::emu::IngestSilence;

constexpr std::size_t kChunk = 3840; // 20 ms
constexpr char kNew[] = "new";
constexpr char kClose[] = "close";

ApiAnswer adapters(EmulatorFixture& f, const std::string& what, const std::string& items)
{
    return f.send(
        {"POST", "/v1/apps/local-app/adapters/websocket/" + what, "{\"tracks\":[" + items + "]}"});
}

std::string ingest(const std::string& endpoint, const std::string& name = "tts")
{
    return R"({"location":"local","trackName":")" + name + R"(","endpoint":")" + endpoint +
           R"(","inputCodec":"pcm","mode":"buffer"})";
}

std::string egress(const std::string& endpoint, const std::string& session,
                   const std::string& codec = "pcm", const std::string& name = "t0")
{
    return R"({"location":"remote","trackName":")" + name + R"(","sessionId":")" + session +
           R"(","endpoint":")" + endpoint + R"(","outputCodec":")" + codec + R"("})";
}

std::string by_id(const std::string& id)
{
    return R"({"adapterId":")" + id + R"("})";
}

// One adapter that has to work; the answer.
ApiAnswer make(EmulatorFixture& f, const std::string& item)
{
    const ApiAnswer answer = adapters(f, kNew, item);
    fail_unless(answer.status == 200, "%u %s", answer.status, answer.body.c_str());
    fail_unless_equals_int(answer.track(0, "adapterId").size(), 32);
    return answer;
}

void expect_error(const ApiAnswer& answer, unsigned status, const std::string& code,
                  std::size_t index = 0)
{
    fail_unless(answer.status == status, "%u %s", answer.status, answer.body.c_str());
    fail_unless_equals_text(answer.track(index, "errorCode"), code);
    fail_if(answer.track(index, "errorDescription").empty());
}

// The adapter's entry in the state; nothing when it has ended.
std::optional<cf::json::JsonReader> state_of(EmulatorFixture& f, const std::string& id)
{
    const auto state = f.control("GET", "state").json();
    const auto entries = state.get_array("adapters");
    for (const auto& entry : *entries)
        if (*entry.get_string("adapterId") == id)
            return entry;
    return std::nullopt;
}

void pass(Milliseconds time)
{
    const gint64 end = g_get_monotonic_time() + time.count() * 1000;
    fail_unless(wait_until([end] { return g_get_monotonic_time() >= end; }));
}

// Opus packets that a client received.
std::vector<ByteVector> payloads(const MediaPeer& peer, std::size_t from = 0)
{
    std::vector<ByteVector> all;
    for (std::size_t i = from; i < peer.rtp.size(); ++i) {
        const auto packet = cf::emu::RtpPacket::parse(peer.rtp[i]);
        fail_unless(packet.has_value());
        if (!packet->payload.empty())
            all.emplace_back(packet->payload.begin(), packet->payload.end());
    }
    return all;
}

// Sends what was encoded as the track in mid 0, 20 ms each, in real time.
struct Talker {
    explicit Talker(EmulatorFixture& f) : client(f)
    {
        client.push({audio("0")});
        client.connect();
    }
    void say(const ByteVector& packet)
    {
        RtpFields rtp;
        rtp.payload_type = 111;
        rtp.sequence = sequence++;
        rtp.timestamp = 960U * sequence;
        rtp.extensions = {{4, text_bytes("0")}};
        rtp.payload = packet;
        client.peer().send_rtp(make_rtp(rtp));
    }
    // Until @p enough; from the beginning again when the packets run out.
    void talk(const std::vector<ByteVector>& packets, const std::function<bool()>& enough)
    {
        for (std::size_t i = 0; !enough(); ++i) {
            fail_unless(i < 1500);
            say(packets[i % packets.size()]);
            pass(Milliseconds{20});
        }
    }
    // Until the SFU has heard something.
    void start(EmulatorFixture& f)
    {
        const auto session = f.emulator().sfu().find_session(client.id());
        talk(encode_opus(ByteVector(kChunk)), [&] {
            const auto publication = session->transport().publication("0");
            return publication && publication->has_packets();
        });
    }
    TestClient client;
    std::uint16_t sequence = 0;
};

AdapterPacket parsed(const ByteVector& message)
{
    const auto packet = AdapterPacket::parse(message);
    fail_unless(packet.has_value());
    return *packet;
}

GST_START_TEST(sound_of_an_application_can_be_pulled)
{
    EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.ingest_silence = IngestSilence::Always;
    EmulatorFixture f(options);
    AdapterApp app;
    const ApiAnswer made = make(f, ingest(app.url()));
    const std::string session = made.track(0, "sessionId");
    fail_unless_equals_int(session.size(), 32);
    fail_unless_equals_text(made.track(0, "trackName"), "tts");
    fail_unless_equals_text(made.track(0, "endpoint"), app.url());

    TestClient listener(f);
    listener.pull(session, "tts");
    const auto& rtp = listener.peer().rtp;
    fail_unless(wait_until([&] { return !rtp.empty(); }));
    const std::size_t before = rtp.size();
    const ByteVector sound = sweep(1.5);
    const gint64 start = g_get_monotonic_time();
    // Back to back, as a speech synthesizer does; then the mark of the end.
    for (const ByteVector& piece : cut(sound, 16 * 1024))
        app.send_payload(piece);
    app.send({});
    fail_unless(wait_until([&] { return rtp.size() >= before + 90; }));
    // 90 packets of 20 ms: it is played, not dumped.
    const auto took = static_cast<int>((g_get_monotonic_time() - start) / 1000);
    fail_unless(took >= 1600, "%d ms", took);
    const double alike = likeness(sound, decode_opus(payloads(listener.peer(), before)));
    fail_unless(alike > 0.9, "%f", alike);
    // Numbers without gaps, silence included.
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    for (std::size_t i = before; i < rtp.size(); ++i) {
        const auto packet = cf::emu::RtpPacket::parse(rtp[i]);
        fail_unless(i == before || (packet->sequence == static_cast<std::uint16_t>(sequence + 1) &&
                                    packet->timestamp == timestamp + 960));
        sequence = packet->sequence;
        timestamp = packet->timestamp;
    }
    fail_unless_equals_int(*state_of(f, made.track(0, "adapterId"))->get_int("bytes"),
                           sound.size());

    const ApiAnswer closed = adapters(f, kClose, by_id(made.track(0, "adapterId")));
    fail_unless_equals_int(closed.status, 200);
    const auto bytes = (*closed.json().get_array("tracks"))[0].get_int("bytesProcessed");
    fail_unless_equals_int(*bytes, sound.size());
    fail_unless(wait_until([&] { return !app.is_open(); }));
    fail_unless_equals_int(soup_websocket_connection_get_close_code(app.socket()), 1000);
    fail_unless_equals_int(f.call("GET", session).status, 410);
    // A second time it is a success all the same, with nothing to report.
    const ApiAnswer again = adapters(f, kClose, by_id(made.track(0, "adapterId")));
    fail_unless_equals_int(again.status, 200);
    fail_unless_equals_text(again.track(0, "errorCode"), "");
    fail_if((*again.json().get_array("tracks"))[0].find_int("bytesProcessed")->has_value());
}
GST_END_TEST

GST_START_TEST(what_was_sent_is_played_before_the_track_ends)
{
    EmulatorFixture f;
    AdapterApp app;
    const ApiAnswer made = make(f, ingest(app.url()));
    const std::string session = made.track(0, "sessionId");
    // The session has no client, and takes none.
    const ApiAnswer refused = f.call("POST", session + "/datachannels/establish",
                                     R"({"dataChannel":{"location":"remote",)"
                                     R"("dataChannelName":"server-events"}})");
    fail_unless_equals_int(refused.status, 406);
    // Nothing was said yet: there is a track, but it is empty.
    TestClient early(f);
    const ApiAnswer empty = early.call("POST", "/tracks/new",
                                       R"({"tracks":[{"location":"remote","sessionId":")" +
                                           session + R"(","trackName":"tts"}]})");
    fail_unless_equals_text(empty.track(0, "errorCode"), "empty_track_error");

    for (int i = 0; i < 5; ++i)
        app.send_payload(ByteVector(5 * kChunk, 0));
    app.hang_up();
    const gint64 start = g_get_monotonic_time();
    fail_unless(wait_until([&] { return f.call("GET", session).status == 410; }));
    const auto took = static_cast<int>((g_get_monotonic_time() - start) / 1000);
    fail_unless(took >= 300, "half a second of sound was over after %d ms", took);
    fail_if(state_of(f, made.track(0, "adapterId")).has_value());
}
GST_END_TEST

GST_START_TEST(pauses_may_be_silent_on_the_wire)
{
    EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.ingest_silence = IngestSilence::Never;
    EmulatorFixture f(options);
    AdapterApp app;
    const ApiAnswer made = make(f, ingest(app.url()));
    const std::string id = made.track(0, "adapterId");
    for (int i = 0; i < 10; ++i)
        app.send_payload(ByteVector(5 * kChunk, 1));
    app.send({});
    TestClient listener(f);
    listener.pull(made.track(0, "sessionId"), "tts");
    const auto& rtp = listener.peer().rtp;
    fail_unless(
        wait_until([&] { return !rtp.empty() && *state_of(f, id)->get_int("waitingMs") == 0; }));
    // What is on its way arrives; then nothing comes any more.
    pass(Milliseconds{200});
    const std::size_t before = rtp.size();
    pass(Milliseconds{300});
    fail_unless_equals_int(rtp.size(), before);
    app.send_payload(ByteVector(8 * kChunk, 1));
    fail_unless(wait_until([&] { return rtp.size() >= before + 5; }));
    const auto last = cf::emu::RtpPacket::parse(rtp[before - 1]);
    const auto next = cf::emu::RtpPacket::parse(rtp[before]);
    fail_unless(next->marker);
    fail_unless_equals_int(next->sequence, static_cast<std::uint16_t>(last->sequence + 1));
    fail_unless(next->timestamp - last->timestamp >= 20 * 960);
}
GST_END_TEST

GST_START_TEST(ingest_has_limits)
{
    EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.limits.ingest_buffer_ms = 1000;
    EmulatorFixture f(options);
    AdapterApp app;
    const ApiAnswer full = make(f, ingest(app.url()));
    const std::string id = full.track(0, "adapterId");
    for (int i = 0; i < 20; ++i)
        app.send_payload(ByteVector(8 * kChunk, 0));
    fail_unless(wait_until([&] { return *state_of(f, id)->get_int("messages") == 20; }));
    fail_unless(*state_of(f, id)->get_int("dropped") >= 3);
    fail_unless(*state_of(f, id)->get_int("waitingMs") <= 1000);
    // 32 KB a message with everything around the sound, and not a byte more.
    app.send(ByteVector(32 * 1024, 0xFF));
    fail_unless(wait_until([&] { return !app.is_open(); }));
    fail_unless_equals_int(soup_websocket_connection_get_close_code(app.socket()),
                           SOUP_WEBSOCKET_CLOSE_BAD_DATA);
    const ApiAnswer large = make(f, ingest(app.url()));
    app.send_payload(ByteVector(32 * 1024, 0));
    fail_unless(wait_until([&] { return !app.is_open(); }));
    fail_unless_equals_int(soup_websocket_connection_get_close_code(app.socket()),
                           SOUP_WEBSOCKET_CLOSE_TOO_BIG);
    const std::string session = large.track(0, "sessionId");
    fail_unless(wait_until([&] { return f.call("GET", session).status == 410; }));
}
GST_END_TEST

GST_START_TEST(track_reaches_an_application_as_sound)
{
    EmulatorFixture f;
    AdapterApp app;
    Talker talker(f);
    talker.start(f);
    const ApiAnswer made = make(f, egress(app.url(), talker.client.id()));
    fail_if((*made.json().get_array("tracks"))[0].find_string("sessionId")->has_value());
    const std::string id = made.track(0, "adapterId");
    const ByteVector sound = sweep(1.5);
    const auto packets = encode_opus(sound);
    std::size_t sent = 0;
    talker.talk(packets, [&] { return sent++ == packets.size(); });
    // Silence behind it pushes the last of it out.
    talker.talk(encode_opus(ByteVector(kChunk)), [&] { return app.messages.size() >= 72; });
    ByteVector got;
    std::uint32_t sequence = 0;
    std::uint32_t timestamp = 0;
    for (const ByteVector& message : app.messages) {
        const AdapterPacket packet = parsed(message);
        fail_unless_equals_int(packet.payload.size(), kChunk);
        if (!got.empty()) {
            fail_unless_equals_int(packet.sequence, sequence + 1);
            fail_unless(packet.timestamp >= timestamp + 960);
        }
        sequence = packet.sequence;
        timestamp = packet.timestamp;
        got.insert(got.end(), packet.payload.begin(), packet.payload.end());
    }
    const double alike = likeness(sound, got);
    fail_unless(alike > 0.9, "%f", alike);
    // The publisher goes, and so does the adapter.
    const auto bytes = *state_of(f, id)->get_int("bytes");
    fail_unless(bytes >= static_cast<std::int64_t>(got.size()));
    fail_unless_equals_int(f.control("POST", "sessions/" + talker.client.id() + "/lose").status,
                           200);
    fail_unless(wait_until([&] { return !app.is_open() && !state_of(f, id); }));
}
GST_END_TEST

GST_START_TEST(egress_comes_back_within_the_window)
{
    EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.timers.adapter_reconnect = Milliseconds{4000};
    EmulatorFixture f(options);
    auto app = std::make_unique<AdapterApp>();
    Talker talker(f);
    talker.start(f);
    const std::string id = make(f, egress(app->url(), talker.client.id())).track(0, "adapterId");
    const auto hiss = encode_opus(ByteVector(50 * kChunk, 9));
    talker.talk(hiss, [&] { return app->messages.size() > 5; });
    app->hang_up();
    talker.talk(hiss, [&] { return app->sockets.size() == 2 && app->is_open(); });
    const std::size_t before = app->messages.size();
    const std::uint32_t sequence = parsed(app->messages.back()).sequence;
    talker.talk(hiss, [&] { return app->messages.size() > before + 5; });
    fail_unless(parsed(app->messages.back()).sequence > sequence);
    fail_unless_equals_int(*state_of(f, id)->get_int("reconnects"), 1);
    // Nobody is there any more: it keeps a second of sound, and gives up in the end.
    app->shut();
    app->hang_up();
    std::int64_t dropped = 0;
    talker.talk(hiss, [&] {
        const auto state = state_of(f, id);
        dropped = state ? *state->get_int("dropped") : dropped;
        return dropped > 0 || !state;
    });
    fail_unless(dropped > 0);
    talker.talk(hiss, [&] { return !state_of(f, id); });
    fail_unless_equals_int(adapters(f, kClose, by_id(id)).status, 200);
}
GST_END_TEST

GST_START_TEST(requests_that_make_no_sense_are_refused)
{
    EmulatorFixture f;
    const std::string ws = "ws://127.0.0.1:1/x";
    const auto refused = [&](const std::string& what, const std::string& items, unsigned status,
                             const char* code) {
        const ApiAnswer answer = adapters(f, what, items);
        fail_unless(answer.status == status, "%s: %u %s", items.c_str(), answer.status,
                    answer.body.c_str());
        fail_unless_equals_text(answer.code(), code);
    };
    refused(kNew, "", 406, "invalid_params");
    refused(kNew, "7", 400, "decoding_error");
    refused(kNew, R"({"trackName":"x"})", 400, "decoding_error");
    refused(kNew, R"({"location":"nowhere"})", 400, "decoding_error");
    refused(kNew, R"({"location":"local","trackName":1})", 400, "decoding_error");
    refused(kNew, ingest(ws, ""), 406, "invalid_params");
    refused(kNew, ingest(ws, std::string(1025, 'n')), 406, "invalid_params");
    for (const char* endpoint : {"", "http://127.0.0.1/", "ws://", "nonsense"})
        refused(kNew, ingest(endpoint), 406, "invalid_params");
    refused(kNew, replaced(ingest(ws), "\"pcm\"", "\"opus\""), 406, "invalid_params");
    refused(kNew, egress(ws, ""), 406, "invalid_params");
    refused(kNew, egress(ws, "s", "opus"), 406, "invalid_params");
    refused(kClose, "", 406, "invalid_params");
    refused(kClose, "{}", 406, "invalid_params");
    refused(kClose, by_id("a") + ",7", 400, "decoding_error");
    const ApiAnswer five = adapters(f, kNew,
                                    ingest(ws) + "," + ingest(ws) + "," + ingest(ws) + "," +
                                        ingest(ws) + "," + ingest(ws));
    fail_unless_equals_int(five.status, 406);
    fail_unless_equals_text(five.description(), "Expecting at most 4 track in the request");
    expect_error(adapters(f, kClose, by_id("unknown")), 503, "adapter_not_found");
    fail_unless_equals_int(f.send({"GET", "/v1/apps/local-app/adapters/websocket/new"}).status,
                           405);
    fail_unless_equals_int(
        f.send({"POST", "/v1/apps/local-app/adapters/websocket/other", "{}"}).status, 404);
}
GST_END_TEST

GST_START_TEST(items_fail_one_by_one)
{
    EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.timers.adapter_connect = Milliseconds{1500};
    options.sfu.limits.adapters = 5;
    EmulatorFixture f(options);
    AdapterApp app;
    // A port that listens and says nothing.
    GSocketListener* mute = g_socket_listener_new();
    const int port = g_socket_listener_add_any_inet_port(mute, nullptr, nullptr);
    const ApiAnswer mixed = adapters(
        f, kNew,
        ingest(app.url("/unknown")) + "," + ingest(app.url("/redirect")) + "," + ingest(app.url()) +
            "," + ingest("ws://127.0.0.1:" + std::to_string(port) + "/"));
    fail_unless(mixed.status == 200, "%s", mixed.body.c_str());
    fail_unless_equals_text(mixed.track(0, "errorCode"), "websocket_handshake_failed");
    fail_unless_equals_text(mixed.track(0, "errorDescription"),
                            "The handshake with the provided endpoint failed.");
    fail_unless_equals_text(mixed.track(1, "errorCode"), "websocket_handshake_failed");
    fail_unless_equals_int(app.redirects, 1);
    fail_unless_equals_text(mixed.track(2, "errorCode"), "");
    fail_unless_equals_text(mixed.track(3, "errorCode"), "websocket_connection_timeout");
    fail_unless_equals_int(app.sockets.size(), 1);
    g_object_unref(mute);
    // One is there, and there is room for four more.
    const std::string one = ingest(app.url("/ws?ticket=private"), "one");
    fail_unless_equals_int(adapters(f, kNew, one + "," + one).status, 200);
    const ApiAnswer too_many = adapters(f, kNew, one + "," + one + "," + one + "," + one);
    fail_unless_equals_int(too_many.status, 200);
    fail_unless_equals_text(too_many.track(1, "errorCode"), "");
    fail_unless_equals_text(too_many.track(2, "errorCode"), "temporarily_unavailable_error");
    expect_error(adapters(f, kNew, one), 503, "temporarily_unavailable_error");
    // What stands for a password in the URL is in no log.
    const std::string log = f.control("GET", "log").body;
    fail_unless(log.find("redacted") != std::string::npos);
    fail_unless(log.find("private") == std::string::npos, "%s", log.c_str());
}
GST_END_TEST

GST_START_TEST(egress_needs_a_track_that_it_can_decode)
{
    EmulatorFixture f;
    AdapterApp app;
    expect_error(adapters(f, kNew, egress(app.url(), "nobody")), 503, "not_found_track_error");
    TestClient silent(f);
    silent.push({audio("0")});
    silent.connect();
    expect_error(adapters(f, kNew, egress(app.url(), silent.id())), 503, "not_found_track_error");
    const auto publisher = audio_publisher(f);
    expect_error(adapters(f, kNew, egress(app.url(), publisher->id(), "jpeg")), 503,
                 "invalid_params");
    // The service lists neither for any output.
    const std::pair<OfferSection, const char*> others[] = {
        {{"video", "0", "sendonly", "96", "a=rtpmap:96 AV1/90000\r\n"}, "jpeg"},
        {{"audio", "0", "sendonly", "0", "a=rtpmap:0 PCMU/8000\r\n"}, "pcm"}};
    for (const auto& [section, codec] : others) {
        TestClient c(f);
        c.push({section});
        c.connect();
        const auto session = f.emulator().sfu().find_session(c.id());
        RtpFields rtp;
        rtp.payload_type = section.kind == "video" ? 96 : 0;
        rtp.extensions = {{4, text_bytes("0")}};
        rtp.payload = ByteVector(160, 1);
        fail_unless(wait_until([&] {
            ++rtp.sequence;
            c.peer().send_rtp(make_rtp(rtp));
            const auto publication = session->transport().publication("0");
            return publication && publication->has_packets();
        }));
        expect_error(adapters(f, kNew, egress(app.url(), c.id(), codec)), 503, "invalid_params");
    }
    f.add_fault(R"({"name":"item-error","operation":"adapters/websocket/new",)"
                R"("code":"retryable_transient_error"})");
    expect_error(adapters(f, kNew, egress(app.url(), publisher->id())), 503,
                 "retryable_transient_error");
    fail_unless(app.sockets.empty());
}
GST_END_TEST

GST_START_TEST(localhost_can_be_refused_as_the_service_does)
{
    EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.refuse_localhost = true;
    options.sfu.strict_adapter_close = true;
    EmulatorFixture f(options);
    AdapterApp app;
    for (const std::string& endpoint :
         {app.url(), std::string("wss://LOCALHOST:1/"), std::string("ws://a.localhost./"),
          std::string("ws://[::1]:9/"), std::string("ws://127.9.9.9/"),
          std::string("ws://0.0.0.0/")})
        expect_error(adapters(f, kNew, ingest(endpoint)), 503, "websocket_localhost_not_allowed");
    fail_unless(app.sockets.empty());
    expect_error(adapters(f, kClose, by_id("ended")), 503, "adapter_not_found");
}
GST_END_TEST

// --- pictures -----------------------------------------------------------------------------------

struct VideoFormat {
    const char* encoder;
    const char* offer;
};

const VideoFormat kFormats[] = {
    {"vp8enc deadline=1 keyframe-max-dist=10 ! rtpvp8pay",
     "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n"},
    {"vp9enc deadline=1 cpu-used=8 keyframe-max-dist=10 ! rtpvp9pay",
     "a=rtpmap:96 VP9/90000\r\na=rtcp-fb:96 nack pli\r\na=fmtp:96 profile-id=0\r\n"},
    {"x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! "
     "video/x-h264,profile=constrained-baseline ! h264parse ! rtph264pay config-interval=-1",
     "a=rtpmap:96 H264/90000\r\na=rtcp-fb:96 nack pli\r\n"
     "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"},
    {"x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! h265parse ! "
     "rtph265pay config-interval=-1",
     "a=rtpmap:96 H265/90000\r\na=rtcp-fb:96 nack pli\r\n"},
};

GST_START_TEST(video_reaches_an_application_as_pictures)
{
    const VideoFormat& format = kFormats[__i__];
    EmulatorOptions options = EmulatorFixture::quick_options();
    options.sfu.timers.jpeg_interval = Milliseconds{500};
    EmulatorFixture f(options);
    AdapterApp app;
    const auto packets =
        run_elements("videotestsrc num-buffers=30 ! video/x-raw,format=I420,width=320,height=240,"
                     "framerate=15/1 ! " +
                     std::string(format.encoder) + " pt=96 mtu=1100 ");
    TestClient c(f);
    c.push({{"video", "0", "sendonly", "96", format.offer}});
    c.connect();
    const auto session = f.emulator().sfu().find_session(c.id());
    std::string id;
    std::uint16_t sequence = 0;
    std::uint32_t shift = 0;
    // The same two seconds over and over, until there are three pictures.
    for (int round = 0; app.messages.size() < 3; ++round) {
        fail_unless(round < 10, "%d pictures", static_cast<int>(app.messages.size()));
        std::optional<std::uint32_t> frame;
        for (const ByteVector& data : packets) {
            const auto rtp = cf::emu::RtpPacket::parse(data);
            if (frame && *frame != rtp->timestamp)
                pass(Milliseconds{66});
            frame = rtp->timestamp;
            RtpFields fields;
            fields.sequence = sequence++;
            fields.timestamp = rtp->timestamp + shift;
            fields.marker = rtp->marker;
            fields.extensions = {{4, text_bytes("0")}};
            fields.payload.assign(rtp->payload.begin(), rtp->payload.end());
            c.peer().send_rtp(make_rtp(fields));
            const auto publication = session->transport().publication("0");
            if (id.empty() && publication && publication->has_packets())
                id = make(f, egress(app.url(), c.id(), "jpeg")).track(0, "adapterId");
        }
        shift += 30 * 6000;
    }
    std::uint32_t last = 0;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < app.messages.size(); ++i) {
        const AdapterPacket packet = parsed(app.messages[i]);
        expect_colour_bars(packet.payload);
        // Half a second apart, in 1/90000 s.
        fail_unless(i == 0 || packet.timestamp - last >= 40000, "%u after %u", packet.timestamp,
                    last);
        last = packet.timestamp;
        bytes += packet.payload.size();
    }
    const ApiAnswer closed = adapters(f, kClose, by_id(id));
    fail_unless(*(*closed.json().get_array("tracks"))[0].get_int("bytesProcessed") >=
                static_cast<std::int64_t>(bytes));
}
GST_END_TEST

Suite* api_adapters_suite()
{
    Suite* s = suite_create("api_adapters");
    TCase* t = tcase_create("adapters");
    tcase_add_test(t, sound_of_an_application_can_be_pulled);
    tcase_add_test(t, what_was_sent_is_played_before_the_track_ends);
    tcase_add_test(t, pauses_may_be_silent_on_the_wire);
    tcase_add_test(t, ingest_has_limits);
    tcase_add_test(t, track_reaches_an_application_as_sound);
    tcase_add_test(t, egress_comes_back_within_the_window);
    tcase_add_test(t, requests_that_make_no_sense_are_refused);
    tcase_add_test(t, items_fail_one_by_one);
    tcase_add_test(t, egress_needs_a_track_that_it_can_decode);
    tcase_add_test(t, localhost_can_be_refused_as_the_service_does);
    tcase_add_loop_test(t, video_reaches_an_application_as_pictures, 0, G_N_ELEMENTS(kFormats));
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_adapters);

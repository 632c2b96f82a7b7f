/* SPDX-License-Identifier: LGPL-2.1-or-later */
// What the local SFU costs: CPU while one publication of 2 Mbit/s goes to 30 subscribers, and
// memory with 200 connected sessions. The clients are packets without decoders (MediaPeer), so that
// they fit on the other core. Exits with 1 when a limit is passed.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <vector>

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <unistd.h>

#include "lib/base/ref.hpp"
#include "tests/emulator/sdp/parser.hpp"
#include "tests/emulator/sdp/writer.hpp"
#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/media-peer.hpp"
#include "tests/support/offers.hpp"
#include "tests/support/wait.hpp"

CF_REF_GOBJECT(SoupSession);
CF_REF_GOBJECT(SoupMessage);

namespace
{

using namespace cf;
using test::EmulatorProcess;
using test::MediaPeer;
using test::wait_until;

constexpr int kSubscribers = 30;
constexpr int kSessions = 200;
constexpr double kMaxCpuPercent = 25;
constexpr double kMaxMegabytes = 100;
constexpr Milliseconds kMeasured{10000};
// 227 packets of 1100 bytes a second are 2 Mbit/s.
constexpr std::size_t kPayloadBytes = 1100;
constexpr double kPacketsPerSecond = 227;

[[noreturn]] void give_up(const std::string& what)
{
    std::fprintf(stderr, "fan-out: %s\n", what.c_str());
    std::exit(EXIT_FAILURE);
}

std::string quote(const std::string& text)
{
    auto node = Ref<JsonNode>::adopt(json_node_init_string(json_node_alloc(), text.c_str()));
    return OwnedString(json_to_string(node.get(), FALSE)).get();
}

/// One session of the SFU and the client behind it.
class Client
{
public:
    explicit Client(const EmulatorProcess& sfu) : sfu_(sfu)
    {
        id_ = member(request("POST", "new", "{}"), "sessionId");
    }

    [[nodiscard]] const std::string& id() const { return id_; }
    MediaPeer peer;

    void push_video()
    {
        test::Offer offer{{test::video("0")}};
        const auto parameters = peer.parameters();
        offer.ufrag = parameters.ufrag;
        offer.pwd = parameters.pwd;
        offer.fingerprint = parameters.fingerprints.front().value;
        connect_to(
            request("POST", id_ + "/tracks/new",
                    "{\"sessionDescription\":{\"type\":\"offer\",\"sdp\":" + quote(offer.text()) +
                        "},\"tracks\":[{\"location\":\"local\",\"mid\":\"0\","
                        "\"trackName\":\"v\"}]}"));
    }

    void pull_video(const std::string& publisher)
    {
        const std::string answer =
            request("POST", id_ + "/tracks/new",
                    "{\"tracks\":[{\"location\":\"remote\",\"sessionId\":\"" + publisher +
                        "\",\"trackName\":\"v\"}]}");
        (void)request("PUT", id_ + "/renegotiate",
                      "{\"sessionDescription\":{\"type\":\"answer\",\"sdp\":" +
                          quote(answer_to(description(answer))) + "}}");
        connect_to(answer);
    }

private:
    static std::string member(const std::string& json, const char* name)
    {
        auto node = Ref<JsonNode>::adopt(json_from_string(json.c_str(), nullptr));
        if (!node || !JSON_NODE_HOLDS_OBJECT(node.get()))
            give_up("no JSON: " + json);
        const char* value = json_object_get_string_member_with_default(
            json_node_get_object(node.get()), name, nullptr);
        return value != nullptr ? value : "";
    }
    static std::string description(const std::string& json)
    {
        auto node = Ref<JsonNode>::adopt(json_from_string(json.c_str(), nullptr));
        JsonObject* root = json_node_get_object(node.get());
        if (!json_object_has_member(root, "sessionDescription"))
            give_up("no session description: " + json);
        return json_object_get_string_member(
            json_object_get_object_member(root, "sessionDescription"), "sdp");
    }

    std::string request(const char* method, const std::string& path, const std::string& body)
    {
        static const auto http = Ref<SoupSession>::adopt(
            soup_session_new_with_options("proxy-resolver", nullptr, nullptr));
        const std::string url = sfu_.api_base() + "/apps/" + sfu_.app_id() + "/sessions/" + path;
        auto message = Ref<SoupMessage>::adopt(soup_message_new(method, url.c_str()));
        soup_message_headers_replace(soup_message_get_request_headers(message.get()),
                                     "Authorization", ("Bearer " + sfu_.app_secret()).c_str());
        auto bytes = Ref<GBytes>::adopt(g_bytes_new(body.data(), body.size()));
        soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
        auto answer = Ref<GBytes>::adopt(
            soup_session_send_and_read(http.get(), message.get(), nullptr, nullptr));
        const unsigned status = soup_message_get_status(message.get());
        std::string text;
        if (answer) {
            gsize size = 0;
            const auto* data = static_cast<const char*>(g_bytes_get_data(answer.get(), &size));
            text.assign(data, size);
        }
        if (status / 100 != 2)
            give_up(path + ": HTTP " + std::to_string(status) + " " + text);
        return text;
    }

    [[nodiscard]] std::string answer_to(const std::string& offer) const
    {
        auto d = emu::sdp::parse(offer);
        if (!d)
            give_up("the offer cannot be read");
        const auto parameters = peer.parameters();
        d->ice_lite = false;
        d->fingerprints = {{"sha-256", parameters.fingerprints.front().value}};
        for (auto& s : d->sections) {
            s.setup = emu::sdp::Setup::Active;
            s.direction = emu::sdp::Direction::RecvOnly;
            s.ice = {parameters.ufrag, parameters.pwd};
            s.sources.clear();
            s.candidates.clear();
            s.end_of_candidates = false;
        }
        return emu::sdp::write(*d);
    }

    void connect_to(const std::string& answer)
    {
        const auto d = emu::sdp::parse(description(answer));
        if (!d || d->sections.empty() || d->sections[0].candidates.empty())
            give_up("the description names no candidate");
        const auto& section = d->sections[0];
        const auto& candidate = section.candidates[0];
        peer.start({*emu::SocketAddress::parse(candidate.address, candidate.port),
                    section.ice.ufrag, section.ice.pwd,
                    (section.fingerprints.empty() ? d->fingerprints : section.fingerprints)
                        .front()
                        .value});
        if (!wait_until([this] { return peer.connected(); }))
            give_up("no connection: " + peer.failure);
    }

    const EmulatorProcess& sfu_;
    std::string id_;
};

/// User and system time of a process, in seconds.
double cpu_seconds(const std::string& pid)
{
    std::ifstream stat("/proc/" + pid + "/stat");
    std::string field;
    double ticks = 0;
    // The program's name has no spaces; fields 14 and 15 are utime and stime.
    for (int i = 1; i <= 15 && stat >> field; ++i)
        ticks += i >= 14 ? std::atof(field.c_str()) : 0;
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double resident_megabytes(const std::string& pid)
{
    std::ifstream statm("/proc/" + pid + "/statm");
    double pages = 0;
    double resident = 0;
    statm >> pages >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

/// Sends VP8 at an even pace.
struct Sender {
    MediaPeer& peer;
    std::uint16_t sequence = 0;
    gint64 start = g_get_monotonic_time();
    std::uint64_t sent = 0;

    void send_due()
    {
        const double seconds = static_cast<double>(g_get_monotonic_time() - start) / 1e6;
        for (; static_cast<double>(sent) < seconds * kPacketsPerSecond; ++sent) {
            std::vector<std::uint8_t> payload(kPayloadBytes, 0x55);
            payload[0] = 0x10;
            // A key frame a second, in case one subscriber is late.
            payload[1] = sent % 227 == 0 ? 0x00 : 0x01;
            peer.send_rtp(test::make_rtp({.payload_type = 96,
                                          .sequence = sequence++,
                                          .timestamp = static_cast<std::uint32_t>(sent * 396),
                                          .ssrc = 0x1234,
                                          .extensions = {{4, test::text_bytes("0")}},
                                          .payload = std::move(payload)}));
        }
    }
};

bool measure_cpu()
{
    const EmulatorProcess sfu;
    Client publisher(sfu);
    publisher.push_video();
    Sender sender{publisher.peer};
    (void)wait_until([&] { return sender.send_due(), false; }, Milliseconds{200});
    std::vector<std::unique_ptr<Client>> subscribers;
    for (int i = 0; i < kSubscribers; ++i) {
        subscribers.push_back(std::make_unique<Client>(sfu));
        subscribers.back()->pull_video(publisher.id());
        sender.send_due();
    }
    const bool flowing = wait_until([&] {
        sender.send_due();
        return std::all_of(subscribers.begin(), subscribers.end(),
                           [](const auto& s) { return !s->peer.rtp.empty(); });
    });
    if (!flowing)
        give_up("not every subscriber gets packets");

    for (const auto& s : subscribers)
        s->peer.rtp.clear();
    const std::uint64_t sent_before = sender.sent;
    const double cpu_before = cpu_seconds(sfu.pid());
    const gint64 start = g_get_monotonic_time();
    (void)wait_until([&] { return sender.send_due(), false; }, kMeasured);
    const double seconds = static_cast<double>(g_get_monotonic_time() - start) / 1e6;
    const double percent = (cpu_seconds(sfu.pid()) - cpu_before) / seconds * 100;
    std::size_t received = 0;
    for (const auto& s : subscribers)
        received += s->peer.rtp.size();
    const auto expected = static_cast<double>((sender.sent - sent_before) * kSubscribers);
    std::printf("%d subscribers of one 2 Mbit/s publication: %.1f %% of a core, %.1f MB, "
                "%.2f %% of the packets arrived\n",
                kSubscribers, percent, resident_megabytes(sfu.pid()),
                static_cast<double>(received) / expected * 100);
    const bool all_arrived = static_cast<double>(received) > expected * 0.98;
    return all_arrived && percent < kMaxCpuPercent;
}

bool measure_memory()
{
    const EmulatorProcess sfu;
    const double empty = resident_megabytes(sfu.pid());
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < kSessions; ++i) {
        clients.push_back(std::make_unique<Client>(sfu));
        clients.back()->push_video();
    }
    const double full = resident_megabytes(sfu.pid());
    const double cpu_before = cpu_seconds(sfu.pid());
    (void)wait_until([] { return false; }, Milliseconds{3000});
    std::printf("%d connected sessions: %.1f MB (%.1f MB without any), %.1f %% of a core\n",
                kSessions, full, empty, (cpu_seconds(sfu.pid()) - cpu_before) / 3 * 100);
    return full < kMaxMegabytes;
}

START_TEST(thirty_subscribers_take_a_quarter_of_a_core)
{
    fail_unless(measure_cpu());
}
END_TEST

START_TEST(two_hundred_sessions_take_a_hundred_megabytes)
{
    fail_unless(measure_memory());
}
END_TEST

} // namespace

// EmulatorProcess reports failures as a test does, so this is one; in one process and without a
// time limit.
int main()
{
    Suite* suite = suite_create("fan-out");
    TCase* t = tcase_create("cost");
    tcase_add_test(t, thirty_subscribers_take_a_quarter_of_a_core);
    tcase_add_test(t, two_hundred_sessions_take_a_hundred_megabytes);
    suite_add_tcase(suite, t);
    SRunner* runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

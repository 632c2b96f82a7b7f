/* SPDX-License-Identifier: LGPL-2.1-or-later */
// ICE-lite, DTLS and SRTP of a transport, through the loopback socket.
#include <memory>
#include <string>
#include <vector>

#include <glib/gstdio.h>

#include "tests/emulator/media/media-server.hpp"
#include "tests/support/check.hpp"
#include "tests/support/media-peer.hpp"
#include "tests/support/wait.hpp"

using namespace cf::emu;
using cf::Milliseconds;
using cf::test::make_rtp;
using cf::test::MediaPeer;
using cf::test::text_bytes;
using cf::test::wait_until;

namespace
{

std::unique_ptr<MediaServer> make_server(const MediaOptions& options = {})
{
    auto server = MediaServer::create(options, nullptr);
    fail_unless(server.ok());
    return server.take();
}

ReceiveParameters audio_section()
{
    RtpCodec opus;
    opus.payload_type = 111;
    opus.name = "opus";
    opus.clock_rate = 48000;
    opus.channels = 2;
    ReceiveParameters p;
    p.mid = "0";
    p.codecs = {opus};
    return p;
}

MalformedStats malformed(MediaServer& server, Transport& t)
{
    return t.stats(server.now()).malformed;
}

void handshake(DtlsRole peer_role, const MediaOptions& options, const char* profile)
{
    auto server = make_server(options);
    auto transport = server->create_transport();
    MediaPeer peer(peer_role);
    fail_unless(peer.connect(*server, *transport));
    const TransportStats stats = transport->stats(server->now());
    fail_unless(stats.srtp_profile == profile);
    fail_unless(stats.remote_address == peer.address().to_string());
    auto publication = transport->receive(audio_section());
    peer.send_rtp(make_rtp({.payload_type = 111, .payload = text_bytes("hello")}));
    fail_unless(wait_until([&] { return publication->has_packets(); }));
}

} // namespace

GST_START_TEST(the_peer_may_be_dtls_client_or_server)
{
    handshake(DtlsRole::Client, {}, "AES_CM_128_HMAC_SHA1_80");
    handshake(DtlsRole::Server, {}, "AES_CM_128_HMAC_SHA1_80");
}
GST_END_TEST;

GST_START_TEST(gcm_is_used_where_it_is_the_only_profile)
{
    MediaOptions options;
    options.srtp_profile = "SRTP_AEAD_AES_128_GCM";
    handshake(DtlsRole::Client, options, "AEAD_AES_128_GCM");
    handshake(DtlsRole::Server, options, "AEAD_AES_128_GCM");
}
GST_END_TEST;

GST_START_TEST(it_works_over_ipv6)
{
    MediaOptions options;
    options.address = "::1";
    auto server = MediaServer::create(options, nullptr);
    if (!server) {
        g_print("skipped: this machine has no IPv6 loopback\n");
        return;
    }
    fail_unless((*server)->address().host() == "::1");
    fail_unless((*server)->address().port() != 0);
}
GST_END_TEST;

GST_START_TEST(a_wrong_fingerprint_is_refused_on_either_side)
{
    for (const DtlsRole role : {DtlsRole::Client, DtlsRole::Server}) {
        auto server = make_server();
        auto transport = server->create_transport();
        std::vector<TransportState> states;
        transport->on_state = [&](TransportState s) { states.push_back(s); };
        MediaPeer peer(role);
        RemoteParameters remote = peer.parameters();
        remote.fingerprints[0].value[0] = remote.fingerprints[0].value[0] == 'A' ? 'B' : 'A';
        const DtlsRole other = role == DtlsRole::Client ? DtlsRole::Server : DtlsRole::Client;
        fail_unless(transport->set_remote(remote, other).ok());
        peer.start(*server, *transport);
        fail_unless(wait_until([&] { return transport->state() == TransportState::Failed; }));
        // The peer is told by an alert, and neither side has keys.
        fail_unless(wait_until([&] { return !peer.failure.empty() || role == DtlsRole::Server; }));
        fail_unless(transport->stats(server->now()).srtp_profile.empty());
        fail_unless(states.back() == TransportState::Failed);
    }
}
GST_END_TEST;

GST_START_TEST(any_matching_fingerprint_in_any_case_is_enough)
{
    auto server = make_server();
    auto transport = server->create_transport();
    MediaPeer peer;
    RemoteParameters remote = peer.parameters();
    for (char& c : remote.fingerprints[0].value)
        c = g_ascii_tolower(c);
    remote.fingerprints[0].algorithm = "SHA-256";
    remote.fingerprints.insert(remote.fingerprints.begin(), {"sha-1", "00:11"});
    remote.fingerprints.insert(remote.fingerprints.begin(), {"sha-512", "00:11"});
    fail_unless(transport->set_remote(remote, DtlsRole::Server).ok());
    peer.start(*server, *transport);
    fail_unless(wait_until([&] { return transport->state() == TransportState::Connected; }));
}
GST_END_TEST;

GST_START_TEST(states_are_told_in_order_and_never_from_inside_a_call)
{
    auto server = make_server();
    auto transport = server->create_transport();
    fail_unless(transport->state() == TransportState::New);
    std::vector<TransportState> states;
    bool inside = false;
    transport->on_state = [&](TransportState s) {
        fail_unless(!inside);
        states.push_back(s);
    };
    MediaPeer peer;
    inside = true;
    fail_unless(transport->set_remote(peer.parameters(), DtlsRole::Server).ok());
    inside = false;
    fail_unless(transport->state() == TransportState::Checking);
    fail_unless(wait_until([&] { return !states.empty(); }));
    peer.start(*server, *transport);
    fail_unless(wait_until([&] { return states.size() == 2 && peer.connected(); }));
    fail_unless(states[0] == TransportState::Checking && states[1] == TransportState::Connected);
    peer.close_dtls();
    fail_unless(wait_until([&] { return states.size() == 3; }));
    fail_unless(states[2] == TransportState::Closed);
}
GST_END_TEST;

GST_START_TEST(checks_and_handshake_may_overtake_the_description)
{
    auto server = make_server();
    auto transport = server->create_transport();
    MediaPeer peer;
    peer.start(*server, *transport);
    fail_unless(wait_until([&] {
        return peer.last_stun_answer().has_value() &&
               transport->stats(server->now()).datagrams_in >= 2;
    }));
    fail_unless_equals_int(*peer.last_stun_answer(), 0);
    fail_unless(transport->state() == TransportState::New);
    fail_unless(transport->set_remote(peer.parameters(), DtlsRole::Server).ok());
    fail_unless(wait_until([&] { return peer.connected(); }));
    fail_unless(wait_until([&] { return transport->state() == TransportState::Connected; }));
}
GST_END_TEST;

GST_START_TEST(the_role_and_the_certificate_stay)
{
    auto server = make_server();
    auto transport = server->create_transport();
    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    fail_unless(transport->dtls_role() == DtlsRole::Server);
    const auto flipped = transport->set_remote(peer.parameters(), DtlsRole::Client);
    fail_unless(!flipped && flipped.error().code == cf::ErrorCode::Sdp);
    RemoteParameters other = peer.parameters();
    other.fingerprints[0].value[0] = other.fingerprints[0].value[0] == 'A' ? 'B' : 'A';
    fail_unless(!transport->set_remote(other, DtlsRole::Server));
    fail_unless(transport->set_remote(peer.parameters(), DtlsRole::Server).ok());
    fail_unless(transport->state() == TransportState::Connected);
}
GST_END_TEST;

GST_START_TEST(wrong_credentials_get_401_and_an_unknown_name_gets_nothing)
{
    auto server = make_server();
    auto transport = server->create_transport();
    MediaPeer peer;
    peer.start(*server, *transport);
    fail_unless(wait_until([&] { return peer.last_stun_answer() == 0U; }));
    peer.set_remote_credentials(transport->local_ufrag(), "not the password");
    peer.send_check();
    fail_unless(wait_until([&] { return peer.last_stun_answer() == 401U; }));
    fail_unless_equals_int(transport->stats(server->now()).stun_errors, 1);
    peer.set_remote_credentials("nobody", "x");
    peer.send_check();
    fail_unless(wait_until([&] { return server->stats().unknown_ufrag == 1; }));
}
GST_END_TEST;

GST_START_TEST(media_from_an_address_that_proved_nothing_is_dropped)
{
    auto server = make_server();
    auto transport = server->create_transport();
    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    auto stranger = UdpSocket::open(*SocketAddress::parse("127.0.0.1", 0), nullptr,
                                    [](const SocketAddress&, std::span<std::uint8_t>) {});
    const auto before = server->stats().unknown_address;
    (*stranger)->send(server->address(), make_rtp({.payload_type = 111}));
    (*stranger)->send(server->address(), std::vector<std::uint8_t>{22, 0xFE, 0xFD, 0, 0});
    fail_unless(wait_until([&] { return server->stats().unknown_address == before + 2; }));
}
GST_END_TEST;

GST_START_TEST(silence_disconnects_and_a_check_reconnects)
{
    MediaOptions options;
    options.consent_timeout = Milliseconds{150};
    auto server = make_server(options);
    auto transport = server->create_transport();
    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    fail_unless(wait_until([&] { return transport->state() == TransportState::Disconnected; }));
    peer.send_check();
    fail_unless(wait_until([&] { return transport->state() == TransportState::Connected; }));
}
GST_END_TEST;

GST_START_TEST(a_peer_may_move_to_another_address)
{
    auto server = make_server();
    auto transport = server->create_transport();
    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    MediaPeer elsewhere;
    elsewhere.start(*server, *transport);
    fail_unless(wait_until([&] {
        return transport->stats(server->now()).remote_address == elsewhere.address().to_string();
    }));
    peer.send_check(false);
    fail_unless(wait_until([&] { return transport->stats(server->now()).stun_requests >= 3; }));
    fail_unless(transport->stats(server->now()).remote_address == elsewhere.address().to_string());
}
GST_END_TEST;

GST_START_TEST(an_ice_restart_takes_new_credentials)
{
    auto server = make_server();
    auto transport = server->create_transport();
    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    const std::string old = transport->local_ufrag();
    transport->restart_ice();
    fail_unless(transport->local_ufrag() != old);
    peer.send_check();
    fail_unless(wait_until([&] { return transport->stats(server->now()).stun_requests == 2; }));
    peer.set_remote_credentials(transport->local_ufrag(), transport->local_pwd());
    peer.send_check();
    fail_unless(wait_until([&] { return transport->stats(server->now()).stun_requests == 3; }));
    fail_unless_equals_int(transport->stats(server->now()).stun_errors, 0);
}
GST_END_TEST;

GST_START_TEST(garbage_is_counted_and_does_no_harm)
{
    auto server = make_server();
    auto transport = server->create_transport();
    auto publication = transport->receive(audio_section());
    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    peer.send_raw({0, 1, 2, 3});
    peer.send_raw({22, 1, 2, 3});
    peer.send_raw({22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1});
    peer.send_raw(make_rtp({.payload_type = 111, .payload = std::vector<std::uint8_t>(40, 1)}));
    peer.send_raw(std::vector<std::uint8_t>(60, 200));
    // SRTCP with the encryption flag set.
    peer.send_raw({0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    peer.send_rtp(make_rtp({.payload_type = 99, .payload = {1}}));
    peer.send_rtcp_bytes({0x81, 201, 0, 1, 0, 0, 0, 5});
    fail_unless(wait_until([&] {
        const MalformedStats m = malformed(*server, *transport);
        return m.stun == 1 && m.dtls == 2 && m.unknown == 1 && m.srtp_auth == 2 &&
               m.rtp_unmapped == 1 && m.rtcp == 1;
    }));
    peer.send_rtp(make_rtp({.payload_type = 111, .sequence = 1, .payload = {1}}));
    fail_unless(wait_until([&] { return publication->has_packets(); }));
    fail_unless(transport->state() == TransportState::Connected);
}
GST_END_TEST;

GST_START_TEST(closing_says_goodbye_and_silences_everything)
{
    auto server = make_server();
    auto transport = server->create_transport();
    auto publication = transport->receive(audio_section());
    auto subscription = transport->send("1", MediaKind::Audio);
    MediaPeer peer;
    fail_unless(peer.connect(*server, *transport));
    transport->close();
    transport->close();
    fail_unless(transport->state() == TransportState::Closed);
    fail_unless(publication->closed());
    fail_unless(wait_until([&] { return peer.dtls_closed; }));
    fail_unless(!transport->set_remote(peer.parameters(), DtlsRole::Server));
    fail_unless(transport->receive(audio_section())->closed());
    // What is held longer than the transport and the server stays harmless.
    transport.reset();
    fail_unless_equals_int(server->stats().transports, 0);
    server.reset();
    subscription->set_source(publication);
    (void)subscription->stats({});
    (void)publication->stats({});
}
GST_END_TEST;

GST_START_TEST(a_dropped_transport_is_unknown_at_once)
{
    auto server = make_server();
    MediaPeer peer;
    {
        auto transport = server->create_transport();
        fail_unless(peer.connect(*server, *transport));
    }
    const auto before = server->stats().unknown_ufrag;
    peer.send_check();
    fail_unless(wait_until([&] { return server->stats().unknown_ufrag == before + 1; }));
}
GST_END_TEST;

GST_START_TEST(the_handshake_survives_loss)
{
    auto server = make_server();
    server->faults(FaultDirection::FromPeer).set({.loss = 0.3, .seed = 3});
    server->faults(FaultDirection::ToPeer).set({.loss = 0.3, .seed = 4});
    for (const DtlsRole role : {DtlsRole::Client, DtlsRole::Server}) {
        auto transport = server->create_transport();
        MediaPeer peer(role);
        fail_unless(peer.connect(*server, *transport));
    }
    fail_unless(server->faults(FaultDirection::FromPeer).counters().lost > 0);
    fail_unless(server->faults(FaultDirection::ToPeer).counters().lost > 0);
}
GST_END_TEST;

GST_START_TEST(a_blackhole_of_one_transport_spares_the_others)
{
    auto server = make_server();
    auto first_transport = server->create_transport();
    auto second_transport = server->create_transport();
    auto lost = first_transport->receive(audio_section());
    auto kept = second_transport->receive(audio_section());
    MediaPeer a;
    MediaPeer b;
    fail_unless(a.connect(*server, *first_transport));
    fail_unless(b.connect(*server, *second_transport));
    auto& faults = first_transport->faults(FaultDirection::FromPeer);
    faults.set({.blackhole = true});
    a.send_rtp(make_rtp({.payload_type = 111, .payload = {1}}));
    b.send_rtp(make_rtp({.payload_type = 111, .payload = {1}}));
    fail_unless(wait_until([&] { return kept->has_packets(); }));
    fail_unless(wait_until([&] { return faults.counters().blackholed == 1; }));
    fail_unless(!lost->has_packets());
}
GST_END_TEST;

GST_START_TEST(the_certificate_can_come_from_a_file)
{
    const char* kPem = "-----BEGIN CERTIFICATE-----\n"
                       "garbage\n"
                       "-----END CERTIFICATE-----\n";
    char* path = nullptr;
    const int fd = g_file_open_tmp("cfcalls-XXXXXX.pem", &path, nullptr);
    fail_unless(fd >= 0);
    g_close(fd, nullptr);
    MediaOptions options;
    options.certificate_file = path;
    g_file_set_contents(path, kPem, -1, nullptr);
    const auto bad = MediaServer::create(options, nullptr);
    fail_unless(!bad && bad.error().code == cf::ErrorCode::InvalidArgument);

    const std::string command = std::string("openssl req -x509 -newkey ec -pkeyopt "
                                            "ec_paramgen_curve:prime256v1 -nodes -subj /CN=t "
                                            "-days 2 -keyout ") +
                                path + ".key -out " + path + ".crt";
    int status = -1;
    if (g_spawn_command_line_sync(command.c_str(), nullptr, nullptr, &status, nullptr) == FALSE ||
        status != 0) {
        g_print("skipped the good file: no openssl program\n");
    } else {
        char* key = nullptr;
        char* certificate = nullptr;
        g_file_get_contents((std::string(path) + ".key").c_str(), &key, nullptr, nullptr);
        g_file_get_contents((std::string(path) + ".crt").c_str(), &certificate, nullptr, nullptr);
        g_file_set_contents(path, (std::string(key) + certificate).c_str(), -1, nullptr);
        auto one = make_server(options);
        auto two = make_server(options);
        fail_unless(one->fingerprint() == two->fingerprint());
        auto transport = one->create_transport();
        MediaPeer peer;
        fail_unless(peer.connect(*one, *transport));
        g_free(key);
        g_free(certificate);
        g_unlink((std::string(path) + ".key").c_str());
        g_unlink((std::string(path) + ".crt").c_str());
    }
    g_unlink(path);
    g_free(path);
}
GST_END_TEST;

GST_START_TEST(bad_options_are_refused_with_a_sentence)
{
    MediaOptions options;
    options.address = "localhost";
    fail_unless(MediaServer::create(options, nullptr).error().code ==
                cf::ErrorCode::InvalidArgument);
    options = {};
    options.srtp_profile = "ROT13";
    fail_unless(MediaServer::create(options, nullptr).error().code ==
                cf::ErrorCode::InvalidArgument);
    options = {};
    options.certificate_file = "/nonexistent/file.pem";
    fail_unless(MediaServer::create(options, nullptr).error().code ==
                cf::ErrorCode::InvalidArgument);
    auto server = make_server();
    options = {};
    options.port = server->address().port();
    fail_unless(MediaServer::create(options, nullptr).error().code == cf::ErrorCode::Network);
}
GST_END_TEST;

static Suite* media_transport_suite()
{
    Suite* s = suite_create("media_transport");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, the_peer_may_be_dtls_client_or_server);
    tcase_add_test(tc, gcm_is_used_where_it_is_the_only_profile);
    tcase_add_test(tc, it_works_over_ipv6);
    tcase_add_test(tc, a_wrong_fingerprint_is_refused_on_either_side);
    tcase_add_test(tc, any_matching_fingerprint_in_any_case_is_enough);
    tcase_add_test(tc, states_are_told_in_order_and_never_from_inside_a_call);
    tcase_add_test(tc, checks_and_handshake_may_overtake_the_description);
    tcase_add_test(tc, the_role_and_the_certificate_stay);
    tcase_add_test(tc, wrong_credentials_get_401_and_an_unknown_name_gets_nothing);
    tcase_add_test(tc, media_from_an_address_that_proved_nothing_is_dropped);
    tcase_add_test(tc, silence_disconnects_and_a_check_reconnects);
    tcase_add_test(tc, a_peer_may_move_to_another_address);
    tcase_add_test(tc, an_ice_restart_takes_new_credentials);
    tcase_add_test(tc, garbage_is_counted_and_does_no_harm);
    tcase_add_test(tc, closing_says_goodbye_and_silences_everything);
    tcase_add_test(tc, a_dropped_transport_is_unknown_at_once);
    tcase_add_test(tc, the_handshake_survives_loss);
    tcase_add_test(tc, a_blackhole_of_one_transport_spares_the_others);
    tcase_add_test(tc, the_certificate_can_come_from_a_file);
    tcase_add_test(tc, bad_options_are_refused_with_a_sentence);
    return s;
}

GST_CHECK_MAIN(media_transport);

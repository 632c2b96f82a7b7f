/* SPDX-License-Identifier: LGPL-2.1-or-later */
// TURN credentials: both shapes, the key's own token, limits, revocation.
#include <string>

#include "tests/support/check.hpp"
#include "tests/support/emulator-fixture.hpp"

namespace
{

using namespace cf::test; // NOLINT: a test speaks in these words

ApiAnswer turn(EmulatorFixture& f, const std::string& path, const std::string& body,
               const std::string& token = "Bearer local-turn-token")
{
    return f.send({"POST", "/v1/turn/keys/local-turn-key/credentials/" + path, body,
                   "application/json", token});
}

std::string text(const cf::json::JsonReader& json, const char* member)
{
    const auto value = json.find_string(member);
    return value.ok() ? value->value_or("") : "";
}

void expect_refused(const ApiAnswer& answer, unsigned status, const char* code, const char* text)
{
    fail_unless(answer.status == status, "%u instead of %u: %s", answer.status, status,
                answer.body.c_str());
    fail_unless_equals_text(answer.code(), code);
    fail_unless(answer.description().find(text) != std::string::npos, "%s", answer.body.c_str());
}

GST_START_TEST(ice_servers_are_an_array)
{
    EmulatorFixture f;
    const ApiAnswer answer = turn(f, "generate-ice-servers", R"({"ttl":86400})");
    fail_unless_equals_int(answer.status, 201);
    const auto servers = answer.json().get_array("iceServers");
    fail_unless_equals_int(servers->size(), 2);
    // Not the media port: Chromium would take the peer's answers for the STUN server's.
    const auto stun = (*servers)[0].get_array("urls")->at(0).as_string();
    fail_unless_equals_string(stun->c_str(), "stun:127.0.0.1:3478");
    fail_if((*servers)[0].has("username"));
    fail_unless_equals_int((*servers)[1].get_array("urls")->size(), 6);
    fail_unless_equals_int(text((*servers)[1], "username").size(), 96);
    fail_unless_equals_int(text((*servers)[1], "credential").size(), 96);
}
GST_END_TEST

GST_START_TEST(older_shape_is_an_object)
{
    EmulatorFixture f;
    const ApiAnswer answer = turn(f, "generate", R"({"ttl":60,"customIdentifier":"user-7"})");
    fail_unless_equals_int(answer.status, 201);
    const auto server = answer.json().get_object("iceServers");
    fail_unless(server.ok(), "%s", answer.body.c_str());
    fail_unless_equals_int(text(*server, "credential").size(), 96);
}
GST_END_TEST

GST_START_TEST(shared_secret_derives_the_pair)
{
    auto options = EmulatorFixture::quick_options();
    options.turn.shared_secret = "north";
    options.turn.urls = {"turn:127.0.0.1:3479?transport=udp"};
    EmulatorFixture f(options);
    const auto servers = turn(f, "generate-ice-servers", R"({"ttl":60})").json();
    const auto stun = servers.get_array("iceServers")->at(0).get_array("urls")->at(0).as_string();
    fail_unless_equals_string(stun->c_str(), "stun:127.0.0.1:3479");
    const auto answer = turn(f, "generate", R"({"ttl":60,"customIdentifier":"u"})").json();
    const auto server = answer.get_object("iceServers");
    const std::string username = text(*server, "username");
    fail_unless(username.ends_with(":u"), "%s", username.c_str());
    // openssl dgst -sha1 -hmac north -binary | base64 gives the same; GLib is the second opinion.
    const cf::OwnedString hex{g_compute_hmac_for_string(
        G_CHECKSUM_SHA1, reinterpret_cast<const guchar*>("north"), 5, username.c_str(), -1)};
    gsize size = 0;
    const cf::Owned<guchar, g_free> raw{
        g_base64_decode(text(*server, "credential").c_str(), &size)};
    fail_unless_equals_int(size, 20);
    std::string got;
    for (gsize i = 0; i < size; ++i) {
        const cf::OwnedString byte{g_strdup_printf("%02x", raw.get()[i])};
        got += byte.get();
    }
    fail_unless_equals_string(got.c_str(), hex.get());
}
GST_END_TEST

GST_START_TEST(bad_requests_are_refused)
{
    EmulatorFixture f;
    struct Case {
        const char* path;
        const char* body;
        unsigned status;
        const char* code;
        const char* text;
    };
    for (const Case& k :
         {Case{"generate", "{}", 400, "decoding_error", "JSON body validation error: "},
          Case{"generate", "", 400, "decoding_error", "JSON body validation error: "},
          Case{"generate", R"({"ttl":"60"})", 400, "decoding_error", "ttl"},
          Case{"generate", R"({"ttl":0})", 400, "decoding_error", "ttl"},
          Case{"generate", R"({"ttl":172801})", 400, "invalid_params", "48 hours"},
          Case{"something", R"({"ttl":60})", 404, "not_found", "no such endpoint"},
          Case{"nobody/revoke", "", 404, "not_found", "no such credentials"}})
        expect_refused(turn(f, k.path, k.body), k.status, k.code, k.text);
    const std::string good = R"({"ttl":60})";
    expect_refused(turn(f, "generate", good, "Bearer local-secret"), 401, "unauthorized", "token");
    expect_refused(f.send({"POST", "/v1/turn/keys/other/credentials/generate", good}), 404,
                   "not_found", "key does not exist");
    expect_refused(f.send({"GET", "/v1/turn/keys/local-turn-key/credentials/generate", "", "",
                           "Bearer local-turn-token"}),
                   405, "not_found", "method");
    fail_unless_equals_int(turn(f, "generate", R"({"ttl":172800})").status, 201);
}
GST_END_TEST

GST_START_TEST(credentials_can_be_revoked)
{
    EmulatorFixture f;
    const auto answer = turn(f, "generate", R"({"ttl":60})").json();
    const std::string username = text(*answer.get_object("iceServers"), "username");
    const ApiAnswer revoked = turn(f, username + "/revoke", "");
    fail_unless_equals_int(revoked.status, 204);
    fail_unless(revoked.body.empty());
    fail_unless_equals_int(turn(f, "nobody/revoke", "").status, 404);
}
GST_END_TEST

GST_START_TEST(log_holds_no_credentials)
{
    EmulatorFixture f;
    const auto answer = turn(f, "generate", R"({"ttl":60})").json();
    const std::string username = text(*answer.get_object("iceServers"), "username");
    const std::string credential = text(*answer.get_object("iceServers"), "credential");
    (void)turn(f, username + "/revoke", "");
    const ApiAnswer log = f.control("GET", "log");
    fail_unless(log.body.find("turn/revoke") != std::string::npos);
    fail_unless(log.body.find(username) == std::string::npos);
    fail_unless(log.body.find(credential) == std::string::npos);
}
GST_END_TEST

Suite* api_turn_suite()
{
    Suite* s = suite_create("api_turn");
    TCase* t = tcase_create("turn");
    tcase_add_test(t, ice_servers_are_an_array);
    tcase_add_test(t, older_shape_is_an_object);
    tcase_add_test(t, shared_secret_derives_the_pair);
    tcase_add_test(t, bad_requests_are_refused);
    tcase_add_test(t, credentials_can_be_revoked);
    tcase_add_test(t, log_holds_no_credentials);
    suite_add_tcase(s, t);
    return s;
}

} // namespace

GST_CHECK_MAIN(api_turn);

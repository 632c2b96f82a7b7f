/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/emulator-fixture.hpp"

#include <algorithm>

#include <libsoup/soup.h>

#include "tests/emulator/sdp/parser.hpp"
#include "tests/emulator/sdp/writer.hpp"
#include "tests/support/check.hpp"
#include "tests/support/wait.hpp"

CF_REF_GOBJECT(SoupMessage);

namespace cf::test
{

namespace
{

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return g_ascii_tolower(c); });
    return text;
}

struct Sending {
    std::shared_ptr<PendingAnswer> pending;
    Ref<SoupMessage> message;
};

void on_answer(GObject* session, GAsyncResult* result, gpointer data)
{
    const std::unique_ptr<Sending> sending(static_cast<Sending*>(data));
    GError* error = nullptr;
    auto bytes = Ref<GBytes>::adopt(
        soup_session_send_and_read_finish(SOUP_SESSION(session), result, &error));
    g_clear_error(&error);
    sending->pending->done = true;
    if (!bytes)
        return;
    ApiAnswer& answer = sending->pending->answer;
    answer.status = soup_message_get_status(sending->message.get());
    gsize size = 0;
    const void* body = g_bytes_get_data(bytes.get(), &size);
    if (body != nullptr)
        answer.body.assign(static_cast<const char*>(body), size);
    SoupMessageHeadersIter iter;
    soup_message_headers_iter_init(&iter,
                                   soup_message_get_response_headers(sending->message.get()));
    const char* name = nullptr;
    const char* value = nullptr;
    while (soup_message_headers_iter_next(&iter, &name, &value))
        answer.headers.emplace_back(lower(name), value);
    answer.content_type = answer.header("content-type");
}

} // namespace

json::JsonReader ApiAnswer::json() const
{
    auto parsed = json::JsonReader::parse(body);
    fail_unless(parsed.ok(), "no JSON: %u \"%s\"", status, body.c_str());
    return parsed.take();
}

std::string ApiAnswer::text(const char* member) const
{
    const auto value = json().find_string(member);
    return value.ok() ? value->value_or("") : "";
}

std::string ApiAnswer::header(const std::string& name) const
{
    for (const auto& [key, value] : headers)
        if (key == name)
            return value;
    return {};
}

std::string ApiAnswer::track(std::size_t index, const char* member) const
{
    const auto tracks = json().find_array("tracks");
    fail_unless(tracks.ok() && index < tracks->size(), "no item %u in %s",
                static_cast<unsigned>(index), body.c_str());
    const auto value = (*tracks)[index].find_string(member);
    return value.ok() ? value->value_or("") : "";
}

std::string ApiAnswer::sdp() const
{
    const auto description = json().find_object("sessionDescription");
    if (!description.ok() || !*description)
        return {};
    return *(*description)->get_string("sdp");
}

std::string ApiAnswer::sdp_type() const
{
    const auto description = json().find_object("sessionDescription");
    if (!description.ok() || !*description)
        return {};
    return *(*description)->get_string("type");
}

bool ApiAnswer::needs_renegotiation() const
{
    const auto flag = json().get_bool("requiresImmediateRenegotiation");
    fail_unless(flag.ok(), "requiresImmediateRenegotiation is missing: %s", body.c_str());
    return *flag;
}

emu::EmulatorOptions EmulatorFixture::quick_options()
{
    emu::EmulatorOptions options;
    options.sfu.timers.connect_wait = Milliseconds{200};
    options.sfu.timers.packet_wait = Milliseconds{300};
    return options;
}

EmulatorFixture::EmulatorFixture(const emu::EmulatorOptions& options)
{
    auto emulator = emu::Emulator::create(options);
    fail_unless(emulator.ok(), "%s", emulator.ok() ? "" : emulator.error().message.c_str());
    emulator_ = emulator.take();
    origin_ = emulator_->base_url().substr(0, emulator_->base_url().size() - 3);
    http_ = soup_session_new_with_options("proxy-resolver", nullptr, "timeout", 30U,
                                          "max-conns-per-host", 20, nullptr);
}

EmulatorFixture::~EmulatorFixture()
{
    soup_session_abort(http_);
    g_object_unref(http_);
}

std::shared_ptr<PendingAnswer> EmulatorFixture::start(const Request& request)
{
    auto message = Ref<SoupMessage>::adopt(
        soup_message_new(request.method.c_str(), (origin_ + request.path).c_str()));
    fail_unless(bool(message), "bad path %s", request.path.c_str());
    SoupMessageHeaders* headers = soup_message_get_request_headers(message.get());
    if (!request.authorization.empty())
        soup_message_headers_replace(headers, "Authorization", request.authorization.c_str());
    for (const auto& [name, value] : request.headers)
        soup_message_headers_append(headers, name.c_str(), value.c_str());
    if (!request.body.empty()) {
        auto bytes = Ref<GBytes>::adopt(g_bytes_new(request.body.data(), request.body.size()));
        soup_message_set_request_body_from_bytes(
            message.get(), request.content_type.empty() ? nullptr : request.content_type.c_str(),
            bytes.get());
    }
    if (request.chunked)
        soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
    auto pending = std::make_shared<PendingAnswer>();
    auto* sending = new Sending{pending, message};
    soup_session_send_and_read_async(http_, message.get(), G_PRIORITY_DEFAULT, nullptr, on_answer,
                                     sending);
    return pending;
}

ApiAnswer EmulatorFixture::send(const Request& request)
{
    const auto pending = start(request);
    fail_unless(wait_until([&] { return pending->done; }), "no answer to %s %s",
                request.method.c_str(), request.path.c_str());
    return pending->answer;
}

std::shared_ptr<PendingAnswer> EmulatorFixture::start_call(const char* method,
                                                           const std::string& session_path,
                                                           const std::string& body)
{
    return start({method, "/v1/apps/local-app/sessions/" + session_path, body});
}

ApiAnswer EmulatorFixture::call(const char* method, const std::string& session_path,
                                const std::string& body)
{
    return send({method, "/v1/apps/local-app/sessions/" + session_path, body});
}

std::string EmulatorFixture::new_session()
{
    const ApiAnswer answer = call("POST", "new");
    fail_unless_equals_int(answer.status, 201);
    return answer.text("sessionId");
}

ApiAnswer EmulatorFixture::control(const char* method, const std::string& path,
                                   const std::string& body)
{
    return send({method, "/_emulator/" + path, body});
}

std::string EmulatorFixture::add_fault(const std::string& json)
{
    const ApiAnswer answer = control("POST", "faults", json);
    fail_unless(answer.status == 200, "%s", answer.body.c_str());
    return std::to_string(*answer.json().get_int("id"));
}

std::int64_t EmulatorFixture::struck(const std::string& id)
{
    const auto answer = control("GET", "faults").json();
    const auto faults = answer.get_array("faults");
    for (const json::JsonReader& fault : *faults)
        if (std::to_string(*fault.get_int("id")) == id)
            return *fault.get_int("struck");
    ck_abort_msg("there is no fault %s", id.c_str());
    return 0;
}

std::string json_text(const std::string& text)
{
    json::JsonWriter w;
    w.string(text);
    return w.take();
}

std::string with_offer(const std::string& sdp, const std::string& members)
{
    return "{\"sessionDescription\":{\"type\":\"offer\",\"sdp\":" + json_text(sdp) + "}" +
           (members.empty() ? "" : "," + members) + "}";
}

std::string with_answer(const std::string& sdp)
{
    return "{\"sessionDescription\":{\"type\":\"answer\",\"sdp\":" + json_text(sdp) + "}}";
}

TestClient::TestClient(EmulatorFixture& fixture)
    : fixture_(fixture), id_(fixture.new_session()), peer_(std::make_unique<MediaPeer>())
{
}

Offer TestClient::offer(std::vector<OfferSection> sections) const
{
    const auto parameters = peer_->parameters();
    Offer offer{std::move(sections)};
    offer.ufrag = parameters.ufrag;
    offer.pwd = parameters.pwd;
    offer.fingerprint = parameters.fingerprints.front().value;
    return offer;
}

ApiAnswer TestClient::call(const char* method, const std::string& path, const std::string& body)
{
    return fixture_.call(method, id_ + path, body);
}

ApiAnswer TestClient::push(const std::vector<OfferSection>& sections)
{
    std::string tracks;
    for (std::size_t i = 0; i < sections.size(); ++i)
        tracks += std::string(i == 0 ? "" : ",") + "{\"location\":\"local\",\"mid\":\"" +
                  sections[i].mid + "\",\"trackName\":\"t" + std::to_string(i) + "\"}";
    ApiAnswer answer = call("POST", "/tracks/new",
                            with_offer(offer(sections).text(), "\"tracks\":[" + tracks + "]"));
    fail_unless(answer.status == 200, "%u %s", answer.status, answer.body.c_str());
    for (std::size_t i = 0; i < sections.size(); ++i)
        fail_unless(answer.track(i, "errorCode").empty(), "%s", answer.body.c_str());
    return answer;
}

void TestClient::connect()
{
    const auto session = fixture_.emulator().sfu().find_session(id_);
    fail_unless(session != nullptr);
    peer_->start(fixture_.emulator().sfu().media(), session->transport());
    fail_unless(wait_until([&] {
                    return peer_->connected() && session->state() == emu::SessionState::Connected;
                }),
                "the peer does not connect: %s", peer_->failure.c_str());
    connected_ = true;
}

void TestClient::send_audio_once(const std::string& mid, std::uint32_t ssrc)
{
    RtpFields rtp;
    rtp.payload_type = 111;
    rtp.sequence = sequence_++;
    rtp.timestamp = 960U * sequence_;
    rtp.ssrc = ssrc;
    rtp.extensions = {{4, text_bytes(mid)}};
    rtp.payload = {0x78, 1, 2, 3};
    peer_->send_rtp(make_rtp(rtp));
}

void TestClient::send_audio(const std::string& mid, std::uint32_t ssrc)
{
    const auto session = fixture_.emulator().sfu().find_session(id_);
    const auto arrived = [&] {
        const auto publication = session->transport().publication(mid);
        return publication && publication->has_packets();
    };
    for (int i = 0; i < 100 && !arrived(); ++i) {
        send_audio_once(mid, ssrc);
        (void)wait_until(arrived, Milliseconds{50});
    }
    fail_unless(arrived(), "no packet of mid %s arrived", mid.c_str());
}

std::string TestClient::answer_to(const std::string& offer, bool send) const
{
    auto description = emu::sdp::parse(offer);
    fail_unless(description.ok(), "%s", offer.c_str());
    const auto parameters = peer_->parameters();
    description->ice_lite = false;
    description->fingerprints = {{"sha-256", parameters.fingerprints.front().value}};
    for (auto& s : description->sections) {
        if (s.rejected())
            continue;
        s.setup = emu::sdp::Setup::Active;
        s.direction = emu::sdp::make_direction(send && emu::sdp::receives(s.direction),
                                               emu::sdp::sends(s.direction));
        s.ice = {parameters.ufrag, parameters.pwd};
        s.sources.clear();
        s.msid.clear();
        s.candidates.clear();
        s.end_of_candidates = false;
    }
    return emu::sdp::write(*description);
}

ApiAnswer TestClient::pull(const std::string& publisher, const std::string& track)
{
    ApiAnswer answer = call("POST", "/tracks/new",
                            "{\"tracks\":[{\"location\":\"remote\",\"sessionId\":\"" + publisher +
                                "\",\"trackName\":\"" + track + "\"}]}");
    fail_unless(answer.status == 200, "%u %s", answer.status, answer.body.c_str());
    if (answer.sdp_type() != "offer")
        return answer;
    const ApiAnswer done = call("PUT", "/renegotiate", with_answer(answer_to(answer.sdp())));
    fail_unless(done.status == 200, "%u %s", done.status, done.body.c_str());
    if (!connected_)
        connect();
    return answer;
}

std::unique_ptr<TestClient> audio_publisher(EmulatorFixture& fixture)
{
    auto client = std::make_unique<TestClient>(fixture);
    client->push({audio("0")});
    client->connect();
    client->send_audio("0");
    return client;
}

} // namespace cf::test

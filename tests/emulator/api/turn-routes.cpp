/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/turn-routes.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/json/json-reader.hpp"
#include "lib/json/json-writer.hpp"
#include "tests/emulator/api/answers.hpp"
#include "tests/emulator/sdp/text.hpp"

namespace cf::emu
{

namespace
{

constexpr std::string_view kPrefix = "/v1/turn/keys/";

struct Wanted {
    std::int64_t ttl_s = 0;
    std::string identifier;
};

Result<Wanted> read_wanted(const std::string& body)
{
    CF_TRY_LET(const auto root, json::JsonReader::parse(body));
    Wanted wanted;
    CF_TRY_LET(wanted.ttl_s, root.get_int("ttl", 1));
    CF_TRY_LET(auto identifier, root.find_string("customIdentifier"));
    wanted.identifier = identifier.value_or("");
    return wanted;
}

// The "REST API" of TURN servers (draft-uberti-behave-turn-rest-00): the name is the time of
// expiry, the password the HMAC of the name.
std::pair<std::string, std::string> derived_pair(const std::string& secret, std::uint64_t expiry,
                                                 const std::string& label)
{
    std::string username = std::to_string(expiry) + ":" + label;
    std::array<guint8, 20> digest{};
    gsize size = digest.size();
    GHmac* hmac =
        g_hmac_new(G_CHECKSUM_SHA1, reinterpret_cast<const guchar*>(secret.data()), secret.size());
    g_hmac_update(hmac, reinterpret_cast<const guchar*>(username.data()),
                  static_cast<gssize>(username.size()));
    g_hmac_get_digest(hmac, digest.data(), &size);
    g_hmac_unref(hmac);
    const OwnedString password{g_base64_encode(digest.data(), size)};
    return {std::move(username), password.get()};
}

void write_server(json::JsonWriter& w, const std::vector<std::string>& urls,
                  const std::string& username, const std::string& credential)
{
    {
        auto array = w.array("urls");
        for (const std::string& url : urls)
            w.string(url);
    }
    if (username.empty())
        return;
    w.string("username", username);
    w.string("credential", credential);
}

// The service's list, with the newer 443/udp instead of the older 53/udp.
std::vector<std::string> default_urls(const std::string& host)
{
    return {"turn:" + host + ":3478?transport=udp",  "turn:" + host + ":443?transport=udp",
            "turn:" + host + ":3478?transport=tcp",  "turn:" + host + ":80?transport=tcp",
            "turns:" + host + ":5349?transport=tcp", "turns:" + host + ":443?transport=tcp"};
}

// A TURN server answers plain STUN too. The media port would do that as well, but Chromium takes
// what comes from a STUN server's address for the server's answers, and never finds a peer there.
std::string stun_url(const std::vector<std::string>& urls, const std::string& host)
{
    constexpr std::string_view kTurn = "turn:";
    for (const std::string& url : urls)
        if (url.starts_with(kTurn))
            return "stun:" + url.substr(kTurn.size(), url.find('?') - kTurn.size());
    return "stun:" + host + ":3478";
}

} // namespace

bool TurnRoutes::matches(std::string_view path)
{
    return path.starts_with(kPrefix);
}

void TurnRoutes::handle(const HttpRequest& request, const Respond& respond)
{
    if (request.method == "OPTIONS")
        return respond(preflight(request));
    LogEntry entry;
    entry.start = sfu_.executor().now();
    entry.method = request.method;
    std::string operation = "turn";
    HttpAnswer reply = answer(request, operation);
    add_cors(reply);
    // Neither the body of the answer nor the whole path: both hold credentials.
    entry.path = std::string(kPrefix) + ".../" + operation;
    entry.operation = operation;
    entry.request_body = request.body;
    entry.status = reply.status;
    log_.add(std::move(entry));
    respond(std::move(reply));
}

HttpAnswer TurnRoutes::answer(const HttpRequest& request, std::string& operation)
{
    std::string_view path = std::string_view(request.path).substr(kPrefix.size());
    const std::string key = unescape(sdp::take_until(path, '/'));
    if (sdp::take_until(path, '/') != "credentials")
        return refusal_answer({404, "not_found", "There is no such endpoint"});
    const std::string what = unescape(sdp::take_until(path, '/'));
    const bool revoking = path == "revoke";
    operation = revoking ? "turn/revoke" : "turn/" + what;
    if (const auto fault = sfu_.faults().strike("status", operation, ""))
        return fault_answer(*fault);
    if (key != options_.key_id)
        return refusal_answer({404, "not_found", "The TURN key does not exist"});
    if (request.authorization != "Bearer " + options_.key_token)
        return refusal_answer({401, "unauthorized", "The token of the TURN key is not accepted"});
    if (request.method != "POST")
        return refusal_answer({405, "not_found", "This endpoint has another method"});
    if (request.too_large)
        return refusal_answer(refusals::too_large());
    if (revoking)
        return revoke(what);
    if (what == "generate-ice-servers" || what == "generate")
        return generate(request.body, what != "generate");
    return refusal_answer({404, "not_found", "There is no such endpoint"});
}

HttpAnswer TurnRoutes::generate(const std::string& body, bool as_array)
{
    const auto wanted = read_wanted(body);
    if (!wanted)
        return refusal_answer(refusals::bad_json(wanted.error().message));
    if (wanted->ttl_s > options_.max_ttl_s)
        return refusal_answer({400, "invalid_params", "ttl is longer than 48 hours"});
    const TimePoint expires = sfu_.executor().now() + std::chrono::seconds{wanted->ttl_s};
    auto [username, credential] =
        options_.shared_secret.empty()
            ? std::pair{sfu_.random_hex(96), sfu_.random_hex(96)}
            : derived_pair(options_.shared_secret,
                           sfu_.unix_time() + static_cast<std::uint64_t>(wanted->ttl_s),
                           wanted->identifier.empty() ? "cfcalls" : wanted->identifier);
    const auto urls =
        options_.urls.empty() ? default_urls(sfu_.candidate_address()) : options_.urls;
    credentials_[username] = {expires};
    // Names of credentials that nobody can use any more need not be known for ever.
    std::erase_if(credentials_, [now = sfu_.executor().now()](const auto& entry) {
        return entry.second.expires < now;
    });
    if (credentials_.size() > options_.max_credentials)
        credentials_.erase(
            std::min_element(credentials_.begin(), credentials_.end(),
                             [](auto& a, auto& b) { return a.second.expires < b.second.expires; }));

    json::JsonWriter w;
    {
        auto root = w.object();
        if (as_array) {
            auto array = w.array("iceServers");
            {
                auto stun = w.object();
                write_server(w, {stun_url(urls, sfu_.candidate_address())}, "", "");
            }
            auto turn = w.object();
            write_server(w, urls, username, credential);
        } else {
            auto turn = w.object("iceServers");
            write_server(w, urls, username, credential);
        }
    }
    return json_answer(201, w.take());
}

HttpAnswer TurnRoutes::revoke(const std::string& username)
{
    const auto it = credentials_.find(username);
    if (it == credentials_.end())
        return refusal_answer({404, "not_found", "There are no such credentials"});
    it->second.revoked = true;
    HttpAnswer nothing;
    nothing.status = 204;
    return nothing;
}

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The bodies of HTTP requests, and the sessions that they talk to.
//
// The input is a conversation: records separated by byte 0x1e, each a letter, a digit and a body.
// The digit says which of the sessions made so far is meant; so does "$0" ... "$9" in a body.
//     N sessions/new   T tracks/new   R renegotiate   C tracks/close   U tracks/update   G session
//     e n u c datachannels/...   W w adapters/websocket/new and close   t turn credentials
//     a analytics   F faults   p a path, no body
// Whatever comes, nothing may crash, every request has one answer with a status of HTTP, and an
// answer that says it is JSON is.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <glib.h>

#include "lib/json/json-reader.hpp"
#include "tests/emulator/adapters/adapters.hpp"
#include "tests/emulator/api/analytics-routes.hpp"
#include "tests/emulator/api/calls-routes.hpp"
#include "tests/emulator/api/control-routes.hpp"
#include "tests/emulator/api/turn-routes.hpp"

using namespace cf::emu;

namespace
{

constexpr char kSeparator = 0x1e;

SfuOptions quick_options()
{
    SfuOptions options;
    options.timers.connect_wait = cf::Milliseconds{0};
    options.timers.packet_wait = cf::Milliseconds{0};
    options.limits.requests_per_second = 0;
    options.limits.sessions = 16;
    options.limits.adapters = 0; // dials nobody
    options.limits.log_entries = 8;
    return options;
}

// What stays from one input to the next: the sockets, and the certificate.
struct Service {
    Service()
        : sfu(Sfu::create(quick_options(), {}, nullptr).take()), log(8, 1 << 20),
          adapters(*sfu, nullptr), calls(*sfu, adapters, log), turn(*sfu, log, {}),
          analytics(*sfu, log, {}), control(*sfu, log)
    {
    }
    void clear()
    {
        sfu->reset();
        while (!sfu->sessions().empty())
            g_main_context_iteration(nullptr, FALSE);
        log.clear();
        turn.reset();
    }
    std::unique_ptr<Sfu> sfu;
    RequestLog log;
    Adapters adapters;
    CallsRoutes calls;
    TurnRoutes turn;
    AnalyticsRoutes analytics;
    ControlRoutes control;
};

class Conversation
{
public:
    explicit Conversation(Service& service) : service_(service) {}
    ~Conversation() { service_.clear(); }
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    void take(char what, char which, std::string_view body)
    {
        const std::size_t index = static_cast<std::size_t>(which - '0') % 10;
        session_ = index < ids_.size() ? ids_[index] : "nobody";
        body_ = with_ids(body);
        switch (what) {
        case 'N':
            return create();
        case 'T':
            return call("POST", "/tracks/new");
        case 'R':
            return call("PUT", "/renegotiate");
        case 'C':
            return call("PUT", "/tracks/close");
        case 'U':
            return call("PUT", "/tracks/update");
        case 'G':
            return call("GET", "");
        case 'e':
            return call("POST", "/datachannels/establish");
        case 'n':
            return call("POST", "/datachannels/new");
        case 'u':
            return call("PUT", "/datachannels/update");
        case 'c':
            return call("PUT", "/datachannels/close");
        case 'W':
            return send("POST", "/v1/apps/local-app/adapters/websocket/new", "Bearer local-secret");
        case 'w':
            return send("POST", "/v1/apps/local-app/adapters/websocket/close",
                        "Bearer local-secret");
        case 't':
            return send("POST", "/v1/turn/keys/local-turn-key/credentials/generate",
                        "Bearer local-turn-token");
        case 'a':
            return send("POST", "/client/v4/graphql", "Bearer local-api-token");
        case 'F':
            // An answer that is kept for minutes is kept in memory.
            if (body_.find("delay") != std::string::npos)
                return;
            send("POST", "/_emulator/faults", "");
            return send("GET", "/_emulator/state", "");
        case 'p': {
            const std::string path = "/v1/apps/local-app/sessions/" + std::exchange(body_, "");
            return send("POST", path, "Bearer local-secret");
        }
        default:
            return;
        }
    }

private:
    std::string with_ids(std::string_view body) const
    {
        std::string text;
        for (std::size_t i = 0; i < body.size(); ++i) {
            const std::size_t n =
                i + 1 < body.size() ? static_cast<std::size_t>(body[i + 1] - '0') : 10;
            if (body[i] != '$' || n >= ids_.size()) {
                text += body[i];
                continue;
            }
            text += ids_[n];
            ++i;
        }
        return text;
    }
    void create()
    {
        send("POST", "/v1/apps/local-app/sessions/new", "Bearer local-secret");
        const auto json = cf::json::JsonReader::parse(answer_.body);
        if (!json || answer_.status != 201)
            return;
        if (const auto id = json->get_string("sessionId"))
            ids_.push_back(*id);
    }
    void call(const char* method, const char* operation)
    {
        send(method, "/v1/apps/local-app/sessions/" + session_ + operation, "Bearer local-secret");
    }
    void send(const char* method, const std::string& path, const char* authorization)
    {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.authorization = authorization;
        request.body = body_;
        auto answers = std::make_shared<std::vector<HttpAnswer>>();
        const Respond respond = [answers](HttpAnswer a) { answers->push_back(std::move(a)); };
        if (CallsRoutes::matches(path))
            service_.calls.handle(request, respond);
        else if (TurnRoutes::matches(path))
            service_.turn.handle(request, respond);
        else if (AnalyticsRoutes::matches(path))
            service_.analytics.handle(request, respond);
        else
            respond(service_.control.handle(
                request, {*service_.sfu, service_.adapters, service_.log, "http://x", {}}));
        // A fault may delay an answer for as long as it likes.
        for (int i = 0; i < 20 && answers->empty(); ++i)
            g_main_context_iteration(nullptr, FALSE);
        g_assert(answers->size() <= 1);
        answer_ = answers->empty() ? HttpAnswer{} : answers->front();
        if (answers->empty() || answer_.drop)
            return;
        const bool spoilt = !service_.sfu->faults().faults().empty();
        g_assert(spoilt || (answer_.status >= 200 && answer_.status < 600));
        if (!answer_.body.empty() && answer_.content_type == "application/json" && !spoilt)
            g_assert(cf::json::JsonReader::parse(answer_.body).ok());
    }

    Service& service_;
    std::vector<std::string> ids_;
    std::string session_;
    std::string body_;
    HttpAnswer answer_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static auto* service = new Service; // kept for good
    Conversation conversation(*service);
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    while (!rest.empty()) {
        const auto end = rest.find(kSeparator);
        const auto record = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (record.size() >= 2)
            conversation.take(record[0], record[1], record.substr(2));
    }
    return 0;
}

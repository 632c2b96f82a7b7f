/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpServer: libsoup's server behind two plain values, a request and an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/ref.hpp"
#include "lib/base/result.hpp"

using SoupServer = struct _SoupServer;
using SoupServerMessage = struct _SoupServerMessage;

namespace cf::emu
{

struct HttpRequest {
    std::string method;
    std::string path;  ///< still percent-encoded
    std::string query; ///< still percent-encoded; empty if there is none
    std::string authorization;
    std::string origin;
    std::string requested_headers; ///< Access-Control-Request-Headers
    std::string host;
    std::string body;
    bool too_large = false; ///< the body was over the limit, and dropped
};

struct HttpAnswer {
    unsigned status = 200;
    std::string body;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;
    /// Close the connection instead of answering.
    bool drop = false;
};

/// Called exactly once, now or later; dropping it uncalled leaves the client waiting.
using Respond = std::function<void(HttpAnswer)>;
using HttpHandler = std::function<void(const HttpRequest&, Respond)>;

/// Main thread only; serves in the thread-default main context of create()'s caller.
class HttpServer
{
public:
    struct Options {
        std::string address = "127.0.0.1"; ///< numeric
        std::uint16_t port = 0;            ///< 0: any free one
        std::size_t max_body = 1024 * 1024;
    };
    [[nodiscard]] static Result<std::unique_ptr<HttpServer>> create(const Options& options,
                                                                    HttpHandler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    HttpServer(std::size_t max_body, HttpHandler handler);
    static void on_headers(SoupServer* server, SoupServerMessage* message, const char* path,
                           GHashTable* query, gpointer self);
    static void on_request(SoupServer* server, SoupServerMessage* message, const char* path,
                           GHashTable* query, gpointer self);

    std::size_t max_body_;
    HttpHandler handler_;
    std::uint16_t port_ = 0;
    SoupServer* server_ = nullptr; // owned; Ref needs the full type, which stays in the .cpp
};

} // namespace cf::emu

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpClient: HTTPS requests over libsoup on the I/O thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/io-thread.hpp"
#include "lib/base/result.hpp"

namespace cf::http
{

class History;

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method = "GET";
    std::string url; ///< absolute, http or https
    Headers headers;
    std::string body; ///< sent only if not empty
    std::string content_type = "application/json";
    Milliseconds timeout{15000}; ///< from send() to the last byte of the body
    /// Names a cookie jar: cookies are kept per name, in memory, and sent back to where they came
    /// from (a proxy pins a Calls session to its maker this way). Empty: no cookies.
    std::string cookie_jar;
};

struct HttpResponse {
    unsigned status = 0;
    Headers headers;
    std::string body;
    std::string content_type; ///< without parameters, lower case
    /// From `Retry-After`, in either of its forms (RFC 9110 10.2.3).
    std::optional<Milliseconds> retry_after;
    Milliseconds elapsed{0};
};

struct HttpClientOptions {
    std::string user_agent;
    std::size_t max_response_bytes = 4 * 1024 * 1024;
    /// Which proxy to use: empty asks the environment (`https_proxy`, `no_proxy`), "none" uses
    /// none, else a URL (http, socks5).
    std::string proxy;
    /// PEM file of a CA to trust besides the system's; for local servers. Verification itself
    /// cannot be switched off.
    std::string ca_file;
    std::string log_name;             ///< what the log calls this client; an element's name
    std::shared_ptr<History> history; ///< where finished calls are written down; may be null
};

/// One SoupSession: HTTP/2, keep-alive, certificate verification, no redirects (an API does not
/// redirect; a login page does, and following it would send the credentials there).
/// send() and cancel() may be called from any thread; `done` runs exactly once, on the I/O thread,
/// never from within send(). An HTTP status of 400 and above is a response, not an Error.
class HttpClient
{
public:
    using RequestId = std::uint64_t;
    using Done = std::function<void(Result<HttpResponse>)>;

    HttpClient(std::shared_ptr<IoThread> io, HttpClientOptions options);
    ~HttpClient(); ///< cancels what is under way; their `done` still run
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    RequestId send(HttpRequest request, Done done);
    void cancel(RequestId id);
    void forget_cookies(const std::string& jar);

private:
    struct Core;
    std::shared_ptr<IoThread> io_;
    std::shared_ptr<Core> core_;
};

} // namespace cf::http

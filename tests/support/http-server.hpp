/* SPDX-License-Identifier: LGPL-2.1-or-later */
// HttpServer: a server on a port of the loopback interface, in a thread of its own, that answers as
// the test tells it to, faults included.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "lib/http/http-client.hpp"
#include "lib/http/soup-ref.hpp"

CF_REF_GOBJECT(SoupServer);
CF_REF_GOBJECT(SoupServerMessage);
CF_REF_GOBJECT(GTlsCertificate);
CF_REF_GOBJECT(GIOStream);

namespace cf::test
{

/// Bytes that are written as they are, after a pause.
struct RawStep {
    std::string bytes;
    Milliseconds pause{0};
};

struct Answer {
    unsigned status = 200;
    std::string body = {};
    std::string content_type = "application/json";
    http::Headers headers = {};
    Milliseconds delay{0};
    /// Not empty: these are written to the connection instead of all of the above.
    std::vector<RawStep> raw = {};
    bool close_after_raw = true; ///< else the connection stays open, silent
};

/// There is never an answer; the connection stays open until the client leaves.
Answer no_answer();
/// An answer without any byte: the connection is closed.
Answer dropped_connection();
/// A head that promises more than @p body has; then the connection is closed.
Answer half_body(const std::string& body);

struct ServedRequest {
    std::string method;
    std::string path;      ///< with the query
    http::Headers headers; ///< in the order they came
    std::string body;
    unsigned client_port = 0; ///< names the connection
    bool http2 = false;

    /// All values of the field, joined by ", ".
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// Which of the certificates in tests/data/tls the server shows; None: it speaks plain HTTP.
enum class TestCertificate {
    None,
    Good,      ///< for 127.0.0.1, by the test CA
    WrongHost, ///< for another host, by the test CA
    Expired,   ///< for 127.0.0.1, by the test CA, until 2001
};

/// The path of a file in tests/data.
std::string test_data(const std::string& name);
/// The test CA, which nothing on the system trusts.
std::string test_ca_file();

/// To be called before the first test, so that the forked ones inherit what it loads: with the slow
/// unwinder that leak suppressions need, reading the system's CAs takes AddressSanitizer seconds.
void load_system_certificates();

/// Every function may be called on the test's thread at any time.
class HttpServer
{
public:
    explicit HttpServer(TestCertificate certificate = TestCertificate::None);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    [[nodiscard]] std::string url(const std::string& path = "/") const;
    [[nodiscard]] unsigned port() const { return port_; }

    /// How requests for @p path (without the query) are answered from now on.
    void always(const std::string& path, Answer answer);
    /// How the next one is answered that finds no answer queued before. These go first.
    void next(const std::string& path, Answer answer);

    /// What has come in so far. A request that nothing was said about is answered with 404.
    [[nodiscard]] std::vector<ServedRequest> requests() const;
    /// Waits until @p count requests have come in.
    [[nodiscard]] bool wait_for_requests(std::size_t count);
    /// How many connections requests came in on.
    [[nodiscard]] std::size_t connections() const;
    /// Waits until the client has left @p count connections on which a raw answer was under way or
    /// held back.
    [[nodiscard]] bool wait_for_abandoned(std::size_t count);

private:
    struct RawRun;

    void run(TestCertificate certificate);
    void handle(SoupServerMessage* message, const char* path);
    void give(SoupServerMessage* message, Answer answer);
    void give_raw(SoupServerMessage* message, Answer answer);
    void note_abandoned();

    std::string scheme_;
    unsigned port_ = 0;
    Ref<GMainContext> context_;
    std::atomic<bool> stop_ = false; // not a GMainLoop, which forgets to quit before it runs
    Ref<GCancellable> stopping_ = Ref<GCancellable>::adopt(g_cancellable_new());

    mutable std::mutex mutex_; // guards what follows; std::mutex for the condition variable
    mutable std::condition_variable changed_;
    bool ready_ = false;
    std::map<std::string, Answer> always_;
    std::map<std::string, std::deque<Answer>> next_;
    std::vector<ServedRequest> requests_;
    std::size_t abandoned_ = 0;

    std::thread thread_;
};

/// A port of the loopback interface that accepts connections and never says a word.
class SilentPort
{
public:
    SilentPort();
    [[nodiscard]] unsigned port() const { return port_; }

private:
    unsigned port_ = 0; // before the socket, which sets it
    Ref<GSocket> socket_;
};

/// A port of the loopback interface that says its piece to the first who connects, whatever that
/// one says, and closes when that one does.
class GreetingPort
{
public:
    explicit GreetingPort(std::string greeting);
    ~GreetingPort();
    GreetingPort(const GreetingPort&) = delete;
    GreetingPort& operator=(const GreetingPort&) = delete;
    [[nodiscard]] unsigned port() const { return port_; }

private:
    void run() const;
    std::string greeting_;
    unsigned port_ = 0; // before the socket, which sets it
    Ref<GSocket> socket_;
    Ref<GCancellable> stopping_ = Ref<GCancellable>::adopt(g_cancellable_new());
    std::thread thread_;
};

/// A port of the loopback interface where nobody listens.
unsigned closed_port();

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// EmulatorProcess: the local SFU as a test sees it: a process that is started, asked and stopped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "lib/base/ref.hpp"
#include "lib/base/result.hpp"

CF_REF_GOBJECT(GSubprocess);
CF_REF_BOXED(JsonNode, json_node_ref, json_node_unref);

namespace cf::test
{

/// A track as the SFU sees it.
struct SfuTrack {
    std::string session;
    std::string location; ///< "local": published by that session
    std::string mid;
    std::string name;
    std::string kind;
    std::string status; ///< "active" or "inactive"
    std::string codec;
    std::int64_t packets = 0;
    std::int64_t packets_per_second = 0;
    std::int64_t key_frames = 0;
    std::vector<std::int64_t> packets_by_second; ///< whole seconds, newest last
};

/// A request as the SFU logged it.
struct SfuRequest {
    std::string operation; ///< "tracks/new"
    std::string session;
    unsigned status = 0;
    std::string request_body;
    std::string response_body;
};

/// Starts `cfcalls-emulator` (from the environment variable CF_EMULATOR) on free loopback ports,
/// with an app id and secret of its own, and points CALLS_APP_ID, CALLS_APP_SECRET and
/// CALLS_API_BASE of this process at it. The destructor sends SIGTERM and waits.
class EmulatorProcess
{
public:
    /// Fails the test when the program does not become ready.
    explicit EmulatorProcess(std::vector<std::string> extra_arguments = {});
    ~EmulatorProcess();
    EmulatorProcess(const EmulatorProcess&) = delete;
    EmulatorProcess& operator=(const EmulatorProcess&) = delete;

    [[nodiscard]] const std::string& api_base() const { return api_base_; }
    [[nodiscard]] std::string app_id() const { return "test-app"; }
    [[nodiscard]] std::string app_secret() const { return "test-secret-7f3a"; }

    /// GET of the control path; the path is relative to `/_emulator/`.
    [[nodiscard]] Ref<JsonNode> control_get(const std::string& path) const;
    /// POST of a JSON text to the control path; fails the test on any status but 2xx.
    Ref<JsonNode> control_post(const std::string& path, const std::string& json) const;

    /// Every track of every session that the SFU knows.
    [[nodiscard]] std::vector<SfuTrack> tracks() const;
    /// The published track of that name; an empty SfuTrack (name "") when there is none.
    [[nodiscard]] SfuTrack published(const std::string& name) const;
    /// Requests since the start, oldest first.
    [[nodiscard]] std::vector<SfuRequest> requests() const;
    /// Puts a fault up: `{"name":"status","status":503,"count":1,"operation":"tracks/new"}`.
    void add_fault(const std::string& json) const { (void)control_post("faults", json); }
    /// Takes down every fault; network faults do not stand any more.
    void remove_faults() const { (void)request("DELETE", "faults", nullptr); }
    /// How often the faults of that name have struck.
    [[nodiscard]] unsigned struck(const std::string& fault) const;

    /// For benchmarks that look at what it costs.
    [[nodiscard]] std::string pid() const { return g_subprocess_get_identifier(process_.get()); }
    [[nodiscard]] const std::string& origin() const { return origin_; }

    /// Ends the process without a goodbye, as a power cut would.
    void kill();

private:
    [[nodiscard]] Ref<JsonNode> request(const char* method, const std::string& path,
                                        const std::string* body) const;

    Ref<GSubprocess> process_;
    std::string api_base_; ///< http://127.0.0.1:PORT/v1
    std::string origin_;   ///< http://127.0.0.1:PORT
};

} // namespace cf::test

/* SPDX-License-Identifier: LGPL-2.1-or-later */
// EmulatorProcess: the local SFU as a test sees it: a process that is started, asked and stopped.
#pragma once

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

    /// What `json_path_query` (JSONPath, first match) finds in the state; null node when nothing.
    [[nodiscard]] Ref<JsonNode> state(const char* json_path) const;
    /// The number that the path leads to in the state, or @p fallback.
    [[nodiscard]] double state_number(const char* json_path, double fallback = -1) const;
    /// How many values the path matches in the state.
    [[nodiscard]] unsigned state_count(const char* json_path) const;

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

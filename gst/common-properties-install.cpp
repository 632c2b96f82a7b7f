/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The declarations of the common properties, with their documentation.
#include <iterator>

#include "gst/common-properties.hpp"
#include "gst/property-values.hpp"

namespace cf::gst
{
namespace
{

using calls::SessionState;

constexpr auto kSetUp =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
constexpr auto kReadOnly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

constexpr guint kMaxMilliseconds = 24 * 60 * 60 * 1000;

void install_service(GObjectClass* klass)
{
    /**
     * GstCfCallsSink:app-id:
     *
     * The id of the Calls app, from the Cloudflare dashboard. Not needed behind a proxy that adds
     * it (see api-base).
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropAppId,
        g_param_spec_string("app-id", "App id",
                            "Id of the Calls app (default: the environment's CALLS_APP_ID)",
                            nullptr, kSetUp));
    /**
     * GstCfCallsSink:app-token:
     *
     * The secret of the Calls app. It can be written only: reading gives %NULL, so that it stays
     * out of dot files and logs.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropAppToken,
        g_param_spec_string("app-token", "App token",
                            "Secret of the Calls app; reads as NULL "
                            "(default: the environment's CALLS_APP_SECRET)",
                            nullptr, kSetUp));
    /**
     * GstCfCallsSink:api-base:
     *
     * Where the API is: everything up to `/apps/`. https only, but for a server on this machine.
     * Set alone, without app id and token, it names a proxy that adds both.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropApiBase,
        g_param_spec_string("api-base", "API base",
                            "URL of the Calls API or of a proxy before it (default: the "
                            "environment's CALLS_API_BASE, else the public API)",
                            calls::kDefaultApiBase, kSetUp));
    /**
     * GstCfCallsSink:auth-token:
     *
     * A bearer token, by the name that whipclientsink gives it. With api-base and no app id it is
     * for the proxy, else it is another name for app-token. Reading gives %NULL.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropAuthToken,
        g_param_spec_string("auth-token", "Authorization token",
                            "Bearer token for a proxy before the API; reads as NULL "
                            "(default: none)",
                            nullptr, kSetUp));
    /**
     * GstCfCallsSink:headers:
     *
     * Further HTTP headers of every API request: a structure with one string field each, such as
     * `headers,X-Studio=(string)7`. The values read as "[redacted]", since they may be secrets.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropHeaders,
        g_param_spec_boxed("headers", "HTTP headers",
                           "Further headers of every API request, one field each; values read "
                           "as [redacted] (default: none)",
                           GST_TYPE_STRUCTURE, kSetUp));
    /**
     * GstCfCallsSink:api-extra-params:
     *
     * Further query parameters of every API request, such as `params,streamDebug=(string)1`.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropApiExtraParams,
        g_param_spec_boxed("api-extra-params", "Extra query parameters",
                           "Further query parameters of every API request, one field each "
                           "(default: none)",
                           GST_TYPE_STRUCTURE, kSetUp));
    /**
     * GstCfCallsSink:correlation-id:
     *
     * A label that goes with every API request; Cloudflare's support can search for it.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropCorrelationId,
        g_param_spec_string("correlation-id", "Correlation id",
                            "Label of our requests in the service's logs (default: none)", nullptr,
                            kSetUp));
    /**
     * GstCfCallsSink:timeout:
     *
     * How long one API request may take.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropTimeout,
        g_param_spec_uint("timeout", "Request timeout",
                          "Longest time of one API request, in seconds (default 15)", 1, 3600, 15,
                          kSetUp));
}

void install_retries(GObjectClass* klass)
{
    const Settings d;
    /**
     * GstCfCallsSink:reconnect:
     *
     * Whether a lost session is replaced by a new one, with the same pads and track names. If not,
     * the first loss is an error.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropReconnect,
        g_param_spec_boolean("reconnect", "Reconnect",
                             "Replace a session that was lost by a new one (default true)",
                             d.reconnect, kSetUp));
    /**
     * GstCfCallsSink:retry-delay:
     *
     * The pause before the second try; it doubles with each further one, less up to a third drawn
     * at random.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropRetryDelay,
        g_param_spec_uint("retry-delay", "Retry delay",
                          "Pause before the first retry, in milliseconds (default 1000)", 1,
                          kMaxMilliseconds, milliseconds_value(d.retry_delay), kSetUp));
    /**
     * GstCfCallsSink:retry-max-delay:
     *
     * The longest pause between two tries.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropRetryMaxDelay,
        g_param_spec_uint("retry-max-delay", "Longest retry delay",
                          "Longest pause between two tries, in milliseconds (default 30000)", 1,
                          kMaxMilliseconds, milliseconds_value(d.retry_max_delay), kSetUp));
    /**
     * GstCfCallsSink:max-retries:
     *
     * How many tries in a row may fail before the element gives up with an error.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropMaxRetries,
        g_param_spec_int("max-retries", "Retries",
                         "Failed tries in a row before giving up; -1: never give up (default -1)",
                         -1, G_MAXINT, d.max_retries, kSetUp));
    /**
     * GstCfCallsSink:disconnect-timeout:
     *
     * How long the media path may be interrupted before the session counts as lost.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropDisconnectTimeout,
        g_param_spec_uint("disconnect-timeout", "Disconnect timeout",
                          "Interruption after which the session is replaced, in milliseconds "
                          "(default 7000)",
                          1, kMaxMilliseconds, milliseconds_value(d.disconnect_timeout), kSetUp));
    /**
     * GstCfCallsSink:connect-timeout:
     *
     * How long ICE and DTLS may take before the session counts as lost.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropConnectTimeout,
        g_param_spec_uint("connect-timeout", "Connect timeout",
                          "Longest time from the SFU's answer to connected media, in milliseconds "
                          "(default 20000)",
                          1, kMaxMilliseconds, milliseconds_value(d.connect_timeout), kSetUp));
    /**
     * GstCfCallsSink:close-timeout:
     *
     * How long the goodbye to the service may take: it bounds PLAYING to NULL, and the time from
     * the last pad's EOS to the EOS message.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropCloseTimeout,
        g_param_spec_uint("close-timeout", "Close timeout",
                          "Longest time to close the tracks at the SFU when stopping, in "
                          "milliseconds (default 2000)",
                          0, kMaxMilliseconds, milliseconds_value(d.close_timeout), kSetUp));
}

void install_ice(GObjectClass* klass)
{
    /**
     * GstCfCallsSink:stun-server:
     *
     * The STUN server, `stun://host:port`; empty for none.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropStunServer,
        g_param_spec_string("stun-server", "STUN server",
                            "STUN server as stun://host:port, empty for none "
                            "(default stun://stun.cloudflare.com:3478)",
                            kDefaultStunServer, kSetUp));
    /**
     * GstCfCallsSink:ice-transport-policy:
     *
     * Whether media may go directly ("all"), or through TURN servers only ("relay").
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropIceTransportPolicy,
        g_param_spec_enum("ice-transport-policy", "ICE transport policy",
                          "all: any path; relay: through TURN servers only (default all)",
                          GST_TYPE_WEBRTC_ICE_TRANSPORT_POLICY, GST_WEBRTC_ICE_TRANSPORT_POLICY_ALL,
                          kSetUp));
    /**
     * GstCfCallsSink:loopback-candidates:
     *
     * Also use the loopback interface for media. Needed when the SFU runs on this machine and
     * nowhere else; always on when api-base names a loopback address.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropLoopbackCandidates,
        g_param_spec_boolean("loopback-candidates", "Loopback candidates",
                             "Use the loopback interface for media as well; implied by an "
                             "api-base on loopback (default false)",
                             FALSE, kSetUp));
}

void install_state(GObjectClass* klass)
{
    /**
     * GstCfCallsSink:session-id:
     *
     * The id of the present Calls session; %NULL while there is none. It changes when a lost
     * session is replaced.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropSessionId,
        g_param_spec_string("session-id", "Session id",
                            "Id of the present Calls session, NULL (the default) while there is "
                            "none",
                            nullptr, kReadOnly));
    /**
     * GstCfCallsSink:connection-state:
     *
     * Where the session is in its life; every change is notified, and posted as `cfcalls-state`.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropConnectionState,
        g_param_spec_enum("connection-state", "Connection state",
                          "Where the session is in its life (default idle)",
                          connection_state_type(), static_cast<gint>(SessionState::Idle),
                          kReadOnly));
    /**
     * GstCfCallsSink:api-history:
     *
     * The last 100 API requests with their answers' status and time, secrets removed: `calls`, an
     * array of structures, oldest first. %NULL while the element is not running.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropApiHistory,
        g_param_spec_boxed("api-history", "API history",
                           "The last 100 API requests, secrets removed; NULL (the default) while "
                           "not running",
                           GST_TYPE_STRUCTURE, kReadOnly));
    /**
     * GstCfCallsSink:stats:
     *
     * `application/x-cfcalls-stats`: the session, and one nested structure per pad.
     *
     * Since: 0.1
     */
    g_object_class_install_property(klass, kPropStats,
                                    g_param_spec_boxed("stats", "Statistics",
                                                       "The session's numbers and each pad's, as "
                                                       "application/x-cfcalls-stats",
                                                       GST_TYPE_STRUCTURE, kReadOnly));
}

} // namespace

GType connection_state_type()
{
    static gsize type = 0;
    if (g_once_init_enter(&type)) {
        static const SessionState states[] = {
            SessionState::Idle,       SessionState::Creating,  SessionState::Negotiating,
            SessionState::Connecting, SessionState::Connected, SessionState::Reconnecting,
            SessionState::Closing,    SessionState::Closed,    SessionState::Failed,
        };
        static GEnumValue values[std::size(states) + 1] = {};
        for (gsize i = 0; i < std::size(states); ++i) {
            const char* nick = calls::to_string(states[i]);
            values[i] = {static_cast<gint>(states[i]), nick, nick};
        }
        g_once_init_leave(&type, g_enum_register_static("GstCfCallsConnectionState", values));
    }
    return type;
}

void install_common_properties(GObjectClass* klass)
{
    install_service(klass);
    install_retries(klass);
    install_ice(klass);
    install_state(klass);
}

} // namespace cf::gst

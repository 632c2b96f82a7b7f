/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/common-properties.hpp"

#include "gst/property-values.hpp"

namespace cf::gst
{
namespace
{

std::string text(const GValue* value)
{
    const char* s = g_value_get_string(value);
    return s != nullptr ? s : std::string();
}

void set_text_or_null(GValue* value, const std::string& s)
{
    g_value_set_string(value, s.empty() ? nullptr : s.c_str());
}

} // namespace

bool set_common_property(ElementSession& session, guint id, const GValue* value)
{
    if (id == 0 || id >= kFirstOwnProperty)
        return false;
    session.change_settings([id, value](Settings& s) {
        switch (id) {
        case kPropAppId:
            s.app_id = text(value);
            break;
        case kPropAppToken:
            s.app_token = calls::Secret(text(value));
            break;
        case kPropApiBase:
            s.api_base = text(value);
            break;
        case kPropAuthToken:
            s.auth_token = calls::Secret(text(value));
            break;
        case kPropHeaders:
            s.headers = names_and_values(gst_value_get_structure(value));
            break;
        case kPropApiExtraParams:
            s.api_extra_params = names_and_values(gst_value_get_structure(value));
            break;
        case kPropCorrelationId:
            s.correlation_id = text(value);
            break;
        case kPropReconnect:
            s.reconnect = g_value_get_boolean(value);
            break;
        case kPropRetryDelay:
            s.retry_delay = Milliseconds(g_value_get_uint(value));
            break;
        case kPropRetryMaxDelay:
            s.retry_max_delay = Milliseconds(g_value_get_uint(value));
            break;
        case kPropMaxRetries:
            s.max_retries = g_value_get_int(value);
            break;
        case kPropDisconnectTimeout:
            s.disconnect_timeout = Milliseconds(g_value_get_uint(value));
            break;
        case kPropConnectTimeout:
            s.connect_timeout = Milliseconds(g_value_get_uint(value));
            break;
        case kPropTimeout:
            s.timeout = std::chrono::seconds(g_value_get_uint(value));
            break;
        case kPropCloseTimeout:
            s.close_timeout = Milliseconds(g_value_get_uint(value));
            break;
        case kPropStunServer:
            s.stun_server = text(value);
            break;
        case kPropIceTransportPolicy:
            s.relay_only = g_value_get_enum(value) == GST_WEBRTC_ICE_TRANSPORT_POLICY_RELAY;
            break;
        case kPropLoopbackCandidates:
            s.loopback_candidates = g_value_get_boolean(value);
            break;
        default:
            break; // read-only ones do not get here
        }
    });
    return true;
}

bool get_common_property(ElementSession& session, guint id, GValue* value)
{
    if (id == 0 || id >= kFirstOwnProperty)
        return false;
    const Settings s = session.settings();
    switch (id) {
    case kPropAppId:
        set_text_or_null(value, s.app_id);
        break;
    case kPropApiBase:
        g_value_set_string(value, s.api_base.empty() ? calls::kDefaultApiBase : s.api_base.c_str());
        break;
    case kPropAppToken:
    case kPropAuthToken:
        g_value_set_string(value, nullptr);
        break;
    case kPropHeaders:
        g_value_take_boxed(value, structure_of("headers", s.headers, true).release());
        break;
    case kPropApiExtraParams:
        g_value_take_boxed(value, structure_of("params", s.api_extra_params, false).release());
        break;
    case kPropCorrelationId:
        set_text_or_null(value, s.correlation_id);
        break;
    case kPropSessionId:
        set_text_or_null(value, session.session_id());
        break;
    case kPropConnectionState:
        g_value_set_enum(value, static_cast<gint>(session.state()));
        break;
    case kPropReconnect:
        g_value_set_boolean(value, s.reconnect);
        break;
    case kPropRetryDelay:
        g_value_set_uint(value, milliseconds_value(s.retry_delay));
        break;
    case kPropRetryMaxDelay:
        g_value_set_uint(value, milliseconds_value(s.retry_max_delay));
        break;
    case kPropMaxRetries:
        g_value_set_int(value, s.max_retries);
        break;
    case kPropDisconnectTimeout:
        g_value_set_uint(value, milliseconds_value(s.disconnect_timeout));
        break;
    case kPropConnectTimeout:
        g_value_set_uint(value, milliseconds_value(s.connect_timeout));
        break;
    case kPropTimeout:
        g_value_set_uint(value, milliseconds_value(s.timeout) / 1000);
        break;
    case kPropCloseTimeout:
        g_value_set_uint(value, milliseconds_value(s.close_timeout));
        break;
    case kPropStunServer:
        set_text_or_null(value, s.stun_server);
        break;
    case kPropIceTransportPolicy:
        g_value_set_enum(value, s.relay_only ? GST_WEBRTC_ICE_TRANSPORT_POLICY_RELAY
                                             : GST_WEBRTC_ICE_TRANSPORT_POLICY_ALL);
        break;
    case kPropLoopbackCandidates:
        g_value_set_boolean(value, s.loopback_candidates);
        break;
    case kPropApiHistory:
        g_value_take_boxed(value, session.api_history().release());
        break;
    case kPropStats:
        g_value_take_boxed(value, session.stats().release());
        break;
    default:
        return false;
    }
    return true;
}

} // namespace cf::gst

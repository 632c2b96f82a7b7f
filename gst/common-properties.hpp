/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The properties that both elements have: installed, set and read in one place.
#pragma once

#include <gst/gst.h>

#include "gst/element-session.hpp"

namespace cf::gst
{

/// Ids of the common properties. An element's own begin at kFirstOwnProperty.
enum CommonProperty : guint {
    kPropAppId = 1,
    kPropAppToken,
    kPropApiBase,
    kPropAuthToken,
    kPropHeaders,
    kPropApiExtraParams,
    kPropCorrelationId,
    kPropSessionId,
    kPropConnectionState,
    kPropReconnect,
    kPropRetryDelay,
    kPropRetryMaxDelay,
    kPropMaxRetries,
    kPropDisconnectTimeout,
    kPropConnectTimeout,
    kPropTimeout,
    kPropCloseTimeout,
    kPropStunServer,
    kPropIceTransportPolicy,
    kPropLoopbackCandidates,
    kPropApiHistory,
    kPropStats,
    kFirstOwnProperty,
};

/// In class_init, before the element's own properties.
void install_common_properties(GObjectClass* klass);
/// False if @p id is not a common property.
bool set_common_property(ElementSession& session, guint id, const GValue* value);
bool get_common_property(ElementSession& session, guint id, GValue* value);

/// `connection-state`: calls::SessionState as a GEnum.
GType connection_state_type();

} // namespace cf::gst

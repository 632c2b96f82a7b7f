/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Steps of exchanges that are expected to succeed, and the usual ones as a whole.
#pragma once

#include "lib/sdp/facade.hpp"
#include "tests/check/unit/sdp-samples.hpp"

namespace cf::sdp
{

inline OutgoingDescription offered(Facade& facade, const std::string& text,
                                   const OfferChanges& changes = {})
{
    auto out = facade.offer_to_wire(text, changes);
    assert_ok(out);
    return out.take();
}

inline IncomingDescription answered(Facade& facade, const std::string& text)
{
    auto in = facade.answer_from_wire(text);
    assert_ok(in);
    return in.take();
}

inline IncomingDescription received(Facade& facade, const std::string& text)
{
    auto in = facade.offer_from_wire(text);
    assert_ok(in);
    return in.take();
}

inline OutgoingDescription replied(Facade& facade, const std::string& text)
{
    auto out = facade.answer_to_wire(text);
    assert_ok(out);
    return out.take();
}

/// What webrtcbin gets to see when the service answers the publishing offer with @p answer.
inline IncomingDescription answer_shown(const std::string& answer)
{
    Facade facade;
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    return answered(facade, answer);
}

/// The error when the service answers the publishing offer with @p answer.
inline Result<IncomingDescription> answer_result(const std::string& answer)
{
    Facade facade;
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    return facade.answer_from_wire(answer);
}

inline void publish(Facade& facade, const std::string& answer = sample("sfu-publish.answer"))
{
    (void)offered(facade, sample("webrtcbin-1.22-publish.offer"));
    (void)answered(facade, answer);
    fail_unless(facade.commit());
}

inline void pull(Facade& facade)
{
    (void)received(facade, sample("sfu-pull.offer"));
    (void)replied(facade, sample("webrtcbin-1.22-pull.answer"));
    fail_unless(facade.commit());
}

/// Publishes one audio track so that the service is the DTLS client, as webrtcbin-1.22-passive-pull
/// needs it.
inline void publish_as_dtls_server(Facade& facade)
{
    auto first_section = [](const std::string& text) {
        return replaced(text.substr(0, text.find("m=video")), "a=group:BUNDLE m0 m1",
                        "a=group:BUNDLE m0");
    };
    (void)offered(facade, first_section(sample("webrtcbin-1.22-publish.offer")));
    (void)answered(facade, replaced(first_section(sample("sfu-publish.answer")), "setup:passive",
                                    "setup:active"));
    fail_unless(facade.commit());
}

} // namespace cf::sdp

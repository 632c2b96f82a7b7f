/* SPDX-License-Identifier: LGPL-2.1-or-later */
// CookieStore: cookies by jar, in memory only. I/O thread only.
#pragma once

#include <map>
#include <string>

#include "lib/http/soup-ref.hpp"

namespace cf::http
{

/// A jar is not a feature of the SoupSession, because a session has one for all its requests, and
/// two Calls sessions behind one proxy must not see each other's.
class CookieStore
{
public:
    /// The value of the `Cookie` field for a request to @p uri; empty if there is none.
    [[nodiscard]] std::string cookies_for(const std::string& jar, GUri* uri) const;
    /// Keeps what the response of @p message sets.
    void keep(const std::string& jar, SoupMessage* message);
    void forget(const std::string& jar) { jars_.erase(jar); }

private:
    std::map<std::string, Ref<SoupCookieJar>> jars_;
};

} // namespace cf::http

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/cookie-store.hpp"

#include <string_view>

namespace cf::http
{

namespace
{

bool is_loopback(const char* host)
{
    if (host == nullptr)
        return false;
    if (g_ascii_strcasecmp(host, "localhost") == 0)
        return true;
    const auto address = Ref<GInetAddress>::adopt(g_inet_address_new_from_string(host));
    return address && g_inet_address_get_is_loopback(address.get());
}

// The loopback interface is as trustworthy as TLS (W3C Secure Contexts 3.1): browsers keep `Secure`
// cookies there, and so does a proxy under development expect.
Ref<GUri> jar_uri(GUri* uri)
{
    if (!is_loopback(g_uri_get_host(uri)))
        return Ref<GUri>::retain(uri);
    return Ref<GUri>::adopt(soup_uri_copy(uri, SOUP_URI_SCHEME, "https", SOUP_URI_NONE));
}

} // namespace

std::string CookieStore::cookies_for(const std::string& jar, GUri* uri) const
{
    const auto it = jars_.find(jar);
    if (jar.empty() || it == jars_.end())
        return {};
    const OwnedString value{
        soup_cookie_jar_get_cookies(it->second.get(), jar_uri(uri).get(), TRUE)};
    return value ? value.get() : "";
}

void CookieStore::keep(const std::string& jar, SoupMessage* message)
{
    if (jar.empty())
        return;
    const auto uri = jar_uri(soup_message_get_uri(message));
    GSList* cookies = soup_cookies_from_response(message); // (transfer full)
    if (cookies == nullptr)
        return;
    Ref<SoupCookieJar>& kept = jars_[jar];
    if (!kept)
        kept = Ref<SoupCookieJar>::adopt(soup_cookie_jar_new());
    for (GSList* l = cookies; l != nullptr; l = l->next) // (transfer full) of each cookie
        soup_cookie_jar_add_cookie_full(kept.get(), static_cast<SoupCookie*>(l->data), uri.get(),
                                        nullptr);
    g_slist_free(cookies);
}

} // namespace cf::http
